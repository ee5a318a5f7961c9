"""Limits held to the unit over hours and days: rates, concurrency, shares, batches, senders and trunks."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from clarion.app.batches import edit_batch, pause_batch, resume_batch
from clarion.channels.sandbox.settings import Faults
from clarion.core.campaigns import BatchStatus, CampaignStatus, Plan
from clarion.core.outcomes import FinishReason
from clarion.core.pacing import Pacing, RampUp
from clarion.core.retries import Retries
from clarion.core.schedule import Schedule, Span
from clarion.engine.worker import Tempo
from world import CHICAGO, LOS_ANGELES, NEW_YORK, most_at_once, most_within, numbers

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
PERFECT = Faults(0.0, 0.0, 0.0)
TEMPOS = [Tempo(virtual=True), Tempo(ahead=timedelta(seconds=20), virtual=True)]


@pytest.mark.parametrize("tempo", TEMPOS, ids=["step by step", "planned ahead"])
@pytest.mark.parametrize("per_hour", [7, 240, 2000])
async def test_no_rolling_hour_holds_more_than_the_rate(make_world, per_hour: int, tempo: Tempo) -> None:
    world = await make_world()
    plan = Plan(pacing=Pacing(per_hour=per_hour), retries=Retries(max_attempts=3, delays=(timedelta(minutes=7),)))
    campaign = await world.campaign(plan)
    await world.people(campaign, numbers(200))
    await world.people(campaign, numbers(50, 300), priority=8)
    await world.play(until=HOUR * (5 if per_hour < 100 else 1), tempo=tempo)
    begun = [a.begun_at for a in await world.attempts()]
    assert most_within(begun, HOUR) <= per_hour
    assert most_within(begun, HOUR / 60) <= per_hour / 60 + per_hour * 5 / 3600 + 1
    hours = (max(begun) - min(begun)) / HOUR
    busy = min(len(begun), hours * per_hour)
    assert len(begun) >= busy * 0.98 - 1
    await world.balance(over=False)


@pytest.mark.parametrize("tempo", TEMPOS, ids=["step by step", "planned ahead"])
async def test_concurrency_is_never_exceeded_and_always_used(make_world, tempo: Tempo) -> None:
    world = await make_world()
    campaign = await world.campaign(Plan(pacing=Pacing(max_concurrent=7)))
    await world.people(campaign, numbers(80))
    await world.play(tempo=tempo)
    attempts = await world.attempts()
    assert most_at_once(attempts) == 7
    await world.balance()


async def test_campaigns_share_the_organisations_places(make_world) -> None:
    world = await make_world(faults=PERFECT)
    await world.settings(max_concurrent=6)
    large = await world.campaign()
    small = await world.campaign()
    idle = await world.campaign(Plan(schedule=Schedule(week=((Span(20 * 3600, 21 * 3600),),) * 7)))
    await world.people(large, numbers(60))
    await world.people(small, numbers(20, 500))
    await world.people(idle, numbers(5, 900))
    await world.play(until=timedelta(hours=5))
    attempts = await world.attempts()
    assert most_at_once(attempts) == 6
    both = [a for a in attempts if a.begun_at <= attempts[0].begun_at + timedelta(minutes=3)]
    shares = Counter(a.campaign_id for a in both)
    assert abs(shares[large.id] - shares[small.id]) <= 4
    assert (await world.now(large)).status is CampaignStatus.COMPLETED
    assert (await world.now(small)).status is CampaignStatus.COMPLETED
    assert not [a for a in attempts if a.campaign_id == idle.id]


async def test_one_place_does_not_wait_for_a_campaign_that_does_not_want_it(make_world) -> None:
    world = await make_world(faults=PERFECT)
    await world.trunks(max_concurrent=1)
    for n in range(3):
        idle = await world.campaign(Plan(schedule=Schedule(week=((Span(20 * 3600, 21 * 3600),),) * 7)))
        await world.people(idle, numbers(1, 900 + n))
    busy = await world.campaign()
    await world.people(busy, numbers(10))
    await world.play(until=timedelta(hours=1))
    attempts = await world.attempts()
    assert {a.campaign_id for a in attempts} == {busy.id}
    assert len(attempts) == 10
    assert most_at_once(attempts) == 1


@pytest.mark.parametrize("tempo", TEMPOS, ids=["step by step", "planned ahead"])
async def test_senders_and_trunks_keep_their_own_limits(make_world, tempo: Tempo) -> None:
    """Two calls a second on the trunk, ten a day for each sender; the day is the organisation's."""
    world = await make_world(datetime(2026, 11, 23, 20, 0, tzinfo=UTC), faults=PERFECT)
    await world.settings(timezone="Asia/Tokyo")
    await world.trunks(per_second=2)
    senders = await world.senders(daily_cap=10)
    campaign = await world.campaign(Plan(schedule=Schedule(zone="America/Chicago")))
    other = await world.campaign(Plan(schedule=Schedule(zone="America/Los_Angeles")))
    await world.people(campaign, numbers(60))
    await world.people(other, numbers(60, 500), region=LOS_ANGELES)
    await world.play(until=timedelta(days=2), tempo=tempo)
    attempts = await world.attempts()
    assert most_within([a.begun_at for a in attempts], SECOND) <= 2
    days = Counter((a.sender_id, a.begun_at.astimezone(ZoneInfo("Asia/Tokyo")).date()) for a in attempts)
    assert max(days.values()) == 10
    assert {sender for sender, _ in days} == set(senders)
    assert len(attempts) == min(120, 3 * 10 * len(senders))


async def test_senders_take_turns(make_world) -> None:
    world = await make_world()
    senders = await world.senders()
    campaign = await world.campaign()
    await world.people(campaign, numbers(10 * len(senders)))
    await world.play(until=timedelta(minutes=1))
    firsts = Counter(a.sender_id for a in await world.attempts() if a.number == 1)
    assert firsts == dict.fromkeys(senders, 10)


async def test_first_attempts_end_on_time(make_world) -> None:
    """Four hours for 120 people, an hour of which is closed."""
    schedule = Schedule(week=((Span(9 * 3600, 11 * 3600), Span(12 * 3600, 18 * 3600)),) * 7)
    world = await make_world(faults=PERFECT)
    start = world.clock.now()
    pacing = Pacing(finish_by=start + 4 * HOUR)
    retries = Retries(max_attempts=2, delays=(timedelta(minutes=20),))
    campaign = await world.campaign(Plan(schedule=schedule, pacing=pacing, retries=retries))
    await world.people(campaign, numbers(120))
    await world.play()
    begun = [a.begun_at for a in await world.attempts() if a.number == 1]
    assert len(begun) == 120
    assert start + 4 * HOUR - timedelta(minutes=6) < max(begun) <= start + 4 * HOUR
    assert most_within(begun, HOUR) <= 44
    assert most_within(begun, HOUR / 2) >= 18
    await world.balance()


async def test_a_ramp_up_grows_to_the_rate(make_world) -> None:
    world = await make_world(faults=PERFECT)
    campaign = await world.campaign(Plan(pacing=Pacing(per_hour=120, ramp_up=RampUp(0.25, HOUR))))
    await world.people(campaign, numbers(300))
    await world.play(until=2 * HOUR)
    start = world.clock.now() - 2 * HOUR
    quarters = Counter((a.begun_at - start) // (HOUR / 4) for a in await world.attempts())
    assert [quarters[n] for n in range(4)] == sorted(quarters[n] for n in range(4))
    assert quarters[0] <= 13
    assert 28 <= quarters[5] <= 30


async def test_batches_keep_their_own_rate_pause_and_expiry(make_either) -> None:
    world = await make_either(faults=PERFECT)
    start = world.clock.now()
    campaign = await world.campaign(Plan(pacing=Pacing(per_hour=60)))
    slow = await world.batch(campaign, "slow", pacing=Pacing(per_hour=10))
    short = await world.batch(campaign, "short", expires_at=start + HOUR)
    held = await world.batch(campaign, "held", status=BatchStatus.PAUSED)
    for n, lane in enumerate((slow, short, held)):
        await world.people(campaign, numbers(100, n * 1000), batch=lane)

    async def swap() -> None:
        await pause_batch(world.database, world.clock, world.actor, "slow")
        await resume_batch(world.database, world.clock, world.actor, "held")

    await world.play((2 * HOUR, swap), until=3 * HOUR)
    attempts = await world.attempts()
    by_batch = {b.id: [a.begun_at - start for a in attempts if a.batch_id == b.id] for b in (slow, short, held)}
    assert most_within([a.begun_at for a in attempts], HOUR) <= 60
    assert len(by_batch[slow.id]) == 20
    assert max(by_batch[slow.id]) < 2 * HOUR
    assert max(by_batch[short.id]) < HOUR
    assert len(by_batch[short.id]) >= 48
    assert min(by_batch[held.id]) >= 2 * HOUR
    left = [c for c in await world.contacts() if c.batch_id == short.id and c.tries == 0]
    assert {c.finish_reason for c in left} == {FinishReason.EXPIRED}
    async with world.database.read() as tx:
        assert (await tx.campaigns.batch_by_id(campaign.organization_id, short.id)).status is BatchStatus.EXPIRED
    await world.balance(over=False)


async def test_a_batch_that_expired_goes_on_with_a_later_expiry(make_world) -> None:
    from dataclasses import replace

    world = await make_world()
    start = world.clock.now()
    campaign = await world.campaign(Plan(complete_when_empty=False))
    batch = await world.batch(campaign, "b", expires_at=start + HOUR)
    await world.people(campaign, numbers(5), batch=batch)

    async def revive() -> None:
        def later(content):
            return replace(content, expires_at=start + 9 * HOUR)

        await edit_batch(world.database, world.clock, world.actor, "b", later)
        await world.people(campaign, numbers(5, 100), batch=batch)

    await world.play((2 * HOUR, revive), until=3 * HOUR)
    assert len({a.contact_id for a in await world.attempts()}) == 10
    await world.balance()


async def test_priorities_come_first_over_all_batches_and_retries_before_first_attempts(make_world) -> None:
    world = await make_world(faults=PERFECT)
    retries = Retries(max_attempts=2, delays=(timedelta(minutes=5),))
    campaign = await world.campaign(Plan(pacing=Pacing(per_hour=60), retries=retries))
    one, two = await world.batch(campaign, "one"), await world.batch(campaign, "two")
    low = await world.people(campaign, [f"+1{200 + n}5550193" for n in range(12)], priority=2, batch=one)
    high = await world.people(campaign, [f"+1{300 + n}5550193" for n in range(3)], priority=9, batch=two)
    equal = await world.people(campaign, [f"+1{400 + n}5550193" for n in range(12)], priority=2, batch=two)
    await world.play()
    attempts = await world.attempts()
    order = [(a.contact_id, a.number) for a in attempts]
    assert {n for n, _ in order[:3]} == set(high)
    assert [number for n, number in order if n in high] == [1, 1, 1, 2, 2, 2]
    firsts_of_high_again = [i for i, (n, number) in enumerate(order) if n in high and number == 2]
    assert firsts_of_high_again == [6, 7, 8]  # five and a half minutes after each first: the next slot is theirs
    between = [n for n, _ in order[3:6] + order[9:13]]
    assert set(between) & set(low)
    assert set(between) & set(equal)
    await world.balance()


async def test_regions_that_open_later_do_not_hold_up_those_that_are_open(make_world) -> None:
    """At 14:00 UTC New York is open and Los Angeles sleeps: the slots go to New York."""
    world = await make_world(datetime(2026, 11, 23, 14, 0, tzinfo=UTC), faults=PERFECT)
    campaign = await world.campaign(Plan(pacing=Pacing(per_hour=60)))
    await world.people(campaign, numbers(80), region=LOS_ANGELES)
    east = await world.people(campaign, numbers(30, 500), region=NEW_YORK)
    await world.people(campaign, numbers(30, 900), region=CHICAGO)
    await world.play(until=HOUR)
    attempts = await world.attempts()
    assert 59 <= len(attempts) <= 60
    assert [a.contact_id for a in attempts[:30]] == east
