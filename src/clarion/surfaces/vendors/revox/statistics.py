"""A campaign's report: the funnel from called to hot, outcomes, leads. Counts come from tallies; leads are few."""

from __future__ import annotations

from collections import Counter
from typing import Any

from clarion.app.actor import Actor
from clarion.app.agents import get_agent
from clarion.app.browse import browse_attempts
from clarion.app.contacts import get_contact
from clarion.app.conversations import conversation_of
from clarion.app.organizations import get_organization
from clarion.app.ports.reports import AttemptFilters
from clarion.app.report import Numbers
from clarion.app.standings import standing_of
from clarion.core.campaigns import Campaign, CampaignStatus
from clarion.core.contacts import Attempt
from clarion.core.schedule import ZonePolicy
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.revox.access import Body
from clarion.surfaces.vendors.revox.answers import instant
from clarion.surfaces.vendors.revox.assistant_config import read_config
from clarion.surfaces.vendors.revox.orders import outcome_of, person
from clarion.surfaces.vendors.revox.row_stats import reached, talked
from clarion.surfaces.vendors.revox.translate import status_word
from clarion.surfaces.vendors.revox.words import HOT, LABELS, TOLD, UNTOLD
from clarion.wire.uuids import uuid_of

MOST_LEADS = 100
"""In each list of leads, the newest first."""
LOOKED_AT = 2_000
"""Conversations that are looked through for them."""
PAGE = 500


def outcomes(total: Numbers) -> Counter[str]:
    """How many conversations had each business outcome."""
    found: Counter[str] = Counter()
    told: Counter[str] = Counter()
    for (outcome, said), n in total.told.items():
        if outcome in UNTOLD:
            found[TOLD[said]] += n
            told[outcome] += n
    for outcome, word in UNTOLD.items():
        found[word] += max(0, total.outcomes.get(outcome, 0) - told[outcome])
    return +found


def hot_leads(total: Numbers) -> int:
    """How many conversations made a hot lead."""
    found = outcomes(total)
    return sum(found[word] for word in HOT)


def percent(part: int, whole: int) -> float | None:
    """With one decimal; None of nothing."""
    return None if whole == 0 else round(100 * part / whole, 1)


async def report(api: Api, caller: Actor, campaign: Campaign) -> Body:
    """The whole report."""
    total, _ = await standing_of(api.ledger, caller, campaign)
    agent = None if campaign.agent_id is None else await get_agent(api.ledger, caller, campaign.agent_id)
    answered, spoke, hot = reached(total.standing), talked(total.standing), hot_leads(total)
    found = outcomes(total)
    schema = read_config(agent.config)["structured_output_config"] if agent else None
    return {
        "campaign": await _head(api, caller, campaign, total, agent.name if agent else None),
        "effort": {"calls_total": total.attempts, "inbound_calls": 0, "outbound_attempts": total.attempts},
        "funnel": {
            "called": {"count": total.first_attempts, "imported_rows": total.contacts},
            "reached": {
                "count": answered,
                "inbound": 0,
                "outbound": answered,
                "overlap": 0,
                "pct_of_called": percent(answered, total.first_attempts),
            },
            "real_exchanges": {"count": spoke, "pct_of_reached": percent(spoke, answered)},
            "hot_leads": {"count": hot, "pct_of_reached": percent(hot, answered)},
        },
        "hot_lead_outcomes": list(HOT),
        "inbound": {"unique_callers": 0},
        "jump_in": {"joined_calls": 0, "median_conversation_seconds": None, "median_time_to_join_seconds": None},
        "leads": await _leads(api, caller, campaign),
        "outcome_breakdown": [
            {"outcome": word, "label": label, "count": found[word]} for word, label in LABELS.items() if found[word]
        ],
        "data_extraction": {"fields": [each["name"] for each in schema], "intro": ""} if schema else None,
    }


async def _head(api: Api, caller: Actor, campaign: Campaign, total: Numbers, agent: str | None) -> Body:
    ends = AttemptFilters(campaign_id=campaign.id)
    newest, made = await browse_attempts(api.ledger, caller, ends, limit=1)
    oldest, _ = await browse_attempts(api.ledger, caller, ends, offset=max(0, made - 1), limit=1)
    settings = (await get_organization(api.ledger, caller)).settings
    zone = campaign.plan.schedule.zone if campaign.plan.schedule.zone_policy is ZonePolicy.CAMPAIGN else None
    return {
        "id": uuid_of("campaign", campaign.id),
        "name": campaign.name,
        "agent_name": agent,
        "status": status_word(campaign, (0, 5)),
        "is_cancelled": campaign.status is CampaignStatus.CANCELLED,
        "has_activity": bool(newest),
        "first_activity_at": instant(_moment(oldest[0])) if oldest else None,
        "last_activity_at": instant(newest[0].ended_at or _moment(newest[0])) if newest else None,
        "max_attempts_per_contact": campaign.plan.retries.max_attempts,
        "timezone": zone or settings.timezone,
    }


def _moment(attempt: Attempt) -> Any:
    return attempt.begun_at or attempt.released_at


async def _leads(api: Api, caller: Actor, campaign: Campaign) -> Body:
    """The latest hot leads, each person once."""
    found: dict[str, dict[int, Attempt]] = {word: {} for word in HOT}
    seen: set[int] = set()
    conversations = AttemptFilters(campaign_id=campaign.id, outcomes=frozenset(UNTOLD))
    for offset in range(0, LOOKED_AT, PAGE):
        page, _ = await browse_attempts(api.ledger, caller, conversations, offset=offset, limit=PAGE)
        for attempt in page:
            word = outcome_of([attempt])
            if attempt.contact_id not in seen and word in found and len(found[word]) < MOST_LEADS:
                found[word][attempt.contact_id] = attempt
            seen.add(attempt.contact_id)
        if len(page) < PAGE or all(len(each) == MOST_LEADS for each in found.values()):
            break
    interested, callback = (found[word].values() for word in HOT)
    return {
        "interested": [await _lead(api, caller, each) for each in interested],
        "callback_requested": [await _lead(api, caller, each) for each in callback],
    }


async def _lead(api: Api, caller: Actor, attempt: Attempt) -> Body:
    contact = await get_contact(api.ledger, caller, attempt.contact_id)
    who = person(contact.variables)
    name = " ".join(part for part in (who["first_name"], who["last_name"]) if part)
    return {
        "call_id": uuid_of("contact", attempt.contact_id),
        "attempt_id": uuid_of("attempt", attempt.id),
        "direction": "outbound",
        "email": who["email"],
        "last_activity_at": instant(attempt.ended_at),
        "name": name or str(contact.variables.get("name") or ""),
        "phone": contact.address,
        "summary": conversation_of(attempt).summary,
    }
