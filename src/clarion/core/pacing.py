"""How fast and how many: rates, concurrency, daily caps, finish-by, ramp-up, fair shares."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum


class CapCounts(StrEnum):
    """What a daily cap counts."""

    FIRST_ATTEMPTS = "first_attempts"
    ALL_ATTEMPTS = "all_attempts"


@dataclass(frozen=True, slots=True)
class RampUp:
    """Start at `start_fraction` of the rate and concurrency and grow linearly to the whole over `over`."""

    start_fraction: float
    over: timedelta


@dataclass(frozen=True, slots=True)
class Pacing:
    """The limits of a campaign or a batch. None is no limit of its own."""

    per_hour: float | None = None
    per_second: float | None = None
    max_concurrent: int | None = None
    daily_cap: int | None = None
    daily_cap_counts: CapCounts = CapCounts.ALL_ATTEMPTS
    finish_by: datetime | None = None
    """Pace the first attempts to end at this instant (UTC), over the open time that is left."""
    ramp_up: RampUp | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """What a limit remembers between releases; kept in the ledger so that limits hold over restarts and workers.

    `scope` is `campaign:7`, `batch:9`, `trunk:2`, `sender:5`, `organization:1`.
    """

    scope: str
    next_slot: datetime | None = None
    """The earliest instant of the next release by rate (UTC)."""
    day: date | None = None
    day_first: int = 0
    day_all: int = 0
    ramp_from: datetime | None = None
    last_used: datetime | None = None
    """For least-recently-used sender rotation."""
