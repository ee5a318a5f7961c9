"""What the simulated public is yet to report, by instant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from heapq import heappop, heappush

from clarion.core.contacts import Report


class Agenda:
    """A heap of due reports. An attempt runs until its final report is collected."""

    def __init__(self) -> None:
        """Empty."""
        self._due: list[tuple[datetime, int, int, Report]] = []
        self._entries = 0
        self._pending: dict[int, int] = {}
        self._running: dict[int, Report] = {}
        self._ended_early: set[int] = set()

    @property
    def running(self) -> int:
        """How many attempts have a final report still to come."""
        return len(self._running)

    def __contains__(self, attempt_id: object) -> bool:
        """Whether anything is still to come of this attempt."""
        return attempt_id in self._pending

    def add(self, reports: Sequence[Report]) -> None:
        """Take the reports of one attempt: the final one first if it is still to come, then news."""
        for report in reports:
            self._push(report)
        if reports:
            attempt_id = reports[0].attempt_id
            self._pending[attempt_id] = self._pending.get(attempt_id, 0) + len(reports)
            if reports[0].final:
                self._running[attempt_id] = reports[0]

    def replace_final(self, report: Report) -> None:
        """A running attempt ends otherwise than it would have."""
        planned = self._running.get(report.attempt_id)
        if planned is not None:
            self._ended_early.add(id(planned))
            self._running[report.attempt_id] = report
            self._push(report)

    def final_of(self, attempt_id: int) -> Report | None:
        """How a running attempt will end."""
        return self._running.get(attempt_id)

    def collect(self, now: datetime) -> Sequence[Report]:
        """The reports due at `now`, in order of their instants, then of attempt ids."""
        due: list[Report] = []
        heap, pending, running = self._due, self._pending, self._running
        while heap and heap[0][0] <= now:
            report = heappop(heap)[3]
            if self._ended_early and id(report) in self._ended_early:
                self._ended_early.discard(id(report))
                continue
            attempt_id = report.attempt_id
            if report.final:
                running.pop(attempt_id, None)
            left = pending[attempt_id] - 1
            if left:
                pending[attempt_id] = left
            else:
                del pending[attempt_id]
            due.append(report)
        return due

    def next_at(self) -> datetime | None:
        """When the next report is due."""
        return self._due[0][0] if self._due else None

    def _push(self, report: Report) -> None:
        self._entries += 1
        heappush(self._due, (report.at, report.attempt_id, self._entries, report))
