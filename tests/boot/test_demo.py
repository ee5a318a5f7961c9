"""The demo, played small: it runs from nothing, adds up, leaves other people's folders alone, and notices a fraud."""

from __future__ import annotations

import io
import json
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner

from clarion.app.report import Numbers
from clarion.boot.cli import app
from clarion.boot.demo.audit import Finding, audit
from clarion.boot.demo.feed import SHOWN, Frame, Story
from clarion.boot.demo.folder import MARK
from clarion.boot.demo.people import as_csv, fictional_people
from clarion.boot.demo.receiver import Receiver, listening
from clarion.boot.demo.scenario import HOME, Script
from clarion.boot.demo.view import BESIDES_STORIES, WIDEST, picture
from clarion.channels.sandbox.log import LOG_NAME, read_log
from clarion.core.campaigns import Campaign, CampaignStatus, Plan
from clarion.core.contacts import NewContact
from clarion.core.outcomes import Channel
from clarion.store.plans import read_plan
from clarion.wire.contact_rows import Layout, read_blocks
from clarion.wire.law_files import load_law_book
from clarion.wire.webhook_signatures import message_id, new_secret, signed_headers

MONDAY = date(2026, 11, 9)
"""A week without a holiday or a change of the clocks."""
QUICKLY = ("--no-serve", "--fast", "--monday", f"{MONDAY}")


def play(*arguments: str) -> tuple[int, str]:
    """Exit code and what was printed."""
    result = CliRunner().invoke(app, ["demo", *QUICKLY, *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Sixty people in two days, texts on the second: the folder, and what was printed."""
    data = tmp_path_factory.mktemp("small") / "demo"
    code, told = play("--people", "60", "--days", "2", "--data", str(data))
    assert code == 0, told
    return data, told


def ledger(data: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(data / "clarion.db"))


def findings(data: Path) -> dict[str, Finding]:
    """What the audit finds in a folder as it is now."""
    with ledger(data) as db:
        rows = db.execute("SELECT id, channel, name, plan FROM campaigns").fetchall()
    campaigns = [
        Campaign(n, 1, name, Channel(channel), CampaignStatus.COMPLETED, read_plan(json.loads(plan)), 1)
        for n, channel, name, plan in rows
    ]
    found = audit(data / "clarion.db", data / "sandbox", campaigns, load_law_book(), HOME)
    return {finding.name: finding for finding in found}


# a small demo


def test_the_ledger_balances_with_the_carriers_log(small: tuple[Path, str]) -> None:
    data, told = small
    asks = list(read_log(data / "sandbox"))
    with ledger(data) as db:
        attempts = {n for (n,) in db.execute("SELECT id FROM attempts")}
        states = dict(db.execute("SELECT state, COUNT(*) FROM queue GROUP BY state"))
    assert {ask.attempt_id for ask in asks} == attempts
    assert len(asks) == len(attempts) > 100
    assert set(states) == {"finished"}
    assert f"{len(attempts)} attempts = {len(asks)} asks" in told
    assert told.count("✔") == 5
    assert "✘" not in told


def test_all_three_channels_take_part(small: tuple[Path, str]) -> None:
    with ledger(small[0]) as db:
        attempts = dict(db.execute("SELECT channel, COUNT(*) FROM attempts GROUP BY channel"))
        statuses = {status for (status,) in db.execute("SELECT status FROM campaigns")}
        outside = db.execute("SELECT COUNT(*) FROM attempts WHERE NOT sandbox").fetchone()
    assert set(attempts) == {"voice", "sms", "email"}
    assert statuses == {"completed"}
    assert outside == (0,)


def test_every_webhook_is_delivered_and_its_signature_verified(small: tuple[Path, str]) -> None:
    with ledger(small[0]) as db:
        states = dict(db.execute("SELECT state, COUNT(*) FROM webhook_messages GROUP BY state"))
        finished = db.execute("SELECT COUNT(*) FROM webhook_messages WHERE event = 'contact.finished'").fetchone()
        contacts = db.execute("SELECT COUNT(*) FROM contacts").fetchone()
    assert set(states) == {"delivered"}
    assert finished == contacts
    assert re.search(rf"{states['delivered']}\s+taken by the receiver, signatures verified", small[1])


def test_skips_refused_rows_and_retries_are_told_in_words(small: tuple[Path, str]) -> None:
    for words in (
        "a number that a spreadsheet has rounded",
        "a time zone that does not exist",
        "place not known, so no hour is sure to be right",
        "after the campaign's delay",
        "brought along by the clinic",
        "hours of their day",
    ):
        assert words in small[1]


# a list of one's own

DIRTY = """Name;Telephone;E-Mail;Zip
Ann;(312) 555-0111;ann@example.com;60601
Bob;call me;bob@example.com;60602
Cy;;cy@@x;
Di;212 555 0112;;10001
Ed;800-555-0113;ed@example.org;
Ann;312.555.0111;ann@example.com;60601
"""


def test_a_dirty_list_is_played_and_its_bad_rows_are_told(tmp_path: Path) -> None:
    (tmp_path / "dirty.csv").write_text(DIRTY)
    code, told = play("--days", "1", "--list", str(tmp_path / "dirty.csv"), "--data", str(tmp_path / "demo"))
    assert code == 0
    assert "Visit reminders: 3 contacts from dirty.csv, 3 rows refused" in told
    assert "line 3: This is not a phone number. (call me)" in told
    assert "12 rows = 6 contacts finished + 6 refused" in re.sub(r"[│\s]+", " ", told)
    with ledger(tmp_path / "demo") as db:
        called = {a for (a,) in db.execute("SELECT address FROM attempts WHERE channel = 'voice'")}
        skipped = {a for (a,) in db.execute(
            "SELECT address FROM contacts JOIN queue ON id = contact_id WHERE finish_reason = 'unknown_zone'"
        )}  # fmt: skip
    assert called == {"+13125550111", "+12125550112"}
    assert "+18005550113" in skipped


def test_a_list_of_mailboxes_only_is_mailed(tmp_path: Path) -> None:
    (tmp_path / "mail.csv").write_text("mail,zip\nann@example.com,60601\n")
    code, told = play("--days", "1", "--list", str(tmp_path / "mail.csv"), "--data", str(tmp_path / "demo"))
    assert code == 0
    assert "Visit letters: 1 contacts" in told
    assert "Left out: voice: file: No column holds a phone number" in told


def test_a_list_of_nobody_is_refused(tmp_path: Path) -> None:
    (tmp_path / "nobody.csv").write_text("name,city\nAnn,Bern\n")
    with pytest.raises(Exception, match="Nobody in this list can be reached"):
        play("--list", str(tmp_path / "nobody.csv"), "--data", str(tmp_path / "demo"))


# the folder


def test_a_folder_of_somebody_elses_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years of work")
    with pytest.raises(Exception, match="not the demo's"):
        play("--data", str(tmp_path))
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_of_the_demos_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / MARK).touch()
    (tmp_path / "clarion.db").write_text("of another version")
    (tmp_path / "sandbox").mkdir()
    code, told = play("--people", "20", "--days", "1", "--data", str(tmp_path))
    assert code == 0
    assert "✘" not in told


# the audit must be able to fail

FRAUDS = {
    "an attempt that the carrier knows nothing of": (
        "The ledger balances",
        "UPDATE attempts SET id = id + 1000000 WHERE id = (SELECT MAX(id) FROM attempts)",
    ),
    "an ask that the ledger has forgotten": (
        "The ledger balances",
        "DELETE FROM attempts WHERE id = (SELECT MAX(id) FROM attempts)",
    ),
    "a contact who is still waiting": (
        "Everybody is accounted for",
        "UPDATE queue SET state = 'waiting', finish_reason = NULL WHERE contact_id = 1",
    ),
    "a row that nobody has": ("Everybody is accounted for", "UPDATE imports SET rejected = rejected + 1"),
    "somebody who had said no": (
        "Who said no was left alone",
        "INSERT INTO suppressions (id, organization_id, channel, address, reason, source, created_at)"
        " SELECT 999999, organization_id, '*', address, 'opted_out', 'test', 0 FROM attempts LIMIT 1",
    ),
    "a budget that is overdrawn": (
        "No limit exceeded",
        "UPDATE attempts SET contact_id = 1, burns = 1 WHERE campaign_id = 1",
    ),
    "a burst": ("No limit exceeded", "UPDATE attempts SET begun_at = 1 WHERE campaign_id = 1"),
}


@pytest.mark.parametrize("name", FRAUDS)
def test_a_fraud_in_the_ledger_is_noticed(name: str, small: tuple[Path, str], tmp_path: Path) -> None:
    what, statement = FRAUDS[name]
    data = shutil.copytree(small[0], tmp_path / "demo")
    assert all(finding.holds for finding in findings(data).values())
    with ledger(data) as db, db:
        db.execute(statement)
    assert not findings(data)[what].holds


@pytest.mark.parametrize("hours", [-14, 7, 12])
def test_a_call_at_another_hour_is_noticed(hours: int, small: tuple[Path, str], tmp_path: Path) -> None:
    data = shutil.copytree(small[0], tmp_path / "demo")
    with closing(sqlite3.connect(data / "sandbox" / LOG_NAME)) as log, log:
        log.execute("UPDATE asks SET asked_us = asked_us + ? * 3600000000 WHERE channel = 'sms'", (hours,))
    assert findings(data)["Nobody outside their hours"].wrong


# the cast


def test_the_people_are_fictional_the_same_each_time_and_not_all_usable() -> None:
    people = fictional_people(1_000, 1, MONDAY)
    assert people == fictional_people(1_000, 1, MONDAY)
    assert people != fictional_people(1_000, 2, MONDAY)
    blocks = list(read_blocks([as_csv(people)], Layout(Channel.VOICE, "US")))
    contacts = [contact for block in blocks for contact in block.contacts]
    assert len({contact.reference_id for contact in contacts}) == len(contacts)
    for number in (address.value for contact in contacts for address in (contact.address, *contact.fallbacks)):
        assert re.fullmatch(r"\+1\d{3}55501\d\d|\+44(?:207946|113496|131496)0\d{3}", number), number
    assert {person.email.rpartition("@")[2] for person in people} <= {
        "", "example", "example.com", "example.net", "example.org",
    }  # fmt: skip
    assert len(Counter(row.code for block in blocks for row in block.bad)) >= 5
    places = Counter(place for contact in contacts for place in _places(contact))
    assert min(places[state] for state in ("US-FL", "US-NY", "US-CA", "US-HI", "GB")) >= 10


def _places(contact: NewContact) -> Iterator[str]:
    yield from contact.address.region_key.partition(";")[2].split(",")


async def test_the_receiver_takes_what_is_signed_and_counts_the_rest() -> None:
    receiver = Receiver()
    receiver.secret = new_secret()
    body = b'{"type": "contact.finished"}'
    now = datetime.now(UTC)
    right = signed_headers(message_id(7), now, body, [receiver.secret])
    async with listening(receiver), httpx.AsyncClient(trust_env=False) as client:
        codes = [
            (await client.post(receiver.url, content=body, headers=right)).status_code,
            (await client.post(receiver.url, content=body, headers=right)).status_code,
            (await client.post(receiver.url, content=body + b" ", headers=right)).status_code,
            (await client.post(receiver.url, content=body)).status_code,
        ]
    assert codes == [200, 200, 401, 401]
    assert (receiver.taken, receiver.repeated, receiver.forged) == ({"msg_7": "contact.finished"}, 1, 2)


async def test_the_receiver_is_sometimes_down() -> None:
    receiver = Receiver()
    receiver.secret = new_secret()
    body, now = b'{"type": "contact.finished"}', datetime.now(UTC)
    codes = Counter[int]()
    async with listening(receiver), httpx.AsyncClient(trust_env=False) as client:
        for n in range(200):
            headers = signed_headers(message_id(n), now, body, [receiver.secret])
            codes[(await client.post(receiver.url, content=body, headers=headers)).status_code] += 1
    assert codes == {200: 199, 503: 1}


# the picture


@pytest.mark.parametrize("width, height", [(80, 24), (100, 30), (200, 60)])
def test_the_picture_fits_the_terminal(width: int, height: int) -> None:
    script = Script(MONDAY, 3, 1, 1_000)
    numbers = Numbers(
        contacts=1_000, waiting=400, live=12, finished=588, reasons={"reached": 300, "opted_out": 9},
        first_attempts=700, attempts=1_234, outcomes={"busy": 400, "callback_requested": 9, "completed": 700},
        hours={9: {"busy": 40}, 23: {"completed": 1}},
    )  # fmt: skip
    campaign = Campaign(1, 1, "Texts to the unreached", Channel.SMS, CampaignStatus.RUNNING, Plan(), 1)
    voice = replace(campaign, channel=Channel.VOICE)
    story = Story("Tue 14:03", Channel.EMAIL, f"{'x' * 60}@example.com", "A very long name indeed", "busy " * 20, "red")
    frame = Frame(script.starts_at, 3.0, [(voice, numbers), (campaign, numbers)], numbers, [story] * SHOWN, 99)
    console = Console(file=io.StringIO(), width=width, height=height)
    lines = console.render_lines(picture(frame, script, width, height), pad=False)
    assert len(lines) <= min(height - 1, BESIDES_STORIES + SHOWN)
    assert {sum(segment.cell_length for segment in line) for line in lines} == {min(width, WIDEST)}
