"""Calls and attempts as they are told: every outcome and state in shapes that the SDK takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from revox.types import CallRetrieveResponse

from clarion.app.dossiers import Dossier
from clarion.app.ports.outbox import Message, MessageState
from clarion.app.ports.resources import Agent
from clarion.app.single_calls import EXTRAS, MARK
from clarion.core.campaigns import Campaign, CampaignStatus, Plan
from clarion.core.contacts import Attempt, Contact
from clarion.core.events import EventType
from clarion.core.outcomes import AttemptState, Channel, ContactState, FinishReason, Outcome
from clarion.surfaces.vendors.revox.orders import attempt_answer, call, outcome_of, row, status_of
from clarion.surfaces.vendors.revox.webhooks import CallPayloads, hook

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
CAMPAIGN = Campaign(7, 1, "Leads", Channel.VOICE, CampaignStatus.RUNNING, Plan(), 1)
ALONE = replace(CAMPAIGN, extras={MARK: True})
CONTACT = Contact(
    9, 1, 7, 1, None, "+13125550190", ";US", "+13125550190", ContactState.WAITING, next_at=NOW, created_at=NOW
)
ATTEMPT = Attempt(3, 1, 7, 1, 9, 1, Channel.VOICE, "+13125550190", "p", AttemptState.ENDED, begun_at=NOW)
AGENT = Agent(1, 1, "Ann", None, {}, NOW, NOW)


def ended(outcome: Outcome, **fields: Any) -> Attempt:
    return replace(ATTEMPT, outcome=outcome, ended_at=NOW + SECOND, **fields)


def waiting(**fields: Any) -> Contact:
    return replace(CONTACT, **fields)


RELEASED = waiting(state=ContactState.RELEASED)
FINISHED = waiting(state=ContactState.FINISHED, next_at=None)


@pytest.mark.parametrize(
    "order, status",
    [
        (Dossier(waiting(), CAMPAIGN), "queued_for_calling"),
        (Dossier(waiting(next_at=NOW + SECOND), CAMPAIGN), "scheduled"),
        (Dossier(waiting(), CAMPAIGN, held=True), "not_launched"),
        (Dossier(waiting(tries=1), CAMPAIGN, held=True), "paused"),
        (Dossier(waiting(), ALONE, held=True), "paused"),
        (Dossier(waiting(), replace(CAMPAIGN, status=CampaignStatus.DRAFT)), "not_launched"),
        (Dossier(waiting(), replace(CAMPAIGN, status=CampaignStatus.SCHEDULED)), "scheduled"),
        (Dossier(waiting(), replace(CAMPAIGN, status=CampaignStatus.PAUSED)), "paused"),
        (Dossier(waiting(), replace(CAMPAIGN, status=CampaignStatus.CANCELLED)), "cancelled"),
        (Dossier(waiting(), replace(CAMPAIGN, status=CampaignStatus.COMPLETED)), "cancelled"),
        (Dossier(RELEASED, CAMPAIGN), "calling"),
        (Dossier(RELEASED, replace(CAMPAIGN, status=CampaignStatus.PAUSED), held=True), "calling"),
        (Dossier(replace(FINISHED, finish_reason=FinishReason.REACHED), CAMPAIGN), "completed"),
        (Dossier(replace(FINISHED, finish_reason=FinishReason.FAILED), CAMPAIGN, held=True), "errored"),
        (Dossier(replace(FINISHED, finish_reason=FinishReason.CANCELLED), CAMPAIGN), "cancelled"),
    ],
)
def test_status(order: Dossier, status: str) -> None:
    assert status_of(order, NOW) == status
    CallRetrieveResponse.model_validate({"call": call(order, NOW)})


@pytest.mark.parametrize("outcome", Outcome)
@pytest.mark.parametrize("answered", [False, True])
def test_every_outcome_has_a_form(outcome: Outcome, answered: bool) -> None:
    attempt = ended(outcome, answered_at=NOW if answered else None, results={"email": "a@x.example", "outcome": 7})
    order = Dossier(replace(FINISHED, finish_reason=FinishReason.REACHED), CAMPAIGN, [attempt], AGENT, "+12125550100")
    CallRetrieveResponse.model_validate({"call": call(order, NOW)})


@pytest.mark.parametrize(
    "attempt, expected",
    [
        (replace(ATTEMPT, state=AttemptState.RELEASED, begun_at=None), {"status": "queued", "result": None}),
        (replace(ATTEMPT, state=AttemptState.BEGUN), {"status": "ringing"}),
        (replace(ATTEMPT, state=AttemptState.ACCEPTED, answered_at=NOW), {"status": "ongoing", "handled_by_ai": True}),
        (ended(Outcome.COMPLETED, answered_at=NOW), {"status": "completed", "result": "human", "dial_error": None}),
        (ended(Outcome.BUSY), {"status": "completed", "dial_error": "busy", "result": None}),
        (ended(Outcome.INVALID), {"status": "error", "dial_error": "number_non_attributed"}),
        (ended(Outcome.THROTTLED), {"status": "error", "dial_error": "too_many_calls", "ended_by": None}),
        (ended(Outcome.NETWORK_ERROR, answered_at=NOW), {"status": "completed", "dial_error": None}),
        (ended(Outcome.REJECTED), {"status": "completed", "end_reason": "user_rejected", "ended_by": "user"}),
        (ended(Outcome.EXCEEDED_MAX_DURATION, answered_at=NOW), {"end_reason": "max_duration", "ended_by": "system"}),
        (ended(Outcome.CALL_SCREENING, answered_at=NOW), {"result": "ios-screening-filter"}),
        (ended(Outcome.COMPLETED, results={"a": 1}), {"structured_output": {"a": 1}, "transcript": None}),
        (
            ended(
                Outcome.COMPLETED,
                raw={
                    "transcript": [["agent", "Hello", 0.5], ["person", "Hi", 1.5]],
                    "recording_url": "https://x.example/r",
                },
            ),
            {
                "transcript": [{"role": "assistant", "content": "Hello"}, {"role": "user", "content": "Hi"}],
                "recording_url": "https://x.example/r",
            },
        ),
    ],
)  # fmt: skip
def test_attempts(attempt: Attempt, expected: dict[str, Any]) -> None:
    told = attempt_answer(attempt)
    assert {name: told[name] for name in expected} == expected


@pytest.mark.parametrize(
    "attempts, outcome",
    [
        ([], None),
        ([replace(ATTEMPT, state=AttemptState.BEGUN)], None),
        ([ended(Outcome.BUSY)], None),
        ([ended(Outcome.ABANDONED, results={"outcome": "interested"})], None),
        ([ended(Outcome.COMPLETED)], "completed"),
        ([ended(Outcome.COMPLETED, results={"outcome": "interested"})], "interested"),
        ([ended(Outcome.COMPLETED, results={"outcome": "do_not_contact"})], "not_interested"),
        ([ended(Outcome.COMPLETED, results={"outcome": "requested_callback_new_number"})], "requested_callback_later"),
        ([ended(Outcome.COMPLETED, results={"outcome": "something else"})], "completed"),
        ([ended(Outcome.COMPLETED, results={"outcome": ["interested"]})], "completed"),
        ([ended(Outcome.CALLBACK_REQUESTED)], "requested_callback_later"),
        ([ended(Outcome.OPTED_OUT)], "not_interested"),
        ([ended(Outcome.COMPLETED), ended(Outcome.BUSY, number=2)], None),
    ],
)
def test_outcomes(attempts: list[Attempt], outcome: str | None) -> None:
    assert outcome_of(attempts) == outcome


def test_what_a_single_call_keeps_is_no_variable() -> None:
    kept = {EXTRAS: {"revox": {"metadata": {"order": "7"}, "scheduled_at": "2026-12-01T09:00:00Z"}}, "name": "Ann"}
    told = call(Dossier(waiting(variables=kept), ALONE), NOW)
    assert (told["metadata"], told["scheduled_at"], told["prompt_variables"]) == (
        {"order": "7"},
        "2026-12-01T09:00:00Z",
        {"name": "Ann"},
    )
    other = {EXTRAS: {"autocalls": 1}, "name": "Ann"}
    assert row(Dossier(waiting(variables=other), CAMPAIGN), 4, NOW)["input_data"] == {"name": "Ann"}


@pytest.mark.parametrize(
    "order, at",
    [
        (Dossier(waiting(), CAMPAIGN, held=True), None),
        (Dossier(waiting(), replace(CAMPAIGN, status=CampaignStatus.DRAFT)), None),
        (Dossier(waiting(), replace(CAMPAIGN, start_at=NOW + SECOND)), "2026-11-23T15:00:01.000Z"),
        (Dossier(waiting(), CAMPAIGN, [ATTEMPT]), "2026-11-23T15:00:00.000Z"),
        (Dossier(replace(FINISHED, finish_reason=FinishReason.DUPLICATE), CAMPAIGN), "2026-11-23T15:00:00.000Z"),
    ],
)
def test_when_it_starts(order: Dossier, at: str | None) -> None:
    assert call(order, NOW)["scheduled_at"] == at


async def test_a_message_about_no_call_is_told_in_our_words() -> None:
    trial = Message(1, 1, 1, EventType.WEBHOOK_TEST, {"type": "webhook.test"}, MessageState.PENDING, 0, NOW)
    nobody: Any = None
    assert await CallPayloads().bodies(nobody, [trial]) == [b'{"type":"webhook.test"}']
    assert (hook("https://x.example").events, hook("https://x.example").format) == (("contact.finished",), "revox")
