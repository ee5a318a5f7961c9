"""Every outcome, reason and status of ours has its word, and every word is one that the SDK knows."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from revox.types import call_retrieve_response as sdk

from clarion.core.campaigns import CampaignStatus
from clarion.core.outcomes import AttemptState, FinishReason, Outcome
from clarion.core.retries import reached_human
from clarion.surfaces.vendors.revox import words
from clarion.surfaces.vendors.revox.row_stats import KEYS


def literals(shape: type[Any], field: str) -> set[str]:
    """The words that the SDK's shape allows."""
    found: set[str] = set()
    left = [shape.model_fields[field].annotation]
    while left:
        each = left.pop()
        if isinstance(each, str):
            found.add(each)
        elif each is not type(None):
            left.extend(get_args(each))
    return found


@pytest.mark.parametrize(
    "table, keys",
    [
        (words.ROW_OF_REASON, FinishReason),
        (words.STATUS_OF_REASON, FinishReason),
        (words.ATTEMPT_STATUS, AttemptState),
        (words.CAMPAIGN_STATUS, CampaignStatus),
    ],
)
def test_tables_are_total(table: dict[Any, str], keys: Any) -> None:
    assert set(table) == set(keys)


@pytest.mark.parametrize(
    "said, shape, field",
    [
        (words.STATUS_OF_REASON.values(), sdk.Call, "status"),
        (get_args(words.CallStatus), sdk.Call, "status"),
        (get_args(words.CallOutcome), sdk.Call, "outcome"),
        (words.UNTOLD.values(), sdk.Call, "outcome"),
        (words.TOLD.values(), sdk.Call, "outcome"),
        (words.HOT, sdk.Call, "outcome"),
        (words.LABELS, sdk.Call, "outcome"),
        (words.RESULT.values(), sdk.CallCallAttempt, "result"),
        ([*words.ATTEMPT_STATUS.values(), "ongoing", "error"], sdk.CallCallAttempt, "status"),
        ([*words.DIAL_ERROR.values(), *words.FAULTLESS], sdk.CallCallAttempt, "dial_error"),
        (words.END_REASON.values(), sdk.CallCallAttempt, "end_reason"),
        (words.ENDED_BY.values(), sdk.CallCallAttempt, "ended_by"),
    ],
)
def test_the_sdk_knows_them(said: Any, shape: type[Any], field: str) -> None:
    assert set(said) <= literals(shape, field)


def test_rows_are_counted_somewhere() -> None:
    assert set(words.ROW_OF_REASON.values()) <= set(KEYS)


def test_a_call_that_ended_is_told_somehow() -> None:
    calls = {outcome for outcome in Outcome if outcome not in MESSAGES}
    assert calls == words.RESULT.keys() | words.DIAL_ERROR.keys() | words.END_REASON.keys()


MESSAGES = {
    Outcome.SENT,
    Outcome.DELIVERED,
    Outcome.UNDELIVERED,
    Outcome.DELIVERY_UNKNOWN,
    Outcome.EXPIRED,
    Outcome.DROPPED,
    Outcome.BOUNCED,
    Outcome.OPENED,
    Outcome.CLICKED,
    Outcome.REPLIED,
    Outcome.SPAM_REPORT,
    Outcome.UNSUBSCRIBED,
}


def test_humans_are_humans() -> None:
    assert {o for o, result in words.RESULT.items() if result == "human"} == {
        outcome for outcome in words.RESULT if reached_human(outcome)
    }
    assert words.UNTOLD.keys() == {o for o, r in words.RESULT.items() if r == "human"} - {Outcome.ABANDONED}
