"""Steering: who may go where, what is refused and why, and what a change of status leaves behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import seeding
from clarion.app import steer
from clarion.app.actor import Actor, Role
from clarion.app.refusals import Conflict, Forbidden, Invalid, NotFound, Refusal
from clarion.core.campaigns import Campaign, CampaignStatus, Message, Plan
from clarion.core.outcomes import AttemptState, Channel, ContactState
from clarion.store import schema
from clarion.store.database import Database
from seeding import NOW
from still_clock import StillClock

ADA = Actor(1, 7, Role.OPERATOR)
HOUR = timedelta(hours=1)
S = CampaignStatus
Verb = Callable[[Any, Any, Actor, int], Awaitable[Campaign]]

LAUNCH, PAUSE, RESUME = steer.launch_campaign, steer.pause_campaign, steer.resume_campaign
CANCEL, COMPLETE = steer.cancel_campaign, steer.complete_campaign
REOPEN, UNSCHEDULE = steer.reopen_campaign, steer.unschedule_campaign


@pytest.fixture
async def ledger(database: Database) -> Database:
    await seeding.organization(database)
    return database


async def put(ledger: Database, people: int = 1, **changes: Any) -> Campaign:
    async with ledger.write() as tx:
        made = await seeding.campaign(tx, **changes)
        for n in range(1, people + 1):
            await seeding.person(tx, made, n)
        await seeding.tallies(tx, made, {"contacts": people})
    return made


async def story(ledger: Database) -> list[tuple[str, str]]:
    async with ledger.read() as tx:
        rows = await tx.session.execute(schema.decisions.select().order_by("id"))
        return [(row.verdict, row.rule) for row in rows]


async def test_every_verb_from_every_status(ledger: Database, clock: StillClock) -> None:
    after: dict[tuple[Verb, CampaignStatus], CampaignStatus] = {
        (LAUNCH, S.DRAFT): S.RUNNING,
        (LAUNCH, S.SCHEDULED): S.SCHEDULED,
        (LAUNCH, S.RUNNING): S.RUNNING,
        (PAUSE, S.RUNNING): S.PAUSED,
        (PAUSE, S.PAUSED): S.PAUSED,
        (RESUME, S.PAUSED): S.RUNNING,
        (RESUME, S.RUNNING): S.RUNNING,
        (CANCEL, S.DRAFT): S.CANCELLED,
        (CANCEL, S.SCHEDULED): S.CANCELLED,
        (CANCEL, S.RUNNING): S.CANCELLED,
        (CANCEL, S.PAUSED): S.CANCELLED,
        (CANCEL, S.CANCELLED): S.CANCELLED,
        (COMPLETE, S.RUNNING): S.COMPLETED,
        (COMPLETE, S.PAUSED): S.COMPLETED,
        (COMPLETE, S.COMPLETED): S.COMPLETED,
        (REOPEN, S.COMPLETED): S.RUNNING,
        (REOPEN, S.RUNNING): S.RUNNING,
        (UNSCHEDULE, S.SCHEDULED): S.DRAFT,
        (UNSCHEDULE, S.DRAFT): S.DRAFT,
    }
    number = 0
    for verb in (LAUNCH, PAUSE, RESUME, CANCEL, COMPLETE, REOPEN, UNSCHEDULE):
        for status in S:
            number += 1
            async with ledger.write() as tx:
                plan = Plan(complete_when_empty=False)
                await seeding.campaign(tx, number, status=status, plan=plan, name=f"{verb.__name__} {status}")
            try:
                got: CampaignStatus | str = (await verb(ledger, clock, ADA, number)).status
            except Conflict as refusal:
                got = refusal.code
            assert got == after.get((verb, status), "wrong_status"), (verb.__name__, status)


async def test_a_launch_is_kept_told_and_can_be_repeated(ledger: Database, clock: StillClock) -> None:
    await put(ledger, status=S.DRAFT)
    running = await LAUNCH(ledger, clock, ADA, 1)
    assert (running.status, running.started_at) == (S.RUNNING, NOW)
    clock.advance(HOUR)
    assert await LAUNCH(ledger, clock, ADA, 1) == running
    assert await story(ledger) == [("running", "by_hand")]


async def test_a_start_that_lies_ahead_is_waited_for(ledger: Database, clock: StillClock) -> None:
    await put(ledger, status=S.DRAFT, start_at=NOW + HOUR)
    scheduled = await LAUNCH(ledger, clock, ADA, 1)
    assert (scheduled.status, scheduled.started_at) == (S.SCHEDULED, None)
    async with ledger.read() as tx:
        (line,) = await tx.session.execute(schema.decisions.select())
    assert (line.verdict, line.next_at) == ("scheduled", NOW + HOUR)
    assert line.inputs == {"action": "schedule", "from": "draft", "user_id": 7}


async def refusals(ledger: Database, clock: StillClock) -> dict[str, str]:
    with pytest.raises(Invalid) as refusal:
        await LAUNCH(ledger, clock, ADA, 1)
    async with ledger.read() as tx:
        assert (await tx.campaigns.get(1, 1)).status is S.DRAFT
    return {problem.field: problem.message for problem in refusal.value.problems}


async def test_nobody_to_reach(ledger: Database, clock: StillClock) -> None:
    await put(ledger, people=0, status=S.DRAFT)
    assert list(await refusals(ledger, clock)) == ["contacts"]


async def test_a_campaign_that_waits_for_contacts_runs_empty(ledger: Database, clock: StillClock) -> None:
    await put(ledger, people=0, status=S.DRAFT, plan=Plan(complete_when_empty=False))
    assert (await LAUNCH(ledger, clock, ADA, 1)).status is S.RUNNING


@pytest.mark.parametrize("table", [schema.senders, schema.trunks])
async def test_no_sender(ledger: Database, clock: StillClock, table: Any) -> None:
    await put(ledger, status=S.DRAFT)
    async with ledger.write() as tx:
        await tx.session.execute(table.update().where(table.c.channel == Channel.VOICE).values(enabled=False))
    assert list(await refusals(ledger, clock)) == ["sender_id"]


async def test_an_end_that_has_passed(ledger: Database, clock: StillClock) -> None:
    await put(ledger, status=S.DRAFT, end_at=NOW)
    assert list(await refusals(ledger, clock)) == ["end_at"]


async def test_contacts_without_a_variable_are_counted_and_named(
    ledger: Database, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steer, "SCAN_PAGE", 3)
    plan = Plan(message=Message(text="{{ shop }}: {{ name }}, {{ city }} {{ tip | default('') }}"))
    async with ledger.write() as tx:
        sms = await seeding.campaign(tx, status=S.DRAFT, channel=Channel.SMS, plan=plan, variables={"shop": "X"})
        for n in range(1, 7):
            await seeding.person(tx, sms, n, variables={"name": "Zoë"} if n % 2 else {"city": "Ulm"})
        await seeding.person(tx, sms, 7, reference_id=None, variables={"name": "Zoë"})
        await seeding.tallies(tx, sms, {"contacts": 7})
    found = await refusals(ledger, clock)
    assert found == {
        "message.variables.city": "4 of the contacts have no 'city', such as r1, r3, r5.",
        "message.variables.name": "3 of the contacts have no 'name', such as r2, r4, r6.",
    }


async def test_pause_takes_back_what_no_channel_has_begun(ledger: Database, clock: StillClock) -> None:
    async with ledger.write() as tx:
        made = await seeding.campaign(tx)
        for n, state in ((1, AttemptState.RELEASED), (2, AttemptState.BEGUN)):
            await seeding.person(tx, made, n, state=ContactState.RELEASED, attempt_id=n, tries=1)
            await seeding.attempt(tx, made, n, n, state=state, outcome=None)
    await PAUSE(ledger, clock, ADA, 1)
    async with ledger.read() as tx:
        assert [(await tx.reports.contact(1, n)).state for n in (1, 2)] == [
            ContactState.WAITING,
            ContactState.RELEASED,
        ]
        (line,) = await tx.session.execute(schema.decisions.select())
    assert (line.verdict, line.inputs["taken_back"]) == ("paused", 1)
    assert await PAUSE(ledger, clock, ADA, 1)
    assert await story(ledger) == [("paused", "by_hand")]


async def test_going_on_after_the_end_is_refused(ledger: Database, clock: StillClock) -> None:
    await put(ledger, status=S.PAUSED, end_at=NOW + HOUR)
    clock.advance(HOUR)
    with pytest.raises(Invalid, match="end_at"):
        await RESUME(ledger, clock, ADA, 1)


async def test_webhooks_are_told_in_the_same_transaction(ledger: Database, clock: StillClock) -> None:
    await put(ledger)
    async with ledger.write() as tx:
        await seeding.endpoint(tx)
    await PAUSE(ledger, clock, ADA, 1)
    await RESUME(ledger, clock, ADA, 1)
    await RESUME(ledger, clock, ADA, 1)
    async with ledger.read() as tx:
        rows = await tx.session.execute(schema.webhook_messages.select().order_by("id"))
        assert [row.event for row in rows] == ["campaign.paused", "campaign.resumed"]


async def test_an_archived_campaign_stays_where_it_is(ledger: Database, clock: StillClock) -> None:
    await put(ledger, status=S.COMPLETED, archived_at=NOW)
    for verb in (REOPEN, COMPLETE, LAUNCH):
        with pytest.raises(Conflict):
            await verb(ledger, clock, ADA, 1)


@pytest.mark.parametrize(
    ("actor", "refusal"),
    [(Actor(1, 7, Role.VIEWER), Forbidden), (Actor(2, 7, Role.OWNER), NotFound)],
)
async def test_others_and_viewers_steer_nothing(
    ledger: Database, clock: StillClock, actor: Actor, refusal: type[Refusal]
) -> None:
    made = await put(ledger)
    for verb in (LAUNCH, PAUSE, RESUME, CANCEL, COMPLETE, REOPEN, UNSCHEDULE):
        with pytest.raises(refusal):
            await verb(ledger, clock, actor, 1)
    async with ledger.read() as tx:
        assert (await tx.campaigns.get(1, 1)).status is made.status


async def test_a_launch_after_an_edit_meanwhile_is_refused(
    ledger: Database, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await put(ledger, status=S.DRAFT)

    async def edited_meanwhile(*_: object) -> list[object]:
        async with ledger.write() as tx:
            await tx.campaigns.update(replace(made, plan_version=2))
        return []

    monkeypatch.setattr(steer, "launch_problems", edited_meanwhile)
    with pytest.raises(Conflict, match="changed meanwhile"):
        await LAUNCH(ledger, clock, ADA, 1)
