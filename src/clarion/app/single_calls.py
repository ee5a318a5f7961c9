"""One call to one person, asked for by itself. It joins a running campaign of its kind, so every rule holds for it.

Calls of the same agent, caller ID and plan share a campaign; it is made with the first of them and never completes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

from clarion.app.actor import Actor, Role
from clarion.app.add_contacts import admit, parse_drafts
from clarion.app.campaign_content import CampaignContent
from clarion.app.campaigns import draft_campaign
from clarion.app.ports.campaigns import CampaignFilters
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.refusals import Invalid, Problem
from clarion.app.steer import means_problems, turn
from clarion.core.campaigns import Campaign, CampaignStatus, Plan
from clarion.core.contacts import BadRow, Contact, NewContact
from clarion.core.lifecycle import Action
from clarion.core.outcomes import Channel
from clarion.wire.contact_drafts import ContactDraft

MARK = "single_calls"
"""The extra that marks a campaign that holds single calls."""
EXTRAS = "_extras"
"""The variable in which a call keeps what its API wants back; no template names it."""


@dataclass(frozen=True, slots=True)
class SingleCall:
    """A call that somebody asks for."""

    draft: ContactDraft
    agent_id: int | None = None
    sender_id: int | None = None
    plan: Plan = field(default_factory=Plan)
    """Windows, retries and the rest. The law's hours hold in any case unless the plan itself gives them up."""
    at: datetime | None = None
    """Not before this instant; None is now."""
    variables: Mapping[str, Any] = field(default_factory=dict)
    """The campaign's: shared by all calls of this kind."""
    extras: Mapping[str, Any] = field(default_factory=dict)
    """Kept with the contact, in its variable `_extras`."""


def is_single_calls(campaign: Campaign) -> bool:
    """Whether this campaign was made to hold single calls."""
    return MARK in campaign.extras


async def place_call(ledger: Ledger, clock: Clock, actor: Actor, call: SingleCall) -> Contact:
    """The contact that stands for the call; its attempts tell what becomes of it. Raises Invalid."""
    actor.must_be(Role.OPERATOR)
    async with ledger.read() as tx:
        country = (await tx.organizations.organization(actor.organization_id)).settings.default_country
    extras = {EXTRAS: dict(call.extras)} if call.extras else {}
    draft = replace(call.draft, variables={**call.draft.variables, **extras})
    (person,) = await parse_drafts([draft], Channel.VOICE, country)
    if isinstance(person, BadRow):
        raise Invalid([Problem(person.field or "address", person.code, person.message)])
    now = clock.now()
    async with ledger.write() as tx:
        contact_id = await _join(tx, actor, call, person, now)
        return await tx.people.get(actor.organization_id, contact_id)


async def _join(tx: Tx, actor: Actor, call: SingleCall, person: NewContact, now: datetime) -> int:
    campaign = await _campaign(tx, actor, call, now)
    batch = await tx.campaigns.get_or_create_default_batch(actor.organization_id, campaign.id, now)
    added = await admit(tx, actor, campaign, batch, [person], now, allow_duplicates=True)
    contact_id = added.ids[0]
    assert contact_id is not None, "duplicates are allowed, and it has no reference"
    if campaign.status is CampaignStatus.DRAFT:
        problems = await means_problems(tx, campaign, 1)
        if problems:
            raise Invalid(problems)
        await turn(tx, campaign, Action.LAUNCH, now, {"user_id": actor.user_id}, rule=MARK)
    if call.at is not None and call.at > now:
        await tx.queue.defer([(contact_id, call.at)], now)
    return contact_id


async def _campaign(tx: Tx, actor: Actor, call: SingleCall, now: datetime) -> Campaign:
    """The campaign of calls like this one, locked; a draft when it is new."""
    await tx.organizations.lock(actor.organization_id)
    kind = _kind(call)
    found = await tx.campaigns.page(actor.organization_id, CampaignFilters(label=kind), None, 1)
    if found and found[0].status is CampaignStatus.RUNNING:
        return await tx.campaigns.lock(actor.organization_id, found[0].id)
    content = CampaignContent(
        name="Single calls",
        channel=Channel.VOICE,
        plan=replace(call.plan, complete_when_empty=False),
        agent_id=call.agent_id,
        sender_id=call.sender_id,
        variables=call.variables,
        labels=(kind,),
        extras={MARK: True},
    )
    campaign = await draft_campaign(tx, actor, content, now, counts=False)
    return await tx.campaigns.lock(actor.organization_id, campaign.id)


def _kind(call: SingleCall) -> str:
    """A label that calls with the same agent, caller ID, plan and variables share."""
    what = _plain([call.agent_id, call.sender_id, call.plan, call.variables])
    return f"single-calls-{blake2b(what.encode(), digest_size=12).hexdigest()}"


def _plain(value: Any) -> str:
    """A text that equal values share in every process: sets and mappings have no order of their own."""
    if is_dataclass(value):
        return f"({','.join(_plain(getattr(value, each.name)) for each in fields(value))})"
    if isinstance(value, Mapping):
        return f"{{{','.join(sorted(f'{_plain(name)}:{_plain(each)}' for name, each in value.items()))}}}"
    if isinstance(value, frozenset | set):
        return f"<{','.join(sorted(_plain(each) for each in value))}>"
    if isinstance(value, tuple | list):
        return f"[{','.join(_plain(each) for each in value)}]"
    return repr(value)
