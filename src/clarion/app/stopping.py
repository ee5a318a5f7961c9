"""Stopping: outcomes after which an address goes on the do-not-contact list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clarion.app.ports.ledger import Tx
from clarion.app.ports.suppression import EVERY_CHANNEL, Suppression, SuppressionReason
from clarion.core.contacts import Attempt, Report
from clarion.core.outcomes import Outcome

STOPPING: Mapping[Outcome, SuppressionReason] = {
    Outcome.OPTED_OUT: SuppressionReason.OPTED_OUT,
    Outcome.UNWANTED: SuppressionReason.OPTED_OUT,
    Outcome.UNSUBSCRIBED: SuppressionReason.UNSUBSCRIBED,
    Outcome.SPAM_REPORT: SuppressionReason.SPAM_REPORT,
    Outcome.BOUNCED: SuppressionReason.BOUNCED,
}
"""After these the address is left alone, in every campaign."""


@dataclass(frozen=True, slots=True)
class Stop:
    """An address that is not to be contacted any more, and the attempt and report that say so."""

    attempt: Attempt
    reason: SuppressionReason
    report: Report


def stopped_by(attempt: Attempt, report: Report) -> Stop | None:
    """The stop that a report amounts to, if it does."""
    reason = STOPPING.get(report.outcome)
    return None if reason is None else Stop(attempt, reason, report)


async def stop_contacting(tx: Tx, stops: Sequence[Stop]) -> None:
    """Put the addresses on the list. Who says stop means the person's number, not the channel."""
    if not stops:
        return
    ordered = sorted(stops, key=lambda stop: stop.attempt.address)  # one order, so that two workers cannot deadlock
    ids = await tx.new_ids("suppressions", len(ordered))
    await tx.suppression.suppress(
        [
            Suppression(
                id=entry_id,
                organization_id=stop.attempt.organization_id,
                channel=EVERY_CHANNEL if stop.reason is SuppressionReason.OPTED_OUT else stop.attempt.channel,
                address=stop.attempt.address,
                reason=stop.reason,
                source=f"attempt {stop.attempt.id}",
                campaign_id=stop.attempt.campaign_id,
                created_at=stop.report.at,
            )
            for entry_id, stop in zip(ids, ordered, strict=True)
        ]
    )
