"""How many campaigns stand at once, from the tallies, with those of their contacts who are held told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clarion.app.actor import Actor
from clarion.app.held import held_key
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.reports import Standing
from clarion.app.report import Numbers, added_up
from clarion.core.campaigns import Campaign
from clarion.core.lifecycle import OVER


async def standings_of(
    ledger: Ledger, actor: Actor, campaigns: Sequence[Campaign]
) -> Mapping[int, tuple[Numbers, Numbers]]:
    """Campaign id -> its numbers, and those of its contacts who wait until somebody launches them."""
    ids = [campaign.id for campaign in campaigns]
    over = {campaign.id for campaign in campaigns if campaign.status in OVER}
    held: dict[int, Numbers] = {}
    async with ledger.read() as tx:
        tallies = await tx.reports.overview(actor.organization_id)
        live = await tx.reports.live_by_campaign(actor.organization_id)
        for batch in await tx.campaigns.batches_of(ids) if ids else ():
            if batch.key == held_key(batch.campaign_id) and batch.campaign_id not in over:
                standings = await tx.reports.standings(actor.organization_id, batch.campaign_id)
                held[batch.campaign_id] = added_up(each for each in standings if each.batch_id == batch.id)
    return {
        each: (added_up([Standing(0, live.get(each, {}), tallies.get(each, {}))]), held.get(each, Numbers()))
        for each in ids
    }


async def standing_of(ledger: Ledger, actor: Actor, campaign: Campaign) -> tuple[Numbers, Numbers]:
    """The same of one campaign."""
    async with ledger.read() as tx:
        standings = await tx.reports.standings(actor.organization_id, campaign.id)
        batches = await tx.campaigns.batches_of([campaign.id])
    held = {batch.id for batch in batches if batch.key == held_key(campaign.id)}
    return added_up(standings), added_up(each for each in standings if each.batch_id in held)
