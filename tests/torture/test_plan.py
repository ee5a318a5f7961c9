"""The schedule of mischief follows from the seed alone, and every kind of it is there."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarion.boot.torture.plan import LEASE_SECONDS, Deed, Engine, plan, shares
from clarion.boot.torture.scene import number
from clarion.core.contacts import NewContact
from clarion.core.outcomes import Channel
from clarion.wire.contact_drafts import ContactDraft, parse_contact

ON_POSTGRES = set(Deed) - {Deed.LOCK}
ON_SQLITE = {Deed.KILL, Deed.FREEZE, Deed.LOCK, Deed.PAUSE, Deed.EDIT, Deed.ADD}


@pytest.mark.parametrize("engine", list(Engine))
def test_the_same_seed_gives_the_same_mischief_and_another_does_not(engine: Engine) -> None:
    assert plan(7, engine, 30) == plan(7, engine, 30)
    assert plan(7, engine, 30) != plan(8, engine, 30)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(list(Engine)), st.integers(1, 100))
def test_every_plan_kills_as_often_as_told_and_freezes_longer_than_the_lease(
    seed: int, engine: Engine, kills: int
) -> None:
    schedule = plan(seed, engine, kills)
    assert sum(each.deed is Deed.KILL for each in schedule.mischief) == kills
    assert any(each.deed is Deed.FREEZE and each.lasts > LEASE_SECONDS for each in schedule.mischief)
    assert all(a.at <= b.at for a, b in pairwise(schedule.mischief))
    kinds = {each.deed for each in schedule.mischief}
    assert kinds <= (ON_POSTGRES if engine is Engine.POSTGRES else ON_SQLITE)
    if kills >= 10:
        assert kinds == (ON_POSTGRES if engine is Engine.POSTGRES else ON_SQLITE)


def test_a_hundred_kills_take_about_ten_minutes() -> None:
    both = sum(plan(1, engine, n).length for engine, n in shares(100, tuple(Engine)).items())
    assert 400 < both < 700


@pytest.mark.parametrize("kills", [2, 5, 100])
def test_no_kill_is_lost_between_the_databases(kills: int) -> None:
    assert sum(shares(kills, tuple(Engine)).values()) == kills
    assert shares(kills, (Engine.SQLITE,)) == {Engine.SQLITE: kills}


def test_people_have_numbers_that_the_parser_takes_and_no_two_the_same() -> None:
    numbers = [number(place) for place in range(0, 70_000, 7)]
    assert len(set(numbers)) == len(numbers)
    for text in numbers[::97]:
        assert isinstance(parse_contact(ContactDraft(address=text), Channel.VOICE, "US", 1), NewContact)
