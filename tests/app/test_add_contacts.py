"""Contacts come in one by one and in bulk, are told apart from those that are there, and can be changed and removed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from clarion.app.actor import Actor, Role
from clarion.app.add_contacts import add_contacts
from clarion.app.contacts import (
    ContactChange,
    contact_by_reference,
    edit_contact,
    get_contact,
    list_contacts,
    remove_contacts,
)
from clarion.app.ports.organizations import Organization, Settings
from clarion.app.ports.people import ContactFilters
from clarion.app.refusals import Conflict, Forbidden, Invalid, NotFound
from clarion.core.campaigns import Batch, BatchStatus, Campaign, CampaignStatus, Plan
from clarion.core.outcomes import Channel, ContactState, FinishReason
from clarion.store import schema
from clarion.store.database import Database
from clarion.wire.contact_drafts import ContactDraft

ACTOR = Actor(1, 1, Role.OPERATOR)
STRANGER = Actor(2, 2, Role.OWNER)
A, B, C = "+15125551234", "+15125551235", "+15125551236"


@pytest.fixture
async def ledger(database: Database, clock: Any) -> Database:
    """Two organisations; campaigns 1 (voice, running), 2 (e-mail, draft) of the first."""
    now = clock.now()
    async with database.write() as tx:
        for n in (1, 2):
            await tx.organizations.add_organization(Organization(n, f"o{n}", Settings(), now))
        for n, channel, status in (
            (1, Channel.VOICE, CampaignStatus.RUNNING),
            (2, Channel.EMAIL, CampaignStatus.DRAFT),
        ):
            campaign = Campaign(n, 1, f"c{n}", channel, status, Plan(), 1, created_at=now, updated_at=now)
            await tx.campaigns.insert(campaign)
    return database


async def add(ledger: Database, clock: Any, *addresses: str, **more: Any) -> Any:
    campaign_id = more.pop("campaign_id", 1)
    allow = more.pop("allow_duplicates", False)
    drafts = [ContactDraft(address, **more) for address in addresses]
    return await add_contacts(ledger, clock, ACTOR, campaign_id, None, drafts, allow_duplicates=allow)


async def tallies(ledger: Database) -> dict[str, int]:
    async with ledger.read() as tx:
        sums = select(schema.tallies.c.key, func.sum(schema.tallies.c.n)).group_by(schema.tallies.c.key)
        return {row[0]: int(row[1]) for row in await tx.session.execute(sums)}


async def test_contacts_wait_in_the_queue_due_at_once(ledger: Database, clock: Any) -> None:
    draft = ContactDraft(
        "512-555-1234",
        reference_id="r1",
        fallbacks=("512-555-1235",),
        variables={"name": "Ann", "visits": 3},
        postal_code="33139",
        priority=8,
    )
    report = await add_contacts(ledger, clock, ACTOR, 1, None, [draft])
    (contact_id,) = report.ids
    assert contact_id is not None
    contact = await get_contact(ledger, ACTOR, contact_id)
    assert (contact.address, contact.reference_id, contact.state) == (A, "r1", ContactState.WAITING)
    assert contact.variables == {"name": "Ann", "visits": 3}
    assert [f.value for f in contact.fallbacks] == [B]
    assert contact.region_key == contact.home_region_key == "America/New_York;US,US-FL,US-TX"
    assert (contact.next_at, contact.not_before, contact.person) == (clock.now(), clock.now(), A)
    assert contact == await contact_by_reference(ledger, ACTOR, "campaign-1", "r1")
    async with ledger.read() as tx:
        batch = await tx.campaigns.get_batch(1, "campaign-1")
        waiting = await tx.queue.next_due({batch.id: batch.bands})
    assert batch.bands == 0b11 << 16
    assert waiting == {batch.id: clock.now()}
    assert (await tallies(ledger))["contacts"] == 1


async def test_each_draft_is_taken_or_reported(ledger: Database, clock: Any) -> None:
    report = await add(ledger, clock, "512-555-1234", "nonsense", "512-555-1235", "(512) 555 1234", "512")
    assert [n is not None for n in report.ids] == [True, False, True, False, False]
    assert [(d.line, d.code) for d in report.duplicates] == [(4, "duplicate_address")]
    assert [(b.line, b.code, b.field) for b in report.bad] == [
        (2, "not_a_number", "address"),
        (5, "too_short", "address"),
    ]


async def test_addresses_are_unique_in_a_campaign_and_references_in_a_batch(ledger: Database, clock: Any) -> None:
    async with ledger.write() as tx:
        for n, key in ((11, "b1"), (12, "b2")):
            now = clock.now()
            await tx.campaigns.insert_batch(Batch(n, 1, 1, key, BatchStatus.ACTIVE, created_at=now, updated_at=now))

    async def one(batch: str, address: str, reference: str | None, **more: Any) -> str:
        report = await add_contacts(ledger, clock, ACTOR, 1, batch, [ContactDraft(address, reference)], **more)
        return report.duplicates[0].code if report.duplicates else "added"

    assert await one("b1", A, "r1") == "added"
    assert await one("b1", B, "r1") == "duplicate_reference"
    assert await one("b2", A, "r2") == "duplicate_address"
    assert await one("b2", B, "r1") == "added"
    assert await one("b1", A, "r3", allow_duplicates=True) == "added"
    assert await one("b1", A, "r1", allow_duplicates=True) == "duplicate_reference"
    assert (await tallies(ledger))["contacts"] == 3


async def test_mail_addresses_have_one_spelling(ledger: Database, clock: Any) -> None:
    drafts = ["Ann <Ann@Example.COM>", "Ann@example.com", "bob@münchen.example", "no@where", "@x.org"]
    report = await add(ledger, clock, *drafts, campaign_id=2)
    addresses = [c.address for c in await list_contacts(ledger, ACTOR, ContactFilters(campaign_id=2))]
    assert addresses == ["Ann@example.com", "bob@xn--mnchen-3ya.example"]
    assert [(b.line, b.code) for b in report.bad] == [(4, "bad_domain"), (5, "bad_local_part")]


async def test_a_large_addition_is_the_same_as_many_small_ones(ledger: Database, clock: Any) -> None:
    addresses = [f"512-555-{n:04d}" for n in range(1_500)]
    report = await add(ledger, clock, *addresses, *addresses[:10])
    assert len({n for n in report.ids if n is not None}) == 1_500
    assert len(report.duplicates) == 10
    seen: list[int] = []
    while page := await list_contacts(
        ledger, ACTOR, ContactFilters(campaign_id=1), after=seen[-1] if seen else None, limit=400
    ):
        seen += [contact.id for contact in page]
    assert seen == sorted(n for n in report.ids if n is not None)


async def test_a_completed_campaign_reopens_when_somebody_new_comes(ledger: Database, clock: Any) -> None:
    async def complete() -> None:
        async with ledger.write() as tx:
            await tx.session.execute(
                update(schema.campaigns).values(status=CampaignStatus.COMPLETED, finished_at=clock.now())
            )

    async def status() -> CampaignStatus:
        async with ledger.read() as tx:
            return (await tx.campaigns.get(1, 1)).status

    await add(ledger, clock, A)
    await complete()
    await add(ledger, clock, A, "nonsense")
    assert await status() is CampaignStatus.COMPLETED
    await add(ledger, clock, B)
    assert await status() is CampaignStatus.RUNNING
    async with ledger.read() as tx:
        rules = (await tx.session.execute(select(schema.decisions.c.rule))).scalars().all()
        assert (await tx.campaigns.get(1, 1)).finished_at is None
    assert rules == ["contacts_added"]


async def test_what_is_over_takes_nobody(ledger: Database, clock: Any) -> None:
    async with ledger.write() as tx:
        now = clock.now()
        batch = Batch(11, 1, 1, "b", BatchStatus.ACTIVE, created_at=now, updated_at=now)
        await tx.campaigns.insert_batch(replace(batch, expires_at=now + timedelta(hours=1)))
    drafts = [ContactDraft(A)]
    clock.advance(timedelta(hours=1))
    with pytest.raises(Conflict, match="over"):
        await add_contacts(ledger, clock, ACTOR, 1, "b", drafts)
    with pytest.raises(NotFound):
        await add_contacts(ledger, clock, ACTOR, 2, "b", drafts)
    async with ledger.write() as tx:
        await tx.session.execute(update(schema.campaigns).values(status=CampaignStatus.CANCELLED))
    with pytest.raises(Conflict, match="cancelled"):
        await add_contacts(ledger, clock, ACTOR, 1, None, drafts)


async def test_who_may(ledger: Database, clock: Any) -> None:
    with pytest.raises(Forbidden):
        await add_contacts(ledger, clock, Actor(1, 1, Role.VIEWER), 1, None, [ContactDraft(A)])
    with pytest.raises(NotFound):
        await add_contacts(ledger, clock, STRANGER, 1, None, [ContactDraft(A)])
    (contact_id,) = (await add(ledger, clock, A)).ids
    with pytest.raises(NotFound):
        await get_contact(ledger, STRANGER, contact_id)
    assert await list_contacts(ledger, STRANGER, ContactFilters(address=A)) == []
    assert (await remove_contacts(ledger, clock, STRANGER, [contact_id])).removed == ()
    with pytest.raises(NotFound):
        await edit_contact(ledger, clock, STRANGER, contact_id, ContactChange({"x": 1}))


async def test_lists_are_filtered(ledger: Database, clock: Any) -> None:
    report = await add(ledger, clock, A, B, C)
    await remove_contacts(ledger, clock, ACTOR, [report.ids[1]])

    async def listed(**wanted: Any) -> list[str]:
        return [c.address for c in await list_contacts(ledger, ACTOR, ContactFilters(campaign_id=1, **wanted))]

    assert await listed() == [A, B, C]
    assert await listed(address="(512) 555-1236") == [C]
    assert await listed(states=frozenset({ContactState.WAITING})) == [A, C]
    assert await listed(finish_reasons=frozenset({FinishReason.REMOVED})) == [B]
    with pytest.raises(NotFound):
        await list_contacts(ledger, STRANGER, ContactFilters(campaign_id=1))


async def test_an_edit_merges_variables_and_moves_the_contact(ledger: Database, clock: Any) -> None:
    (contact_id,) = (await add(ledger, clock, A, variables={"name": "Ann", "old": 1})).ids
    clock.advance(timedelta(hours=2))
    change = ContactChange({"name": "Bea", "old": None}, address="212-555-0147", priority=9)
    contact = await edit_contact(ledger, clock, ACTOR, contact_id, change)
    assert contact.variables == {"name": "Bea"}
    assert (contact.address, contact.person, contact.priority) == ("+12125550147", "+12125550147", 9)
    assert contact.region_key == contact.home_region_key == "America/New_York;US,US-NY"
    assert contact.next_at == clock.now()
    async with ledger.write() as tx:
        batch = await tx.campaigns.get_batch(1, "campaign-1")
        assert [c.id for c in await tx.queue.due(batch.id, 18, clock.now(), 10)] == [contact_id]
        verdicts = (await tx.session.execute(select(schema.decisions.c.verdict))).scalars().all()
    assert verdicts == ["edited"]
    zoned = await edit_contact(ledger, clock, ACTOR, contact_id, ContactChange(timezone="Europe/Paris"))
    assert (zoned.zone, zoned.region_key) == ("Europe/Paris", "Europe/Paris;US,US-NY")
    cleared = await edit_contact(ledger, clock, ACTOR, contact_id, ContactChange(timezone=""))
    assert (cleared.zone, cleared.region_key) == (None, "America/New_York;US,US-NY")


@pytest.mark.parametrize(
    "change,field",
    [
        (ContactChange(address="nonsense"), "address"),
        (ContactChange(fallbacks=("1",)), "fallbacks"),
        (ContactChange(timezone="Nowhere/Land"), "timezone"),
        (ContactChange(priority=10), "priority"),
    ],
)
async def test_a_wrong_edit_names_the_field(ledger: Database, clock: Any, change: ContactChange, field: str) -> None:
    (contact_id,) = (await add(ledger, clock, A)).ids
    with pytest.raises(Invalid) as refused:
        await edit_contact(ledger, clock, ACTOR, contact_id, change)
    assert [problem.field for problem in refused.value.problems] == [field]


async def test_an_edit_cannot_make_a_duplicate_or_move_who_does_not_wait(ledger: Database, clock: Any) -> None:
    first, second = (await add(ledger, clock, A, B)).ids
    with pytest.raises(Conflict, match=f"contact {first}"):
        await edit_contact(ledger, clock, ACTOR, second, ContactChange(address=A))
    await remove_contacts(ledger, clock, ACTOR, [second])
    with pytest.raises(Conflict, match="finished"):
        await edit_contact(ledger, clock, ACTOR, second, ContactChange(address=C))
    changed = await edit_contact(ledger, clock, ACTOR, second, ContactChange({"note": "moved away"}))
    assert changed.variables == {"note": "moved away"}


async def test_removed_contacts_are_finished_once_and_counted(ledger: Database, clock: Any) -> None:
    ids = (await add(ledger, clock, A, B)).ids
    assert (await remove_contacts(ledger, clock, ACTOR, [ids[0], 10**6])).removed == (ids[0],)
    again = await remove_contacts(ledger, clock, ACTOR, ids)
    assert (again.removed, again.finished, again.live) == ((ids[1],), (ids[0],), ())
    contact = await get_contact(ledger, ACTOR, ids[0])
    assert (contact.state, contact.finish_reason, contact.next_at) == (
        ContactState.FINISHED, FinishReason.REMOVED, None,
    )  # fmt: skip
    counted = await tallies(ledger)
    assert (counted["contacts"], counted["finished:removed"], counted["unattempted"]) == (2, 2, 2)
    async with ledger.read() as tx:
        lines = (await tx.session.execute(select(schema.decisions.c.verdict))).scalars().all()
    assert lines == ["finished", "finished"]
