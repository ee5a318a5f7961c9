"""Agents, trunks, senders, pools, on SQLAlchemy Core."""

from __future__ import annotations

from clarion.store.session import Session


class StoredResourceRows:
    """Implements `clarion.app.ports.resources.ResourceRows`."""

    def __init__(self, session: Session) -> None:
        """`session` is the open transaction."""
        self._session = session
