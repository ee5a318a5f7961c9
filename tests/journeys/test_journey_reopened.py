"""People who are held, finished or repeated by hand and reopened, while the engine plays."""

from __future__ import annotations

from datetime import timedelta

from clarion.app.add_contacts import add_contacts
from clarion.app.contacts import finish_contacts, reopen_contacts
from clarion.app.held import hold_contacts, launch_contacts
from clarion.app.put_away import put_away_contacts
from clarion.app.report import campaign_numbers
from clarion.app.suppress import NewSuppression, suppress_address
from clarion.channels.sandbox.settings import Faults
from clarion.core.campaigns import CampaignStatus, Plan
from clarion.core.outcomes import FinishReason
from clarion.core.retries import Retries
from clarion.wire.contact_drafts import ContactDraft
from world import dialled, magic

HOUR = timedelta(hours=1)
NO_FAULTS = Faults(0.0, 0.0, 0.0)


async def go_on(world) -> None:
    """Play on after what people did, which the engine would see a moment later."""
    for worker in world.workers:
        worker.briefing.forget()
    await world.play()


async def test_reopened_people_are_called_again_and_the_books_balance(make_either) -> None:
    world = await make_either(faults=NO_FAULTS)
    campaign = await world.campaign(Plan(retries=Retries(max_attempts=2, delays=(HOUR,))))
    busy = await world.people(campaign, magic("92", start=312))
    talks = await world.people(campaign, magic("91", start=312))
    [stopped] = await world.people(campaign, magic("90", start=312))
    how = (world.database, world.clock, world.actor)
    await finish_contacts(*how, [stopped], FinishReason.CANCELLED)
    await world.play()
    assert dialled(world)[magic("92", start=312)[0]] == 2
    assert (await world.now(campaign)).status is CampaignStatus.COMPLETED

    assert list(await reopen_contacts(*how, [*busy, *talks, stopped])) == [*busy, *talks, stopped]
    assert (await world.now(campaign)).status is CampaignStatus.RUNNING
    await world.balance_tallies()
    await go_on(world)
    await world.balance()
    assert dict(dialled(world)) == {
        magic("92", start=312)[0]: 4,
        magic("91", start=312)[0]: 2,
        magic("90", start=312)[0]: 1,
    }
    assert (await campaign_numbers(world.database, world.actor, campaign.id)).total.skipped == {}


async def test_tries_before_are_not_held_against_who_is_reopened(make_either) -> None:
    """However few faults a campaign allows: what bounds all tries begins anew with the budget."""
    world = await make_either(faults=NO_FAULTS)
    campaign = await world.campaign(Plan(retries=Retries(max_attempts=3, delays=(HOUR,), max_faults=0)))
    people = await world.people(campaign, magic("93", start=312))
    await world.play()
    for again in (1, 2):
        await reopen_contacts(world.database, world.clock, world.actor, people)
        await go_on(world)
        [contact] = await world.contacts()
        assert (contact.tries, contact.burned) == (3 + 3 * again, 3)
        assert contact.finish_reason is FinishReason.ATTEMPTS_EXHAUSTED
    await world.balance()


async def test_who_asked_for_silence_is_not_called_when_reopened(make_either) -> None:
    world = await make_either(faults=NO_FAULTS)
    campaign = await world.campaign()
    people = await world.people(campaign, magic("91", start=312))
    await world.play()
    how = (world.database, world.clock, world.actor)
    await suppress_address(*how, NewSuppression(magic("91", start=312)[0]))
    await reopen_contacts(*how, people)
    await go_on(world)
    await world.balance()
    assert dialled(world)[magic("91", start=312)[0]] == 1
    assert [contact.finish_reason for contact in await world.contacts()] == [FinishReason.SUPPRESSED]


async def test_who_repeats_somebody_may_be_reopened_and_put_away(make_either) -> None:
    world = await make_either(faults=NO_FAULTS)
    campaign = await world.campaign(Plan(retries=Retries(max_attempts=2, delays=(HOUR,))))
    how = (world.database, world.clock, world.actor)
    drafts = [ContactDraft(magic("92", start=312)[0]) for _ in range(3)]
    ids = (await add_contacts(*how, campaign.id, None, drafts, keep_duplicates=True)).ids
    first, second, third = (n for n in ids if n is not None)
    await world.balance_tallies()
    assert await reopen_contacts(*how, [second]) == [second]
    await world.balance_tallies()
    await world.play()
    await world.balance()
    assert dialled(world)[magic("92", start=312)[0]] == 4
    assert (await put_away_contacts(*how, [second, third])).removed == (second, third)
    await world.balance()
    assert await reopen_contacts(*how, [third, second]) == [second, third]
    await go_on(world)
    await world.balance()
    by_id = {contact.id: (contact.tries, contact.finish_reason) for contact in await world.contacts()}
    spent = FinishReason.ATTEMPTS_EXHAUSTED
    assert by_id == {first: (2, spent), second: (4, spent), third: (2, spent)}


async def test_held_people_keep_a_campaign_from_completing(make_either) -> None:
    world = await make_either(faults=NO_FAULTS)
    campaign = await world.campaign()
    how = (world.database, world.clock, world.actor)
    drafts = [
        ContactDraft(magic("91", start=312)[0]),
        ContactDraft(magic("91", start=312)[0]),
        ContactDraft(magic("90", start=312)[0]),
    ]
    report = await add_contacts(*how, campaign.id, None, drafts, keep_duplicates=True, held=True)
    await world.play(until=HOUR)
    assert (dict(dialled(world)), (await world.now(campaign)).status) == ({}, CampaignStatus.RUNNING)
    await launch_contacts(*how, [n for n in report.ids if n is not None][:1], at=world.clock.now() + HOUR)
    await world.play(until=2 * HOUR)
    assert (await world.now(campaign)).status is CampaignStatus.RUNNING
    await launch_contacts(*how, [n for n in report.ids if n is not None])
    await go_on(world)
    await world.balance()
    assert dict(dialled(world)) == {magic("91", start=312)[0]: 1, magic("90", start=312)[0]: 1}
    assert (await world.now(campaign)).status is CampaignStatus.COMPLETED


async def test_held_between_two_tries(make_either) -> None:
    world = await make_either(faults=NO_FAULTS)
    campaign = await world.campaign(Plan(retries=Retries(max_attempts=2, delays=(HOUR,))))
    people = await world.people(campaign, magic("94", start=312))
    await world.play(until=HOUR / 2)
    how = (world.database, world.clock, world.actor)
    assert await hold_contacts(*how, people) == people
    await world.play(until=5 * HOUR)
    await world.balance_tallies()
    assert dialled(world)[magic("94", start=312)[0]] == 1
    await launch_contacts(*how, people)
    await go_on(world)
    assert dialled(world)[magic("94", start=312)[0]] == 2
