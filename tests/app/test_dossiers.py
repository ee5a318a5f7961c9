"""What is known along with contacts, how campaigns stand at once, and contacts found by what they are and say."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import seeding
from clarion.app.actor import Actor, Role
from clarion.app.add_contacts import add_contacts
from clarion.app.browse import browse_contacts
from clarion.app.contacts import get_contact, reopen_contacts
from clarion.app.dossiers import dossier, dossiers
from clarion.app.held import hold_contacts, launch_contacts
from clarion.app.ports.people import ContactFilters
from clarion.app.refusals import Invalid, NotFound
from clarion.app.report import numbers
from clarion.app.standings import standing_of, standings_of
from clarion.core.campaigns import CampaignStatus
from clarion.core.outcomes import ContactState, FinishReason, Outcome
from clarion.store.database import Database
from clarion.wire.contact_drafts import ContactDraft
from seeding import NOW
from still_clock import StillClock

ADA, STRANGER = Actor(1, 7, Role.OPERATOR), Actor(2, 8, Role.OPERATOR)
HOUR = timedelta(hours=1)


@pytest.fixture
async def ledger(database: Database) -> Database:
    """Campaign 1 with an agent, campaign 2 without; 11 waits, 12 was busy, 13 said hello, 21 waits for later."""
    await seeding.organization(database, 1)
    await seeding.organization(database, 2)
    async with database.write() as tx:
        first = await seeding.campaign(tx, 1, agent_id=10)
        second = await seeding.campaign(tx, 2, sender_id=10)
        await seeding.person(tx, first, 11, variables={"city": "Évora 50%", "name": "Ann"})
        await seeding.finished(tx, first, 12, FinishReason.ATTEMPTS_EXHAUSTED, tries=3, last_outcome=Outcome.BUSY)
        await seeding.finished(tx, first, 13, FinishReason.REACHED, tries=1, last_outcome=Outcome.COMPLETED)
        await seeding.person(tx, second, 21, next_at=NOW + HOUR)
        await seeding.campaign(tx, 3, 2)
    return database


async def found(ledger: Database, filters: ContactFilters) -> list[int]:
    page, total = await browse_contacts(ledger, ADA, filters, limit=99, newest_first=False)
    assert total == len(page)
    return [contact.id for contact in page]


WAITING = ContactFilters(states=frozenset({ContactState.WAITING}))
BUSY = frozenset({Outcome.BUSY})


@pytest.mark.parametrize(
    "filters, ids",
    [
        (ContactFilters(ids=frozenset({12, 21, 99})), [12, 21]),
        (ContactFilters(ids=frozenset()), []),
        (ContactFilters(text_part="VORA 50%"), [11]),
        (ContactFilters(text_part="50_"), []),
        (ContactFilters(text_part="ann"), [11]),
        (ContactFilters(without_outcomes=BUSY), [11, 13, 21]),
        (ContactFilters(due_since=NOW + HOUR), [21]),
        (ContactFilters(due_until=NOW + HOUR), [11]),
        (ContactFilters(held=True), []),
        (ContactFilters(held=False, campaign_id=2), [21]),
        (ContactFilters(all_of=((),)), []),
        (ContactFilters(all_of=((WAITING, ContactFilters(last_outcomes=BUSY)),)), [11, 12, 21]),
        (ContactFilters(all_of=((WAITING, ContactFilters(last_outcomes=BUSY)), (ContactFilters(campaign_id=1),))),
         [11, 12]),
    ],
)  # fmt: skip
async def test_found_by(ledger: Database, filters: ContactFilters, ids: list[int]) -> None:
    assert await found(ledger, filters) == ids


async def test_dossiers(ledger: Database, clock: StillClock) -> None:
    await hold_contacts(ledger, clock, ADA, [11])
    contacts = [await get_contact(ledger, ADA, n) for n in (21, 11, 13)]
    told = await dossiers(ledger, ADA, contacts)
    assert [(each.contact.id, each.campaign.id, each.held) for each in told] == [
        (21, 2, False),
        (11, 1, True),
        (13, 1, False),
    ]
    assert [each.agent and each.agent.name for each in told] == [None, "Ada", "Ada"]
    assert [each.caller for each in told] == ["+12125550100"] * 3
    assert (await dossier(ledger, ADA, 11)).held
    with pytest.raises(NotFound):
        await dossier(ledger, STRANGER, 11)
    assert await dossiers(ledger, ADA, []) == []
    assert await found(ledger, ContactFilters(held=True)) == [11]


async def test_who_is_held_keeps_their_instant(ledger: Database, clock: StillClock) -> None:
    assert await hold_contacts(ledger, clock, ADA, [21]) == [21]
    held = await get_contact(ledger, ADA, 21)
    assert held.next_at == NOW + HOUR
    await launch_contacts(ledger, clock, ADA, [21], at=held.next_at)
    assert (await get_contact(ledger, ADA, 21)).next_at == NOW + HOUR


@pytest.mark.parametrize("at, due", [(None, NOW), (NOW - HOUR, NOW), (NOW + HOUR, NOW + HOUR)])
async def test_reopened_for_an_instant(ledger: Database, clock: StillClock, at: Any, due: Any) -> None:
    assert await reopen_contacts(ledger, clock, ADA, [12], at=at) == [12]
    contact = await get_contact(ledger, ADA, 12)
    assert (contact.next_at, contact.not_before) == (due, due)


async def test_all_or_none(ledger: Database, clock: StillClock) -> None:
    drafts = [ContactDraft("+13125551000"), ContactDraft("12")]
    with pytest.raises(Invalid, match=r"contacts\.1\.address"):
        await add_contacts(ledger, clock, ADA, 1, None, drafts, all_or_none=True)
    assert await found(ledger, ContactFilters(campaign_id=1)) == [11, 12, 13]


async def test_how_campaigns_stand(ledger: Database, clock: StillClock) -> None:
    async with ledger.write() as tx:
        first, second = await tx.campaigns.get(1, 1), await tx.campaigns.get(1, 2)
        await seeding.tallies(tx, first, {"contacts": 1})
        await seeding.tallies(tx, second, {"contacts": 1})
    await hold_contacts(ledger, clock, ADA, [11])
    both = await standings_of(ledger, ADA, [first, second])
    assert {n: (total.contacts, held.waiting) for n, (total, held) in both.items()} == {1: (1, 1), 2: (1, 0)}
    assert await standing_of(ledger, ADA, first) == both[1]
    over = replace(first, status=CampaignStatus.COMPLETED)
    assert (await standings_of(ledger, ADA, [over]))[1][1].waiting == 0
    assert await standings_of(ledger, ADA, []) == {}


def test_what_agents_told_is_counted() -> None:
    told = numbers({"outcome:completed": 3, "told:completed:interested": 2, "told:completed:completed": 1}, {}).told
    assert told == {("completed", "interested"): 2, ("completed", "completed"): 1}
