"""Numbers that clients name: known in any spelling, made in a sandbox alone, else refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

import seeding
from clarion.app.actor import Actor, Role
from clarion.app.numbers import number_of, numbers
from clarion.app.refusals import Forbidden, Invalid
from clarion.core.outcomes import Channel
from clarion.store.database import Database
from still_clock import StillClock

ADA, VIEWER, STRANGER = Actor(1, 7, Role.OPERATOR), Actor(1, 8, Role.VIEWER), Actor(2, 9, Role.OWNER)


@pytest.fixture
async def ledger(database: Database) -> Database:
    await seeding.organization(database)
    await seeding.organization(database, 2)
    return database


@pytest.mark.parametrize("written", ["+12125550100", "12125550100", "(212) 555-0100", "tel:+1-212-555-0100"])
async def test_known_in_any_spelling(ledger: Database, clock: StillClock, written: str) -> None:
    assert (await number_of(ledger, clock, VIEWER, Channel.VOICE, written)).id == 10


async def test_made_once_where_all_is_sandbox(ledger: Database, clock: StillClock) -> None:
    made = await number_of(ledger, clock, ADA, Channel.VOICE, "+19035551234")
    again = await number_of(ledger, clock, ADA, Channel.VOICE, "903 555 1234")
    assert (made.address, made.trunk_id, made.id) == ("+19035551234", 10, again.id)
    assert len(await numbers(ledger, ADA, Channel.VOICE)) == 2
    assert len(await numbers(ledger, STRANGER, Channel.VOICE)) == 1


async def test_a_number_of_no_plan_is_good_enough_for_a_sandbox(ledger: Database, clock: StillClock) -> None:
    made = await number_of(ledger, clock, ADA, Channel.VOICE, "19995551234")
    assert (made.address, (await number_of(ledger, clock, ADA, Channel.VOICE, "+1 999-555-1234")).id) == (
        "+19995551234",
        made.id,
    )


async def test_refused_with_a_real_carrier(ledger: Database, clock: StillClock) -> None:
    async with ledger.write() as tx:
        kept = await tx.resources.trunk(1, 10)
        await tx.resources.change_trunk(replace(kept, trunk=replace(kept.trunk, driver="sip")))
    with pytest.raises(Invalid, match=r"number: \+19035551234 is not a number of this organisation"):
        await number_of(ledger, clock, ADA, Channel.VOICE, "+19035551234")
    with pytest.raises(Invalid, match="number"):
        await number_of(ledger, clock, ADA, Channel.VOICE, "19995551234")


async def test_no_number_and_no_right(ledger: Database, clock: StillClock) -> None:
    with pytest.raises(Invalid) as refused:
        await number_of(ledger, clock, ADA, Channel.VOICE, "hello")
    assert [problem.field for problem in refused.value.problems] == ["number"]
    with pytest.raises(Forbidden):
        await number_of(ledger, clock, VIEWER, Channel.VOICE, "+19035551234")
