"""Webhook endpoints, messages and deliveries, as the use cases ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from clarion.core.events import Endpoint, NewMessage


class OutboxRows(Protocol):
    """Webhook endpoints, messages and deliveries."""

    async def endpoints_for(self, organization_id: int) -> list[Endpoint]:
        """The endpoints that are not disabled: who may want to hear."""
        ...

    async def put(self, messages: Sequence[NewMessage]) -> None:
        """Write messages, due at once, in the caller's transaction: they exist if and only if what they tell does."""
        ...
