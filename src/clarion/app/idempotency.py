"""Idempotency keys: the same request sent twice is done once, and both get the same answer."""

from __future__ import annotations

from datetime import timedelta

from clarion.app.actor import Actor
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.organizations import Answer
from clarion.app.refusals import Conflict, Invalid, Problem

KEPT_FOR = timedelta(hours=24)


async def claim_request(ledger: Ledger, clock: Clock, actor: Actor, key: str, fingerprint: str) -> Answer | None:
    """None: go ahead, and then `keep_answer` or `release_request`. An Answer: this is what was answered before.

    `fingerprint` stands for the whole request. Raises Invalid when the key was used for another one, and Conflict while
    the first has no answer yet. A request that was cut off by a crash never gets one: what it did is not known, and
    nothing is done a second time on a guess.
    """
    async with ledger.write() as tx:
        known = await tx.organizations.begin_answer(actor.organization_id, key, fingerprint, clock.now(), KEPT_FOR)
    if known is None:
        return None
    if known.fingerprint != fingerprint:
        message = "This key was used for another request within the last 24 hours."
        raise Invalid([Problem("Idempotency-Key", "key_reused", message)])
    if known.status is None:
        raise Conflict(
            "request_in_progress",
            "The first request with this key has no answer yet. Ask again shortly; if this stays so, the server was "
            "stopped in the middle of it: look whether it was done, and use a new key if not.",
        )
    return known


async def keep_answer(ledger: Ledger, actor: Actor, key: str, answer: Answer) -> None:
    """Remember what was answered, for 24 hours from the claim."""
    async with ledger.write() as tx:
        await tx.organizations.finish_answer(actor.organization_id, key, answer)


async def release_request(ledger: Ledger, actor: Actor, key: str) -> None:
    """The request was refused or failed, so nothing was done: the key may be used again."""
    async with ledger.write() as tx:
        await tx.organizations.drop_answer(actor.organization_id, key)


async def forget_answers(ledger: Ledger, clock: Clock) -> int:
    """Drop what is older than 24 hours, in all organisations. For the server's own housekeeping."""
    async with ledger.write() as tx:
        return await tx.organizations.drop_answers_before(clock.now() - KEPT_FOR)
