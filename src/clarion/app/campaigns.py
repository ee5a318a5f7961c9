"""Campaigns: create, edit, look up, list, archive. Steering (launch, pause, cancel…) is `app/steer.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from clarion.app.actor import Actor, Role
from clarion.app.campaign_content import CampaignContent, content_problems
from clarion.app.ports.campaigns import CampaignFilters
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.refusals import Conflict, Invalid, NotFound
from clarion.app.steer import turn
from clarion.core.campaigns import Campaign, CampaignStatus
from clarion.core.contacts import Decision
from clarion.core.lifecycle import OVER, Action

UNFINISHED = frozenset({CampaignStatus.SCHEDULED, CampaignStatus.RUNNING, CampaignStatus.PAUSED})


async def create_campaign(ledger: Ledger, clock: Clock, actor: Actor, content: CampaignContent) -> Campaign:
    """A new draft with its default batch. Raises Invalid with every wrong field, or Conflict `campaign_limit`."""
    actor.must_be(Role.OPERATOR)
    async with ledger.write() as tx:
        return await draft_campaign(tx, actor, content, clock.now())


async def draft_campaign(
    tx: Tx, actor: Actor, content: CampaignContent, now: datetime, *, counts: bool = True
) -> Campaign:
    """`create_campaign` inside the caller's transaction. `counts` False: it is outside of the organisation's limit."""
    if counts:
        await _must_have_room(tx, actor.organization_id)
    problems = await content_problems(tx, actor.organization_id, content, now)
    if problems:
        raise Invalid(problems)
    campaign = Campaign(
        id=(await tx.new_ids("campaigns"))[0],
        organization_id=actor.organization_id,
        name=content.name.strip(),
        channel=content.channel,
        status=CampaignStatus.DRAFT,
        plan=content.plan,
        plan_version=1,
        agent_id=content.agent_id,
        sender_id=content.sender_id,
        pool_id=content.pool_id,
        variables=content.variables,
        labels=content.labels,
        description=content.description,
        start_at=content.start_at,
        end_at=content.end_at,
        created_at=now,
        updated_at=now,
        extras=content.extras,
    )
    await tx.campaigns.insert(campaign, created_by=actor.user_id)
    await tx.campaigns.get_or_create_default_batch(actor.organization_id, campaign.id, now)
    return await tx.campaigns.get(actor.organization_id, campaign.id)


async def _must_have_room(tx: Tx, organization_id: int) -> None:
    """Conflict `campaign_limit` when the organisation has as many campaigns as its settings allow."""
    most = (await tx.organizations.organization(organization_id)).settings.max_campaigns
    if most is None:
        return
    await tx.organizations.lock(organization_id)  # two that are created at once are counted one after the other
    if await tx.campaigns.unfinished(organization_id) >= most:
        raise Conflict("campaign_limit", f"This organisation may have {most} campaigns that are not over.")


async def edit_campaign(
    ledger: Ledger,
    clock: Clock,
    actor: Actor,
    campaign_id: int,
    change: Callable[[CampaignContent], CampaignContent],
    *,
    if_version: int | None = None,
) -> Campaign:
    """Replace what is written by `change` of it; a running campaign re-plans what has not been sent yet.

    `change` sees the content as it is under the lock, so two edits of different fields both last. With `if_version`
    it is refused (Conflict `changed`) when the plan has another version by now. Raises Invalid.
    """
    actor.must_be(Role.OPERATOR)
    now = clock.now()
    async with ledger.write() as tx:
        campaign = await tx.campaigns.lock(actor.organization_id, campaign_id)
        if campaign.archived_at is not None or campaign.status is CampaignStatus.CANCELLED:
            word = "archived" if campaign.archived_at is not None else "cancelled"
            raise Conflict(word, f"Campaign {campaign_id} is {word} and stays as it is.")
        if if_version is not None and campaign.plan_version != if_version:
            raise Conflict("changed", f"Campaign {campaign_id} is at version {campaign.plan_version} by now.")
        before = CampaignContent.of(campaign)
        after = change(before)
        problems = await content_problems(tx, actor.organization_id, after, now, before)
        if problems:
            raise Invalid(problems)
        changed = [name for name in CampaignContent.__slots__ if getattr(before, name) != getattr(after, name)]
        if not changed:
            return campaign
        version = campaign.plan_version + after.steers(before)
        values = {name: getattr(after, name) for name in changed}
        await tx.campaigns.update(
            replace(campaign, **values, plan_version=version, updated_at=now), updated_by=actor.user_id
        )
        line = Decision(
            organization_id=campaign.organization_id,
            campaign_id=campaign.id,
            at=now,
            verdict="edited",
            rule="by_hand",
            inputs={"fields": changed, "version": version, "user_id": actor.user_id},
        )
        await tx.queue.decide([line])
        return await tx.campaigns.get(actor.organization_id, campaign_id)


async def get_campaign(ledger: Ledger, actor: Actor, campaign_id: int) -> Campaign:
    """One campaign of the caller's organisation, or NotFound."""
    async with ledger.read() as tx:
        return await tx.campaigns.get(actor.organization_id, campaign_id)


async def list_campaigns(
    ledger: Ledger, actor: Actor, filters: CampaignFilters, *, cursor: int | None = None, limit: int = 50
) -> Sequence[Campaign]:
    """Campaigns, the newest first; `cursor` is the id of the last one seen."""
    async with ledger.read() as tx:
        return await tx.campaigns.page(actor.organization_id, filters, cursor, limit)


async def live_campaign(ledger: Ledger, actor: Actor, campaign_id: int) -> Campaign:
    """One campaign that is not archived, or NotFound."""
    campaign = await get_campaign(ledger, actor, campaign_id)
    if campaign.archived_at is not None:
        raise NotFound("campaign", campaign_id)
    return campaign


async def remove_campaign(ledger: Ledger, clock: Clock, actor: Actor, campaign_id: int) -> Campaign:
    """Call it off if it is not over, and put it away in the same step. Conversations that run end by themselves."""
    actor.must_be(Role.OPERATOR)
    now = clock.now()
    async with ledger.write() as tx:
        campaign = await tx.campaigns.lock(actor.organization_id, campaign_id)
        if campaign.archived_at is not None:
            raise NotFound("campaign", campaign_id)
        if campaign.status not in OVER:
            campaign = await turn(tx, campaign, Action.CANCEL, now, {"user_id": actor.user_id})
        campaign = replace(campaign, archived_at=now, updated_at=now)
        await tx.campaigns.update(campaign, updated_by=actor.user_id)
        return campaign


async def archive_campaign(ledger: Ledger, clock: Clock, actor: Actor, campaign_id: int) -> Campaign:
    """Put it away: it is listed no more, and keeps its records. Conflict while it is scheduled, running or paused."""
    actor.must_be(Role.OPERATOR)
    now = clock.now()
    async with ledger.write() as tx:
        campaign = await tx.campaigns.lock(actor.organization_id, campaign_id)
        if campaign.status in UNFINISHED:
            message = f"Campaign {campaign_id} is {campaign.status}; cancel or complete it first."
            raise Conflict("active", message)
        if campaign.archived_at is None:
            campaign = replace(campaign, archived_at=now, updated_at=now)
            await tx.campaigns.update(campaign, updated_by=actor.user_id)
        return campaign


async def restore_campaign(ledger: Ledger, clock: Clock, actor: Actor, campaign_id: int) -> Campaign:
    """Take it out of the archive."""
    actor.must_be(Role.OPERATOR)
    now = clock.now()
    async with ledger.write() as tx:
        campaign = await tx.campaigns.lock(actor.organization_id, campaign_id)
        if campaign.archived_at is not None:
            campaign = replace(campaign, archived_at=None, updated_at=now)
            await tx.campaigns.update(campaign, updated_by=actor.user_id)
        return campaign
