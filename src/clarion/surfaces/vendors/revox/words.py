"""Revox's words and ours, as tables. What is not in a table of outcomes has no word there: null."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from clarion.core.campaigns import CampaignStatus
from clarion.core.outcomes import AttemptState, FinishReason, Outcome

CallStatus = Literal[
    "initializing",
    "queued_for_calling",
    "calling",
    "post_processing",
    "not_launched",
    "scheduled",
    "paused",
    "completed",
    "cancelled",
    "errored",
]
CallOutcome = Literal["not_interested", "interested", "completed", "requested_callback_later"]
OutcomeChoice = Literal["not_interested", "interested", "completed", "requested_callback_later", "none"]
CallResult = Literal["IVR", "voicemail", "human", "unknown", "ios-screening-filter"]
ResultChoice = Literal["IVR", "voicemail", "human", "unknown", "ios-screening-filter", "none"]
Direction = Literal["inbound", "outbound"]

NONE = "none"
"""In filters: those whose word is null."""

CAMPAIGN_STATUS: Mapping[CampaignStatus, str] = MappingProxyType(
    {
        CampaignStatus.DRAFT: "draft",
        CampaignStatus.SCHEDULED: "running",
        CampaignStatus.RUNNING: "running",
        CampaignStatus.PAUSED: "paused",
        CampaignStatus.COMPLETED: "completed",
        CampaignStatus.CANCELLED: "completed",
    }
)
"""A cancelled campaign is told by `is_cancelled`, one that waits for its start by `scheduled_at`."""

DRAFT_WITHOUT_A_WORD = "paused"
"""What a draft is called where a client knows no drafts: nobody is dialled until somebody acts."""

_R = FinishReason

ROW_OF_REASON: Mapping[FinishReason, str] = MappingProxyType(
    {
        _R.REACHED: "completed",
        _R.GOAL_REACHED: "completed",
        _R.DELIVERED: "completed",
        _R.OPTED_OUT: "completed",
        _R.ATTEMPTS_EXHAUSTED: "failed",
        _R.NOT_RETRIED: "failed",
        _R.INVALID_ADDRESS: "failed",
        _R.FAILED: "failed",
        _R.UNKNOWN: "failed",
        _R.SUPPRESSED: "skipped",
        _R.PRIOR_UNSUBSCRIBED: "skipped",
        _R.PRIOR_BOUNCED: "skipped",
        _R.PRIOR_SPAM_REPORT: "skipped",
        _R.PRIOR_DROPPED: "skipped",
        _R.NO_CONSENT: "skipped",
        _R.UNKNOWN_ZONE: "skipped",
        _R.NO_WINDOW: "skipped",
        _R.LINE_TYPE: "skipped",
        _R.DUPLICATE: "skipped",
        _R.PERSON_LIMIT: "skipped",
        _R.MISSING_VARIABLE: "skipped",
        _R.EXPIRED: "skipped",
        _R.CANCELLED: "skipped",
        _R.REMOVED: "skipped",
    }
)
"""The key of `row_stats` that counts a finished contact. `OPTED_OUT`: somebody was talked to."""

STATUS_OF_REASON: Mapping[FinishReason, CallStatus] = MappingProxyType(
    {
        _R.REACHED: "completed",
        _R.GOAL_REACHED: "completed",
        _R.DELIVERED: "completed",
        _R.OPTED_OUT: "completed",
        _R.ATTEMPTS_EXHAUSTED: "completed",
        _R.NOT_RETRIED: "completed",
        _R.INVALID_ADDRESS: "errored",
        _R.FAILED: "errored",
        _R.UNKNOWN: "errored",
        _R.UNKNOWN_ZONE: "errored",
        _R.NO_WINDOW: "errored",
        _R.MISSING_VARIABLE: "errored",
        _R.SUPPRESSED: "cancelled",
        _R.PRIOR_UNSUBSCRIBED: "cancelled",
        _R.PRIOR_BOUNCED: "cancelled",
        _R.PRIOR_SPAM_REPORT: "cancelled",
        _R.PRIOR_DROPPED: "cancelled",
        _R.NO_CONSENT: "cancelled",
        _R.LINE_TYPE: "cancelled",
        _R.DUPLICATE: "cancelled",
        _R.PERSON_LIMIT: "cancelled",
        _R.EXPIRED: "cancelled",
        _R.CANCELLED: "cancelled",
        _R.REMOVED: "cancelled",
    }
)
"""The status of a call order that is over. All its attempts were made: `completed`, whoever answered."""

NEVER_AGAIN = frozenset(reason for reason, status in STATUS_OF_REASON.items() if status == "cancelled") | {_R.OPTED_OUT}
"""Why a finished contact is not launched again, whatever a selection says: called off, or not to be called."""

_O = Outcome

ATTEMPT_STATUS: Mapping[AttemptState, str] = MappingProxyType(
    {
        AttemptState.RELEASED: "queued",
        AttemptState.BEGUN: "ringing",
        AttemptState.ACCEPTED: "ringing",
        AttemptState.UNKNOWN: "ringing",
        AttemptState.ENDED: "completed",
        AttemptState.TAKEN_BACK: "queued",
    }
)
"""While it runs, one that was answered is `ongoing`; ended with a fault of the line it is `error` (see DIAL_ERROR)."""

RESULT: Mapping[Outcome, CallResult] = MappingProxyType(
    {
        _O.COMPLETED: "human",
        _O.EXCEEDED_MAX_DURATION: "human",
        _O.CALLBACK_REQUESTED: "human",
        _O.OPTED_OUT: "human",
        _O.ABANDONED: "human",
        _O.VOICEMAIL: "voicemail",
        _O.MAILBOX_FULL: "voicemail",
        _O.IVR: "IVR",
        _O.CALL_SCREENING: "ios-screening-filter",
        _O.FAX: "unknown",
        _O.SILENCE: "unknown",
    }
)
"""Who answered. Outcomes that are not here: nobody did."""

DIAL_ERROR: Mapping[Outcome, str] = MappingProxyType(
    {
        _O.BUSY: "busy",
        _O.NO_ANSWER: "no_answer",
        _O.UNREACHABLE: "temporarily_unavailable",
        _O.INVALID: "number_non_attributed",
        _O.TIMEOUT: "temporarily_unavailable",
        _O.NETWORK_ERROR: "temporarily_unavailable",
        _O.SERVICE_UNAVAILABLE: "temporarily_unavailable",
        _O.RESOURCE_UNAVAILABLE: "too_many_calls",
        _O.THROTTLED: "too_many_calls",
        _O.DEFERRED: "temporarily_unavailable",
        _O.PROTOCOL_ERROR: "precondition_failed",
        _O.FAILED: "non_classified_error",
        _O.UNSPECIFIED: "non_classified_error",
        _O.UNKNOWN: "non_classified_error",
    }
)
"""Why nobody answered. A person who rejects the call is told by END_REASON."""

FAULTLESS = frozenset({"busy", "no_answer"})
"""Dial errors with which an attempt is `completed` all the same: the line did what it should."""

END_REASON: Mapping[Outcome, str] = MappingProxyType(
    {
        _O.VOICEMAIL: "voicemail",
        _O.MAILBOX_FULL: "voicemail",
        _O.IVR: "ivr_no_navigate",
        _O.SILENCE: "user_inactive",
        _O.EXCEEDED_MAX_DURATION: "max_duration",
        _O.REJECTED: "user_rejected",
        _O.UNWANTED: "user_rejected",
        _O.BUSY: "user_unavailable",
        _O.NO_ANSWER: "user_unavailable",
        _O.UNREACHABLE: "user_unavailable",
        _O.TIMEOUT: "connection_timeout",
        _O.CANCELLED: "client_initiated",
    }
)

ENDED_BY: Mapping[Outcome, str] = MappingProxyType(
    {
        _O.VOICEMAIL: "agent",
        _O.MAILBOX_FULL: "agent",
        _O.IVR: "agent",
        _O.CALL_SCREENING: "agent",
        _O.FAX: "agent",
        _O.SILENCE: "agent",
        _O.ABANDONED: "user",
        _O.REJECTED: "user",
        _O.UNWANTED: "user",
        _O.OPTED_OUT: "user",
        _O.EXCEEDED_MAX_DURATION: "system",
        _O.CANCELLED: "system",
        _O.NO_ANSWER: "system",
    }
)
"""A conversation that completed does not say who hung up."""

TOLD_OUTCOME = "outcome"
"""The name in an attempt's results by which the agent tells the business outcome in Revox's words."""

TOLD: Mapping[str, CallOutcome] = MappingProxyType(
    {
        "not_interested": "not_interested",
        "interested": "interested",
        "completed": "completed",
        "requested_callback_later": "requested_callback_later",
        "requested_callback_new_number": "requested_callback_later",
        "do_not_contact": "not_interested",
        "ai_averse": "not_interested",
    }
)
"""What the agent may tell; the last three are words of older releases, in those of 0.5.0."""

UNTOLD: Mapping[Outcome, CallOutcome] = MappingProxyType(
    {
        _O.COMPLETED: "completed",
        _O.EXCEEDED_MAX_DURATION: "completed",
        _O.CALLBACK_REQUESTED: "requested_callback_later",
        _O.OPTED_OUT: "not_interested",
    }
)
"""The business outcome of a conversation about which the agent told none."""

HOT: tuple[CallOutcome, ...] = ("interested", "requested_callback_later")
"""Outcomes that make a lead a hot one."""

LABELS: Mapping[str, str] = MappingProxyType(
    {
        "interested": "Interested",
        "requested_callback_later": "Requested a callback",
        "completed": "Completed",
        "not_interested": "Not interested",
    }
)

RETRIED = frozenset(
    {
        _O.BUSY,
        _O.NO_ANSWER,
        _O.UNREACHABLE,
        _O.REJECTED,
        _O.VOICEMAIL,
        _O.MAILBOX_FULL,
        _O.CALL_SCREENING,
        _O.IVR,
        _O.FAX,
        _O.SILENCE,
        _O.TIMEOUT,
        _O.NETWORK_ERROR,
        _O.RESOURCE_UNAVAILABLE,
        _O.SERVICE_UNAVAILABLE,
        _O.PROTOCOL_ERROR,
        _O.THROTTLED,
        _O.DEFERRED,
        _O.FAILED,
        _O.UNSPECIFIED,
    }
)
"""Everything that did not reach a human is tried again, while attempts are left. Never: a number that does not exist,
a person who said no, and an attempt whose fate is not known."""

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
