"""Set up a campaign whole, in one transaction: content, pool, webhooks, contacts, and its launch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from clarion.app.actor import Actor, Role
from clarion.app.add_contacts import admit, held_batch, parse_drafts, problem_of
from clarion.app.campaign_content import CampaignContent
from clarion.app.campaigns import draft_campaign
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.ports.seal import Seal
from clarion.app.refusals import Invalid, Problem
from clarion.app.senders import draft_pool
from clarion.app.steer import launching, means_problems, needed_of_contacts, turn
from clarion.app.webhooks import EndpointDraft, EndpointRules, add_endpoint, endpoint_problems
from clarion.core.campaigns import Campaign, Rotation
from clarion.core.contacts import BadRow, NewContact
from clarion.wire.contact_drafts import ContactDraft


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook of the new campaign; its `campaign_id` is filled in. `secret`: the client's own, else one is made."""

    draft: EndpointDraft
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class SetUp:
    """All that a campaign begins with."""

    content: CampaignContent
    drafts: Sequence[ContactDraft] = ()
    held: bool = False
    """The contacts wait until they are launched (see `app/held.py`)."""
    pool: Sequence[int] = ()
    """Senders that take turns, in a pool of the campaign's own."""
    hooks: Sequence[Hook] = ()
    launch: bool = True
    """Run now, or wait for `content.start_at` if that lies ahead."""


async def set_up_campaign(
    ledger: Ledger, clock: Clock, seal: Seal, rules: EndpointRules, actor: Actor, what: SetUp
) -> tuple[Campaign, tuple[int, ...]]:
    """The campaign, and the ids of its contacts in the order of their drafts.

    One wrong thing refuses all: Invalid, with contacts named by their place (`contacts.3.address`) and webhooks by
    theirs. A number that comes again is a contact that is finished as a duplicate. Raises Conflict `campaign_limit`.
    """
    actor.must_be(Role.OPERATOR)
    async with ledger.read() as tx:
        country = (await tx.organizations.organization(actor.organization_id)).settings.default_country
    parsed = await parse_drafts(what.drafts, what.content.channel, country)
    problems = [problem_of(bad) for bad in parsed if isinstance(bad, BadRow)] + _hook_problems(what.hooks, rules)
    if problems:
        raise Invalid(problems)
    people = [contact for contact in parsed if isinstance(contact, NewContact)]
    now = clock.now()
    async with ledger.write() as tx:
        content = await _with_pool(tx, actor, what, now)
        campaign = await draft_campaign(tx, actor, content, now)
        for hook in what.hooks:
            await add_endpoint(tx, seal, actor, replace(hook.draft, campaign_id=campaign.id), now, hook.secret)
        ids = await _take_in(tx, actor, campaign, people, now, held=what.held)
        if what.launch:
            campaign = await _launch(tx, actor, campaign, people, now)
    return campaign, ids


def _hook_problems(hooks: Sequence[Hook], rules: EndpointRules) -> list[Problem]:
    return [
        Problem(f"webhooks.{place}.{problem.field}", problem.code, problem.message)
        for place, hook in enumerate(hooks)
        for problem in endpoint_problems(hook.draft, rules, hook.secret)
    ]


async def _with_pool(tx: Tx, actor: Actor, what: SetUp, now: datetime) -> CampaignContent:
    if not what.pool:
        return what.content
    channel, name = what.content.channel, what.content.name
    pool = await draft_pool(tx, actor, channel, f"Numbers of {name}"[:255], what.pool, Rotation.ROUND_ROBIN, now)
    return replace(what.content, pool_id=pool.id, sender_id=None)


async def _take_in(
    tx: Tx, actor: Actor, campaign: Campaign, people: Sequence[NewContact], now: datetime, *, held: bool
) -> tuple[int, ...]:
    if not people:
        return ()
    if held:
        batch = await held_batch(tx, campaign, now)
    else:
        batch = await tx.campaigns.get_or_create_default_batch(actor.organization_id, campaign.id, now)
    added = await admit(tx, actor, campaign, batch, people, now, allow_duplicates=False, keep_duplicates=True)
    return tuple(contact_id for contact_id in added.ids if contact_id is not None)


async def _launch(tx: Tx, actor: Actor, campaign: Campaign, people: Sequence[NewContact], now: datetime) -> Campaign:
    needed = needed_of_contacts(campaign)
    problems = await means_problems(tx, campaign, len(people)) + [
        Problem(f"contacts.{place}.variables.{name}", "missing_variable", f"The message needs a variable {name!r}.")
        for place, contact in enumerate(people if needed else ())
        for name in sorted(needed - contact.variables.keys())
    ]
    if problems:
        raise Invalid(problems)
    return await turn(tx, campaign, launching(campaign, now), now, {"user_id": actor.user_id})
