"""Take contacts out of sight, whether they wait or are finished: they stay in the ledger, finished as removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clarion.app.actor import Actor, Role
from clarion.app.add_contacts import SLOT
from clarion.app.contacts import Removal, by_hand, ends
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.ports.queue import Move
from clarion.core.contacts import Contact
from clarion.core.events import contact_finished, messages_for
from clarion.core.outcomes import ContactState, FinishReason

REMOVED = FinishReason.REMOVED
LINES = 500


async def put_away_contacts(ledger: Ledger, clock: Clock, actor: Actor, contact_ids: Sequence[int]) -> Removal:
    """Finish contacts as removed, also those that are finished already. Live ones are left, foreign ids passed over."""
    actor.must_be(Role.OPERATOR)
    now = clock.now()
    async with ledger.write() as tx:
        found = await tx.people.lock_many(actor.organization_id, contact_ids)
        waiting = [contact for contact in found if contact.state is ContactState.WAITING]
        over = [c for c in found if c.state is ContactState.FINISHED and c.finish_reason is not REMOVED]
        await tx.people.reopen(over, now)
        for contact in over:
            assert contact.finish_reason is not None
            before = ends([contact], contact.finish_reason, skipped=await _by_rule(tx, contact))
            await tx.queue.count(SLOT, {key: -n for key, n in before.items()})
        gone = [replace(c, state=ContactState.WAITING, finish_reason=None) for c in [*waiting, *over]]
        await tx.queue.move([Move.stay(contact).finished(REMOVED) for contact in gone], now)
        await tx.queue.count(SLOT, ends(gone, REMOVED))
        inputs = {"reason": REMOVED, "user_id": actor.user_id}
        await tx.queue.decide([by_hand(contact, now, "finished", inputs) for contact in gone])
        told = [replace(c, state=ContactState.FINISHED, finish_reason=REMOVED) for c in waiting]
        endpoints = await tx.outbox.endpoints_for(actor.organization_id)
        await tx.outbox.put(messages_for(endpoints, [contact_finished(contact, now) for contact in told], now))
    return Removal(
        removed=tuple(contact.id for contact in gone),
        live=tuple(contact.id for contact in found if contact.state is ContactState.RELEASED),
        finished=tuple(contact.id for contact in found if contact.finish_reason is REMOVED),
    )


async def _by_rule(tx: Tx, contact: Contact) -> bool:
    """Whether a finished contact was finished by a rule or by hand, and not by an attempt."""
    lines = await tx.reports.lines(contact, LINES)
    return any(
        line.decision.contact_id == contact.id
        and line.decision.attempt_id is None
        and line.decision.verdict in ("skipped", "finished")
        for line in lines
    )
