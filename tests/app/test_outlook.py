"""Everybody who waits is counted once, by when they are due, and the earliest is next in line."""

from __future__ import annotations

from datetime import timedelta

import pytest

import seeding
from clarion.app.actor import Actor, Role
from clarion.app.outlook import Head, campaign_outlook, next_in_line
from clarion.app.ports.clock import Clock
from clarion.app.refusals import NotFound
from clarion.core.contacts import band
from clarion.core.outcomes import ContactState, FinishReason
from clarion.store.database import Database
from seeding import NOW

ADA = Actor(1, 7, Role.VIEWER)
EVE = Actor(2, 8, Role.VIEWER)


async def test_those_who_wait_by_when_they_are_due(database: Database, clock: Clock) -> None:
    await seeding.organization(database, 1)
    async with database.write() as tx:
        mine = await seeding.campaign(tx, 1)
        other = await seeding.campaign(tx, 2)
        await seeding.batch(tx, mine, 3, "second")
        ahead = [timedelta(0), timedelta(minutes=1), timedelta(hours=1), timedelta(hours=2), timedelta(days=9)]
        for n, by in enumerate(ahead, 10):
            await seeding.person(tx, mine, n, next_at=NOW + by)
        earliest = NOW - timedelta(hours=1)
        await seeding.person(tx, mine, 20, batch_id=3, next_at=earliest, band=band(9, retry=True))
        await seeding.person(tx, mine, 21, state=ContactState.RELEASED, next_at=None, attempt_id=1)
        await seeding.finished(tx, mine, 22, FinishReason.REACHED)
        await seeding.person(tx, other, 30, next_at=NOW - timedelta(days=1))
    found = await campaign_outlook(database, clock, ADA, 1)
    assert found.due == {"now": 2, "within an hour": 2, "within a day": 1, "within a week": 0, "later": 1}
    assert found.head == Head(20, earliest) == await next_in_line(database, ADA, 1)
    with pytest.raises(NotFound):
        await campaign_outlook(database, clock, EVE, 1)
    assert await next_in_line(database, EVE, 1) is None


async def test_nobody_waits(database: Database, clock: Clock) -> None:
    await seeding.organization(database, 1)
    async with database.write() as tx:
        await seeding.campaign(tx, 1)
    found = await campaign_outlook(database, clock, ADA, 1)
    assert found.head is None
    assert set(found.due.values()) == {0}
