"""Batches: keys, limits of their own, pause, expiry and deletion, each with its line and its webhook."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

import seeding
from clarion.app.actor import Actor, Role
from clarion.app.batches import (
    BatchContent,
    create_batch,
    delete_batch,
    edit_batch,
    get_batch,
    list_batches,
    pause_batch,
    resume_batch,
)
from clarion.app.ports.campaigns import BatchFilters
from clarion.app.refusals import Conflict, Forbidden, Invalid, NotFound
from clarion.core.campaigns import BatchStatus, CampaignStatus
from clarion.core.outcomes import AttemptState, ContactState
from clarion.core.pacing import Pacing
from clarion.store import schema
from clarion.store.database import Database
from seeding import NOW
from still_clock import StillClock

ADA = Actor(1, 7, Role.OPERATOR)
EVE = Actor(2, 8, Role.OPERATOR)
HOUR = timedelta(hours=1)
PLAIN = BatchContent()


@pytest.fixture
async def ledger(database: Database) -> Database:
    await seeding.organization(database, 1)
    await seeding.organization(database, 2)
    async with database.write() as tx:
        await seeding.campaign(tx, 1)
        await seeding.campaign(tx, 2, 2)
    return database


async def lines(ledger: Database) -> list[tuple[str, dict[str, object]]]:
    async with ledger.read() as tx:
        rows = await tx.session.execute(schema.decisions.select().order_by("id"))
        return [(row.verdict, row.inputs) for row in rows]


async def test_a_batch_is_known_by_the_clients_key(ledger: Database, clock: StillClock) -> None:
    content = BatchContent(Pacing(per_hour=30), NOW + HOUR, paused=True, extras={"source": "crm"})
    made = await create_batch(ledger, clock, ADA, 1, "spring/1 ü", content)
    assert (made.status, made.pacing.per_hour, made.expires_at) == (BatchStatus.PAUSED, 30, NOW + HOUR)
    assert await get_batch(ledger, ADA, "spring/1 ü") == made
    with pytest.raises(Conflict, match="already"):
        await create_batch(ledger, clock, ADA, 1, "spring/1 ü", PLAIN)
    other = await create_batch(ledger, clock, EVE, 2, "spring/1 ü", PLAIN)
    assert other.campaign_id == 2
    listed = await list_batches(ledger, ADA, BatchFilters(campaign_id=1))
    assert {batch.key for batch in listed} == {"campaign-1", "spring/1 ü"}


@pytest.mark.parametrize(
    ("key", "content", "fields"),
    [
        ("", PLAIN, ["key"]),
        (" a", PLAIN, ["key"]),
        ("x" * 256, PLAIN, ["key"]),
        ("campaign-9", PLAIN, ["key"]),
        ("campaign-9-held", PLAIN, ["key"]),
        ("a", BatchContent(Pacing(per_hour=0)), ["pacing.per_hour"]),
        ("a", BatchContent(Pacing(finish_by=NOW)), ["pacing.finish_by"]),
        ("a", BatchContent(expires_at=NOW), ["expires_at"]),
        ("", BatchContent(Pacing(daily_cap=-1), NOW), ["expires_at", "key", "pacing.daily_cap"]),
    ],
)
async def test_every_wrong_field_is_named(
    ledger: Database, clock: StillClock, key: str, content: BatchContent, fields: list[str]
) -> None:
    with pytest.raises(Invalid) as refusal:
        await create_batch(ledger, clock, ADA, 1, key, content)
    assert sorted(problem.field for problem in refusal.value.problems) == fields


async def test_a_cancelled_campaign_takes_no_batches(ledger: Database, clock: StillClock) -> None:
    async with ledger.write() as tx:
        await tx.campaigns.set_status(1, CampaignStatus.RUNNING, CampaignStatus.CANCELLED, NOW)
    with pytest.raises(Conflict):
        await create_batch(ledger, clock, ADA, 1, "a", PLAIN)


async def test_pausing_takes_back_this_batch_only(ledger: Database, clock: StillClock) -> None:
    made = await create_batch(ledger, clock, ADA, 1, "a", PLAIN)
    async with ledger.write() as tx:
        mine = await tx.campaigns.get(1, 1)
        for n, batch_id in ((1, made.id), (2, 1)):
            live = {"state": ContactState.RELEASED, "attempt_id": n, "tries": 1}
            await seeding.person(tx, mine, n, batch_id=batch_id, **live)
            await seeding.attempt(tx, mine, n, n, batch_id=batch_id, state=AttemptState.RELEASED, outcome=None)
    assert (await pause_batch(ledger, clock, ADA, "a")).status is BatchStatus.PAUSED
    async with ledger.read() as tx:
        assert (await tx.reports.contact(1, 1)).state is ContactState.WAITING
        assert (await tx.reports.contact(1, 2)).state is ContactState.RELEASED
    await pause_batch(ledger, clock, ADA, "a")
    assert (await resume_batch(ledger, clock, ADA, "a")).status is BatchStatus.ACTIVE
    assert await lines(ledger) == [
        ("paused", {"fields": ["paused"], "user_id": 7}),
        ("active", {"fields": ["paused"], "user_id": 7}),
    ]


async def test_an_edit_keeps_what_it_does_not_name(ledger: Database, clock: StillClock) -> None:
    await create_batch(ledger, clock, ADA, 1, "a", BatchContent(Pacing(per_hour=30), NOW + HOUR, paused=True))
    edited = await edit_batch(ledger, clock, ADA, "a", lambda c: replace(c, pacing=Pacing(per_hour=60)))
    assert (edited.pacing.per_hour, edited.expires_at, edited.status) == (60, NOW + HOUR, BatchStatus.PAUSED)
    assert (await lines(ledger))[0][0] == "edited"
    clock.advance(2 * HOUR)
    await edit_batch(ledger, clock, ADA, "a", lambda c: replace(c, pacing=Pacing(per_hour=90)))
    with pytest.raises(Invalid, match="expires_at"):
        await edit_batch(ledger, clock, ADA, "a", lambda c: replace(c, expires_at=NOW))


async def test_an_expired_batch_revives_with_a_later_expiry(ledger: Database, clock: StillClock) -> None:
    made = await create_batch(ledger, clock, ADA, 1, "a", BatchContent(expires_at=NOW + HOUR))
    async with ledger.write() as tx:
        await tx.campaigns.update_batch(replace(made, status=BatchStatus.EXPIRED))
    clock.advance(2 * HOUR)
    still = await edit_batch(ledger, clock, ADA, "a", lambda c: replace(c, pacing=Pacing(per_hour=1)))
    assert still.status is BatchStatus.EXPIRED
    revived = await edit_batch(ledger, clock, ADA, "a", lambda c: replace(c, expires_at=NOW + 3 * HOUR))
    assert revived.status is BatchStatus.ACTIVE


async def test_deleting_needs_a_reason_and_is_done_once(ledger: Database, clock: StillClock) -> None:
    await create_batch(ledger, clock, ADA, 1, "a", PLAIN)
    with pytest.raises(Invalid, match="reason"):
        await delete_batch(ledger, clock, ADA, "a", "  ")
    gone = await delete_batch(ledger, clock, ADA, "a", "wrong list")
    assert (gone.status, gone.deleted_at, gone.deleted_reason) == (BatchStatus.CANCELLED, NOW, "wrong list")
    clock.advance(HOUR)
    assert await delete_batch(ledger, clock, ADA, "a", "again") == gone
    assert await lines(ledger) == [("cancelled", {"reason": "wrong list", "user_id": 7})]
    with pytest.raises(Conflict, match="deleted"):
        await resume_batch(ledger, clock, ADA, "a")
    with pytest.raises(Conflict, match="already"):
        await create_batch(ledger, clock, ADA, 1, "a", PLAIN)
    with pytest.raises(Conflict, match="default"):
        await delete_batch(ledger, clock, ADA, "campaign-1", "why not")


async def test_webhooks_tell_a_change_of_status(ledger: Database, clock: StillClock) -> None:
    await create_batch(ledger, clock, ADA, 1, "a", PLAIN)
    async with ledger.write() as tx:
        await seeding.endpoint(tx)
    await pause_batch(ledger, clock, ADA, "a")
    await edit_batch(ledger, clock, ADA, "a", lambda c: replace(c, pacing=Pacing(per_hour=1)))
    await delete_batch(ledger, clock, ADA, "a", "over")
    async with ledger.read() as tx:
        rows = await tx.session.execute(schema.webhook_messages.select().order_by("id"))
        assert [row.event for row in rows] == ["batch.paused", "batch.cancelled"]


async def test_others_and_viewers_change_nothing(ledger: Database, clock: StillClock) -> None:
    made = await create_batch(ledger, clock, ADA, 1, "a", PLAIN)
    for ask in (
        get_batch(ledger, EVE, "a"),
        pause_batch(ledger, clock, EVE, "a"),
        delete_batch(ledger, clock, EVE, "a", "x"),
        create_batch(ledger, clock, EVE, 1, "b", PLAIN),
        list_batches(ledger, EVE, BatchFilters(campaign_id=1)),
    ):
        with pytest.raises(NotFound):
            await ask
    viewer = Actor(1, 9, Role.VIEWER)
    for ask in (
        create_batch(ledger, clock, viewer, 1, "b", PLAIN),
        pause_batch(ledger, clock, viewer, "a"),
        delete_batch(ledger, clock, viewer, "a", "x"),
    ):
        with pytest.raises(Forbidden):
            await ask
    assert await get_batch(ledger, viewer, "a") == made
