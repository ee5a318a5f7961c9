"""Revox's retry configuration to windows and retry rules, and back. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from clarion.core.campaigns import Plan
from clarion.core.retries import DelayMode, Retries
from clarion.core.schedule import DAY_SECONDS, Schedule, Span, ZonePolicy, format_clock, parse_clock
from clarion.surfaces.vendors.revox.retry_shapes import CallingWindow, CallRetryConfig
from clarion.surfaces.vendors.revox.words import DAYS, RETRIED

DEFAULT: Mapping[str, Any] = {
    "allowed_days": ["monday", "tuesday", "wednesday", "thursday", "friday"],
    "call_twice_in_a_row": False,
    "calling_windows": [
        {"calling_window_start_time": "10:00", "calling_window_end_time": "18:00", "retry_delay_seconds": 7200}
    ],
    "max_retry_attempts": 3,
    "timezone": None,
}
"""What holds for a campaign when neither it nor its assistant says anything."""


def planned(plan: Plan, config: CallRetryConfig) -> Plan:
    """`plan` with the windows and retries of `config`."""
    spans = spans_of(config.calling_windows)
    schedule = Schedule(
        week=tuple(spans if day in config.allowed_days else () for day in DAYS),
        zone_policy=ZonePolicy.RECIPIENT if config.timezone is None else ZonePolicy.CAMPAIGN,
        zone=config.timezone,
    )
    retries = Retries(
        max_attempts=config.max_retry_attempts,
        mode=DelayMode.PER_WINDOW,
        delays=(timedelta(seconds=config.calling_windows[0].retry_delay_seconds),),
        on=RETRIED,
        twice_in_a_row=config.call_twice_in_a_row,
        honour_callbacks=False,
        max_faults=config.max_retry_attempts,
        fault_as_miss=True,
    )
    return replace(plan, schedule=schedule, retries=retries)


def unbounded(plan: Plan) -> Plan:
    """`plan` without windows of its own: every hour of every day, as far as the law allows."""
    delay = plan.retries.delays
    schedule = Schedule(zone_policy=plan.schedule.zone_policy, zone=plan.schedule.zone)
    return replace(plan, schedule=schedule, retries=replace(plan.retries, mode=DelayMode.FIXED, delays=delay))


def spans_of(windows: Sequence[CallingWindow]) -> tuple[Span, ...]:
    """A day's spans in order of time. A window that is listed later keeps what earlier ones leave of it."""
    taken: list[Span] = []
    for window in windows:
        start, end = parse_clock(window.calling_window_start_time), parse_clock(window.calling_window_end_time)
        if end <= start:
            end += DAY_SECONDS
        delay = timedelta(seconds=window.retry_delay_seconds)
        taken += [Span(a, b, delay) for a, b in _left((start, end), taken)]
    return tuple(sorted(taken, key=lambda span: span.start))


def _left(stretch: tuple[int, int], taken: Sequence[Span]) -> list[tuple[int, int]]:
    """What the spans that are taken leave of a stretch."""
    left = [stretch]
    for span in taken:
        cut: list[tuple[int, int]] = []
        for start, end in left:
            pieces = ((start, min(end, span.start)), (max(start, span.end), end))
            cut += [(a, b) for a, b in pieces if a < b]
        left = cut
    return left


def config_of(plan: Plan, agent_zone: str | None = None) -> dict[str, Any]:
    """The retry configuration that says what `plan` does, as well as these words can.

    Windows that differ from day to day are told by those of the first open day; overrides of dates are not told.
    """
    week = [_spans_on(plan.schedule, day) for day in range(7)]
    spans = next((spans for spans in week if spans), ())
    default = _delay(plan.retries)
    return {
        "allowed_days": [day for day, spans_on in zip(DAYS, week, strict=True) if spans_on],
        "call_twice_in_a_row": plan.retries.twice_in_a_row,
        "calling_windows": [_window(span, default) for span in spans],
        "max_retry_attempts": plan.retries.max_attempts,
        "timezone": _zone(plan.schedule, agent_zone),
    }


def _spans_on(schedule: Schedule, day: int) -> tuple[Span, ...]:
    rule = schedule.weekdays.get(day)
    if rule is not None and rule.active is False:
        return ()
    return schedule.week[day] if rule is None or rule.spans is None else rule.spans


def _window(span: Span, default: timedelta) -> dict[str, Any]:
    return {
        "calling_window_start_time": format_clock(span.start),
        "calling_window_end_time": format_clock(span.end),
        "retry_delay_seconds": int((span.retry_delay if span.retry_delay is not None else default).total_seconds()),
    }


def _delay(retries: Retries) -> timedelta:
    if retries.mode is DelayMode.NEXT_DAY:
        return timedelta(days=1)
    return retries.delays[0] if retries.delays else timedelta(0)


def _zone(schedule: Schedule, agent_zone: str | None) -> str | None:
    match schedule.zone_policy:
        case ZonePolicy.CAMPAIGN:
            return schedule.zone
        case ZonePolicy.AGENT:
            return agent_zone
        case ZonePolicy.RECIPIENT:
            return None
