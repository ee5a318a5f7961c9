"""Claims, fences and tallies on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

import seeding
from clarion.app.ports.queue import Ending, Move
from clarion.core.campaigns import CampaignStatus
from clarion.core.contacts import Attempt, band
from clarion.core.outcomes import AttemptState, Channel, ContactState, FinishReason, Outcome
from clarion.core.pacing import Account
from clarion.store.database import Database
from seeding import NOW

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def ledger(database: Database) -> Database:
    """Ten people who wait in one batch, each due a minute after the one before; the last three ahead of now."""
    await seeding.organization(database)
    async with database.write() as tx:
        mine = await seeding.campaign(tx)
        for n in range(1, 11):
            await seeding.person(tx, mine, n, next_at=NOW + (n - 7) * MINUTE)
        await tx.queue.enlist(1, "one", "worker", "0", NOW, NOW + MINUTE)
        await tx.queue.enlist(2, "two", "worker", "0", NOW, NOW + MINUTE)
    return database


def attempt(n: int, contact_id: int, *, state: AttemptState = AttemptState.BEGUN, worker_id: int = 1) -> Attempt:
    return Attempt(
        id=n,
        organization_id=1,
        campaign_id=1,
        batch_id=1,
        contact_id=contact_id,
        number=1,
        channel=Channel.VOICE,
        address=f"+1212555{contact_id:04d}",
        person=f"p{contact_id}",
        state=state,
        sender_id=10,
        trunk_id=10,
        worker_id=worker_id,
        released_at=NOW,
        begun_at=NOW if state is AttemptState.BEGUN else None,
    )


def ending(n: int, outcome: Outcome = Outcome.BUSY) -> Ending:
    return Ending(n, AttemptState.ENDED, outcome, "486", True, "x", None, None, NOW, None, None, {}, {})


async def due(tx, limit: int = 100) -> list[int]:
    return [c.id for c in await tx.queue.due(1, band(5, retry=False), NOW, limit)]


async def test_claims_come_in_order_and_not_before_they_are_due(ledger: Database) -> None:
    async with ledger.write() as tx:
        assert await due(tx) == [1, 2, 3, 4, 5, 6, 7]
        assert await due(tx, 2) == [1, 2]
        assert [d.contact_id for d in await tx.queue.due_regions(1, band(5, retry=False), NOW, 3)] == [1, 2, 3]
        assert await tx.queue.next_due({1: 1 << band(5, retry=False)}) == {1: NOW - 6 * MINUTE}
        assert await tx.queue.next_due({1: 1 << band(5, retry=True)}) == {}


@pytest.mark.postgres
async def test_what_one_worker_claims_another_skips(postgres_url: str) -> None:
    one, two = Database(postgres_url), Database(postgres_url)
    await one.create_all()
    await seeding.organization(one)
    async with one.write() as tx:
        mine = await seeding.campaign(tx)
        for n in range(1, 7):
            await seeding.person(tx, mine, n)
        await tx.queue.lock_accounts("campaign:1", [])
    async with one.write() as first, two.write() as second:
        assert await due(first, 4) == [1, 2, 3, 4]
        assert await due(second, 4) == [5, 6]
        assert await first.queue.lock_accounts("campaign:1", ["trunk:1"]) is not None
        assert await second.queue.lock_accounts("campaign:1", []) is None
    await one.close()
    await two.close()


async def test_limits_remember(ledger: Database) -> None:
    account = Account("campaign:1", NOW, NOW.date(), 3, 5, NOW, NOW, NOW)
    async with ledger.write() as tx:
        opened = await tx.queue.lock_accounts("campaign:1", ["trunk:1", "campaign:1"])
        assert opened == {"campaign:1": Account("campaign:1"), "trunk:1": Account("trunk:1")}
        await tx.queue.save_accounts([account])
    async with ledger.read() as tx:
        assert await tx.queue.accounts(["campaign:1"]) == {"campaign:1": account}


async def test_a_release_is_live_until_it_ends(ledger: Database) -> None:
    async with ledger.write() as tx:
        await tx.queue.release([attempt(101, 1), attempt(102, 2)])
    async with ledger.write() as tx:
        assert await due(tx) == [3, 4, 5, 6, 7]
        assert sum(f.count for f in await tx.queue.in_flight()) == 2
        assert await tx.queue.in_flight(2) == []
        assert await tx.queue.hold_live([101, 102, 999]) == {101: None, 102: None}
        [contact] = await tx.queue.contacts([1])
        assert (contact.state, contact.tries, contact.attempt_id) == (ContactState.RELEASED, 1, 101)
        done = Move.stay(contact)._replace(fence=101, state=ContactState.FINISHED, finish_reason=FinishReason.REACHED)
        await tx.queue.move([done], NOW)
        await tx.queue.end([ending(101)])
    async with ledger.write() as tx:
        assert await tx.queue.hold_live([101, 102]) == {102: None}
        [ended] = await tx.queue.attempts([101], lock=True)
        assert (ended.state, ended.outcome, ended.provider_id) == (AttemptState.ENDED, Outcome.BUSY, "x")
        assert (await tx.queue.by_provider_id("x")) == ended


@pytest.mark.parametrize("fence, moved", [(101, True), (102, False), (None, False)])
async def test_a_move_needs_its_fence(ledger: Database, fence: int | None, moved: bool) -> None:
    async with ledger.write() as tx:
        await tx.queue.release([attempt(101, 1), attempt(102, 2)])
        [contact] = await tx.queue.contacts([1])
        back = Move.stay(contact)._replace(fence=fence, state=ContactState.WAITING, next_at=NOW + MINUTE)
        await tx.queue.move([back], NOW)
        [contact] = await tx.queue.contacts([1])
    assert (contact.state is ContactState.WAITING) == moved


async def test_only_who_waits_is_put_off(ledger: Database) -> None:
    async with ledger.write() as tx:
        await tx.queue.release([attempt(101, 1)])
        await tx.queue.defer([(1, NOW + MINUTE), (2, NOW + MINUTE)], NOW)
        first, second = await tx.queue.contacts([1, 2])
    assert first.next_at == NOW - 6 * MINUTE
    assert second.next_at == NOW + MINUTE


async def test_news_before_the_end_come_with_the_hold(ledger: Database) -> None:
    async with ledger.write() as tx:
        await tx.queue.release([attempt(101, 1)])
        await tx.queue.end([ending(101, Outcome.DELIVERED)._replace(state=AttemptState.BEGUN)])
        assert await tx.queue.hold_live([101]) == {101: Outcome.DELIVERED}


async def test_taking_back_undoes_the_release_and_its_counts(ledger: Database) -> None:
    async with ledger.write() as tx:
        await tx.queue.release([attempt(101, 1, state=AttemptState.RELEASED), attempt(102, 2)])
        await tx.queue.count(3, {(1, 1, "attempts"): 2, (1, 1, "first_attempts"): 2})
        assert await tx.queue.take_back(1, NOW, batch_id=77) == 0
        assert await tx.queue.take_back(1, NOW, released_before=NOW) == 0
        assert await tx.queue.take_back(1, NOW) == 1
        assert await tx.queue.tally([1], ["attempts", "first_attempts"]) == {
            (1, "attempts"): 1,
            (1, "first_attempts"): 1,
        }
        first, second = await tx.queue.contacts([1, 2])
    assert (first.state, first.tries, first.next_at) == (ContactState.WAITING, 0, NOW - 6 * MINUTE)
    assert second.state is ContactState.RELEASED


@pytest.mark.postgres
@pytest.mark.parametrize("first", ["pull", "pause"])
async def test_a_pull_and_a_pause_never_both_win(postgres_url: str, first: str) -> None:
    one, two = Database(postgres_url), Database(postgres_url)
    await one.create_all()
    await seeding.organization(one)
    async with one.write() as tx:
        mine = await seeding.campaign(tx)
        await seeding.person(tx, mine, 1)
        await tx.queue.release([attempt(101, 1, state=AttemptState.RELEASED)])
    waits = asyncio.Event()

    async def pull() -> int:
        async with one.write() as tx:
            pulled = await tx.queue.pull(Channel.VOICE, 10, NOW)
            if first == "pull":
                waits.set()
                await asyncio.sleep(0.2)
            await tx.queue.begin([(x.attempt.id, x.contact.id) for x in pulled], 2, NOW)
        return len(pulled)

    async def pause() -> int:
        async with two.write() as tx:
            await tx.campaigns.set_status(1, CampaignStatus.RUNNING, CampaignStatus.PAUSED, NOW)
            taken = await tx.queue.take_back(1, NOW)
            if first == "pause":
                waits.set()
                await asyncio.sleep(0.2)
        return taken

    async def second(use_case) -> int:
        await waits.wait()
        return await use_case()

    ordered = (pull, pause) if first == "pull" else (pause, pull)
    assert await asyncio.gather(ordered[0](), second(ordered[1])) == [1, 0]
    async with one.read() as tx:
        [kept] = await tx.queue.attempts([101])
    assert kept.state is (AttemptState.BEGUN if first == "pull" else AttemptState.TAKEN_BACK)
    await one.close()
    await two.close()


async def test_a_lease_that_ran_out_leaves_orphans(ledger: Database) -> None:
    async with ledger.write() as tx:
        await tx.queue.release([attempt(101, 1, worker_id=1), attempt(102, 2, worker_id=2)])
        assert await tx.queue.orphans(10) == []
        assert await tx.queue.renew(2, NOW + MINUTE, NOW + 3 * MINUTE)
        assert await tx.queue.fence_lost(NOW + 2 * MINUTE, 2, False) == [1]
        assert not await tx.queue.renew(1, NOW + 2 * MINUTE, NOW + 9 * MINUTE)
        assert [x.attempt.id for x in await tx.queue.orphans(10)] == [101]
        await tx.queue.adopt([(101, AttemptState.UNKNOWN)], 2)
        assert await tx.queue.orphans(10) == []
        assert {x.attempt.id for x in await tx.queue.held_by(2)} == {101, 102}
        await tx.queue.retire(2, NOW + 2 * MINUTE)
        assert {x.attempt.id for x in await tx.queue.orphans(10)} == {101, 102}


async def test_sweeps_and_edits_see_who_they_are_for(ledger: Database) -> None:
    async with ledger.write() as tx:
        await tx.queue.release([attempt(101, 1)])
        assert {c.id for c in await tx.queue.sweep(1, 100)} == set(range(2, 11))
        assert [c.id for c in await tx.queue.deferred(1, 8, NOW, 100)] == [9, 10]
        assert await tx.queue.has_waiting({1: 1 << 10})
        assert not await tx.queue.has_waiting({1: 0b11})


async def test_touches_count_but_for_those_taken_back(ledger: Database) -> None:
    async with ledger.write() as tx:
        await tx.queue.release([attempt(101, 1), attempt(102, 2, state=AttemptState.RELEASED)])
        await tx.queue.take_back(1, NOW)
        assert await tx.queue.touches(1, ["p1", "p2", "p3"], NOW - MINUTE) == {"p1": [NOW]}
        assert await tx.queue.touches(1, ["p1"], NOW + MINUTE) == {}
