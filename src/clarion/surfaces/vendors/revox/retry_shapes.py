"""The retry configuration that campaigns, assistants and calls share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator

from clarion.core.schedule import parse_clock
from clarion.surfaces.vendors.revox.bodies import Shape, Whole, rule

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

LONGEST_DELAY_SECONDS = 365 * 86_400
MOST_ATTEMPTS = 100


def _clock(text: str) -> str:
    parse_clock(text)
    return text


ClockText = Annotated[str, AfterValidator(_clock)]
"""`HH:mm` or `H:mma`, kept as it was written."""


class CallingWindow(Shape):
    """One window of each allowed day."""

    calling_window_start_time: ClockText = rule(
        "schedule.week: the window's start, on the clock that `timezone` names; cut by the law's calling hours"
    )
    calling_window_end_time: ClockText = rule(
        "schedule.week: the window's end; earlier than the start: it ends on the next day"
    )
    retry_delay_seconds: Whole = rule(
        "schedule.week.retry_delay with retries.mode per_window: the delay after an attempt made in this window",
        ge=0,
        le=LONGEST_DELAY_SECONDS,
    )


class CallRetryConfig(Shape):
    """When calls are made, and how often. The oldest clients send windows, attempts and time zone only."""

    allowed_days: list[Day] = rule(
        "schedule.week: other days are closed, on the same clock as the windows",
        default=["monday", "tuesday", "wednesday", "thursday", "friday"],
        min_length=1,
    )
    calling_windows: list[CallingWindow] = rule(
        "schedule.week: where windows of a day overlap, the one listed first counts", min_length=1, max_length=48
    )
    max_retry_attempts: Whole = rule(
        "retries.max_attempts: attempts in all, the first among them; a carrier's fault is none", gt=0, le=MOST_ATTEMPTS
    )
    call_twice_in_a_row: bool = rule(
        "retries.twice_in_a_row: attempt 2 at once when attempt 1 reached no human", default=False
    )
    timezone: str | None = rule(
        "schedule.zone_policy: named, all windows are on this clock; null, on each recipient's", default=None
    )
