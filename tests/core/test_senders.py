"""Which sender of a pool makes the next attempt."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.core.campaigns import Rotation
from clarion.core.pacing import Account
from clarion.core.senders import Candidate, choose, nearness

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
DAY = date(2026, 11, 23)
TO = "+12125550123"


def sender(n: int, address: str = "+18005550100", minutes_ago: int | None = None, **limits: int) -> Candidate:
    used = None if minutes_ago is None else NOW - timedelta(minutes=minutes_ago)
    day_all = limits.pop("day_all", 0)
    return Candidate(n, address, Account(f"sender:{n}", day=DAY, day_all=day_all, last_used=used), **limits)


def pick(rotation: Rotation, *pool: Candidate, to: str = TO, last: int | None = None, day: date = DAY) -> int | None:
    return choose(rotation, pool, to, now=NOW, local_day=day, last_id=last)


RR, LRU, LOCAL = Rotation.ROUND_ROBIN, Rotation.LEAST_RECENTLY_USED, Rotation.LOCAL_PRESENCE
FULL = sender(9, daily_cap=5, day_all=5)


@pytest.mark.parametrize(
    "chosen, expected",
    [
        (pick(RR), None),
        (pick(RR, sender(3), sender(1)), 3),
        (pick(RR, sender(3), sender(1), sender(2), last=3), 1),
        (pick(RR, sender(3), sender(1), sender(2), last=2), 3),
        (pick(RR, sender(3, minutes_ago=5), sender(1, minutes_ago=1), sender(2, minutes_ago=9)), 2),
        (pick(RR, sender(3), FULL, sender(2), last=3), 2),
        (pick(RR, sender(3), FULL, last=3), 3),
        (pick(RR, sender(1), sender(2), last=77), 1),
        (pick(LRU, sender(1, minutes_ago=1), sender(2, minutes_ago=9), sender(3, minutes_ago=5)), 2),
        (pick(LRU, sender(1, minutes_ago=1), sender(2)), 2),
        (pick(LRU, sender(1, minutes_ago=1), replace(sender(2, minutes_ago=1), picks=0)), 1),
        (pick(LRU, replace(sender(1, minutes_ago=0), picks=2), replace(sender(2, minutes_ago=0), picks=1)), 2),
        (pick(LOCAL, sender(1, "+13105550100"), sender(2, "+12125550100", minutes_ago=0)), 2),
        (pick(LOCAL, sender(1, "+12135550100", minutes_ago=0), sender(2, "+17185550100", minutes_ago=5)), 2),
        (pick(LOCAL, sender(1, "+442079460000"), sender(2, "+17185550100", minutes_ago=0)), 2),
        (pick(LOCAL, sender(1, "+12125550100", minutes_ago=0), sender(2, "+12129990100", minutes_ago=5)), 2),
        (pick(LOCAL, sender(1, "+441612345678"), sender(2, "+442071234567"), to="+442079460000"), 2),
        (pick(LOCAL, replace(FULL, address="+12125550100"), sender(2, "+13105550100")), 2),
        (pick(LOCAL, sender(1, "a@x.org", minutes_ago=1), sender(2, "b@x.org", minutes_ago=3), to="c@x.org"), 2),
        (pick(LRU, FULL), None),
        (pick(LRU, FULL, day=DAY + timedelta(days=1)), 9),
        (pick(LRU, FULL, day=DAY - timedelta(days=1)), None),
        (choose(LRU, [FULL], TO, now=NOW), None),
        (pick(LRU, sender(1, daily_cap=5, day_all=4)), 1),
        (pick(LRU, sender(1, max_concurrent=2, in_flight=2)), None),
        (pick(LRU, sender(1, max_concurrent=2, in_flight=1)), 1),
        (pick(LRU, sender(1, daily_cap=0)), None),
    ],
)
def test_choose(chosen: int | None, expected: int | None) -> None:
    assert chosen == expected


@pytest.mark.parametrize(
    "ours, theirs, digits",
    [
        ("+12125550100", "+12125550123", 5),
        ("+12135550100", "+12125550123", 2),
        ("+442079460000", "+12125550123", 1),
        ("+442079460000", "+442079461111", 9),
        ("+44", "+442079461111", 3),
        ("a@x.org", "a@x.org", 0),
    ],
)
def test_nearness(ours: str, theirs: str, digits: int) -> None:
    assert nearness(ours, theirs) == nearness(theirs, ours) == digits


@given(st.sampled_from(Rotation), st.integers(1, 7), st.integers(1, 60))
def test_equal_senders_share_the_work_evenly_even_at_one_instant(rotation: Rotation, size: int, attempts: int) -> None:
    pool, last, made = [sender(n) for n in range(size)], None, Counter[int]()
    for _ in range(attempts):
        last = choose(rotation, pool, TO, now=NOW, local_day=DAY, last_id=last)
        assert last is not None
        made[last] += 1
        used = pool[last]
        pool[last] = replace(used, picks=used.picks + 1, account=replace(used.account, last_used=NOW))
    assert max(made.values()) - min(made[n] for n in range(size)) <= 1


@given(st.sampled_from(Rotation), st.lists(st.integers(0, 5), max_size=6), st.integers(0, 30))
def test_caps_are_never_exceeded(rotation: Rotation, caps: list[int], attempts: int) -> None:
    pool, made = [sender(n, daily_cap=cap) for n, cap in enumerate(caps)], Counter[int]()
    for _ in range(attempts):
        chosen = choose(rotation, pool, TO, now=NOW, local_day=DAY)
        if chosen is None:
            break
        made[chosen] += 1
        pool[chosen] = replace(
            pool[chosen], picks=made[chosen], account=replace(pool[chosen].account, day_all=made[chosen], last_used=NOW)
        )
    assert all(made[n] <= cap for n, cap in enumerate(caps))
    assert sum(made.values()) == min(attempts, sum(caps))
