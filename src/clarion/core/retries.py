"""Whether, when and how a contact is tried again: one budget, whatever rule fired."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from clarion.core.outcomes import Outcome


class DelayMode(StrEnum):
    """How the instant of the next try is found."""

    FIXED = "fixed"
    """`delays[n]` after attempt n ended; the last one repeats."""
    PER_WINDOW = "per_window"
    """The delay of the window in which the attempt was made, else `delays`."""
    NEXT_DAY = "next_day"
    """The first window of the next open day."""


DEFAULT_RETRIED = frozenset(
    {
        Outcome.BUSY,
        Outcome.NO_ANSWER,
        Outcome.UNREACHABLE,
        Outcome.TIMEOUT,
        Outcome.NETWORK_ERROR,
        Outcome.RESOURCE_UNAVAILABLE,
        Outcome.SERVICE_UNAVAILABLE,
        Outcome.THROTTLED,
        Outcome.DEFERRED,
        Outcome.SILENCE,
        Outcome.UNDELIVERED,
    }
)


@dataclass(frozen=True, slots=True)
class Retries:
    """A campaign's retry rules. `max_attempts` is the whole budget: 1 is no retry."""

    max_attempts: int = 1
    mode: DelayMode = DelayMode.FIXED
    delays: tuple[timedelta, ...] = (timedelta(hours=1),)
    on: frozenset[Outcome] = DEFAULT_RETRIED
    """Outcomes that are retried; add VOICEMAIL to retry on voicemail."""
    until_goal: bool = False
    """Retry a completed conversation whose goal variable is not true."""
    twice_in_a_row: bool = False
    """Attempt 2 follows at once when attempt 1 reached no human."""
    honour_callbacks: bool = True
    """A time that the person asked for replaces the delay (windows and law still hold)."""
    max_faults: int = 10
    """How many carrier faults in a row a contact may meet before it is finished as FAILED."""
    fault_delay: timedelta = timedelta(minutes=2)
    """After a carrier's fault when no other trunk is left; a Retry-After from the carrier replaces it."""
