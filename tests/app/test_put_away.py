"""Contacts out of sight or in another campaign, calls erased: on both databases, and the ledger balances."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clarion.app.browse import browse_attempts, browse_contacts
from clarion.app.erase_calls import erase_call
from clarion.app.move_contacts import move_contact
from clarion.app.ports.people import ContactFilters
from clarion.app.ports.reports import AttemptFilters
from clarion.app.put_away import put_away_contacts
from clarion.app.refusals import Conflict, NotFound
from clarion.core.campaigns import CampaignStatus, Plan
from clarion.core.outcomes import Channel, ContactState, FinishReason
from clarion.core.retries import Retries
from clarion.store.database import Database
from world import World, magic, make_world


@pytest.fixture
async def world(database: Database) -> World:
    return await make_world(database)


async def test_waiting_and_finished_contacts_are_put_away(world: World) -> None:
    campaign = await world.campaign(Plan(retries=Retries(max_attempts=1)))
    reached, busy = await world.people(campaign, magic("90") + magic("92"))
    await world.play()
    paused = await world.campaign(status=CampaignStatus.DRAFT)
    (waits,) = await world.people(paused, magic("90", start=300))
    who = (world.database, world.clock, world.actor)
    removal = await put_away_contacts(*who, [reached, busy, waits, 999])
    assert set(removal.removed) == {reached, busy, waits}
    assert {c.finish_reason for c in await world.contacts()} == {FinishReason.REMOVED}
    shown, total = await browse_contacts(
        world.database, world.actor, ContactFilters(without_reasons=frozenset({FinishReason.REMOVED}))
    )
    assert (list(shown), total) == ([], 0)
    again = await put_away_contacts(*who, [waits, reached])
    assert (again.removed, set(again.finished)) == ((), {waits, reached})
    await world.balance()


async def test_who_was_skipped_is_counted_anew(world: World) -> None:
    campaign = await world.campaign()
    (skipped,) = await world.people(campaign, ["+12125550147"], region=";XX")
    await world.play()
    (contact,) = await world.contacts()
    assert (contact.tries, contact.state) == (0, ContactState.FINISHED)
    await put_away_contacts(world.database, world.clock, world.actor, [skipped])
    await world.balance()


async def test_who_is_being_called_stays(world: World) -> None:
    campaign = await world.campaign()
    (live,) = await world.people(campaign, magic("91"))
    seen = []

    async def act() -> None:
        seen.append(await put_away_contacts(world.database, world.clock, world.actor, [live]))

    await world.play((timedelta(seconds=12), act))
    assert seen[0].live == (live,)
    await world.balance()


async def test_a_contact_moves_with_its_history(world: World) -> None:
    first = await world.campaign(Plan(retries=Retries(max_attempts=3)))
    second = await world.campaign(Plan(retries=Retries(max_attempts=3)))
    (contact_id,) = await world.people(first, magic("94"))

    async def act() -> None:
        moved = await move_contact(world.database, world.clock, world.actor, contact_id, second.id)
        assert (moved.campaign_id, moved.tries, moved.state) == (second.id, 1, ContactState.WAITING)

    await world.play((timedelta(minutes=5), act))
    (contact,) = await world.contacts()
    assert contact.finish_reason is FinishReason.REACHED
    assert [a.campaign_id for a in await world.attempts()] == [first.id, second.id]
    assert [a.number for a in await world.attempts()] == [1, 2]
    await world.balance()


async def test_moves_that_are_refused(world: World) -> None:
    first, second = await world.campaign(status=CampaignStatus.DRAFT), await world.campaign(status=CampaignStatus.DRAFT)
    mail = await world.campaign(channel=Channel.EMAIL, status=CampaignStatus.DRAFT)
    called_off = await world.campaign(status=CampaignStatus.CANCELLED)
    (here,) = await world.people(first, magic("90"))
    await world.people(second, magic("90"))
    who = (world.database, world.clock, world.actor)
    for target, code in ((second, "duplicate_address"), (mail, "other_channel"), (called_off, "cancelled")):
        with pytest.raises(Conflict) as refusal:
            await move_contact(*who, here, target.id)
        assert refusal.value.code == code
    with pytest.raises(NotFound):
        await move_contact(*who, here, 999)
    assert (await move_contact(*who, here, first.id)).campaign_id == first.id
    await world.balance()


async def test_a_completed_campaign_runs_for_who_is_moved_there(world: World) -> None:
    first = await world.campaign(status=CampaignStatus.DRAFT)
    done = await world.campaign(status=CampaignStatus.COMPLETED)
    (contact_id,) = await world.people(first, magic("90"))
    await move_contact(world.database, world.clock, world.actor, contact_id, done.id)
    await world.play()
    (contact,) = await world.contacts()
    assert contact.finish_reason is FinishReason.REACHED
    await world.balance()


async def test_an_erased_call_leaves_a_bare_attempt(world: World) -> None:
    campaign = await world.campaign()
    await world.people(campaign, magic("91") + magic("90"))
    await world.play()
    one, other = await world.attempts()
    await erase_call(world.database, world.actor, one.id)
    with pytest.raises(NotFound):
        await erase_call(world.database, world.actor, one.id)
    shown, total = await browse_attempts(world.database, world.actor, AttemptFilters(erased=False))
    assert ([a.id for a in shown], total) == ([other.id], 1)
    hidden, _ = await browse_attempts(world.database, world.actor, AttemptFilters(erased=True))
    assert [(a.id, dict(a.raw), dict(a.results), a.outcome) for a in hidden] == [(one.id, {}, {}, one.outcome)]
    await world.balance()
