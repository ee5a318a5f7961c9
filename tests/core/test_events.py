"""Who hears what, and that nobody hears what is not theirs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from clarion.core.campaigns import BatchStatus, CampaignStatus
from clarion.core.contacts import Attempt, Contact, Report
from clarion.core.events import (
    Endpoint,
    EventType,
    Happening,
    attempt_ended,
    batch_event,
    campaign_event,
    message_progressed,
    messages_for,
    payload,
)
from clarion.core.outcomes import AttemptState, Channel, ContactState, Outcome

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
ENDED = Happening(
    type=EventType.ATTEMPT_ENDED,
    organization_id=1,
    at=NOW,
    campaign_id=7,
    batch_id=70,
    contact_id=700,
    attempt_id=7000,
    agent_id=5,
    outcome=Outcome.BUSY,
    data={"reference_id": "r-1"},
)
PAUSED = Happening(type=EventType.CAMPAIGN_PAUSED, organization_id=1, at=NOW, campaign_id=7)


@pytest.mark.parametrize(
    "wish, ended, paused",
    [
        ({}, True, True),
        ({"organization_id": 2}, False, False),
        ({"disabled_at": NOW}, False, False),
        ({"campaign_id": 7}, True, True),
        ({"campaign_id": 8}, False, False),
        ({"agent_id": 5}, True, False),
        ({"agent_id": 6}, False, False),
        ({"events": frozenset({EventType.ATTEMPT_ENDED})}, True, False),
        ({"events": frozenset({EventType.CONTACT_FINISHED})}, False, False),
        ({"outcomes": frozenset({Outcome.BUSY})}, True, True),
        ({"outcomes": frozenset({Outcome.COMPLETED})}, False, True),
    ],
)
def test_an_endpoint_hears_what_it_asked_for(wish: dict[str, Any], ended: bool, paused: bool) -> None:
    endpoint = replace(Endpoint(id=1, organization_id=1, url="https://a.example"), **wish)
    heard = [message.event for message in messages_for([endpoint], [ENDED, PAUSED], NOW)]
    assert heard == [e for e, told in ((EventType.ATTEMPT_ENDED, ended), (EventType.CAMPAIGN_PAUSED, paused)) if told]


def test_the_body_names_every_id_and_data_cannot_replace_them() -> None:
    liar = replace(ENDED, data={"attempt_id": 0, "address": "+12025550100"})
    (message,) = messages_for([Endpoint(id=3, organization_id=1, url="https://a.example")], [liar], NOW)
    assert message.payload == {
        "type": "attempt.ended",
        "timestamp": NOW,
        "data": {
            "address": "+12025550100",
            "organization_id": 1,
            "campaign_id": 7,
            "batch_id": 70,
            "contact_id": 700,
            "attempt_id": 7000,
            "outcome": "busy",
        },
    }
    assert (message.endpoint_id, message.campaign_id, message.contact_id, message.attempt_id) == (3, 7, 700, 7000)


def test_order_is_that_of_the_happenings() -> None:
    endpoints = [Endpoint(id=n, organization_id=1, url="https://a.example") for n in (1, 2)]
    told = [(m.event, m.endpoint_id) for m in messages_for(endpoints, [ENDED, PAUSED], NOW)]
    assert told == [
        (EventType.ATTEMPT_ENDED, 1),
        (EventType.ATTEMPT_ENDED, 2),
        (EventType.CAMPAIGN_PAUSED, 1),
        (EventType.CAMPAIGN_PAUSED, 2),
    ]


def test_without_endpoints_there_is_nothing_to_write() -> None:
    assert messages_for([], [ENDED] * 500, NOW) == []


@pytest.mark.parametrize(
    "before, after, event",
    [
        ("draft", "scheduled", "campaign.scheduled"),
        ("draft", "running", "campaign.started"),
        ("scheduled", "running", "campaign.started"),
        ("running", "paused", "campaign.paused"),
        ("paused", "running", "campaign.resumed"),
        ("running", "completed", "campaign.completed"),
        ("completed", "running", "campaign.reopened"),
        ("paused", "cancelled", "campaign.cancelled"),
        ("completed", "cancelled", "campaign.cancelled"),
        ("running", "running", None),
        ("scheduled", "draft", None),
    ],
)
def test_changes_of_campaigns(before: str, after: str, event: str | None) -> None:
    assert campaign_event(CampaignStatus(before), CampaignStatus(after)) == event


@pytest.mark.parametrize("after", list(BatchStatus))
def test_every_change_of_a_batch_is_told(after: BatchStatus) -> None:
    for before in BatchStatus:
        assert (batch_event(before, after) is None) == (before is after)


def test_an_attempts_end_tells_whether_there_is_another() -> None:
    attempt = Attempt(
        id=9,
        organization_id=1,
        campaign_id=7,
        batch_id=70,
        contact_id=700,
        number=2,
        channel=Channel.VOICE,
        address="+12025550100",
        person="p",
        state=AttemptState.ENDED,
        outcome=Outcome.BUSY,
    )
    contact = Contact(
        id=700,
        organization_id=1,
        campaign_id=7,
        batch_id=70,
        reference_id="r-1",
        address="+12025550100",
        region_key=";",
        person="p",
        state=ContactState.WAITING,
    )
    again = payload(attempt_ended(attempt, contact, NOW, next_at=NOW, attempts_left=1))["data"]
    assert (again["attempt_id"], again["attempt_number"], again["outcome"]) == (9, 2, "busy")
    assert (again["will_retry"], again["next_at"], again["attempts_left"]) == (True, NOW, 1)
    last = payload(attempt_ended(attempt, contact, NOW))["data"]
    assert (last["will_retry"], last["next_at"], last["reference_id"]) == (False, None, "r-1")


@pytest.mark.parametrize(
    "outcome, event",
    [("opened", "message.opened"), ("bounced", "message.bounced"), ("spam_report", "message.complained")],
)
def test_a_messages_fate_is_told(outcome: str, event: str) -> None:
    attempt = Attempt(1, 1, 7, 70, 700, 1, Channel.EMAIL, "a@b.example", "p", AttemptState.ENDED)
    (told,) = message_progressed(attempt, "r-1", Report(1, Outcome(outcome), NOW))
    assert (told.type, told.outcome, told.contact_id) == (event, outcome, 700)
    assert message_progressed(attempt, "r-1", Report(1, Outcome.BUSY, NOW)) == []
