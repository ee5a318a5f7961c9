"""What the engine counts for Prometheus. No tenant, address or name is ever a label."""

from __future__ import annotations

from collections import Counter as Counts
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram

from clarion.app.rounds import Ready
from clarion.core.contacts import Report


class Meters:
    """Counters and timings of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """`registry` is the one that /metrics shows."""
        self._begun = Counter("clarion_attempts_begun", "Attempts asked of a carrier.", ["channel"], registry=registry)
        self._recorded = Counter("clarion_reports_recorded", "Reports recorded.", ["outcome"], registry=registry)
        self.releasing = Histogram("clarion_release_seconds", "One release, claim to commit.", registry=registry)
        self.recording = Histogram("clarion_record_seconds", "One batch of reports recorded.", registry=registry)
        self.trouble = Counter("clarion_engine_errors", "Steps that failed and were tried again.", registry=registry)

    def begun(self, ready: Sequence[Ready]) -> None:
        """Attempts that are about to be asked of carriers."""
        for channel, count in Counts(one.campaign.channel for one in ready).items():
            self._begun.labels(channel).inc(count)

    def recorded(self, reports: Sequence[Report]) -> None:
        """Reports that are on disk."""
        for outcome, count in Counts(report.outcome for report in reports).items():
            self._recorded.labels(outcome).inc(count)
