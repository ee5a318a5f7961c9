"""Webhook endpoints, messages and deliveries, on SQLAlchemy Core."""

from __future__ import annotations

from clarion.store.session import Session


class StoredOutboxRows:
    """Implements `clarion.app.ports.outbox.OutboxRows`."""

    def __init__(self, session: Session) -> None:
        """`session` is the open transaction."""
        self._session = session
