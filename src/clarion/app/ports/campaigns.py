"""Campaigns and batches, as the use cases ask for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from clarion.core.campaigns import Batch, BatchStatus, Campaign, CampaignStatus
from clarion.core.outcomes import Channel


@dataclass(frozen=True, slots=True)
class CampaignFilters:
    """Which campaigns a list shows; an empty field does not filter."""

    statuses: frozenset[CampaignStatus] = frozenset()
    channel: Channel | None = None
    agent_id: int | None = None
    label: str | None = None
    name: str | None = None
    """Part of the name, in any case."""
    archived: bool = False
    """True shows the archived ones instead of the others."""


@dataclass(frozen=True, slots=True)
class BatchFilters:
    """Which batches a list shows; an empty field does not filter."""

    campaign_id: int | None = None
    statuses: frozenset[BatchStatus] = frozenset()
    deleted: bool = False
    """True shows deleted ones too."""


class CampaignRows(Protocol):
    """Campaigns and batches."""

    async def get(self, organization_id: int, campaign_id: int) -> Campaign:
        """The campaign, or NotFound."""
        ...

    async def lock(self, organization_id: int, campaign_id: int) -> Campaign:
        """The campaign, or NotFound; nobody else can change it until this transaction ends."""
        ...

    async def insert(self, campaign: Campaign, *, created_by: int | None = None) -> None:
        """A new campaign under `campaign.id`, which came from `tx.new_ids("campaigns")`."""
        ...

    async def update(self, campaign: Campaign, *, updated_by: int | None = None) -> None:
        """Write everything but the status and the instants that go with it (see `set_status`)."""
        ...

    async def set_status(self, campaign_id: int, old: CampaignStatus, new: CampaignStatus, now: datetime) -> bool:
        """Move from `old` to `new`; False when the campaign is not in `old` (any more).

        Keeps `started_at` (first time running) and `finished_at` (while completed or cancelled) in step.
        """
        ...

    async def page(
        self, organization_id: int, filters: CampaignFilters, cursor: int | None, limit: int
    ) -> Sequence[Campaign]:
        """The newest first; `cursor` is the id of the last one seen."""
        ...

    async def unfinished(self, organization_id: int) -> int:
        """How many campaigns are neither over nor archived; those that hold single calls do not count."""
        ...

    async def active(self) -> Sequence[Campaign]:
        """Scheduled and running campaigns of all organisations, in order of id: for the engine."""
        ...

    async def unswept(self) -> Sequence[Campaign]:
        """Cancelled and completed campaigns that may still have contacts waiting: for the engine."""
        ...

    async def set_planned(self, campaign_id: int, version: int) -> None:
        """The plan version that waiting contacts follow now; -1: the campaign is over and swept."""
        ...

    async def clear_bands(self, batch_id: int) -> None:
        """Nobody waits in this batch any more, and it is over."""
        ...

    async def get_batch(self, organization_id: int, key: str, *, lock: bool = False) -> Batch:
        """The batch with the client's key, deleted or not, or NotFound."""
        ...

    async def batch_by_id(self, organization_id: int, batch_id: int) -> Batch:
        """The batch, deleted or not, or NotFound."""
        ...

    async def insert_batch(self, batch: Batch) -> bool:
        """A new batch under `batch.id`, from `tx.new_ids("batches")`; False when the key is taken."""
        ...

    async def update_batch(self, batch: Batch, *, updated_by: int | None = None) -> None:
        """Write everything but the bands (see `add_bands`)."""
        ...

    async def add_bands(self, batch_id: int, bands: int) -> None:
        """Mark queue bands (a bit mask) as in use: before the first contacts of a priority come in."""
        ...

    async def get_or_create_default_batch(self, organization_id: int, campaign_id: int, now: datetime) -> Batch:
        """The campaign's own batch, whose key is `campaign-<id>`."""
        ...

    async def batches_of(self, campaign_ids: Collection[int]) -> Sequence[Batch]:
        """All batches of these campaigns in order of id, deleted ones too: for the engine."""
        ...

    async def batch_page(
        self, organization_id: int, filters: BatchFilters, cursor: int | None, limit: int
    ) -> Sequence[Batch]:
        """The newest first; `cursor` is the id of the last one seen."""
        ...
