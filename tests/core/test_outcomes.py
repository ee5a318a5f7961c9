"""Every vendor's word can be said in our vocabulary and found again; later news amends in one order."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from itertools import product
from typing import NamedTuple

import pytest

from clarion.core.outcomes import CARRIER_FAULTS, LIVE_STATES, AttemptState, ContactState, FinishReason, Outcome, amends
from clarion.core.retries import Case, Finish, Retries, burns, decide
from clarion.core.schedule import DAY_SECONDS, Span

A, C, F, O = AttemptState, ContactState, FinishReason, Outcome  # noqa: E741


ENDED = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


class AlwaysOpen:
    """Hours without a closed moment."""

    def next_open(self, at: datetime) -> datetime:
        return at

    def next_day_open(self, at: datetime) -> datetime:
        return at

    def span_at(self, at: datetime) -> Span:
        return Span(0, DAY_SECONDS)


class Ours(NamedTuple):
    """Where contact and attempt stand, with `detail` where two words of a vendor share the rest."""

    contact: ContactState | None = None
    attempt: AttemptState | None = None
    outcome: Outcome | None = None
    reason: FinishReason | None = None
    detail: str | None = None


def ended(outcome: Outcome, reason: FinishReason | None = None, detail: str | None = None) -> Ours:
    """An attempt that ended, and with `reason` its contact; without, the retry rules decide about the contact."""
    return Ours(C.FINISHED if reason else None, A.ENDED, outcome, reason, detail)


def live(attempt: AttemptState, detail: str | None = None) -> Ours:
    return Ours(C.RELEASED, attempt, None, None, detail)


def skipped(reason: FinishReason) -> Ours:
    return Ours(C.FINISHED, None, None, reason)


FREYA_CATEGORIES = {
    "Rejected": ended(O.REJECTED),
    "Unreachable": ended(O.UNREACHABLE),
    "Busy": ended(O.BUSY),
    "No Answer": ended(O.NO_ANSWER),
    "Network Error": ended(O.NETWORK_ERROR),
    "Invalid": ended(O.INVALID),
    "Timeout": ended(O.TIMEOUT),
    "Cancelled": ended(O.CANCELLED),
    "Resource Unavailable": ended(O.RESOURCE_UNAVAILABLE),
    "Service Unavailable": ended(O.SERVICE_UNAVAILABLE),
    "Protocol Error": ended(O.PROTOCOL_ERROR),
    "Unspecified": ended(O.UNSPECIFIED),
    "voicemail": ended(O.VOICEMAIL),
    "exceeded-max-duration": ended(O.EXCEEDED_MAX_DURATION),
}

SYLLABLE_STATUSES = {
    "PENDING": Ours(C.WAITING),
    "DUPLICATE": skipped(F.DUPLICATE),
    "INVALID": skipped(F.INVALID_ADDRESS),
    "FAILED": ended(O.FAILED, F.FAILED),
    "PROCESSED": live(A.ACCEPTED, "processed"),
    "DROPPED": ended(O.DROPPED, F.NOT_RETRIED),
    "DEFERRED": ended(O.DEFERRED),
    "BOUNCED": ended(O.BOUNCED, F.INVALID_ADDRESS),
    "DELIVERED": ended(O.DELIVERED, F.DELIVERED),
    "OPENED": ended(O.OPENED, F.DELIVERED),
    "CLICKED": ended(O.CLICKED, F.DELIVERED),
    "SPAM_REPORT": ended(O.SPAM_REPORT, F.OPTED_OUT),
    "UNSUBSCRIBED": ended(O.UNSUBSCRIBED, F.OPTED_OUT),
    "PRIOR_UNSUBSCRIBED": skipped(F.PRIOR_UNSUBSCRIBED),
    "PRIOR_SPAM_REPORT": skipped(F.PRIOR_SPAM_REPORT),
    "PRIOR_DROPPED": skipped(F.PRIOR_DROPPED),
    "PRIOR_BOUNCED": skipped(F.PRIOR_BOUNCED),
    "SENT": ended(O.SENT, F.DELIVERED),
    "ACCEPTED": live(A.ACCEPTED),
    "QUEUED": live(A.RELEASED),
    "SENDING": live(A.BEGUN),
    "UNDELIVERED": ended(O.UNDELIVERED, F.NOT_RETRIED),
    "DELIVERY_UNKNOWN": ended(O.DELIVERY_UNKNOWN, F.NOT_RETRIED),
    "DELIVERY_FAILED": ended(O.UNDELIVERED, F.NOT_RETRIED, "failed"),
    "IN-PROGRESS": live(A.ACCEPTED, "in-progress"),
    "BUSY": ended(O.BUSY, F.NOT_RETRIED),
    "CANCELED": ended(O.CANCELLED, F.CANCELLED),
    "COMPLETED": ended(O.COMPLETED, F.REACHED),
    "NO-ANSWER": ended(O.NO_ANSWER, F.NOT_RETRIED),
    "MACHINE": ended(O.VOICEMAIL, F.NOT_RETRIED),
    "HUMAN": ended(O.COMPLETED, F.REACHED, "human"),
    "UNKNOWN": ended(O.UNKNOWN, F.UNKNOWN),
    "UNEXPECTED_ERROR": ended(O.FAILED, F.FAILED, "unexpected error"),
    "FILTERED_LINE_TYPE": skipped(F.LINE_TYPE),
    "NO_OUTCOME": ended(O.UNSPECIFIED, F.NOT_RETRIED),
    "DECLINED": ended(O.REJECTED, F.NOT_RETRIED),
    "SIP_NOT_FOUND": ended(O.INVALID, F.INVALID_ADDRESS, "404"),
    "SIP_TEMPORARILY_UNAVAILABLE": ended(O.UNREACHABLE, F.NOT_RETRIED),
    "SIP_LOOP_DETECTED": ended(O.PROTOCOL_ERROR, F.FAILED),
    "SIP_DOES_NOT_EXIST_ANYWHERE": ended(O.INVALID, F.INVALID_ADDRESS, "604"),
}

REVOX_ATTEMPTS = {
    # result
    "IVR": ended(O.IVR),
    "voicemail": ended(O.VOICEMAIL),
    "human": ended(O.COMPLETED),
    "unknown": ended(O.UNSPECIFIED),
    "ios-screening-filter": ended(O.CALL_SCREENING),
    # dial_error
    "number_non_attributed": ended(O.INVALID),
    "too_many_calls": ended(O.THROTTLED),
    "busy": ended(O.BUSY),
    "temporarily_unavailable": ended(O.UNREACHABLE),
    "no_answer": ended(O.NO_ANSWER),
    "no_international_permission": ended(O.PROTOCOL_ERROR, detail="403"),
    "precondition_failed": ended(O.PROTOCOL_ERROR, detail="412"),
    "non_classified_error": ended(O.UNSPECIFIED, detail="dial"),
    # end_reason
    "client_initiated": ended(O.COMPLETED, detail="client_initiated"),
    "connection_timeout": ended(O.NETWORK_ERROR),
    "human_takeover": ended(O.COMPLETED, detail="human_takeover"),
    "ivr_no_navigate": ended(O.IVR, detail="ivr_no_navigate"),
    "max_duration": ended(O.EXCEEDED_MAX_DURATION),
    "participant_removed": ended(O.CANCELLED),
    "tool_end_call": ended(O.COMPLETED, detail="tool_end_call"),
    "transfer": ended(O.COMPLETED, detail="transfer"),
    "user_inactive": ended(O.SILENCE),
    "user_rejected": ended(O.REJECTED),
    "user_unavailable": ended(O.UNREACHABLE, detail="user_unavailable"),
    "speed_dial_abandoned": ended(O.ABANDONED),
    "speed_dial_operator_missed": ended(O.ABANDONED, detail="operator_missed"),
    "speed_dial_timeout": ended(O.NO_ANSWER, detail="speed_dial_timeout"),
    "speed_dial_hangup": ended(O.COMPLETED, detail="speed_dial_hangup"),
}
"""`voicemail` is both a result and an end reason, and one thing with us."""

REVOX_OUTCOMES = {
    "interested": ended(O.COMPLETED, F.GOAL_REACHED),
    "not_interested": ended(O.COMPLETED, F.REACHED, "not_interested"),
    "completed": ended(O.COMPLETED, F.REACHED),
    "ai_averse": ended(O.COMPLETED, F.REACHED, "ai_averse"),
    "requested_callback_later": ended(O.CALLBACK_REQUESTED),
    "requested_callback_new_number": ended(O.CALLBACK_REQUESTED, detail="new_number"),
    "do_not_contact": ended(O.OPTED_OUT, F.OPTED_OUT),
}

AUTOCALLS_LEADS = {
    "created": Ours(C.WAITING),
    "scheduled": Ours(C.WAITING, detail="deferred"),
    "rescheduled": Ours(C.WAITING, A.ENDED),
    "processing": Ours(C.RELEASED),
    "completed": Ours(C.FINISHED, A.ENDED, None, F.REACHED),
    "reached-max-retries": Ours(C.FINISHED, A.ENDED, None, F.ATTEMPTS_EXHAUSTED),
    "blacklisted": Ours(C.FINISHED, None, None, F.SUPPRESSED),
}

AUTOCALLS_CALLS = {
    "initiated": live(A.BEGUN),
    "ringing": live(A.ACCEPTED, "ringing"),
    "in-progress": live(A.ACCEPTED),
    "busy": ended(O.BUSY),
    "no-answer": ended(O.NO_ANSWER),
    "failed": ended(O.FAILED),
    "completed": ended(O.COMPLETED),
    "ended": ended(O.COMPLETED, detail="ended"),
    "ended_by_customer": ended(O.COMPLETED, detail="ended_by_customer"),
    "ended_by_assistant": ended(O.COMPLETED, detail="ended_by_assistant"),
}

VOCABULARIES = {
    "Freya categories": (FREYA_CATEGORIES, 14),
    "Syllable statuses": (SYLLABLE_STATUSES, 40),
    "Revox results, dial errors and end reasons": (REVOX_ATTEMPTS, 5 + 8 + 16 - 1),
    "Revox outcomes": (REVOX_OUTCOMES, 7),
    "Autocalls leads": (AUTOCALLS_LEADS, 7),
    "Autocalls calls": (AUTOCALLS_CALLS, 10),
}

SHARED = {
    "Freya categories": [],
    "Syllable statuses": [
        {"ACCEPTED", "IN-PROGRESS", "PROCESSED"},
        {"COMPLETED", "HUMAN"},
        {"DELIVERY_FAILED", "UNDELIVERED"},
        {"FAILED", "UNEXPECTED_ERROR"},
        {"SIP_DOES_NOT_EXIST_ANYWHERE", "SIP_NOT_FOUND"},
    ],
    "Revox results, dial errors and end reasons": [
        {"IVR", "ivr_no_navigate"},
        {"client_initiated", "human", "human_takeover", "speed_dial_hangup", "tool_end_call", "transfer"},
        {"no_answer", "speed_dial_timeout"},
        {"no_international_permission", "precondition_failed"},
        {"non_classified_error", "unknown"},
        {"speed_dial_abandoned", "speed_dial_operator_missed"},
        {"temporarily_unavailable", "user_unavailable"},
    ],
    "Revox outcomes": [
        {"ai_averse", "completed", "not_interested"},
        {"requested_callback_later", "requested_callback_new_number"},
    ],
    "Autocalls leads": [{"created", "scheduled"}],
    "Autocalls calls": [
        {"completed", "ended", "ended_by_assistant", "ended_by_customer"},
        {"in-progress", "ringing"},
    ],
}
"""The vendors' words that only the attempt's detail tells apart; everything else has a combination of its own."""


@pytest.mark.parametrize("name", VOCABULARIES)
def test_every_word_of_a_vendor_can_be_said_and_found_again(name: str) -> None:
    words, size = VOCABULARIES[name]
    assert len(words) == size
    assert len(set(words.values())) == size, "the way back would be ambiguous"
    sharing = defaultdict(set)
    for word, ours in words.items():
        sharing[ours[:-1]].add(word)
    assert sorted(map(sorted, (s for s in sharing.values() if len(s) > 1))) == sorted(map(sorted, SHARED[name]))


@pytest.mark.parametrize(
    "word, ours", [(w, o) for words, _ in VOCABULARIES.values() for w, o in words.items() if o.outcome]
)
def test_the_rules_come_to_the_standing_that_a_word_stands_for(word: str, ours: Ours) -> None:
    """Without retries an attempt that ended so finishes its contact for the reason in the table."""
    assert ours.outcome is not None
    case = Case(ours.outcome, ENDED, AlwaysOpen(), burned=int(burns(ours.outcome)), tries=1, has_goal=True)
    if ours.reason is F.GOAL_REACHED:
        case = Case(ours.outcome, ENDED, AlwaysOpen(), burned=1, tries=1, has_goal=True, goal_reached=True)
    verdict = decide(Retries(on=frozenset()), case)
    assert isinstance(verdict, Finish)
    if ours.reason is not None:
        assert verdict.reason is ours.reason


NEWS = [O.SENT, O.DELIVERED, O.OPENED, O.CLICKED, O.REPLIED, O.BOUNCED, O.UNSUBSCRIBED, O.SPAM_REPORT]


@pytest.mark.parametrize("earlier, later", [(a, b) for i, a in enumerate(NEWS) for b in NEWS[i + 1 :]])
def test_news_about_a_message_come_in_one_order(earlier: Outcome, later: Outcome) -> None:
    assert amends(earlier, later)
    assert not amends(later, earlier)


@pytest.mark.parametrize(
    "old, new, amended",
    [
        (O.SENT, O.UNDELIVERED, True),
        (O.UNDELIVERED, O.DELIVERED, True),
        (O.DELIVERED, O.UNDELIVERED, False),
        (O.SENT, O.EXPIRED, True),
        (O.OPENED, O.DELIVERED, False),
        (O.DELIVERED, O.DELIVERED, False),
        (O.DELIVERY_UNKNOWN, O.SENT, True),
        (O.COMPLETED, O.OPTED_OUT, True),
        (O.COMPLETED, O.DELIVERED, False),
        (O.BUSY, O.NO_ANSWER, False),
        (O.SENT, O.BUSY, False),
        (O.OPTED_OUT, O.UNSUBSCRIBED, False),
        (O.OPTED_OUT, O.COMPLETED, False),
    ],
)
def test_amends(old: Outcome, new: Outcome, amended: bool) -> None:
    assert amends(old, new) == amended


def test_amending_is_an_order_so_reports_in_any_order_end_alike() -> None:
    assert not any(amends(o, o) for o in Outcome)
    assert not any(amends(a, b) and amends(b, a) for a, b in product(Outcome, repeat=2))
    for a, b in product(Outcome, repeat=2):
        if amends(a, b):
            assert all(amends(a, c) for c in Outcome if amends(b, c))


def test_the_closed_sets_hang_together() -> None:
    assert not any(burns(fault) for fault in CARRIER_FAULTS)
    assert set(LIVE_STATES) | {A.ENDED, A.TAKEN_BACK} == set(A)
