"""What an assistant's webhook receives when a call is over: `{"call": …, "call_attempt": …}`, the last attempt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import orjson

from clarion.app.dossiers import Dossier, gather
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
        wanted: dict[int, set[int]] = defaultdict(set)
        for message in messages:
            if message.contact_id is not None:
                wanted[message.organization_id].add(message.contact_id)
        orders: dict[int, Dossier] = {}
        for organization_id, ids in wanted.items():
            found = [each for each in await tx.queue.contacts(sorted(ids)) if each.organization_id == organization_id]
            orders |= {order.contact.id: order for order in await gather(tx, organization_id, found)}
        return [_body(message, orders.get(message.contact_id or 0)) for message in messages]


def _body(message: Message, order: Dossier | None) -> bytes:
    if order is None:
        return orjson.dumps(message.payload)
    told = call(order, message.created_at)
    return orjson.dumps({"call": told, "call_attempt": told["last_call_attempt"]})
