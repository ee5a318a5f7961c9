"""Retry configurations: windows with their own delays, days, clocks, attempts, in both directions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from clarion.core.campaigns import Plan
from clarion.core.retries import DelayMode, reached_human
from clarion.core.schedule import DAY_SECONDS, DayRule, Schedule, Span, ZonePolicy
from clarion.surfaces.vendors.revox.retry_config import DEFAULT, config_of, planned, unbounded
from clarion.surfaces.vendors.revox.retry_shapes import CallRetryConfig
from clarion.surfaces.vendors.revox.words import RETRIED

HOUR = 3600


def window(start: str, end: str, delay: int = 7200) -> dict[str, Any]:
    return {"calling_window_start_time": start, "calling_window_end_time": end, "retry_delay_seconds": delay}


def config(*windows: dict[str, Any], **fields: Any) -> CallRetryConfig:
    return CallRetryConfig.model_validate(
        {**DEFAULT, "calling_windows": list(windows) or [window("10:00", "18:00")]} | fields
    )


def span(start: float, end: float, delay: int = 7200) -> Span:
    return Span(int(start * HOUR), int(end * HOUR), timedelta(seconds=delay))


@pytest.mark.parametrize(
    "windows, spans",
    [
        ([window("09:00", "17:00")], [span(9, 17)]),
        ([window("10am", "6pm")], [span(10, 18)]),
        ([window("9:30am", "12:15pm", 60)], [span(9.5, 12.25, 60)]),
        ([window("18:00", "20:00", 60), window("09:00", "12:00", 30)], [span(9, 12, 30), span(18, 20, 60)]),
        ([window("22:00", "02:00")], [span(22, 26)]),
        ([window("18:00", "00:00")], [span(18, 24)]),
        ([window("00:00", "24:00")], [span(0, 24)]),
        ([window("09:00", "17:00", 0)], [span(9, 17, 0)]),
        ([window("09:00", "13:00", 60), window("12:00", "18:00", 30)], [span(9, 13, 60), span(13, 18, 30)]),
        ([window("12:00", "13:00", 60), window("09:00", "18:00", 30)],
         [span(9, 12, 30), span(12, 13, 60), span(13, 18, 30)]),
        ([window("09:00", "18:00", 60), window("10:00", "11:00", 30)], [span(9, 18, 60)]),
    ],
)  # fmt: skip
def test_windows(windows: list[dict[str, Any]], spans: list[Span]) -> None:
    plan = planned(Plan(), config(*windows))
    assert plan.schedule.week == (tuple(spans),) * 5 + ((), ())
    assert plan.retries.mode is DelayMode.PER_WINDOW
    assert plan.retries.delays == (timedelta(seconds=windows[0]["retry_delay_seconds"]),)


@pytest.mark.parametrize("zone, policy", [(None, ZonePolicy.RECIPIENT), ("Europe/Paris", ZonePolicy.CAMPAIGN)])
def test_whose_clock(zone: str | None, policy: ZonePolicy) -> None:
    schedule = planned(Plan(), config(timezone=zone)).schedule
    assert (schedule.zone_policy, schedule.zone, schedule.quiet_hours) == (policy, zone, True)


def test_days_attempts_twice() -> None:
    plan = planned(Plan(), config(allowed_days=["sunday", "monday"], max_retry_attempts=5, call_twice_in_a_row=True))
    assert [bool(spans) for spans in plan.schedule.week] == [True, False, False, False, False, False, True]
    assert (plan.retries.max_attempts, plan.retries.twice_in_a_row) == (5, True)
    assert not plan.retries.honour_callbacks


def test_who_was_no_human_is_tried_again() -> None:
    assert not [outcome for outcome in RETRIED if reached_human(outcome)]


def test_the_oldest_clients_say_less() -> None:
    plan = planned(
        Plan(), CallRetryConfig.model_validate({"calling_windows": [window("9am", "5pm")], "max_retry_attempts": 2})
    )
    assert plan.schedule.week == ((span(9, 17),),) * 5 + ((), ())


@pytest.mark.parametrize(
    "fields, path",
    [
        ({"calling_windows": []}, ("calling_windows",)),
        ({"calling_windows": [window("25:00", "18:00")]}, ("calling_windows", 0, "calling_window_start_time")),
        ({"calling_windows": [window("09:00", "18")]}, ("calling_windows", 0, "calling_window_end_time")),
        ({"calling_windows": [window("09:00", "18:00", -1)]}, ("calling_windows", 0, "retry_delay_seconds")),
        ({"calling_windows": [window("09:00", "18:00", 2**53 - 1)]}, ("calling_windows", 0, "retry_delay_seconds")),
        ({"calling_windows": [{"calling_window_start_time": "9am"}]},
         ("calling_windows", 0, "calling_window_end_time")),
        ({"allowed_days": []}, ("allowed_days",)),
        ({"allowed_days": ["mon"]}, ("allowed_days", 0)),
        ({"max_retry_attempts": 0}, ("max_retry_attempts",)),
        ({"max_retry_attempts": 101}, ("max_retry_attempts",)),
        ({"max_retry_attempts": "3"}, ("max_retry_attempts",)),
        ({"call_twice_in_a_row": 1}, ("call_twice_in_a_row",)),
    ],
)  # fmt: skip
def test_what_is_refused(fields: dict[str, Any], path: tuple[Any, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        config(**fields)
    assert refused.value.errors()[0]["loc"] == path


@pytest.mark.parametrize(
    "given",
    [
        dict(DEFAULT),
        {
            "allowed_days": ["tuesday", "saturday"],
            "call_twice_in_a_row": True,
            "calling_windows": [window("09:00", "12:00", 60), window("22:00", "02:30", 0)],
            "max_retry_attempts": 7,
            "timezone": "Asia/Kathmandu",
        },
    ],
)
def test_there_and_back(given: dict[str, Any]) -> None:
    assert config_of(planned(Plan(), CallRetryConfig.model_validate(given))) == given


def test_plans_made_elsewhere() -> None:
    assert config_of(Plan()) == {
        "allowed_days": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
        "call_twice_in_a_row": False,
        "calling_windows": [window("00:00", "24:00", 3600)],
        "max_retry_attempts": 1,
        "timezone": None,
    }
    schedule = Schedule(
        week=((), (Span(0, DAY_SECONDS),), (), (), (), (), ()),
        weekdays={1: DayRule(active=False), 2: DayRule(spans=(Span(9 * HOUR, 10 * HOUR),))},
        zone_policy=ZonePolicy.AGENT,
    )
    read = config_of(Plan(schedule=schedule), "Europe/Rome")
    assert (read["allowed_days"], read["timezone"]) == (["wednesday"], "Europe/Rome")
    assert read["calling_windows"] == [window("09:00", "10:00", 3600)]


def test_without_windows() -> None:
    plan = unbounded(planned(Plan(), config(window("09:00", "10:00", 60), timezone="Europe/Rome")))
    assert plan.schedule.week == ((Span(0, DAY_SECONDS),),) * 7
    assert (plan.retries.mode, plan.retries.delays) == (DelayMode.FIXED, (timedelta(seconds=60),))
