"""Clocks as people write them, and everything that can be wrong with a schedule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from clarion.core.schedule import DAY_SECONDS, DayRule, Schedule, Span, ZonePolicy, format_clock, parse_clock
from clarion.core.schedule_problems import schedule_problems

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
NINE, FIVE = 9 * 3600, 17 * 3600
OFFICE = (Span(NINE, FIVE),)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("9:00", NINE),
        ("09:00", NINE),
        ("09:00:30", NINE + 30),
        (" 09:00 ", NINE),
        ("00:00", 0),
        ("0:00", 0),
        ("24:00", DAY_SECONDS),
        ("24:00:00", DAY_SECONDS),
        ("23:59:59", DAY_SECONDS - 1),
        ("6pm", 18 * 3600),
        ("6 PM", 18 * 3600),
        ("6:30PM", 18 * 3600 + 1800),
        ("6:30 p.m.", 18 * 3600 + 1800),
        ("12am", 0),
        ("12pm", 12 * 3600),
        ("12:30am", 1800),
        ("11:59:59 pm", DAY_SECONDS - 1),
    ],
)
def test_a_clock(text: str, seconds: int) -> None:
    assert parse_clock(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["25:00", "24:01", "24:00:01", "9", "", "nine", "9:5", "9:60", "09:00:60", "-1:00", "13pm", "0am", "9:00 xm",
     "09.00", "9:00:00:00", "99:99", "９:00", "١٢:00", "6pmm", "6:30:15:10pm"],
)  # fmt: skip
def test_no_clock(text: str) -> None:
    with pytest.raises(ValueError, match="not a time of day"):
        parse_clock(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "00:00"), (NINE, "09:00"), (NINE + 30, "09:00:30"), (DAY_SECONDS, "24:00"), (DAY_SECONDS + 7200, "02:00")],
)
def test_a_clock_written(seconds: int, text: str) -> None:
    assert format_clock(seconds) == text


def test_a_clock_reads_what_it_writes() -> None:
    assert all(parse_clock(format_clock(seconds)) == seconds for seconds in range(0, DAY_SECONDS + 1, 7))


def found(schedule: Schedule, **known: object) -> list[tuple[str, str]]:
    problems = schedule_problems(schedule, NOW, holiday_codes={"US", "US-TX"}, **known)  # type: ignore[arg-type]
    assert all(message.endswith(".") for _, _, message in problems)
    return [(path, code) for path, code, _ in problems]


BASE = Schedule(week=(OFFICE,) * 7, zone_policy=ZonePolicy.CAMPAIGN, zone="Europe/London")


def with_monday(*spans: Span) -> Schedule:
    return replace(BASE, week=(spans, *BASE.week[1:]))


FRIDAY = date(2026, 12, 25)


def on_friday(**rule: object) -> Schedule:
    return replace(BASE, dates={FRIDAY: DayRule(**rule)})  # type: ignore[arg-type]


PROBLEMS = [
    (BASE, []),
    (Schedule(), []),
    (replace(BASE, zone="Mars/Base"), [("zone", "unknown_zone")]),
    (replace(BASE, zone="America"), [("zone", "unknown_zone")]),
    (replace(BASE, zone=None), [("zone", "missing_zone")]),
    (replace(BASE, zone_policy=ZonePolicy.RECIPIENT, zone=None), []),
    (replace(BASE, zone_policy=ZonePolicy.RECIPIENT, zone="Mars/Base"), [("zone", "unknown_zone")]),
    (replace(BASE, zone_policy=ZonePolicy.AGENT), [("zone_policy", "missing_zone")]),
    (replace(BASE, holidays=("US", "XX", "US-TX")), [("holidays.1", "unknown_holidays")]),
    (replace(BASE, week=(OFFICE,) * 6), [("week", "wrong_week")]),
    (with_monday(Span(NINE, NINE)), [("week.monday.0.end", "end_before_start")]),
    (with_monday(*OFFICE, Span(FIVE + 3600, FIVE)), [("week.monday.1.end", "end_before_start")]),
    (with_monday(Span(-1, NINE)), [("week.monday.0.start", "out_of_range")]),
    (with_monday(Span(DAY_SECONDS, DAY_SECONDS + 1)), [("week.monday.0.start", "out_of_range")]),
    (with_monday(Span(0, DAY_SECONDS + 1)), [("week.monday.0.end", "too_long")]),
    (with_monday(Span(NINE, FIVE, timedelta(seconds=-1))), [("week.monday.0.retry_delay", "negative")]),
    (with_monday(Span(NINE, FIVE), Span(FIVE, FIVE + 1)), []),
    (with_monday(Span(NINE, FIVE), Span(FIVE - 1, FIVE + 1)), [("week.monday", "overlap")]),
    (with_monday(Span(FIVE, DAY_SECONDS + NINE)), []),
    (with_monday(Span(FIVE, DAY_SECONDS + NINE + 1)), [("week.tuesday", "overlap")]),
    (replace(BASE, week=((Span(FIVE, DAY_SECONDS + FIVE),),) * 7), []),
    (replace(BASE, weekdays={7: DayRule()}), [("weekdays.7", "unknown_weekday")]),
    (replace(BASE, weekdays={0: DayRule(daily_cap=-1)}), [("weekdays.monday.daily_cap", "negative")]),
    (replace(BASE, weekdays={6: DayRule(spans=(Span(5, 4),))}), [("weekdays.sunday.spans.0.end", "end_before_start")]),
    (replace(BASE, weekdays={0: DayRule(spans=OFFICE * 2)}), [("weekdays.monday.spans", "overlap")]),
    (on_friday(spans=(Span(5, 4),)), [("dates.2026-12-25.spans.0.end", "end_before_start")]),
    (on_friday(spans=OFFICE * 2), [("dates.2026-12-25.spans", "overlap")]),
    (on_friday(spans=(Span(FIVE, FIVE + DAY_SECONDS),)), [("dates.2026-12-25.spans", "overlap")]),
    (on_friday(daily_cap=-1), [("dates.2026-12-25.daily_cap", "negative")]),
    (replace(on_friday(active=True), closed_dates=frozenset({FRIDAY})), [("dates.2026-12-25.active", "contradiction")]),
    (replace(BASE, week=((),) * 7), [("", "never_opens")]),
    (replace(BASE, weekdays={n: DayRule(active=False) for n in range(7)}), [("", "never_opens")]),
    (replace(BASE, weekdays={n: DayRule(daily_cap=0) for n in range(7)}), [("", "never_opens")]),
    (replace(BASE, week=((),) * 7, dates={date(2026, 11, 22): DayRule(spans=OFFICE)}), [("", "never_opens")]),
    (replace(BASE, week=((),) * 7, dates={date(2036, 11, 22): DayRule(spans=OFFICE)}), []),
]  # fmt: skip


@pytest.mark.parametrize(("schedule", "expected"), PROBLEMS)
def test_problems(schedule: Schedule, expected: list[tuple[str, str]]) -> None:
    assert found(schedule) == expected


@pytest.mark.parametrize(
    ("policy", "start", "end", "opens"),
    [
        (ZonePolicy.CAMPAIGN, None, "2026-11-23 17:00", True),
        (ZonePolicy.CAMPAIGN, "2026-11-23 17:00", "2026-11-24 09:00", False),
        (ZonePolicy.CAMPAIGN, "2026-11-23 17:00", "2026-11-24 09:01", True),
        (ZonePolicy.CAMPAIGN, "2020-01-01 17:00", "2026-11-23 15:01", True),
        # whose clock is not known yet: refused only when it is closed on every clock on earth
        (ZonePolicy.RECIPIENT, "2026-11-23 17:00", "2026-11-24 09:00", True),
        (ZonePolicy.RECIPIENT, None, "2026-11-23 15:01", True),
        # the end is somebody else's problem
        (ZonePolicy.CAMPAIGN, None, "2026-11-23 14:00", True),
    ],
)
def test_it_opens_between_start_and_end(policy: ZonePolicy, start: str | None, end: str, opens: bool) -> None:
    def instant(text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)

    schedule = replace(BASE, zone_policy=policy)
    problems = found(schedule, start_at=None if start is None else instant(start), end_at=instant(end))
    assert problems == ([] if opens else [("", "never_opens")])


def test_the_agents_clock() -> None:
    schedule = replace(BASE, zone_policy=ZonePolicy.AGENT, zone=None)
    assert found(schedule, agent_zone="Asia/Kolkata") == []
    assert found(schedule, agent_zone="Mars/Base") == [("zone_policy", "missing_zone")]
    assert found(schedule, agent_known=False) == []
    assert found(replace(schedule, week=((),) * 7), agent_known=False) == [("", "never_opens")]
