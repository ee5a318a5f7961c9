"""What the engine claims and writes, as the use cases ask for them."""

from __future__ import annotations

from typing import Protocol


class QueueRows(Protocol):
    """What the engine claims and writes."""
