"""Reports in a process that has no worker: an API that hears of an unsubscribe link writes it down itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from clarion.app.planning import Planner
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger
from clarion.app.record import record
from clarion.core.contacts import Report
from clarion.engine.briefing import Briefing

log = structlog.get_logger(__name__)

SLOT = 0


class FrontDesk:
    """Takes reports at once and records them in the background."""

    def __init__(self, ledger: Ledger, planner: Planner, clock: Clock) -> None:
        """It asks no carrier, so it needs no lease."""
        self._ledger, self._planner, self._clock = ledger, planner, clock
        self._tasks: set[asyncio.Task[None]] = set()

    def hand_in(self, reports: Sequence[Report]) -> None:
        """Record these soon. What a crash loses is news of an attempt; what it means for the person is on disk."""
        task = asyncio.get_running_loop().create_task(self._record(list(reports)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _record(self, reports: Sequence[Report]) -> None:
        try:
            async with self._ledger.read() as tx:
                attempts = await tx.queue.attempts(sorted({report.attempt_id for report in reports}))
            book = await Briefing(self._ledger, {}, lambda trunk: trunk).book(attempts)
            await record(self._ledger, self._planner, book, reports, {}, SLOT, self._clock.now())
        except Exception:
            log.exception("reports_not_recorded", reports=len(reports))
