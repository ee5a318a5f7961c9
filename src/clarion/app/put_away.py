"""Take contacts out of sight, whether they wait or are finished: they stay in the ledger, finished as removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clarion.app.actor import Actor, Role
from clarion.app.add_contacts import SLOT
from clarion.app.contacts import Removal, by_hand, ends, uncounted
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.queue import Move
from clarion.core.events import contact_finished, messages_for
from clarion.core.outcomes import ContactState, FinishReason

REMOVED = FinishReason.REMOVED


async def put_away_contacts(ledger: Ledger, clock: Clock, actor: Actor, contact_ids: Sequence[int]) -> Removal:
    """Finish contacts as removed, also those that are finished already. Live ones are left, foreign ids passed over."""
    actor.must_be(Role.OPERATOR)
    now = clock.now()
    async with ledger.write() as tx:
        found = await tx.people.lock_many(actor.organization_id, contact_ids)
        waiting = [contact for contact in found if contact.state is ContactState.WAITING]
        over = [c for c in found if c.state is ContactState.FINISHED and c.finish_reason is not REMOVED]
        counts = await uncounted(tx, over)
        await tx.people.reopen(over, now)
        gone = [replace(c, state=ContactState.FINISHED, finish_reason=REMOVED) for c in [*waiting, *over]]
        await tx.queue.move([Move.stay(contact).finished(REMOVED) for contact in gone], now)
        counts.update(ends(gone, by_rule={contact.id for contact in gone}))
        await tx.queue.count(SLOT, counts)
        inputs = {"reason": REMOVED, "user_id": actor.user_id}
        await tx.queue.decide([by_hand(contact, now, "finished", inputs) for contact in gone])
        endpoints = await tx.outbox.endpoints_for(actor.organization_id)
        told = [contact_finished(contact, now) for contact in gone[: len(waiting)]]
        await tx.outbox.put(messages_for(endpoints, told, now))
    return Removal(
        removed=tuple(contact.id for contact in gone),
        live=tuple(contact.id for contact in found if contact.state is ContactState.RELEASED),
        finished=tuple(contact.id for contact in found if contact.finish_reason is REMOVED),
    )
