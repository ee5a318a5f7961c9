"""Aftermath: what follows from the end of an attempt, for a contact with its campaign and its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from clarion.app.circumstances import end_of
from clarion.app.planning import Planner
from clarion.app.ports.queue import Live
from clarion.core.campaigns import Batch, BatchStatus, Campaign, CampaignStatus
from clarion.core.contacts import Contact, Report
from clarion.core.outcomes import CARRIER_FAULTS, FinishReason
from clarion.core.retries import Case, Finish, Retry, WindowsView, burns, decide
from clarion.core.schedule import Span

DISPOSITION = "outcome"
"""Where an agent's results say what came of a conversation, in a word of its business."""
DISPOSITIONS = frozenset(
    {
        "interested",
        "not_interested",
        "completed",
        "requested_callback_later",
        "requested_callback_new_number",
        "do_not_contact",
        "ai_averse",
    }
)
"""The words that are counted. Others are kept with the attempt, but no tally grows with what an agent makes up."""


def verdict_on(
    planner: Planner, campaign: Campaign, batch: Batch, live: Live, report: Report, other_trunks: int
) -> Retry | Finish:
    """What follows from the end of an attempt."""
    attempt, contact = live.attempt, live.contact
    answered = report.answered_at is not None
    hours = planner.hours(campaign, contact.region_key)
    end_at = end_of(campaign, batch)
    verdict = decide(
        campaign.plan.retries,
        Case(
            outcome=report.outcome,
            has_goal=campaign.plan.goal_variable is not None,
            goal_reached=goal_of(campaign, report),
            burned=contact.burned + burns(report.outcome, answered=answered),
            faults=faults_after(contact, report),
            tries=attempt.number - contact.fresh_from,
            address_index=contact.address_index,
            fallback_count=len(contact.fallbacks),
            begun_at=attempt.begun_at or report.at,
            ended_at=report.at,
            answered=answered,
            callback_at=report.callback_at,
            retry_after=report.retry_after,
            windows=_NEVER_OPEN if isinstance(hours, FinishReason) else hours,
            trunks_left=max(0, other_trunks - contact.faults),
            end_at=end_at,
        ),
    )
    if isinstance(verdict, Finish):
        if isinstance(hours, FinishReason) and verdict.reason is FinishReason.NO_WINDOW:
            return Finish(hours, "region")
        return verdict
    return _at_its_address(planner, campaign, contact, verdict, end_at)


def unless_over(campaign: Campaign, batch: Batch, verdict: Retry | Finish) -> Retry | Finish:
    """The verdict, but for retries in a campaign or batch that is over."""
    if isinstance(verdict, Finish):
        return verdict
    if campaign.status is CampaignStatus.CANCELLED or batch.status is BatchStatus.CANCELLED:
        return Finish(FinishReason.CANCELLED, "sweep")
    if campaign.status is CampaignStatus.COMPLETED or batch.status is BatchStatus.EXPIRED:
        return Finish(FinishReason.EXPIRED, "sweep")
    return verdict


def disposition_of(report: Report) -> str | None:
    """What the agent says came of the conversation, when it says it in one of the words that are counted."""
    said = report.results.get(DISPOSITION)
    return said if isinstance(said, str) and said in DISPOSITIONS else None


def goal_of(campaign: Campaign, report: Report) -> bool | None:
    """Whether the goal variable came out true; None when the campaign has none or the report does not say."""
    if campaign.plan.goal_variable is None or campaign.plan.goal_variable not in report.results:
        return None
    return report.results[campaign.plan.goal_variable] is True


class _NeverOpen:
    """The hours of a region that nobody may be reached in."""

    def next_open(self, at: datetime) -> None:
        return None

    def next_day_open(self, at: datetime) -> None:
        return None

    def span_at(self, at: datetime) -> Span | None:
        return None


_NEVER_OPEN: WindowsView = _NeverOpen()


def faults_after(contact: Contact, report: Report) -> int:
    """Carrier faults in a row, this one included. A line that broke after it was answered did reach the person."""
    return contact.faults + 1 if report.outcome in CARRIER_FAULTS and report.answered_at is None else 0


def _at_its_address(
    planner: Planner, campaign: Campaign, contact: Contact, retry: Retry, end_at: datetime | None
) -> Retry | Finish:
    """A retry at another address keeps the hours of the place where that one is."""
    region_key = contact.address_at(retry.address_index).region_key
    if region_key == contact.region_key:
        return retry
    hours = planner.hours(campaign, region_key)
    if isinstance(hours, FinishReason):
        return replace(retry, at=retry.not_before)  # the release skips it with its reason
    opening = hours.next_open(retry.not_before)
    if opening is None:
        return Finish(FinishReason.NO_WINDOW, retry.rule)
    if end_at is not None and opening >= end_at:
        return Finish(FinishReason.EXPIRED, retry.rule)
    return replace(retry, at=opening)
