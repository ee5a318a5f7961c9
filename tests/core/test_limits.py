"""Per-person limits hold in every rolling window, whatever the order of campaigns and channels."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.core.limits import DAY, WEEK, PersonLimits, limits_problems, next_allowed

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def ago(*hours: float) -> list[datetime]:
    return [NOW - h * HOUR for h in hours]


@pytest.mark.parametrize(
    "limits, touches, wait",
    [
        (PersonLimits(), ago(0, 0, 0), 0),
        (PersonLimits(per_day=1), [], 0),
        (PersonLimits(per_day=1), ago(23), 1),
        (PersonLimits(per_day=1), ago(24), 0),
        (PersonLimits(per_day=3), ago(1, 2, 20), 4),
        (PersonLimits(per_day=3), ago(20, 1, 2), 4),
        (PersonLimits(per_day=3), ago(1, 2, 20, 23), 4),
        (PersonLimits(per_day=3), ago(1, 2, 25), 0),
        (PersonLimits(per_week=2), ago(24, 100), 68),
        (PersonLimits(per_day=1, per_week=2), ago(2, 160), 22),
        (PersonLimits(min_gap=HOUR), ago(0.5, 30), 0.5),
        (PersonLimits(min_gap=HOUR, per_day=5), ago(1), 0),
        (PersonLimits(windows=((3, DAY),)), ago(1, 2, 3), 21),
        (PersonLimits(windows=((1, 8 * HOUR), (7, WEEK))), ago(2), 6),
        (PersonLimits(per_day=1), [NOW + timedelta(seconds=5)], 24 + 5 / 3600),
        (PersonLimits(per_day=0), [], 24),
    ],
)
def test_next_allowed(limits: PersonLimits, touches: list[datetime], wait: float) -> None:
    assert next_allowed(limits, touches, NOW) == NOW + wait * HOUR


LIMITS = st.builds(
    PersonLimits,
    st.none() | st.integers(1, 4),
    st.none() | st.integers(1, 9),
    st.none() | st.integers(0, 600).map(lambda m: timedelta(minutes=m)),
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 48).map(lambda h: h * HOUR)), max_size=2).map(tuple),
)


@given(LIMITS, st.lists(st.integers(0, 2000), min_size=1, max_size=40))
def test_no_window_is_ever_overfull_and_nobody_waits_longer_than_needed(
    limits: PersonLimits, minutes: list[int]
) -> None:
    now, touches = NOW, list[datetime]()
    for gone in minutes:
        now += timedelta(minutes=gone)
        at = next_allowed(limits, [t for t in touches if t > now - limits.memory], now)
        assert at == next_allowed(limits, touches, now), "older touches do not matter"
        assert next_allowed(limits, touches, at) == at
        if at > now:
            assert next_allowed(limits, touches, at - timedelta(microseconds=1)) == at
        else:
            touches.append(now)
    for most, window in limits.rolling:
        assert all(later - earlier >= window for earlier, later in zip(touches, touches[most:], strict=False))
    gap = limits.min_gap or timedelta(0)
    assert all(later - earlier >= gap for earlier, later in pairwise(touches))


def test_memory() -> None:
    assert PersonLimits().memory == timedelta(0)
    assert PersonLimits(per_day=1, min_gap=30 * HOUR).memory == 30 * HOUR
    assert PersonLimits(per_week=1, windows=((1, DAY),)).memory == WEEK


@pytest.mark.parametrize(
    "limits, fields",
    [
        (PersonLimits(1, 1, timedelta(0)), []),
        (PersonLimits(0, -1, -HOUR, ((0, DAY),)), ["per_day", "per_week", "min_gap", "windows"]),
    ],
)
def test_problems_name_the_field(limits: PersonLimits, fields: list[str]) -> None:
    assert [field for field, _, _ in limits_problems(limits)] == fields
