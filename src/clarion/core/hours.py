"""When a person may be reached: the campaign's windows and the law's hours, at every place where the person may be."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from clarion.core.law import LawBook, LawRule
from clarion.core.outcomes import Channel, FinishReason
from clarion.core.patterns import Holidays, Interval, Pattern, campaign_pattern, law_pattern, shared
from clarion.core.schedule import DAY_SECONDS, Region, Schedule, Span, ZonePolicy
from clarion.core.wallclock import EPOCH, find_zone, local_instant, local_time, numbered_day, utc_offset

_WEEK = 7 * DAY_SECONDS
_LAST_WEEK = 418_000
"""In the year 9980."""
_KEPT_WEEKS = 64
_ONE_CLOCK = 3
"""Plain weeks after which windows read on one clock hold no surprise: no two in a row have a change of the clocks."""
_MANY_CLOCKS = 2 * 53
"""The same for clocks that change on different days: windows may meet only in the weeks between. Twice round a year."""


@dataclass(frozen=True, slots=True)
class _Week:
    """The open stretches of one week (UTC, counted from the epoch), cut off at its edges."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]


class Hours:
    """A schedule and a region's law compiled into questions about instants. Every instant is aware; answers are UTC.

    It remembers the weeks it was asked about, so it is cheap to keep and to ask. Make one with `hours_for`.
    """

    __slots__ = (
        "_blank_after",
        "_cycle",
        "_known",
        "_last",
        "_laws",
        "_layers",
        "_own",
        "_special",
        "_turns",
        "_zones",
    )

    def __init__(
        self,
        zones: Sequence[ZoneInfo],
        own: Pattern,
        laws: Sequence[tuple[ZoneInfo, Sequence[LawRule]]],
        holidays: Holidays,
    ) -> None:
        """`own` is read on the clocks of all `zones`, of which the first decides what day it is."""
        self._zones = tuple(zones)
        self._own = own
        self._laws = [
            (zone, [(rule, holidays.get(rule.jurisdiction, frozenset())) for rule in rs]) for zone, rs in laws
        ]
        layers = [(zone, own) for zone in self._zones]
        patterns: dict[tuple[LawRule, ...], Pattern] = {}
        for zone, rules in laws:
            if (key := tuple(rules)) not in patterns:
                patterns[key] = law_pattern(rules, holidays)
            layers.append((zone, patterns[key]))
        self._layers = _far_apart_first([(zone, each) for zone, each in layers if not each.always_open])
        self._turns = _weeks_of(day for _, each in self._layers for day in each.turning_days)
        self._special = sorted(self._turns | _weeks_of(day for _, each in self._layers for day in each.dates))
        self._cycle = _MANY_CLOCKS if len({zone.key for zone, _ in self._layers}) > 1 else _ONE_CLOCK
        self._known: dict[int, _Week] = {}
        self._last: tuple[float, float, bool] = (0, 0, False)
        self._blank_after = float("inf")

    @property
    def zone(self) -> ZoneInfo:
        """Whose clock says what day it is: the campaign's, the agent's or the recipient's first."""
        return self._zones[0]

    def allows(self, at: datetime) -> bool:
        """Whether the person may be reached at this instant."""
        second = at.timestamp()
        start, end, is_open = self._last
        if not start <= second < end:
            start, end, is_open = self._last = self._around(second)
        return is_open

    def next_open(self, at: datetime) -> datetime | None:
        """The first allowed instant not before `at`; None when there is none any more."""
        if self.allows(at):
            return at
        second = at.timestamp()
        if second >= self._blank_after:
            return None
        start, end, _ = self._around(second)
        week = int(start // _WEEK)
        if end < (week + 1) * _WEEK:
            return _instant(int(end))
        for number in self._walk(week + 1):
            if starts := self._week(number).starts:
                return _instant(starts[0])
        self._blank_after = second
        return None

    def closes_at(self, at: datetime) -> datetime | None:
        """The end of the open stretch that holds `at`; None when it is closed then, or never closes."""
        if not self.allows(at):
            return None
        _, end, _ = self._around(at.timestamp())
        week = int((end - 1) // _WEEK)
        if end < (week + 1) * _WEEK:
            return _instant(int(end))
        for number in self._walk(week + 1):
            opened = self._week(number)
            if not opened.starts or opened.starts[0] > number * _WEEK:
                return _instant(number * _WEEK)
            if opened.ends[0] < (number + 1) * _WEEK:
                return _instant(opened.ends[0])
        return None

    def intervals(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The open stretches of [start, end), in order and apart."""
        pending: tuple[datetime, datetime] | None = None
        for opens, closes in self._within(start, end):
            if pending is not None and pending[1] == opens:
                pending = (pending[0], closes)
                continue
            if pending is not None:
                yield pending
            pending = (opens, closes)
        if pending is not None:
            yield pending

    def open_time(self, start: datetime, end: datetime) -> timedelta:
        """How much of [start, end) is open."""
        return sum((closes - opens for opens, closes in self._within(start, end)), timedelta())

    def span_at(self, at: datetime) -> Span | None:
        """The campaign's window that holds `at` on the deciding clock, with its own retry delay; the law aside."""
        owner = self._own.window(*local_time(at, self.zone))
        return None if owner is None else owner[1]

    def local_day(self, at: datetime) -> date:
        """The day to which `at` counts on the deciding clock: after midnight it is still the day on which the open
        window began, so that caps, closed days and retries on the next day agree on what a day is.
        """
        return numbered_day(self._day_of(at))

    def daily_cap(self, at: datetime) -> int | None:
        """The cap that a weekday's or date's rule sets for `local_day(at)`; None when none does."""
        return self._own.day(self._day_of(at)).daily_cap

    def next_day_open(self, at: datetime) -> datetime | None:
        """The first allowed instant that counts to a later day than `at`."""
        today = self._day_of(at)
        found = self.next_open(local_instant(numbered_day(today + 1), 0, self.zone))
        while found is not None:
            number, second = local_time(found, self.zone)
            owner = self._own.window(number, second)
            if owner is None or owner[0] > today:
                break
            day, span = owner  # a window that began today and crossed midnight
            end = local_instant(numbered_day(day), span.end, self.zone)
            if end <= found:  # the clocks went back over its end
                end = found + timedelta(seconds=span.end - second - (number - day) * DAY_SECONDS)
            found = self.next_open(end)
        return found

    def why_closed(self, at: datetime) -> str:
        """The word of the first rule that forbids `at`, or nothing when it is allowed.

        The campaign's own come first: `closed_date`, `date`, `holiday:US`, `weekday`, `daily_cap`, `window`; then
        `law:US-FL`.
        """
        for zone in self._zones:
            number, second = local_time(at, zone)
            if self._own.window(number, second) is None:
                return self._own.day(number).closed_by or "window"
        for zone, rules in self._laws:
            number, second = local_time(at, zone)
            for rule, holidays in rules:
                if not rule.allows(numbered_day(number), second, holidays):
                    return f"law:{rule.jurisdiction}"
        return ""

    def _day_of(self, at: datetime) -> int:
        number, second = local_time(at, self.zone)
        owner = self._own.window(number, second)
        return number if owner is None else owner[0]

    def _around(self, second: float) -> tuple[float, float, bool]:
        """The open or closed stretch of its week that holds an instant."""
        number = int(second // _WEEK)
        week = self._week(number)
        index = bisect_right(week.starts, second) - 1
        if index >= 0 and second < week.ends[index]:
            return week.starts[index], week.ends[index], True
        start = week.ends[index] if index >= 0 else number * _WEEK
        end = week.starts[index + 1] if index + 1 < len(week.starts) else (number + 1) * _WEEK
        return start, end, False

    def _within(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        if start >= end:
            return
        for number in range(int(start.timestamp() // _WEEK), int(end.timestamp() // _WEEK) + 1):
            week = self._week(number)
            for opens, closes in zip(week.starts, week.ends, strict=True):
                first, last = max(_instant(opens), start), min(_instant(closes), end)
                if first < last:
                    yield first, last

    def _week(self, number: int) -> _Week:
        week = self._known.get(number)
        if week is None:
            if len(self._known) >= _KEPT_WEEKS:
                self._known.pop(next(iter(self._known)))
            opened = self._compute(number * _WEEK, (number + 1) * _WEEK)
            week = self._known[number] = _Week(tuple(s for s, _ in opened), tuple(e for _, e in opened))
        return week

    def _compute(self, start: int, end: int) -> list[Interval]:
        opened = [(start, end)]
        for zone, pattern in self._layers:
            opened = shared(opened, pattern.opened(zone, start, end))
            if not opened:
                break
        return opened

    def _walk(self, week: int) -> Iterator[int]:
        """The weeks from `week` on, but for those that can only repeat what was already seen.

        Weeks repeat except where a date has a rule of its own or another law comes into force. So after enough plain
        weeks the walk leaps from one such week to the next: a date years ahead is found without passing every week.
        """
        plain = 0
        while week <= _LAST_WEEK:
            index = bisect_left(self._special, week)
            is_special = index < len(self._special) and self._special[index] == week
            if plain > self._cycle and not is_special:
                if index == len(self._special):
                    return
                week = self._special[index]
                is_special = True
            yield week
            if week in self._turns:
                plain = 0
            elif not is_special:
                plain += 1
            week += 1


def hours_for(
    schedule: Schedule,
    region: Region,
    *,
    channel: Channel,
    agent_zone: str | None,
    law: LawBook,
    holidays: Holidays,
    since: datetime,
) -> Hours | FinishReason:
    """The hours of everybody in a region, or why nobody in it can ever be reached.

    UNKNOWN_ZONE: the clock that the policy asks for is not known, or the law has to be kept at the person's place and
    that place is not known. For voice and SMS with `quiet_hours` both the zone and the jurisdiction must be; e-mail
    has no law hours. With several candidate zones only what all of them allow is open, and the law's hours hold at
    each of them whatever the zone policy. NO_WINDOW: nothing is open from `since` on.

    `holidays` must have the calendars of `schedule.holidays` and of `law.holiday_codes(...)`, for every year that
    matters (LookupError otherwise).
    """
    places = _zones(region.zones)
    rules = law.rules(region.jurisdictions, channel) if schedule.quiet_hours else ()
    must_know = schedule.quiet_hours and channel is not Channel.EMAIL
    if (must_know and not (places and region.jurisdictions)) or (rules and not places):
        return FinishReason.UNKNOWN_ZONE
    match schedule.zone_policy:
        case ZonePolicy.RECIPIENT:
            zones = places
        case ZonePolicy.AGENT:
            zones = _zones((agent_zone or "",))
        case ZonePolicy.CAMPAIGN:
            zones = _zones((schedule.zone or "",))
    if not zones:
        return FinishReason.UNKNOWN_ZONE
    laws = [(zone, [rule for rule in rules if rule.zone is None]) for zone in places]
    for name in sorted({rule.zone for rule in rules if rule.zone is not None}):
        if (zone := find_zone(name)) is None:
            return FinishReason.UNKNOWN_ZONE
        laws.append((zone, [rule for rule in rules if rule.zone == name]))
    hours = Hours(zones, campaign_pattern(schedule, holidays), [(zone, each) for zone, each in laws if each], holidays)
    return FinishReason.NO_WINDOW if hours.next_open(since) is None else hours


def _zones(names: Sequence[str]) -> tuple[ZoneInfo, ...]:
    """All of them, or none when one is not known: half of the candidates would allow too much."""
    found = [find_zone(name) for name in names]
    return tuple(zone for zone in found if zone is not None) if None not in found else ()


def _far_apart_first(layers: list[tuple[ZoneInfo, Pattern]]) -> tuple[tuple[ZoneInfo, Pattern], ...]:
    """From the ends of the world inwards: clocks far apart leave nothing open soonest, and the rest is not computed."""
    ordered = sorted(layers, key=lambda layer: utc_offset(layer[0], 0))
    half = (len(ordered) + 1) // 2
    mixed: list[tuple[ZoneInfo, Pattern]] = []
    for west, east in zip(ordered[:half], reversed(ordered[half:]), strict=False):
        mixed += [west, east]
    return tuple(mixed + ordered[len(ordered) // 2 : half])


def _weeks_of(days: Iterable[int]) -> set[int]:
    """The weeks (UTC) that a local day may touch in any zone, its windows past midnight included."""
    found: set[int] = set()
    for day in days:
        found |= {(day - 1) * DAY_SECONDS // _WEEK, (day + 3) * DAY_SECONDS // _WEEK}
    return found


def _instant(second: int) -> datetime:
    return EPOCH + timedelta(seconds=second)
