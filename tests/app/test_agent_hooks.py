"""An agent's webhook: one of each format, the same endpoint while it only changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

import seeding
from clarion.app.actor import Actor, Role
from clarion.app.agent_hooks import agent_hook, drop_agent_hook, set_agent_hook
from clarion.app.refusals import Forbidden, Invalid, NotFound
from clarion.app.webhooks import EndpointDraft, EndpointRules
from clarion.store.database import Database
from clarion.wire.secrets import Seal
from still_clock import StillClock

ADA = Actor(1, 7, Role.OPERATOR)
SEAL = Seal(Seal.new_key())
RULES = EndpointRules(formats=frozenset({"native", "toy", "other"}))
DRAFT = EndpointDraft("https://hooks.example.com/a", format="toy")


@pytest.fixture
async def ledger(database: Database) -> Database:
    await seeding.organization(database)
    return database


async def test_one_of_each_format(ledger: Database, clock: StillClock) -> None:
    made = await set_agent_hook(ledger, clock, SEAL, RULES, ADA, 10, DRAFT)
    moved = replace(DRAFT, url="https://hooks.example.com/b")
    changed = await set_agent_hook(ledger, clock, SEAL, RULES, ADA, 10, moved)
    other = await set_agent_hook(ledger, clock, SEAL, RULES, ADA, 10, replace(DRAFT, format="other"))
    assert (made.agent_id, changed.id, changed.url) == (10, made.id, moved.url)
    assert other.id != made.id
    assert await agent_hook(ledger, ADA, 10, "toy") == changed


async def test_a_secret_of_its_own_makes_it_anew(ledger: Database, clock: StillClock) -> None:
    made = await set_agent_hook(ledger, clock, SEAL, RULES, ADA, 10, DRAFT)
    secret = "whsec_" + "a" * 40
    anew = await set_agent_hook(ledger, clock, SEAL, RULES, ADA, 10, DRAFT, secret=secret)
    assert anew.id != made.id
    async with ledger.read() as tx:
        sealed = (await tx.outbox.secrets_of([anew.id]))[anew.id].current
    assert SEAL.open(sealed) == secret


async def test_taken_away(ledger: Database, clock: StillClock) -> None:
    await drop_agent_hook(ledger, clock, ADA, 10, "toy")
    await set_agent_hook(ledger, clock, SEAL, RULES, ADA, 10, DRAFT)
    await drop_agent_hook(ledger, clock, ADA, 10, "toy")
    assert await agent_hook(ledger, ADA, 10, "toy") is None


async def test_refused(ledger: Database, clock: StillClock) -> None:
    with pytest.raises(Invalid, match="url"):
        await set_agent_hook(ledger, clock, SEAL, RULES, ADA, 10, replace(DRAFT, url="http://10.0.0.1/"))
    with pytest.raises(NotFound):
        await set_agent_hook(ledger, clock, SEAL, RULES, ADA, 99, DRAFT)
    with pytest.raises(Forbidden):
        await set_agent_hook(ledger, clock, SEAL, RULES, Actor(1, 8, Role.VIEWER), 10, DRAFT)
