"""Contacts and imports, as the use cases ask for them."""

from __future__ import annotations

from typing import Protocol


class PeopleRows(Protocol):
    """Contacts and imports."""
