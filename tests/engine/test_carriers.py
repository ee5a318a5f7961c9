"""Reports that come twice, late, early, for strangers, or while the ledger does not answer; carriers that go silent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from clarion.app.ports.channel import Accepted, Fate, NotKnown, Order, StillRunning
from clarion.channels.sandbox.settings import Faults
from clarion.core.campaigns import Plan
from clarion.core.contacts import Attempt, Report
from clarion.core.outcomes import AttemptState, Channel, FinishReason, Outcome
from clarion.core.retries import Retries
from clarion.engine.player import play
from world import MONDAY, numbers

MINUTE = timedelta(minutes=1)
PERFECT = Faults(0.0, 0.0, 0.0)


class Scripted:
    """A carrier that takes everything and says what a test tells it to."""

    sandbox = True
    pulls = False

    def __init__(self) -> None:
        self.orders: list[Order] = []
        self.fates: list[Any] = []
        self.asked_about: list[int] = []

    def room(self) -> int:
        return 100

    async def begin(self, orders: Sequence[Order]) -> Sequence[Accepted]:
        self.orders.extend(orders)
        return [Accepted(o.attempt_id, f"call-{o.attempt_id}", o.at) for o in orders]

    def collect(self, now: datetime) -> Sequence[Report]:
        return ()

    def next_report_at(self) -> datetime | None:
        return None

    async def lookup(self, attempts: Sequence[Attempt], now: datetime) -> Sequence[Fate]:
        self.asked_about.extend(a.id for a in attempts)
        fate = self.fates.pop(0) if self.fates else NotKnown
        if isinstance(fate, Exception):
            raise fate
        return [fate(a.id) for a in attempts] if fate is not None else []

    async def stop(self, attempt_ids: Sequence[int]) -> None: ...

    async def close(self) -> None: ...


async def scene(make_world, people: int = 1):
    world = await make_world()
    carrier = Scripted()
    worker = await world.worker(drivers={(Channel.VOICE, "sandbox"): carrier})
    plan = Plan(retries=Retries(max_attempts=2, delays=(60 * MINUTE,)))
    campaign = await world.campaign(plan)
    await world.people(campaign, numbers(people))
    await worker.step(world.clock.now())
    return world, worker, carrier


async def test_the_first_end_counts_and_others_are_news(make_world) -> None:
    world, worker, carrier = await scene(make_world)
    [order] = carrier.orders
    at = MONDAY + MINUTE
    ends = [Report(order.attempt_id, o, at) for o in (Outcome.BUSY, Outcome.BUSY, Outcome.NO_ANSWER)]
    worker.hand_in(ends)
    await worker.step(at)
    worker.hand_in(ends)
    await worker.step(at)
    [attempt] = await world.attempts()
    assert attempt.outcome is Outcome.BUSY
    lines = [x.verdict for x in await world.decisions() if x.contact_id]
    assert lines == ["retried"]
    await world.balance_tallies()


async def test_news_before_the_end_is_kept_and_counted_once(make_world) -> None:
    world, worker, carrier = await scene(make_world)
    [order] = carrier.orders
    worker.hand_in([Report(order.attempt_id, Outcome.DELIVERED, MONDAY + MINUTE, final=False)])
    await worker.step(MONDAY + MINUTE)
    [attempt] = await world.attempts()
    assert (attempt.state, attempt.outcome) == (AttemptState.BEGUN, Outcome.DELIVERED)
    worker.hand_in([Report(order.attempt_id, Outcome.SENT, MONDAY + 2 * MINUTE)])
    await worker.step(MONDAY + 2 * MINUTE)
    [attempt] = await world.attempts()
    assert (attempt.state, attempt.outcome) == (AttemptState.ENDED, Outcome.DELIVERED)
    await world.balance_tallies()


async def test_reports_of_strangers_are_recorded_or_let_go(make_world) -> None:
    """After a restart a callback comes for an attempt that this process never began; and one for nobody's."""
    world, _, carrier = await scene(make_world)
    [order] = carrier.orders
    restarted = await world.worker(drivers={(Channel.VOICE, "sandbox"): Scripted()}, alone=False)
    at = MONDAY + MINUTE
    restarted.hand_in([Report(order.attempt_id, Outcome.COMPLETED, at), Report(999_999, Outcome.BUSY, at)])
    await restarted.step(at)
    [contact] = await world.contacts()
    assert contact.finish_reason is FinishReason.REACHED
    await world.balance_tallies()


@pytest.mark.parametrize("kept", [False, True], ids=["rolled back", "kept, and the answer lost"])
async def test_reports_survive_a_database_that_does_not(make_world, kept: bool) -> None:
    world, worker, carrier = await scene(make_world, people=3)
    at = MONDAY + MINUTE
    write = world.database.write
    failures = [2]

    @asynccontextmanager
    async def fragile() -> AsyncIterator[Any]:
        if failures[0] and not kept:
            failures[0] -= 1
            raise OperationalError("", {}, Exception("gone"))
        async with write() as tx:
            yield tx
        if failures[0]:
            failures[0] -= 1
            raise OperationalError("", {}, Exception("gone"))

    world.database.write = fragile
    worker.hand_in([Report(o.attempt_id, Outcome.COMPLETED, at) for o in carrier.orders])
    for _ in range(2):
        with pytest.raises(OperationalError):
            await worker.step(at)
    await worker.step(at)
    assert {a.outcome for a in await world.attempts()} == {Outcome.COMPLETED}
    assert worker.in_flight == 0
    assert [x.verdict for x in await world.decisions() if x.contact_id] == ["finished"] * 3
    await world.balance_tallies()


async def test_a_carrier_that_goes_silent_is_asked(make_world) -> None:
    """Half a minute of ringing, ten of talking, five of grace: then its fate is looked up, again and again."""
    world, worker, carrier = await scene(make_world)
    carrier.fates = [StillRunning, RuntimeError("no line"), None]
    await play(worker, world.clock, until=MONDAY + 3 * 60 * MINUTE)
    [attempt, *_] = await world.attempts()
    assert attempt.outcome is Outcome.UNKNOWN
    assert len(carrier.orders) == 1
    rules = [x.rule for x in await world.decisions() if x.contact_id]
    assert rules == ["no_report", "still_running", "no_report", "unknown_is_never_redialled"]
    assert len(carrier.asked_about) == 6


async def test_the_carriers_id_is_kept_for_callbacks(make_world) -> None:
    world, worker, carrier = await scene(make_world)
    [order] = carrier.orders
    worker.hand_in([Report(order.attempt_id, Outcome.COMPLETED, MONDAY + MINUTE)])
    await worker.step(MONDAY + MINUTE)
    async with world.database.read() as tx:
        attempt = await tx.queue.by_provider_id(f"call-{order.attempt_id}")
    assert attempt is not None
    assert attempt.accepted_at == MONDAY


async def test_one_report_that_cannot_be_recorded_does_not_stop_the_others(make_world) -> None:
    world, worker, carrier = await scene(make_world, people=3)
    at = MONDAY + MINUTE
    bad, *good = carrier.orders
    worker.hand_in([Report(bad.attempt_id, Outcome.COMPLETED, at, raw={"bytes": object()})])
    worker.hand_in([Report(o.attempt_id, Outcome.COMPLETED, at) for o in good])
    await worker.step(at)
    outcomes = {a.id: a.outcome for a in await world.attempts()}
    assert [outcomes[o.attempt_id] for o in good] == [Outcome.COMPLETED] * 2
    assert outcomes[bad.attempt_id] is None
    await world.balance_tallies()
