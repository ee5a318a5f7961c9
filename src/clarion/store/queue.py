"""What the engine claims and writes, on SQLAlchemy Core."""

from __future__ import annotations

from clarion.store.session import Session


class StoredQueueRows:
    """Implements `clarion.app.ports.queue.QueueRows`."""

    def __init__(self, session: Session) -> None:
        """`session` is the open transaction."""
        self._session = session
