"""Several workers on one PostgreSQL and the real clock: limits to the unit, nobody twice, deaths in mid-flight."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta

import pytest

from clarion.app.ports.organizations import PersonLimits
from clarion.channels.sandbox.driver import SandboxDriver, SandboxNetwork
from clarion.channels.sandbox.settings import Faults, SandboxSettings, VoicePublic
from clarion.core.campaigns import CampaignStatus, Plan
from clarion.core.outcomes import Channel, ContactState, FinishReason, Outcome
from clarion.core.pacing import Pacing
from clarion.core.retries import Retries
from clarion.core.schedule import Schedule
from clarion.engine.clocks import RealClock
from clarion.engine.worker import Tempo, Worker
from clarion.store.database import Database
from world import dialled, make_world, most_at_once, most_within, numbers

pytestmark = pytest.mark.postgres

FAST = {"speed": 600.0, "voice": VoicePublic(asks_callback=0.0)}
"""Nobody asks to be called back in a quarter of an hour at the earliest: that is long in a test."""
ALWAYS = Schedule(quiet_hours=False)
"""The real clock shows any hour."""
AGAIN = Retries(max_attempts=3, delays=(timedelta(milliseconds=200),), fault_delay=timedelta(milliseconds=100))
SECOND = timedelta(seconds=1)


class Crew:
    """Workers with a database connection and a carrier's line each; the carrier's log is one."""

    def __init__(self, url: str, world, **sandbox) -> None:
        self._url, self.world = url, world
        self._settings = SandboxSettings(**(FAST | sandbox))
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._databases: list[Database] = []
        self.workers: list[Worker] = []

    async def hire(self, count: int) -> None:
        for _ in range(count):
            database = Database(self._url)
            self._databases.append(database)
            network = SandboxNetwork(self._settings, self.world.carrier)
            worker = await self.world.worker(
                Tempo(),
                alone=False,
                database=database,
                clock=RealClock(),
                drivers={(c, "sandbox"): SandboxDriver(c, network) for c in Channel},
            )
            self.workers.append(worker)
            self._tasks[worker.id] = asyncio.create_task(self._work(worker))

    async def _work(self, worker: Worker) -> None:
        async def beat() -> None:
            while await worker.heartbeat():
                await asyncio.sleep(0.15)

        beating = asyncio.create_task(beat())
        try:
            while not worker.fenced:
                await worker.step(RealClock().now())
                await asyncio.sleep(0.005)
        finally:
            beating.cancel()

    async def kill(self, worker: Worker) -> None:
        """As by -9: nothing is said, what it asks of carriers may or may not have got through."""
        task = self._tasks.pop(worker.id)
        for one in (task, *worker.carriers._asking):
            one.cancel()
            with suppress(asyncio.CancelledError):
                await one

    async def until_done(self, campaign, seconds: float = 25.0) -> None:
        async with asyncio.timeout(seconds):
            while (await self.world.now(campaign)).status is not CampaignStatus.COMPLETED:
                for task in self._tasks.values():
                    if task.done():
                        task.result()
                await asyncio.sleep(0.05)

    async def dismiss(self) -> None:
        for worker in self.workers:
            if worker.id in self._tasks:
                await self.kill(worker)
        for database in self._databases:
            await database.close()


@pytest.fixture
async def make_crew(postgres_url: str, monkeypatch) -> AsyncIterator[object]:
    monkeypatch.setattr("clarion.engine.worker.LEASE", timedelta(seconds=0.8))
    monkeypatch.setattr("clarion.engine.worker.REAP_EVERY", timedelta(seconds=0.2))
    monkeypatch.setattr("clarion.engine.carriers.LOOKUPS", (timedelta(seconds=0.05), timedelta(seconds=0.2)))
    first = Database(postgres_url)
    await first.create_all()
    crews: list[Crew] = []

    async def make(**sandbox) -> Crew:
        world = await make_world(first)
        world.clock = RealClock()
        crews.append(Crew(postgres_url, world, **sandbox))
        return crews[-1]

    yield make
    for crew in crews:
        await crew.dismiss()
    await first.close()


@pytest.mark.parametrize("count", [2, 4])
async def test_limits_hold_over_all_workers(make_crew, count: int) -> None:
    crew = await make_crew()
    world = crew.world
    plan = Plan(schedule=ALWAYS, pacing=Pacing(per_second=60, max_concurrent=12), retries=AGAIN)
    campaign = await world.campaign(plan)
    await world.people(campaign, numbers(150))
    await crew.hire(count)
    await crew.until_done(campaign)
    attempts = await world.attempts()
    assert most_within([a.begun_at for a in attempts], SECOND) <= 60
    assert most_at_once(attempts) <= 12
    assert len({a.worker_id for a in attempts}) == count
    await world.balance()


async def test_campaigns_that_share_a_trunk_and_people(make_crew) -> None:
    """Two places on the trunk; each person is in both campaigns and may be tried twice in all."""
    crew = await make_crew()
    world = crew.world
    await world.trunks(max_concurrent=4)
    await world.settings(person_limits=PersonLimits(per_day=2))
    people = numbers(40)
    campaigns = []
    for _ in range(3):
        campaign = await world.campaign(Plan(schedule=ALWAYS), end_at=RealClock().now() + 6 * SECOND)
        await world.people(campaign, people)
        campaigns.append(campaign)
    await crew.hire(3)
    for campaign in campaigns:
        await crew.until_done(campaign)
    attempts = await world.attempts()
    assert most_at_once(attempts) <= 4
    assert set(Counter(a.person for a in attempts).values()) == {2}
    await world.balance()


async def test_a_killed_workers_calls_go_on_and_its_people_are_reached_once(make_crew) -> None:
    crew = await make_crew(speed=60.0, ask_latency=0.02, faults=Faults(0.0, 0.0, 0.0))
    world = crew.world
    campaign = await world.campaign(Plan(schedule=ALWAYS, pacing=Pacing(per_second=200)))
    await world.people(campaign, numbers(200))
    await crew.hire(3)
    await asyncio.sleep(0.4)
    await crew.kill(crew.workers[0])
    await asyncio.sleep(0.2)
    await crew.kill(crew.workers[1])
    await crew.until_done(campaign)
    rules = Counter(line.rule for line in await world.decisions())
    assert rules["worker_lost"] > 0
    assert rules["still_running"] > 0
    assert {c.state for c in await world.contacts()} == {ContactState.FINISHED}
    assert set(dialled(world).values()) == {1}
    assert {a.outcome for a in await world.attempts()}.isdisjoint({Outcome.UNKNOWN})
    await world.balance()


async def test_asks_that_never_got_through_are_made_by_somebody_else(make_crew) -> None:
    """The worker dies between its transaction and the carrier."""
    crew = await make_crew(ask_latency=5.0)
    world = crew.world
    campaign = await world.campaign(Plan(schedule=ALWAYS))
    await world.people(campaign, numbers(50))
    await crew.hire(1)
    while not await world.attempts():
        await asyncio.sleep(0.02)
    await crew.kill(crew.workers[0])
    crew._settings = SandboxSettings(**FAST)
    await crew.hire(1)
    await crew.until_done(campaign)
    rules = Counter(line.rule for line in await world.decisions())
    assert rules["never_asked"] == 50
    assert set(dialled(world).values()) == {1}
    await world.balance()


async def test_fates_that_nobody_can_tell_are_shown_as_unknown(make_crew) -> None:
    crew = await make_crew(speed=60.0, lookup_works=False, faults=Faults(0.0, 0.0, 0.2), magic=False)
    world = crew.world
    campaign = await world.campaign(Plan(schedule=ALWAYS, pacing=Pacing(per_second=100)))
    await world.people(campaign, numbers(60))
    await crew.hire(2)
    await asyncio.sleep(0.5)
    await crew.kill(crew.workers[0])
    crew._settings = SandboxSettings(**FAST, lookup_works=False)
    async with asyncio.timeout(40):
        while {c.state for c in await world.contacts()} != {ContactState.FINISHED}:
            await asyncio.sleep(0.1)
    attempts = await world.attempts()
    unknown = {a.contact_id for a in attempts if a.outcome is Outcome.UNKNOWN}
    assert unknown
    for contact in await world.contacts():
        assert (contact.finish_reason is FinishReason.UNKNOWN) == (contact.id in unknown)
    assert set(dialled(world).values()) == {1}


async def test_a_worker_whose_lease_ran_out_asks_nobody_and_writes_nothing(make_crew) -> None:
    crew = await make_crew()
    world = crew.world
    campaign = await world.campaign(Plan(schedule=ALWAYS))
    await world.people(campaign, numbers(30))
    await crew.hire(1)
    sleeper = crew.workers[0]
    await crew.kill(sleeper)
    before = len(await world.attempts())
    await asyncio.sleep(0.9)
    await sleeper.step(RealClock().now())  # it claims, but it may not ask
    asked = len(world.carrier._entries)
    await crew.hire(1)
    await crew.until_done(campaign)
    assert not await sleeper.heartbeat()
    assert sleeper.fenced
    assert await sleeper.step(RealClock().now()) is None
    await sleeper.retire()
    assert asked <= before
    assert set(dialled(world).values()) == {1}
    await world.balance()
