"""Whose rate holds. A batch's call_rate and its auto_call_rate stand in the place of the campaign's hourly_rate.

Our limits hold beside each other, the tighter one binds. So while no batch wants to be faster, the campaign has the
rate; when one does, the campaign has none, and each batch that names no rate gets the campaign's for itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clarion.app.actor import Actor
from clarion.app.add_contacts import held_key
from clarion.app.batches import BatchContent, edit_batch, list_batches
from clarion.app.campaign_content import CampaignContent
from clarion.app.campaigns import edit_campaign
from clarion.app.ports.campaigns import BatchFilters
from clarion.core.campaigns import Batch, BatchStatus, Campaign
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.syllable.reading import NAME, hourly_rate, made_here

CALL_RATE, SET = "call_rate", "set"
"""What is kept of a batch for this vendor: the rate that it was given, and the one that it got."""
LIFTED = "hourly_rate"
"""What is kept of a campaign: its rate, while its batches have it."""
PAGE = 500


@dataclass(frozen=True, slots=True)
class Wish:
    """What a batch asks for."""

    call_rate: float | None
    auto: bool = False

    def beats(self, rate: int) -> bool:
        """Whether the campaign's rate would keep it from that."""
        return self.auto or (self.call_rate is not None and self.call_rate > rate)


def shared_out(rate: int, wishes: Sequence[Wish]) -> tuple[float | None, list[float | None]]:
    """The campaign's own rate and each batch's. None is no limit of its own."""
    lifted = any(wish.beats(rate) for wish in wishes)
    inherited = float(rate) if lifted else None
    each = [None if wish.auto else inherited if wish.call_rate is None else wish.call_rate for wish in wishes]
    return (None if lifted else float(rate)), each


def kept_of(batch: Batch | BatchContent) -> Mapping[str, Any]:
    """What is kept of a batch for this vendor."""
    kept = batch.extras.get(NAME)
    return kept if isinstance(kept, Mapping) else {}


def wish_of(batch: Batch) -> Wish:
    """What a batch asks for: what it was given through this vendor's API, unless somebody set another rate since."""
    kept = kept_of(batch)
    per_hour = batch.pacing.per_hour
    rate = kept.get(CALL_RATE) if SET in kept and kept[SET] == per_hour else per_hour
    return Wish(None if rate is None else float(rate), batch.pacing.finish_by is not None)


async def lanes_of(api: Api, caller: Actor, campaign_id: int | None, *, deleted: bool = False) -> list[Batch]:
    """The batches of a campaign, or of every one, the newest first."""
    found: list[Batch] = []
    cursor: int | None = None
    while True:
        filters = BatchFilters(campaign_id=campaign_id, deleted=deleted)
        page = await list_batches(api.ledger, caller, filters, cursor=cursor, limit=PAGE)
        found += page
        if len(page) < PAGE:
            return found
        cursor = page[-1].id


async def settle_rates(api: Api, caller: Actor, campaign: Campaign) -> None:
    """Write the rates that follow from what the campaign and its batches ask for. Only of this vendor's campaigns."""
    if not made_here(campaign):
        return
    rate = hourly_rate(campaign)
    over = (BatchStatus.EXPIRED, BatchStatus.CANCELLED)
    batches = [
        each
        for each in await lanes_of(api, caller, campaign.id)
        if each.status not in over and each.key != held_key(campaign.id)
    ]
    own, theirs = shared_out(rate, [wish_of(each) for each in batches])
    for batch, per_hour in zip(batches, theirs, strict=True):
        if batch.pacing.per_hour != per_hour:
            await edit_batch(api.ledger, api.clock, caller, batch.key, _batch_at(per_hour))
    if campaign.plan.pacing.per_hour != own:
        await edit_campaign(api.ledger, api.clock, caller, campaign.id, _campaign_at(own, rate))


def _batch_at(per_hour: float | None) -> Any:
    def change(content: BatchContent) -> BatchContent:
        kept = {CALL_RATE: None, **kept_of(content), SET: per_hour}
        pacing = replace(content.pacing, per_hour=per_hour)
        return replace(content, pacing=pacing, extras={**content.extras, NAME: kept})

    return change


def _campaign_at(per_hour: float | None, rate: int) -> Any:
    def change(content: CampaignContent) -> CampaignContent:
        kept = {name: value for name, value in content.extras[NAME].items() if name != LIFTED}
        if per_hour is None:
            kept[LIFTED] = rate
        plan = replace(content.plan, pacing=replace(content.plan.pacing, per_hour=per_hour))
        return replace(content, plan=plan, extras={**content.extras, NAME: kept})

    return change
