"""A campaign's hours: active days, one window a day and override rules, to a schedule and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from clarion.core.schedule import DAY_SECONDS, DayRule, Schedule, Span, ZonePolicy, parse_clock
from clarion.surfaces.vendors.syllable.shapes import DAYS, CampaignInput, OverrideRules, ScheduleOverride

NEVER = date(9000, 1, 1)
"""A schedule must open some day. One without an open weekday opens on this one, which keeps its people waiting."""
WHOLE_DAY = (0, DAY_SECONDS)


@dataclass(frozen=True, slots=True)
class _Day:
    """A day as the rules leave it."""

    active: bool
    start: str | None
    end: str | None
    cap: int | None

    def under(self, rule: ScheduleOverride | None) -> _Day:
        """With a more specific rule's fields before its own."""
        if rule is None:
            return self
        return _Day(
            self.active if rule.active is None else rule.active,
            self.start if rule.daily_start_time is None else rule.daily_start_time,
            self.end if rule.daily_end_time is None else rule.daily_end_time,
            self.cap if rule.max_daily_calls is None else rule.max_daily_calls,
        )

    @property
    def spans(self) -> tuple[Span, ...]:
        """Its one window; an end that is not after the start is on the next day."""
        start = parse_clock(self.start) if self.start is not None else 0
        end = parse_clock(self.end) if self.end is not None else DAY_SECONDS
        return (Span(start % DAY_SECONDS, end if end > start % DAY_SECONDS else end + DAY_SECONDS),)

    @property
    def open(self) -> bool:
        """Whether anybody may be reached on it."""
        return self.active and self.cap != 0


def schedule_of(body: CampaignInput, policy: ZonePolicy, zone: str | None) -> Schedule:
    """The schedule that a campaign's body asks for."""
    own = [_Day(day in body.active_days, body.daily_start_time, body.daily_end_time, None) for day in DAYS]
    rules = body.outreach_override_rules or OverrideRules.model_validate({})
    closed_cap = 0 if body.max_daily_calls == 0 else None
    week = [day.under(rules.days.get(name)) for day, name in zip(own, DAYS, strict=True)]
    week = [day if day.cap is not None else _Day(day.active, day.start, day.end, closed_cap) for day in week]
    weekdays = {
        n: _rule(day, rules.days.get(DAYS[n]))
        for n, day in enumerate(week)
        if DAYS[n] in rules.days or day.cap is not None
    }
    dates = {}
    for text, rule in rules.dates.items():
        on = date.fromisoformat(text)
        dates[on] = _rule(week[on.weekday()].under(rule), rule)
    if not any(day.open for day in week):
        dates[NEVER] = DayRule(active=True, spans=(Span(*WHOLE_DAY),), daily_cap=1)
    return Schedule(
        week=tuple(day.spans if day.active else () for day in own),
        weekdays=weekdays,
        dates=dates,
        zone_policy=policy,
        zone=zone,
    )


def _rule(day: _Day, rule: ScheduleOverride | None) -> DayRule:
    """What differs on this day. An open day needs its window said: the week may have none for it."""
    if rule is None:
        return DayRule(daily_cap=day.cap)
    timed = rule.daily_start_time is not None or rule.daily_end_time is not None
    return DayRule(
        active=rule.active,
        spans=day.spans if day.active and (timed or rule.active) else None,
        daily_cap=day.cap if rule.max_daily_calls is not None or day.cap == 0 else None,
    )


def hours_reading(schedule: Schedule, cap: int | None) -> dict[str, Any]:
    """A schedule in the vendor's fields. Days that differ from most are told as rules; several windows as one."""
    windows = [_window(spans) for spans in schedule.week]
    usual = Counter(window for window in windows if window is not None).most_common(1)
    base = usual[0][0] if usual else WHOLE_DAY
    every_day_closed = cap is None and all(_cap(schedule.weekdays.get(n)) == 0 for n in range(7))
    days: dict[str, dict[str, Any]] = {}
    for n, name in enumerate(DAYS):
        own = windows[n]
        differs = {} if own is None or own == base else _times(own)
        days[name] = differs | _override(schedule.weekdays.get(n), with_cap=not every_day_closed)
    days = {name: rule for name, rule in days.items() if rule}
    closed = dict.fromkeys(schedule.closed_dates, DayRule(active=False))
    dates = {
        on.isoformat(): _override(rule) for on, rule in sorted({**schedule.dates, **closed}.items()) if on != NEVER
    }
    return {
        "active_days": [name for name, window in zip(DAYS, windows, strict=True) if window is not None],
        "daily_start_time": _clock(base[0]),
        "daily_end_time": _clock(base[1]),
        "max_daily_calls": 0 if every_day_closed else cap,
        "outreach_override_rules": {"days": days, "dates": dates} if days or dates else None,
    }


def _cap(rule: DayRule | None) -> int | None:
    return None if rule is None else rule.daily_cap


def _override(rule: DayRule | None, *, with_cap: bool = True) -> dict[str, Any]:
    if rule is None:
        return {}
    found: dict[str, Any] = {}
    if rule.active is not None:
        found["active"] = rule.active
    if rule.spans is not None:
        window = _window(rule.spans)
        found |= {"active": False} if window is None else _times(window)
    if rule.daily_cap is not None and with_cap:
        found["max_daily_calls"] = rule.daily_cap
    return found


def _window(spans: Sequence[Span]) -> tuple[int, int] | None:
    """From the first opening to the last close."""
    return (min(span.start for span in spans), max(span.end for span in spans)) if spans else None


def _times(window: tuple[int, int]) -> dict[str, Any]:
    return {"daily_start_time": _clock(window[0]), "daily_end_time": _clock(window[1])}


def _clock(seconds: int) -> str:
    """`09:00:00`; the end of the day is `00:00:00` of the next one."""
    minutes, second = divmod(seconds % DAY_SECONDS, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{second:02}"
