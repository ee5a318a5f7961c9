"""Channels that pull: what is released for them can be taken back until somebody comes for it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from clarion.app.planning import Planner
from clarion.app.pull import pull
from clarion.app.steer import cancel_campaign, pause_campaign, resume_campaign
from clarion.core.campaigns import Plan
from clarion.core.contacts import Report
from clarion.core.outcomes import AttemptState, Channel, ContactState, FinishReason, Outcome
from clarion.core.pacing import Pacing
from clarion.core.schedule import Schedule, Span
from world import LAWS, numbers

SECOND = timedelta(seconds=1)


class Fetched:
    """A voice driver whose workers fetch their attempts."""

    sandbox = True
    pulls = True

    def room(self) -> int:
        return 1_000

    async def begin(self, orders: Sequence[Any]) -> Sequence[Any]:
        raise AssertionError("nobody asks a driver that pulls")

    def collect(self, now: datetime) -> Sequence[Report]:
        return ()

    def next_report_at(self) -> datetime | None:
        return None

    async def lookup(self, attempts: Sequence[Any], now: datetime) -> Sequence[Any]:
        return ()

    async def stop(self, attempt_ids: Sequence[int]) -> None: ...

    async def close(self) -> None: ...


async def scene(make_world, plan: Plan | None = None, start: datetime | None = None, people: int = 10):
    world = await make_world(*([start] if start else []))
    worker = await world.worker(drivers={(Channel.VOICE, "sandbox"): Fetched()}, alone=False)
    campaign = await world.campaign(plan or Plan(pacing=Pacing(max_concurrent=6)))
    await world.people(campaign, numbers(people))
    await worker.step(world.clock.now())
    return world, worker, campaign


def states(attempts) -> dict[AttemptState, int]:
    return dict(Counter(a.state for a in attempts))


async def take(world, worker, limit: int = 100):
    planner = Planner(LAWS, world.clock)
    return await pull(world.database, planner, worker.id, Channel.VOICE, limit, world.clock.now())


async def test_released_attempts_wait_to_be_pulled_and_count_as_live(make_world) -> None:
    world, worker, _ = await scene(make_world)
    assert states(await world.attempts()) == {AttemptState.RELEASED: 6}
    assert worker.in_flight == 0
    mine = await take(world, worker, 4)
    assert [x.attempt.state for x in mine] == [AttemptState.BEGUN] * 4
    assert states(await world.attempts()) == {AttemptState.RELEASED: 2, AttemptState.BEGUN: 4}
    rest = await take(world, worker)
    assert not {x.attempt.id for x in rest} & {x.attempt.id for x in mine}
    await worker.step(world.clock.now())
    assert len(await world.attempts()) == 6


async def test_their_reports_are_recorded_like_any_others(make_world) -> None:
    world, worker, _ = await scene(make_world)
    mine = await take(world, worker)
    world.clock.advance_to(world.clock.now() + 60 * SECOND)
    worker.hand_in([Report(x.attempt.id, Outcome.COMPLETED, world.clock.now()) for x in mine])
    await worker.step(world.clock.now())
    finished = [c for c in await world.contacts() if c.state is ContactState.FINISHED]
    assert {c.finish_reason for c in finished} == {FinishReason.REACHED}
    assert len(finished) == 6
    assert states(await world.attempts()) == {AttemptState.ENDED: 6, AttemptState.RELEASED: 4}


async def test_a_pause_takes_back_what_nobody_pulled(make_world) -> None:
    world, worker, campaign = await scene(make_world)
    mine = await take(world, worker, 2)
    await pause_campaign(world.database, world.clock, world.actor, campaign.id)
    assert await take(world, worker) == []
    contacts = await world.contacts()
    assert Counter(c.state for c in contacts) == {ContactState.WAITING: 8, ContactState.RELEASED: 2}
    assert sum(c.tries for c in contacts) == 2
    assert states(await world.attempts(taken_back=True)) == {AttemptState.TAKEN_BACK: 4, AttemptState.BEGUN: 2}
    await world.balance_tallies()
    await resume_campaign(world.database, world.clock, world.actor, campaign.id)
    worker.briefing.forget()
    await worker.step(world.clock.now())
    again = await take(world, worker)
    assert [x.attempt.number for x in again] == [1] * 4
    assert not {x.attempt.contact_id for x in again} & {x.attempt.contact_id for x in mine}
    await world.balance_tallies()


async def test_a_cancelled_campaign_is_not_pulled_from(make_world) -> None:
    world, worker, campaign = await scene(make_world)
    await cancel_campaign(world.database, world.clock, world.actor, campaign.id)
    worker.briefing.forget()
    for _ in range(4):
        await worker.step(world.clock.now())
    assert await take(world, worker) == []
    assert {c.finish_reason for c in await world.contacts()} == {FinishReason.CANCELLED}
    await world.balance_tallies()


async def test_what_nobody_comes_for_goes_back_to_the_queue(make_world) -> None:
    world, worker, _ = await scene(make_world)
    world.clock.advance_to(world.clock.now() + 11 * SECOND)
    assert await take(world, worker) == []
    worker.briefing.forget()
    await worker.step(world.clock.now())
    assert states(await world.attempts(taken_back=True)) == {AttemptState.TAKEN_BACK: 6, AttemptState.RELEASED: 6}
    assert len(await take(world, worker)) == 6
    await world.balance_tallies()


async def test_a_window_that_closed_meanwhile_is_kept(make_world) -> None:
    plan = Plan(schedule=Schedule(week=((Span(9 * 3600, 10 * 3600),),) * 7))
    world, worker, _ = await scene(make_world, plan, datetime(2026, 11, 23, 15, 59, 58, tzinfo=UTC))
    assert len(await take(world, worker, 3)) == 3
    world.clock.advance_to(world.clock.now() + 3 * SECOND)
    assert await take(world, worker) == []


async def test_two_workers_never_pull_the_same(make_world) -> None:
    world, worker, _ = await scene(make_world, Plan(), people=60)
    parts = await asyncio.gather(*(take(world, worker, 10) for _ in range(6)))
    ids = [x.attempt.id for part in parts for x in part]
    assert len(ids) == len(set(ids))
    assert len(ids) + len(await take(world, worker)) == 60


async def test_released_attempts_of_a_lost_worker_go_straight_back(make_world) -> None:
    world, worker, _ = await scene(make_world)
    await take(world, worker, 2)
    world.clock.advance_to(world.clock.now() + 20 * SECOND)
    other = await world.worker(drivers={(Channel.VOICE, "sandbox"): Fetched()}, alone=False)
    await other.carriers.reap(world.clock.now())
    assert states(await world.attempts(taken_back=True)) == {AttemptState.TAKEN_BACK: 4, AttemptState.UNKNOWN: 2}
    await world.balance_tallies()
