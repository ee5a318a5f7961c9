"""A campaign of theirs in our words, and any campaign in theirs: rows of a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from clarion.app.campaign_content import CampaignContent
from clarion.app.ports.resources import Agent
from clarion.app.refusals import Invalid
from clarion.core.campaigns import Campaign, CampaignStatus, Plan, VoicemailAction
from clarion.core.outcomes import Channel, Outcome
from clarion.core.pacing import Pacing
from clarion.core.retries import DelayMode, Retries
from clarion.core.schedule import DayRule, Schedule, Span, ZonePolicy
from clarion.surfaces.vendors.autocalls import translate, words
from clarion.surfaces.vendors.autocalls.shapes import CAMPAIGN_EXAMPLE, CampaignInput
from clarion.surfaces.vendors.vendor import Place

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
HERE = Place(NOW, "Europe/Berlin", "DE")
LEAST = {"name": "Demo", "assistant_id": 7}
DAY = 86_400
SCHEMA = [
    {"name": "status", "type": "bool", "description": "Objective achieved"},
    {"name": "booked", "type": "bool", "description": "An appointment was made"},
    {"name": "summary", "type": "string", "description": "A summary"},
]


def agent(**config: Any) -> Agent:
    return Agent(7, 1, "Anna", "America/New_York", config, NOW, NOW)


def plan_of(**fields: Any) -> Plan:
    return translate.read_campaign({**LEAST, **fields}, HERE).content.plan


def test_defaults() -> None:
    translation = translate.read_campaign(LEAST, HERE)
    content, plan = translation.content, translation.content.plan
    assert (content.name, content.channel, translation.agent) == ("Demo", Channel.VOICE, "7")
    assert plan.schedule.week == ((Span(0, 86_340),),) * 7
    assert (plan.schedule.zone_policy, plan.schedule.zone) == (ZonePolicy.CAMPAIGN, "Europe/Berlin")
    assert plan.schedule.quiet_hours
    assert plan.pacing.max_concurrent == 3
    assert plan.retries.max_attempts == 4
    assert plan.retries.delays == (timedelta(hours=1),)
    assert plan.retries.on == words.UNANSWERED
    assert plan.complete_when_empty
    assert plan.goal_variable is None
    assert not translation.launch
    assert not translation.drafts


@pytest.mark.parametrize(
    "start, end, span",
    [
        ("09:00", "17:00", Span(9 * 3600, 17 * 3600)),
        ("22:00", "06:00", Span(22 * 3600, DAY + 6 * 3600)),
        ("08:00", "08:00", Span(8 * 3600, DAY + 8 * 3600)),
        (None, "12:00", Span(0, 12 * 3600)),
        ("12:00", None, Span(12 * 3600, 86_340)),
        ("00:00", "23:59", Span(0, 86_340)),
    ],
)
def test_hours(start: str | None, end: str | None, span: Span) -> None:
    plan = plan_of(allowed_hours_start_time=start, allowed_hours_end_time=end)
    assert plan.schedule.week == ((span,),) * 7


def test_days() -> None:
    week = plan_of(allowed_days=["friday", "monday"]).schedule.week
    assert [bool(day) for day in week] == [True, False, False, False, True, False, False]


@pytest.mark.parametrize("retries", range(1, 6))
def test_retries_are_additional(retries: int) -> None:
    plan = plan_of(max_retries=retries, retry_interval=45)
    assert plan.retries.max_attempts == retries + 1
    assert plan.retries.delays == (timedelta(minutes=45),)
    assert plan.retries.fault_as_miss


@pytest.mark.parametrize(
    "flags, retried, not_retried",
    [
        ({}, [Outcome.BUSY, Outcome.NO_ANSWER, Outcome.SILENCE], [Outcome.VOICEMAIL, Outcome.ABANDONED]),
        ({"retry_on_voicemail": True}, [Outcome.VOICEMAIL, Outcome.MAILBOX_FULL, Outcome.CALL_SCREENING], []),
        ({"retry_on_voicemail": False}, [], [Outcome.VOICEMAIL]),
        ({"retry_on_goal_incomplete": True}, [Outcome.ABANDONED], [Outcome.VOICEMAIL]),
    ],
)
def test_what_is_retried(flags: dict[str, bool], retried: list[Outcome], not_retried: list[Outcome]) -> None:
    plan = plan_of(**flags)
    assert set(retried) <= plan.retries.on
    assert not set(not_retried) & plan.retries.on
    assert plan.retries.until_goal is flags.get("retry_on_goal_incomplete", False)


@pytest.mark.parametrize(
    "fields, config, goal",
    [
        ({"goal_completion_variable": "booked"}, {"post_call_schema": SCHEMA}, "booked"),
        ({"retry_on_goal_incomplete": True}, {"post_call_schema": SCHEMA}, "status"),
        (
            {"retry_on_goal_incomplete": True, "goal_completion_variable": "booked"},
            {"post_call_schema": SCHEMA},
            "booked",
        ),
        ({"goal_completion_variable": "ok"}, {"post_call_schema": {"ok": "boolean"}}, "ok"),
        (
            {"goal_completion_variable": "ok"},
            {"post_call_schema": {"type": "object", "properties": {"ok": {"type": "boolean"}}}},
            "ok",
        ),
        ({}, {"post_call_schema": SCHEMA}, None),
    ],
)
def test_goals(fields: dict[str, Any], config: dict[str, Any], goal: str | None) -> None:
    place = replace(HERE, agent=agent(**config))
    assert translate.read_campaign({**LEAST, **fields}, place).content.plan.goal_variable == goal


@pytest.mark.parametrize(
    "fields, config, message",
    [
        (
            {"goal_completion_variable": "summary"},
            {"post_call_schema": SCHEMA},
            "The selected goal completion variable is invalid.",
        ),
        ({"goal_completion_variable": "status"}, {}, "The selected goal completion variable is invalid."),
        (
            {"retry_on_goal_incomplete": True},
            {"post_call_schema": SCHEMA[1:]},
            "The goal completion variable field is required when retry on goal incomplete is true.",
        ),
    ],
)
def test_a_goal_must_be_a_boolean_of_the_schema(fields: dict[str, Any], config: dict[str, Any], message: str) -> None:
    with pytest.raises(Invalid) as refusal:
        translate.read_campaign({**LEAST, **fields}, replace(HERE, agent=agent(**config)))
    assert [(p.field, p.message) for p in refusal.value.problems] == [("goal_completion_variable", message)]


def test_the_voice_comes_from_the_assistant() -> None:
    config = {
        "ring_timeout_s": 20,
        "max_duration_s": 900,
        "voicemail": {"action": "leave_message", "message": "Call us back.", "sms": None},
        "record": True,
    }
    plan = translate.read_campaign(LEAST, replace(HERE, agent=agent(**config))).content.plan
    assert (plan.ring_timeout, plan.max_duration, plan.record) == (timedelta(seconds=20), timedelta(minutes=15), True)
    assert (plan.voicemail.action, plan.voicemail.message) == (VoicemailAction.LEAVE_MESSAGE, "Call us back.")


@pytest.mark.parametrize(
    "fields, field, message",
    [
        ({"name": None}, "name", "The name field is required."),
        ({"name": "  "}, "name", "The name field is required."),
        ({"name": 5}, "name", "The name must be a string."),
        ({"name": "x" * 256}, "name", "The name must not be greater than 255 characters."),
        ({"assistant_id": "abc"}, "assistant_id", "The assistant id must be an integer."),
        ({"timezone": "Mars/Base"}, "timezone", "The timezone must be a valid timezone."),
        ({"max_calls_in_parallel": 0}, "max_calls_in_parallel", "The max calls in parallel must be at least 1."),
        (
            {"max_calls_in_parallel": 11},
            "max_calls_in_parallel",
            "The max calls in parallel must be between 1 and 10.",
        ),
        ({"max_retries": 0}, "max_retries", "The max retries must be between 1 and 5."),
        ({"max_retries": 6}, "max_retries", "The max retries must be between 1 and 5."),
        ({"max_retries": 1.5}, "max_retries", "The max retries must be an integer."),
        ({"retry_interval": 9}, "retry_interval", "The retry interval must be between 10 and 4320."),
        ({"retry_interval": 4321}, "retry_interval", "The retry interval must be between 10 and 4320."),
        ({"retry_on_voicemail": "maybe"}, "retry_on_voicemail", "The retry on voicemail field must be true or false."),
        (
            {"allowed_hours_start_time": "9am"},
            "allowed_hours_start_time",
            "The allowed hours start time does not match the format H:i.",
        ),
        (
            {"allowed_hours_end_time": "24:00"},
            "allowed_hours_end_time",
            "The allowed hours end time does not match the format H:i.",
        ),
        ({"allowed_days": "monday"}, "allowed_days", "The allowed days must be an array."),
        ({"allowed_days": ["monday", "mon"]}, "allowed_days.1", "The selected allowed_days.1 is invalid."),
        ({"allowed_days": []}, "allowed_days", "The allowed days must have at least 1 items."),
        ({"phone_number_ids": [1, "x"]}, "phone_number_ids.1", "The phone_number_ids.1 must be an integer."),
        ({"phone_number_ids": [1, 1]}, "phone_number_ids", "The phone number ids field has a duplicate value."),
    ],
)
def test_rules(fields: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(Invalid) as refusal:
        translate.read_campaign({**LEAST, **fields}, HERE)
    assert [(p.field, p.message) for p in refusal.value.problems] == [(field, message)]


def test_leniences_of_the_framework() -> None:
    plan = plan_of(max_retries="2", retry_interval="30", retry_on_voicemail=1, mark_complete_when_no_leads="0")
    assert (plan.retries.max_attempts, plan.retries.delays) == (3, (timedelta(minutes=30),))
    assert Outcome.VOICEMAIL in plan.retries.on
    assert not plan.complete_when_empty


def test_more_calls_at_once_where_the_organisation_allows_them() -> None:
    body = CampaignInput.model_validate({**LEAST, "max_calls_in_parallel": 40})
    assert translate.read(body, HERE, most=50).content.plan.pacing.max_concurrent == 40
    few = CampaignInput.model_validate(LEAST)
    assert translate.read(few, HERE, most=2).content.plan.pacing.max_concurrent == 2


def campaign(content: CampaignContent, **fields: Any) -> Campaign:
    values = {name: getattr(content, name) for name in CampaignContent.__slots__}
    base = {"id": 1, "organization_id": 1, "status": CampaignStatus.DRAFT, "plan_version": 1}
    return Campaign(**{**base, **values, "created_at": NOW, "updated_at": NOW, **fields})


RECORDED = {
    "id": 1,
    "name": "Product Demo Campaign",
    "status": "draft",
    "max_calls_in_parallel": 3,
    "mark_complete_when_no_leads": True,
    "allowed_hours_start_time": "09:00:00",
    "allowed_hours_end_time": "17:00:00",
    "allowed_days": ["monday", "tuesday", "wednesday", "thursday", "friday"],
    "max_retries": 3,
    "retry_interval": 60,
    "created_at": "2026-11-23T15:00:00.000000Z",
    "updated_at": "2026-11-23T15:00:00.000000Z",
}


def test_the_answer_is_the_recorded_one() -> None:
    body = CampaignInput.model_validate(CAMPAIGN_EXAMPLE)
    content = translate.read(body, HERE).content
    kept = {translate.NAME: translate.kept_of(body, content)}
    answer = translate.shown(campaign(replace(content, extras=kept)))
    assert answer == RECORDED
    assert list(answer) == list(RECORDED)


def test_what_was_sent_comes_back_while_it_is_true() -> None:
    body = CampaignInput.model_validate({**LEAST, "allowed_days": ["friday", "monday"], "colour": "red"})
    content = translate.read(body, HERE).content
    kept = translate.kept_of(body, content)
    made = campaign(replace(content, extras={translate.NAME: kept}))
    assert kept["sent"]["colour"] == "red"
    assert translate.shown(made)["allowed_days"] == ["friday", "monday"]
    week = ((Span(0, 3600),),) + ((),) * 6
    edited = replace(made, plan=replace(made.plan, schedule=replace(made.plan.schedule, week=week)))
    assert translate.shown(edited)["allowed_days"] == ["monday"]
    assert translate.shown(edited)["allowed_hours_end_time"] == "01:00:00"


@pytest.mark.parametrize(
    "plan, expected",
    [
        (
            Plan(),
            {
                "max_calls_in_parallel": 10,
                "allowed_hours_start_time": "00:00:00",
                "allowed_hours_end_time": "23:59:00",
                "max_retries": 0,
                "retry_interval": 60,
            },
        ),
        (
            Plan(
                schedule=Schedule(
                    week=((Span(9 * 3600, 12 * 3600), Span(13 * 3600, 18 * 3600)), (Span(8 * 3600, 10 * 3600),))
                    + ((),) * 5,
                    weekdays={1: DayRule(active=False), 2: DayRule(spans=(Span(10 * 3600, 11 * 3600 + 90),))},
                )
            ),
            {
                "allowed_hours_start_time": "09:00:00",
                "allowed_hours_end_time": "18:00:00",
                "allowed_days": ["monday", "wednesday"],
            },
        ),
        (
            Plan(schedule=Schedule(week=((Span(22 * 3600, DAY + 6 * 3600),),) * 7)),
            {"allowed_hours_start_time": "22:00:00", "allowed_hours_end_time": "06:00:00"},
        ),
        (
            Plan(schedule=Schedule(week=((),) * 7, dates={date(2026, 12, 24): DayRule(spans=(Span(0, 60),))})),
            {"allowed_days": [], "allowed_hours_start_time": "00:00:00", "allowed_hours_end_time": "23:59:00"},
        ),
        (
            Plan(
                pacing=Pacing(max_concurrent=40),
                retries=Retries(max_attempts=8, mode=DelayMode.NEXT_DAY, delays=()),
                complete_when_empty=False,
            ),
            {
                "max_calls_in_parallel": 40,
                "max_retries": 7,
                "retry_interval": 1440,
                "mark_complete_when_no_leads": False,
            },
        ),
        (Plan(retries=Retries(max_attempts=2, delays=(timedelta(seconds=90),))), {"retry_interval": 2}),
    ],
)
def test_campaigns_made_by_another_way_read_sensibly(plan: Plan, expected: dict[str, Any]) -> None:
    shown = translate.shown(campaign(CampaignContent("Native", Channel.VOICE, plan)))
    assert {name: shown[name] for name in expected} == expected
    assert set(shown) == set(RECORDED)


@pytest.mark.parametrize("status", CampaignStatus)
def test_status(status: CampaignStatus) -> None:
    shown = translate.shown(campaign(CampaignContent("Native", Channel.VOICE), status=status))
    assert shown["status"] == words.CAMPAIGN[status]


def test_only_assistants_that_take_calls_are_not_outbound() -> None:
    assert translate.calls_out(agent())
    assert translate.calls_out(agent(autocalls={"sent": {"type": "outbound"}}))
    assert not translate.calls_out(agent(autocalls={"sent": {"type": "inbound"}}))


def test_numbers_of_another_service_are_told() -> None:
    (note,) = translate.read_campaign({**LEAST, "phone_number_ids": [4, 5]}, HERE).notes
    assert note.field == "phone_number_ids"
