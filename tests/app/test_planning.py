"""The planner compiles hours once per region, forgets the oldest, and follows edits and the calendar by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from clarion.app import planning
from clarion.app.planning import Planner, own_zone, zones_of
from clarion.core.campaigns import Campaign, CampaignStatus, Plan
from clarion.core.hours import Hours
from clarion.core.law import LawBook
from clarion.core.limits import PersonLimits
from clarion.core.outcomes import Channel, FinishReason
from clarion.core.schedule import Schedule, Span, ZonePolicy
from clarion.wire.law_files import load_law_book
from seeding import LOS_ANGELES, NEW_YORK, NOW, NOWHERE
from still_clock import StillClock

NINE_TO_FIVE = Schedule(week=((Span(9 * 3600, 17 * 3600),),) * 7)
DAY = timedelta(days=1)


def campaign(schedule: Schedule = NINE_TO_FIVE, **changes: object) -> Campaign:
    base = Campaign(1, 1, "c", Channel.VOICE, CampaignStatus.RUNNING, Plan(schedule=schedule), 1)
    return replace(base, **changes)  # type: ignore[arg-type]


@pytest.fixture
def planner(clock: StillClock) -> Planner:
    return Planner(LawBook(), clock)


def test_hours_are_compiled_once_until_the_plan_or_the_year_changes(planner: Planner, clock: StillClock) -> None:
    first = planner.hours(campaign(), NEW_YORK)
    assert isinstance(first, Hours)
    assert planner.hours(campaign(), NEW_YORK) is first
    assert planner.hours(campaign(), LOS_ANGELES) is not first
    assert planner.hours(campaign(plan_version=2), NEW_YORK) is not first
    assert planner.hours(campaign(agent_zone="Europe/Paris"), NEW_YORK) is not first
    clock.advance(60 * DAY)
    assert planner.hours(campaign(), NEW_YORK) is not first


def test_what_was_not_asked_for_longest_is_forgotten(planner: Planner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "KEPT", 2)
    kept, dropped = planner.hours(campaign(), NEW_YORK), planner.hours(campaign(), LOS_ANGELES)
    planner.hours(campaign(), NEW_YORK)
    planner.hours(campaign(id=2), NEW_YORK)
    assert planner.hours(campaign(), NEW_YORK) is kept
    assert planner.hours(campaign(), LOS_ANGELES) is not dropped


def test_holidays_of_the_years_to_come_are_closed(planner: Planner) -> None:
    hours = planner.hours(campaign(replace(NINE_TO_FIVE, holidays=("US",))), NEW_YORK)
    assert isinstance(hours, Hours)
    assert not hours.allows(datetime(2026, 11, 26, 18, tzinfo=UTC))  # Thanksgiving
    assert not hours.allows(datetime(2028, 7, 4, 18, tzinfo=UTC))
    assert hours.allows(datetime(2026, 11, 27, 18, tzinfo=UTC))


def test_an_unknown_place_is_an_answer(planner: Planner) -> None:
    assert planner.hours(campaign(), NOWHERE) is FinishReason.UNKNOWN_ZONE


def test_open_time_is_the_mean_of_the_regions_met(planner: Planner) -> None:
    one = campaign()
    end_of_day = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)  # 17:00 in New York, 14:00 in Los Angeles
    assert planner.open_time(one, NOW, end_of_day) == timedelta(hours=7)
    planner.hours(one, NOWHERE)
    assert planner.open_time(one, NOW, end_of_day) == timedelta(0)
    planner.hours(one, NEW_YORK)
    assert planner.open_time(one, NOW, end_of_day) == timedelta(hours=7)
    planner.hours(one, LOS_ANGELES)
    assert planner.open_time(one, NOW, end_of_day) == timedelta(hours=6)
    later = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)  # New York has nothing left and does not count
    assert planner.open_time(one, end_of_day, later) == timedelta(hours=3)


def test_limits_on_a_person_are_the_houses_and_the_laws(clock: StillClock) -> None:
    planner = Planner(load_law_book(), clock)
    house = PersonLimits(per_day=2)
    assert planner.person_limits(campaign(), NEW_YORK, house) == (("person_limit", house),)
    assert planner.person_limits(campaign(), NEW_YORK, PersonLimits()) == ()
    assert planner.person_limits(campaign(), NEW_YORK, None) == ()
    florida = dict(planner.person_limits(campaign(), "America/New_York;US,US-FL", house))
    assert florida == {"person_limit": house, "law:US-FL": PersonLimits(windows=((3, timedelta(hours=24)),))}


@pytest.mark.parametrize(
    ("region_key", "schedule", "agent_zone", "hour"),
    [
        (NEW_YORK, Schedule(), None, 10),
        ("America/Chicago,America/New_York;US", Schedule(), None, 9),
        (NOWHERE, Schedule(), None, 15),
        (NOWHERE, Schedule(), "Asia/Kolkata", 20),
        ("No/Where;US", Schedule(zone_policy=ZonePolicy.CAMPAIGN, zone="Europe/Paris"), "Asia/Kolkata", 16),
    ],
)
def test_the_recipients_hour(
    planner: Planner, region_key: str, schedule: Schedule, agent_zone: str | None, hour: int
) -> None:
    assert planner.local_hour(campaign(schedule, agent_zone=agent_zone), region_key, NOW) == hour


def test_zones() -> None:
    assert zones_of("America/New_York,No/Where;US") == ("America/New_York",)
    assert own_zone(campaign()).key == "UTC"
