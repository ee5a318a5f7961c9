"""Public holidays by country and subdivision, from the `holidays` library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache, lru_cache

import holidays


@cache
def known_holiday_codes() -> frozenset[str]:
    """Every code that `holiday_dates` takes: ISO 3166 countries (`US`) and their subdivisions (`US-TX`, `GB-SCT`)."""
    supported: Mapping[str, list[str]] = holidays.list_supported_countries(include_aliases=False)
    return frozenset(supported) | {f"{country}-{part}" for country, parts in supported.items() for part in parts}


def holiday_dates(codes: Iterable[str], years: Iterable[int]) -> Mapping[str, frozenset[date]]:
    """The public holidays of each code in these years; days off in lieu count too.

    A subdivision has its country's holidays and its own. Raises ValueError for a code that is not known.
    """
    wanted = tuple(sorted(set(years)))
    return {code: _dates(code, wanted) for code in codes}


@lru_cache(maxsize=512)
def _dates(code: str, years: tuple[int, ...]) -> frozenset[date]:
    if code not in known_holiday_codes():
        raise ValueError(f"there is no holiday calendar {code!r}")
    country, _, part = code.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=part or None, years=years))
