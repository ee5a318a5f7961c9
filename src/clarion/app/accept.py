"""Accept: carriers took attempts, which now wait for their reports. Their ids are kept for callbacks and crashes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from clarion.app.ports.channel import Accepted
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.queue import Live
from clarion.core.campaigns import Campaign
from clarion.core.events import Endpoint, EventType, Happening, messages_for


async def accept(
    ledger: Ledger,
    campaigns: Mapping[int, Campaign],
    endpoints: Mapping[int, Sequence[Endpoint]],
    accepted: Sequence[tuple[Live, Accepted]],
) -> None:
    """Write the carriers' ids, and tell the organisations' `endpoints` that the attempts have begun."""
    if not accepted:
        return
    async with ledger.write() as tx:
        await tx.queue.mark_accepted([(a.attempt_id, a.provider_id, a.at) for _, a in accepted])
        for organization_id, listeners in endpoints.items():
            started = [
                _started(live, campaigns.get(live.attempt.campaign_id), answer)
                for live, answer in accepted
                if live.attempt.organization_id == organization_id and listeners
            ]
            if started:
                await tx.outbox.put(messages_for(listeners, started, started[-1].at))


def _started(live: Live, campaign: Campaign | None, answer: Accepted) -> Happening:
    attempt = live.attempt
    return Happening(
        type=EventType.ATTEMPT_STARTED,
        organization_id=attempt.organization_id,
        at=answer.at,
        campaign_id=attempt.campaign_id,
        batch_id=attempt.batch_id,
        contact_id=attempt.contact_id,
        attempt_id=attempt.id,
        agent_id=campaign.agent_id if campaign is not None else None,
        data={
            "reference_id": live.contact.reference_id,
            "channel": attempt.channel,
            "address": attempt.address,
            "attempt_number": attempt.number,
            "provider_id": answer.provider_id,
            "sender_id": attempt.sender_id,
            "begun_at": attempt.begun_at,
            "sandbox": attempt.sandbox,
        },
    )
