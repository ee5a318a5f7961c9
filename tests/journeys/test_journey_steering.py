"""People who steer while it runs: pause, resume, cancel, edit, add. Nobody is lost, nobody is reached twice."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from clarion.app.add_contacts import add_contacts
from clarion.app.batches import delete_batch
from clarion.app.steer import cancel_campaign, complete_campaign, pause_campaign, reopen_campaign, resume_campaign
from clarion.channels.sandbox.settings import Faults
from clarion.core.campaigns import CampaignStatus, Plan
from clarion.core.outcomes import ContactState, FinishReason
from clarion.core.pacing import Pacing
from clarion.core.retries import Retries
from clarion.wire.contact_drafts import ContactDraft
from world import MONDAY, dialled, magic, numbers

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
PERFECT = Faults(0.0, 0.0, 0.0)


def drafts(count: int, start: int) -> list[ContactDraft]:
    return [ContactDraft(address=number, reference_id=f"d{number}") for number in numbers(count, start)]


def act(world, use_case, campaign):
    async def do() -> None:
        await use_case(world.database, world.clock, world.actor, campaign.id)

    return do


async def test_pauses_hold_everybody_and_reach_nobody_twice(make_either) -> None:
    world = await make_either(faults=PERFECT)
    campaign = await world.campaign(Plan(pacing=Pacing(per_hour=120)))
    await world.people(campaign, numbers(120))
    pause, resume = act(world, pause_campaign, campaign), act(world, resume_campaign, campaign)
    away = [(10, 25), (40, 41), (50, 70)]
    acts = [(MINUTE * at, does) for a, b in away for at, does in ((a, pause), (b, resume))]
    await world.play(*acts)
    attempts = await world.attempts()
    minutes = [(a.begun_at - MONDAY) / MINUTE for a in attempts]
    assert not [m for m in minutes if any(a <= m < b for a, b in away)]
    assert Counter(a.contact_id for a in attempts) == {c.id: 1 for c in await world.contacts()}
    assert set(dialled(world).values()) == {1}
    assert (await world.now(campaign)).status is CampaignStatus.COMPLETED
    await world.balance()


async def test_a_cancelled_campaign_ends_with_everybody_cancelled(make_either) -> None:
    """Calls that are live when it is cancelled end by themselves, and are not retried."""
    world = await make_either(faults=PERFECT)
    campaign = await world.campaign(Plan(pacing=Pacing(max_concurrent=20), retries=Retries(max_attempts=3)))
    await world.people(campaign, magic("93", 100))
    await world.play((timedelta(seconds=70), act(world, cancel_campaign, campaign)))
    assert len(await world.attempts()) == 60
    contacts = await world.contacts()
    assert Counter(c.finish_reason for c in contacts) == {FinishReason.CANCELLED: 100}
    assert {c.tries for c in contacts} == {0, 1}
    await world.balance()
    async with world.database.read() as tx:
        assert {b.bands for b in await tx.campaigns.batches_of([campaign.id])} == {0}
        assert await tx.campaigns.unswept() == []


async def test_completing_by_hand_and_reopening(make_world) -> None:
    world = await make_world(faults=PERFECT)
    campaign = await world.campaign(Plan(pacing=Pacing(per_hour=60)))
    await world.people(campaign, numbers(40))

    async def more() -> None:
        await reopen_campaign(world.database, world.clock, world.actor, campaign.id)
        await add_contacts(world.database, world.clock, world.actor, campaign.id, None, drafts(5, 500))

    await world.play((10 * MINUTE, act(world, complete_campaign, campaign)), (30 * MINUTE, more))
    reasons = Counter(c.finish_reason for c in await world.contacts())
    assert reasons[FinishReason.EXPIRED] == 30
    assert len(await world.attempts()) == 15
    assert (await world.now(campaign)).status is CampaignStatus.COMPLETED
    await world.balance()


async def test_contacts_added_while_it_runs_and_after_it_completed(make_either) -> None:
    world = await make_either(faults=PERFECT)
    campaign = await world.campaign()
    await world.people(campaign, numbers(10))
    statuses = []

    def adding(start: int):
        async def add() -> None:
            statuses.append((await world.now(campaign)).status)
            await add_contacts(world.database, world.clock, world.actor, campaign.id, None, drafts(10, start))
            statuses.append((await world.now(campaign)).status)

        return add

    await world.play((timedelta(seconds=20), adding(100)), (2 * HOUR, adding(200)), (4 * HOUR, adding(300)))
    running, completed = CampaignStatus.RUNNING, CampaignStatus.COMPLETED
    assert statuses == [running, running, completed, running, completed, running]
    assert Counter(a.contact_id for a in await world.attempts()) == {c.id: 1 for c in await world.contacts()}
    assert len(await world.contacts()) == 40
    assert (await world.now(campaign)).status is completed
    await world.balance()


@pytest.mark.parametrize("waits", [True, False])
async def test_an_empty_campaign_waits_for_its_first_contact(make_world, waits: bool) -> None:
    world = await make_world(faults=PERFECT)
    campaign = await world.campaign(Plan(complete_when_empty=not waits))
    running = []

    async def add() -> None:
        running.append((await world.now(campaign)).status)
        await add_contacts(world.database, world.clock, world.actor, campaign.id, None, drafts(3, 0))

    await world.play((HOUR, add))
    assert running == [CampaignStatus.RUNNING]
    assert len(await world.attempts()) == 3
    ended = CampaignStatus.RUNNING if waits else CampaignStatus.COMPLETED
    assert (await world.now(campaign)).status is ended


async def test_a_contact_that_comes_in_as_the_campaign_completes_is_not_lost(make_world, monkeypatch) -> None:
    """It comes between the look at an empty queue and the lock that ends the campaign."""
    world = await make_world(faults=PERFECT)
    campaign = await world.campaign()
    await world.people(campaign, numbers(1))
    from clarion.app import tend

    look = tend._anybody
    came = []

    async def look_and_be_overtaken(ledger, of, batches) -> bool:
        found = await look(ledger, of, batches)
        if not found and not came:
            came.append(await add_contacts(world.database, world.clock, world.actor, of.id, None, drafts(1, 50)))
        return found

    monkeypatch.setattr(tend, "_anybody", look_and_be_overtaken)
    await world.play()
    assert came
    assert len(await world.attempts()) == 2
    assert (await world.now(campaign)).status is CampaignStatus.COMPLETED
    await world.balance()


async def test_a_deleted_batch_is_swept_and_the_others_go_on(make_world) -> None:
    world = await make_world(faults=PERFECT)
    campaign = await world.campaign(Plan(pacing=Pacing(per_hour=60)))
    batch = await world.batch(campaign, "wrong list")
    await world.people(campaign, numbers(30))
    wrong = await world.people(campaign, numbers(30, 500), batch=batch)

    async def delete() -> None:
        await delete_batch(world.database, world.clock, world.actor, "wrong list", "the wrong list")

    await world.play((10 * MINUTE, delete))
    contacts = {c.id: c for c in await world.contacts()}
    cancelled = [c for c in contacts.values() if c.finish_reason is FinishReason.CANCELLED]
    assert {c.id for c in cancelled} <= set(wrong)
    assert len(cancelled) >= 20
    assert all(contacts[n].tries == 1 for n in contacts.keys() - set(wrong))
    assert (await world.now(campaign)).status is CampaignStatus.COMPLETED
    await world.balance()


async def test_a_large_sweep_goes_in_chunks(make_either, monkeypatch) -> None:
    monkeypatch.setattr("clarion.app.tend.CHUNK", 100)
    world = await make_either(faults=PERFECT)
    campaign = await world.campaign(Plan(pacing=Pacing(per_hour=60)))
    await world.people(campaign, numbers(1_050))
    await world.play((2 * MINUTE, act(world, cancel_campaign, campaign)))
    reasons = Counter(c.finish_reason for c in await world.contacts())
    assert reasons[FinishReason.CANCELLED] == 1_048
    assert {c.state for c in await world.contacts()} == {ContactState.FINISHED}
    await world.balance()


async def test_a_disabled_sender_is_used_no_more(make_world) -> None:
    world = await make_world(faults=PERFECT)
    campaign = await world.campaign(Plan(pacing=Pacing(per_hour=60)))
    await world.people(campaign, numbers(40))

    async def off() -> None:
        await world.senders(enabled=False)

    async def on() -> None:
        await world.senders(enabled=True)

    await world.play((10 * MINUTE, off), (30 * MINUTE, on))
    minutes = [(a.begun_at - MONDAY) // MINUTE for a in await world.attempts()]
    assert minutes == [*range(10), *range(30, 60)]
    await world.balance()
