"""Contacts in the ledger: look up, list, edit, remove. Adding is `add_contacts.py`, files are `import_contacts.py`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from clarion.app.actor import Actor, Role
from clarion.app.add_contacts import SLOT, bands_of, batch_takes, campaign_takes
from clarion.app.page import ended_key
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.ports.people import DUPLICATE_ADDRESS, ContactFilters
from clarion.app.ports.queue import Move
from clarion.app.refusals import Conflict, Invalid, Problem
from clarion.app.steer import turn
from clarion.core.campaigns import Campaign, CampaignStatus
from clarion.core.contacts import Address, BadRow, Contact, Decision, band
from clarion.core.events import contact_finished, contact_reopened, messages_for
from clarion.core.lifecycle import Action
from clarion.core.outcomes import Channel, ContactState, FinishReason
from clarion.wire.contact_drafts import ContactDraft, Fallback, parse_contact
from clarion.wire.mail_addresses import MailAddress, parse_mail_address
from clarion.wire.phones import Phone, parse_phone


@dataclass(frozen=True, slots=True)
class ContactChange:
    """What is to be different. None leaves a field as it is; an empty text clears one that may be empty."""

    variables: Mapping[str, Any] = field(default_factory=dict)
    """Merged into those there are; a None takes a variable away. Takes effect in any state."""
    address: str | None = None
    fallbacks: tuple[str | Fallback, ...] | None = None
    timezone: str | None = None
    postal_code: str | None = None
    priority: int | None = None
    person: str | None = None

    def steers(self) -> bool:
        """Whether it changes more than variables."""
        return any(getattr(self, name) is not None for name in self.__slots__ if name != "variables")


@dataclass(frozen=True, slots=True)
class Removal:
    """What became of contacts that were to be removed."""

    removed: tuple[int, ...]
    live: tuple[int, ...]
    """An attempt of theirs is under way: try again when it has ended, or suppress the address."""
    finished: tuple[int, ...]
    """They were finished before."""


async def get_contact(ledger: Ledger, actor: Actor, contact_id: int) -> Contact:
    """One contact of the caller's organisation, or NotFound."""
    async with ledger.read() as tx:
        return await tx.people.get(actor.organization_id, contact_id)


async def contact_by_reference(ledger: Ledger, actor: Actor, batch_key: str, reference_id: str) -> Contact:
    """The contact of a batch that has the client's reference, or NotFound."""
    async with ledger.read() as tx:
        batch = await tx.campaigns.get_batch(actor.organization_id, batch_key)
        return await tx.people.by_reference(actor.organization_id, batch.id, reference_id)


async def list_contacts(
    ledger: Ledger, actor: Actor, filters: ContactFilters, *, after: int | None = None, limit: int = 50
) -> Sequence[Contact]:
    """Contacts in order of id, above `after`. NotFound for a foreign campaign.

    The address to look for may be in any spelling.
    """
    async with ledger.read() as tx:
        if filters.campaign_id is not None:
            await tx.campaigns.get(actor.organization_id, filters.campaign_id)
        if filters.address is not None:
            country = (await tx.organizations.organization(actor.organization_id)).settings.default_country
            filters = replace(filters, address=_spelled(filters.address, country))
        return await tx.people.page(actor.organization_id, filters, after, limit)


async def edit_contact(ledger: Ledger, clock: Clock, actor: Actor, contact_id: int, change: ContactChange) -> Contact:
    """Change a contact. Variables may change in any state, everything else only while they wait (Conflict).

    With another place the contact is due at once, so that the next release reads its new windows. Raises Invalid.
    """
    actor.must_be(Role.OPERATOR)
    now = clock.now()
    async with ledger.write() as tx:
        before = await tx.people.get(actor.organization_id, contact_id, lock=True)
        merged = {**before.variables, **change.variables}
        after = replace(before, variables={name: value for name, value in merged.items() if value is not None})
        if change.steers():
            if before.state is not ContactState.WAITING:
                raise Conflict("not_waiting", f"Contact {contact_id} is {before.state}; only its variables can change.")
            after = await _steered(tx, after, change, now)
        changed = [name for name in Contact.__slots__ if getattr(before, name) != getattr(after, name)]
        if not changed:
            return before
        await tx.people.change(after, now)
        bands = 1 << band(after.priority, retry=False) | 1 << band(after.priority, retry=True)
        await tx.campaigns.add_bands(after.batch_id, bands)
        await tx.queue.decide([by_hand(after, now, "edited", {"fields": changed, "user_id": actor.user_id})])
        return await tx.people.get(actor.organization_id, contact_id)


async def _steered(tx: Tx, contact: Contact, change: ContactChange, now: datetime) -> Contact:
    channel = (await tx.campaigns.get(contact.organization_id, contact.campaign_id)).channel
    country = (await tx.organizations.organization(contact.organization_id)).settings.default_country
    new = parse_contact(
        ContactDraft(
            address=contact.address if change.address is None else change.address,
            fallbacks=(
                tuple(Fallback(one.value, one.variables) for one in contact.fallbacks)
                if change.fallbacks is None
                else change.fallbacks
            ),
            timezone=contact.zone if change.timezone is None else change.timezone,
            postal_code=contact.postal_code if change.postal_code is None else change.postal_code,
            priority=contact.priority if change.priority is None else change.priority,
            person=change.person,
        ),
        Channel(channel),
        country,
        line=1,
    )
    if isinstance(new, BadRow):
        raise Invalid([Problem(new.field or "address", new.code, new.message)])
    first = new.address
    if first.value != contact.address:
        taken = await tx.people.address_taken(contact.organization_id, contact.campaign_id, first.value)
        if taken is not None:
            raise Conflict(DUPLICATE_ADDRESS, f"The campaign has this address already: contact {taken}.")
    known = _addresses(contact)
    addresses = [first.value, *(one.value for one in new.fallbacks)]
    index = contact.address_index if addresses == [one.value for one in known] else 0
    region_key = [first, *new.fallbacks][index].region_key
    whose = contact.person if contact.person != contact.address else first.value
    return replace(
        contact,
        address=first.value,
        line_type=first.line_type,
        home_region_key=first.region_key,
        region_key=region_key,
        fallbacks=new.fallbacks,
        address_index=index,
        zone=new.zone,
        postal_code=new.postal_code,
        priority=new.priority,
        person=new.person or whose,
        next_at=contact.next_at if region_key == contact.region_key else max(now, contact.not_before or now),
    )


def _addresses(contact: Contact) -> list[Address]:
    return [contact.address_at(n) for n in range(len(contact.fallbacks) + 1)]


async def remove_contacts(ledger: Ledger, clock: Clock, actor: Actor, contact_ids: Sequence[int]) -> Removal:
    """Finish waiting contacts as removed; they stay in the ledger with their stories. Foreign ids are passed over."""
    return await finish_contacts(ledger, clock, actor, contact_ids, FinishReason.REMOVED)


async def finish_contacts(
    ledger: Ledger, clock: Clock, actor: Actor, contact_ids: Sequence[int], reason: FinishReason
) -> Removal:
    """Finish waiting contacts by hand, for `reason`. Foreign ids are passed over."""
    actor.must_be(Role.OPERATOR)
    now = clock.now()
    async with ledger.write() as tx:
        found = await tx.people.lock_many(actor.organization_id, contact_ids)
        waiting = [contact for contact in found if contact.state is ContactState.WAITING]
        await tx.queue.move([Move.stay(contact).finished(reason) for contact in waiting], now)
        inputs = {"reason": reason, "user_id": actor.user_id}
        await tx.queue.decide([by_hand(contact, now, "finished", inputs) for contact in waiting])
        gone = [replace(c, state=ContactState.FINISHED, finish_reason=reason) for c in waiting]
        await tx.queue.count(SLOT, ends(gone, by_rule={contact.id for contact in gone}))
        endpoints = await tx.outbox.endpoints_for(actor.organization_id)
        await tx.outbox.put(messages_for(endpoints, [contact_finished(contact, now) for contact in gone], now))
    return Removal(
        removed=tuple(contact.id for contact in waiting),
        live=tuple(contact.id for contact in found if contact.state is ContactState.RELEASED),
        finished=tuple(contact.id for contact in found if contact.state is ContactState.FINISHED),
    )


async def reopen_contacts(
    ledger: Ledger, clock: Clock, actor: Actor, contact_ids: Sequence[int], *, at: datetime | None = None
) -> Sequence[int]:
    """Let finished contacts wait again, due at once or at `at`; the ids of those that do. Others are passed over.

    Whoever has used up the campaign's attempts gets them anew. A campaign that was completed runs again. Who asked not
    to be contacted, or has a dead address on the list, is skipped again by the release. Raises Conflict when the
    campaign is called off or a batch is over, Invalid when the campaign's end has passed.
    """
    actor.must_be(Role.OPERATOR)
    now = clock.now()
    async with ledger.write() as tx:
        known = [c for c in await tx.queue.contacts(list(contact_ids)) if c.organization_id == actor.organization_id]
        campaigns = {
            n: await tx.campaigns.lock(actor.organization_id, n) for n in sorted({c.campaign_id for c in known})
        }
        found = await tx.people.lock_many(actor.organization_id, [contact.id for contact in known])
        over = [c for c in found if c.state is ContactState.FINISHED and c.campaign_id in campaigns]
        for campaign_id in sorted({contact.campaign_id for contact in over}):
            campaign_takes(campaigns[campaign_id], now)
        for batch_id in sorted({contact.batch_id for contact in over}):
            batch_takes(await tx.campaigns.batch_by_id(actor.organization_id, batch_id), now)
            some = [contact for contact in over if contact.batch_id == batch_id]
            await tx.campaigns.add_bands(batch_id, bands_of(some))
        again = [_anew(contact, campaigns[contact.campaign_id]) for contact in over]
        await tx.people.reopen(again, now, due=None if at is None else max(at, now))
        await tx.queue.count(SLOT, await uncounted(tx, over))
        await tx.queue.decide([by_hand(c, now, "reopened", {"user_id": actor.user_id}) for c in again])
        endpoints = await tx.outbox.endpoints_for(actor.organization_id)
        await tx.outbox.put(messages_for(endpoints, [contact_reopened(contact, now) for contact in again], now))
        for campaign in campaigns.values():
            if campaign.status is CampaignStatus.COMPLETED and any(c.campaign_id == campaign.id for c in again):
                await turn(tx, campaign, Action.REOPEN, now, {"user_id": actor.user_id}, rule="contacts_reopened")
    return [contact.id for contact in again]


def _anew(contact: Contact, campaign: Campaign) -> Contact:
    """A finished contact as it waits again. The attempts made stay counted; the budget starts anew when it is spent."""
    spent = contact.burned >= campaign.plan.retries.max_attempts
    return replace(contact, state=ContactState.WAITING, finish_reason=None, burned=0 if spent else contact.burned)


def ends(contacts: Sequence[Contact], by_rule: Collection[int]) -> Counter[tuple[int, int, str]]:
    """What the tallies count for finished contacts. `by_rule`: those whom a rule or a person finished."""
    counts: Counter[tuple[int, int, str]] = Counter()
    for contact in contacts:
        reason = contact.finish_reason
        assert reason is not None
        keys = [f"finished:{reason}", ended_key(reason, contact.last_outcome)]
        keys += [f"skipped:{reason}"] if contact.id in by_rule else []
        keys += ["unattempted"] if contact.tries == 0 else []
        counts.update((contact.campaign_id, contact.batch_id, key) for key in keys)
    return counts


async def uncounted(tx: Tx, contacts: Sequence[Contact]) -> Counter[tuple[int, int, str]]:
    """What is to be added to the tallies when finished contacts are not finished any more, or for another reason."""
    counted = ends(contacts, await tx.queue.ended_by_rule([contact.id for contact in contacts]))
    return Counter({place: -n for place, n in counted.items()})


def by_hand(contact: Contact, now: datetime, verdict: str, inputs: Mapping[str, Any]) -> Decision:
    """The line of what a person did to a contact."""
    return Decision(
        organization_id=contact.organization_id,
        campaign_id=contact.campaign_id,
        batch_id=contact.batch_id,
        contact_id=contact.id,
        at=now,
        verdict=verdict,
        rule="by_hand",
        inputs=inputs,
    )


def _spelled(text: str, country: str) -> str:
    """An address as contacts have it; one that cannot be read is looked for as it is."""
    found = parse_mail_address(text) if "@" in text else parse_phone(text, country)
    match found:
        case MailAddress(value):
            return value
        case Phone(e164=value):
            return value
    return text.strip()
