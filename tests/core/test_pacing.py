"""Limits hold to the unit in any rolling window, are smooth, and never catch up what a closed window missed."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarion.core.beat import CATCH_UP, beat_of
from clarion.core.pacing import (
    Account,
    CapCounts,
    Grant,
    Pacing,
    RampUp,
    fair_shares,
    grant,
    pacing_problems,
    spend,
    why_waiting,
)

START = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
DAY = date(2026, 11, 23)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
EMPTY = Account("campaign:1")


def ask(
    pacing: Pacing,
    account: Account = EMPTY,
    now: datetime = START,
    *,
    ahead: timedelta = timedelta(0),
    day: date = DAY,
    in_flight: int = 0,
    first: bool = True,
    retry: bool = False,
    room: int = 500,
    day_cap: int | None = None,
    first_left: int | None = None,
    open_left: timedelta | None = None,
) -> Grant:
    return grant(
        pacing,
        account,
        now=now,
        until=now + ahead,
        local_day=day,
        in_flight=in_flight,
        first_waiting=first,
        retry_waiting=retry,
        room=room,
        day_cap=day_cap,
        first_left=first_left,
        open_left=open_left,
    )


def use(pacing: Pacing, account: Account, slots: Sequence[datetime], day: date = DAY, **left: object) -> Account:
    return spend(
        pacing,
        account,
        used=slots,
        first=len(slots),
        retry=0,
        local_day=day,
        now=slots[0] if slots else START,
        **left,  # type: ignore[arg-type]
    )


def most_in_any(window: timedelta, used: Sequence[datetime]) -> int:
    """The largest count in a half-open window of this length."""
    most = first = 0
    for last, at in enumerate(used):
        while at - used[first] >= window:
            first += 1
        most = max(most, last - first + 1)
    return most


# rates


@pytest.mark.parametrize("per_hour, gap", [(60, 60), (1, 3600), (3, 1200), (360, 10), (0.5, 7200)])
def test_a_slow_rate_is_exactly_even(per_hour: float, gap: int) -> None:
    pacing, account, now, used = Pacing(per_hour=per_hour), EMPTY, START, []
    for _ in range(5):
        granted = ask(pacing, account, now)
        assert granted.slots == (now,)
        assert granted.limited_by == "rate"
        assert granted.next_at == now + timedelta(seconds=gap)
        account = use(pacing, account, granted.slots)
        used.append(now)
        assert ask(pacing, account, now + timedelta(seconds=gap, microseconds=-1)).slots == ()
        now = granted.next_at
    assert used == [START + n * timedelta(seconds=gap) for n in range(5)]


def test_a_virtual_clock_is_given_the_exact_instants_ahead() -> None:
    granted = ask(Pacing(per_hour=60), now=START, ahead=timedelta(minutes=3, seconds=30))
    assert granted.slots == tuple(START + timedelta(minutes=n) for n in range(4))
    assert granted.next_at == START + timedelta(minutes=4)


def test_slots_that_found_nobody_are_not_lost() -> None:
    pacing = Pacing(per_hour=60)
    granted = ask(pacing, ahead=timedelta(minutes=5))
    account = use(pacing, EMPTY, granted.slots[:2])
    assert ask(pacing, account, START + timedelta(minutes=3)).slots == (START + timedelta(minutes=3),)
    assert use(pacing, account, ()) is account


@pytest.mark.parametrize("per_hour", [60, 720, 3600, 36_000])
def test_nothing_is_caught_up_after_a_closed_window(per_hour: int) -> None:
    pacing = Pacing(per_hour=per_hour)
    account = use(pacing, EMPTY, ask(pacing).slots)
    assert len(ask(pacing, account, START + timedelta(hours=14)).slots) == 1


def test_a_fast_rate_catches_up_a_hiccup_and_no_more() -> None:
    pacing = Pacing(per_hour=3600)
    account = use(pacing, EMPTY, ask(pacing).slots)
    assert len(ask(pacing, account, START + timedelta(seconds=4.5)).slots) == 4
    assert len(ask(pacing, account, START + CATCH_UP + 3 * SECOND).slots) == 1


@pytest.mark.parametrize("first, second, gap", [(1, 60, 60), (60, 6, 600), (3600, 60, 60)])
def test_an_edited_rate_counts_from_the_last_use(first: int, second: int, gap: int) -> None:
    account = use(Pacing(per_hour=first), EMPTY, [START])
    granted = ask(Pacing(per_hour=second), account, START)
    assert granted.slots == ()
    assert granted.next_at == START + timedelta(seconds=gap)


@settings(max_examples=150, deadline=None)
@given(
    per_hour=st.one_of(
        st.none(), st.sampled_from([1, 7, 59, 60, 359, 361, 400, 1000, 3600, 20_000]), st.floats(1, 5000)
    ),
    per_second=st.one_of(st.none(), st.sampled_from([0.5, 1, 2, 3, 5, 10, 30, 100]), st.floats(0.1, 50)),
    ramp=st.one_of(st.none(), st.builds(RampUp, st.floats(0.05, 1), st.integers(1, 7200).map(lambda s: s * SECOND))),
    asks=st.lists(
        st.tuples(
            st.one_of(st.floats(0, 0.3), st.floats(0, 6), st.floats(0, 4000)),  # seconds since the ask before
            st.one_of(st.just(0.0), st.floats(0, 20)),  # seconds planned ahead
            st.integers(0, 60),  # room
            st.floats(0, 1),  # share of the slots that found somebody
        ),
        min_size=1,
        max_size=40,
    ),
)
def test_no_rolling_window_ever_holds_more_than_the_rate(
    per_hour: float | None,
    per_second: float | None,
    ramp: RampUp | None,
    asks: list[tuple[float, float, int, float]],
) -> None:
    pacing = Pacing(per_hour=per_hour, per_second=per_second, ramp_up=ramp)
    account, now, used = EMPTY, START, []
    for gone, ahead, room, share in asks:
        # An engine never looks at an instant that it has planned beyond.
        now = max(now + timedelta(seconds=gone), used[-1] if used else now)
        granted = ask(pacing, account, now, ahead=timedelta(seconds=ahead), room=room)
        assert all(now <= slot <= now + timedelta(seconds=ahead) for slot in granted.slots)
        assert list(granted.slots) == sorted(granted.slots)
        assert len(granted.slots) <= room
        taken = granted.slots[: math.ceil(share * len(granted.slots))]
        account = use(pacing, account, taken)
        used += taken
    if per_hour is not None:
        assert most_in_any(HOUR, used) <= math.ceil(per_hour)
    if per_second is not None:
        assert most_in_any(SECOND, used) <= math.ceil(per_second)
    if used and (per_hour or per_second):
        beat = beat_of(per_hour, per_second)
        spans = [(i, j) for i in range(0, len(used), 7) for j in range(i + 1, len(used), 5)]
        assert all(used[j] - used[i] >= (j - i) * beat.interval - beat.tolerance for i, j in spans)


@pytest.mark.parametrize("per_hour, wake", [(3600, 0.31), (20_000, 0.05), (1000, 0.9)])
def test_the_hour_is_full_to_one_percent_and_never_over_though_the_engine_stumbles(per_hour: int, wake: float) -> None:
    dice, pacing, account, now, used = random.Random(7), Pacing(per_hour=per_hour), EMPTY, START, []
    while now < START + 1.5 * HOUR:
        slots = ask(pacing, account, now).slots
        account = use(pacing, account, slots)
        used += slots
        now += timedelta(seconds=4.2 if dice.random() < 0.002 else dice.uniform(wake / 2, wake))
    assert most_in_any(HOUR, used) <= per_hour
    in_second_half = sum(START + HOUR / 2 <= at < START + 1.5 * HOUR for at in used)
    assert in_second_half >= 0.99 * per_hour


@pytest.mark.parametrize(
    "per_hour, per_second",
    [(3600, 1), (3600, 2), (3600, 10), (36_000, 10), (36_000, 20), (100, 5), (7200, 1)],
)
def test_both_rates_hold_together_and_the_slower_is_reached(per_hour: int, per_second: int) -> None:
    pacing, account, now, used = Pacing(per_hour=per_hour, per_second=per_second), EMPTY, START, []
    for _ in range(600):
        granted = ask(pacing, account, now, ahead=SECOND)
        account = use(pacing, account, granted.slots)
        used += granted.slots
        now += SECOND
    assert most_in_any(HOUR, used) <= per_hour
    assert most_in_any(SECOND, used) <= per_second
    assert len(used) >= 0.94 * min(600 * per_second, per_hour / 6)


# concurrency, caps and room


@pytest.mark.parametrize(
    "pacing, in_flight, room, slots, limited_by",
    [
        (Pacing(), 0, 5, 5, "room"),
        (Pacing(), 0, 0, 0, "room"),
        (Pacing(max_concurrent=3), 0, 5, 3, "concurrency"),
        (Pacing(max_concurrent=3), 2, 5, 1, "concurrency"),
        (Pacing(max_concurrent=3), 3, 5, 0, "concurrency"),
        (Pacing(max_concurrent=3), 9, 5, 0, "concurrency"),
        (Pacing(max_concurrent=3, per_hour=60), 0, 5, 1, "rate"),
        (Pacing(max_concurrent=3, per_hour=60), 3, 5, 0, "concurrency"),
        (Pacing(daily_cap=2), 0, 5, 2, "daily_cap"),
        (Pacing(daily_cap=2, max_concurrent=2), 0, 5, 2, "daily_cap"),
        (Pacing(per_hour=0), 0, 5, 0, "rate"),
        (Pacing(per_second=-1), 0, 5, 0, "rate"),
    ],
)
def test_the_tightest_limit_decides(pacing: Pacing, in_flight: int, room: int, slots: int, limited_by: str) -> None:
    granted = ask(pacing, in_flight=in_flight, room=room)
    assert (len(granted.slots), granted.limited_by) == (slots, limited_by)
    assert (granted.next_at is not None) == (limited_by == "rate" and slots > 0)


def test_nobody_waiting_is_no_limit() -> None:
    assert ask(Pacing(daily_cap=0), first=False) == Grant((), 0, 0, None, "")


FIRST_ONLY = Pacing(daily_cap=3, daily_cap_counts=CapCounts.FIRST_ATTEMPTS)
SPENT = Account("c", day=DAY, day_first=3, day_all=7)


@pytest.mark.parametrize(
    "pacing, account, day_cap, day, first, retry",
    [
        (Pacing(daily_cap=10), SPENT, None, DAY, 3, 3),
        (Pacing(daily_cap=7), SPENT, None, DAY, 0, 0),
        (Pacing(daily_cap=7), SPENT, None, DAY + timedelta(days=1), 7, 7),
        (Pacing(daily_cap=7), SPENT, None, DAY - timedelta(days=1), 0, 0),
        (Pacing(daily_cap=7), SPENT, 9, DAY, 2, 2),
        (Pacing(), SPENT, 9, DAY, 2, 2),
        (Pacing(daily_cap=100), SPENT, 0, DAY, 0, 0),
        (FIRST_ONLY, SPENT, None, DAY, 0, 9),
        (FIRST_ONLY, replace(SPENT, day_first=1), None, DAY, 2, 9),
        (FIRST_ONLY, SPENT, 5, DAY, 2, 9),
        (FIRST_ONLY, SPENT, 0, DAY, 0, 0),
        (FIRST_ONLY, EMPTY, None, DAY, 3, 9),
    ],
)
def test_daily_caps(pacing: Pacing, account: Account, day_cap: int | None, day: date, first: int, retry: int) -> None:
    granted = ask(pacing, account, day_cap=day_cap, day=day, retry=True, room=9)
    assert (granted.max_first, granted.max_retry) == (first, retry)
    assert len(granted.slots) == max(first, retry)
    assert granted.limited_by == "daily_cap"
    only_first = ask(pacing, account, day_cap=day_cap, day=day, room=9)
    assert (len(only_first.slots), only_first.max_retry) == (first, 0)
    only_retry = ask(pacing, account, day_cap=day_cap, day=day, first=False, retry=True, room=9)
    assert (len(only_retry.slots), only_retry.max_first) == (retry, 0)


def test_day_counts_roll_over_forwards_only() -> None:
    def spent(account: Account, day: date) -> tuple[date | None, int, int]:
        after = spend(Pacing(), account, used=[START] * 3, first=2, retry=1, local_day=day, now=START)
        return after.day, after.day_first, after.day_all

    today = Account("c", day=DAY, day_first=4, day_all=9)
    assert spent(EMPTY, DAY) == (DAY, 2, 3)
    assert spent(today, DAY) == (DAY, 6, 12)
    assert spent(today, DAY + timedelta(days=1)) == (DAY + timedelta(days=1), 2, 3)
    assert spent(today, DAY - timedelta(days=1)) == (DAY, 6, 12)


@settings(max_examples=100, deadline=None)
@given(
    cap=st.integers(1, 30),
    counts=st.sampled_from(CapCounts),
    steps=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20), st.floats(0, 1), st.floats(0, 1)), max_size=30),
)
def test_a_daily_cap_is_never_exceeded(cap: int, counts: CapCounts, steps: list[tuple[int, int, float, float]]) -> None:
    pacing, account = Pacing(daily_cap=cap, daily_cap_counts=counts), EMPTY
    made: dict[date, list[int]] = {}
    for day_offset, room, first_share, retry_share in steps:
        day = DAY + timedelta(days=day_offset)
        granted = ask(pacing, account, day=day, retry=True, room=room)
        first = math.ceil(granted.max_first * first_share)
        retry = min(math.ceil(granted.max_retry * retry_share), len(granted.slots) - first)
        account = spend(
            pacing, account, used=granted.slots[: first + retry], first=first, retry=retry, local_day=day, now=START
        )
        # Workers' clocks may disagree at midnight: what is made on the day before counts on the day that has begun.
        counted = made.setdefault(account.day or day, [0])
        counted[0] += first if counts is CapCounts.FIRST_ATTEMPTS else first + retry
    assert all(n <= cap for (n,) in made.values())


# ramp-up


def test_a_ramp_up_grows_concurrency_linearly_and_says_when() -> None:
    pacing = Pacing(max_concurrent=10, ramp_up=RampUp(0.2, 80 * SECOND))
    granted = ask(pacing, in_flight=0)
    assert (len(granted.slots), granted.limited_by) == (2, "ramp_up")
    account = use(pacing, EMPTY, granted.slots)
    assert account.ramp_from == START
    for seconds, allowed in [(0, 2), (9, 2), (10, 3), (45, 6), (79, 9), (80, 10), (9999, 10)]:
        granted = ask(pacing, account, START + seconds * SECOND)
        assert len(granted.slots) == allowed, seconds
    full = ask(pacing, account, START + 45 * SECOND, in_flight=6)
    assert (full.slots, full.limited_by, full.next_at) == ((), "ramp_up", START + 50 * SECOND)
    assert len(ask(pacing, account, full.next_at, in_flight=6).slots) == 1
    assert ask(pacing, account, START + HOUR, in_flight=10).limited_by == "concurrency"


def test_a_ramp_up_begins_with_one_at_least() -> None:
    assert len(ask(Pacing(max_concurrent=3, ramp_up=RampUp(0.01, HOUR))).slots) == 1


def test_a_ramp_up_of_the_rate_is_smooth() -> None:
    pacing = Pacing(per_hour=600, ramp_up=RampUp(0.1, HOUR))
    granted = ask(pacing, ahead=2 * HOUR, room=2000)
    gaps = [b - a for a, b in zip(granted.slots, granted.slots[1:], strict=False)]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[0] > timedelta(seconds=45)
    in_ramp = sum(at < START + HOUR for at in granted.slots)
    assert in_ramp == pytest.approx(600 * 0.55, abs=2)
    assert all(gap == timedelta(seconds=6, microseconds=8334) for gap in gaps[-500:])
    assert granted.limited_by == "rate" or granted.limited_by == "ramp_up"


# finish-by


def run_to_finish(pacing: Pacing, contacts: int, *, wake: float, pass_left: bool = True) -> list[datetime]:
    """Play first attempts until none is left or two hours after the time to finish by."""
    assert pacing.finish_by is not None
    account, now, left, used = EMPTY, START, contacts, []
    while left and now < pacing.finish_by + 2 * HOUR:
        open_left = max(timedelta(0), pacing.finish_by - now)
        granted = ask(pacing, account, now, first_left=left, open_left=open_left)
        slots = granted.slots[:left]
        hints: dict[str, object] = {"first_left": left, "open_left": open_left} if pass_left else {}
        account = use(pacing, account, slots, **hints)
        used += slots
        left -= len(slots)
        now = max(now + timedelta(seconds=wake), min(granted.next_at or now, now + timedelta(seconds=1)))
    return used


@pytest.mark.parametrize("pass_left", [True, False])
@pytest.mark.parametrize("contacts, wake", [(10, 0.05), (100, 0.2), (3000, 0.2), (20_000, 0.5)])
def test_finish_by_ends_on_time_and_evenly(contacts: int, wake: float, pass_left: bool) -> None:
    pacing = Pacing(finish_by=START + HOUR)
    used = run_to_finish(pacing, contacts, wake=wake, pass_left=pass_left)
    assert len(used) == contacts
    assert used[-1] <= START + HOUR
    assert used[-1] >= START + 0.8 * HOUR
    by_half = sum(at < START + HOUR / 2 for at in used)
    assert by_half == pytest.approx(contacts / 2, rel=0.1, abs=1)


def test_finish_by_never_exceeds_the_hourly_rate_and_goes_on_late() -> None:
    pacing = Pacing(finish_by=START + HOUR, per_hour=60)
    used = run_to_finish(pacing, 150, wake=1)
    assert most_in_any(HOUR, used) <= 60
    assert 115 <= len(used) <= 150
    assert used[-1] > START + HOUR


def test_finish_by_leaves_retries_alone() -> None:
    pacing = Pacing(finish_by=START + HOUR)
    account = use(pacing, EMPTY, [START], first_left=60, open_left=HOUR)
    now = START + 10 * SECOND
    granted = ask(pacing, account, now, retry=True, room=9, first_left=59, open_left=HOUR - 10 * SECOND)
    assert (granted.max_first, granted.max_retry, len(granted.slots)) == (0, 9, 9)
    assert granted.limited_by == "finish_by"
    assert granted.next_at is not None
    assert granted.next_at - START == pytest.approx(60 * SECOND, abs=2 * SECOND)
    only_first = ask(pacing, account, now, room=9, first_left=59, open_left=HOUR - 10 * SECOND)
    assert (only_first.slots, only_first.limited_by) == ((), "finish_by")


def test_late_first_attempts_are_neither_stopped_nor_a_burst() -> None:
    pacing = Pacing(finish_by=START)
    for now, open_left in [(START + SECOND, timedelta(0)), (START - HOUR, timedelta(0)), (START + HOUR, HOUR)]:
        granted = ask(pacing, now=now, first_left=3600, open_left=open_left)
        assert len(granted.slots) == 1
        assert granted.next_at == now + SECOND


def test_finish_by_on_a_virtual_clock_gives_the_instants_ahead() -> None:
    granted = ask(Pacing(finish_by=START + HOUR), ahead=timedelta(minutes=2), first_left=60, open_left=HOUR)
    assert granted.slots == tuple(START + timedelta(minutes=n) for n in range(3))
    both = ask(Pacing(finish_by=START + HOUR, per_hour=40), ahead=timedelta(minutes=3), first_left=60, open_left=HOUR)
    assert both.slots == (START, START + 90 * SECOND, START + 180 * SECOND)


def test_finish_by_is_not_applied_without_its_numbers() -> None:
    assert len(ask(Pacing(finish_by=START + HOUR), room=7).slots) == 7


# fair shares

CAMPAIGNS = st.dictionaries(st.integers(1, 9), st.integers(0, 40), max_size=7)


@pytest.mark.parametrize(
    "capacity, demand, holding, turn, shares",
    [
        (10, {1: 99, 2: 99}, {}, 0, {1: 5, 2: 5}),
        (10, {1: 2, 2: 99, 3: 99}, {}, 0, {1: 2, 2: 4, 3: 4}),
        (10, {1: 99, 2: 99}, {1: 8}, 0, {1: 0, 2: 2}),
        (10, {1: 99, 2: 99}, {1: 2}, 0, {1: 3, 2: 5}),
        (10, {1: 99, 2: 99, 3: 99}, {}, 0, {1: 4, 2: 3, 3: 3}),
        (10, {1: 99, 2: 99, 3: 99}, {}, 1, {1: 3, 2: 4, 3: 3}),
        (11, {1: 99, 2: 99, 3: 99}, {}, 2, {1: 4, 2: 3, 3: 4}),
        (10, {1: 99}, {1: 3, 2: 5}, 0, {1: 2}),
        (10, {1: 99, 2: 1}, {1: 3, 2: 9}, 0, {1: 0, 2: 0}),
        (0, {1: 5}, {}, 0, {1: 0}),
        (5, {}, {}, 0, {}),
    ],
)
def test_fair_shares(
    capacity: int, demand: dict[int, int], holding: dict[int, int], turn: int, shares: dict[int, int]
) -> None:
    assert fair_shares(capacity, demand, holding, turn=turn) == shares


@given(st.integers(0, 120), CAMPAIGNS, CAMPAIGNS, st.integers(0, 50))
def test_fair_shares_are_max_min_fair(
    capacity: int, demand: dict[int, int], holding: dict[int, int], turn: int
) -> None:
    shares = fair_shares(capacity, demand, holding, turn=turn)
    free = max(0, capacity - sum(holding.values()))
    assert shares.keys() == demand.keys()
    assert all(0 <= shares[key] <= demand[key] for key in demand)
    assert sum(shares.values()) == min(free, sum(demand.values()))
    total = {key: holding.get(key, 0) + shares[key] for key in demand}
    for poor in demand:
        if shares[poor] < demand[poor]:
            assert all(total[rich] <= total[poor] + 1 for rich in demand if shares[rich])


@given(st.integers(0, 60), st.sets(st.integers(1, 99), min_size=1, max_size=8))
def test_what_cannot_be_divided_goes_round(capacity: int, campaigns: set[int]) -> None:
    demand = dict.fromkeys(campaigns, 1000)
    rounds = [fair_shares(capacity, demand, {}, turn=turn) for turn in range(len(campaigns))]
    assert len({sum(shares[key] for shares in rounds) for key in campaigns}) == 1


# words


@pytest.mark.parametrize(
    "pacing, fields",
    [
        (Pacing(), []),
        (Pacing(60, 5, 3, 100, ramp_up=RampUp(0.5, HOUR), finish_by=START + SECOND), []),
        (Pacing(per_hour=0), ["per_hour"]),
        (Pacing(per_hour=math.nan), ["per_hour"]),
        (Pacing(per_second=-1, max_concurrent=0), ["per_second", "max_concurrent"]),
        (Pacing(daily_cap=0), ["daily_cap"]),
        (Pacing(finish_by=START), ["finish_by"]),
        (Pacing(finish_by=datetime(2030, 1, 1)), ["finish_by"]),
        (Pacing(ramp_up=RampUp(0, HOUR)), ["ramp_up.start_fraction"]),
        (Pacing(ramp_up=RampUp(1.1, -HOUR)), ["ramp_up.start_fraction", "ramp_up.over"]),
    ],
)
def test_problems_name_the_field(pacing: Pacing, fields: list[str]) -> None:
    assert [field for field, _, _ in pacing_problems(pacing, START)] == fields


def test_why_waiting_says_until_when() -> None:
    granted = ask(Pacing(per_hour=60), use(Pacing(per_hour=60), EMPTY, [START]))
    assert why_waiting(granted) == "The rate is used up. The next may be made at 2026-11-23 15:01:00 UTC."
    for limited_by in ("", "rate", "ramp_up", "concurrency", "daily_cap", "finish_by", "room"):
        assert why_waiting(Grant((), 0, 0, None, limited_by)).endswith(".")
