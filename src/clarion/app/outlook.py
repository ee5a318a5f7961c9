"""What lies ahead of a campaign: when those who wait are due, and who is next in line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from clarion.app.actor import Actor
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger

HORIZONS: Mapping[str, timedelta] = {
    "now": timedelta(0),
    "within an hour": timedelta(hours=1),
    "within a day": timedelta(days=1),
    "within a week": timedelta(days=7),
}


@dataclass(frozen=True, slots=True)
class Head:
    """The waiting contact with the earliest instant."""

    contact_id: int
    next_at: datetime


@dataclass(frozen=True, slots=True)
class Outlook:
    """When those who wait are due. Windows and limits may hold up who is due now."""

    due: Mapping[str, int]
    """Horizon -> contacts; each is counted once, under the first horizon that it falls in; `later` for the rest."""
    head: Head | None
    """None: nobody waits."""


async def campaign_outlook(ledger: Ledger, clock: Clock, actor: Actor, campaign_id: int) -> Outlook:
    """Count those who wait, by when they are due. It reads the place in the queue of each one; NotFound."""
    now = clock.now()
    async with ledger.read() as tx:
        await tx.campaigns.get(actor.organization_id, campaign_id)
        until = [now + ahead for ahead in HORIZONS.values()]
        up_to = await tx.reports.waiting_until(actor.organization_id, campaign_id, until)
        head = await tx.reports.head(actor.organization_id, campaign_id)
    each = [n - before for n, before in zip(up_to, [0, *up_to], strict=False)]
    return Outlook(dict(zip([*HORIZONS, "later"], each, strict=True)), None if head is None else Head(*head))


async def next_in_line(ledger: Ledger, actor: Actor, campaign_id: int) -> Head | None:
    """Whose instant comes first, without reading the others; None when nobody waits."""
    async with ledger.read() as tx:
        head = await tx.reports.head(actor.organization_id, campaign_id)
    return None if head is None else Head(*head)
