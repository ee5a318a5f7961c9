"""What is known of each number that was called, over all campaigns."""

from __future__ import annotations

from typing import Any

from clarion.app.actor import Actor
from clarion.app.browse import browse_contacts
from clarion.app.dossiers import Dossier, dossiers
from clarion.app.ports.people import ContactFilters
from clarion.app.single_calls import is_single_calls
from clarion.core.outcomes import FinishReason
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.revox.answers import instant
from clarion.surfaces.vendors.revox.orders import outcome_of
from clarion.surfaces.vendors.revox.searching import all_campaigns
from clarion.surfaces.vendors.revox.words import HOT, RESULT
from clarion.wire.uuids import uuid_of

MOST = 20_000
"""Calls that are looked at, the newest first."""
PAGE = 1_000

LEAVE_ALONE = frozenset(
    {
        FinishReason.OPTED_OUT,
        FinishReason.SUPPRESSED,
        FinishReason.PRIOR_UNSUBSCRIBED,
        FinishReason.PRIOR_SPAM_REPORT,
        FinishReason.NO_CONSENT,
    }
)


async def history(api: Api, caller: Actor) -> dict[str, Any]:
    """By number. Of an organisation with very many calls the latest are told."""
    ids = frozenset(campaign.id for campaign in await all_campaigns(api, caller))
    found: dict[str, dict[str, Any]] = {}
    for offset in range(0, MOST if ids else 0, PAGE):
        filters = ContactFilters(campaign_ids=ids, min_tries=1)
        page, _ = await browse_contacts(api.ledger, caller, filters, offset=offset, limit=PAGE)
        for order in await dossiers(api.ledger, caller, page):
            _add(found, order)
        if len(page) < PAGE:
            break
    return found


def _add(found: dict[str, dict[str, Any]], order: Dossier) -> None:
    contact, attempts = order.contact, order.attempts
    entry = found.setdefault(
        contact.address,
        {
            "campaigns": [],
            "count": 0,
            "do_not_contact": False,
            "hot": False,
            "last_called_at": None,
            "last_outcome": None,
            "reached_human": False,
        },
    )
    campaign = {"id": uuid_of("campaign", order.campaign.id), "name": order.campaign.name}
    if not is_single_calls(order.campaign) and campaign not in entry["campaigns"]:
        entry["campaigns"].append(campaign)
    outcome = outcome_of(attempts)
    entry["count"] += len(attempts)
    entry["do_not_contact"] |= contact.finish_reason in LEAVE_ALONE
    entry["hot"] |= outcome in HOT
    entry["reached_human"] |= any(a.outcome is not None and RESULT.get(a.outcome) == "human" for a in attempts)
    last = instant(attempts[-1].begun_at or attempts[-1].released_at) if attempts else None
    if last is not None and (entry["last_called_at"] is None or last > entry["last_called_at"]):
        entry["last_called_at"], entry["last_outcome"] = last, outcome
