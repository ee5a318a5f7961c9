"""Contacts that wait to be launched, that are finished or reopened by hand, and that repeat somebody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest

import seeding
from clarion.app.actor import Actor, Role
from clarion.app.add_contacts import add_contacts
from clarion.app.batches import delete_batch, resume_batch
from clarion.app.browse import attempts_of, browse_attempts, browse_contacts
from clarion.app.contacts import ContactChange, edit_contact, finish_contacts, get_contact, reopen_contacts
from clarion.app.held import held_key, hold_contacts, launch_contacts
from clarion.app.ports.people import ContactFilters
from clarion.app.ports.reports import AttemptFilters
from clarion.app.refusals import Conflict, Invalid, NotFound
from clarion.app.report import campaign_numbers
from clarion.app.texts import change_text, create_text, delete_text, get_text, list_texts
from clarion.core.campaigns import Campaign, CampaignStatus, Plan
from clarion.core.contacts import Contact
from clarion.core.outcomes import ContactState, FinishReason, Outcome
from clarion.core.retries import Retries
from clarion.store import schema
from clarion.store.database import Database, StoredTx
from clarion.wire.contact_drafts import ContactDraft, Fallback
from seeding import NOW
from still_clock import StillClock

ADA, STRANGER = Actor(1, 7, Role.OPERATOR), Actor(2, 8, Role.OPERATOR)
PEOPLE = [ContactDraft(f"+1312555{n:04d}", reference_id=f"p{n}") for n in range(1_000, 1_004)]


@pytest.fixture
async def ledger(database: Database) -> Database:
    await seeding.organization(database)
    await seeding.organization(database, 2)
    async with database.write() as tx:
        await seeding.campaign(tx, plan=Plan(retries=Retries(max_attempts=2)))
    return database


async def add(ledger: Database, clock: StillClock, *drafts: ContactDraft, **how: bool) -> list[int]:
    report = await add_contacts(ledger, clock, ADA, 1, None, drafts or PEOPLE, **how)
    assert not report.bad
    return [contact_id for contact_id in report.ids if contact_id is not None]


async def standing(ledger: Database) -> dict[tuple[str, str], int]:
    return dict((await campaign_numbers(ledger, ADA, 1)).total.standing)


async def everybody(ledger: Database) -> Sequence[Contact]:
    return (await browse_contacts(ledger, ADA, ContactFilters(campaign_id=1), limit=99, newest_first=False))[0]


async def test_held_until_launched(ledger: Database, clock: StillClock) -> None:
    ids = await add(ledger, clock, held=True)
    held = {contact.batch_id for contact in await everybody(ledger)}
    async with ledger.read() as tx:
        batch = await tx.campaigns.get_batch(1, held_key(1))
        assert (held, batch.status) == ({batch.id}, "paused")
    later = NOW + timedelta(hours=3)
    assert await launch_contacts(ledger, clock, ADA, [*ids[:2], 999], at=later) == ids[:2]
    assert await launch_contacts(ledger, clock, ADA, ids[:2]) == []
    stand = [(contact.batch_id == batch.id, contact.next_at) for contact in await everybody(ledger)]
    assert stand == [(False, later), (False, later), (True, NOW), (True, NOW)]
    assert await standing(ledger) == {("waiting", "none"): 4}
    numbers = await campaign_numbers(ledger, ADA, 1)
    assert {lane.key: n.contacts for lane, n in numbers.batches} == {"campaign-1": 2, held_key(1): 2}


async def test_held_again_and_its_reference_goes_with_it(ledger: Database, clock: StillClock) -> None:
    ids = await add(ledger, clock)
    assert await hold_contacts(ledger, clock, ADA, ids[:1]) == ids[:1]
    assert await hold_contacts(ledger, clock, STRANGER, ids) == []
    (again,) = await add(ledger, clock, ContactDraft("+13125559999", reference_id="p1000"))
    with pytest.raises(Conflict, match="p1000"):
        await launch_contacts(ledger, clock, ADA, ids[:1])
    assert (await get_contact(ledger, ADA, again)).reference_id == "p1000"


async def test_people_cannot_let_the_whole_batch_go(ledger: Database, clock: StillClock) -> None:
    await add(ledger, clock, held=True)
    with pytest.raises(Conflict, match="one by one"):
        await resume_batch(ledger, clock, ADA, held_key(1))
    with pytest.raises(Conflict, match="held back"):
        await delete_batch(ledger, clock, ADA, held_key(1), "no more")


async def test_a_completed_campaign_runs_again_for_who_is_launched(ledger: Database, clock: StillClock) -> None:
    ids = await add(ledger, clock, held=True)
    async with ledger.write() as tx:
        await tx.campaigns.set_status(1, CampaignStatus.RUNNING, CampaignStatus.COMPLETED, NOW)
    await launch_contacts(ledger, clock, ADA, ids)
    async with ledger.read() as tx:
        assert (await tx.campaigns.get(1, 1)).status is CampaignStatus.RUNNING


async def test_finished_by_hand_and_reopened(ledger: Database, clock: StillClock) -> None:
    ids = await add(ledger, clock)
    removal = await finish_contacts(ledger, clock, ADA, ids[:2], FinishReason.CANCELLED)
    assert removal.removed == tuple(ids[:2])
    assert await standing(ledger) == {("waiting", "none"): 2, ("cancelled", "none"): 2}
    assert await reopen_contacts(ledger, clock, ADA, ids) == ids[:2]
    assert await reopen_contacts(ledger, clock, STRANGER, ids) == []
    assert await standing(ledger) == {("waiting", "none"): 4}
    first = await get_contact(ledger, ADA, ids[0])
    assert (first.state, first.finish_reason, first.next_at) == (ContactState.WAITING, None, NOW)


@pytest.mark.parametrize("burned, then", [(1, 1), (2, 0)])
async def test_a_spent_budget_starts_anew(ledger: Database, clock: StillClock, burned: int, then: int) -> None:
    async with ledger.write() as tx:
        campaign = await tx.campaigns.get(1, 1)
        await seeding.finished(
            *(tx, campaign, 5, FinishReason.ATTEMPTS_EXHAUSTED), tries=2, burned=burned, last_outcome=Outcome.BUSY
        )
        counts = {"contacts": 1, "finished:attempts_exhausted": 1, "last:busy": 1, "ended:attempts_exhausted:busy": 1}
        await seeding.tallies(tx, campaign, counts)
    await reopen_contacts(ledger, clock, ADA, [5])
    contact = await get_contact(ledger, ADA, 5)
    assert (contact.tries, contact.burned, contact.faults) == (2, then, 0)
    assert await standing(ledger) == {("waiting", "busy"): 1}


async def test_a_repeated_number_is_kept_as_finished(ledger: Database, clock: StillClock) -> None:
    twice = [ContactDraft("+13125551000"), ContactDraft("312-555-1000", variables={"name": "Ann"})]
    ids = await add(ledger, clock, *twice, keep_duplicates=True)
    first, second = await everybody(ledger)
    assert (first.state, second.state, second.finish_reason) == ("waiting", "finished", "duplicate")
    assert (second.id, second.variables, second.next_at) == (ids[1], {"name": "Ann"}, None)
    assert await standing(ledger) == {("waiting", "none"): 1, ("duplicate", "none"): 1}
    numbers = (await campaign_numbers(ledger, ADA, 1)).total
    assert (numbers.contacts, numbers.finished, numbers.skipped) == (2, 1, {"duplicate": 1})


async def test_who_is_kept_says_whom_it_repeats(ledger: Database, clock: StillClock) -> None:
    async with ledger.write() as tx:
        await seeding.endpoint(tx)
    (first,) = await add(ledger, clock, ContactDraft("+13125551000"))
    here = [
        ContactDraft("+13125551000", reference_id="a"),
        ContactDraft("+13125551001"),
        ContactDraft("+13125551001"),
        ContactDraft("+13125551002", reference_id="a"),
    ]
    report = await add_contacts(ledger, clock, ADA, 1, None, here, keep_duplicates=True)
    assert [contact_id is None for contact_id in report.ids] == [False, False, False, True]
    again, second, third, _ = report.ids
    assert [(kept.contact_id, kept.repeats) for kept in report.kept] == [(again, first), (third, second)]
    assert [(bad.line, bad.code) for bad in report.duplicates] == [(4, "duplicate_reference")]
    async with ledger.read() as tx:
        lines = list(await tx.session.execute(schema.decisions.select().order_by("id")))
        told = list(await tx.session.execute(schema.webhook_messages.select().order_by("id")))
    assert [(line.contact_id, line.verdict, line.rule, line.inputs) for line in lines] == [
        (kept.contact_id, "skipped", "duplicate", {"reason": "duplicate", "repeats": kept.repeats})
        for kept in report.kept
    ]
    assert [(message.event, message.payload["data"]["contact_id"]) for message in told] == [
        ("contact.finished", again),
        ("contact.finished", third),
    ]
    assert (await get_contact(ledger, ADA, again or 0)).reference_id == "a"


async def test_who_only_repeats_others_does_not_reopen_a_campaign(ledger: Database, clock: StillClock) -> None:
    await add(ledger, clock)
    async with ledger.write() as tx:
        await tx.campaigns.set_status(1, CampaignStatus.RUNNING, CampaignStatus.COMPLETED, NOW)
    await add(ledger, clock, ContactDraft("+13125551000"), keep_duplicates=True)
    async with ledger.read() as tx:
        assert (await tx.campaigns.get(1, 1)).status is CampaignStatus.COMPLETED


async def test_reopening_is_told_and_has_its_line(ledger: Database, clock: StillClock) -> None:
    ids = await add(ledger, clock)
    await finish_contacts(ledger, clock, ADA, ids[:1], FinishReason.REMOVED)
    async with ledger.write() as tx:
        await seeding.endpoint(tx)
    later = NOW + timedelta(hours=2)
    assert await reopen_contacts(ledger, clock, ADA, ids[:1], at=later) == ids[:1]
    assert (await get_contact(ledger, ADA, ids[0])).next_at == later
    async with ledger.read() as tx:
        lines = list(await tx.session.execute(schema.decisions.select().order_by("id")))
        told = list(await tx.session.execute(schema.webhook_messages.select()))
    assert [line.verdict for line in lines] == ["finished", "reopened"]
    assert [message.event for message in told] == ["contact.reopened"]
    assert (await campaign_numbers(ledger, ADA, 1)).total.skipped == {}


async def nothing_is_over(tx: StoredTx, campaign: Campaign) -> None:
    """The campaign and its batch go on."""


async def cancelled(tx: StoredTx, campaign: Campaign) -> None:
    await tx.campaigns.set_status(1, CampaignStatus.RUNNING, CampaignStatus.CANCELLED, NOW)


async def ended(tx: StoredTx, campaign: Campaign) -> None:
    await tx.campaigns.update(replace(campaign, end_at=NOW))


async def batch_expired(tx: StoredTx, campaign: Campaign) -> None:
    batch = await tx.campaigns.get_batch(1, "campaign-1")
    await tx.campaigns.update_batch(replace(batch, expires_at=NOW))


@pytest.mark.parametrize(
    ("over", "refusal"),
    [(nothing_is_over, None), (cancelled, Conflict), (ended, Invalid), (batch_expired, Conflict)],
)
async def test_nobody_comes_back_to_what_is_over(
    ledger: Database,
    clock: StillClock,
    over: Callable[[StoredTx, Campaign], Awaitable[None]],
    refusal: type[Exception] | None,
) -> None:
    removed, held = (await add(ledger, clock))[:2]
    await finish_contacts(ledger, clock, ADA, [removed], FinishReason.REMOVED)
    await hold_contacts(ledger, clock, ADA, [held])
    async with ledger.write() as tx:
        await over(tx, await tx.campaigns.get(1, 1))
    before = await standing(ledger)
    for back in (reopen_contacts(ledger, clock, ADA, [removed]), launch_contacts(ledger, clock, ADA, [held])):
        with pytest.raises(refusal) if refusal is not None else nullcontext():
            await back
    assert (await standing(ledger) == before) == (refusal is not None)


async def test_long_lists_are_held_and_launched_in_parts(
    ledger: Database, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clarion.app.held.CHUNK", 3)
    ids = await add(ledger, clock)
    async with ledger.write() as tx:
        await seeding.campaign(tx, 3, 2)
        await seeding.person(tx, await tx.campaigns.get(2, 3), 900)
    assert await hold_contacts(ledger, clock, ADA, [*ids, 900]) == ids
    assert await launch_contacts(ledger, clock, ADA, [900, *ids, *ids]) == ids
    numbers = await campaign_numbers(ledger, ADA, 1)
    assert {lane.key: n.contacts for lane, n in numbers.batches} == {"campaign-1": 4, held_key(1): 0}


async def test_what_a_contact_was_last_known_by_moves_with_it(ledger: Database, clock: StillClock) -> None:
    async with ledger.write() as tx:
        campaign = await tx.campaigns.get(1, 1)
        await seeding.person(tx, campaign, 5, tries=1, burned=1, last_outcome=Outcome.BUSY, goal_reached=True)
        await seeding.tallies(tx, campaign, {"contacts": 1, "last:busy": 1, "goal": 1})
    await hold_contacts(ledger, clock, ADA, [5])
    by_key = {lane.key: n for lane, n in (await campaign_numbers(ledger, ADA, 1)).batches}
    for key, n in (("campaign-1", 0), (held_key(1), 1)):
        numbers = by_key[key]
        assert (numbers.contacts, numbers.goals, numbers.standing.get(("waiting", "busy"), 0)) == (n, n, n)


async def test_pages_have_totals(ledger: Database, clock: StillClock) -> None:
    ids = await add(ledger, clock)
    await finish_contacts(ledger, clock, ADA, ids[:1], FinishReason.REMOVED)
    page, total = await browse_contacts(ledger, ADA, ContactFilters(campaign_id=1), offset=1, limit=2)
    assert ([contact.id for contact in page], total) == ([ids[2], ids[1]], 4)
    kept = ContactFilters(campaign_ids=frozenset({1}), without_reasons=frozenset({FinishReason.REMOVED}))
    assert (await browse_contacts(ledger, ADA, kept))[1] == 3
    assert (await browse_contacts(ledger, ADA, ContactFilters(address_part="5551003")))[1] == 1
    assert (await browse_contacts(ledger, ADA, ContactFilters(min_tries=1)))[1] == 0
    assert (await browse_contacts(ledger, ADA, ContactFilters(created_since=NOW + timedelta(seconds=1))))[1] == 0
    assert (await browse_contacts(ledger, STRANGER, ContactFilters()))[1] == 0
    with pytest.raises(NotFound):
        await browse_contacts(ledger, STRANGER, ContactFilters(campaign_id=1))


async def test_attempts_by_page_and_by_contact(ledger: Database, clock: StillClock) -> None:
    async with ledger.write() as tx:
        campaign = await tx.campaigns.get(1, 1)
        for n in (1, 2, 3):
            await seeding.attempt(tx, campaign, n, 7, number=n)
        await seeding.attempt(tx, campaign, 4, 7, number=3, state="taken_back")
        await seeding.attempt(tx, campaign, 5, 8)
    page, total = await browse_attempts(ledger, ADA, AttemptFilters(contact_ids=frozenset({7})), offset=1, limit=1)
    assert ([attempt.id for attempt in page], total) == ([2], 3)
    by_contact = await attempts_of(ledger, ADA, [7, 8, 9])
    assert {n: [attempt.id for attempt in some] for n, some in by_contact.items()} == {7: [1, 2, 3], 8: [5]}
    assert await attempts_of(ledger, STRANGER, [7, 8]) == {}


async def test_a_fallback_keeps_its_variables_when_others_change(ledger: Database, clock: StillClock) -> None:
    draft = ContactDraft("+13125551000", fallbacks=(Fallback("+13125551001", {"name": "Bea"}),))
    (contact_id,) = await add(ledger, clock, draft)
    after = await edit_contact(ledger, clock, ADA, contact_id, ContactChange(priority=7))
    assert [(one.value, dict(one.variables)) for one in after.fallbacks] == [("+13125551001", {"name": "Bea"})]


async def test_texts_in_their_drawers(ledger: Database, clock: StillClock) -> None:
    prompt = await create_text(ledger, clock, ADA, "prompt", "Recall", "You call patients.", {"version": 1})
    await create_text(ledger, clock, ADA, "greeting", "Hello", "Hello!")
    assert await list_texts(ledger, ADA, "prompt") == [prompt]
    changed = await change_text(ledger, clock, ADA, "prompt", prompt.id, {"body": "You call."})
    assert (changed.body, changed.name, (await get_text(ledger, ADA, "prompt", prompt.id)).body) == (
        *("You call.", "Recall"),
        "You call.",
    )
    for actor, kind in ((STRANGER, "prompt"), (ADA, "greeting")):
        with pytest.raises(NotFound):
            await get_text(ledger, actor, kind, prompt.id)
    await delete_text(ledger, ADA, "prompt", prompt.id)
    assert await list_texts(ledger, ADA, "prompt") == []
