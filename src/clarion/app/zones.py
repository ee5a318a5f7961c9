"""Is this a time zone? Asked at every door, so that no schedule is ever read on a clock that does not exist."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from clarion.app.refusals import Problem


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())


def is_zone(name: str) -> bool:
    """Whether `name` is an IANA time zone that this machine knows."""
    return name in _names()


def zone_problems(field: str, name: str | None) -> list[Problem]:
    """One problem when `name` is given and is no zone."""
    if name is None or is_zone(name):
        return []
    return [Problem(field, "unknown_zone", f"{name!r} is not an IANA time zone such as Europe/Berlin.")]
