"""What people look at: tallies, lists, exports, stories, on SQLAlchemy Core."""

from __future__ import annotations

from clarion.store.session import Session


class StoredReportRows:
    """Implements `clarion.app.ports.reports.ReportRows`."""

    def __init__(self, session: Session) -> None:
        """`session` is the open transaction."""
        self._session = session
