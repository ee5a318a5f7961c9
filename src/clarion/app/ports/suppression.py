"""Do-not-contact entries and consents, as the use cases ask for them."""

from __future__ import annotations

from typing import Protocol


class SuppressionRows(Protocol):
    """Do-not-contact entries and consents."""
