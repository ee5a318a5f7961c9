"""Campaigns and batches, on SQLAlchemy Core."""

from __future__ import annotations

from clarion.store.session import Session


class StoredCampaignRows:
    """Implements `clarion.app.ports.campaigns.CampaignRows`."""

    def __init__(self, session: Session) -> None:
        """`session` is the open transaction."""
        self._session = session
