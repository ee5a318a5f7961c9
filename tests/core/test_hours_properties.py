"""Hours against an oracle that knows nothing but the wall clock, over random schedules in weeks when clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from clarion.core.hours import Hours, hours_for
from clarion.core.law import LawBook, LawRule
from clarion.core.outcomes import Channel
from clarion.core.schedule import DAY_SECONDS, DayRule, Region, Schedule, Span, ZonePolicy
from clarion.core.schedule_problems import schedule_problems
from clarion.core.wallclock import local_instant

ZONES = (
    "America/New_York",
    "America/Los_Angeles",
    "Europe/London",
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Africa/Cairo",
    "Pacific/Apia",
    "UTC",
)
# Weeks in which one of them changes its clocks, and a quiet one.
STARTS = tuple(
    datetime(*day, tzinfo=UTC)
    for day in [
        (2026, 3, 5),
        (2026, 3, 26),
        (2026, 4, 2),
        (2026, 4, 21),
        (2026, 10, 1),
        (2026, 10, 22),
        (2026, 10, 29),
        (2026, 7, 1),
        (2011, 12, 27),
    ]
)
STEP = timedelta(minutes=5)

slots = st.integers(0, 287).map(lambda slot: slot * 300)


@st.composite
def spans(draw: st.DrawFn) -> tuple[Span, ...]:
    """Up to three windows on a grid of five minutes; a window may cross midnight, and any may overlap another."""
    found = []
    for _ in range(draw(st.integers(0, 3))):
        start = draw(slots)
        found.append(Span(start, start + draw(st.integers(1, 288)) * 300))
    return tuple(found)


rules = st.builds(
    DayRule,
    active=st.sampled_from([None, None, True, False]),
    spans=st.none() | spans(),
    daily_cap=st.sampled_from([None, None, 0, 5]),
)


@st.composite
def laws(draw: st.DrawFn, start: date) -> tuple[LawRule, ...]:
    found = []
    for n in range(draw(st.integers(0, 2))):
        opens = draw(st.integers(0, 200))
        closes = draw(st.integers(opens + 1, 288))
        week = tuple((Span(opens * 300, closes * 300),) if draw(st.integers(0, 6)) else () for _ in range(7))
        first = draw(st.none() | st.integers(0, 7).map(lambda n: start + timedelta(days=n)))
        found.append(
            LawRule(
                f"US-{n}",
                frozenset({Channel.VOICE}),
                "random",
                start,
                week=week,
                no_holidays=draw(st.booleans()),
                zone=draw(st.sampled_from([None, None, "America/Chicago"])),
                effective_from=first,
                effective_to=None if first is None else first + timedelta(days=draw(st.integers(0, 4))),
            )
        )
    return tuple(found)


class Case:
    """A random situation and the oracle's answer for it."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.start = draw(st.sampled_from(STARTS))
        self.end = self.start + timedelta(days=7)
        day = self.start.date()
        days = st.integers(-1, 8).map(lambda n: day + timedelta(days=n))
        weekly = st.tuples(*[spans()] * 7) | spans().map(lambda one: (one,) * 7)
        self.schedule = Schedule(
            week=draw(weekly),
            weekdays=draw(st.dictionaries(st.integers(0, 6), rules, max_size=2)),
            dates=draw(st.dictionaries(days, rules, max_size=3)),
            closed_dates=draw(st.frozensets(days, max_size=2)),
            holidays=("XX",),
            zone_policy=draw(st.sampled_from(list(ZonePolicy))),
            zone=draw(st.sampled_from(ZONES)),
        )
        self.agent_zone = draw(st.sampled_from(ZONES))
        self.laws = draw(laws(day))
        self.holidays = {"XX": draw(st.frozensets(days, max_size=2))}
        self.holidays |= {rule.jurisdiction: draw(st.frozensets(days, max_size=2)) for rule in self.laws}
        zones = tuple(draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True)))
        self.region = Region(zones, ("US", *(rule.jurisdiction for rule in self.laws)))
        found = hours_for(
            self.schedule,
            self.region,
            channel=Channel.VOICE,
            agent_zone=self.agent_zone,
            law=LawBook(self.laws),
            holidays=self.holidays,
            since=self.start,
        )
        self.hours = found if isinstance(found, Hours) else None

    @property
    def own_zones(self) -> tuple[str, ...]:
        match self.schedule.zone_policy:
            case ZonePolicy.CAMPAIGN:
                return (self.schedule.zone or "",)
            case ZonePolicy.AGENT:
                return (self.agent_zone,)
        return self.region.zones

    def day_spans(self, day: date) -> tuple[Span, ...]:
        schedule = self.schedule
        if day in schedule.closed_dates:
            return ()
        chain = [schedule.dates.get(day, DayRule()), schedule.weekdays.get(day.weekday(), DayRule())]
        if next((rule.daily_cap for rule in chain if rule.daily_cap is not None), None) == 0:
            return ()
        if next((rule.active for rule in chain if rule.active is not None), True) is False:
            return ()
        if day in self.holidays["XX"] and chain[0].active is not True:
            return ()
        return next((rule.spans for rule in chain if rule.spans is not None), schedule.week[day.weekday()])

    def oracle(self, at: datetime) -> bool:
        for zone in self.own_zones:
            local = at.astimezone(ZoneInfo(zone))
            second = local.hour * 3600 + local.minute * 60 + local.second
            day = local.date()
            today = any(span.start <= second < span.end for span in self.day_spans(day))
            if not today and not any(
                span.start <= second + DAY_SECONDS < span.end for span in self.day_spans(day - timedelta(days=1))
            ):
                return False
        for rule in self.laws:
            for zone in [rule.zone] if rule.zone else self.region.zones:
                local = at.astimezone(ZoneInfo(zone))
                day, second = local.date(), local.hour * 3600 + local.minute * 60 + local.second
                if (rule.effective_from or date.min) <= day <= (rule.effective_to or date.max):
                    if rule.no_holidays and day in self.holidays[rule.jurisdiction]:
                        return False
                    assert rule.week is not None
                    if not any(span.start <= second < span.end for span in rule.week[day.weekday()]):
                        return False
        return True


cases = st.composite(lambda draw: Case(draw))()


@settings(max_examples=60, deadline=None)
@given(cases)
def test_every_five_minutes_of_a_week_agree_with_the_wall_clock(case: Case) -> None:
    moments = [case.start + n * STEP for n in range(7 * 288)]
    truth = [case.oracle(moment) for moment in moments]
    if case.hours is None:
        assert not any(truth)
        return
    assert [case.hours.allows(moment) for moment in moments] == truth
    assert case.hours.open_time(case.start, case.end) == sum(truth) * STEP
    for moment, is_open in zip(moments, truth, strict=True):
        assert (case.hours.why_closed(moment) == "") is is_open


@settings(max_examples=60, deadline=None)
@given(cases)
def test_intervals_are_what_is_allowed(case: Case) -> None:
    if case.hours is None:
        return
    intervals = list(case.hours.intervals(case.start, case.end))
    assert all(opens < closes for opens, closes in intervals)
    assert all(first[1] < second[0] for first, second in pairwise(intervals))
    tick = timedelta(microseconds=1)
    for opens, closes in intervals:
        assert case.oracle(opens)
        assert case.oracle(closes - tick)
        assert opens == case.start or not case.oracle(opens - tick)
        assert closes == case.end or not case.oracle(closes)


@settings(max_examples=120, deadline=None)
@given(cases, st.integers(0, 7 * DAY_SECONDS * 1_000_000))
def test_the_next_opening_is_the_first(case: Case, micros: int) -> None:
    if case.hours is None:
        return
    at = case.start + timedelta(microseconds=micros)
    found = case.hours.next_open(at)
    if found is None:
        assert not list(case.hours.intervals(at, at + timedelta(days=400)))
        return
    assert found >= at
    assert case.oracle(found)
    assert not list(case.hours.intervals(at, found))
    closes = case.hours.closes_at(found)
    if closes is not None:
        assert not case.oracle(closes)
        assert case.hours.open_time(found, closes) == closes - found
    if found > at:
        assert case.hours.closes_at(at) is None


@settings(max_examples=80, deadline=None)
@given(cases, st.lists(st.integers(0, 14 * DAY_SECONDS * 1_000_000), min_size=3, max_size=3))
def test_open_time_adds_up(case: Case, micros: list[int]) -> None:
    if case.hours is None:
        return
    a, b, c = (case.start + timedelta(microseconds=n) for n in sorted(micros))
    assert case.hours.open_time(a, b) + case.hours.open_time(b, c) == case.hours.open_time(a, c)
    assert case.hours.open_time(b, a) == timedelta()


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(cases, st.integers(0, 7 * DAY_SECONDS))
def test_the_next_day_comes_after_today(case: Case, seconds: int) -> None:
    if case.hours is None:
        return
    found_problems = schedule_problems(case.schedule, case.start, holiday_codes={"XX"}, agent_zone=case.agent_zone)
    assume(not any(code == "overlap" for _, code, _ in found_problems))  # then it is open to which day one counts
    at = case.start + timedelta(seconds=seconds)
    today = case.hours.local_day(at)
    found = case.hours.next_day_open(at)
    if found is not None:
        assert case.oracle(found)
        assert case.hours.local_day(found) > today
        earlier = local_instant(today + timedelta(days=1), 0, case.hours.zone)
        for opens, _ in case.hours.intervals(earlier, found):
            assert case.hours.local_day(opens) <= today


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.dates(date(2026, 1, 1), date(2027, 12, 31)) | st.sampled_from([start.date() for start in STARTS]),
    st.integers(0, 2 * DAY_SECONDS),
)
def test_a_local_time_is_the_first_instant_that_shows_it_or_a_later_one(zone: str, day: date, seconds: int) -> None:
    where = ZoneInfo(zone)
    wall = datetime(day.year, day.month, day.day) + timedelta(seconds=seconds)
    found = local_instant(day, seconds, where)
    local = found.astimezone(where).replace(tzinfo=None)
    assert local >= wall
    before = (found - timedelta(seconds=1)).astimezone(where).replace(tzinfo=None)
    assert before < wall
    if local > wall:  # the clocks skipped it
        assert local - before > timedelta(seconds=1)
