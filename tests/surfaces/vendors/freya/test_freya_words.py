"""The tables between Freya's words and ours are total, and do not contradict each other."""

from __future__ import annotations

import pytest

from clarion.core.campaigns import CampaignStatus
from clarion.core.outcomes import AttemptState, FinishReason, Outcome
from clarion.core.retries import REFUSED, Retries, retries_problems
from clarion.surfaces.vendors.freya.words import (
    CALL_FILTERS,
    CALL_WORDS,
    COMPLETED,
    DEFAULT_CONDITIONS,
    LIVE_WORDS,
    REACHED,
    RETRY_CONDITIONS,
    call_word,
    campaign_word,
    conditions_of,
    outcomes_of,
    status_word,
    succeeded,
)

O = Outcome  # noqa: E741 - the rows are about outcomes
MESSAGES = {
    O.SENT,
    O.DELIVERED,
    O.UNDELIVERED,
    O.DELIVERY_UNKNOWN,
    O.EXPIRED,
    O.DROPPED,
    O.DEFERRED,
    O.BOUNCED,
    O.OPENED,
    O.CLICKED,
    O.REPLIED,
    O.SPAM_REPORT,
    O.UNSUBSCRIBED,
}


@pytest.mark.parametrize(
    "word, outcomes",
    [
        ("Rejected", {O.REJECTED}),
        ("Unreachable", {O.UNREACHABLE}),
        ("Busy", {O.BUSY}),
        ("No Answer", {O.NO_ANSWER}),
        ("Network Error", {O.NETWORK_ERROR}),
        ("Invalid", {O.INVALID}),
        ("Timeout", {O.TIMEOUT}),
        ("Cancelled", {O.CANCELLED}),
        ("Resource Unavailable", {O.RESOURCE_UNAVAILABLE, O.THROTTLED}),
        ("Service Unavailable", {O.SERVICE_UNAVAILABLE}),
        ("Protocol Error", {O.PROTOCOL_ERROR}),
        ("Unspecified", {O.UNSPECIFIED, O.FAILED, O.SILENCE, O.CALL_SCREENING, O.IVR, O.FAX}),
        ("voicemail", {O.VOICEMAIL, O.MAILBOX_FULL}),
        ("exceeded-max-duration", {O.EXCEEDED_MAX_DURATION}),
    ],
)
def test_what_a_retry_condition_stands_for(word: str, outcomes: set[Outcome]) -> None:
    assert outcomes_of([word]) == outcomes
    assert conditions_of(outcomes) == [word]
    assert {call_word(each).category for each in outcomes} == {word}
    assert retries_problems(Retries(on=frozenset(outcomes))) == []


def test_the_fourteen_are_all_there_are_and_share_nothing() -> None:
    assert len(RETRY_CONDITIONS) == 14
    listed = [outcome for outcomes in RETRY_CONDITIONS.values() for outcome in outcomes]
    assert len(listed) == len(set(listed))
    assert not set(listed) & (REFUSED | {O.UNKNOWN, O.COMPLETED})
    assert conditions_of(outcomes_of(RETRY_CONDITIONS)) == list(RETRY_CONDITIONS)
    assert set(DEFAULT_CONDITIONS) <= RETRY_CONDITIONS.keys()


def test_every_outcome_of_a_call_has_a_word() -> None:
    assert CALL_WORDS.keys() == set(Outcome) - MESSAGES
    assert {word.category for word in CALL_WORDS.values()} == {COMPLETED, *RETRY_CONDITIONS}
    assert call_word(None).category == "Unspecified"


@pytest.mark.parametrize("outcome", sorted(CALL_WORDS))
def test_a_success_is_what_no_condition_retries(outcome: Outcome) -> None:
    never = outcome in REFUSED | {O.UNKNOWN}
    assert succeeded(outcome) == (outcome not in outcomes_of(RETRY_CONDITIONS)) or never


@pytest.mark.parametrize("state", AttemptState)
@pytest.mark.parametrize("outcome", [None, O.COMPLETED, O.VOICEMAIL, O.BUSY, O.TIMEOUT])
def test_a_filter_finds_what_has_its_word(state: AttemptState, outcome: Outcome | None) -> None:
    if (state is AttemptState.ENDED) != (outcome is not None) or state is AttemptState.TAKEN_BACK:
        return
    word = status_word(state, outcome)
    found = [name for name, (states, some) in CALL_FILTERS.items() if state in states and (not some or outcome in some)]
    assert found == [word]


def test_every_state_has_a_word() -> None:
    assert {*LIVE_WORDS, AttemptState.ENDED} == set(AttemptState)


@pytest.mark.parametrize(
    "status, reasons, word",
    [
        (CampaignStatus.DRAFT, {}, "draft"),
        (CampaignStatus.SCHEDULED, {}, "scheduled"),
        (CampaignStatus.RUNNING, {"attempts_exhausted": 1}, "active"),
        (CampaignStatus.PAUSED, {}, "paused"),
        (CampaignStatus.COMPLETED, {"reached": 3, "opted_out": 1, "duplicate": 2}, "completed"),
        (CampaignStatus.COMPLETED, {"reached": 3, "attempts_exhausted": 1}, "partially_completed"),
        (CampaignStatus.COMPLETED, {"suppressed": 1}, "partially_completed"),
        (CampaignStatus.COMPLETED, {"suppressed": 0}, "completed"),
        (CampaignStatus.CANCELLED, {"cancelled": 3}, "cancelled"),
    ],
)
def test_where_a_campaign_stands(status: CampaignStatus, reasons: dict[str, int], word: str) -> None:
    assert campaign_word(status, reasons) == word


def test_reached_or_not() -> None:
    assert set(FinishReason) - REACHED == {
        FinishReason.ATTEMPTS_EXHAUSTED,
        FinishReason.NOT_RETRIED,
        FinishReason.INVALID_ADDRESS,
        FinishReason.FAILED,
        FinishReason.UNKNOWN,
        FinishReason.SUPPRESSED,
        FinishReason.PRIOR_UNSUBSCRIBED,
        FinishReason.PRIOR_BOUNCED,
        FinishReason.PRIOR_SPAM_REPORT,
        FinishReason.PRIOR_DROPPED,
        FinishReason.NO_CONSENT,
        FinishReason.UNKNOWN_ZONE,
        FinishReason.NO_WINDOW,
        FinishReason.LINE_TYPE,
        FinishReason.PERSON_LIMIT,
        FinishReason.MISSING_VARIABLE,
        FinishReason.EXPIRED,
        FinishReason.CANCELLED,
    }
