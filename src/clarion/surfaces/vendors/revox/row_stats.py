"""A campaign's numbers in Revox's words. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from clarion.app.ports.reports import NO_OUTCOME
from clarion.core.campaigns import CampaignStatus
from clarion.core.outcomes import FinishReason, Outcome
from clarion.core.retries import reached_human
from clarion.surfaces.vendors.revox.words import ROW_OF_REASON

KEYS = ("calling", "completed", "failed", "not_launched", "pending", "retry", "skipped", "total")
WAITING, LIVE = "waiting", "live"
UNREAL = frozenset({Outcome.ABANDONED})
"""Somebody answered, but nothing was said."""

Standing = Mapping[tuple[str, str], int]
"""As `Numbers.standing`."""


def row_stats(total: Standing, held: Standing, status: CampaignStatus) -> dict[str, int]:
    """Every contact in one key. `held`: those among them who wait until they are launched."""
    stats = Counter(dict.fromkeys(KEYS, 0))
    for (state, last), count in total.items():
        stats["total"] += count
        if state == LIVE:
            stats["calling"] += count
        elif state == WAITING:
            asleep = count if status is CampaignStatus.DRAFT else min(count, held.get((state, last), 0))
            stats["not_launched"] += asleep
            stats["pending" if last == NO_OUTCOME else "retry"] += count - asleep
        else:
            stats[ROW_OF_REASON[FinishReason(state)]] += count
    return {key: stats[key] for key in KEYS}


def reached(standing: Standing) -> int:
    """How many people, not machines, answered, as their last calls tell."""
    return _with_outcome(standing, reached_human)


def talked(standing: Standing) -> int:
    """How many of them said something."""
    return _with_outcome(standing, lambda outcome: reached_human(outcome) and outcome not in UNREAL)


def _with_outcome(standing: Standing, counts: Callable[[Outcome], bool]) -> int:
    return sum(n for (_, last), n in standing.items() if last != NO_OUTCOME and counts(Outcome(last)))
