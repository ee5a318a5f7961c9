"""The word tables: total where they must be, and each word one of the page's."""

from __future__ import annotations

import pytest

from clarion.core.campaigns import CampaignStatus
from clarion.core.outcomes import CARRIER_FAULTS, AttemptState, FinishReason, Outcome
from clarion.core.retries import DEAD_ADDRESS, REFUSED, TALKED
from clarion.surfaces.vendors.autocalls import words


def test_every_status_and_reason_has_a_word() -> None:
    assert set(words.CAMPAIGN) == set(CampaignStatus)
    assert set(words.FINISHED_LEAD) == set(FinishReason)
    assert set(words.LIVE_CALL) == set(AttemptState) - {AttemptState.ENDED}


def test_words_are_those_of_the_pages() -> None:
    assert set(words.CAMPAIGN.values()) == {"draft", "in-progress", "stopped", "completed"}
    assert set(words.FINISHED_LEAD.values()) <= set(words.LEAD_WORDS)
    assert {words.call_word(outcome) for outcome in Outcome} <= set(words.CALL_WORDS)
    assert set(words.LIVE_CALL.values()) <= set(words.CALL_WORDS)
    assert set(words.ANSWERED_BY.values()) == {"human", "machine", "unknown"}


@pytest.mark.parametrize(
    "outcome, word",
    [
        (Outcome.COMPLETED, "completed"),
        (Outcome.VOICEMAIL, "completed"),
        (Outcome.ABANDONED, "ended_by_customer"),
        (Outcome.EXCEEDED_MAX_DURATION, "ended_by_assistant"),
        (Outcome.BUSY, "busy"),
        (Outcome.REJECTED, "busy"),
        (Outcome.NO_ANSWER, "no-answer"),
        (Outcome.UNREACHABLE, "no-answer"),
        (Outcome.INVALID, "failed"),
        (Outcome.SERVICE_UNAVAILABLE, "failed"),
        (Outcome.UNKNOWN, "failed"),
        (None, "failed"),
    ],
)
def test_calls(outcome: Outcome | None, word: str) -> None:
    assert words.call_word(outcome) == word
    assert outcome is None or outcome in words.outcomes_of(word)


def test_filters_and_words_agree() -> None:
    assert frozenset().union(*map(words.outcomes_of, words.CALL_WORDS)) == set(Outcome)
    assert frozenset().union(*map(words.reasons_of, words.LEAD_WORDS)) == set(FinishReason)
    assert words.reasons_of("created") == words.outcomes_of("ringing") == frozenset()


def test_what_is_retried() -> None:
    always, with_voicemail = words.UNANSWERED, words.TO_VOICEMAIL
    assert always >= CARRIER_FAULTS
    assert not always & with_voicemail
    assert not (always | with_voicemail | words.WITHOUT_GOAL) & (TALKED | REFUSED | DEAD_ADDRESS)


def test_a_webhook_of_completed_calls_hears_of_those_that_were_answered() -> None:
    assert Outcome.VOICEMAIL in words.COMPLETED_CALLS
    assert not words.COMPLETED_CALLS & words.UNANSWERED - {Outcome.SILENCE}
