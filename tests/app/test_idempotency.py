"""Idempotency keys: claimed by one, answered to all who repeat it, for a day."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from clarion.app.actor import Actor
from clarion.app.idempotency import claim_request, forget_answers, keep_answer, release_request
from clarion.app.keys import authenticate
from clarion.app.organizations import create_organization
from clarion.app.ports.organizations import Answer
from clarion.app.refusals import Conflict, Invalid


@pytest.fixture
async def owner(database, clock) -> Actor:
    """Somebody who asks."""
    _, key = await create_organization(database, clock, "Riverside", "owner@example.com")
    return await authenticate(database, clock, key)


async def test_a_repeat_gets_the_first_answer(database, clock, owner):
    assert await claim_request(database, clock, owner, "k", "f") is None
    answer = Answer("f", clock.now(), 201, {"location": "/v1/x"}, b"\x00body\xff")
    await keep_answer(database, owner, "k", answer)
    clock.advance(timedelta(hours=23, minutes=59))
    assert await claim_request(database, clock, owner, "k", "f") == answer


async def test_another_request_under_the_same_key_is_refused(database, clock, owner):
    await claim_request(database, clock, owner, "k", "f")
    with pytest.raises(Invalid) as refused:
        await claim_request(database, clock, owner, "k", "g")
    assert refused.value.problems[0].field == "Idempotency-Key"


async def test_what_has_no_answer_is_never_done_again(database, clock, owner):
    await claim_request(database, clock, owner, "k", "f")
    clock.advance(timedelta(hours=23))
    with pytest.raises(Conflict):
        await claim_request(database, clock, owner, "k", "f")


async def test_a_refused_request_gives_its_key_back(database, clock, owner):
    await claim_request(database, clock, owner, "k", "f")
    await release_request(database, owner, "k")
    assert await claim_request(database, clock, owner, "k", "g") is None


async def test_a_key_lasts_a_day(database, clock, owner):
    await claim_request(database, clock, owner, "old", "f")
    clock.advance(timedelta(hours=12))
    await claim_request(database, clock, owner, "new", "f")
    clock.advance(timedelta(hours=12))
    assert await claim_request(database, clock, owner, "old", "g") is None
    clock.advance(timedelta(hours=12, microseconds=1))
    assert await forget_answers(database, clock) == 1
    assert await claim_request(database, clock, owner, "new", "g") is None


async def test_of_many_at_once_one_goes_ahead(database, clock, owner):
    asked = [claim_request(database, clock, owner, "k", "f") for _ in range(10)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert outcomes.count(None) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 9


async def test_organisations_do_not_share_keys(database, clock, owner):
    _, key = await create_organization(database, clock, "Others", "other@example.com")
    other = await authenticate(database, clock, key)
    await claim_request(database, clock, owner, "k", "f")
    assert await claim_request(database, clock, other, "k", "g") is None
