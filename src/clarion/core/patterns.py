"""What each local day looks like: a week that repeats, the eras in which it is another one, the days that differ."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from clarion.core.law import LawRule
from clarion.core.schedule import DAY_SECONDS, DayRule, Schedule, Span
from clarion.core.wallclock import day_number, stretches

Holidays = Mapping[str, frozenset[date]]
"""Public holidays by country or subdivision: `US`, `US-TX`."""
Interval = tuple[int, int]
"""Seconds since the epoch, half-open."""

WHOLE_DAY = (Span(0, DAY_SECONDS),)
LONG_AGO = -1_000_000_000
"""A day number before every date."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day's windows, sorted; `closed_by` is the rule's word when there are none."""

    spans: tuple[Span, ...]
    closed_by: str = ""
    daily_cap: int | None = None


@dataclass(frozen=True, slots=True)
class Era:
    """From local day `first` on, until the next era begins."""

    first: int
    week: tuple[Day, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """Days by number (`wallclock.day_number`); the first era reaches back for ever."""

    eras: tuple[Era, ...]
    dates: Mapping[int, Day] = field(default_factory=dict)

    def day(self, number: int) -> Day:
        """The day's windows; one that crosses midnight belongs to the day it starts on."""
        special = self.dates.get(number)
        if special is not None:
            return special
        era = self.eras[0]
        if len(self.eras) > 1:
            era = self.eras[bisect_right(self.eras, number, key=lambda each: each.first) - 1]
        return era.week[(number + 3) % 7]  # 1970-01-01 was a Thursday

    def window(self, number: int, second: int) -> tuple[int, Span] | None:
        """The day that owns a local second, and the window it falls in; None outside of all windows."""
        for span in self.day(number).spans:
            if span.start <= second < span.end:
                return number, span
        for span in self.day(number - 1).spans:
            if span.start <= second + DAY_SECONDS < span.end:
                return number - 1, span
        return None

    @property
    def always_open(self) -> bool:
        """Whether it allows every instant there is."""
        return not self.dates and all(day.spans == WHOLE_DAY for era in self.eras for day in era.week)

    @property
    def turning_days(self) -> frozenset[int]:
        """The days on which another week begins for good."""
        return frozenset(era.first for era in self.eras[1:])

    def opened(self, zone: ZoneInfo, start: int, end: int) -> list[Interval]:
        """The open stretches of [start, end) on the clocks of `zone`, in order and apart.

        An hour that the clocks skip is nowhere; one they show twice is open both times.
        """
        found: list[Interval] = []
        for since, until, offset in stretches(zone, start, end):
            first = (since + offset) // DAY_SECONDS - 1
            last = (until - 1 + offset) // DAY_SECONDS
            for number in range(first, last + 1):
                midnight = number * DAY_SECONDS - offset
                for span in self.day(number).spans:
                    opens, closes = max(midnight + span.start, since), min(midnight + span.end, until)
                    if opens < closes:
                        found.append((opens, closes))
        return merged(found)


def campaign_pattern(schedule: Schedule, holidays: Holidays) -> Pattern:
    """The campaign's own windows. Field by field a date's rule comes before a weekday's and that before the week.

    A closed date is closed whatever else is said of it. A date's `active: true` opens a holiday; nothing else does.
    Raises LookupError when `holidays` has no calendar for a code of the schedule.
    """
    public: dict[date, str] = {}
    for code in schedule.holidays:
        if code not in holidays:
            raise LookupError(f"no holiday calendar for {code}")
        for day in holidays[code]:
            public.setdefault(day, code)
    week = tuple(_day(schedule, weekday, None) for weekday in range(7))
    dates: dict[int, Day] = {}
    for day in public.keys() | schedule.closed_dates | schedule.dates.keys():
        if day in schedule.closed_dates:
            dates[day_number(day)] = Day((), "closed_date")
        else:
            dates[day_number(day)] = _day(schedule, day.weekday(), schedule.dates.get(day), public.get(day))
    return Pattern((Era(LONG_AGO, week),), dates)


def _day(schedule: Schedule, weekday: int, on_date: DayRule | None, holiday: str | None = None) -> Day:
    by_date, by_weekday = on_date or DayRule(), schedule.weekdays.get(weekday, DayRule())
    cap = by_weekday.daily_cap if by_date.daily_cap is None else by_date.daily_cap
    if by_date.active is not True:
        if by_date.active is False:
            return Day((), "date", cap)
        if holiday is not None:
            return Day((), f"holiday:{holiday}", cap)
        if by_weekday.active is False:
            return Day((), "weekday", cap)
    if cap == 0:
        return Day((), "daily_cap", cap)
    if by_date.spans is not None:
        spans, closed_by = by_date.spans, "date"
    else:
        spans, closed_by = schedule.week[weekday] if by_weekday.spans is None else by_weekday.spans, "weekday"
    spans = tuple(sorted(spans, key=lambda span: span.start))
    return Day(spans, "" if spans else closed_by, cap)


def law_pattern(rules: Sequence[LawRule], holidays: Holidays) -> Pattern:
    """The hours that all these rules leave, each while it is in force.

    Raises LookupError when `holidays` has no calendar for a jurisdiction that closes on its holidays.
    """
    rules = [rule for rule in rules if rule.week is not None]
    turns = {LONG_AGO: date.min}
    for rule in rules:
        if rule.effective_from is not None:
            turns[day_number(rule.effective_from)] = rule.effective_from
        if rule.effective_to is not None and rule.effective_to < date.max:
            turns[day_number(rule.effective_to) + 1] = rule.effective_to + timedelta(days=1)
    eras = [Era(number, _lawful_week([r for r in rules if r.in_force(turns[number])])) for number in sorted(turns)]
    dates: dict[int, Day] = {}
    for rule in rules:
        if rule.no_holidays:
            if rule.jurisdiction not in holidays:
                raise LookupError(f"no holiday calendar for {rule.jurisdiction}")
            closed = Day((), f"law:{rule.jurisdiction}")
            dates |= {day_number(day): closed for day in holidays[rule.jurisdiction] if rule.in_force(day)}
    return Pattern(tuple(eras), dates)


def _lawful_week(rules: Sequence[LawRule]) -> tuple[Day, ...]:
    week = []
    for weekday in range(7):
        left: list[Interval] = [(0, DAY_SECONDS)]
        for rule in rules:
            if rule.week is not None:
                left = shared(left, [(span.start, span.end) for span in rule.week[weekday]])
        week.append(Day(tuple(Span(start, end) for start, end in left)))
    return tuple(week)


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """The same instants as sorted intervals that neither overlap nor touch."""
    found: list[Interval] = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1]:
            if end > found[-1][1]:
                found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def shared(ours: Sequence[Interval], theirs: Sequence[Interval]) -> list[Interval]:
    """The instants that lie in both; each side sorted and apart."""
    found: list[Interval] = []
    i = j = 0
    while i < len(ours) and j < len(theirs):
        start, end = max(ours[i][0], theirs[j][0]), min(ours[i][1], theirs[j][1])
        if start < end:
            found.append((start, end))
        if ours[i][1] < theirs[j][1]:
            i += 1
        else:
            j += 1
    return found
