"""One attempt meeting one person: the dice that decide it, all of them hashed from (seed, address, attempt, hour)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from clarion.channels.sandbox.asks import EPOCH, Ask
from clarion.channels.sandbox.magic import Trick, trick_of
from clarion.channels.sandbox.settings import SandboxSettings
from clarion.core.contacts import Report
from clarion.core.outcomes import Channel, Outcome
from clarion.core.schedule import Region

QUARTER_US = 900_000_000
ROLL_BITS = 20
ROLLS = 1 << ROLL_BITS


class Dice:
    """A row of numbers that follows from a text and from nothing else; 25 rolls at most."""

    __slots__ = ("_bits",)

    def __init__(self, text: str) -> None:
        """The same text rolls the same numbers on every machine."""
        self._bits = int.from_bytes(blake2b(text.encode(), digest_size=64).digest(), "little")

    def roll(self) -> float:
        """The next number, at least 0 and less than 1."""
        bits = self._bits
        self._bits = bits >> ROLL_BITS
        return (bits & (ROLLS - 1)) / ROLLS

    def between(self, low: float, high: float) -> float:
        """The next number, at least `low` and less than `high`."""
        return low + (high - low) * self.roll()


class Encounter:
    """An ask, the person it goes to (`person` rolls the same for good) and this moment (`dice`)."""

    __slots__ = ("ask", "dice", "fault", "fault_kind", "hour", "person", "provider_id", "settings", "trick")

    def __init__(self, ask: Ask, settings: SandboxSettings) -> None:
        """Rolls the trunk's luck first, so that a fate can be recomputed without knowing the trunk."""
        self.ask = ask
        self.settings = settings
        self.person = Dice(f"{settings.seed}|{ask.channel}|{ask.address}")
        self.hour = _local_hour(_zone(ask.region_key, ask.address), ask.asked_us // QUARTER_US)
        self.dice = Dice(f"{settings.seed}|{ask.channel}|{ask.address}|{ask.number}|{self.hour}")
        self.fault = self.dice.roll()
        self.fault_kind = self.dice.roll()
        self.trick: Trick | None = trick_of(Channel(ask.channel), ask.address, ask.number) if settings.magic else None
        self.provider_id = f"sandbox-{ask.attempt_id}"

    def after(self, seconds: float) -> datetime:
        """The instant `seconds` of these people's time after the ask."""
        return EPOCH + timedelta(microseconds=self.ask.asked_us + round(seconds / self.settings.speed * 1e6))

    def lasting(self, seconds: float) -> timedelta:
        """A time of theirs on our clock."""
        return timedelta(seconds=seconds / self.settings.speed)

    def report(
        self,
        outcome: Outcome,
        seconds: float,
        detail: str,
        raw: Mapping[str, Any],
        *,
        final: bool = True,
        answered_s: float | None = None,
        callback_s: float | None = None,
        retry_s: float | None = None,
        results: Mapping[str, Any] | None = None,
    ) -> Report:
        """A report that comes `seconds` after the ask; all times in these people's seconds."""
        return Report(
            attempt_id=self.ask.attempt_id,
            outcome=outcome,
            at=self.after(seconds),
            final=final,
            answered_at=None if answered_s is None else self.after(answered_s),
            provider_id=self.provider_id,
            detail=detail,
            retry_after=None if retry_s is None else self.lasting(retry_s),
            callback_at=None if callback_s is None else self.after(callback_s),
            results=results or {},
            raw=raw,
        )


@lru_cache(maxsize=4096)
def _zones(region_key: str) -> tuple[str, ...]:
    return Region.parse(region_key).zones or ("UTC",)


def _zone(region_key: str, address: str) -> str:
    """Where this person is: always the same of the candidate zones."""
    zones = _zones(region_key)
    return zones[0] if len(zones) == 1 else zones[int(Dice(address).roll() * len(zones))]


@lru_cache(maxsize=16384)
def _local_hour(zone: str, quarter: int) -> int:
    """The hour of the day in `zone` at a quarter of an hour counted from 1970."""
    try:
        where = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        where = ZoneInfo("UTC")
    return (EPOCH + timedelta(minutes=15 * quarter)).astimezone(where).hour
