"""Reap: attempts whose worker died are taken over, looked up with their carrier, and never simply dialled again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from clarion.app.page import Page
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


async def take_over(
    ledger: Ledger, worker_id: int, slot: int, now: datetime, *, everyone: bool = False
) -> tuple[list[Live], bool]:
    """Fence workers whose lease ran out (`everyone`: all others) and adopt what they left as UNKNOWN.

    Attempts that no channel had begun go straight back to the queue. Answers those whose fate must be looked up, and
    whether there may be more.
    """
    async with ledger.write() as tx:
        await tx.queue.fence_lost(now, worker_id, everyone)
        orphans = await tx.queue.orphans(AT_ONCE)
        if not orphans:
            return [], False
        page = Page({})
        doubtful = []
        for live in orphans:
            if live.attempt.state is AttemptState.RELEASED:
                _put_back(page, live, now, "worker_lost")
            else:
                doubtful.append(live)
                page.decisions.append(_line(live, now, "unknown", "worker_lost"))
        await tx.queue.adopt([(x.attempt.id, AttemptState.UNKNOWN) for x in doubtful], worker_id)
        await page.write(tx, slot, now)
    return [_unknown(x, worker_id) for x in doubtful], len(orphans) == AT_ONCE


async def doubt(
    ledger: Ledger, lives: Sequence[Live], worker_id: int, rule: str, detail: str, now: datetime
) -> list[Live]:
    """The carrier was asked, and its answer or its report is lost (`rule` says which): the attempts become UNKNOWN.

    Answers those that were live still.
    """
    async with ledger.write() as tx:
        held = await tx.queue.hold_live([x.attempt.id for x in lives])
        doubtful = [x for x in lives if x.attempt.id in held]
        await tx.queue.adopt([(x.attempt.id, AttemptState.UNKNOWN) for x in doubtful], worker_id)
        await tx.queue.decide([_line(x, now, "unknown", rule, detail) for x in doubtful])
    return [_unknown(x, worker_id) for x in doubtful]


async def settle(
    ledger: Ledger, lives: Sequence[Live], fates: Sequence[Fate], worker_id: int, slot: int, now: datetime
) -> None:
    """Write what a look-up found, but for reports (they are recorded) and attempts nobody knows of (they stay)."""
    by_id = {x.attempt.id: x for x in lives}
    running = [by_id[f.attempt_id] for f in fates if isinstance(f, StillRunning)]
    unasked = [by_id[f.attempt_id] for f in fates if isinstance(f, NeverAsked)]
    if not running and not unasked:
        return
    async with ledger.write() as tx:
        held = await tx.queue.hold_live([x.attempt.id for x in (*running, *unasked)])
        page = Page({})
        running = [x for x in running if x.attempt.id in held]
        for live in running:
            page.decisions.append(_line(live, now, "reconciled", "still_running"))
        for live in unasked:
            if live.attempt.id in held:
                _put_back(page, live, now, "never_asked")
        await tx.queue.adopt([(x.attempt.id, AttemptState.ACCEPTED) for x in running], worker_id)
        await page.write(tx, slot, now)


def _unknown(live: Live, worker_id: int) -> Live:
    return Live(replace(live.attempt, state=AttemptState.UNKNOWN, worker_id=worker_id), live.contact)


def _put_back(page: Page, live: Live, now: datetime, rule: str) -> None:
    """The contact goes back to the queue as it was before the release: nothing was tried, so nothing is counted."""
    attempt, contact = live.attempt, live.contact
    page.endings[attempt.id] = Ending(
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
    page.moves.append(
        Move.stay(contact)._replace(
            fence=attempt.id,
            state=ContactState.WAITING,
            band=band(contact.priority, retry=attempt.number > 1),
            next_at=contact.next_at or now,
            tries=attempt.number - 1,
        )
    )
    page.decisions.append(_line(live, now, "taken_back", rule))
    key = (attempt.campaign_id, attempt.batch_id)
    page.tallies[*key, "attempts"] -= 1
    page.tallies[*key, "first_attempts" if attempt.number == 1 else "retries"] -= 1


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
