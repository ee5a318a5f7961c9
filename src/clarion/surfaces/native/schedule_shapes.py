"""A schedule as people write it: weekdays by name, times of day as texts, overrides by weekday and date."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from clarion.core.schedule import DAY_SECONDS, WEEKDAYS, DayRule, Schedule, Span, ZonePolicy, format_clock, parse_clock
from clarion.surfaces.native.shapes import Day, Duration, Flag, Shape, Whole, Zone, error


def _seconds(value: Any) -> int:
    if not isinstance(value, str) or len(value) > 20:
        raise error("bad_time", "A time of day is a text such as 09:00, 17:30 or 24:00.")
    try:
        return parse_clock(value)
    except ValueError as bad:
        raise error("bad_time", str(bad)) from bad


TimeOfDay = Annotated[
    int,
    BeforeValidator(_seconds),
    PlainSerializer(format_clock, return_type=str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^(([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?|24:00)$",
            "description": "Time of day: `09:00`, `17:30:00`, `24:00`; `6pm` and `6:30 PM` are understood as well.",
            "examples": ["09:00"],
        }
    ),
]

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class SpanShape(Shape):
    """A window of a day, from `start` up to but not including `end`, on the wall clock."""

    start: TimeOfDay
    end: TimeOfDay
    overnight: Flag = Field(False, description="`end` is on the next day; the window belongs to the day it starts on.")
    retry_delay: Duration | None = Field(None, description="Delay of a retry after an attempt made in this window.")

    def value(self) -> Span:
        """As the core has it."""
        end = self.end + DAY_SECONDS if self.overnight else self.end
        return Span(self.start, end, self.retry_delay)

    @classmethod
    def of(cls, span: Span) -> Self:
        """From the value."""
        overnight = span.end > DAY_SECONDS
        return cls.model_construct(
            start=span.start,
            end=span.end - DAY_SECONDS if overnight else span.end,
            overnight=overnight,
            retry_delay=span.retry_delay,
        )


Spans = Annotated[list[SpanShape], Field(max_length=24)]


class DayRuleShape(Shape):
    """What differs on one weekday or date; null inherits."""

    active: Flag | None = Field(None, description="false closes the day.")
    spans: Spans | None = Field(None, description="Windows instead of the week's.")
    daily_cap: Whole | None = Field(None, description="Instead of the campaign's; 0 closes the day, retries included.")

    def value(self) -> DayRule:
        """As the core has it."""
        return DayRule(self.active, None if self.spans is None else _spans(self.spans), self.daily_cap)

    @classmethod
    def of(cls, rule: DayRule) -> Self:
        """From the value."""
        spans = None if rule.spans is None else [SpanShape.of(span) for span in rule.spans]
        return cls.model_construct(active=rule.active, spans=spans, daily_cap=rule.daily_cap)


def _spans(shapes: Iterable[SpanShape]) -> tuple[Span, ...]:
    return tuple(shape.value() for shape in shapes)


def _named(week: Sequence[Sequence[Span]]) -> dict[Weekday, list[SpanShape]]:
    return {name: [SpanShape.of(span) for span in spans] for name, spans in zip(get_args(Weekday), week, strict=True)}


class ScheduleShape(Shape):
    """When people may be reached, and on whose clock that is read. The law's quiet hours come on top."""

    week: dict[Weekday, Spans] = Field(
        default_factory=lambda: _named(Schedule().week),
        description="Windows by weekday; a weekday that is left out is closed. Open all week when left out altogether.",
        examples=[{"monday": [{"start": "09:00", "end": "12:00"}, {"start": "13:00", "end": "17:00"}]}],
    )
    weekdays: dict[Weekday, DayRuleShape] = Field(default_factory=dict, description="Overrides by weekday.")
    dates: Annotated[dict[Day, DayRuleShape], Field(max_length=1_000)] = Field(
        default_factory=dict,
        description="Overrides by date.",
        examples=[{"2026-12-24": {"spans": [{"start": "09:00", "end": "12:00"}]}}],
    )
    closed_dates: Annotated[list[Day], Field(max_length=1_000)] = Field(
        default_factory=list, description="Dates with no windows at all."
    )
    holidays: Annotated[list[Annotated[str, Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]], Field(max_length=50)] = (
        Field(default_factory=list, description="Countries or parts of them whose public holidays are closed.")
    )
    zone_policy: ZonePolicy = Field(
        ZonePolicy.RECIPIENT, description="Whose clock the windows are read on: the recipient's, campaign's, agent's."
    )
    zone: Zone | None = Field(None, description="The campaign's zone, for zone_policy `campaign`.")
    quiet_hours: Flag = Field(True, description="Apply the calling hours of the law at the recipient's place.")

    def value(self) -> Schedule:
        """As the core has it."""
        by_name = {str(name): spans for name, spans in self.week.items()}
        return Schedule(
            week=tuple(_spans(by_name.get(name, ())) for name in WEEKDAYS),
            weekdays={WEEKDAYS.index(name): rule.value() for name, rule in self.weekdays.items()},
            dates={day: rule.value() for day, rule in self.dates.items()},
            closed_dates=frozenset(self.closed_dates),
            holidays=tuple(self.holidays),
            zone_policy=self.zone_policy,
            zone=self.zone,
            quiet_hours=self.quiet_hours,
        )

    @classmethod
    def of(cls, schedule: Schedule) -> Self:
        """From the value."""
        dates: dict[date, DayRuleShape] = {day: DayRuleShape.of(rule) for day, rule in sorted(schedule.dates.items())}
        return cls.model_construct(
            week=_named(schedule.week),
            weekdays={WEEKDAYS[n]: DayRuleShape.of(rule) for n, rule in sorted(schedule.weekdays.items())},
            dates=dates,
            closed_dates=sorted(schedule.closed_dates),
            holidays=list(schedule.holidays),
            zone_policy=schedule.zone_policy,
            zone=schedule.zone,
            quiet_hours=schedule.quiet_hours,
        )
