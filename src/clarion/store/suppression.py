"""Do-not-contact entries and consents, on SQLAlchemy Core."""

from __future__ import annotations

from clarion.store.session import Session


class StoredSuppressionRows:
    """Implements `clarion.app.ports.suppression.SuppressionRows`."""

    def __init__(self, session: Session) -> None:
        """`session` is the open transaction."""
        self._session = session
