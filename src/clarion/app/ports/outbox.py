"""Webhook endpoints, messages and deliveries, as the use cases ask for them."""

from __future__ import annotations

from typing import Protocol


class OutboxRows(Protocol):
    """Webhook endpoints, messages and deliveries."""
