"""Campaigns and batches, as the use cases ask for them."""

from __future__ import annotations

from typing import Protocol

from clarion.core.campaigns import Campaign


class CampaignRows(Protocol):
    """Campaigns and batches."""

    async def get(self, organization_id: int, campaign_id: int) -> Campaign:
        """The campaign, or NotFound."""
        ...
