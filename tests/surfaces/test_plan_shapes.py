"""A plan as JSON and back: nothing is lost, whatever can be planned; and what people may write for the same thing."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from clarion.core.campaigns import Message, Plan, Targeting, TargetRule, Voicemail, VoicemailAction
from clarion.core.outcomes import Outcome
from clarion.core.pacing import CapCounts, Pacing, RampUp
from clarion.core.retries import DelayMode, Retries
from clarion.core.schedule import DAY_SECONDS, DayRule, Schedule, Span, ZonePolicy
from clarion.core.targeting import LINE_TYPES, Op
from clarion.surfaces.native.plan_shapes import PlanFields, RetriesShape, changed_plan, plan_fields
from clarion.surfaces.native.schedule_shapes import ScheduleShape, SpanShape
from clarion.surfaces.native.shapes import format_duration, parse_duration

durations = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=30))
counts = st.none() | st.integers(1, 10_000)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20).filter(str.strip)
numbers = st.floats(0.001, 1e6, allow_nan=False)


@st.composite
def spans(draw) -> Span:
    start = draw(st.integers(0, DAY_SECONDS - 1))
    end = draw(st.integers(start + 1, start + DAY_SECONDS))
    return Span(start, end, draw(st.none() | durations))


span_lists = st.lists(spans(), max_size=3).map(tuple)
day_rules = st.builds(
    DayRule,
    active=st.none() | st.booleans(),
    spans=st.none() | span_lists,
    daily_cap=st.none() | st.integers(0, 1_000),
)
days = st.dates(date(2026, 1, 1), date(2030, 12, 31))
schedules = st.builds(
    Schedule,
    week=st.tuples(*[span_lists] * 7),
    weekdays=st.dictionaries(st.integers(0, 6), day_rules),
    dates=st.dictionaries(days, day_rules, max_size=3),
    closed_dates=st.frozensets(days, max_size=3),
    holidays=st.lists(st.sampled_from(["US", "US-TX", "GB-SCT"]), unique=True).map(tuple),
    zone_policy=st.sampled_from(ZonePolicy),
    zone=st.none() | st.sampled_from(["Asia/Kolkata", "America/New_York"]),
    quiet_hours=st.booleans(),
)
pacings = st.builds(
    Pacing,
    per_hour=st.none() | numbers,
    per_second=st.none() | numbers,
    max_concurrent=counts,
    daily_cap=counts,
    daily_cap_counts=st.sampled_from(CapCounts),
    finish_by=st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    ramp_up=st.none() | st.builds(RampUp, st.floats(0.01, 1), durations),
)
retries = st.builds(
    Retries,
    max_attempts=st.integers(1, 100),
    mode=st.sampled_from(DelayMode),
    delays=st.lists(durations, min_size=1, max_size=4).map(tuple),
    on=st.frozensets(st.sampled_from(Outcome)),
    until_goal=st.booleans(),
    twice_in_a_row=st.booleans(),
    honour_callbacks=st.booleans(),
    max_faults=st.integers(0, 100),
    fault_delay=durations,
    fault_as_miss=st.booleans(),
)
rules = st.builds(TargetRule, texts, st.sampled_from(Op).map(str), st.lists(texts, max_size=3).map(tuple))
plans = st.builds(
    Plan,
    schedule=schedules,
    pacing=pacings,
    retries=retries,
    voicemail=st.builds(
        Voicemail, st.sampled_from(VoicemailAction), st.none() | texts, st.none() | st.just({"timeouts": {"beep": 2.5}})
    ),
    message=st.none() | st.builds(Message, texts, st.none() | texts, st.none() | texts, st.none() | durations),
    targeting=st.builds(
        Targeting,
        st.frozensets(st.sampled_from(sorted(LINE_TYPES))),
        st.booleans(),
        st.booleans(),
        st.booleans(),
        st.lists(rules, max_size=2).map(tuple),
        st.booleans(),
    ),
    goal_variable=st.none() | texts,
    complete_when_empty=st.booleans(),
    skip_if_late=st.none() | durations,
    ring_timeout=durations,
    max_duration=durations,
    record=st.booleans(),
)


def written(plan: Plan) -> str:
    return PlanFields.model_construct(**plan_fields(plan)).model_dump_json()


@settings(max_examples=200, deadline=None)
@given(plans)
def test_nothing_is_lost(plan: Plan):
    assert PlanFields.model_validate(json.loads(written(plan))).plan() == plan


@settings(max_examples=100, deadline=None)
@given(plans, plans)
def test_a_patch_with_everything_is_the_new_plan(old: Plan, new: Plan):
    """Only fields inside a shape that both have are merged; a whole one replaces them all."""
    patch = PlanFields.model_validate(json.loads(written(new)))
    assert changed_plan(old, patch) == new


@given(plans)
def test_a_patch_with_nothing_changes_nothing(plan: Plan):
    assert changed_plan(plan, PlanFields.model_validate({})) == plan


@given(plans)
def test_a_patch_inside_changes_that_alone(plan: Plan):
    patch = PlanFields.model_validate({"pacing": {"max_concurrent": 7}, "retries": {"delays": ["5m"]}})
    changed = changed_plan(plan, patch)
    assert (changed.pacing.max_concurrent, changed.retries.delays) == (7, (timedelta(minutes=5),))
    assert (changed.pacing.per_hour, changed.retries.max_attempts) == (plan.pacing.per_hour, plan.retries.max_attempts)
    assert (changed.schedule, changed.message) == (plan.schedule, plan.message)


def test_nothing_written_is_the_plan_by_default():
    assert PlanFields.model_validate({}).plan() == Plan()


@given(durations)
def test_durations_come_back(duration: timedelta):
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(
    "text, seconds",
    [("90s", 90), ("30m", 1800), ("12h", 43_200), ("7d", 604_800), ("1h30m", 5400), (0, 0), (2.5, 2.5), ("0s", 0)],
)
def test_durations_as_people_write_them(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "m", "30", "30 m", "-5m", "1x", "30m1h", -1, True, None, [], "9" * 50 + "d", 1e300, float("nan")]
)
def test_durations_that_are_refused(text):
    with pytest.raises(ValidationError):
        RetriesShape.model_validate({"delays": [text]})


@pytest.mark.parametrize(
    "span, value",
    [
        ({"start": "09:00", "end": "17:00"}, Span(32_400, 61_200)),
        ({"start": "9:00", "end": "24:00"}, Span(32_400, 86_400)),
        ({"start": "6pm", "end": "8:30 PM"}, Span(64_800, 73_800)),
        ({"start": "22:00", "end": "02:00", "overnight": True}, Span(79_200, 93_600)),
        ({"start": "09:00", "end": "10:00", "retry_delay": "15m"}, Span(32_400, 36_000, timedelta(minutes=15))),
    ],
)
def test_windows_as_people_write_them(span, value):
    assert SpanShape.model_validate(span).value() == value


def test_a_weekday_left_out_is_closed():
    schedule = ScheduleShape.model_validate({"week": {"monday": [{"start": "09:00", "end": "17:00"}]}}).value()
    assert schedule.week == ((Span(32_400, 61_200),), (), (), (), (), (), ())


@pytest.mark.parametrize(
    "fields, where",
    [
        ({"schedule": {"week": {"monday": [{"start": "25:00", "end": "17:00"}]}}}, "schedule.week.monday.0.start"),
        ({"schedule": {"week": {"montag": []}}}, "schedule.week.montag.[key]"),
        ({"schedule": {"zone": "Mars/Olympus"}}, "schedule.zone"),
        ({"schedule": {"dates": {"2026-02-30": {}}}}, "schedule.dates.2026-02-30.[key]"),
        ({"schedule": {"holidays": ["Texas"]}}, "schedule.holidays.0"),
        ({"schedule": {"quiet_hours": "yes"}}, "schedule.quiet_hours"),
        ({"schedule": {"dates": {"2026-12-24": {"daily_cap": -1}}}}, "schedule.dates.2026-12-24.daily_cap"),
        ({"pacing": {"max_concurrent": 0}}, "pacing.max_concurrent"),
        ({"pacing": {"max_concurrent": "5"}}, "pacing.max_concurrent"),
        ({"pacing": {"max_concurrent": 5.0}}, "pacing.max_concurrent"),
        ({"pacing": {"max_concurrent": True}}, "pacing.max_concurrent"),
        ({"pacing": {"daily_cap": 0}}, "pacing.daily_cap"),
        ({"pacing": {"per_hour": 0}}, "pacing.per_hour"),
        ({"pacing": {"per_hour": -3}}, "pacing.per_hour"),
        ({"pacing": {"finish_by": "2026-11-27T22:00:00"}}, "pacing.finish_by"),
        ({"pacing": {"finish_by": 1_795_000_000}}, "pacing.finish_by"),
        ({"pacing": {"finish_by": "9999-12-31T23:59:59-12:00"}}, "pacing.finish_by"),
        ({"pacing": {"ramp_up": {"start_fraction": 0, "over": "1h"}}}, "pacing.ramp_up.start_fraction"),
        ({"pacing": {"per_minute": 5}}, "pacing.per_minute"),
        ({"retries": {"max_attempts": -1}}, "retries.max_attempts"),
        ({"retries": {"max_attempts": 0}}, "retries.max_attempts"),
        ({"retries": {"delays": []}}, "retries.delays"),
        ({"retries": {"on": ["sleepy"]}}, "retries.on.0"),
        ({"message": {"text": "nul\x00"}}, "message.text"),
        ({"message": {"text": 5}}, "message.text"),
        ({"targeting": {"rules": [{"field": "x", "op": "like"}]}}, "targeting.rules.0.op"),
        ({"voicemail": {"detection": {"deep": "\ud800"}}}, "voicemail.detection"),
        ({"voicemail": {"detection": {"big": 2**64}}}, "voicemail.detection"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_is_wrong_is_named(fields, where):
    with pytest.raises(ValidationError) as refused:
        PlanFields.model_validate(fields)
    assert [".".join(str(part) for part in error["loc"]) for error in refused.value.errors()] == [where]
