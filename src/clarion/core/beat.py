"""A rate as an even beat that is never exceeded: the generic cell rate algorithm (ITU-T I.371) on instants."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

CATCH_UP = timedelta(seconds=5)
"""How much a fast rate may be behind its beat and still catch up: an engine's hiccup, never a closed window."""
CATCH_UP_WITHIN_SECOND = timedelta(milliseconds=50)
"""The same for a limit per second, whose rolling second leaves less room."""
SLOW_BEAT = timedelta(seconds=10)
"""From this interval on there is no catching up: slots lie exactly one interval apart."""
SLOW_BEAT_PER_SECOND = timedelta(milliseconds=250)
"""The same for a limit per second."""

_HOUR = 3600.0
_LONGEST_INTERVAL = 10 * 365 * 86_400.0


@dataclass(frozen=True, slots=True)
class Beat:
    """A slot every `interval`, with `tolerance` to catch up.

    A slot may be used up to `tolerance` late without moving those after it, so n used slots span at least
    (n - 1) * interval - tolerance. With interval = (3600 s + tolerance) / N no rolling hour holds more than N.
    While ramping up the rate is `ramp_share` of the whole at `ramp_from` and grows linearly to it over `ramp_over`.
    """

    interval: timedelta
    tolerance: timedelta
    ramp_share: float = 1.0
    ramp_over: timedelta = timedelta(0)
    ramp_from: datetime | None = None

    def after(self, slot: datetime) -> datetime:
        """The slot after `slot`: one interval later, or while ramping up when the growing rate has added up to one."""
        over = self.ramp_over.total_seconds()
        gone = max(0.0, (slot - self.ramp_from).total_seconds()) if self.ramp_from else over
        if gone >= over:
            return slot + self.interval
        whole = self.interval.total_seconds()
        share = self.ramp_share + (1 - self.ramp_share) * gone / over
        earned_in_ramp = (share + 1) / 2 * (over - gone)
        if earned_in_ramp <= whole:
            seconds = over - gone + whole - earned_in_ramp
        else:
            slope = (1 - self.ramp_share) / over
            seconds = 2 * whole / (share + math.sqrt(share * share + 2 * slope * whole))
        return slot + max(self.interval, microseconds_up(seconds))

    def kept(self, slot: datetime | None, at: datetime) -> datetime:
        """The beat that a use at `at` belongs to: `slot`, unless there is none or it lies too far back to catch up."""
        return slot if slot is not None and at - slot <= self.tolerance else at


def beat_of(per_hour: float | None, per_second: float | None) -> Beat:
    """One beat that keeps both rates (each positive or None, not both None).

    N per rolling hour needs interval * N >= 3600 s + tolerance, and likewise for the second, so one memory serves both.
    """
    bare = max(_HOUR / per_hour if per_hour else 0.0, 1 / per_second if per_second else 0.0)
    tolerance = 0.0
    if per_hour is not None and bare < SLOW_BEAT.total_seconds():
        tolerance = CATCH_UP.total_seconds()
    if per_second is not None:
        # A slower hourly beat leaves room in the second, so that much bunching is harmless.
        slack = min(tolerance, max(0.0, per_second * bare - 1))
        floor = CATCH_UP_WITHIN_SECOND.total_seconds() if bare < SLOW_BEAT_PER_SECOND.total_seconds() else 0.0
        tolerance = max(slack, floor)
    interval = max(
        (_HOUR + tolerance) / per_hour if per_hour else 0.0, (1 + tolerance) / per_second if per_second else 0.0
    )
    return Beat(microseconds_up(interval), timedelta(seconds=tolerance))


def microseconds_up(seconds: float) -> timedelta:
    """`seconds` in whole microseconds, rounded up so that a limit is never exceeded by rounding."""
    return timedelta(microseconds=math.ceil(min(seconds, _LONGEST_INTERVAL) * 1_000_000))
