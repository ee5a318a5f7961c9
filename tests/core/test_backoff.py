"""A message is offered for about three days, and what failed together does not come back together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.core.backoff import DELAYS, JITTER, LONGEST_WAIT, next_try

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


def test_the_tries_span_three_days_then_end() -> None:
    assert timedelta(days=3) <= sum(DELAYS, timedelta()) <= timedelta(days=4)
    assert list(DELAYS) == sorted(DELAYS)
    assert next_try(len(DELAYS), NOW, key=1) is not None
    assert next_try(len(DELAYS) + 1, NOW, key=1) is None


@given(tries=st.integers(1, len(DELAYS)), key=st.integers(1, 2**62))
def test_a_delay_is_stretched_and_never_shortened(tries: int, key: int) -> None:
    at = next_try(tries, NOW, key=key)
    assert at is not None
    assert DELAYS[tries - 1] <= at - NOW <= DELAYS[tries - 1] * (1 + JITTER)
    assert at == next_try(tries, NOW, key=key)


def test_messages_that_failed_together_spread() -> None:
    assert len({next_try(5, NOW, key=key) for key in range(100)}) > 95


@pytest.mark.parametrize(
    "asked, least, most",
    [
        (timedelta(seconds=1), timedelta(seconds=5), timedelta(seconds=6)),
        (timedelta(minutes=10), timedelta(minutes=10), timedelta(minutes=10)),
        (timedelta(days=400), LONGEST_WAIT, LONGEST_WAIT),
    ],
)
def test_the_receivers_own_wish_holds_when_it_is_longer(asked: timedelta, least: timedelta, most: timedelta) -> None:
    at = next_try(1, NOW, key=1, retry_after=asked)
    assert at is not None
    assert least <= at - NOW <= most
