"""When a campaign may reach out: windows per weekday and date, and whose clock they are read on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Span:
    """One window of a day in wall-clock seconds since local midnight, half-open.

    `end` may exceed 86 400: the window crosses midnight and belongs to the day it starts on.
    24:00 is 86 400. `retry_delay` overrides the campaign's delay for an attempt made in this window.
    """

    start: int
    end: int
    retry_delay: timedelta | None = None


class ZonePolicy(StrEnum):
    """Whose clock the windows are read on."""

    CAMPAIGN = "campaign"
    AGENT = "agent"
    RECIPIENT = "recipient"


@dataclass(frozen=True, slots=True)
class DayRule:
    """An override for one weekday or one date; None inherits. `daily_cap` 0 closes the day, retries included."""

    active: bool | None = None
    spans: tuple[Span, ...] | None = None
    daily_cap: int | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """The wall-clock rules of a campaign. `week` has seven entries, Monday first; an empty one is a closed day."""

    week: tuple[tuple[Span, ...], ...] = ((Span(0, DAY_SECONDS),),) * 7
    weekdays: Mapping[int, DayRule] = field(default_factory=dict)
    dates: Mapping[date, DayRule] = field(default_factory=dict)
    closed_dates: frozenset[date] = frozenset()
    holidays: tuple[str, ...] = ()
    """Countries or subdivisions whose public holidays are closed: `US`, `US-TX`, `GB-SCT`."""
    zone_policy: ZonePolicy = ZonePolicy.RECIPIENT
    zone: str | None = None
    """IANA name; needed by the CAMPAIGN policy."""
    quiet_hours: bool = True
    """Apply the law's calling hours at the called party's place, whatever the zone policy; strictest wins."""


@dataclass(frozen=True, slots=True)
class Region:
    """Where a contact may be: every candidate zone, and every jurisdiction whose law may apply.

    Contacts with the same region share their windows, so the ledger keeps `key` and re-plans by it.
    """

    zones: tuple[str, ...]
    jurisdictions: tuple[str, ...]

    @property
    def key(self) -> str:
        """`America/Chicago,America/New_York;US,US-FL`; an unknown zone is an empty first half."""
        return ",".join(self.zones) + ";" + ",".join(self.jurisdictions)

    @classmethod
    def parse(cls, key: str) -> Region:
        """The region that `key` was made from."""
        zones, _, places = key.partition(";")
        return cls(tuple(z for z in zones.split(",") if z), tuple(p for p in places.split(",") if p))
