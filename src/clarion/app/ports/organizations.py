"""Organisations, users, API keys, idempotency keys, as the use cases ask for them."""

from __future__ import annotations

from typing import Protocol


class OrganizationRows(Protocol):
    """Organisations, users, API keys, idempotency keys."""
