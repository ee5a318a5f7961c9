"""What is wrong with a schedule, field by field: asked before a campaign is saved, so that a mistake never runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from clarion.core.hours import Hours
from clarion.core.patterns import campaign_pattern
from clarion.core.schedule import DAY_SECONDS, WEEKDAYS, DayRule, Schedule, Span, ZonePolicy
from clarion.core.wallclock import find_zone, numbered_day

Found = tuple[str, str, str]
"""The field's path inside the schedule (`week.monday.0.end`; empty for the whole), a code, a sentence for people."""

_ANYWHERE = (timedelta(hours=14), timedelta(hours=12))
"""How far local time runs ahead of UTC and behind it, at most."""


def schedule_problems(
    schedule: Schedule,
    now: datetime,
    *,
    start_at: datetime | None = None,
    end_at: datetime | None = None,
    agent_zone: str | None = None,
    agent_known: bool = True,
    holiday_codes: Collection[str],
) -> list[Found]:
    """Every problem, in the order of the fields; none means that the schedule can be saved.

    `holiday_codes` are those that the holiday calendars know; `agent_known` False leaves the agent's zone for later
    (a draft without an agent). A schedule that is otherwise right is refused when it never opens between the later of
    `now` and `start_at` and `end_at`; holidays are left out of that, since their calendars end somewhere.
    """
    found = [*_zone_problems(schedule, agent_zone, agent_known), *_span_problems(schedule)]
    found += [
        (f"holidays.{index}", "unknown_holidays", f"There is no holiday calendar {code!r}.")
        for index, code in enumerate(schedule.holidays)
        if code not in holiday_codes
    ]
    begin = max(now, start_at or now)
    if not found and (end_at is None or begin < end_at) and not _ever_opens(schedule, begin, end_at, agent_zone):
        found.append(("", "never_opens", "No window is open between the start and the end."))
    return found


def _zone_problems(schedule: Schedule, agent_zone: str | None, agent_known: bool) -> Iterator[Found]:
    if schedule.zone is not None and find_zone(schedule.zone) is None:
        message = f"{schedule.zone!r} is not an IANA time zone such as Europe/Berlin."
        yield "zone", "unknown_zone", message
    elif schedule.zone is None and schedule.zone_policy is ZonePolicy.CAMPAIGN:
        yield "zone", "missing_zone", "Windows on the campaign's clock need its time zone."
    if schedule.zone_policy is ZonePolicy.AGENT and agent_known and find_zone(agent_zone) is None:
        yield "zone_policy", "missing_zone", "The agent has no time zone that is known."


def _span_problems(schedule: Schedule) -> Iterator[Found]:
    if len(schedule.week) != 7:
        yield "week", "wrong_week", "A week has seven days, Monday first."
        return
    for name, spans in zip(WEEKDAYS, schedule.week, strict=True):
        yield from _bounds(f"week.{name}", spans)
    for weekday, rule in sorted(schedule.weekdays.items()):
        if not 0 <= weekday <= 6:
            yield f"weekdays.{weekday}", "unknown_weekday", "Weekdays are 0 (Monday) to 6 (Sunday)."
        else:
            yield from _rule_problems(f"weekdays.{WEEKDAYS[weekday]}", rule)
    for day, rule in sorted(schedule.dates.items()):
        path = f"dates.{day.isoformat()}"
        yield from _rule_problems(path, rule)
        if rule.active is True and day in schedule.closed_dates:
            yield f"{path}.active", "contradiction", "The date is open here and one of the closed dates as well."
    yield from _overlaps(schedule)


def _rule_problems(path: str, rule: DayRule) -> Iterator[Found]:
    if rule.daily_cap is not None and rule.daily_cap < 0:
        yield f"{path}.daily_cap", "negative", "A cap is 0 (closed) or more."
    yield from _bounds(f"{path}.spans", rule.spans or ())


def _bounds(path: str, spans: Sequence[Span]) -> Iterator[Found]:
    for index, span in enumerate(spans):
        if not 0 <= span.start < DAY_SECONDS:
            yield f"{path}.{index}.start", "out_of_range", "A window starts between 00:00 and 23:59:59."
        elif span.end <= span.start:
            yield f"{path}.{index}.end", "end_before_start", "A window ends after it starts."
        elif span.end > span.start + DAY_SECONDS:
            yield f"{path}.{index}.end", "too_long", "A window is at most 24 hours long."
        if span.retry_delay is not None and span.retry_delay < timedelta():
            yield f"{path}.{index}.retry_delay", "negative", "A delay is 0 or more."


def _overlaps(schedule: Schedule) -> Iterator[Found]:
    """Windows of one day that overlap, or that run past midnight into the next day's."""
    pattern = campaign_pattern(replace(schedule, holidays=(), dates={}, closed_dates=frozenset()), {})
    week = [day.spans for day in pattern.eras[0].week]
    for weekday, name in enumerate(WEEKDAYS):
        rule = schedule.weekdays.get(weekday)
        path = f"week.{name}" if rule is None or rule.spans is None else f"weekdays.{name}.spans"
        if _overlap(week[weekday], week[weekday - 1]):
            yield path, "overlap", "Windows overlap; the day before counts when its last one crosses midnight."
    dated = campaign_pattern(replace(schedule, holidays=()), {})
    for number, day in sorted(dated.dates.items()):
        path = f"dates.{numbered_day(number).isoformat()}.spans"
        neighbours = _overlap(dated.day(number + 1).spans, day.spans) and number + 1 not in dated.dates
        if _overlap(day.spans, dated.day(number - 1).spans) or neighbours:
            yield path, "overlap", "Windows overlap; those of the days before and after count when they cross midnight."


def _overlap(spans: Sequence[Span], day_before: Sequence[Span]) -> bool:
    ordered = [(span.start - DAY_SECONDS, span.end - DAY_SECONDS) for span in day_before]
    ordered = sorted([(start, end) for start, end in ordered if end > 0] + [(s.start, s.end) for s in spans])
    return any(later[0] < earlier[1] for earlier, later in pairwise(ordered))


def _ever_opens(schedule: Schedule, begin: datetime, end: datetime | None, agent_zone: str | None) -> bool:
    """Whether a window opens in time, on the clock that is known or else on any clock on earth."""
    name = {ZonePolicy.CAMPAIGN: schedule.zone, ZonePolicy.AGENT: agent_zone}.get(schedule.zone_policy)
    zone = find_zone(name) if name else None
    if zone is None:
        utc = find_zone("UTC")
        assert utc is not None  # the tzdata package brings it
        zone, ahead, behind = utc, *_ANYWHERE
        begin, end = begin - behind, None if end is None else end + ahead
    pattern = campaign_pattern(replace(schedule, holidays=()), {})
    opening = Hours((zone,), pattern, (), {}).next_open(begin.astimezone(UTC))
    return opening is not None and (end is None or opening < end)
