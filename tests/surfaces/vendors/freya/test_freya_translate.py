"""Freya's campaigns become ours by these tables, and read back in Freya's words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.app.campaign_content import CampaignContent
from clarion.app.ports.resources import Agent
from clarion.app.refusals import Invalid
from clarion.core.campaigns import Plan, Voicemail, VoicemailAction
from clarion.core.outcomes import Channel, Outcome
from clarion.core.retries import DelayMode, Retries
from clarion.core.schedule import DAY_SECONDS, DayRule, Schedule, Span, ZonePolicy
from clarion.surfaces.vendors.freya.shapes import CampaignChange, NewCampaign
from clarion.surfaces.vendors.freya.translate import (
    Around,
    changed,
    fields_of,
    kept,
    kept_anew,
    read_campaign,
    reading,
    translate,
)
from clarion.surfaces.vendors.freya.words import DEFAULT_CONDITIONS, RETRY_CONDITIONS, outcomes_of
from clarion.surfaces.vendors.vendor import Place

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
HOUR = 3600
PLACE = Place(NOW, "UTC", "US")
LEAST: dict[str, Any] = {"name": "Leads", "assistantName": "Ava", "phoneNumbers": ["+12125550147"]}
EXAMPLE: dict[str, Any] = {
    "name": "Q1 Customer Outreach",
    "assistantId": "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
    "description": "Follow-up calls for Q1 leads",
    "startDate": "2027-03-15",
    "startTime": "09:00",
    "endTime": "17:00",
    "timezone": "America/New_York",
    "activeDays": [0, 1, 2, 3, 4],
    "daySchedules": {
        "2": {"startTime": "10:00", "endTime": "18:00"},
        "4": {"startTime": "09:00", "endTime": "15:00"},
    },
    "phoneNumber": "+14155551234",
    "callRetries": 3,
    "retryDelaySeconds": 3600,
    "retryDelayMode": "fixed",
    "webhookUrl": "https://api.example.com/webhook/campaign",
    "customers": [{"phoneNumber": "+14155559001", "properties": {"name": "John Doe", "company": "Acme Inc"}}],
}


def content(**fields: Any) -> CampaignContent:
    return translate(NewCampaign.model_validate({**LEAST, **fields}), PLACE).content


def day(start: float, end: float) -> tuple[Span, ...]:
    return (Span(int(start * HOUR), int(end * HOUR)),)


WHOLE = day(0, 24)


def test_the_vendors_own_example() -> None:
    found = read_campaign(EXAMPLE, PLACE)
    plan = found.content.plan
    assert plan.schedule == Schedule(
        week=(day(9, 17), day(9, 17), day(10, 18), day(9, 17), day(9, 15), (), ()),
        zone_policy=ZonePolicy.CAMPAIGN,
        zone="America/New_York",
    )
    assert plan.retries == Retries(
        max_attempts=4,
        mode=DelayMode.FIXED,
        delays=(timedelta(hours=1),),
        on=outcomes_of(DEFAULT_CONDITIONS),
        max_faults=4,
        fault_delay=timedelta(hours=1),
        fault_as_miss=True,
    )
    assert found.content.start_at == datetime(2027, 3, 15, 13, 0, tzinfo=UTC)  # 09:00 EDT
    assert (found.agent, found.numbers, found.launch) == (EXAMPLE["assistantId"], ("+14155551234",), True)
    (draft,) = found.drafts
    assert (draft.address, draft.variables) == ("+14155559001", {"name": "John Doe", "company": "Acme Inc"})
    told = fields_of(found.content, Around(webhook_url=EXAMPLE["webhookUrl"]))
    assert {name: told[name] for name in EXAMPLE if name != "customers"} == {
        name: value for name, value in EXAMPLE.items() if name != "customers"
    }
    (hook,) = found.webhooks
    assert (hook.url, hook.format, hook.events) == (EXAMPLE["webhookUrl"], "freya", ("attempt.ended",))


@pytest.mark.parametrize(
    "fields, week",
    [
        ({}, [WHOLE] * 7),
        ({"startTime": "09:00"}, [day(9, 24)] * 7),
        ({"endTime": "18:30"}, [day(0, 18.5)] * 7),
        ({"startTime": "09:00", "endTime": "00:00"}, [day(9, 24)] * 7),
        ({"startTime": "09:00", "endTime": "24:00"}, [day(9, 24)] * 7),
        ({"startTime": "20:00", "endTime": "02:00"}, [day(20, 26)] * 7),
        ({"startTime": "09:00:30", "endTime": "17:00:15"}, [(Span(9 * HOUR + 30, 17 * HOUR + 15),)] * 7),
        ({"activeDays": [6, 0]}, [WHOLE, (), (), (), (), (), WHOLE]),
        ({"activeDays": [2, 2]}, [(), (), WHOLE, (), (), (), ()]),
        (
            {"startTime": "09:00", "endTime": "17:00",
             "daySchedules": {"5": {"startTime": "10:00", "endTime": "12:00"}}},
            [day(9, 17)] * 5 + [day(10, 12), day(9, 17)],
        ),
        # a day that is not active stays closed, whatever its hours
        (
            {"activeDays": [0], "daySchedules": {"0": {"startTime": "08:00", "endTime": "10:00"},
                                                "1": {"startTime": "08:00", "endTime": "10:00"}}},
            [day(8, 10)] + [()] * 6,
        ),
        # half of a day's hours: the other half is the campaign's
        (
            {"startTime": "09:00", "endTime": "17:00", "daySchedules": {"0": {"startTime": "12:00"}}},
            [day(12, 17)] + [day(9, 17)] * 6,
        ),
        ({"daySchedules": {"3": {"startTime": "09:00", "endTime": "10:00"}}}, [WHOLE] * 3 + [day(9, 10)] + [WHOLE] * 3),
        ({"daySchedules": {}}, [WHOLE] * 7),
    ],
)  # fmt: skip
def test_hours(fields: dict[str, Any], week: list[tuple[Span, ...]]) -> None:
    schedule = content(**fields).plan.schedule
    assert list(schedule.week) == week
    assert (schedule.zone_policy, schedule.zone, schedule.quiet_hours) == (ZonePolicy.CAMPAIGN, "UTC", True)


@pytest.mark.parametrize(
    "fields, start_at",
    [
        ({}, None),
        ({"startDate": "2026-11-25"}, "2026-11-25T00:00"),
        ({"startDate": "2026-11-25", "startTime": "09:30"}, "2026-11-25T09:30"),
        ({"startDate": "2026-11-25", "startTime": "09:30", "timezone": "Europe/Prague"}, "2026-11-25T08:30"),
        ({"startDate": "2026-11-25", "timezone": "America/Los_Angeles"}, "2026-11-25T08:00"),
        # a Saturday, with calls from Monday to Friday
        ({"startDate": "2026-11-28", "startTime": "09:00", "activeDays": [0, 1, 2, 3, 4]}, "2026-11-30T09:00"),
        # the day's own hours
        (
            {"startDate": "2026-11-25", "startTime": "09:00",
             "daySchedules": {"2": {"startTime": "14:00", "endTime": "15:00"}}},
            "2026-11-25T14:00",
        ),
        # on the day that the clocks go forward 02:30 does not exist: the window opens when the gap is over
        ({"startDate": "2027-03-28", "startTime": "02:30", "timezone": "Europe/Prague"}, "2027-03-28T01:00"),
        # on the day that they go back it comes twice: the first one counts
        ({"startDate": "2026-10-25", "startTime": "02:30", "timezone": "Europe/Prague"}, "2026-10-25T00:30"),
        # a day that has passed is kept: it starts at once
        ({"startDate": "2026-01-05"}, "2026-01-05T00:00"),
    ],
)  # fmt: skip
def test_start(fields: dict[str, Any], start_at: str | None) -> None:
    expected = None if start_at is None else datetime.fromisoformat(start_at).replace(tzinfo=UTC)
    assert content(**fields).start_at == expected


@pytest.mark.parametrize(
    "fields, expected",
    [
        ({}, (1, DelayMode.FIXED, 300, DEFAULT_CONDITIONS)),
        ({"callRetries": 0}, (1, DelayMode.FIXED, 300, DEFAULT_CONDITIONS)),
        ({"callRetries": 10, "retryDelaySeconds": 86_400}, (11, DelayMode.FIXED, 86_400, DEFAULT_CONDITIONS)),
        ({"callRetries": 1, "retryDelaySeconds": 0}, (2, DelayMode.FIXED, 0, DEFAULT_CONDITIONS)),
        ({"callRetries": 2, "retryDelayMode": "next_day"}, (3, DelayMode.NEXT_DAY, 300, DEFAULT_CONDITIONS)),
        (
            {"callRetries": 1, "retryConditions": ["voicemail", "Busy"]},
            (2, DelayMode.FIXED, 300, ("voicemail", "Busy")),
        ),
        ({"callRetries": 1, "retryConditions": []}, (2, DelayMode.FIXED, 300, ())),
    ],
)
def test_retries(fields: dict[str, Any], expected: tuple[int, DelayMode, int, tuple[str, ...]]) -> None:
    retries = content(**fields).plan.retries
    wait = timedelta(seconds=expected[2])
    assert (retries.max_attempts, retries.mode, retries.delays) == (expected[0], expected[1], (wait,))
    assert retries.on == outcomes_of(expected[3])
    assert (retries.fault_as_miss, retries.max_faults) == (True, expected[0])


@pytest.mark.parametrize(
    "fields, field",
    [
        ({"phoneNumbers": None}, "customers"),
        ({"phoneNumbers": []}, "customers"),
        ({"customers": [], "phoneNumbers": None}, "customers"),
        ({"startTime": "09:00", "endTime": "09:00"}, "endTime"),
        ({"startTime": "24:00"}, "startTime"),
        ({"daySchedules": {"1": {"startTime": "09:00", "endTime": "09:00"}}}, "daySchedules.1.endTime"),
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"startTime": "9:00"}, "startTime"),
        ({"startTime": "25:00"}, "startTime"),
        ({"endTime": "12:60"}, "endTime"),
        ({"timezone": "Prague"}, "timezone"),
        ({"startDate": "2026-02-30"}, "startDate"),
        ({"startDate": "15.03.2026"}, "startDate"),
        ({"startDate": "0001-01-01"}, "startDate"),
        ({"activeDays": [7]}, "activeDays.0"),
        ({"activeDays": [-1]}, "activeDays.0"),
        ({"activeDays": []}, "activeDays"),
        ({"activeDays": ["0"]}, "activeDays.0"),
        ({"daySchedules": {"7": {}}}, "daySchedules.7.[key]"),
        ({"daySchedules": {"1": {"startTime": "nine"}}}, "daySchedules.1.startTime"),
        ({"callRetries": 11}, "callRetries"),
        ({"callRetries": -1}, "callRetries"),
        ({"retryDelaySeconds": 86_401}, "retryDelaySeconds"),
        ({"retryDelayMode": "daily"}, "retryDelayMode"),
        ({"retryConditions": ["no answer"]}, "retryConditions.0"),
        ({"customers": [{"properties": {}}]}, "customers.0.phoneNumber"),
        ({"customers": [{"phoneNumber": "+12125550147", "properties": {"a": float("nan")}}]}, "customers.0.properties"),
    ],
)
def test_what_is_refused(fields: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_campaign({**LEAST, **fields}, PLACE)
    assert refused.value.problems[0].field == field


def test_customers_and_plain_numbers_are_all_called() -> None:
    body = {**LEAST, "customers": [{"phoneNumber": "+12125550148"}], "phoneNumbers": ["+12125550149"]}
    assert [draft.address for draft in read_campaign(body, PLACE).drafts] == ["+12125550148", "+12125550149"]


@pytest.mark.parametrize(
    "fields, noted",
    [
        ({}, {"activeDays"}),
        ({"startTime": "09:00"}, {"startTime"}),
        ({"startDate": "2026-11-20"}, {"activeDays", "startDate"}),
        ({"retryConditions": ["Invalid"]}, {"activeDays", "retryConditions"}),
        ({"retryDelayMode": "next_day", "retryDelaySeconds": 60}, {"activeDays", "retryDelaySeconds"}),
        ({"maxConcurrency": 3}, {"activeDays", "maxConcurrency"}),
    ],
)
def test_what_is_noted(fields: dict[str, Any], noted: set[str]) -> None:
    assert {note.field for note in read_campaign({**LEAST, **fields}, PLACE).notes} == noted


def agent(**config: Any) -> Agent:
    return Agent(7, 1, "Ava", None, config, NOW, NOW)


@pytest.mark.parametrize(
    "config, expected",
    [
        ({}, {}),
        ({"ring_timeout_s": 20, "max_duration_s": 600}, {"ring_timeout": 20, "max_duration": 600}),
        ({"ring_timeout_s": 9_000, "max_duration_s": 90_000}, {"ring_timeout": 300, "max_duration": 14_400}),
        ({"max_duration_s": 0, "ring_timeout_s": "x"}, {}),
        ({"record": True}, {"record": True}),
        (
            {"voicemail": {"action": "leave_message", "message": "Call us."}},
            {"voicemail": Voicemail(VoicemailAction.LEAVE_MESSAGE, "Call us.")},
        ),
        ({"voicemail": {"action": "ignore"}}, {"voicemail": Voicemail(VoicemailAction.IGNORE)}),
        ({"voicemail": {"action": "sing"}}, {}),
    ],
)
def test_an_agent_decides_how_its_calls_go(config: dict[str, Any], expected: dict[str, Any]) -> None:
    place = replace(PLACE, agent=agent(**config))
    plan = translate(NewCampaign.model_validate(LEAST), place).content.plan
    told = {n: timedelta(seconds=v) if n in ("ring_timeout", "max_duration") else v for n, v in expected.items()}
    assert plan == replace(content().plan, **told)


# back again

times = st.integers(0, DAY_SECONDS // 60 - 1).map(lambda m: f"{m // 60:02}:{m % 60:02}")
windows = st.fixed_dictionaries({"startTime": times, "endTime": times}).filter(
    lambda w: w["startTime"] != w["endTime"] and not (w["startTime"] == "00:00" and w["endTime"] == "00:00")
)
bodies = st.fixed_dictionaries(
    {"name": st.just("Leads"), "phoneNumbers": st.just(["+12125550147"])},
    optional={
        "description": st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20),
        "startDate": st.dates(date(2026, 11, 23), date(2029, 1, 1)).map(date.isoformat),
        "timezone": st.sampled_from(["UTC", "Europe/Prague", "America/New_York", "Asia/Kathmandu"]),
        "activeDays": st.lists(st.integers(0, 6), min_size=1, max_size=9),
        "daySchedules": st.dictionaries(st.sampled_from("0123456"), windows, max_size=7),
        "callRetries": st.integers(0, 10),
        "retryDelaySeconds": st.integers(0, 86_400),
        "retryDelayMode": st.sampled_from(["fixed", "next_day"]),
        "retryConditions": st.lists(st.sampled_from(list(RETRY_CONDITIONS)), max_size=5),
    },
)


@given(bodies, st.none() | windows)
def test_what_was_sent_comes_back(body: dict[str, Any], window: dict[str, str] | None) -> None:
    body = {**body, **(window or {})}
    shape = NewCampaign.model_validate(body)
    made = translate(shape, PLACE).content
    made = replace(made, extras=kept(shape, made, Around()))
    told = fields_of(made, Around())
    assert {name: told[name] for name in body if name != "phoneNumbers"} == {
        name: value for name, value in body.items() if name != "phoneNumbers"
    }
    # and by itself, without what was kept, the campaign reads as one that runs the same way
    read = {name: value for name, value in reading(made, Around()).items() if value is not None}
    again = translate(NewCampaign.model_validate({**read, "phoneNumbers": ["+12125550147"]}), PLACE).content
    assert again.plan.schedule == made.plan.schedule
    assert replace(again.plan.retries, on=frozenset()) == replace(made.plan.retries, on=frozenset())
    assert again.plan.retries.on == made.plan.retries.on
    assert again.start_at == made.start_at


@pytest.mark.parametrize(
    "schedule, fields",
    [
        (Schedule(), {"startTime": None, "endTime": None, "activeDays": [0, 1, 2, 3, 4, 5, 6], "daySchedules": {}}),
        (
            Schedule(week=((Span(8 * HOUR, 10 * HOUR), Span(16 * HOUR, 19 * HOUR)),) * 5 + ((), ())),
            {"startTime": "08:00", "endTime": "19:00", "activeDays": [0, 1, 2, 3, 4], "daySchedules": {}},
        ),
        (
            Schedule(weekdays={5: DayRule(active=False), 6: DayRule(spans=(Span(0, 6 * HOUR),))}),
            {
                "startTime": None,
                "endTime": None,
                "activeDays": [0, 1, 2, 3, 4, 6],
                "daySchedules": {"6": {"startTime": "00:00", "endTime": "06:00"}},
            },
        ),
        (
            Schedule(week=((),) * 7),
            {"startTime": None, "endTime": None, "activeDays": [], "daySchedules": {}},
        ),
    ],
)
def test_other_schedules_read_as_near_as_words_come(schedule: Schedule, fields: dict[str, Any]) -> None:
    read = reading(CampaignContent("x", Channel.VOICE, Plan(schedule=schedule)), Around())
    assert {name: read[name] for name in fields} == fields


def test_other_retries_read_as_near_as_words_come() -> None:
    retries = Retries(max_attempts=3, delays=(timedelta(minutes=5), timedelta(hours=1)))
    read = reading(CampaignContent("x", Channel.VOICE, Plan(retries=retries)), Around())
    assert (read["callRetries"], read["retryDelaySeconds"], read["retryDelayMode"]) == (2, 300, "fixed")
    assert "No Answer" in read["retryConditions"]
    assert "Unspecified" not in read["retryConditions"], "silence alone is not all of it"


# changes


def made(**fields: Any) -> CampaignContent:
    shape = NewCampaign.model_validate({**LEAST, **fields})
    found = translate(shape, PLACE).content
    return replace(found, extras=kept(shape, found, Around()))


def patched(before: CampaignContent, **fields: Any) -> CampaignContent:
    change = CampaignChange.model_validate(fields)
    after = changed(before, change, Around(), None)
    return kept_anew(before, change, after, Around(), Around())


def test_a_change_leaves_all_else() -> None:
    before = made(startTime="09:00", endTime="17:00", callRetries=2, startDate="2026-11-25", activeDays=[4, 0, 2])
    after = patched(before, startTime="10:00:00")
    assert after.plan.schedule.week[0] == day(10, 17)
    assert after.start_at == datetime(2026, 11, 25, 10, tzinfo=UTC)
    assert after.plan.retries == before.plan.retries
    told = fields_of(after, Around())
    assert (told["startTime"], told["endTime"], told["activeDays"]) == ("10:00:00", "17:00", [4, 0, 2])
    assert patched(after, name="Others").plan == after.plan


def test_null_takes_a_field_back() -> None:
    before = made(startTime="09:00", endTime="17:00", daySchedules={"1": {"startTime": "12:00", "endTime": "13:00"}})
    after = patched(before, daySchedules=None, endTime=None)
    assert list(after.plan.schedule.week) == [day(9, 24)] * 7
    told = fields_of(after, Around())
    assert (told["startTime"], told["endTime"], told["daySchedules"]) == ("09:00", "24:00", {})
    assert patched(before, startTime=None, endTime=None, daySchedules=None).plan.schedule.week == (WHOLE,) * 7


def test_a_change_keeps_what_freya_has_no_words_for() -> None:
    closed = frozenset({date(2026, 12, 24)})
    twice = Schedule(week=((Span(8 * HOUR, 9 * HOUR), Span(18 * HOUR, 19 * HOUR)),) * 7, closed_dates=closed)
    retries = Retries(max_attempts=3, until_goal=True, on=frozenset({Outcome.BUSY, Outcome.SILENCE}))
    native = CampaignContent("x", Channel.VOICE, Plan(schedule=twice, retries=retries, goal_variable="booked"))
    assert patched(native, name="y").plan == native.plan
    after = patched(native, callRetries=4)
    assert after.plan.schedule == twice
    assert (after.plan.retries.max_attempts, after.plan.retries.until_goal) == (5, True)
    after = patched(native, startTime="10:00", timezone="Europe/Prague")
    assert after.plan.schedule.week == (day(10, 19),) * 7
    assert (after.plan.schedule.closed_dates, after.plan.retries) == (closed, retries)
    assert (after.plan.schedule.zone_policy, after.plan.schedule.zone) == (ZonePolicy.CAMPAIGN, "Europe/Prague")


def test_an_older_word_that_is_no_longer_true_does_not_come_back() -> None:
    before = made(callRetries=2)
    natively = replace(before, plan=replace(before.plan, retries=replace(before.plan.retries, max_attempts=9)))
    assert fields_of(natively, Around())["callRetries"] == 8
    assert fields_of(patched(natively, name="y"), Around())["callRetries"] == 8
