"""Record: what channels report becomes outcomes, decisions, retries, tallies and messages, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from clarion.app.aftermath import disposition_of, faults_after, goal_of, unless_over, verdict_on
from clarion.app.amend import amend
from clarion.app.page import Page, ended_key
from clarion.app.planning import Planner
from clarion.app.ports.channel import Accepted
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.queue import Ending, Live, Move
from clarion.app.stopping import Stop, stop_contacting, stopped_by
from clarion.core.campaigns import Batch, Campaign
from clarion.core.contacts import Attempt, Decision, Report, band
from clarion.core.events import Endpoint, attempt_ended, contact_finished, contact_opted_out, message_progressed
from clarion.core.outcomes import AttemptState, ContactState, Outcome, amends
from clarion.core.retries import REFUSED, Finish, Retry, burns


@dataclass(frozen=True, slots=True)
class Book:
    """What recording needs to know of the campaigns concerned."""

    campaigns: Mapping[int, Campaign]
    batches: Mapping[int, Batch]
    endpoints: Mapping[int, Sequence[Endpoint]]
    """By organisation."""
    other_trunks: Mapping[int, int] = field(default_factory=dict)
    """By campaign: how many trunks it has beside the one that failed."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a batch of reports."""

    ended: frozenset[int]
    """Attempts that are over."""
    next_at: Mapping[int, datetime]
    """By campaign: the earliest instant at which one of their contacts is due again."""
    kept: bool = True
    """Whether the reports are on disk."""


async def record(
    ledger: Ledger,
    planner: Planner,
    book: Book,
    reports: Sequence[Report],
    known: Mapping[int, Live],
    slot: int,
    now: datetime,
    accepted: Mapping[int, Accepted] | None = None,
) -> Recorded:
    """Write what `reports` say. `known` holds live attempts that this worker began; others are read. `accepted` has
    what carriers answered to asks, as far as it is not on disk.

    A live attempt ends by its first final report. Everything else that is said of an attempt, before or after its end,
    is news: it changes what the attempt is known by if it says more. Saying the same again changes nothing.
    """
    page = Page(book.endpoints)
    stops: list[Stop] = []
    finals: dict[int, Report] = {}
    news: list[Report] = []
    for report in reports:
        if report.final and report.attempt_id not in finals:
            finals[report.attempt_id] = report
        else:
            news.append(report)
    async with ledger.write() as tx:
        held = await tx.queue.hold_live(list(finals))
        unread = [n for n in held if n not in known]
        lives = {**known, **{x.attempt.id: x for x in await tx.queue.live(unread)}} if unread else known
        for attempt_id, report in finals.items():
            if attempt_id in held:
                taken = accepted.get(attempt_id) if accepted else None
                _end(page, stops, planner, book, lives[attempt_id], report, held[attempt_id], taken)
            else:
                news.append(report)
        if news:
            # The endings must be on disk before they are amended; news of an attempt may come with its end.
            await tx.queue.end(list(page.endings.values()))
            page.endings.clear()
            await tx.queue.move(page.moves, now)
            page.moves.clear()
            await amend(tx, page, stops, planner, book.campaigns, book.batches, news, now)
        await stop_contacting(tx, stops)
        await page.write(tx, slot, now)
    due: dict[int, datetime] = {}
    for said in page.decisions:
        if said.next_at is not None:
            due[said.campaign_id] = min(said.next_at, due.get(said.campaign_id, said.next_at))
    return Recorded(frozenset(held), due)


def _end(
    page: Page,
    stops: list[Stop],
    planner: Planner,
    book: Book,
    live: Live,
    report: Report,
    early: Outcome | None,
    taken: Accepted | None,
) -> None:
    """A live attempt ended: one decision, and all that follows from it. `early`: news that came before its end."""
    attempt, contact = live.attempt, live.contact
    campaign, batch = book.campaigns[attempt.campaign_id], book.batches[attempt.batch_id]
    goal = goal_of(campaign, report)
    other_trunks = book.other_trunks.get(campaign.id, 0)
    verdict = unless_over(campaign, batch, verdict_on(planner, campaign, batch, live, report, other_trunks))
    outcome = early if early is not None and amends(report.outcome, early) else report.outcome
    counted = burns(report.outcome, answered=report.answered_at is not None)
    ending = ending_of(attempt, report, outcome, counted, taken)
    move = _move(live, verdict, report, contact.burned + counted, bool(goal))
    page.endings[attempt.id] = ending
    page.moves.append(move)
    page.decisions.append(_line(attempt, verdict, report))
    _count(page, planner, campaign, live, verdict, report, outcome, goal)
    stopped = stopped_by(attempt, report)
    if stopped is not None:
        stops.append(stopped)
    if page.heard(attempt.organization_id):
        _tell(page, campaign, live, ending, move, report)


def ending_of(attempt: Attempt, report: Report, outcome: Outcome, counted: bool, taken: Accepted | None) -> Ending:
    """The attempt's row as the report leaves it."""
    return Ending(
        attempt_id=attempt.id,
        state=AttemptState.ENDED,
        outcome=outcome,
        detail=report.detail,
        burns=counted,
        provider_id=report.provider_id or (taken.provider_id if taken is not None else attempt.provider_id),
        accepted_at=taken.at if taken is not None else attempt.accepted_at,
        answered_at=report.answered_at,
        ended_at=report.at,
        cost_micros=report.cost_micros,
        currency=report.currency,
        raw=report.raw,
        results=report.results,
    )


def _move(live: Live, verdict: Retry | Finish, report: Report, burned: int, goal: bool) -> Move:
    contact, attempt = live.contact, live.attempt
    if isinstance(verdict, Retry):
        return Move(
            contact_id=contact.id,
            fence=attempt.id,
            state=ContactState.WAITING,
            band=band(contact.priority, retry=True),
            address_index=verdict.address_index,
            region_key=contact.address_at(verdict.address_index).region_key,
            next_at=verdict.at,
            not_before=verdict.not_before,
            tries=attempt.number,
            burned=burned,
            faults=faults_after(contact, report),
            last_outcome=report.outcome,
            finish_reason=None,
            goal_reached=contact.goal_reached or goal,
        )
    return Move(
        contact_id=contact.id,
        fence=attempt.id,
        state=ContactState.FINISHED,
        band=band(contact.priority, retry=True),
        address_index=contact.address_index,
        region_key=contact.region_key,
        next_at=None,
        not_before=None,
        tries=attempt.number,
        burned=burned,
        faults=faults_after(contact, report),
        last_outcome=report.outcome,
        finish_reason=verdict.reason,
        goal_reached=contact.goal_reached or goal,
    )


def _line(attempt: Attempt, verdict: Retry | Finish, report: Report) -> Decision:
    inputs: dict[str, Any] = {"outcome": report.outcome}
    if report.detail:
        inputs["detail"] = report.detail
    if isinstance(verdict, Finish):
        inputs["reason"] = verdict.reason
    return Decision(
        organization_id=attempt.organization_id,
        campaign_id=attempt.campaign_id,
        batch_id=attempt.batch_id,
        contact_id=attempt.contact_id,
        attempt_id=attempt.id,
        at=report.at,
        verdict="retried" if isinstance(verdict, Retry) else "finished",
        rule=verdict.rule,
        next_at=verdict.at if isinstance(verdict, Retry) else None,
        inputs=inputs,
    )


def _count(
    page: Page,
    planner: Planner,
    campaign: Campaign,
    live: Live,
    verdict: Retry | Finish,
    report: Report,
    outcome: Outcome,
    goal: bool | None,
) -> None:
    campaign_id, batch_id = live.attempt.campaign_id, live.attempt.batch_id
    tallies = page.tallies
    tallies[campaign_id, batch_id, f"outcome:{outcome}"] += 1
    hour = planner.local_hour(campaign, live.contact.region_key, live.attempt.begun_at or report.at)
    tallies[campaign_id, batch_id, f"hour:{hour}:{outcome}"] += 1
    if report.cost_micros:
        tallies[campaign_id, batch_id, f"cost:{report.currency or 'USD'}"] += report.cost_micros
    if goal and not live.contact.goal_reached:
        tallies[campaign_id, batch_id, "goal"] += 1
    if (said := disposition_of(report)) is not None:
        tallies[campaign_id, batch_id, f"told:{outcome}:{said}"] += 1
    # What the contact is known by is the report's word; earlier news of the attempt stays the attempt's.
    last, before = report.outcome, live.contact.last_outcome
    if last is not before:
        tallies[campaign_id, batch_id, f"last:{last}"] += 1
        if before is not None:
            tallies[campaign_id, batch_id, f"last:{before}"] -= 1
    if isinstance(verdict, Finish):
        tallies[campaign_id, batch_id, f"finished:{verdict.reason}"] += 1
        tallies[campaign_id, batch_id, ended_key(verdict.reason, last)] += 1


def _tell(page: Page, campaign: Campaign, live: Live, ending: Ending, move: Move, report: Report) -> None:
    attempt = replace(
        live.attempt,
        state=AttemptState.ENDED,
        outcome=ending.outcome,
        detail=ending.detail,
        provider_id=ending.provider_id,
        answered_at=ending.answered_at,
        ended_at=ending.ended_at,
        cost_micros=ending.cost_micros,
        currency=ending.currency,
        results=ending.results,
    )
    contact = replace(
        live.contact,
        state=move.state,
        tries=move.tries,
        next_at=move.next_at,
        attempt_id=attempt.id,
        last_outcome=move.last_outcome,
        finish_reason=move.finish_reason,
        goal_reached=move.goal_reached,
    )
    agent_id = campaign.agent_id
    left = max(0, campaign.plan.retries.max_attempts - move.burned) if move.next_at is not None else 0
    told = attempt_ended(attempt, contact, report.at, agent_id=agent_id, next_at=move.next_at, attempts_left=left)
    page.happenings.append(told)
    page.happenings.extend(message_progressed(attempt, contact.reference_id, report, agent_id=agent_id))
    if report.outcome in REFUSED:
        page.happenings.append(contact_opted_out(contact, report.at, f"attempt {attempt.id}", agent_id=agent_id))
    if contact.state is ContactState.FINISHED:
        page.happenings.append(contact_finished(contact, report.at, agent_id=agent_id))
