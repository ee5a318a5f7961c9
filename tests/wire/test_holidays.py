"""Public holidays by code, as the library knows them."""

from __future__ import annotations

from datetime import date

import pytest

from clarion.wire.holidays import holiday_dates, known_holiday_codes


@pytest.mark.parametrize(
    ("code", "day", "is_holiday"),
    [
        ("US", "2026-11-26", True),  # Thanksgiving
        ("US", "2026-11-27", False),
        ("US-TX", "2026-11-27", True),
        ("US", "2026-07-03", True),  # in lieu of a Saturday
        ("GB-SCT", "2026-01-02", True),
        ("GB-ENG", "2026-01-02", False),
        ("DE", "2026-01-06", False),
        ("DE-BY", "2026-01-06", True),
        ("FR", "2027-07-14", True),
    ],
)
def test_days(code: str, day: str, is_holiday: bool) -> None:
    assert (date.fromisoformat(day) in holiday_dates([code], [2026, 2027])[code]) is is_holiday


def test_only_the_years_asked_for() -> None:
    assert {day.year for day in holiday_dates(["US"], range(2025, 2028))["US"]} == {2025, 2026, 2027}
    assert holiday_dates(["US"], [])["US"] == frozenset()


@pytest.mark.parametrize("code", ["XX", "US-XX", "us", "", "US-", "America/New_York"])
def test_unknown_codes(code: str) -> None:
    assert code not in known_holiday_codes()
    with pytest.raises(ValueError, match="no holiday calendar"):
        holiday_dates([code], [2026])


def test_known_codes() -> None:
    assert {"US", "US-TX", "GB", "GB-SCT", "DE-BY", "IN", "FR"} <= known_holiday_codes()
