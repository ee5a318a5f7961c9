"""Campaigns in Syllable's words to ours and back, field by field."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from clarion.app.campaign_content import CampaignContent
from clarion.app.ports.resources import Agent
from clarion.app.refusals import Invalid
from clarion.core.campaigns import Campaign, CampaignStatus, Plan, Targeting, TargetRule, Voicemail, VoicemailAction
from clarion.core.outcomes import Channel, Outcome
from clarion.core.pacing import CapCounts, Pacing
from clarion.core.retries import DelayMode, Retries
from clarion.core.schedule import DAY_SECONDS, DayRule, Schedule, Span, ZonePolicy
from clarion.surfaces.vendors.echo import recall, remember
from clarion.surfaces.vendors.syllable.hours import NEVER, hours_reading, schedule_of
from clarion.surfaces.vendors.syllable.reading import reading
from clarion.surfaces.vendors.syllable.shapes import CampaignInput
from clarion.surfaces.vendors.syllable.translate import (
    NOT_REACHED,
    presented_number,
    read_campaign,
    sent_fields,
    template_of,
    translation_of,
)
from clarion.surfaces.vendors.vendor import Place

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
PLACE = Place(NOW, "America/New_York", "US")
SEED: dict[str, Any] = {
    "campaign_name": "Outbound Campaign 1",
    "description": "This is a test campaign",
    "mode": "voice",
    "sms_session_ttl": 720,
    "labels": ["test", "demo"],
    "campaign_variables": {"key": "value", "key2": "value2"},
    "daily_start_time": "09:00:00",
    "daily_end_time": "17:00:00",
    "source": "+19032900844",
    "caller_id": "19995551234",
    "hourly_rate": 25,
    "retry_count": 1,
    "retry_interval": "30m",
    "active_days": ["mon", "tue", "wed", "thu", "fri"],
    "voicemail_detection": {
        "voicemail_detection_overall_timeout": 30,
        "voicemail_detection_post_speech_timeout": 1.75,
        "voicemail_detection_pre_speech_timeout": 3.5,
    },
}
MINIMAL: dict[str, Any] = {"campaign_name": "n", "campaign_variables": {}, "caller_id": "1", "active_days": ["mon"]}
OFFICE = (Span(9 * 3600, 17 * 3600),)


def agent(**config: Any) -> Agent:
    return Agent(7, 1, "Ann", "America/Chicago", config, NOW, NOW)


def of(**fields: Any) -> CampaignInput:
    return CampaignInput.model_validate({**MINIMAL, **fields})


def plan(place: Place = PLACE, **fields: Any) -> Plan:
    return translation_of(of(**fields), place).content.plan


def schedule(**fields: Any) -> Schedule:
    return schedule_of(of(**fields), ZonePolicy.CAMPAIGN, "UTC")


def campaign(content: CampaignContent, **fields: Any) -> Campaign:
    values = {name: getattr(content, name) for name in CampaignContent.__slots__}
    made = Campaign(id=1, organization_id=1, status=CampaignStatus.RUNNING, plan_version=1, **values)
    return replace(made, **fields)


def test_the_vendors_own_example() -> None:
    told = translation_of(CampaignInput.model_validate(SEED), PLACE)
    assert told.content == CampaignContent(
        name="Outbound Campaign 1",
        channel=Channel.VOICE,
        plan=Plan(
            schedule=Schedule(
                week=(OFFICE,) * 5 + ((), ()),
                zone_policy=ZonePolicy.CAMPAIGN,
                zone="America/New_York",
            ),
            pacing=Pacing(per_hour=25.0, daily_cap_counts=CapCounts.FIRST_ATTEMPTS),
            retries=Retries(max_attempts=2, delays=(timedelta(minutes=30),), on=NOT_REACHED),
            voicemail=Voicemail(
                VoicemailAction.HANG_UP,
                None,
                {
                    "voicemail_detection_overall_timeout": 30.0,
                    "voicemail_detection_post_speech_timeout": 1.75,
                    "voicemail_detection_pre_speech_timeout": 3.5,
                },
            ),
            complete_when_empty=False,
        ),
        variables={"key": "value", "key2": "value2"},
        labels=("test", "demo"),
        description="This is a test campaign",
    )
    assert (told.numbers, told.launch, told.webhooks) == (("19995551234",), True, ())


def test_an_agents_zone_decides_when_there_is_one() -> None:
    assert plan().schedule.zone_policy is ZonePolicy.CAMPAIGN
    with_agent = plan(replace(PLACE, agent=agent())).schedule
    assert (with_agent.zone_policy, with_agent.zone) == (ZonePolicy.AGENT, None)
    without_zone = plan(replace(PLACE, agent=replace(agent(), timezone=None))).schedule
    assert (without_zone.zone_policy, without_zone.zone) == (ZonePolicy.CAMPAIGN, "America/New_York")


@pytest.mark.parametrize(
    ("start", "end", "span"),
    [
        (None, None, Span(0, DAY_SECONDS)),
        ("09:00:00", None, Span(9 * 3600, DAY_SECONDS)),
        (None, "17:30:15", Span(0, 17 * 3600 + 1815)),
        ("09:00", "5pm", Span(9 * 3600, 17 * 3600)),
        ("22:00:00", "06:00:00", Span(22 * 3600, 30 * 3600)),
        ("09:00:00", "00:00:00", Span(9 * 3600, DAY_SECONDS)),
        ("00:00:00", "24:00:00", Span(0, DAY_SECONDS)),
    ],
)
def test_one_window_a_day(start: str | None, end: str | None, span: Span) -> None:
    assert schedule(daily_start_time=start, daily_end_time=end).week == ((span,), (), (), (), (), (), ())


HOURS = {"daily_start_time": "09:00:00", "daily_end_time": "17:00:00"}


@pytest.mark.parametrize(
    ("rules", "weekdays", "dates"),
    [
        ({"days": {"mon": {"active": False}}, "dates": {}}, {0: DayRule(active=False)}, {NEVER: 1}),
        ({"days": {"saturday": {"active": True}}}, {5: DayRule(active=True, spans=OFFICE)}, {}),
        (
            {"days": {"Mon": {"daily_start_time": "10:00:00"}}},
            {0: DayRule(spans=(Span(10 * 3600, 17 * 3600),))},
            {},
        ),
        ({"days": {"tue": {"daily_start_time": "10:00:00"}}}, {1: DayRule()}, {}),
        ({"days": {"mon": {"max_daily_calls": 5}}}, {0: DayRule(daily_cap=5)}, {}),
        ({"days": {"mon": {"max_daily_calls": 0}}}, {0: DayRule(daily_cap=0)}, {NEVER: 1}),
        ({"dates": {"2026-12-25": {"active": False}}}, {}, {date(2026, 12, 25): DayRule(active=False)}),
        (
            {
                "days": {"fri": {"active": True, "daily_end_time": "12:00:00"}},
                "dates": {"2026-12-25": {"daily_start_time": "11:00:00", "max_daily_calls": 3}},
            },
            {4: DayRule(active=True, spans=(Span(9 * 3600, 12 * 3600),))},
            {date(2026, 12, 25): DayRule(spans=(Span(11 * 3600, 12 * 3600),), daily_cap=3)},
        ),
        (
            {"dates": {"2026-12-26": {"active": True}}},
            {},
            {date(2026, 12, 26): DayRule(active=True, spans=OFFICE)},
        ),
    ],
)
def test_override_rules(rules: dict[str, Any], weekdays: dict[int, DayRule], dates: dict[date, Any]) -> None:
    found = schedule(**HOURS, outreach_override_rules=rules)
    assert found.weekdays == weekdays
    assert found.dates.keys() == dates.keys()
    assert {on: rule for on, rule in found.dates.items() if on != NEVER} == {
        on: rule for on, rule in dates.items() if on != NEVER
    }


def test_no_active_day_opens_on_a_day_that_nobody_sees() -> None:
    found = schedule(active_days=[])
    assert found.week == ((),) * 7
    assert list(found.dates) == [NEVER]
    read = hours_reading(found, None)
    assert (read["active_days"], read["outreach_override_rules"]) == ([], None)


def test_a_cap_of_nothing_closes_every_day() -> None:
    found = plan(max_daily_calls=0)
    assert found.pacing.daily_cap is None
    assert {rule.daily_cap for rule in found.schedule.weekdays.values()} == {0}
    assert hours_reading(found.schedule, None)["max_daily_calls"] == 0


@pytest.mark.parametrize(
    ("fields", "retries"),
    [
        ({}, Retries(1, delays=(timedelta(hours=1),), on=NOT_REACHED)),
        ({"retry_count": 3, "retry_interval": "12h"}, Retries(4, delays=(timedelta(hours=12),), on=NOT_REACHED)),
        ({"retry_count": 1, "retry_interval": "7d"}, Retries(2, delays=(timedelta(days=7),), on=NOT_REACHED)),
        ({"retry_count": 1, "retry_interval": "0m"}, Retries(2, delays=(timedelta(0),), on=NOT_REACHED)),
    ],
)
def test_retries(fields: dict[str, Any], retries: Retries) -> None:
    assert plan(**fields).retries == retries


DETECTION = {"mode": "v2", "voicemail_detection_v2_pre_speech_timeout": 2.5, "their_new_key": 4}


@pytest.mark.parametrize(
    ("fields", "config", "voicemail"),
    [
        ({"voicemail_detection": None}, {}, Voicemail(VoicemailAction.IGNORE)),
        ({"voicemail_detection": DETECTION}, {}, Voicemail(VoicemailAction.HANG_UP, None, DETECTION)),
        (
            {"voicemail_detection": {}},
            {"voicemail": {"action": "leave_message", "message": "Call us."}},
            Voicemail(VoicemailAction.LEAVE_MESSAGE, "Call us.", {}),
        ),
        ({"voicemail_detection": {}}, {"voicemail": {"action": "nonsense"}}, Voicemail(detection={})),
    ],
)
def test_voicemail(fields: dict[str, Any], config: dict[str, Any], voicemail: Voicemail) -> None:
    found = plan(replace(PLACE, agent=agent(**config)), **fields)
    assert found.voicemail == voicemail
    assert (Outcome.VOICEMAIL in found.retries.on) == (voicemail.action is not VoicemailAction.LEAVE_MESSAGE)


@pytest.mark.parametrize(
    ("fields", "targeting"),
    [
        ({}, Targeting()),
        (
            {"allowed_line_types": ["mobile", "voip"], "include_unknown_line_types": False},
            Targeting(frozenset({"mobile", "voip"}), False),
        ),
        (
            {
                "allowed_line_types": ["mobile"],
                "target_filters": {
                    "match": "any",
                    "on_unknown": "exclude",
                    "rules": [
                        {"field": "line_type", "op": "in", "values": ["mobile", "fixedVoip"]},
                        {"field": "carrier_name", "op": "exists", "values": ["passed over"]},
                    ],
                },
            },
            Targeting(
                match_all=False,
                include_unknown=False,
                rules=(TargetRule("line_type", "in", ("mobile", "voip")), TargetRule("carrier_name", "exists")),
            ),
        ),
        ({"allowed_line_types": ["mobile"], "target_filters": {}}, Targeting()),
    ],
)
def test_targeting(fields: dict[str, Any], targeting: Targeting) -> None:
    assert plan(**fields).targeting == targeting


@pytest.mark.parametrize(
    ("mode", "source", "caller_id", "presented"),
    [
        ("voice", "+15125551234", "+15125551235", "+15125551235"),
        (None, "+15125551234", None, "+15125551234"),
        ("voice", None, None, None),
        ("sms", "+15125551234", "+15125551235", "+15125551234"),
        ("email", "ann@example.com", "+15125551235", "ann@example.com"),
        ("sms", None, "+15125551235", "+15125551235"),
        ("voice", "+15125551234", 19995551234, "19995551234"),
    ],
)
def test_what_people_see(mode: str | None, source: str | None, caller_id: Any, presented: str | None) -> None:
    body = of(mode=mode, source=source, caller_id=caller_id)
    assert presented_number(body, Channel(body.mode or "voice")) == presented


def test_a_message_is_the_agents_greeting() -> None:
    speaks = agent(first_sentence="Hi {{ vars.name }}!", first_subject="Your {{vars.what}}", variables={"clinic": "R"})
    sms = translation_of(
        of(mode="sms", sms_session_ttl=720, campaign_variables={"what": "x"}), replace(PLACE, agent=speaks)
    )
    assert sms.content.plan.message is not None
    assert sms.content.plan.message.text == "Hi {{ name }}!"
    assert sms.content.plan.message.subject is None
    assert sms.content.plan.message.session_ttl == timedelta(hours=12)
    assert sms.content.variables == {"clinic": "R", "what": "x"}
    mail = translation_of(of(mode="email"), replace(PLACE, agent=speaks)).content.plan.message
    assert mail is not None
    assert (mail.text, mail.subject, mail.html) == ("Hi {{ name }}!", "Your {{ what }}", None)
    page = translation_of(
        of(mode="email"), replace(PLACE, agent=agent(first_sentence="<p>Hi</p>"))
    ).content.plan.message
    assert page is not None
    assert (page.text, page.html) == ("", "<p>Hi</p>")
    assert plan(mode="sms").message is None


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("{{vars.name}}", "{{ name }}"),
        ("{{- vars.a.b -}}", "{{- a.b -}}"),
        ("{{ name }} and vars.name", "{{ name }} and vars.name"),
    ],
)
def test_their_variables(theirs: str, ours: str) -> None:
    assert template_of(theirs) == ours


def test_labels() -> None:
    assert translation_of(of(label="old"), PLACE).content.labels == ("old",)
    assert translation_of(of(label="old", labels=["a", "a", "b"]), PLACE).content.labels == ("a", "b")


HOOK = {"trigger_statuses": [], "url": "https://x.example", "request_method": "PUT"}


@pytest.mark.parametrize(
    ("fields", "loc"),
    [
        ({"hourly_rate": 0}, ("hourly_rate",)),
        ({"hourly_rate": 3601}, ("hourly_rate",)),
        ({"active_days": ["monday"]}, ("active_days", 0)),
        ({"retry_count": -1}, ("retry_count",)),
        ({"retry_interval": "half an hour"}, ("retry_interval",)),
        ({"daily_start_time": "25:00:00"}, ("daily_start_time",)),
        ({"daily_end_time": "noon"}, ("daily_end_time",)),
        ({"mode": "pigeon"}, ("mode",)),
        ({"campaign_variables": {"a": 1}}, ("campaign_variables", "a")),
        ({"outreach_override_rules": {"days": {"someday": {}}}}, ("outreach_override_rules", "days", "someday")),
        ({"outreach_override_rules": {"dates": {"20261225": {}}}}, ("outreach_override_rules", "dates", "20261225")),
        ({"allowed_line_types": ["pager"]}, ("allowed_line_types", 0)),
        ({"target_filters": {"rules": [{"field": "x", "op": "like"}]}}, ("target_filters", "rules", 0, "op")),
        ({"webhooks": [{**HOOK, "trigger_statuses": ["NOPE"]}]}, ("webhooks", 0, "trigger_statuses", 0)),
        ({"webhooks": [{**HOOK, "request_method": "GET"}]}, ("webhooks", 0, "request_method")),
        ({"webhooks": [{**HOOK, "auth_values": {"hmac_secret": "AAAA"}}]}, ("webhooks", 0, "auth_values")),
        ({"webhooks": [{**HOOK, "auth_values": {"token": "x"}}]}, ("webhooks", 0, "auth_values")),
        ({"voicemail_detection": {"x": float("nan")}}, ("voicemail_detection",)),
    ],
)
def test_what_is_refused(fields: dict[str, Any], loc: tuple[str | int, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        of(**fields)
    assert [each["loc"][: len(loc)] for each in refused.value.errors()] == [loc]


def test_a_file_is_read_with_the_vendors_names() -> None:
    secret = {"hmac_secret": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}
    told = read_campaign({**SEED, "not_known": 1, "webhooks": [{**HOOK, "auth_values": secret}]}, PLACE)
    assert told.content.name == "Outbound Campaign 1"
    assert [note.field for note in told.notes] == ["source", "webhooks.0.auth_values"]
    assert told.webhooks[0].extras["signed"] is False
    back = recall(told.content.extras["syllable"], reading(told.content, None))
    assert {name: back[name] for name in SEED} == SEED
    with pytest.raises(Invalid) as refused:
        read_campaign({**SEED, "hourly_rate": 0}, PLACE)
    assert [problem.field for problem in refused.value.problems] == ["hourly_rate"]


EVERYTHING: dict[str, Any] = {
    **SEED,
    "label": "old",
    "max_daily_calls": 100,
    "outreach_override_rules": {
        "days": {"sat": {"active": True, "daily_start_time": "10:00"}, "fri": {"max_daily_calls": 7}},
        "dates": {"2026-12-25": {"active": False}, "2026-12-24": {"daily_end_time": "12:00:00"}},
    },
    "voicemail_detection": DETECTION,
    "allowed_line_types": ["mobile", "landline"],
    "include_unknown_line_types": False,
    "target_filters": {
        "match": "any",
        "on_unknown": "exclude",
        "rules": [{"field": "line_type", "op": "not_in", "values": ["fixedVoip"]}],
    },
}


@pytest.mark.parametrize(
    "sent",
    [
        SEED,
        EVERYTHING,
        MINIMAL,
        {**SEED, "voicemail_detection": None, "active_days": [], "max_daily_calls": 0},
        {**SEED, "daily_start_time": "9am", "daily_end_time": None, "retry_interval": "90m"},
        {**SEED, "mode": "sms", "labels": None, "description": None},
        {**SEED, "target_filters": {"rules": []}},
    ],
)
def test_what_was_sent_comes_back(sent: dict[str, Any]) -> None:
    body = CampaignInput.model_validate(sent)
    made = campaign(translation_of(body, PLACE).content)
    read = reading(made, "+19995551234")
    kept = remember(sent_fields(body), read)
    back = recall(kept, reading(made, "+19995551234"))
    assert {name: back[name] for name in sent} == sent
    renamed = recall(kept, reading(replace(made, name="Other"), "+19995551234"))
    assert renamed == {**back, "campaign_name": "Other"}


def test_a_campaign_of_another_make_reads_sensibly() -> None:
    morning, evening = Span(9 * 3600, 12 * 3600), Span(16 * 3600, 20 * 3600)
    made = campaign(
        CampaignContent(
            name="Native",
            channel=Channel.VOICE,
            plan=Plan(
                schedule=Schedule(
                    week=((morning, evening),) * 4 + ((morning,), (), ()), closed_dates=frozenset({date(2026, 12, 25)})
                ),
                pacing=Pacing(per_second=0.5, max_concurrent=3, daily_cap=40),
                retries=Retries(3, mode=DelayMode.NEXT_DAY),
                targeting=Targeting(frozenset({"mobile", "premium"})),
            ),
            variables={"age": 3, "ok": True},
            labels=("a", "b"),
        )
    )
    assert reading(made, "+12125550100") == {
        "campaign_name": "Native",
        "description": None,
        "mode": "voice",
        "sms_session_ttl": None,
        "label": "a",
        "labels": ["a", "b"],
        "campaign_variables": {"age": "3", "ok": "true"},
        "source": "+12125550100",
        "caller_id": "+12125550100",
        "hourly_rate": 1800,
        "retry_count": 2,
        "retry_interval": "1d",
        "voicemail_detection": {
            "voicemail_detection_overall_timeout": 30,
            "voicemail_detection_pre_speech_timeout": 3.5,
            "voicemail_detection_post_speech_timeout": 1.75,
        },
        "allowed_line_types": ["mobile"],
        "include_unknown_line_types": True,
        "target_filters": None,
        "active_days": ["mon", "tue", "wed", "thu", "fri"],
        "daily_start_time": "09:00:00",
        "daily_end_time": "20:00:00",
        "max_daily_calls": 40,
        "outreach_override_rules": {
            "days": {"fri": {"daily_start_time": "09:00:00", "daily_end_time": "12:00:00"}},
            "dates": {"2026-12-25": {"active": False}},
        },
    }
