"""Organisations, users, API keys, idempotency keys, on SQLAlchemy Core."""

from __future__ import annotations

from clarion.store.session import Session


class StoredOrganizationRows:
    """Implements `clarion.app.ports.organizations.OrganizationRows`."""

    def __init__(self, session: Session) -> None:
        """`session` is the open transaction."""
        self._session = session
