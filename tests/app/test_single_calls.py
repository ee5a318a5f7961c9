"""Single calls: answered at once with who stands for them, one campaign per kind, every rule of a campaign's."""

from __future__ import annotations

from datetime import timedelta

import pytest

import seeding
from clarion.app.actor import Actor, Role
from clarion.app.campaigns import list_campaigns
from clarion.app.ports.campaigns import CampaignFilters
from clarion.app.refusals import Forbidden, Invalid
from clarion.app.single_calls import EXTRAS, SingleCall, is_single_calls, place_call
from clarion.core.campaigns import CampaignStatus, Plan
from clarion.core.outcomes import ContactState
from clarion.core.retries import Retries
from clarion.store.database import Database
from clarion.wire.contact_drafts import ContactDraft
from seeding import NOW
from still_clock import StillClock

ADA = Actor(1, 7, Role.OPERATOR)
CALL = SingleCall(ContactDraft("+13125550143", variables={"name": "Ann"}), agent_id=10)


@pytest.fixture
async def ledger(database: Database) -> Database:
    await seeding.organization(database)
    return database


async def test_it_waits_in_a_running_campaign_of_its_own(ledger: Database, clock: StillClock) -> None:
    contact = await place_call(ledger, clock, ADA, CALL)
    assert (contact.state, contact.address, contact.next_at) == (ContactState.WAITING, "+13125550143", NOW)
    (campaign,) = await list_campaigns(ledger, ADA, CampaignFilters())
    assert (campaign.id, campaign.status, campaign.agent_id) == (contact.campaign_id, CampaignStatus.RUNNING, 10)
    assert is_single_calls(campaign)
    assert not campaign.plan.complete_when_empty


async def test_the_same_kind_shares_a_campaign_and_another_kind_does_not(ledger: Database, clock: StillClock) -> None:
    first = await place_call(ledger, clock, ADA, CALL)
    again = await place_call(ledger, clock, ADA, CALL)
    twice = SingleCall(CALL.draft, agent_id=10, plan=Plan(retries=Retries(max_attempts=2)))
    other = await place_call(ledger, clock, ADA, twice)
    assert first.id != again.id
    assert first.campaign_id == again.campaign_id != other.campaign_id


async def test_at_an_instant_and_with_extras(ledger: Database, clock: StillClock) -> None:
    later = NOW + timedelta(hours=2)
    call = SingleCall(CALL.draft, agent_id=10, at=later, extras={"metadata": {"order": 7}})
    contact = await place_call(ledger, clock, ADA, call)
    assert contact.next_at == later
    assert contact.variables == {"name": "Ann", EXTRAS: {"metadata": {"order": 7}}}


async def test_what_is_wrong_leaves_nothing_behind(ledger: Database, clock: StillClock) -> None:
    with pytest.raises(Invalid, match="address"):
        await place_call(ledger, clock, ADA, SingleCall(ContactDraft("12")))
    with pytest.raises(Invalid, match="agent_id"):
        await place_call(ledger, clock, ADA, SingleCall(CALL.draft, agent_id=99))
    with pytest.raises(Forbidden):
        await place_call(ledger, clock, Actor(1, 8, Role.VIEWER), CALL)
    assert not await list_campaigns(ledger, ADA, CampaignFilters())
