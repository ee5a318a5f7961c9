"""The two clocks: the machine's, and one that a player moves."""

from __future__ import annotations

from datetime import UTC, datetime


class RealClock:
    """The machine's clock in UTC. The only place that reads it."""

    def now(self) -> datetime:
        """Now."""
        return datetime.now(UTC)


class VirtualClock:
    """Stands still until it is moved, and never goes back."""

    def __init__(self, start: datetime) -> None:
        """`start` is aware."""
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The virtual present."""
        return self._now

    def advance_to(self, at: datetime) -> None:
        """Move on to `at`; an instant in the past changes nothing."""
        self._now = max(self._now, at)
