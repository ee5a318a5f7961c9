"""Orders and attempts for the channel tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from clarion.app.ports.channel import Order, Trunk
from clarion.core.contacts import Attempt
from clarion.core.outcomes import AttemptState, Channel

NOON = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
"""A Monday, noon in New York."""


@pytest.fixture(scope="session")
def order() -> Callable[..., Order]:
    """Makes an order: `order(7, "+12125550123", channel=...)`."""

    def make(attempt_id: int, address: str, channel: Channel = Channel.VOICE, **changes: Any) -> Order:
        trunk = changes.pop("trunk", None) or Trunk(1, 1, channel, "sandbox", "sandbox")
        what: dict[str, Any] = {
            "organization_id": 1,
            "campaign_id": 1,
            "contact_id": attempt_id,
            "number": 1,
            "sender": "+12125550000",
            "at": NOON,
            "region_key": "America/New_York;US,US-NY",
            "goal_variable": "booked",
        } | changes
        return Order(attempt_id=attempt_id, address=address, channel=channel, trunk=trunk, **what)

    return make


@pytest.fixture(scope="session")
def attempt() -> Callable[[Order], Attempt]:
    """The ledger's row of an order whose fate is not known."""

    def make(order: Order) -> Attempt:
        return Attempt(
            id=order.attempt_id,
            organization_id=order.organization_id,
            campaign_id=order.campaign_id,
            batch_id=1,
            contact_id=order.contact_id,
            number=order.number,
            channel=order.channel,
            address=order.address,
            person=order.address,
            state=AttemptState.UNKNOWN,
            trunk_id=order.trunk.id,
            sandbox=True,
        )

    return make
