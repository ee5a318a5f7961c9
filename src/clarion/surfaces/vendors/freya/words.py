"""Freya's words and ours, as tables: what came of a call, which of it is tried again, where a campaign stands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from clarion.app.ports.people import ContactFilters
from clarion.core.campaigns import CampaignStatus
from clarion.core.contacts import Contact
from clarion.core.outcomes import AttemptState, ContactState, FinishReason, Outcome

COMPLETED = "Completed"
"""The category of a call that did what it was made for; those of failed calls are the retry conditions."""


@dataclass(frozen=True, slots=True)
class CallWord:
    """An outcome in Freya's words."""

    category: str
    """A SipCodeCategory, or one of the two ended reasons that count as one."""
    reason: str
    """`endedReason`."""
    connected: bool = True
    """Whether anybody or anything answered."""


def _missed(category: str, reason: str) -> CallWord:
    return CallWord(category, reason, connected=False)


_TALKED = CallWord(COMPLETED, "customer-ended-call")
_VOICEMAIL = CallWord("voicemail", "voicemail")

CALL_WORDS: Mapping[Outcome, CallWord] = {
    Outcome.COMPLETED: _TALKED,
    Outcome.CALLBACK_REQUESTED: _TALKED,
    Outcome.OPTED_OUT: _TALKED,
    Outcome.ABANDONED: _TALKED,
    Outcome.VOICEMAIL: _VOICEMAIL,
    Outcome.MAILBOX_FULL: _VOICEMAIL,
    Outcome.EXCEEDED_MAX_DURATION: CallWord("exceeded-max-duration", "exceeded-max-duration"),
    Outcome.SILENCE: CallWord("Unspecified", "silence-timed-out"),
    Outcome.CALL_SCREENING: CallWord("Unspecified", "call-screening"),
    Outcome.IVR: CallWord("Unspecified", "ivr"),
    Outcome.FAX: CallWord("Unspecified", "fax"),
    Outcome.BUSY: _missed("Busy", "busy"),
    Outcome.NO_ANSWER: _missed("No Answer", "no-answer"),
    Outcome.UNREACHABLE: _missed("Unreachable", "unreachable"),
    Outcome.REJECTED: _missed("Rejected", "rejected"),
    Outcome.UNWANTED: _missed("Rejected", "rejected"),
    Outcome.INVALID: _missed("Invalid", "invalid"),
    Outcome.CANCELLED: _missed("Cancelled", "cancelled"),
    Outcome.TIMEOUT: _missed("Timeout", "timeout"),
    Outcome.NETWORK_ERROR: _missed("Network Error", "network-error"),
    Outcome.RESOURCE_UNAVAILABLE: _missed("Resource Unavailable", "resource-unavailable"),
    Outcome.THROTTLED: _missed("Resource Unavailable", "resource-unavailable"),
    Outcome.SERVICE_UNAVAILABLE: _missed("Service Unavailable", "service-unavailable"),
    Outcome.PROTOCOL_ERROR: _missed("Protocol Error", "protocol-error"),
    Outcome.FAILED: _missed("Unspecified", "failed"),
    Outcome.UNSPECIFIED: _missed("Unspecified", "unspecified"),
    Outcome.UNKNOWN: _missed("Unspecified", "unknown"),
}
"""Every outcome of a call."""

_OTHER = _missed("Unspecified", "unspecified")


def call_word(outcome: Outcome | None) -> CallWord:
    """An outcome in Freya's words; those of messages, which Freya does not send, are unspecified."""
    return _OTHER if outcome is None else CALL_WORDS.get(outcome, _OTHER)


def succeeded(outcome: Outcome | None) -> bool:
    """Whether the webhook calls it a success: a person took the call and it was not cut off."""
    return call_word(outcome).category == COMPLETED


RETRY_CONDITIONS: Mapping[str, tuple[Outcome, ...]] = {
    "Rejected": (Outcome.REJECTED,),
    "Unreachable": (Outcome.UNREACHABLE,),
    "Busy": (Outcome.BUSY,),
    "No Answer": (Outcome.NO_ANSWER,),
    "Network Error": (Outcome.NETWORK_ERROR,),
    "Invalid": (Outcome.INVALID,),
    "Timeout": (Outcome.TIMEOUT,),
    "Cancelled": (Outcome.CANCELLED,),
    "Resource Unavailable": (Outcome.RESOURCE_UNAVAILABLE, Outcome.THROTTLED),
    "Service Unavailable": (Outcome.SERVICE_UNAVAILABLE,),
    "Protocol Error": (Outcome.PROTOCOL_ERROR,),
    "Unspecified": (
        Outcome.UNSPECIFIED,
        Outcome.FAILED,
        Outcome.SILENCE,
        Outcome.CALL_SCREENING,
        Outcome.IVR,
        Outcome.FAX,
    ),
    "voicemail": (Outcome.VOICEMAIL, Outcome.MAILBOX_FULL),
    "exceeded-max-duration": (Outcome.EXCEEDED_MAX_DURATION,),
}
"""The fourteen words of `retryConditions`, in Freya's order, with what each stands for; the first is its namesake.

A dead number ("Invalid") may be listed and is never dialled again. Who asked not to be called is in none of them, nor
is an attempt whose fate is not known.
"""


DEFAULT_CONDITIONS = (
    "No Answer",
    "Busy",
    "Timeout",
    "Unreachable",
    "Network Error",
    "Resource Unavailable",
    "Service Unavailable",
)
"""What Freya retries when a campaign does not say; the end of its list is cut off in its documentation."""


def outcomes_of(conditions: Iterable[str]) -> frozenset[Outcome]:
    """What is tried again under these conditions."""
    return frozenset(outcome for word in conditions for outcome in RETRY_CONDITIONS[word])


def conditions_of(outcomes: Collection[Outcome]) -> list[str]:
    """The conditions that outcomes read as: those whose namesake is among them."""
    if outcomes == outcomes_of(DEFAULT_CONDITIONS):
        return list(DEFAULT_CONDITIONS)
    return [word for word, (namesake, *_) in RETRY_CONDITIONS.items() if namesake in outcomes]


CAMPAIGN_WORDS: Mapping[CampaignStatus, str] = {
    CampaignStatus.DRAFT: "draft",
    CampaignStatus.SCHEDULED: "scheduled",
    CampaignStatus.RUNNING: "active",
    CampaignStatus.PAUSED: "paused",
    CampaignStatus.COMPLETED: "completed",
    CampaignStatus.CANCELLED: "cancelled",
}
PARTIALLY = "partially_completed"
"""A completed campaign with customers who were not reached."""

REACHED = frozenset(
    {
        FinishReason.REACHED,
        FinishReason.GOAL_REACHED,
        FinishReason.DELIVERED,
        FinishReason.OPTED_OUT,
        FinishReason.DUPLICATE,
        FinishReason.REMOVED,
    }
)
"""Ends that leave nobody to call again."""


def campaign_word(status: CampaignStatus, reasons: Mapping[str, int]) -> str:
    """Where a campaign stands. `reasons`: finish reason -> customers."""
    if status is CampaignStatus.COMPLETED and any(n for reason, n in reasons.items() if reason not in REACHED):
        return PARTIALLY
    return CAMPAIGN_WORDS[status]


QUEUED, IN_PROGRESS, ENDED, FAILED = "queued", "in-progress", "completed", "failed"

LIVE_WORDS: Mapping[AttemptState, str] = {
    AttemptState.RELEASED: QUEUED,
    AttemptState.BEGUN: IN_PROGRESS,
    AttemptState.ACCEPTED: IN_PROGRESS,
    AttemptState.UNKNOWN: IN_PROGRESS,
    AttemptState.TAKEN_BACK: FAILED,
}
"""The status of a call that has no outcome."""

CALL_FILTERS: Mapping[str, tuple[frozenset[AttemptState], frozenset[Outcome]]] = {
    QUEUED: (frozenset({AttemptState.RELEASED}), frozenset()),
    IN_PROGRESS: (frozenset({AttemptState.BEGUN, AttemptState.ACCEPTED, AttemptState.UNKNOWN}), frozenset()),
    ENDED: (frozenset({AttemptState.ENDED}), frozenset(o for o in Outcome if call_word(o).connected)),
    FAILED: (frozenset({AttemptState.ENDED}), frozenset(o for o in Outcome if not call_word(o).connected)),
}
"""The states and outcomes of the calls that have a status."""


def status_word(state: AttemptState, outcome: Outcome | None) -> str:
    """Where a call stands: queued, in-progress, completed (somebody or something answered) or failed."""
    if state is not AttemptState.ENDED:
        return LIVE_WORDS[state]
    return ENDED if call_word(outcome).connected else FAILED


PENDING, CALLING, DONE, MISSED = "pending", "calling", "completed", "failed"

CUSTOMER_FILTERS: Mapping[str, ContactFilters] = {
    PENDING: ContactFilters(states=frozenset({ContactState.WAITING})),
    CALLING: ContactFilters(states=frozenset({ContactState.RELEASED})),
    DONE: ContactFilters(states=frozenset({ContactState.FINISHED}), finish_reasons=REACHED),
    MISSED: ContactFilters(states=frozenset({ContactState.FINISHED}), finish_reasons=frozenset(FinishReason) - REACHED),
}
"""The contacts that a customer's status means."""


def customer_word(contact: Contact) -> str:
    """Where a customer stands: pending (also for another try), calling, completed or failed."""
    match contact.state:
        case ContactState.WAITING:
            return PENDING
        case ContactState.RELEASED:
            return CALLING
        case ContactState.FINISHED:
            return DONE if contact.finish_reason in REACHED else MISSED


FIRST_MESSAGE_MODES: Mapping[str, str] = {
    "assistant-speaks-first": "static",
    "assistant-speaks-first-with-model-generated-message": "generated",
    "assistant-waits-for-user": "none",
}
"""`firstMessageMode`: ours is whether the first sentence is as written, made up, or left to the other side."""
