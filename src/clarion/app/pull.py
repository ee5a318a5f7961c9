"""Pull: workers of a channel that fetches its attempts take released ones, and from then on they are begun.

Until it is pulled an attempt can still be taken back: by a pause, a cancellation, or because nobody came for it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from clarion.app.planning import Planner
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.queue import Live
from clarion.core.campaigns import Campaign
from clarion.core.outcomes import AttemptState, Channel, FinishReason

FRESH = timedelta(seconds=10)
"""A released attempt that nobody pulled for so long goes back to the queue, where its rules are asked again."""


async def pull(
    ledger: Ledger, planner: Planner, worker_id: int, channel: Channel, limit: int, now: datetime
) -> list[Live]:
    """Take up to `limit` released attempts of a channel and begin them; each goes to one worker only.

    Only those of running campaigns and active batches whose windows are open. The worker needs a lease; if it loses it,
    others look up what became of them.
    """
    async with ledger.write() as tx:
        campaigns: dict[int, Campaign] = {}
        begun: list[Live] = []
        for live in await tx.queue.pull(channel, limit, now - FRESH):
            attempt = live.attempt
            if attempt.campaign_id not in campaigns:
                campaigns[attempt.campaign_id] = await tx.campaigns.get(attempt.organization_id, attempt.campaign_id)
            hours = planner.hours(campaigns[attempt.campaign_id], live.contact.region_key)
            if not isinstance(hours, FinishReason) and hours.allows(now):
                mine = replace(attempt, state=AttemptState.BEGUN, worker_id=worker_id, begun_at=now)
                begun.append(Live(mine, live.contact))
        await tx.queue.begin([(x.attempt.id, x.contact.id) for x in begun], worker_id, now)
    return begun
