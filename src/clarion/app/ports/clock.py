"""The one place where time enters."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Real in production; virtual in tests, the demo and forecasts."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...
