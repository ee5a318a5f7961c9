"""Reap: attempts whose worker died are taken over, looked up with their carrier, and never simply dialled again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from clarion.app.ports.channel import Fate, NeverAsked, StillRunning
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.queue import Ending, Live, Move
from clarion.core.contacts import Decision, band
from clarion.core.outcomes import AttemptState, ContactState

LOOKUPS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
)
"""How long after an attempt became unknown its carrier is asked, and asked again. After the last it is left unknown."""

AT_ONCE = 500


async def take_over(ledger: Ledger, worker_id: int, now: datetime, *, everyone: bool = False) -> list[Live]:
    """Fence workers whose lease ran out (`everyone`: all others) and adopt what they left as UNKNOWN.

    Attempts that no channel had begun go straight back to the queue. Answers those whose fate must be looked up.
    """
    async with ledger.write() as tx:
        await tx.queue.fence_lost(now, worker_id, everyone)
        orphans = await tx.queue.orphans(AT_ONCE)
        if not orphans:
            return []
        unasked = [x for x in orphans if x.attempt.state is AttemptState.RELEASED]
        doubtful = [x for x in orphans if x.attempt.state is not AttemptState.RELEASED]
        await tx.queue.end([_taken_back(x, now) for x in unasked])
        await tx.queue.move([_back_in_queue(x, now) for x in unasked], now)
        await tx.queue.adopt([(x.attempt.id, AttemptState.UNKNOWN) for x in doubtful], worker_id)
        await tx.queue.decide(
            [_line(x, now, "taken_back", "worker_lost") for x in unasked]
            + [_line(x, now, "unknown", "worker_lost") for x in doubtful]
        )
    return [Live(replace(x.attempt, state=AttemptState.UNKNOWN, worker_id=worker_id), x.contact) for x in doubtful]


async def doubt(ledger: Ledger, lives: Sequence[Live], worker_id: int, detail: str, now: datetime) -> list[Live]:
    """The carrier was asked and its answer is lost: the attempts become UNKNOWN."""
    async with ledger.write() as tx:
        held = await tx.queue.hold_live([x.attempt.id for x in lives])
        doubtful = [x for x in lives if x.attempt.id in held]
        await tx.queue.adopt([(x.attempt.id, AttemptState.UNKNOWN) for x in doubtful], worker_id)
        await tx.queue.decide([_line(x, now, "unknown", "answer_lost", detail) for x in doubtful])
    return [Live(replace(x.attempt, state=AttemptState.UNKNOWN), x.contact) for x in doubtful]


async def settle(ledger: Ledger, lives: Sequence[Live], fates: Sequence[Fate], worker_id: int, now: datetime) -> None:
    """Write what a look-up found, but for reports (they are recorded) and attempts nobody knows of (they stay)."""
    by_id = {x.attempt.id: x for x in lives}
    running = [by_id[f.attempt_id] for f in fates if isinstance(f, StillRunning)]
    unasked = [by_id[f.attempt_id] for f in fates if isinstance(f, NeverAsked)]
    if not running and not unasked:
        return
    async with ledger.write() as tx:
        held = await tx.queue.hold_live([x.attempt.id for x in (*running, *unasked)])
        running = [x for x in running if x.attempt.id in held]
        unasked = [x for x in unasked if x.attempt.id in held]
        await tx.queue.adopt([(x.attempt.id, AttemptState.ACCEPTED) for x in running], worker_id)
        await tx.queue.end([_taken_back(x, now) for x in unasked])
        await tx.queue.move([_back_in_queue(x, now) for x in unasked], now)
        await tx.queue.decide(
            [_line(x, now, "reconciled", "still_running") for x in running]
            + [_line(x, now, "taken_back", "never_asked") for x in unasked]
        )


def _taken_back(live: Live, now: datetime) -> Ending:
    attempt = live.attempt
    return Ending(
        attempt_id=attempt.id,
        state=AttemptState.TAKEN_BACK,
        outcome=None,
        detail=None,
        burns=False,
        provider_id=attempt.provider_id,
        accepted_at=attempt.accepted_at,
        answered_at=None,
        ended_at=now,
        cost_micros=None,
        currency=None,
        raw=attempt.raw,
        results=attempt.results,
    )


def _back_in_queue(live: Live, now: datetime) -> Move:
    """As it was before the release: nothing was tried, so nothing is counted."""
    contact, attempt = live.contact, live.attempt
    return replace(
        Move.stay(contact),
        fence=attempt.id,
        state=ContactState.WAITING,
        band=band(contact.priority, retry=attempt.number > 1),
        next_at=max(now, contact.next_at) if contact.next_at else now,
        tries=attempt.number - 1,
    )


def _line(live: Live, now: datetime, verdict: str, rule: str, detail: str = "") -> Decision:
    attempt = live.attempt
    return Decision(
        organization_id=attempt.organization_id,
        campaign_id=attempt.campaign_id,
        batch_id=attempt.batch_id,
        contact_id=attempt.contact_id,
        attempt_id=attempt.id,
        at=now,
        verdict=verdict,
        rule=rule,
        inputs={"worker": attempt.worker_id, **({"detail": detail} if detail else {})},
    )
