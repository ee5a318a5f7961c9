"""A create request and what it becomes; a campaign and what it reads as, whoever made it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clarion.app.campaign_content import CampaignContent
from clarion.app.ports.resources import Agent
from clarion.app.refusals import Invalid
from clarion.core.campaigns import Campaign, CampaignStatus, Plan
from clarion.core.outcomes import Channel
from clarion.core.pacing import Pacing
from clarion.core.retries import Retries
from clarion.surfaces.vendors.revox.assistant_config import REVOX, agent_config
from clarion.surfaces.vendors.revox.campaign_shapes import CampaignChange, NewCampaign
from clarion.surfaces.vendors.revox.retry_config import DEFAULT
from clarion.surfaces.vendors.revox.translate import (
    BEGINS,
    Beginning,
    beginning,
    changed,
    read_campaign,
    sent_of,
    status_word,
    told,
    translate,
)
from clarion.surfaces.vendors.vendor import Place, Translation

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
ASSISTANT = "00000000-0000-8000-8000-000000000001"
BODY: dict[str, Any] = {
    "assistant_id": ASSISTANT,
    "name": "Leads",
    "contacts": [{"to_phone_number": "+12125550190", "prompt_variables": {"name": "Ann", "age": 7}}],
}
WINDOW = {"calling_window_start_time": "9am", "calling_window_end_time": "6pm", "retry_delay_seconds": 60}
RETRIES = {**DEFAULT, "calling_windows": [WINDOW], "max_retry_attempts": 2}


def agent(**fields: Any) -> Agent:
    return Agent(1, 1, "Ann", "Europe/Paris", agent_config({"prompt": "Hi", **fields}), NOW, NOW)


def read(body: dict[str, Any], who: Agent | None = None) -> Translation:
    return read_campaign(body, Place(NOW, "Europe/Paris", "US", who))


def campaign(content: CampaignContent, status: CampaignStatus = CampaignStatus.RUNNING) -> Campaign:
    values = {name: getattr(content, name) for name in CampaignContent.__slots__}
    return Campaign(id=7, organization_id=1, status=status, plan_version=1, **values)


@pytest.mark.parametrize(
    "launch, scheduled, release, how",
    [
        (True, False, None, Beginning.LAUNCHED),
        (True, True, (0, 5, 0), Beginning.LAUNCHED),
        (False, False, None, Beginning.DRAFT),
        (False, True, (0, 5, 0), Beginning.DRAFT),
        (None, True, (0, 5, 0), Beginning.LAUNCHED),
        (None, False, (0, 1, 1), Beginning.LAUNCHED),
        (None, False, (0, 3, 0), Beginning.LAUNCHED),
        (None, False, (0, 4, 0), Beginning.HELD),
        (None, False, (0, 5, 0), Beginning.HELD),
        (None, False, (1, 0), Beginning.HELD),
        (None, False, None, Beginning.HELD),
    ],
)
def test_how_a_campaign_begins(launch: bool | None, scheduled: bool, release: Any, how: Beginning) -> None:
    assert beginning(launch, scheduled, release) is how


def test_what_a_request_becomes() -> None:
    body = {
        **BODY,
        "launch": True,
        "type": "regular",
        "scheduled_at": "2026-12-01T10:00:00+01:00",
        "call_retry_config": RETRIES,
        "from_phone_number": "+1 (212) 555-0100",
        "max_concurrent_calls": 2.9,
    }
    became = read(body, agent(max_call_duration_secs=120, voicemail_message="Call us"))
    content = became.content
    assert (content.name, content.channel, content.start_at) == (
        "Leads",
        Channel.VOICE,
        datetime(2026, 12, 1, 9, 0, tzinfo=UTC),
    )
    assert content.plan.pacing == Pacing(max_concurrent=2)
    assert content.plan.schedule.week[0][0].start == 9 * 3600
    assert (content.plan.retries.max_attempts, content.plan.max_duration) == (2, timedelta(minutes=2))
    assert content.plan.voicemail.message == "Call us"
    assert [(draft.address, draft.variables) for draft in became.drafts] == [
        ("+12125550190", {"name": "Ann", "age": 7})
    ]
    assert (became.numbers, became.agent, became.launch) == (("+1 (212) 555-0100",), ASSISTANT, True)
    assert [note.field for note in became.notes] == ["max_concurrent_calls"]
    assert told(campaign(content), None) == {
        name: body[name] for name in body if name not in ("assistant_id", "contacts", "launch")
    }


def test_what_is_not_said_is_the_assistants() -> None:
    became = read(BODY, agent(call_retry_config=RETRIES, from_phone_number="+12125550101"))
    assert became.content.plan.retries.max_attempts == 2
    assert became.numbers == ("+12125550101",)
    assert became.content.plan.pacing.max_concurrent is None
    assert (became.launch, became.content.extras[REVOX][BEGINS]) == (False, "draft")


def test_and_without_one_the_default() -> None:
    said = told(campaign(read(BODY).content), "+12125550100")
    assert said == {
        "name": "Leads",
        "type": "regular",
        "call_retry_config": DEFAULT,
        "from_phone_number": "+12125550100",
        "max_concurrent_calls": None,
        "scheduled_at": None,
    }


@pytest.mark.parametrize(
    "change, field",
    [
        ({"type": "jump_in"}, "type"),
        ({"name": ""}, "name"),
        ({"launch": "yes"}, "launch"),
        ({"scheduled_at": "tomorrow"}, "scheduled_at"),
        ({"scheduled_at": {}}, "scheduled_at"),
        ({"scheduled_at": "0001-01-01T00:00:00+14:00"}, "scheduled_at"),
        ({"max_concurrent_calls": 0.5}, "max_concurrent_calls"),
        ({"contacts": [{"to_phone_number": "+12125550190"}]}, "contacts.0.prompt_variables"),
        ({"contacts": [{"prompt_variables": {}}]}, "contacts.0.to_phone_number"),
        ({"contacts": None}, "contacts"),
        ({"call_retry_config": {**RETRIES, "calling_windows": []}}, "call_retry_config.calling_windows"),
    ],
)
def test_what_is_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        read({**BODY, **change})
    assert [problem.field for problem in refused.value.problems] == [field]


def test_a_change_comes_back_and_keeps_the_rest() -> None:
    content = replace(read({**BODY, "from_phone_number": "+1 212 555 0100"}).content, sender_id=3)
    change = {"call_retry_config": RETRIES, "max_concurrent_calls": 4}
    after = changed(content, CampaignChange.model_validate(change), change, None, (3, "+12125550100"))
    said = told(campaign(after), "+12125550100")
    assert (said["call_retry_config"], said["max_concurrent_calls"], said["name"]) == (RETRIES, 4, "Leads")
    assert after.sender_id == 3
    cleared = {"call_retry_config": None, "max_concurrent_calls": None, "from_phone_number": None, "name": "New"}
    last = changed(after, CampaignChange.model_validate(cleared), cleared, None, (9, "+12125550109"))
    assert (last.sender_id, last.name, last.plan.retries.max_attempts) == (9, "New", 3)
    assert told(campaign(last), "+12125550109")["max_concurrent_calls"] is None


def test_a_change_made_elsewhere_shows() -> None:
    content = read({**BODY, "call_retry_config": RETRIES, "max_concurrent_calls": 2}).content
    edited = replace(content, plan=replace(content.plan, retries=Retries(max_attempts=9), pacing=Pacing()))
    said = told(campaign(edited), None)
    assert (said["call_retry_config"]["max_retry_attempts"], said["max_concurrent_calls"]) == (9, None)
    assert said["call_retry_config"]["calling_windows"][0]["calling_window_start_time"] == "09:00"


def test_what_is_kept_has_no_contacts() -> None:
    change = {"name": "x", "contacts": [], "stranger": 1}
    assert sent_of(change, CampaignChange) == {"name": "x"}


@pytest.mark.parametrize(
    "launch, status, release, word",
    [
        (False, CampaignStatus.DRAFT, None, "draft"),
        (False, CampaignStatus.DRAFT, (0, 3, 0), "draft"),
        (False, CampaignStatus.DRAFT, (0, 5, 0), "paused"),
        (None, CampaignStatus.DRAFT, None, "running"),
        (True, CampaignStatus.SCHEDULED, None, "running"),
        (True, CampaignStatus.RUNNING, None, "running"),
        (True, CampaignStatus.PAUSED, None, "paused"),
        (True, CampaignStatus.COMPLETED, None, "completed"),
        (True, CampaignStatus.CANCELLED, None, "completed"),
    ],
)
def test_status_words(launch: bool | None, status: CampaignStatus, release: Any, word: str) -> None:
    place = Place(NOW, "Europe/Paris", "US")
    body = {**BODY, "launch": launch}
    content = translate(NewCampaign.model_validate(body), sent_of(body, NewCampaign), place).content
    assert status_word(campaign(content, status), release) == word


def test_drafts_made_elsewhere_wait() -> None:
    native = CampaignContent("Native", Channel.VOICE, Plan())
    assert status_word(campaign(native, CampaignStatus.DRAFT), None) == "paused"
    assert told(campaign(native), None)["call_retry_config"]["max_retry_attempts"] == 1


def test_what_is_closed_elsewhere_stays_closed() -> None:
    content = read({**BODY, "call_retry_config": RETRIES}).content
    closed = replace(content.plan.schedule, closed_dates=frozenset({NOW.date()}), holidays=("US",))
    before = replace(content, plan=replace(content.plan, schedule=closed))
    change = {"call_retry_config": dict(DEFAULT)}
    after = changed(before, CampaignChange.model_validate(change), change, None, (None, None))
    assert (after.plan.schedule.closed_dates, after.plan.schedule.holidays) == (frozenset({NOW.date()}), ("US",))
    assert told(campaign(after), None)["call_retry_config"] == DEFAULT
