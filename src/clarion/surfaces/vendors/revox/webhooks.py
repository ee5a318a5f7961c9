"""What an assistant's webhook receives when a call is over: `{"call": …, "call_attempt": …}`, the last attempt."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from clarion.app.dossiers import gather
from clarion.app.ports.ledger import Tx
from clarion.app.ports.outbox import Message
from clarion.app.webhooks import EndpointDraft
from clarion.core.events import EventType
from clarion.surfaces.vendors.revox.assistant_config import REVOX
from clarion.surfaces.vendors.revox.orders import call


def hook(url: str) -> EndpointDraft:
    """An assistant's webhook."""
    return EndpointDraft(url=url, events=(EventType.CONTACT_FINISHED.value,), format=REVOX)


class CallPayloads:
    """A PayloadFormat: the order with all its attempts, as the API tells it too."""

    async def bodies(self, tx: Tx, messages: Sequence[Message]) -> Sequence[bytes]:
        """One body for each message. A message about no call (a try-out) is told in our own words."""
        return [await _body(tx, message) for message in messages]


async def _body(tx: Tx, message: Message) -> bytes:
    if message.contact_id is None:
        return orjson.dumps(message.payload)
    contact = await tx.people.get(message.organization_id, message.contact_id)
    (order,) = await gather(tx, message.organization_id, [contact])
    told = call(order, message.created_at)
    return orjson.dumps({"call": told, "call_attempt": told["last_call_attempt"]})
