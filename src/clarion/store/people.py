"""Contacts and imports, on SQLAlchemy Core."""

from __future__ import annotations

from clarion.store.session import Session


class StoredPeopleRows:
    """Implements `clarion.app.ports.people.PeopleRows`."""

    def __init__(self, session: Session) -> None:
        """`session` is the open transaction."""
        self._session = session
