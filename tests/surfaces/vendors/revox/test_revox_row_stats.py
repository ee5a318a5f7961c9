"""Numbers as Revox counts them: every contact in one key."""

from __future__ import annotations

import pytest

from clarion.core.campaigns import CampaignStatus
from clarion.core.outcomes import FinishReason
from clarion.surfaces.vendors.revox.row_stats import KEYS, Standing, reached, row_stats, talked

RUNNING, DRAFT = CampaignStatus.RUNNING, CampaignStatus.DRAFT


@pytest.mark.parametrize(
    "total, held, status, expected",
    [
        ({}, {}, RUNNING, {}),
        ({("waiting", "none"): 5}, {}, RUNNING, {"pending": 5}),
        ({("waiting", "none"): 5}, {}, DRAFT, {"not_launched": 5}),
        ({("waiting", "none"): 5}, {("waiting", "none"): 3}, RUNNING, {"pending": 2, "not_launched": 3}),
        ({("waiting", "busy"): 5}, {("waiting", "busy"): 1}, RUNNING, {"retry": 4, "not_launched": 1}),
        ({("live", "none"): 2, ("live", "busy"): 1}, {}, RUNNING, {"calling": 3}),
        ({("reached", "completed"): 2, ("opted_out", "opted_out"): 1}, {}, RUNNING, {"completed": 3}),
        ({("attempts_exhausted", "busy"): 2, ("failed", "timeout"): 1}, {}, RUNNING, {"failed": 3}),
        ({("duplicate", "none"): 2, ("cancelled", "busy"): 1}, {}, RUNNING, {"skipped": 3}),
    ],
)
def test_row_stats(total: Standing, held: Standing, status: CampaignStatus, expected: dict[str, int]) -> None:
    whole = {**dict.fromkeys(KEYS, 0), **expected, "total": sum(expected.values())}
    assert row_stats(total, held, status) == whole


def test_every_reason_counts() -> None:
    stats = row_stats({(reason.value, "none"): 1 for reason in FinishReason}, {}, RUNNING)
    assert stats["total"] == len(FinishReason) == stats["completed"] + stats["failed"] + stats["skipped"]


def test_who_was_reached() -> None:
    standing = {
        ("reached", "completed"): 4,
        ("reached", "abandoned"): 2,
        ("waiting", "voicemail"): 3,
        ("waiting", "none"): 9,
    }
    assert (reached(standing), talked(standing)) == (6, 4)
