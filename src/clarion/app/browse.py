"""Lists by page number with their totals, as the APIs of other services have them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from clarion.app.actor import Actor
from clarion.app.ports.campaigns import CampaignFilters
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.people import ContactFilters
from clarion.app.ports.reports import AttemptFilters
from clarion.app.single_calls import is_single_calls
from clarion.core.campaigns import Campaign
from clarion.core.contacts import Attempt, Contact

PAGE = 500


async def browse_campaigns(
    ledger: Ledger, actor: Actor, *, archived: bool = False, label: str | None = None
) -> Sequence[Campaign]:
    """Every campaign, the newest first, but for those that hold single calls."""
    found: list[Campaign] = []
    cursor: int | None = None
    async with ledger.read() as tx:
        while True:
            filters = CampaignFilters(archived=archived, label=label)
            page = await tx.campaigns.page(actor.organization_id, filters, cursor, PAGE)
            found += [campaign for campaign in page if not is_single_calls(campaign)]
            if len(page) < PAGE:
                return found
            cursor = page[-1].id


async def browse_contacts(
    ledger: Ledger,
    actor: Actor,
    filters: ContactFilters,
    *,
    offset: int = 0,
    limit: int = 15,
    newest_first: bool = True,
    total: int | None = None,
) -> tuple[Sequence[Contact], int]:
    """The contacts of a page, and how many there are; a `total` that is known (by tallies) is not counted again.

    NotFound for a foreign campaign.
    """
    async with ledger.read() as tx:
        if filters.campaign_id is not None:
            await tx.campaigns.get(actor.organization_id, filters.campaign_id)
        return await tx.people.browse(
            actor.organization_id, filters, offset, limit, newest_first=newest_first, total=total
        )


async def browse_attempts(
    ledger: Ledger, actor: Actor, filters: AttemptFilters, *, offset: int = 0, limit: int = 15
) -> tuple[Sequence[Attempt], int]:
    """The attempts of a page, the newest first, and how many there are. NotFound for a foreign campaign."""
    async with ledger.read() as tx:
        if filters.campaign_id is not None:
            await tx.campaigns.get(actor.organization_id, filters.campaign_id)
        return await tx.reports.browse_attempts(actor.organization_id, filters, offset, limit)


async def attempts_of(ledger: Ledger, actor: Actor, contact_ids: Sequence[int]) -> Mapping[int, Sequence[Attempt]]:
    """The attempts of contacts, by contact and in order, with the carriers' reports."""
    by_contact: dict[int, list[Attempt]] = defaultdict(list)
    async with ledger.read() as tx:
        for attempt in await tx.reports.attempts_of(actor.organization_id, contact_ids):
            by_contact[attempt.contact_id].append(attempt)
    return by_contact
