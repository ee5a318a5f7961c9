"""Each command does its work on a real ledger, says what it did, and says plainly what is wrong."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from shell import Clarion

PEOPLE = """\
Telephone,first_name,ref,notes
212-555-0142,Ann,a-1,x
(617) 555-0123,Bob,a-2,x
banana,Cy,a-3,x
+1 212 555 0142,Ann again,a-4,x
"""


@pytest.fixture
def campaign(clarion: Clarion, data: Path) -> int:
    """A draft by voice."""
    said = clarion("campaign", "create", "--data", data, "--name", "Recall", "--channel", "voice", "--json")
    made: int = said.json["id"]
    return made


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(PEOPLE)
    return path


@pytest.fixture
def filled(clarion: Clarion, data: Path, campaign: int, people: Path) -> int:
    """The draft with two contacts."""
    assert clarion("import", people, "--campaign", campaign, "--data", data).code == 0
    return campaign


# campaigns


def test_a_campaign_from_flags(clarion: Clarion, data: Path) -> None:
    made = clarion(
        *("campaign", "create", "--data", data, "--json", "--name", "Notices", "--channel", "sms"),
        *("--message", "Hello {{ first_name }}", "--var", "clinic=Riverside", "--label", "a", "--label", "b"),
        *("--window", "09:00-17:00", "--days", "mon-fri", "--zone", "Europe/Berlin", "--holidays", "DE-BY"),
        *("--rate", "300", "--concurrency", "5", "--daily-cap", "100"),
        *("--retries", "2", "--retry-after", "30m,2h", "--retry-on", "undelivered"),
        *("--end", "2099-01-01T00:00:00Z"),
    ).json
    assert made["status"] == "draft"
    assert made["message"]["text"] == "Hello {{ first_name }}"
    assert (made["variables"], made["labels"]) == ({"clinic": "Riverside"}, ["a", "b"])
    schedule = made["schedule"]
    assert (schedule["zone_policy"], schedule["zone"], schedule["holidays"]) == ("campaign", "Europe/Berlin", ["DE-BY"])
    assert [day for day, spans in schedule["week"].items() if spans] == [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
    ]
    assert made["pacing"] | {"per_hour": 300.0, "max_concurrent": 5, "daily_cap": 100} == made["pacing"]
    assert made["retries"] | {"max_attempts": 3, "delays": ["30m", "2h"], "on": ["undelivered"]} == made["retries"]
    assert made["end_at"] == "2099-01-01T00:00:00Z"


def test_flags_over_a_file(clarion: Clarion, data: Path, tmp_path: Path) -> None:
    file = tmp_path / "campaign.toml"
    file.write_text(
        'name = "From the file"\nchannel = "voice"\ngoal_variable = "confirmed"\n'
        '[schedule.week]\nmonday = [{start = "08:00", end = "09:00"}]\n[pacing]\nper_hour = 7\nmax_concurrent = 3\n'
    )
    create = ("campaign", "create", "--data", data, "--json", "--file", file)
    made = clarion(*create, "--name", "From a flag", "--rate", "9", "--window", "tue 10:00-11:00").json
    assert (made["name"], made["goal_variable"]) == ("From a flag", "confirmed")
    assert (made["pacing"]["per_hour"], made["pacing"]["max_concurrent"]) == (9.0, 3)
    assert [day for day, spans in made["schedule"]["week"].items() if spans] == ["tuesday"]
    assert clarion(*create).json["name"] == "From the file"


@pytest.mark.parametrize(
    "flags, said",
    [
        (["--channel", "voice"], "name:"),
        (["--name", "a", "--channel", "sms"], "message:"),
        (["--name", "a", "--channel", "voice", "--rate", "0"], "pacing.per_hour:"),
        (["--name", "a", "--channel", "voice", "--concurrency", "0"], "pacing.max_concurrent:"),
        (["--name", "a", "--channel", "voice", "--retries", "-1"], "retries:"),
        (["--name", "a", "--channel", "voice", "--retry-after", "soon"], "retries.delays.0:"),
        (["--name", "a", "--channel", "voice", "--zone", "Mars/Base"], "schedule.zone:"),
        (["--name", "a", "--channel", "voice", "--window", "17:00-09:00"], "schedule."),
        (["--name", "a", "--channel", "voice", "--days", "mon-xyz"], "days:"),
        (["--name", "a", "--channel", "voice", "--agent", "99"], "agent_id:"),
        (["--name", "a", "--channel", "voice", "--start", "tomorrow"], "start_at:"),
        (["--file", "nowhere.toml"], "nowhere.toml: No such file"),
    ],
)
def test_what_is_wrong_with_a_campaign_is_named(clarion: Clarion, data: Path, flags: list[str], said: str) -> None:
    result = clarion("campaign", "create", "--data", data, *flags)
    assert result.code == 1
    assert result.err.startswith(said), result.err
    assert "Traceback" not in result.err


def test_a_campaigns_life(clarion: Clarion, data: Path, filled: int) -> None:
    def steer(verb: str) -> tuple[int, str]:
        said = clarion("campaign", verb, filled, "--data", data, "--json")
        return said.code, orjson.loads(said.out)["status"] if said.out else said.err

    assert steer("resume")[0] == 1
    assert [steer(verb) for verb in ("launch", "launch", "pause", "pause", "resume", "cancel", "cancel")] == [
        (0, status) for status in ["running", "running", "paused", "paused", "running", "cancelled", "cancelled"]
    ]
    code, why = steer("launch")
    assert code == 1
    assert "cancelled" in why


def test_a_start_that_lies_ahead_is_told(clarion: Clarion, data: Path) -> None:
    flags = ("--name", "later", "--channel", "voice", "--start", "2099-01-05T09:00:00Z", "--file", "-")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b'{"complete_when_empty": false}')))
        made = clarion("campaign", "create", "--data", data, "--json", *flags).json["id"]
    said = clarion("campaign", "launch", made, "--data", data)
    assert "scheduled, it starts Mon 2099-01-05 09:00:00 UTC" in said.out


def test_nobody_to_reach_is_no_launch(clarion: Clarion, data: Path, campaign: int) -> None:
    said = clarion("campaign", "launch", campaign, "--data", data)
    assert (said.code, said.err.startswith("contacts:")) == (1, True)
    assert clarion("campaign", "check", campaign, "--data", data).code == 1


@pytest.mark.parametrize(
    "command", [["status"], ["check"], ["launch"], ["export"], ["watch"], ["watch", "--json"]], ids=" ".join
)
def test_no_such_campaign(clarion: Clarion, data: Path, command: list[str]) -> None:
    verb, *flags = command
    said = clarion("campaign", verb, 99, "--data", data, *flags)
    assert (said.code, said.err.strip()) == (1, "There is no campaign 99.")


def test_no_organisation_yet(clarion: Clarion, tmp_path: Path) -> None:
    said = clarion("campaign", "list", "--data", tmp_path / "empty")
    assert said.code == 1
    assert "clarion init" in said.err


def test_several_organisations_have_to_be_told_apart(clarion: Clarion, data: Path, campaign: int) -> None:
    second = clarion("init", "--data", data, "--name", "Second", "--json").json["organization_id"]
    said = clarion("campaign", "list", "--data", data)
    assert (said.code, "--organization" in said.err) == (1, True)
    assert clarion("campaign", "list", "--data", data, "--organization", second, "--json").json["campaigns"] == []
    foreign = clarion("campaign", "status", campaign, "--data", data, "--organization", second)
    assert foreign.err.strip() == f"There is no campaign {campaign}."


def test_list(clarion: Clarion, data: Path, filled: int) -> None:
    clarion("campaign", "create", "--data", data, "--name", "Other [x]", "--channel", "voice")
    clarion("campaign", "launch", filled, "--data", data)
    everything = clarion("campaign", "list", "--data", data)
    assert all(word in everything.out for word in ("Recall", "Other [x]", "running", "draft"))

    def names(*flags: str) -> list[str]:
        return [
            each["name"] for each in clarion("campaign", "list", "--data", data, "--json", *flags).json["campaigns"]
        ]

    assert names() == ["Other [x]", "Recall"]
    assert names("--status", "running") == ["Recall"]
    assert names("--name", "OTHER") == ["Other [x]"]
    assert "no such campaigns" in clarion("campaign", "list", "--data", data, "--name", "zzz").out


def test_status_of_a_draft(clarion: Clarion, data: Path, filled: int) -> None:
    said = clarion("campaign", "status", filled, "--data", data)
    assert all(word in said.out for word in ("Recall", "draft", "waiting", "has not been launched"))
    found = clarion("campaign", "status", filled, "--data", data, "--json").json
    assert (found["total"]["contacts"], found["total"]["waiting"], found["due"]["now"]) == (2, 2, 2)
    assert {"campaign_draft", "no_worker"} <= {each["code"] for each in found["head"]["obstacles"]}


def test_watch_ends_with_the_campaign(clarion: Clarion, data: Path, campaign: int) -> None:
    clarion("campaign", "cancel", campaign, "--data", data)
    assert "cancelled" in clarion("campaign", "watch", campaign, "--data", data).out
    assert clarion("campaign", "watch", campaign, "--data", data, "--json").json["status"] == "cancelled"


def test_check_counts_who_will_be_skipped(clarion: Clarion, data: Path, filled: int) -> None:
    said = clarion("campaign", "check", filled, "--data", data)
    assert said.code == 0
    assert "0 of 2 contacts will be skipped." in said.out
    assert "America/New York" in said.out
    flags = ("--name", "Texts", "--channel", "sms", "--message", "{{ gift }}")
    texts = clarion("campaign", "create", "--data", data, "--json", *flags).json["id"]
    file = data.parent / "people.csv"
    clarion("import", file, "--campaign", texts, "--data", data)
    said = clarion("campaign", "check", texts, "--data", data)
    assert said.code == 1
    assert "2 of 2 contacts will be skipped." in said.out
    assert "message.variables.gift" in said.out


def test_export(clarion: Clarion, data: Path, filled: int, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(clarion("campaign", "export", filled, "--data", data).out)))
    assert [(row["reference_id"], row["address"], row["state"]) for row in rows] == [
        ("a-1", "+12125550142", "waiting"),
        ("a-2", "+16175550123", "waiting"),
    ]
    target = tmp_path / "out.ndjson"
    assert clarion("campaign", "export", filled, "--data", data, "--out", target).code == 0
    assert [orjson.loads(line)["address"] for line in target.read_bytes().splitlines()] == [r["address"] for r in rows]
    assert not target.with_name("out.ndjson.part").exists()
    none = clarion("campaign", "export", filled, "--data", data, "--state", "finished")
    assert len(none.out.splitlines()) == 1
    failed = clarion("campaign", "export", 99, "--data", data, "--out", tmp_path / "no.csv")
    assert (failed.code, (tmp_path / "no.csv").exists()) == (1, False)


# files


def test_import_reports_what_it_did_not_take(clarion: Clarion, data: Path, campaign: int, people: Path) -> None:
    rejects = people.with_name("rejects.csv")
    said = clarion("import", people, "--campaign", campaign, "--data", data, "--rejects", rejects)
    assert said.code == 0
    assert "2 accepted, 1 duplicates, 1 rejected of 4 rows" in said.out
    assert all(word in said.out for word in ("banana", "not a number", "duplicate address"))
    rows = list(csv.DictReader(rejects.read_text().splitlines()))
    assert [(row["line"], row["reason"]) for row in rows] == [("4", "not_a_number"), ("5", "duplicate_address")]


def test_import_again_adds_nobody_twice(clarion: Clarion, data: Path, filled: int, people: Path) -> None:
    report = clarion("import", people, "--campaign", filled, "--data", data, "--json").json
    assert (report["resumed_at"], report["imported"]["accepted"]) == (5, 2)
    with people.open("a") as file:
        file.write("617 555 0199,Dee,a-5,x\n")
    report = clarion("import", people, "--campaign", filled, "--data", data, "--json").json
    assert report["imported"]["accepted"] in (1, 3)  # as one that went on, or as a new one: the same people
    numbers = clarion("campaign", "status", filled, "--data", data, "--json").json["total"]
    assert numbers["contacts"] == 3


def test_import_maps_columns_into_a_batch(clarion: Clarion, data: Path, campaign: int, tmp_path: Path) -> None:
    file = tmp_path / "odd.csv"
    file.write_text("Wer;Rufnr;Notiz\nAnn;2125550142;geheim\n")
    flags = ("--map", "phone=Rufnr", "--map", "first_name=Wer", "--map", "=Notiz", "--batch", "monday")
    assert clarion("import", file, "--campaign", campaign, "--data", data, *flags).code == 0
    row = next(csv.DictReader(io.StringIO(clarion("campaign", "export", campaign, "--data", data).out)))
    assert (row["batch"], row["address"], row["variables"]) == ("monday", "+12125550142", '{"first_name":"Ann"}')
    wrong = clarion("import", file, "--campaign", campaign, "--data", data, "--map", "phone=Nope")
    assert (wrong.code, "'Nope'" in wrong.err) == (1, True)


def test_import_from_standard_input(
    clarion: Clarion, data: Path, campaign: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(PEOPLE.encode())))
    report = clarion("import", "-", "--campaign", campaign, "--data", data, "--json").json
    assert (report["imported"]["filename"], report["imported"]["accepted"]) == (None, 2)


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda path: None, "No such file"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: path.write_text(""), "file: The file has no rows."),
        (lambda path: path.write_text("a,b\n1,2\n"), "file: No column holds a phone number"),
    ],
)
def test_a_file_that_cannot_be_read(
    clarion: Clarion, data: Path, campaign: int, tmp_path: Path, make: Any, said: str
) -> None:
    path = tmp_path / "people.csv"
    make(path)
    result = clarion("import", path, "--campaign", campaign, "--data", data)
    assert result.code == 1
    assert said in result.err
    assert "Traceback" not in result.err


def test_interrupted_says_how_to_go_on(
    clarion: Clarion, data: Path, campaign: int, people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(coroutine: Any) -> None:
        coroutine.close()
        raise KeyboardInterrupt

    monkeypatch.setattr("clarion.boot.cli.imports.run", interrupted)
    said = clarion("import", people, "--campaign", campaign, "--data", data)
    assert said.code == 130
    assert "Repeat the command" in said.err


# contacts


def test_why_by_id_address_and_reference(clarion: Clarion, data: Path, filled: int) -> None:
    first = clarion("contact", "why", "--reference", "a-1", "--campaign", filled, "--data", data, "--json").json
    contact_id = first["contact"]["id"]
    for who in (str(contact_id), "+1 (212) 555-0142", "2125550142"):
        assert clarion("contact", "why", who, "--data", data, "--json").json["contact"]["id"] == contact_id, who
    said = clarion("contact", "why", contact_id, "--data", data)
    assert all(word in said.out for word in ("+12125550142", "a-1", "has not been launched", "America/New"))


def test_why_asks_which_of_several(clarion: Clarion, data: Path, filled: int, people: Path) -> None:
    second = clarion("campaign", "create", "--data", data, "--name", "B", "--channel", "voice", "--json").json["id"]
    clarion("import", people, "--campaign", second, "--data", data)
    said = clarion("contact", "why", "+12125550142", "--data", data)
    assert (said.code, "There are 2 such contacts" in said.err) == (1, True)
    one = clarion("contact", "why", "+12125550142", "--campaign", second, "--data", data, "--json").json
    assert one["contact"]["campaign_id"] == second


@pytest.mark.parametrize(
    "arguments, code",
    [
        (["12"], 1),
        (["+12125559999"], 1),
        (["nobody@example.com"], 1),
        (["--reference", "zzz", "--campaign", "1"], 1),
        (["--reference", "zzz"], 2),
        ([], 2),
        (["12", "--reference", "a-1", "--campaign", "1"], 2),
    ],
)
def test_why_about_nobody(clarion: Clarion, data: Path, campaign: int, arguments: list[str], code: int) -> None:
    said = clarion("contact", "why", *arguments, "--data", data)
    assert said.code == code
    assert "Traceback" not in said.err


# everything


def test_settings_reach_commands(clarion: Clarion, data: Path, campaign: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLARION_DATA", str(data))
    assert len(clarion("campaign", "list", "--json").json["campaigns"]) == 1
    Path("clarion.toml").write_text("prt = 1")
    said = clarion("campaign", "list")
    assert (said.code, "Setting prt:" in said.err) == (1, True)


def test_a_database_that_is_not_there(clarion: Clarion, tmp_path: Path) -> None:
    said = clarion("campaign", "list", "--data", tmp_path, "--database", "postgresql://nobody@127.0.0.1:1/x")
    assert said.code == 1
    assert "Is the database running" in said.err


@pytest.mark.parametrize("command", ["", "serve", "init", "import", "campaign create", "campaign watch", "contact why"])
def test_every_command_explains_itself(clarion: Clarion, command: str) -> None:
    said = clarion(*command.split(), "--help")
    assert said.code == 0
    assert "Usage:" in said.out
