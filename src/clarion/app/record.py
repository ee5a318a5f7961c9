"""Record: what channels report becomes outcomes, decisions, retries, tallies and webhook messages, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from clarion.app.planning import Planner
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.ports.queue import Ending, Live, Move
from clarion.app.ports.suppression import EVERY_CHANNEL, Suppression, SuppressionReason
from clarion.core.campaigns import Batch, Campaign
from clarion.core.contacts import Attempt, Contact, Decision, Report, band
from clarion.core.events import Endpoint, EventType, Happening, messages_for
from clarion.core.outcomes import (
    CARRIER_FAULTS,
    AttemptState,
    Channel,
    ContactState,
    FinishReason,
    Outcome,
    amends,
)
from clarion.core.retries import Case, Finish, Retry, burns, decide

SUPPRESSING = {
    Outcome.OPTED_OUT: SuppressionReason.OPTED_OUT,
    Outcome.UNWANTED: SuppressionReason.OPTED_OUT,
    Outcome.UNSUBSCRIBED: SuppressionReason.UNSUBSCRIBED,
    Outcome.SPAM_REPORT: SuppressionReason.SPAM_REPORT,
}
"""Outcomes after which the person is left alone, with the word for the do-not-contact entry."""

NEWS = {
    Outcome.DELIVERED: EventType.MESSAGE_DELIVERED,
    Outcome.UNDELIVERED: EventType.MESSAGE_UNDELIVERED,
    Outcome.OPENED: EventType.MESSAGE_OPENED,
    Outcome.CLICKED: EventType.MESSAGE_CLICKED,
    Outcome.REPLIED: EventType.MESSAGE_REPLIED,
    Outcome.BOUNCED: EventType.MESSAGE_BOUNCED,
    Outcome.SPAM_REPORT: EventType.MESSAGE_COMPLAINED,
    Outcome.UNSUBSCRIBED: EventType.MESSAGE_UNSUBSCRIBED,
    Outcome.OPTED_OUT: EventType.CONTACT_OPTED_OUT,
}


@dataclass(frozen=True, slots=True)
class Book:
    """What recording needs to know of the campaigns concerned."""

    campaigns: Mapping[int, Campaign]
    batches: Mapping[int, Batch]
    endpoints: Mapping[int, Sequence[Endpoint]]
    """By organisation."""
    other_trunks: Mapping[int, int] = field(default_factory=dict)
    """By campaign: how many trunks it has beside the one that failed."""


@dataclass(slots=True)
class _Page:
    """What one transaction writes."""

    endings: list[Ending] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    suppressions: list[tuple[Attempt, SuppressionReason, Report]] = field(default_factory=list)
    tallies: Counter[tuple[int, int, str]] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a batch of reports."""

    ended: frozenset[int]
    """Attempts that are over."""
    next_at: Mapping[int, datetime]
    """By campaign: the earliest instant at which one of their contacts is due again."""


async def record(
    ledger: Ledger,
    planner: Planner,
    book: Book,
    reports: Sequence[Report],
    known: Mapping[int, Live],
    slot: int,
    now: datetime,
) -> Recorded:
    """Write what `reports` say. `known` holds live attempts that this worker began; others are read.

    A report for an attempt that is over already changes its outcome only if it is later news of the same attempt.
    """
    page = _Page()
    finals = {report.attempt_id: report for report in reversed(reports) if report.final}
    news = [report for report in reports if not report.final]
    async with ledger.write() as tx:
        held = await tx.queue.hold_live(list(finals))
        missing = [n for n in held if n not in known]
        lives = dict(known) if not missing else {**known, **{x.attempt.id: x for x in await tx.queue.live(missing)}}
        for attempt_id, report in finals.items():
            if attempt_id in held:
                _end(page, planner, book, lives[attempt_id], report)
        late = [r for n, r in finals.items() if n not in held] + news
        await tx.queue.end(page.endings)
        await tx.queue.move(page.moves, now)
        if late:
            await _amend(tx, page, late, now)
        await _suppress(tx, page)
        await tx.queue.decide(page.decisions)
        await tx.queue.count(slot, page.tallies)
        for organization_id, endpoints in book.endpoints.items():
            if endpoints:
                theirs = [h for h in page.happenings if h.organization_id == organization_id]
                await tx.outbox.put(messages_for(endpoints, theirs, now))
    due: dict[int, datetime] = {}
    for line in page.decisions:
        if line.next_at is not None:
            due[line.campaign_id] = min(line.next_at, due.get(line.campaign_id, line.next_at))
    return Recorded(frozenset(held), due)


def _end(page: _Page, planner: Planner, book: Book, live: Live, report: Report) -> None:
    """A live attempt ended: one decision, and all that follows from it."""
    attempt, contact = live.attempt, live.contact
    campaign, batch = book.campaigns[attempt.campaign_id], book.batches[attempt.batch_id]
    goal = _goal(campaign, report)
    counted = burns(report.outcome, answered=report.answered_at is not None)
    fault = report.outcome in CARRIER_FAULTS
    burned, faults = contact.burned + counted, contact.faults + 1 if fault else 0
    hours = planner.hours(campaign, contact.region_key)
    verdict: Retry | Finish
    if isinstance(hours, FinishReason):
        verdict = Finish(hours, "region")
    else:
        verdict = decide(
            campaign.plan.retries,
            Case(
                outcome=report.outcome,
                has_goal=campaign.plan.goal_variable is not None,
                goal_reached=goal,
                burned=burned,
                faults=faults,
                tries=attempt.number,
                address_index=contact.address_index,
                fallback_count=len(contact.fallbacks),
                begun_at=attempt.begun_at or report.at,
                ended_at=report.at,
                answered=report.answered_at is not None,
                callback_at=report.callback_at,
                retry_after=report.retry_after,
                windows=hours,
                trunks_left=max(0, book.other_trunks.get(campaign.id, 0) - contact.faults),
                end_at=_earliest(campaign.end_at, batch.expires_at),
            ),
        )
    page.endings.append(_ending(attempt, report, counted))
    page.moves.append(_move(live, verdict, report, burned, faults, goal))
    page.decisions.append(_line(live, verdict, report))
    _count(page, planner, campaign, live, verdict, report, goal)
    _tell(page, campaign, live, verdict, report, goal)
    if report.outcome in SUPPRESSING:
        page.suppressions.append((attempt, SUPPRESSING[report.outcome], report))


def _ending(attempt: Attempt, report: Report, counted: bool) -> Ending:
    return Ending(
        attempt_id=attempt.id,
        state=AttemptState.ENDED,
        outcome=report.outcome,
        detail=report.detail,
        burns=counted,
        provider_id=report.provider_id or attempt.provider_id,
        accepted_at=attempt.accepted_at,
        answered_at=report.answered_at,
        ended_at=report.at,
        cost_micros=report.cost_micros,
        currency=report.currency,
        raw=report.raw,
        results=report.results,
    )


def _move(
    live: Live, verdict: Retry | Finish, report: Report, burned: int, faults: int, goal: bool | None
) -> Move:
    contact, attempt = live.contact, live.attempt
    again = isinstance(verdict, Retry)
    index = verdict.address_index if isinstance(verdict, Retry) else contact.address_index
    return Move(
        contact_id=contact.id,
        fence=attempt.id,
        state=ContactState.WAITING if again else ContactState.FINISHED,
        band=band(contact.priority, retry=True),
        address_index=index,
        region_key=contact.address_at(index).region_key if again else contact.region_key,
        next_at=verdict.at if isinstance(verdict, Retry) else None,
        not_before=verdict.not_before if isinstance(verdict, Retry) else None,
        tries=attempt.number,
        burned=burned,
        faults=faults,
        last_outcome=report.outcome,
        finish_reason=verdict.reason if isinstance(verdict, Finish) else None,
        goal_reached=contact.goal_reached or bool(goal),
    )


def _line(live: Live, verdict: Retry | Finish, report: Report) -> Decision:
    attempt = live.attempt
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
    page: _Page,
    planner: Planner,
    campaign: Campaign,
    live: Live,
    verdict: Retry | Finish,
    report: Report,
    goal: bool | None,
) -> None:
    key = (live.attempt.campaign_id, live.attempt.batch_id)
    tallies = page.tallies
    tallies[*key, f"outcome:{report.outcome}"] += 1
    hour = planner.local_hour(campaign, live.contact.region_key, live.attempt.begun_at or report.at)
    tallies[*key, f"hour:{hour}:{report.outcome}"] += 1
    if report.cost_micros:
        tallies[*key, f"cost:{report.currency or 'USD'}"] += report.cost_micros
    if goal and not live.contact.goal_reached:
        tallies[*key, "goal"] += 1
    if isinstance(verdict, Finish):
        tallies[*key, f"finished:{verdict.reason}"] += 1


def _tell(
    page: _Page,
    campaign: Campaign,
    live: Live,
    verdict: Retry | Finish,
    report: Report,
    goal: bool | None,
) -> None:
    attempt, contact = live.attempt, live.contact
    again = isinstance(verdict, Retry)
    common: dict[str, Any] = {"reference_id": contact.reference_id, "address": attempt.address}
    page.happenings.append(
        _happening(
            EventType.ATTEMPT_ENDED,
            attempt,
            campaign,
            report,
            {
                **common,
                "attempt_number": attempt.number,
                "channel": attempt.channel,
                "detail": report.detail,
                "begun_at": attempt.begun_at,
                "answered_at": report.answered_at,
                "ended_at": report.at,
                "results": report.results,
                "goal_reached": goal,
                "will_retry": again,
                "next_attempt_at": verdict.at if isinstance(verdict, Retry) else None,
                "sandbox": attempt.sandbox,
            },
        )
    )
    if report.outcome in NEWS:
        page.happenings.append(_happening(NEWS[report.outcome], attempt, campaign, report, common))
    if isinstance(verdict, Finish):
        page.happenings.append(
            _happening(
                EventType.CONTACT_FINISHED,
                attempt,
                campaign,
                report,
                {**common, "reason": verdict.reason, "attempts": attempt.number, "goal_reached": bool(goal)},
            )
        )


def _happening(
    kind: EventType, attempt: Attempt, campaign: Campaign | None, report: Report, data: Mapping[str, Any]
) -> Happening:
    return Happening(
        type=kind,
        organization_id=attempt.organization_id,
        at=report.at,
        campaign_id=attempt.campaign_id,
        batch_id=attempt.batch_id,
        contact_id=attempt.contact_id,
        attempt_id=attempt.id,
        agent_id=campaign.agent_id if campaign else None,
        outcome=report.outcome,
        data=data,
    )


async def _amend(tx: Tx, page: _Page, late: Sequence[Report], now: datetime) -> None:
    """Later news of attempts: a mail that bounced after it was sent, an opening, STOP as an answer."""
    attempts = {a.id: a for a in await tx.queue.attempts(list({r.attempt_id for r in late}))}
    contacts = {c.id: c for c in await tx.queue.contacts(list({a.contact_id for a in attempts.values()}))}
    for report in sorted(late, key=lambda r: r.at):
        attempt = attempts.get(report.attempt_id)
        if attempt is None or attempt.state is AttemptState.TAKEN_BACK:
            continue
        old = attempt.outcome
        if old is not None and old != Outcome.UNKNOWN and not amends(old, report.outcome):
            continue
        key = (attempt.campaign_id, attempt.batch_id)
        merged = replace(report, results={**attempt.results, **report.results}, raw={**attempt.raw, **report.raw})
        ended = replace(_ending(attempt, merged, attempt.burns), ended_at=attempt.ended_at or report.at)
        if attempt.state is not AttemptState.ENDED:  # news before the final report: the attempt goes on
            ended = replace(ended, state=attempt.state, ended_at=attempt.ended_at)
        await tx.queue.end([ended])
        attempts[attempt.id] = replace(attempt, outcome=report.outcome, results=merged.results, raw=merged.raw)
        page.tallies[*key, f"outcome:{report.outcome}"] += 1
        if old is not None:
            page.tallies[*key, f"outcome:{old}"] -= 1
        contact = contacts[attempt.contact_id]
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
                inputs={"from": old, "outcome": report.outcome, "detail": report.detail},
            )
        )
        if report.outcome in NEWS:
            data = {"reference_id": contact.reference_id, "address": attempt.address, "detail": report.detail}
            page.happenings.append(_happening(NEWS[report.outcome], attempt, None, report, data))
        if report.outcome in SUPPRESSING or report.outcome is Outcome.BOUNCED:
            page.suppressions.append((attempt, SUPPRESSING.get(report.outcome, SuppressionReason.BOUNCED), report))
            await _stop_waiting(tx, page, contact, report, now)


async def _stop_waiting(tx: Tx, page: _Page, contact: Contact, report: Report, now: datetime) -> None:
    """The person opted out while a retry was waiting: there will be none."""
    if contact.state is not ContactState.WAITING:
        return
    reason = FinishReason.INVALID_ADDRESS if report.outcome is Outcome.BOUNCED else FinishReason.OPTED_OUT
    stopped = replace(Move.stay(contact).finished(reason), last_outcome=report.outcome)
    await tx.queue.move([stopped], now)
    page.tallies[contact.campaign_id, contact.batch_id, f"finished:{reason}"] += 1
    page.decisions.append(
        Decision(
            organization_id=contact.organization_id,
            campaign_id=contact.campaign_id,
            batch_id=contact.batch_id,
            contact_id=contact.id,
            at=report.at,
            verdict="finished",
            rule="opted_out",
            inputs={"outcome": report.outcome, "reason": reason},
        )
    )


async def _suppress(tx: Tx, page: _Page) -> None:
    if not page.suppressions:
        return
    ids = await tx.new_ids("suppressions", len(page.suppressions))
    await tx.suppression.suppress(
        [
            Suppression(
                id=n,
                organization_id=attempt.organization_id,
                channel=_scope(reason, attempt.channel),
                address=attempt.address,
                reason=reason,
                source=f"attempt {attempt.id}",
                campaign_id=attempt.campaign_id,
                created_at=report.at,
            )
            for n, (attempt, reason, report) in zip(ids, page.suppressions, strict=True)
        ]
    )


def _scope(reason: SuppressionReason, channel: Channel) -> str:
    """Who says stop means the number, not the channel."""
    return EVERY_CHANNEL if reason is SuppressionReason.OPTED_OUT else channel


def _goal(campaign: Campaign, report: Report) -> bool | None:
    """Whether the goal variable came out true; None when the campaign has none or the report does not say."""
    if campaign.plan.goal_variable is None or campaign.plan.goal_variable not in report.results:
        return None
    return report.results[campaign.plan.goal_variable] is True


def _earliest(*instants: datetime | None) -> datetime | None:
    return min((at for at in instants if at is not None), default=None)
