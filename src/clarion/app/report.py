"""What came of a campaign: numbers from the tallies (never by reading every contact), attempts, rows for export."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from clarion.app.actor import Actor
from clarion.app.ports.campaigns import CampaignFilters
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.reports import NO_OUTCOME, AttemptFilters, ExportRow, Standing
from clarion.core.campaigns import Batch, Campaign, CampaignStatus
from clarion.core.contacts import Attempt
from clarion.core.outcomes import ContactState, FinishReason

EXPORT_PAGE = 1_000
OVERVIEW_PAGE = 500


@dataclass(frozen=True, slots=True)
class Numbers:
    """How a campaign, a batch or an organisation stands. Every contact is waiting, live or finished."""

    contacts: int = 0
    waiting: int = 0
    live: int = 0
    finished: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Finish reason -> contacts."""
    skipped: Mapping[str, int] = field(default_factory=dict)
    """Finish reason -> contacts that were finished without an attempt, or without another one, by a rule."""
    standing: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """`waiting`, `live` or the finish reason, and the last outcome or `none` -> contacts. Every contact once."""
    attempts: int = 0
    first_attempts: int = 0
    retries: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """Outcome -> attempts."""
    told: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Outcome, and the disposition that the agent told -> attempts."""
    goals: int = 0
    costs: Mapping[str, int] = field(default_factory=dict)
    """Currency -> millionths."""
    hours: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    """Hour of the recipient's day, 0 to 23 -> outcome -> attempts."""


@dataclass(frozen=True, slots=True)
class CampaignNumbers:
    """A campaign with its numbers, and those of each batch."""

    campaign: Campaign
    total: Numbers
    batches: Sequence[tuple[Batch, Numbers]]


@dataclass(frozen=True, slots=True)
class Overview:
    """An organisation at a glance; archived campaigns are left out."""

    total: Numbers
    campaigns: Sequence[tuple[Campaign, Numbers]]
    """The newest first."""
    statuses: Mapping[CampaignStatus, int]


def numbers(tallies: Mapping[str, int], live: Mapping[str, int]) -> Numbers:
    """Tallies as numbers, with live contacts by last outcome. The keys of tallies are `contacts`, `finished:reached`,
    `last:busy`, `ended:reached:completed`, `hour:9:busy`… as the recorder writes them."""
    families: dict[str, Counter[str]] = {}
    for key, n in tallies.items():
        family, _, rest = key.partition(":")
        if n:
            families.setdefault(family, Counter())[rest] += n
    hours: dict[int, dict[str, int]] = {}
    for rest, n in families.get("hour", Counter()).items():
        hour, _, outcome = rest.partition(":")
        hours.setdefault(int(hour), {})[outcome] = n
    reasons = dict(families.get("finished", Counter()))
    contacts, finished, live_now = tallies.get("contacts", 0), sum(reasons.values()), sum(live.values())
    waiting = max(0, contacts - finished - live_now)
    return Numbers(
        contacts=contacts,
        waiting=waiting,
        live=live_now,
        finished=finished,
        reasons=reasons,
        skipped=dict(families.get("skipped", Counter())),
        standing=_standing(families.get("last", Counter()), families.get("ended", Counter()), live, waiting),
        attempts=tallies.get("attempts", 0),
        first_attempts=tallies.get("first_attempts", 0),
        retries=tallies.get("retries", 0),
        outcomes=dict(families.get("outcome", Counter())),
        told=_told(families.get("told", Counter())),
        goals=tallies.get("goal", 0),
        costs=dict(families.get("cost", Counter())),
        hours={hour: hours[hour] for hour in sorted(hours)},
    )


def _told(told: Mapping[str, int]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for rest, n in told.items():
        outcome, _, said = rest.partition(":")
        found[outcome, said] = n
    return found


def _standing(
    last: Mapping[str, int], ended: Mapping[str, int], live: Mapping[str, int], waiting: int
) -> dict[tuple[str, str], int]:
    """Who waits after an outcome is whoever it was the last of, but for the finished and the live ones."""
    found = Counter({("live", outcome): n for outcome, n in live.items()})
    left = Counter(last)
    for key, n in ended.items():
        reason, _, outcome = key.partition(":")
        found[reason, outcome] += n
        left[outcome] -= n
    left.subtract(live)
    del left[NO_OUTCOME]
    after = +left
    found.update({("waiting", outcome): n for outcome, n in after.items()})
    found["waiting", NO_OUTCOME] = waiting - after.total()
    return dict(+found)


def added_up(standings: Iterable[Standing]) -> Numbers:
    """The numbers of several batches together."""
    sums: Counter[str] = Counter()
    live: Counter[str] = Counter()
    for standing in standings:
        sums.update(standing.tallies)
        live.update(standing.live)
    return numbers(sums, live)


async def campaign_numbers(ledger: Ledger, actor: Actor, campaign_id: int) -> CampaignNumbers:
    """The campaign's numbers and those of its batches, from one snapshot."""
    async with ledger.read() as tx:
        campaign = await tx.campaigns.get(actor.organization_id, campaign_id)
        batches = await tx.campaigns.batches_of([campaign_id])
        standings = {each.batch_id: each for each in await tx.reports.standings(actor.organization_id, campaign_id)}
    by_batch = [(batch, added_up([standings[batch.id]])) for batch in batches]
    return CampaignNumbers(campaign, added_up(standings.values()), by_batch)


async def batch_numbers(ledger: Ledger, actor: Actor, key: str) -> tuple[Batch, Numbers]:
    """One batch with its numbers."""
    async with ledger.read() as tx:
        batch = await tx.campaigns.get_batch(actor.organization_id, key)
        standings = await tx.reports.standings(actor.organization_id, batch.campaign_id)
    return batch, added_up(each for each in standings if each.batch_id == batch.id)


async def overview(ledger: Ledger, actor: Actor) -> Overview:
    """Every campaign of the organisation that is not archived, with its numbers, and all of them together."""
    campaigns: list[Campaign] = []
    async with ledger.read() as tx:
        tallies = await tx.reports.overview(actor.organization_id)
        live = await tx.reports.live_by_campaign(actor.organization_id)
        cursor: int | None = None
        while page := await tx.campaigns.page(actor.organization_id, CampaignFilters(), cursor, OVERVIEW_PAGE):
            campaigns.extend(page)
            cursor = page[-1].id
    standings = [Standing(0, live.get(each.id, {}), tallies.get(each.id, {})) for each in campaigns]
    each = [(campaign, added_up([standing])) for campaign, standing in zip(campaigns, standings, strict=True)]
    return Overview(added_up(standings), each, dict(Counter(campaign.status for campaign in campaigns)))


async def list_attempts(
    ledger: Ledger, actor: Actor, filters: AttemptFilters, *, cursor: int | None = None, limit: int = 50
) -> Sequence[Attempt]:
    """Attempts, the newest first; `cursor` is the id of the last one seen. NotFound for a foreign campaign."""
    async with ledger.read() as tx:
        if filters.campaign_id is not None:
            await tx.campaigns.get(actor.organization_id, filters.campaign_id)
        return await tx.reports.attempts(actor.organization_id, filters, cursor, limit)


async def get_attempt(ledger: Ledger, actor: Actor, attempt_id: int) -> Attempt:
    """One attempt with the provider's raw report, or NotFound."""
    async with ledger.read() as tx:
        return await tx.reports.attempt(actor.organization_id, attempt_id)


async def export_rows(
    ledger: Ledger,
    actor: Actor,
    campaign_id: int,
    *,
    batch_key: str | None = None,
    states: frozenset[ContactState] = frozenset(),
    reasons: frozenset[FinishReason] = frozenset(),
    after: int = 0,
) -> AsyncIterator[dict[str, Any]]:
    """One mapping per contact; the keys are EXPORT_COLUMNS. See `export_contacts`."""
    rows = export_contacts(ledger, actor, campaign_id, batch_key=batch_key, states=states, reasons=reasons, after=after)
    async for row in rows:
        yield export_row(row)


async def export_contacts(
    ledger: Ledger,
    actor: Actor,
    campaign_id: int,
    *,
    batch_key: str | None = None,
    states: frozenset[ContactState] = frozenset(),
    reasons: frozenset[FinishReason] = frozenset(),
    after: int = 0,
) -> AsyncIterator[ExportRow]:
    """Every contact with its last attempt, in order of id, in flat memory.

    A transaction of its own for each page, so a long download holds nothing: a row is as it stands when it is read.
    `after` goes on behind a row that was received. Raises NotFound before the first row.
    """
    async with ledger.read() as tx:
        await tx.campaigns.get(actor.organization_id, campaign_id)
        batch = None if batch_key is None else await tx.campaigns.get_batch(actor.organization_id, batch_key)
    while True:
        async with ledger.read() as tx:
            page = await tx.reports.export_page(
                actor.organization_id,
                campaign_id,
                batch_id=None if batch is None else batch.id,
                states=states,
                reasons=reasons,
                after=after,
                limit=EXPORT_PAGE,
            )
        for row in page:
            yield row
        if len(page) < EXPORT_PAGE:
            return
        after = page[-1].contact.id


def export_row(row: ExportRow) -> dict[str, Any]:
    """Plain values with JSON forms. Instants are UTC; costs are millionths by currency."""
    contact, last = row.contact, row.last
    return {
        "contact_id": contact.id,
        "reference_id": contact.reference_id,
        "batch": row.batch_key,
        "address": contact.address,
        "state": contact.state,
        "finish_reason": contact.finish_reason,
        "goal_reached": contact.goal_reached,
        "attempts": row.attempts,
        "last_outcome": contact.last_outcome,
        "next_at": contact.next_at if contact.state is ContactState.WAITING else None,
        "costs": dict(row.costs),
        "last_attempt_id": last and last.id,
        "last_address": last and last.address,
        "last_detail": last and last.detail,
        "last_begun_at": last and last.begun_at,
        "last_answered_at": last and last.answered_at,
        "last_ended_at": last and last.ended_at,
        "last_sandbox": last and last.sandbox,
        "results": dict(last.results) if last else {},
        "variables": dict(contact.variables),
        "created_at": contact.created_at,
        "updated_at": contact.updated_at,
    }


EXPORT_COLUMNS = (
    "contact_id",
    "reference_id",
    "batch",
    "address",
    "state",
    "finish_reason",
    "goal_reached",
    "attempts",
    "last_outcome",
    "next_at",
    "costs",
    "last_attempt_id",
    "last_address",
    "last_detail",
    "last_begun_at",
    "last_answered_at",
    "last_ended_at",
    "last_sandbox",
    "results",
    "variables",
    "created_at",
    "updated_at",
)


def flat(row: Mapping[str, Any]) -> dict[str, str]:
    """An export row as a spreadsheet wants it: every value as text, mappings as JSON, nothing as an empty cell."""
    return {name: _cell(value) for name, value in row.items()}


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return value.isoformat()
        case Mapping():
            return orjson.dumps(value).decode() if value else ""
        case _:
            return str(value)
