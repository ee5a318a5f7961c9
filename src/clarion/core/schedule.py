"""When a campaign may reach out: windows per weekday and date, and whose clock they are read on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

DAY_SECONDS = 86_400
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""In the order of `Schedule.week` and of `date.weekday()`."""

_CLOCK = re.compile(r"([0-9]{1,2})(?::([0-9]{2})(?::([0-9]{2}))?)?\s*(?:([ap])\.?m\.?)?", re.IGNORECASE)


def parse_clock(text: str) -> int:
    """Seconds since midnight of a wall-clock time: `9:00`, `09:00:30`, `24:00`, `6pm`, `6:30 PM`, `12am`.

    24:00 is the end of the day, 86 400. Raises ValueError, worded for the person who typed it.
    """
    match = _CLOCK.fullmatch(text.strip())
    if match is None or (match[2] is None and match[4] is None):
        raise ValueError(f"{text!r} is not a time of day; write 09:00, 17:30:00 or 6:30pm")
    hour, minute, second = int(match[1]), int(match[2] or 0), int(match[3] or 0)
    if minute > 59 or second > 59:
        raise ValueError(f"{text!r} is not a time of day; minutes and seconds go up to 59")
    if match[4] is not None:
        if not 1 <= hour <= 12:
            raise ValueError(f"{text!r} is not a time of day; before am or pm the hour is 1 to 12")
        hour = hour % 12 + (12 if match[4] in "pP" else 0)
    seconds = hour * 3600 + minute * 60 + second
    if seconds > DAY_SECONDS:
        raise ValueError(f"{text!r} is not a time of day; the day ends at 24:00")
    return seconds


def format_clock(seconds: int) -> str:
    """`09:00`, `17:30:15`, `24:00`; past midnight it goes on from 00:00, as a window that crosses it is written."""
    if seconds > DAY_SECONDS:
        seconds -= DAY_SECONDS
    minutes, second = divmod(seconds, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}" + (f":{second:02}" if second else "")


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
