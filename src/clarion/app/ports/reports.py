"""What people look at: tallies, lists, exports, stories, as the use cases ask for them."""

from __future__ import annotations

from typing import Protocol


class ReportRows(Protocol):
    """What people look at: tallies, lists, exports, stories."""
