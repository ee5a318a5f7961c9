"""Whatever a plan or a pacing holds comes back from JSON text as the same value."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from clarion.core.campaigns import Message, Plan, Targeting, TargetRule, Voicemail, VoicemailAction
from clarion.core.outcomes import Outcome
from clarion.core.pacing import CapCounts, Pacing, RampUp
from clarion.core.retries import DelayMode, Retries
from clarion.core.schedule import DAY_SECONDS, DayRule, Schedule, Span, ZonePolicy
from clarion.store.columns import dump
from clarion.store.plans import read_pacing, read_plan, write_pacing, write_plan

texts = st.text(max_size=12)
flags = st.booleans()
seconds = st.integers(0, 2 * DAY_SECONDS)
durations = st.timedeltas(timedelta(0), timedelta(days=400))
instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
dates = st.dates(date(2000, 1, 1), date(2100, 1, 1))
positive = st.floats(0.001, 1e6)
counts = st.integers(0, 10**6)
json_values: Any = st.recursive(
    st.none() | flags | texts | st.integers(-(2**53), 2**53),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)

spans = st.builds(Span, seconds, seconds, st.none() | durations)
day_rules = st.builds(
    DayRule,
    active=st.none() | flags,
    spans=st.none() | st.lists(spans, max_size=2).map(tuple),
    daily_cap=st.none() | counts,
)
schedules = st.builds(
    Schedule,
    week=st.tuples(*[st.lists(spans, max_size=2).map(tuple)] * 7),
    weekdays=st.dictionaries(st.integers(0, 6), day_rules, max_size=2),
    dates=st.dictionaries(dates, day_rules, max_size=2),
    closed_dates=st.frozensets(dates, max_size=2),
    holidays=st.lists(texts, max_size=2).map(tuple),
    zone_policy=st.sampled_from(ZonePolicy),
    zone=st.none() | texts,
    quiet_hours=flags,
)
pacings = st.builds(
    Pacing,
    per_hour=st.none() | positive,
    per_second=st.none() | positive,
    max_concurrent=st.none() | counts,
    daily_cap=st.none() | counts,
    daily_cap_counts=st.sampled_from(CapCounts),
    finish_by=st.none() | instants,
    ramp_up=st.none() | st.builds(RampUp, positive, durations),
)
retries = st.builds(
    Retries,
    max_attempts=counts,
    mode=st.sampled_from(DelayMode),
    delays=st.lists(durations, max_size=3).map(tuple),
    on=st.frozensets(st.sampled_from(Outcome), max_size=4),
    until_goal=flags,
    twice_in_a_row=flags,
    honour_callbacks=flags,
    max_faults=counts,
    fault_delay=durations,
    fault_as_miss=flags,
)
plans = st.builds(
    Plan,
    schedule=schedules,
    pacing=pacings,
    retries=retries,
    voicemail=st.builds(
        Voicemail,
        st.sampled_from(VoicemailAction),
        st.none() | texts,
        st.none() | st.dictionaries(texts, json_values, max_size=2),
    ),
    message=st.none() | st.builds(Message, texts, st.none() | texts, st.none() | texts, st.none() | durations),
    targeting=st.builds(
        Targeting,
        st.frozensets(texts, max_size=2),
        flags,
        flags,
        flags,
        st.lists(st.builds(TargetRule, texts, texts, st.lists(texts, max_size=2).map(tuple)), max_size=2).map(tuple),
        flags,
    ),
    goal_variable=st.none() | texts,
    complete_when_empty=flags,
    skip_if_late=st.none() | durations,
    ring_timeout=durations,
    max_duration=durations,
    record=flags,
)


@settings(max_examples=150, deadline=None)
@given(plans)
def test_a_plan_survives_the_database_text(plan: Plan) -> None:
    assert read_plan(orjson.loads(dump(write_plan(plan)))) == plan


@settings(max_examples=50, deadline=None)
@given(pacings)
def test_a_pacing_survives_the_database_text(pacing: Pacing) -> None:
    assert read_pacing(orjson.loads(dump(write_pacing(pacing)))) == pacing


def test_defaults_are_written_out_and_unknown_fields_are_passed_over() -> None:
    written = write_plan(Plan())
    assert written["retries"]["max_attempts"] == 1
    assert written["schedule"]["zone_policy"] == "recipient"
    assert read_plan({**written, "from_a_later_release": 1}) == Plan()
