"""A contact's story: what happened, why nothing happens now, and when something can, in words that a person can use."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import seeding
from clarion.app.actor import Actor, Role
from clarion.app.add_contacts import held_batch
from clarion.app.planning import Planner
from clarion.app.ports.organizations import Settings
from clarion.app.ports.suppression import Suppression, SuppressionReason
from clarion.app.refusals import NotFound
from clarion.app.story import Story, contact_story
from clarion.app.story_words import closed_words, decision_words, rule_words
from clarion.core.campaigns import BatchStatus, Campaign, CampaignStatus, Message, Plan, Targeting
from clarion.core.contacts import Decision
from clarion.core.limits import PersonLimits
from clarion.core.outcomes import AttemptState, Channel, ContactState, FinishReason, Outcome
from clarion.core.pacing import Account, CapCounts, Pacing
from clarion.core.schedule import DayRule, Schedule, Span
from clarion.store import schema
from clarion.store.database import Database, StoredTx
from clarion.wire.law_files import load_law_book
from seeding import LOS_ANGELES, NEW_YORK, NOW, NOWHERE
from still_clock import StillClock

ADA = Actor(1, 7, Role.VIEWER)
HOUR = timedelta(hours=1)
TEN_TO_FIVE = Schedule(week=((Span(10 * 3600, 17 * 3600),),) * 7)
TEN_IN_LOS_ANGELES = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
"""Of the day that caps are counted by."""
LIVE = {"state": ContactState.RELEASED, "attempt_id": 9, "tries": 1}


@pytest.fixture
async def ledger(database: Database) -> Database:
    await seeding.organization(database)
    return database


async def worker(tx: StoredTx) -> None:
    """Somebody is at work."""
    await tx.queue.enlist(1, "w", "worker", "0", NOW, NOW + HOUR)


async def ask(ledger: Database, clock: StillClock, contact_id: int = 1) -> Story:
    return await contact_story(ledger, clock, Planner(load_law_book(), clock), ADA, contact_id)


Arrange = Callable[[StoredTx, Campaign], Awaitable[None]]


@dataclass(frozen=True)
class Case:
    """A world in which contact 1 is not reached, why, and when they can be."""

    codes: list[str]
    next_at: datetime | None = NOW
    says: str = ""
    campaign: dict[str, Any] = field(default_factory=dict)
    person: dict[str, Any] = field(default_factory=dict)
    arrange: Arrange | None = None
    settings: Settings = field(default_factory=Settings)
    workers: bool = True


def paced(**pacing: Any) -> dict[str, Any]:
    return {"plan": Plan(pacing=Pacing(**pacing))}


async def held_back(tx: StoredTx, mine: Campaign) -> None:
    held = await held_batch(tx, mine, NOW)
    await tx.people.move_to(held, [1], NOW, NOW)


def account(scope: str, **values: Any) -> Arrange:
    async def arrange(tx: StoredTx, _: Campaign) -> None:
        await tx.queue.lock_accounts(scope, [])
        await tx.queue.save_accounts([Account(scope, **values)])

    return arrange


async def suppress(tx: StoredTx, _: Campaign) -> None:
    reason = SuppressionReason.OPTED_OUT
    await tx.suppression.suppress([Suppression(1, 1, "*", "+12125550001", reason, "test", NOW)])


async def another_is_live(tx: StoredTx, mine: Campaign) -> None:
    await seeding.person(tx, mine, 9, **LIVE)


async def three_are_ahead(tx: StoredTx, mine: Campaign) -> None:
    for n in (7, 8, 9):
        await seeding.person(tx, mine, n, next_at=NOW - HOUR)


async def contacted_an_hour_ago(tx: StoredTx, mine: Campaign) -> None:
    await seeding.attempt(tx, mine, 1, 1)


async def no_senders(tx: StoredTx, _: Campaign) -> None:
    await tx.session.execute(schema.senders.update().values(enabled=False))


async def sender_is_used_up(tx: StoredTx, mine: Campaign) -> None:
    await tx.session.execute(schema.senders.update().values(daily_cap=5))
    await account("sender:10", day=NOW.date(), day_all=5)(tx, mine)


def batch_is(status: BatchStatus, **changes: Any) -> Arrange:
    async def arrange(tx: StoredTx, mine: Campaign) -> None:
        batch = await tx.campaigns.get_batch(1, f"campaign-{mine.id}")
        await tx.campaigns.update_batch(replace(batch, status=status, **changes))

    return arrange


CASES = {
    "due": Case([], NOW, "They are due now"),
    "draft": Case(["campaign_draft"], campaign={"status": CampaignStatus.DRAFT}),
    "scheduled": Case(
        ["campaign_scheduled"],
        NOW + HOUR,
        campaign={"status": CampaignStatus.SCHEDULED, "start_at": NOW + HOUR},
    ),
    "paused": Case(["campaign_paused"], says="is paused", campaign={"status": CampaignStatus.PAUSED}),
    "cancelled": Case(["campaign_over"], None, campaign={"status": CampaignStatus.CANCELLED}),
    "batch paused": Case(["batch_paused"], arrange=batch_is(BatchStatus.PAUSED)),
    "held": Case(["held"], says="until somebody launches it", arrange=held_back),
    "batch deleted": Case(
        ["batch_cancelled"],
        None,
        "wrong list",
        arrange=batch_is(BatchStatus.CANCELLED, deleted_at=NOW, deleted_reason="wrong list"),
    ),
    "batch expired": Case(["will_be_skipped"], None, arrange=batch_is(BatchStatus.ACTIVE, expires_at=NOW)),
    "finished": Case(
        ["finished"],
        None,
        "Finished as attempts exhausted",
        person={"state": ContactState.FINISHED, "finish_reason": FinishReason.ATTEMPTS_EXHAUSTED, "next_at": None},
    ),
    "live": Case(["live"], None, "Attempt 1 is live", person=LIVE),
    "window": Case(
        ["window"],
        TEN_IN_LOS_ANGELES,
        "outside the campaign's windows",
        campaign={"plan": Plan(schedule=TEN_TO_FIVE)},
        person={"region_key": LOS_ANGELES},
    ),
    "law": Case(
        ["window"],
        datetime(2026, 11, 23, 18, 0, tzinfo=UTC),
        "the law of US",
        person={"region_key": "Pacific/Honolulu;US,US-HI"},
    ),
    "date": Case(
        ["window"],
        datetime(2026, 11, 24, 13, 0, tzinfo=UTC),
        "closed on this date",
        campaign={"plan": Plan(schedule=Schedule(closed_dates=frozenset({NOW.date()})))},
    ),
    "unknown place": Case(["will_be_skipped"], None, "the place does not allow it", person={"region_key": NOWHERE}),
    "suppressed": Case(["will_be_skipped"], None, "do-not-contact list", arrange=suppress),
    "no consent": Case(
        ["will_be_skipped"], None, "consent", campaign={"plan": Plan(targeting=Targeting(require_consent=True))}
    ),
    "line type": Case(
        ["will_be_skipped"],
        None,
        "targeting",
        campaign={"plan": Plan(targeting=Targeting(allowed_line_types=frozenset({"mobile"})))},
        person={"line_type": "landline"},
    ),
    "missing variable": Case(
        ["will_be_skipped"],
        None,
        "needs name",
        campaign={
            "channel": Channel.SMS,
            "plan": Plan(message=Message("{{ name }} {{ shop }}")),
            "variables": {"shop": 1},
        },
    ),
    "retry": Case(
        ["retry_wait"],
        NOW + 2 * HOUR,
        "next try after no answer",
        person={
            "tries": 1,
            "not_before": NOW + 2 * HOUR,
            "next_at": NOW + 2 * HOUR,
            "last_outcome": Outcome.NO_ANSWER,
        },
    ),
    "rate": Case(
        ["rate"],
        NOW + timedelta(minutes=1),
        "The campaign's limits: The rate is used up",
        campaign=paced(per_hour=60),
        arrange=account("campaign:1", next_slot=NOW + timedelta(minutes=1), last_used=NOW),
    ),
    "concurrency": Case(["concurrency"], campaign=paced(max_concurrent=1), arrange=another_is_live),
    "daily cap": Case(
        ["daily_cap"],
        MIDNIGHT,
        campaign=paced(daily_cap=5),
        arrange=account("campaign:1", day=NOW.date(), day_first=5, day_all=5),
    ),
    "cap of first attempts leaves retries": Case(
        [],
        campaign=paced(daily_cap=5, daily_cap_counts=CapCounts.FIRST_ATTEMPTS),
        person={"tries": 1, "band": 11},
        arrange=account("campaign:1", day=NOW.date(), day_first=5, day_all=5),
    ),
    "closed by a weekday's cap": Case(
        ["window", "daily_cap"],
        datetime(2026, 11, 24, 13, 0, tzinfo=UTC),
        campaign={"plan": Plan(schedule=Schedule(weekdays={0: DayRule(daily_cap=0)}))},
    ),
    "batch's rate": Case(
        ["concurrency"],
        says="The batch's limits",
        arrange=lambda tx, mine: _batch_concurrency(tx, mine),
    ),
    "organisation's concurrency": Case(
        ["organization_concurrency"], arrange=another_is_live, settings=Settings(max_concurrent=1)
    ),
    "person limit": Case(
        ["person_limit"],
        NOW + 2 * HOUR,
        "too recently",
        arrange=contacted_an_hour_ago,
        settings=Settings(person_limits=PersonLimits(min_gap=3 * HOUR)),
    ),
    "no sender": Case(["no_sender"], arrange=no_senders),
    "sender is used up": Case(["sender_limit"], MIDNIGHT, arrange=sender_is_used_up),
    "queue": Case(["queue"], says="3 contacts of its batch are due before it", arrange=three_are_ahead),
    "no worker": Case(["no_worker"], says="No worker is running", workers=False),
    "several at once": Case(
        ["campaign_paused", "window", "no_worker"],
        TEN_IN_LOS_ANGELES,
        campaign={"status": CampaignStatus.PAUSED, "plan": Plan(schedule=TEN_TO_FIVE)},
        person={"region_key": LOS_ANGELES},
        workers=False,
    ),
}


async def _batch_concurrency(tx: StoredTx, mine: Campaign) -> None:
    await batch_is(BatchStatus.ACTIVE, pacing=Pacing(max_concurrent=1))(tx, mine)
    await another_is_live(tx, mine)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
async def test_why_not_now(sqlite_url: str, clock: StillClock, case: Case) -> None:
    ledger = Database(sqlite_url)
    await ledger.create_all()
    await seeding.organization(ledger, settings=case.settings)
    await arranged(ledger, case)
    told = await ask(ledger, clock)
    await ledger.close()
    must_have_said(told, case)


@pytest.mark.postgres
@pytest.mark.parametrize("name", ["several at once", "person limit", "sender is used up", "queue"])
async def test_why_not_now_on_postgres(postgres_url: str, clock: StillClock, name: str) -> None:
    ledger = Database(postgres_url)
    await ledger.create_all()
    await seeding.organization(ledger, settings=CASES[name].settings)
    await arranged(ledger, CASES[name])
    told = await ask(ledger, clock)
    await ledger.close()
    must_have_said(told, CASES[name])


async def arranged(ledger: Database, case: Case) -> None:
    async with ledger.write() as tx:
        mine = await seeding.campaign(tx, **case.campaign)
        await seeding.person(tx, mine, 1, **case.person)
        if case.arrange is not None:
            await case.arrange(tx, mine)
        if case.workers:
            await worker(tx)


def must_have_said(told: Story, case: Case) -> None:
    assert [obstacle.code for obstacle in told.obstacles] == case.codes
    assert (told.next and told.next.at) == case.next_at
    assert case.says in told.summary


async def test_both_clocks(ledger: Database, clock: StillClock) -> None:
    async with ledger.write() as tx:
        mine = await seeding.campaign(tx, agent_id=10, plan=Plan(schedule=TEN_TO_FIVE))
        await seeding.person(tx, mine, 1, region_key=LOS_ANGELES)
        await worker(tx)
    told = await ask(ledger, clock)
    assert (told.campaign_zone, told.contact_zones) == ("America/Chicago", ("America/Los_Angeles",))
    assert told.next is not None
    assert told.next.theirs is not None
    assert (told.next.at, told.next.own.hour, told.next.theirs.hour) == (TEN_IN_LOS_ANGELES, 12, 10)
    assert told.summary == (
        "Closed in America/Los Angeles now: outside the campaign's windows. "
        "They can be reached from Mon 2026-11-23 12:00:00 CST on the campaign's clock, "
        "Mon 2026-11-23 10:00:00 PST in America/Los Angeles."
    )


async def test_what_happened_in_order(ledger: Database, clock: StillClock) -> None:
    def line(minute: int, verdict: str, rule: str, **which: Any) -> Decision:
        return Decision(1, 1, NOW + timedelta(minutes=minute), verdict, rule, **which)

    def at(minutes: int) -> datetime:
        return NOW + timedelta(minutes=minutes)

    async with ledger.write() as tx:
        mine = await seeding.campaign(tx)
        await seeding.finished(tx, mine, 1, FinishReason.ATTEMPTS_EXHAUSTED, tries=2, last_outcome=Outcome.BUSY)
        await seeding.attempt(tx, mine, 5, 1, released_at=at(10), ended_at=at(11))
        await seeding.attempt(tx, mine, 4, 1, released_at=at(70), ended_at=at(71), number=2, outcome=Outcome.BUSY)
        region = {"batch_id": 1, "region_key": NEW_YORK}
        await tx.queue.decide(
            [
                line(0, "running", "by_hand", inputs={"action": "launch", "from": "draft", "user_id": 7}),
                line(1, "deferred", "window", next_at=at(9), inputs={"contacts": 40}, **region),
                line(2, "deferred", "window", next_at=at(9), **region),  # they were put off already
                line(10, "deferred", "window", next_at=at(500), **region),  # they were live
                line(
                    11, "retried", "fixed", contact_id=1, attempt_id=5, next_at=at(70), inputs={"outcome": "no_answer"}
                ),
                line(30, "deferred", "window", next_at=at(500), **region),  # they were not due
                line(40, "paused", "by_hand", batch_id=1, inputs={"reason": "lunch"}),
                line(
                    71,
                    "finished",
                    "max_attempts",
                    contact_id=1,
                    attempt_id=4,
                    inputs={"outcome": "busy", "reason": "attempts_exhausted", "detail": "486"},
                ),
                line(80, "deferred", "window", next_at=at(500), **region),  # they were finished
                line(90, "amended", "later_news", contact_id=1, inputs={"from": "busy", "outcome": "voicemail"}),
            ]
        )
    told = await ask(ledger, clock)
    assert [(each.about, each.sentence) for each in told.lines] == [
        ("campaign", "The campaign became running: by hand (user id 7)."),
        (
            "region",
            "Everybody in America/New York waits until Mon 2026-11-23 15:09:00 UTC: "
            "outside the hours in which people there may be reached.",
        ),
        ("contact", "Attempt 1 to +12125550001 by sender 10, simulated."),
        (
            "contact",
            "Outcome no answer; waits for another try until Mon 2026-11-23 16:10:00 UTC: after the campaign's delay.",
        ),
        ("batch", "The batch became paused: by hand."),
        ("contact", "Attempt 2 to +12125550001 by sender 10, simulated."),
        (
            "contact",
            "Outcome busy; finished as attempts exhausted: all attempts of the budget are used (detail 486).",
        ),
        ("contact", "The attempt's outcome changed from busy to voicemail: later news of the same attempt."),
    ]
    assert [attempt.id for attempt in told.attempts] == [5, 4]
    assert told.lines[1].next is not None
    assert not told.truncated


@pytest.mark.parametrize("came_in_held", [True, False])
async def test_no_window_closes_on_who_is_held_back(ledger: Database, clock: StillClock, came_in_held: bool) -> None:
    def at(minutes: int) -> datetime:
        return NOW + timedelta(minutes=minutes)

    def closed(minute: int) -> Decision:
        return Decision(1, 1, at(minute), "deferred", "window", batch_id=1, region_key=NEW_YORK, next_at=at(minute + 3))

    async with ledger.write() as tx:
        mine = await seeding.campaign(tx)
        await seeding.person(tx, mine, 1)
        held = Decision(1, 1, at(5), "held", "by_hand", contact_id=1)
        launched = Decision(1, 1, at(20), "launched", "by_hand", contact_id=1, next_at=at(20))
        await tx.queue.decide([closed(1), *([] if came_in_held else [held]), closed(10), launched, closed(30)])
    told = [(each.verdict, each.moment.at) for each in (await ask(ledger, clock)).lines]
    after = [("launched", at(20)), ("deferred", at(30))]
    assert told == (after if came_in_held else [("deferred", at(1)), ("held", at(5)), *after])


async def test_an_attempt_that_was_taken_back(ledger: Database, clock: StillClock) -> None:
    async with ledger.write() as tx:
        mine = await seeding.campaign(tx)
        await seeding.person(tx, mine, 1)
        await seeding.attempt(tx, mine, 1, 1, state=AttemptState.TAKEN_BACK, outcome=None)
        await worker(tx)
    (line,) = (await ask(ledger, clock)).lines
    assert line.sentence == "Attempt 1 to +12125550001 by sender 10 was released and taken back."
    assert line.inputs["state"] == "taken_back"


async def test_a_foreign_contact_is_not_found(ledger: Database, clock: StillClock) -> None:
    async with ledger.write() as tx:
        mine = await seeding.campaign(tx)
        await seeding.person(tx, mine, 1)
    with pytest.raises(NotFound):
        await contact_story(ledger, clock, Planner(load_law_book(), clock), Actor(2, 1, Role.OWNER), 1)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("law:US-FL", "the law of US-FL limits how often one person is called"),
        ("not_retried:mailbox_full", "the campaign does not retry mailbox full"),
        ("a_rule_of_tomorrow", "a rule of tomorrow"),
    ],
)
def test_rules_have_words(rule: str, words: str) -> None:
    assert rule_words(rule) == words


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("holiday:US-TX", "it is a public holiday (US-TX)"),
        ("law:US", "outside the hours that the law of US allows"),
        ("window", "outside the campaign's windows"),
        ("", "closed"),
    ],
)
def test_closed_windows_have_words(why: str, words: str) -> None:
    assert closed_words(why) == words


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            Decision(1, 1, NOW, "edited", "by_hand", inputs={"fields": ["plan"], "version": 2, "user_id": 7}),
            "The campaign was edited: plan (user id 7).",
        ),
        (
            Decision(1, 1, NOW, "skipped", "suppression", contact_id=1, inputs={"reason": "bounced"}),
            "Skipped and not tried any more: the address is on the do-not-contact list.",
        ),
        (
            Decision(1, 1, NOW, "finished", "sweep", contact_id=1, inputs={"reason": "expired"}),
            "Finished as expired: the batch or campaign is over.",
        ),
        (
            Decision(1, 1, NOW, "skipped", "duplicate", contact_id=2, inputs={"reason": "duplicate", "repeats": 1}),
            "Skipped and not tried any more: somebody in the campaign has this address already (repeats 1).",
        ),
        (
            Decision(1, 1, NOW, "held", "by_hand", contact_id=1, inputs={"user_id": 7}),
            "Held back until somebody launches it: by hand (user id 7).",
        ),
        (
            Decision(1, 1, NOW, "launched", "by_hand", contact_id=1, next_at=NOW),
            "Launched, to be reached from Mon 2026-11-23 15:00:00 UTC: by hand.",
        ),
        (
            Decision(1, 1, NOW, "unknown", "worker_lost", contact_id=1, inputs={"worker": 3}),
            "What became of the attempt is not known: the worker that had it is gone (worker 3).",
        ),
    ],
)
def test_decisions_have_words(line: Decision, sentence: str) -> None:
    assert decision_words(line, ZoneInfo("UTC")) == sentence
