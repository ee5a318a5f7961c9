"""How often one person may be contacted, over all campaigns and channels, in rolling windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

DAY = timedelta(hours=24)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class PersonLimits:
    """How often one person may be contacted. None is no limit."""

    per_day: int | None = None
    """At most so many in any 24 hours."""
    per_week: int | None = None
    """At most so many in any 7 days."""
    min_gap: timedelta | None = None
    """From one attempt to the next, whatever the other limits leave."""
    windows: tuple[tuple[int, timedelta], ...] = ()
    """Further rolling windows, `(at most, in any)`: what a law says, such as three in 24 hours."""

    @property
    def rolling(self) -> tuple[tuple[int, timedelta], ...]:
        """Every rolling window, the day's and the week's among them."""
        day = ((self.per_day, DAY),) if self.per_day is not None else ()
        week = ((self.per_week, WEEK),) if self.per_week is not None else ()
        return day + week + self.windows

    @property
    def memory(self) -> timedelta:
        """How far back touches matter; zero when nothing is limited."""
        return max([window for _, window in self.rolling] + [self.min_gap or timedelta(0)])


def next_allowed(limits: PersonLimits, touches: Sequence[datetime], now: datetime) -> datetime:
    """The first instant from `now` at which one more attempt keeps every limit.

    `touches` are the instants of earlier attempts (UTC, in any order, at least those of `limits.memory`); attempts
    planned for a moment ahead count as well. Windows are half-open: with one in 24 hours the next may be made exactly
    24 hours later. A limit of zero (refused where limits are set) is always a window away.
    """
    latest = sorted(touches, reverse=True)
    allowed = now
    if limits.min_gap is not None and latest:
        allowed = max(allowed, latest[0] + limits.min_gap)
    for most, window in limits.rolling:
        if most <= 0:
            allowed = max(allowed, now + window)
        elif len(latest) >= most:
            allowed = max(allowed, latest[most - 1] + window)
    return allowed


def limits_problems(limits: PersonLimits) -> list[tuple[str, str, str]]:
    """What is wrong with limits that somebody asks for: `(field, code, message)`."""
    problems = [
        (name, "too_small", "At least 1; to contact nobody, do not run the campaign.")
        for name, value in (("per_day", limits.per_day), ("per_week", limits.per_week))
        if value is not None and value < 1
    ]
    if limits.min_gap is not None and limits.min_gap < timedelta(0):
        problems.append(("min_gap", "too_small", "A gap cannot be negative."))
    if any(most < 1 or window <= timedelta(0) for most, window in limits.windows):
        problems.append(("windows", "too_small", "At least 1 in a window that lasts."))
    return problems
