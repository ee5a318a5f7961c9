"""Checks the ledger against the carrier's own log, with nothing of the engine: plain SQL, plain wall clocks.

What the engine believes is in its tables; what it did is in the log that the simulated carrier keeps for itself. Both
are read here as an auditor would read them, from the files.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from clarion.boot.demo.performance import AHEAD, GATHER
from clarion.boot.demo.words import CHANNEL_NAMES
from clarion.channels.sandbox.log import LoggedAsk, read_log
from clarion.core.campaigns import Campaign
from clarion.core.law import LawBook
from clarion.core.outcomes import Channel
from clarion.core.pacing import CapCounts
from clarion.core.schedule import Region, Schedule
from clarion.wire.holidays import holiday_dates

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EVERY_CHANNEL = "*"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that must hold. `said` has the figures; `wrong` the first few cases against it."""

    name: str
    said: str
    wrong: Sequence[str] = ()

    @property
    def holds(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.wrong


def audit(database: Path, carrier: Path, campaigns: Sequence[Campaign], law: LawBook, zone: ZoneInfo) -> list[Finding]:
    """Everything that must hold after the last day. `zone` is the clock that daily caps are counted on."""
    asks = list(read_log(carrier))
    with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as db:
        db.row_factory = sqlite3.Row
        return [
            _balance(db, asks),
            _everybody(db),
            _hours(db, asks, {campaign.id: campaign for campaign in campaigns}, law),
            _left_alone(db, asks),
            _limits(db, campaigns, zone),
        ]


def _balance(db: sqlite3.Connection, asks: Sequence[LoggedAsk]) -> Finding:
    """Each attempt in the ledger is one ask at the carrier, and each ask is an attempt."""
    ledger = {
        row["id"]: (row["channel"], row["address"], row["number"])
        for row in db.execute("SELECT id, channel, address, number FROM attempts WHERE state <> 'taken_back'")
    }
    carrier = {ask.attempt_id: (ask.channel, ask.address, ask.number) for ask in asks}
    wrong = [f"attempt {n} is not the carrier's" for n in ledger if ledger[n] != carrier.get(n)]
    wrong += [f"the carrier was asked for {n}, which is no attempt" for n in carrier.keys() - ledger.keys()]
    wrong += [f"the carrier was asked {n} times for attempt {i}" for i, n in _repeats(ask.attempt_id for ask in asks)]
    return Finding("The ledger balances", f"{len(ledger):,} attempts = {len(asks):,} asks in the carrier's log", wrong)


def _everybody(db: sqlite3.Connection) -> Finding:
    """Every row of every file is a contact or a rejected row, and every contact is finished for one reason."""
    rows, rejected = db.execute(
        "SELECT SUM(accepted + duplicates + rejected), SUM(duplicates + rejected) FROM imports"
    ).fetchone()
    total, finished, reasons = db.execute(
        "SELECT COUNT(*), SUM(state = 'finished'), COUNT(finish_reason) FROM queue"
    ).fetchone()
    kept = db.execute("SELECT COUNT(*) FROM import_rejects").fetchone()[0]
    wrong = []
    if rows != total + rejected:
        wrong.append(f"{rows} rows are not {total} contacts and {rejected} rejected rows")
    if kept != rejected:
        wrong.append(f"{rejected} rows were rejected, {kept} are kept with their reason")
    if not total == finished == reasons:
        wrong.append(f"of {total} contacts {finished} are finished, {reasons} with a reason")
    said = f"{rows:,} rows = {finished:,} contacts finished + {rejected:,} refused, all with reasons"
    return Finding("Everybody is accounted for", said, wrong)


def _hours(db: sqlite3.Connection, asks: Sequence[LoggedAsk], campaigns: dict[int, Campaign], law: LawBook) -> Finding:
    """Each ask on the wall clocks of every place where the person may be: the campaign's windows, and the law's."""
    campaign_of = dict(db.execute("SELECT id, campaign_id FROM attempts"))
    wrong = []
    clocks = 0
    for ask in asks:
        if ask.attempt_id not in campaign_of:
            continue  # the balance has found it
        campaign = campaigns[campaign_of[ask.attempt_id]]
        region = Region.parse(ask.region_key)
        if not region.zones:
            wrong.append(f"attempt {ask.attempt_id}: nobody knows what time it was there")
        for name in region.zones:
            clocks += 1
            local = ask.asked_at.astimezone(_zone(name))
            if not _open(campaign.plan.schedule, local):
                wrong.append(f"attempt {ask.attempt_id} at {local:%a %H:%M} in {name}: outside the windows")
            for rule in law.rules(region.jurisdictions, Channel(ask.channel), local.date()):
                there = local if rule.zone is None else ask.asked_at.astimezone(_zone(rule.zone))
                second = there.hour * 3600 + there.minute * 60 + there.second
                closed = _holidays(rule.jurisdiction, there.year) if rule.no_holidays else frozenset()
                if not rule.allows(there.date(), second, closed):
                    wrong.append(
                        f"attempt {ask.attempt_id} at {there:%a %H:%M}: against the law of {rule.jurisdiction}"
                    )
    return Finding("Nobody outside their hours", f"{len(asks):,} attempts looked up on {clocks:,} wall clocks", wrong)


def _open(schedule: Schedule, local: datetime) -> bool:
    second = local.hour * 3600 + local.minute * 60 + local.second
    return any(span.start <= second < span.end for span in schedule.week[local.weekday()])


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@cache
def _holidays(jurisdiction: str, year: int) -> frozenset[date]:
    return holiday_dates([jurisdiction], [year])[jurisdiction]


def _left_alone(db: sqlite3.Connection, asks: Sequence[LoggedAsk]) -> Finding:
    """Who was on the do-not-contact list was left alone; so was whoever got on it, from the engine's next look on."""
    since: dict[tuple[str, str], datetime] = {}
    for row in db.execute("SELECT channel, address, created_at FROM suppressions"):
        since[row["channel"], row["address"].lower()] = _instant(row["created_at"])
    wrong = []
    for ask in asks:
        for channel in (ask.channel, EVERY_CHANNEL):
            listed = since.get((channel, ask.address.lower()))
            if listed is not None and ask.asked_at > listed + AHEAD + GATHER:
                wrong.append(f"attempt {ask.attempt_id} to {ask.address}, who had said no")
    return Finding("Who said no was left alone", f"{len(since):,} entries on the do-not-contact list", wrong)


def _limits(db: sqlite3.Connection, campaigns: Sequence[Campaign], zone: ZoneInfo) -> Finding:
    """Rates in any rolling hour, caps per day, calls at once, attempts per person: counted anew from the attempts."""
    wrong = []
    peaks = []
    for campaign in campaigns:
        plan = campaign.plan
        rows = db.execute(
            "SELECT contact_id, number, burns, begun_at, ended_at FROM attempts WHERE campaign_id = ? AND state <> "
            "'taken_back' ORDER BY begun_at",
            (campaign.id,),
        ).fetchall()
        begun = [_instant(row["begun_at"]) for row in rows]
        rate = plan.pacing.per_hour
        if rate is not None:
            peak = _densest_hour(begun)
            peaks.append(f"{CHANNEL_NAMES[campaign.channel]} {peak} of {rate:g}")
            if peak > rate:
                wrong.append(f"campaign {campaign.id}: {peak} attempts in one hour, {rate:g} allowed")
        cap = plan.pacing.daily_cap
        firsts = plan.pacing.daily_cap_counts is CapCounts.FIRST_ATTEMPTS
        days = Counter(
            at.astimezone(zone).date() for at, row in zip(begun, rows, strict=True) if not firsts or row["number"] == 1
        )
        wrong += [f"campaign {campaign.id}: {n} on {day}" for day, n in days.items() if cap is not None and n > cap]
        burned = Counter(row["contact_id"] for row in rows if row["burns"])
        most = plan.retries.max_attempts
        wrong += [f"contact {contact}: {n} attempts of {most}" for contact, n in burned.items() if n > most]
        seats = plan.pacing.max_concurrent
        if seats is not None and (busy := _most_at_once(rows)) > seats:
            wrong.append(f"campaign {campaign.id}: {busy} calls at once, {seats} allowed")
    return Finding("No limit exceeded", "in the fullest hour " + ", ".join(peaks), wrong)


def _densest_hour(begun: Sequence[datetime]) -> int:
    most = first = 0
    for last, at in enumerate(begun):
        while begun[first] <= at - timedelta(hours=1):
            first += 1
        most = max(most, last - first + 1)
    return most


def _most_at_once(rows: Sequence[sqlite3.Row]) -> int:
    changes = sorted([(row["begun_at"], 1) for row in rows] + [(row["ended_at"], -1) for row in rows])
    most = busy = 0
    for _, change in changes:
        busy += change
        most = max(most, busy)
    return most


def _repeats(ids: Iterator[int]) -> list[tuple[int, int]]:
    return [(i, n) for i, n in Counter(ids).items() if n > 1]


def _instant(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)
