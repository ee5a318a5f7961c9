"""Weeks played through changes of the clocks: nobody is reached outside their hours, by an oracle of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from clarion.app.campaigns import edit_campaign
from clarion.channels.sandbox.settings import Faults
from clarion.core.campaigns import CampaignStatus, Plan
from clarion.core.outcomes import ContactState, FinishReason
from clarion.core.pacing import CapCounts, Pacing
from clarion.core.retries import DelayMode, Retries
from clarion.core.schedule import DayRule, Schedule, Span, ZonePolicy
from world import CHICAGO, LONDON, LOS_ANGELES, MIAMI, NEW_YORK, NOWHERE, numbers

INDIA = "Asia/Kolkata;AU"
"""A half-hour zone; the jurisdiction has no rule of its own, so the hours are the pack's for everywhere."""
ADELAIDE = "Australia/Adelaide;AU"
BOTH_COASTS = "America/Los_Angeles,America/New_York;US"

OFFICE = (Span(9 * 3600, 12 * 3600), Span(13 * 3600, 17 * 3600 + 1800))
WEEKDAYS_ONLY = Schedule(week=(OFFICE,) * 5 + ((),) * 2)

THRICE = Retries(max_attempts=3, delays=(timedelta(hours=30),))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def in_office_hours(instant: datetime, zone: str) -> bool:
    local = instant.astimezone(ZoneInfo(zone))
    clock = local.time()
    morning = time(9) <= clock < time(12)
    afternoon = time(13) <= clock < time(17, 30)
    return local.weekday() < 5 and (morning or afternoon)


@pytest.mark.parametrize(
    "start",
    [at("2026-10-22T06:00"), at("2027-03-04T06:00"), at("2027-03-20T06:00")],
    ids=["US clocks go back", "US clocks go forward", "London's clocks go forward"],
)
async def test_three_weeks_in_five_places(make_world, start: datetime) -> None:
    world = await make_world(start)
    plan = Plan(schedule=WEEKDAYS_ONLY, pacing=Pacing(per_hour=8), retries=THRICE)
    campaign = await world.campaign(plan)
    places = [CHICAGO, NEW_YORK, LONDON, INDIA, ADELAIDE, BOTH_COASTS]
    for n, region in enumerate(places):
        await world.people(campaign, numbers(25, n * 1000), region=region)
    await world.play()
    await world.balance()
    regions = {c.id: c.home_region_key for c in await world.contacts()}
    attempts = await world.attempts()
    assert len({a.begun_at.date() for a in attempts}) >= 6
    for attempt in attempts:
        for zone in regions[attempt.contact_id].partition(";")[0].split(","):
            assert in_office_hours(attempt.begun_at, zone), (attempt.begun_at, zone)
    assert set(Counter(regions[a.contact_id] for a in attempts)) == set(places)
    assert (await world.now(campaign)).status is CampaignStatus.COMPLETED


@pytest.mark.parametrize(
    "region, first, last",
    [
        (MIAMI, time(8), time(20)),
        (NEW_YORK, time(8), time(21)),
        ("America/Chicago,America/New_York;US,US-FL", time(9), time(20)),
    ],
)
async def test_the_law_holds_where_the_person_is(make_world, region: str, first: time, last: time) -> None:
    world = await make_world(at("2026-11-23T00:00"))
    campaign = await world.campaign(Plan(pacing=Pacing(per_hour=6), retries=Retries(max_attempts=2)))
    await world.people(campaign, numbers(200), region=region)
    await world.play(until=timedelta(days=1, hours=12))
    begun = [a.begun_at.astimezone(ZoneInfo("America/New_York")).time() for a in await world.attempts()]
    assert begun
    assert min(begun) == first
    assert max(begun) < last
    assert max(begun) > (datetime.combine(date(2026, 1, 1), last) - timedelta(minutes=11)).time()


async def test_an_unknown_place_is_skipped_with_its_reason(make_world) -> None:
    world = await make_world()
    campaign = await world.campaign()
    [unknown] = await world.people(campaign, ["+13122000001"], region=NOWHERE)
    [known] = await world.people(campaign, ["+13122000002"])
    await world.play()
    reasons = {c.id: c.finish_reason for c in await world.contacts()}
    assert reasons[unknown] is FinishReason.UNKNOWN_ZONE
    assert reasons[known] is not FinishReason.UNKNOWN_ZONE
    assert {a.contact_id for a in await world.attempts()} == {known}
    [line] = await world.decisions(unknown)
    assert (line.verdict, line.rule) == ("skipped", "region")
    await world.balance()


SHIFT: Mapping[str, Callable[[Schedule], Schedule]] = {
    "later": lambda s: Schedule(week=((Span(14 * 3600, 16 * 3600),),) * 7),
    "earlier": lambda s: Schedule(week=((Span(8 * 3600, 9 * 3600),),) * 7),
    "another zone": lambda s: Schedule(
        week=((Span(10 * 3600, 12 * 3600),),) * 7, zone_policy=ZonePolicy.CAMPAIGN, zone="America/Los_Angeles"
    ),
}


@pytest.mark.parametrize(
    "shift, first",
    [("later", "2026-11-24T20:00"), ("earlier", "2026-11-24T14:00"), ("another zone", "2026-11-24T18:00")],
)
async def test_an_edit_of_the_windows_reaches_those_who_wait(make_either, shift: str, first: str) -> None:
    """Everybody waits for ten o'clock of the next morning when the windows change."""
    world = await make_either(at("2026-11-23T23:00"))
    campaign = await world.campaign(Plan(schedule=Schedule(week=((Span(10 * 3600, 12 * 3600),),) * 7)))
    await world.people(campaign, numbers(40))

    async def edit() -> None:
        waiting = await world.contacts()
        assert {c.next_at for c in waiting} == {at("2026-11-24T16:00")}

        def change(content):
            return replace(content, plan=replace(content.plan, schedule=SHIFT[shift](content.plan.schedule)))

        await edit_campaign(world.database, world.clock, world.actor, campaign.id, change)

    await world.play((timedelta(hours=1), edit))
    assert {a.begun_at for a in await world.attempts() if a.number == 1} == {at(first)}
    await world.balance()


async def test_deferred_people_have_one_line_for_all_and_latecomers_their_own(make_world) -> None:
    world = await make_world(at("2026-11-24T04:00"))
    campaign = await world.campaign()
    await world.people(campaign, numbers(30))

    async def more() -> None:
        await world.people(campaign, numbers(5, 100))

    await world.play((timedelta(minutes=10), more), until=timedelta(minutes=20))
    assert await world.attempts() == []
    lines = [line for line in await world.decisions() if line.verdict == "deferred"]
    assert [(x.contact_id, x.region_key, x.rule) for x in lines] == [(None, CHICAGO, "window")] * 2
    assert {x.next_at for x in lines} == {at("2026-11-24T14:00")}
    assert {c.next_at for c in await world.contacts()} == {at("2026-11-24T14:00")}


async def test_daily_caps_follow_the_campaigns_midnight_and_the_days_own_rules(make_world) -> None:
    """Ten a day, but 3 on Wednesdays, 5 on one date, none on another; the day ends at midnight in Los Angeles."""
    zone = ZoneInfo("America/Los_Angeles")
    schedule = Schedule(
        zone="America/Los_Angeles",
        zone_policy=ZonePolicy.CAMPAIGN,
        quiet_hours=False,
        weekdays={2: DayRule(daily_cap=3)},
        dates={date(2026, 11, 27): DayRule(daily_cap=5), date(2026, 11, 28): DayRule(daily_cap=0)},
    )
    world = await make_world(at("2026-11-23T20:00"))
    plan = Plan(schedule=schedule, pacing=Pacing(daily_cap=10), retries=THRICE)
    campaign = await world.campaign(plan)
    await world.people(campaign, numbers(60))
    await world.play(until=timedelta(days=9))
    days = Counter(a.begun_at.astimezone(zone).date() for a in await world.attempts())
    assert [days[date(2026, 11, d)] for d in range(23, 30)] == [10, 10, 3, 10, 5, 0, 10]
    await world.balance(over=False)


async def test_a_cap_on_first_attempts_leaves_retries_their_place(make_world) -> None:
    world = await make_world()
    retries = Retries(max_attempts=2, delays=(timedelta(hours=1),))
    pacing = Pacing(daily_cap=5, daily_cap_counts=CapCounts.FIRST_ATTEMPTS)
    campaign = await world.campaign(Plan(pacing=pacing, retries=retries))
    await world.people(campaign, [f"+1{300 + n}5550193" for n in range(12)])
    await world.play(until=timedelta(hours=6))
    attempts = await world.attempts()
    assert [a.number for a in attempts] == [1] * 5 + [2] * 5
    assert {a.begun_at - attempts[0].begun_at for a in attempts[5:]} == {timedelta(hours=1, seconds=30)}


async def test_next_day_is_the_first_window_of_the_next_open_day(make_world) -> None:
    world = await make_world(at("2026-11-26T20:00"))  # a Thursday, 14:00 in Chicago
    schedule = Schedule(week=((Span(9 * 3600, 17 * 3600),),) * 4 + ((), (), ()))
    retries = Retries(max_attempts=2, mode=DelayMode.NEXT_DAY)
    campaign = await world.campaign(Plan(schedule=schedule, retries=retries))
    await world.people(campaign, ["+13125550193"])
    await world.play()
    assert [a.begun_at for a in await world.attempts()] == [at("2026-11-26T20:00"), at("2026-11-30T15:00")]


async def test_a_campaign_ends_at_its_end(make_world) -> None:
    world = await make_world(at("2026-11-23T20:00"))
    campaign = await world.campaign(Plan(pacing=Pacing(per_hour=60), retries=THRICE), end_at=at("2026-11-23T21:00"))
    await world.people(campaign, numbers(100))
    await world.people(campaign, numbers(5, 500), region=LOS_ANGELES)
    await world.play()
    assert max(a.begun_at for a in await world.attempts()) < at("2026-11-23T21:00")
    done = await world.now(campaign)
    assert done.status is CampaignStatus.COMPLETED
    assert {c.state for c in await world.contacts()} == {ContactState.FINISHED}
    assert FinishReason.EXPIRED in {c.finish_reason for c in await world.contacts()}
    await world.balance()


@pytest.mark.parametrize("late, reached", [(timedelta(hours=2), 41), (timedelta(hours=1), 21), (None, 60)])
async def test_who_would_be_late_is_skipped_if_asked_to(make_world, late: timedelta | None, reached: int) -> None:
    """Planned for nine when it opened; the campaign was launched long after they came in, which is not late."""
    world = await make_world(at("2026-11-23T15:00"), faults=Faults(0.0, 0.0, 0.0))
    plan = Plan(pacing=Pacing(per_hour=20), skip_if_late=late)
    launched = at("2026-11-24T15:00")
    campaign = await world.campaign(plan, status=CampaignStatus.SCHEDULED, started_at=None, start_at=launched)
    await world.people(campaign, numbers(60))
    await world.play()
    assert len({a.contact_id for a in await world.attempts()}) == reached
    skipped = [c for c in await world.contacts() if c.tries == 0]
    assert len(skipped) == 60 - reached
    assert {c.finish_reason for c in skipped} <= {FinishReason.EXPIRED}
    await world.balance()
