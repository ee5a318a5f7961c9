"""Wall clocks and instants: the one place where local time becomes UTC, right through every change of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from clarion.core.schedule import DAY_SECONDS

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = EPOCH.toordinal()
_FIRST = -62_135_510_400
_LAST = 253_402_214_400
"""Seconds since the epoch, a day inside what datetime can hold."""


@lru_cache(maxsize=1024)
def find_zone(name: str | None) -> ZoneInfo | None:
    """The IANA zone, or None when it is not known: the caller decides what that means, and it never means UTC."""
    if not name or name in ("localtime", "Factory", "posixrules"):
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder's name (`America`) is an OSError
        return None


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH_ORDINAL


def numbered_day(number: int) -> date:
    """The inverse of `day_number`."""
    return date.fromordinal(number + _EPOCH_ORDINAL)


def local_time(at: datetime, zone: ZoneInfo) -> tuple[int, int]:
    """What the clock on the wall shows: the day's number and whole seconds since its midnight as they are written."""
    local = at.astimezone(zone)
    return local.toordinal() - _EPOCH_ORDINAL, local.hour * 3600 + local.minute * 60 + local.second


def local_instant(day: date, seconds: int, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which the clock of `zone` first shows `seconds` after `day`'s midnight; more than a day's
    worth runs into the days after.

    A time that the clocks skip in spring is the first instant after the gap; one they show twice in autumn is the
    first of the two.
    """
    wall = day_number(day) * DAY_SECONDS + seconds
    naive = (EPOCH + timedelta(seconds=wall)).replace(tzinfo=None)
    # PEP 495: inside a gap, fold 0 reads the clock by the offset before it and fold 1 by the offset after.
    early = wall - _seconds(naive.replace(tzinfo=zone, fold=1).utcoffset())
    late = wall - _seconds(naive.replace(tzinfo=zone, fold=0).utcoffset())
    if early < late and utc_offset(zone, late) != wall - late:
        return EPOCH + timedelta(seconds=_change(zone, early, late))
    return EPOCH + timedelta(seconds=late)


def utc_offset(zone: ZoneInfo, at: int) -> int:
    """Seconds east of UTC at an instant in seconds since the epoch."""
    at = min(max(at, _FIRST), _LAST)
    return _seconds((EPOCH + timedelta(seconds=at)).astimezone(zone).utcoffset())


@lru_cache(maxsize=16_384)
def stretches(zone: ZoneInfo, start: int, end: int) -> tuple[tuple[int, int, int], ...]:
    """`(start, end, offset)` of the stretches with one UTC offset that make up [start, end), in seconds.

    On a stretch the wall clock is UTC plus the offset, which makes every question about it arithmetic. At most a few
    weeks long: no place has changed its clocks and changed them back within that (tz database).
    """
    found: list[tuple[int, int, int]] = []
    while start < end:
        offset = utc_offset(zone, start)
        stop = end if utc_offset(zone, end - 1) == offset else _change(zone, start, end - 1)
        found.append((start, stop, offset))
        start = stop
    return tuple(found)


def _change(zone: ZoneInfo, before: int, after: int) -> int:
    """The first second at which the offset is no longer that of `before`; `after` has another one."""
    offset = utc_offset(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        if utc_offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def _seconds(offset: timedelta | None) -> int:
    if offset is None:
        raise ValueError("a zone without an offset")
    return int(offset.total_seconds())
