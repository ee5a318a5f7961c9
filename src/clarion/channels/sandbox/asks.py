"""An order as the sandbox's carrier keeps it: just enough to play the attempt again from the log alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from clarion.app.ports.channel import Order
from clarion.core.campaigns import VoicemailAction
from clarion.core.outcomes import Channel

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Ask(NamedTuple):
    """What the carrier was asked. The order of the fields is the order of the log's columns."""

    attempt_id: int
    channel: str
    address: str
    number: int
    region_key: str
    sender: str | None
    trunk_id: int
    asked_us: int
    """The instant of asking as the order has it, in microseconds since 1970 (UTC)."""
    ring_s: float
    max_s: float
    leaves_message: bool
    goal: str | None

    @property
    def at(self) -> datetime:
        """The instant of asking (UTC)."""
        return EPOCH + timedelta(microseconds=self.asked_us)

    @classmethod
    def of(cls, order: Order, channel: Channel) -> Ask:
        """What an order asks of the carrier of `channel`."""
        return cls(
            order.attempt_id,
            channel.value,
            order.address,
            order.number,
            order.region_key,
            order.sender,
            order.trunk.id,
            (order.at - EPOCH) // MICROSECOND,
            order.ring_timeout.total_seconds(),
            order.max_duration.total_seconds(),
            order.voicemail.action is VoicemailAction.LEAVE_MESSAGE,
            order.goal_variable,
        )
