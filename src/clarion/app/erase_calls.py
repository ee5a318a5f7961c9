"""Erase a call: what was said and found out is forgotten. That it was made stays, as limits and the law count it."""

from __future__ import annotations

from clarion.app.actor import Actor, Role
from clarion.app.add_contacts import SLOT
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.reports import ERASED
from clarion.app.refusals import Conflict, NotFound
from clarion.core.outcomes import AttemptState


async def erase_call(ledger: Ledger, actor: Actor, attempt_id: int) -> None:
    """Forget the reports of an attempt. NotFound when that was done before, Conflict while it is under way."""
    actor.must_be(Role.OPERATOR)
    async with ledger.write() as tx:
        attempt = await tx.reports.attempt(actor.organization_id, attempt_id)
        if attempt.detail == ERASED:
            raise NotFound("call", attempt_id)
        if attempt.state is not AttemptState.ENDED:
            raise Conflict("under_way", f"Attempt {attempt_id} is under way; erase it when it has ended.")
        await tx.reports.erase_attempt(actor.organization_id, attempt_id)
        await tx.queue.count(SLOT, {(attempt.campaign_id, attempt.batch_id, "erased"): 1})
