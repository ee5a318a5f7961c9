"""Amend: news of attempts beside their end. A mail that bounces later, an opening, STOP as an answer, a late report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from clarion.app.aftermath import goal_of, verdict_on
from clarion.app.page import Page, ended_key, line
from clarion.app.planning import Planner
from clarion.app.ports.ledger import Tx
from clarion.app.ports.queue import Ending, Live
from clarion.app.stopping import Stop, stopped_by
from clarion.core.campaigns import Batch, Campaign
from clarion.core.contacts import Attempt, Contact, Decision, Report
from clarion.core.events import contact_opted_out, message_progressed
from clarion.core.outcomes import AttemptState, ContactState, FinishReason, Outcome, amends
from clarion.core.retries import REFUSED, Finish


async def amend(
    tx: Tx,
    page: Page,
    stops: list[Stop],
    planner: Planner,
    campaigns: Mapping[int, Campaign],
    batches: Mapping[int, Batch],
    news: Sequence[Report],
    now: datetime,
) -> None:
    """Write what `news` add to attempts. What is known already, or says less than what is known, changes nothing."""
    attempts = {a.id: a for a in await tx.queue.attempts(sorted({r.attempt_id for r in news}), lock=True)}
    concerned = sorted({a.contact_id for a in attempts.values()})
    contacts = {c.id: c for c in await tx.queue.contacts(concerned, lock=any(_concerns_contact(r) for r in news))}
    for report in sorted(news, key=lambda r: r.at):
        attempt = attempts.get(report.attempt_id)
        if attempt is None or attempt.state is AttemptState.TAKEN_BACK:
            continue
        campaign, contact = campaigns[attempt.campaign_id], contacts[attempt.contact_id]
        if attempt.state is AttemptState.ENDED and attempt.outcome is Outcome.UNKNOWN and report.final:
            attempts[attempt.id] = _now_known(page, attempt, report)
            _recount(page, planner, campaign, contact, attempt, report)
            batch = batches[attempt.batch_id]
            contacts[contact.id] = await _revise(tx, page, planner, campaign, batch, attempt, contact, report, now)
        elif attempt.outcome is None or amends(attempt.outcome, report.outcome):
            attempts[attempt.id] = _amended(page, attempt, report)
            if attempt.state is AttemptState.ENDED:
                _recount(page, planner, campaign, contact, attempt, report)
            contacts[contact.id] = await _goal(tx, page, campaign, contact, report, now)
        else:
            continue
        if page.heard(attempt.organization_id):
            told = message_progressed(attempt, contact.reference_id, report, agent_id=campaign.agent_id)
            page.happenings.extend(told)
        stopped = stopped_by(attempt, report)
        if stopped is not None:
            stops.append(stopped)
            contacts[contact.id] = _stop_waiting(page, campaign, contacts[contact.id], report)


def _concerns_contact(report: Report) -> bool:
    """Whether the news may change where a contact stands: then nobody else may move it meanwhile."""
    return report.final or bool(report.results) or report.outcome in REFUSED or report.outcome is Outcome.BOUNCED


def _amended(page: Page, attempt: Attempt, report: Report) -> Attempt:
    """The attempt is known by what the news say. One that has not ended is counted when it does."""
    changed = replace(
        attempt,
        outcome=report.outcome,
        detail=report.detail or attempt.detail,
        answered_at=report.answered_at or attempt.answered_at,
        provider_id=report.provider_id or attempt.provider_id,
        results={**attempt.results, **report.results},
        raw={**attempt.raw, **report.raw},
    )
    page.endings[attempt.id] = _row(changed)
    return changed


def _now_known(page: Page, attempt: Attempt, report: Report) -> Attempt:
    """The end of an attempt that was given up as unknown: it stands as the carrier says, only later than it should."""
    changed = replace(
        attempt,
        outcome=report.outcome,
        detail=report.detail,
        provider_id=report.provider_id or attempt.provider_id,
        answered_at=report.answered_at,
        ended_at=report.at,
        cost_micros=report.cost_micros,
        currency=report.currency,
        raw=report.raw,
        results=report.results,
    )
    page.endings[attempt.id] = _row(changed)
    return changed


async def _revise(
    tx: Tx,
    page: Page,
    planner: Planner,
    campaign: Campaign,
    batch: Batch,
    attempt: Attempt,
    contact: Contact,
    report: Report,
    now: datetime,
) -> Contact:
    """A contact that was finished as unknown gets the reason that the late report gives; it is not tried again."""
    if contact.finish_reason is not FinishReason.UNKNOWN or contact.attempt_id != attempt.id:
        return contact
    verdict = verdict_on(planner, campaign, batch, Live(attempt, contact), report, 0)
    if not isinstance(verdict, Finish):
        return contact  # left for a person to decide, who now can read what became of it
    goal = bool(goal_of(campaign, report))
    await tx.queue.revise(contact, verdict.reason, report.outcome, goal, now)
    key = (contact.campaign_id, contact.batch_id)
    page.tallies[*key, f"finished:{FinishReason.UNKNOWN}"] -= 1
    page.tallies[*key, f"finished:{verdict.reason}"] += 1
    page.tallies[*key, ended_key(FinishReason.UNKNOWN, contact.last_outcome)] -= 1
    page.tallies[*key, ended_key(verdict.reason, report.outcome)] += 1
    if contact.last_outcome is not None:
        page.tallies[*key, f"last:{contact.last_outcome}"] -= 1
    page.tallies[*key, f"last:{report.outcome}"] += 1
    if goal and not contact.goal_reached:
        page.tallies[*key, "goal"] += 1
    inputs = {"outcome": report.outcome, "reason": verdict.reason}
    said = line(contact, report.at, "finished", verdict.rule, inputs=inputs)
    page.decisions.append(replace(said, attempt_id=attempt.id))
    return replace(
        contact,
        last_outcome=report.outcome,
        finish_reason=verdict.reason,
        goal_reached=contact.goal_reached or goal,
    )


async def _goal(tx: Tx, page: Page, campaign: Campaign, contact: Contact, report: Report, now: datetime) -> Contact:
    """News may say that the goal is reached: a link that was clicked after the mail was long sent."""
    if contact.goal_reached or not goal_of(campaign, report):
        return contact
    await tx.queue.reach_goal([contact.id], now)
    page.tallies[contact.campaign_id, contact.batch_id, "goal"] += 1
    contact = replace(contact, goal_reached=True)
    if contact.state is not ContactState.WAITING:
        return contact
    inputs = {"outcome": report.outcome}
    page.finish(contact, FinishReason.GOAL_REACHED, report.at, verdict="finished", rule="goal_reached", inputs=inputs)
    return replace(contact, state=ContactState.FINISHED, finish_reason=FinishReason.GOAL_REACHED)


def _stop_waiting(page: Page, campaign: Campaign, contact: Contact, report: Report) -> Contact:
    """The person opted out, or the address turned out dead, while a retry was waiting: there will be none."""
    agent_id = campaign.agent_id
    if report.outcome in REFUSED and page.heard(contact.organization_id):
        source = f"attempt {report.attempt_id}"
        page.happenings.append(contact_opted_out(contact, report.at, source, agent_id=agent_id))
    if contact.state is not ContactState.WAITING:
        return contact
    bounced = report.outcome is Outcome.BOUNCED
    if bounced and contact.fallbacks:
        return contact  # the others of its addresses may be alive; the list keeps this one from being tried
    reason = FinishReason.INVALID_ADDRESS if bounced else FinishReason.OPTED_OUT
    rule = f"dead_address:{report.outcome}" if bounced else f"refused:{report.outcome}"
    inputs = {"outcome": report.outcome}
    page.finish(contact, reason, report.at, verdict="finished", rule=rule, inputs=inputs, agent_id=agent_id)
    return replace(contact, state=ContactState.FINISHED, finish_reason=reason)


def _recount(
    page: Page, planner: Planner, campaign: Campaign, contact: Contact, attempt: Attempt, report: Report
) -> None:
    """An ended attempt was counted under another outcome: move it, with a line that says so."""
    key = (attempt.campaign_id, attempt.batch_id)
    places = [contact.address_at(n) for n in range(len(contact.fallbacks) + 1)]
    region_key = next((a.region_key for a in places if a.value == attempt.address), contact.region_key)
    hour = planner.local_hour(campaign, region_key, attempt.begun_at or report.at)
    for outcome, change in ((attempt.outcome, -1), (report.outcome, 1)):
        page.tallies[*key, f"outcome:{outcome}"] += change
        page.tallies[*key, f"hour:{hour}:{outcome}"] += change
    inputs: dict[str, Any] = {"from": attempt.outcome, "outcome": report.outcome}
    if report.detail:
        inputs["detail"] = report.detail
    page.decisions.append(
        Decision(
            organization_id=attempt.organization_id,
            campaign_id=attempt.campaign_id,
            batch_id=attempt.batch_id,
            contact_id=attempt.contact_id,
            attempt_id=attempt.id,
            at=report.at,
            verdict="amended",
            rule="later_news",
            inputs=inputs,
        )
    )


def _row(attempt: Attempt) -> Ending:
    """An attempt's row as it is to be written."""
    return Ending(
        attempt_id=attempt.id,
        state=attempt.state,
        outcome=attempt.outcome,
        detail=attempt.detail,
        burns=attempt.burns,
        provider_id=attempt.provider_id,
        accepted_at=attempt.accepted_at,
        answered_at=attempt.answered_at,
        ended_at=attempt.ended_at,
        cost_micros=attempt.cost_micros,
        currency=attempt.currency,
        raw=attempt.raw,
        results=attempt.results,
    )
