"""Their words and ours: the status of campaigns, leads and calls, who answered, what is retried."""

from __future__ import annotations

from collections.abc import Mapping

from clarion.core.campaigns import CampaignStatus
from clarion.core.outcomes import CARRIER_FAULTS, AttemptState, FinishReason, Outcome

DRAFT, IN_PROGRESS, STOPPED, COMPLETED = "draft", "in-progress", "stopped", "completed"

CAMPAIGN: Mapping[CampaignStatus, str] = {
    CampaignStatus.DRAFT: DRAFT,
    CampaignStatus.SCHEDULED: IN_PROGRESS,
    CampaignStatus.RUNNING: IN_PROGRESS,
    CampaignStatus.PAUSED: STOPPED,
    CampaignStatus.COMPLETED: COMPLETED,
    CampaignStatus.CANCELLED: STOPPED,
}
"""A scheduled campaign was started and waits for its time; this API has no other word for it."""

CREATED, SCHEDULED, PROCESSING, DONE = "created", "scheduled", "processing", "completed"
RESCHEDULED, GIVEN_UP, BLACKLISTED = "rescheduled", "reached-max-retries", "blacklisted"
LEAD_WORDS = (CREATED, SCHEDULED, PROCESSING, DONE, RESCHEDULED, GIVEN_UP, BLACKLISTED)

FINISHED_LEAD: Mapping[FinishReason, str] = {
    FinishReason.REACHED: DONE,
    FinishReason.GOAL_REACHED: DONE,
    FinishReason.DELIVERED: DONE,
    FinishReason.NOT_RETRIED: DONE,
    FinishReason.DUPLICATE: DONE,
    FinishReason.EXPIRED: DONE,
    FinishReason.CANCELLED: DONE,
    FinishReason.REMOVED: DONE,
    FinishReason.ATTEMPTS_EXHAUSTED: GIVEN_UP,
    FinishReason.FAILED: GIVEN_UP,
    FinishReason.INVALID_ADDRESS: GIVEN_UP,
    FinishReason.UNKNOWN: GIVEN_UP,
    FinishReason.MISSING_VARIABLE: GIVEN_UP,
    FinishReason.OPTED_OUT: BLACKLISTED,
    FinishReason.SUPPRESSED: BLACKLISTED,
    FinishReason.PRIOR_UNSUBSCRIBED: BLACKLISTED,
    FinishReason.PRIOR_BOUNCED: BLACKLISTED,
    FinishReason.PRIOR_SPAM_REPORT: BLACKLISTED,
    FinishReason.PRIOR_DROPPED: BLACKLISTED,
    FinishReason.NO_CONSENT: BLACKLISTED,
    FinishReason.UNKNOWN_ZONE: BLACKLISTED,
    FinishReason.NO_WINDOW: BLACKLISTED,
    FinishReason.LINE_TYPE: BLACKLISTED,
    FinishReason.PERSON_LIMIT: BLACKLISTED,
}
"""`blacklisted`: some rule says that this person must not be called. A lead that waits is `created` until its first
call and `rescheduled` after it; `scheduled` is never said, since ours are due or not due and nothing between."""

LEAD_BY_HAND: Mapping[str, FinishReason] = {DONE: FinishReason.REACHED, GIVEN_UP: FinishReason.ATTEMPTS_EXHAUSTED}
"""What a client finishes a lead as; `created` lets it wait anew."""

INITIATED, CALLING, CALL_COMPLETED, BY_CUSTOMER = "initiated", "in-progress", "completed", "ended_by_customer"
BUSY, NO_ANSWER, FAILED = "busy", "no-answer", "failed"
CALL_WORDS = (
    INITIATED,
    "ringing",
    BUSY,
    CALLING,
    "ended",
    CALL_COMPLETED,
    BY_CUSTOMER,
    "ended_by_assistant",
    NO_ANSWER,
    FAILED,
)

LIVE_CALL: Mapping[AttemptState, str] = {
    AttemptState.RELEASED: INITIATED,
    AttemptState.BEGUN: CALLING,
    AttemptState.ACCEPTED: CALLING,
    AttemptState.UNKNOWN: CALLING,
    AttemptState.TAKEN_BACK: FAILED,
}

CALL: Mapping[Outcome, str] = {
    Outcome.COMPLETED: CALL_COMPLETED,
    Outcome.EXCEEDED_MAX_DURATION: "ended_by_assistant",
    Outcome.VOICEMAIL: CALL_COMPLETED,
    Outcome.MAILBOX_FULL: CALL_COMPLETED,
    Outcome.CALL_SCREENING: CALL_COMPLETED,
    Outcome.IVR: CALL_COMPLETED,
    Outcome.FAX: CALL_COMPLETED,
    Outcome.SILENCE: CALL_COMPLETED,
    Outcome.CALLBACK_REQUESTED: CALL_COMPLETED,
    Outcome.OPTED_OUT: CALL_COMPLETED,
    Outcome.ABANDONED: BY_CUSTOMER,
    Outcome.BUSY: BUSY,
    Outcome.REJECTED: BUSY,
    Outcome.NO_ANSWER: NO_ANSWER,
    Outcome.UNREACHABLE: NO_ANSWER,
    Outcome.CANCELLED: "ended",
    **dict.fromkeys(
        (Outcome.SENT, Outcome.DELIVERED, Outcome.OPENED, Outcome.CLICKED, Outcome.REPLIED), CALL_COMPLETED
    ),
}
"""Everything else is `failed`. An SMS that was sent natively counts as completed."""

COMPLETED_CALLS = frozenset(
    outcome for outcome, word in CALL.items() if word in (CALL_COMPLETED, BY_CUSTOMER, "ended_by_assistant")
)
"""The calls that a webhook "only on completed" tells: those that were answered."""

HUMAN, MACHINE, UNKNOWN = "human", "machine", "unknown"
ANSWERED_BY: Mapping[Outcome, str] = {
    Outcome.COMPLETED: HUMAN,
    Outcome.EXCEEDED_MAX_DURATION: HUMAN,
    Outcome.ABANDONED: HUMAN,
    Outcome.CALLBACK_REQUESTED: HUMAN,
    Outcome.OPTED_OUT: HUMAN,
    Outcome.VOICEMAIL: MACHINE,
    Outcome.MAILBOX_FULL: MACHINE,
    Outcome.CALL_SCREENING: MACHINE,
    Outcome.IVR: MACHINE,
    Outcome.FAX: MACHINE,
    Outcome.SILENCE: UNKNOWN,
}

UNANSWERED = CARRIER_FAULTS | {
    Outcome.BUSY,
    Outcome.NO_ANSWER,
    Outcome.UNREACHABLE,
    Outcome.REJECTED,
    Outcome.SILENCE,
    Outcome.FAILED,
    Outcome.UNSPECIFIED,
}
"""Retried whatever a campaign says."""
TO_VOICEMAIL = frozenset({Outcome.VOICEMAIL, Outcome.MAILBOX_FULL, Outcome.CALL_SCREENING})
"""Retried with `retry_on_voicemail`."""
WITHOUT_GOAL = frozenset({Outcome.ABANDONED})
"""Retried with `retry_on_goal_incomplete`, beside the conversations whose goal variable is not true."""

BOOLEANS = frozenset({"bool", "boolean"})
"""How post-call schemas call a boolean."""


def call_word(outcome: Outcome | None) -> str:
    """The status of a call that ended."""
    return FAILED if outcome is None else CALL.get(outcome, FAILED)


def outcomes_of(word: str) -> frozenset[Outcome]:
    """The outcomes that are told as this status of a call."""
    return frozenset(outcome for outcome in Outcome if call_word(outcome) == word)


def reasons_of(word: str) -> frozenset[FinishReason]:
    """The ends of a lead that are told as this status."""
    return frozenset(reason for reason, theirs in FINISHED_LEAD.items() if theirs == word)
