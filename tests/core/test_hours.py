"""Hours as tables: what is open when, in which zone, under which law, over every change of the clocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from clarion.core.hours import Hours, hours_for
from clarion.core.law import LawBook, LawRule
from clarion.core.outcomes import Channel, FinishReason
from clarion.core.schedule import DAY_SECONDS, DayRule, Region, Schedule, Span, ZonePolicy, parse_clock

NEW_YORK = Region(("America/New_York",), ("US", "US-NY"))
CHICAGO_OR_NEW_YORK = Region(("America/Chicago", "America/New_York"), ("US",))
NEW_YORK_OR_CHICAGO = Region(("America/New_York", "America/Chicago"), ("US",))
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
NOWHERE = Region((), ())


def windows(text: str) -> tuple[Span, ...]:
    """`09:00-12:00 22:00-02:00`."""
    spans = []
    for part in text.split():
        start, end = (parse_clock(clock) for clock in part.split("-"))
        spans.append(Span(start, end if end > start else end + DAY_SECONDS))
    return tuple(spans)


def every_day(text: str) -> tuple[tuple[Span, ...], ...]:
    return (windows(text),) * 7


def week(**days: str) -> tuple[tuple[Span, ...], ...]:
    return tuple(windows(days.get(name, "")) for name in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))


def in_zone(zone: str, schedule: Schedule | None = None, **fields: object) -> Schedule:
    return Schedule(zone_policy=ZonePolicy.CAMPAIGN, zone=zone, quiet_hours=False, **fields)  # type: ignore[arg-type]


def compiled(
    schedule: Schedule,
    region: Region = NEW_YORK,
    *,
    channel: Channel = Channel.VOICE,
    law: LawBook | None = None,
    holidays: Mapping[str, frozenset[date]] | None = None,
    agent_zone: str | None = None,
) -> Hours:
    hours = hours_for(
        schedule,
        region,
        channel=channel,
        agent_zone=agent_zone,
        law=law or LawBook(),
        holidays=holidays or {},
        since=datetime(2010, 1, 1, tzinfo=UTC),
    )
    assert isinstance(hours, Hours), hours
    return hours


def at(text: str, zone: str = "UTC") -> datetime:
    """`2026-11-23 09:00`, or with `*` at its end the second time that the clocks show it; in UTC."""
    fold = 1 if text.endswith("*") else 0
    return datetime.fromisoformat(text.rstrip("*")).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


def shown(moments: Sequence[tuple[datetime, datetime]], zone: str) -> list[str]:
    """Intervals as the local clock shows them."""
    form = "%a %H:%M:%S"
    return [
        f"{a.astimezone(ZoneInfo(zone)):{form}} - {b.astimezone(ZoneInfo(zone)):{form}} {b - a}" for a, b in moments
    ]


def law(text: str, jurisdiction: str = "US", **fields: object) -> LawRule:
    return LawRule(
        jurisdiction,
        frozenset({Channel.VOICE, Channel.SMS}),
        "test",
        date(2026, 1, 1),
        week=every_day(text),
        **fields,  # type: ignore[arg-type]
    )


# --- one day's edges ---


@pytest.mark.parametrize(
    ("spans", "moment", "allowed"),
    [
        ("09:00-17:00", "2026-11-23 08:59:59", False),
        ("09:00-17:00", "2026-11-23 09:00:00", True),
        ("09:00-17:00", "2026-11-23 16:59:59.999999", True),
        ("09:00-17:00", "2026-11-23 17:00:00", False),
        ("09:00-12:00 13:00-17:00", "2026-11-23 12:30:00", False),
        ("09:00-12:00 13:00-17:00", "2026-11-23 13:00:00", True),
        ("09:00-24:00", "2026-11-23 23:59:59.999999", True),
        ("09:00-24:00", "2026-11-24 00:00:00", False),
        ("22:00-02:00", "2026-11-24 01:59:59", True),
        ("22:00-02:00", "2026-11-24 02:00:00", False),
        ("22:00-02:00", "2026-11-23 21:59:59", False),
        ("00:00-24:00", "2026-11-23 00:00:00", True),
    ],
)
def test_windows_are_half_open(spans: str, moment: str, allowed: bool) -> None:
    for zone in ("America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"):
        assert compiled(in_zone(zone, week=every_day(spans))).allows(at(moment, zone)) is allowed


# --- changes of the clocks: (zone, windows, the local day, what is open) ---

DST = [
    # New York, spring forward at 02:00 on 2026-03-08, back at 02:00 on 2026-11-01
    ("America/New_York", "01:30-02:30", "2026-03-08", ["Sun 01:30:00 - Sun 03:00:00 0:30:00"]),
    ("America/New_York", "02:15-02:45", "2026-03-08", []),
    ("America/New_York", "02:30-04:00", "2026-03-08", ["Sun 03:00:00 - Sun 04:00:00 1:00:00"]),
    ("America/New_York", "09:00-17:00", "2026-03-08", ["Sun 09:00:00 - Sun 17:00:00 8:00:00"]),
    ("America/New_York", "00:00-24:00", "2026-03-08", ["Sun 00:00:00 - Mon 00:00:00 23:00:00"]),
    ("America/New_York", "01:00-01:30", "2026-11-01", ["Sun 01:00:00 - Sun 01:30:00 0:30:00"] * 2),
    ("America/New_York", "00:30-01:30", "2026-11-01",
        ["Sun 00:30:00 - Sun 01:30:00 1:00:00", "Sun 01:00:00 - Sun 01:30:00 0:30:00"]),
    ("America/New_York", "01:30-03:00", "2026-11-01",
        ["Sun 01:30:00 - Sun 01:00:00 0:30:00", "Sun 01:30:00 - Sun 03:00:00 1:30:00"]),
    ("America/New_York", "01:00-02:00", "2026-11-01", ["Sun 01:00:00 - Sun 02:00:00 2:00:00"]),
    ("America/New_York", "00:00-24:00", "2026-11-01", ["Sun 00:00:00 - Mon 00:00:00 1 day, 1:00:00"]),
    # London, at 01:00 UTC on 2026-03-29 and on 2026-10-25
    ("Europe/London", "00:30-01:30", "2026-03-29", ["Sun 00:30:00 - Sun 02:00:00 0:30:00"]),
    ("Europe/London", "01:00-02:00", "2026-03-29", []),
    ("Europe/London", "08:00-21:00", "2026-03-29", ["Sun 08:00:00 - Sun 21:00:00 13:00:00"]),
    ("Europe/London", "01:15-01:45", "2026-10-25", ["Sun 01:15:00 - Sun 01:45:00 0:30:00"] * 2),
    # Lord Howe, half an hour: forward at 02:00 on 2026-10-04, back at 02:00 on 2026-04-05
    ("Australia/Lord_Howe", "02:00-02:30", "2026-10-04", []),
    ("Australia/Lord_Howe", "01:45-02:45", "2026-10-04", ["Sun 01:45:00 - Sun 02:45:00 0:30:00"]),
    ("Australia/Lord_Howe", "01:30-02:00", "2026-04-05", ["Sun 01:30:00 - Sun 02:00:00 1:00:00"]),
    ("Australia/Lord_Howe", "01:00-03:00", "2026-04-05", ["Sun 01:00:00 - Sun 03:00:00 2:30:00"]),
    # no change, half an hour off
    ("Asia/Kolkata", "10:00-21:00", "2026-03-29", ["Sun 10:00:00 - Sun 21:00:00 11:00:00"]),
    # clocks that change at midnight, and a day that never was
    ("Africa/Cairo", "00:00-01:30", "2026-04-24", ["Fri 01:00:00 - Fri 01:30:00 0:30:00"]),
    ("Pacific/Apia", "09:00-10:00", "2011-12-30", []),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "spans", "day", "expected"), DST)
def test_windows_on_days_when_the_clocks_change(zone: str, spans: str, day: str, expected: list[str]) -> None:
    name = date.fromisoformat(day).strftime("%a").lower()
    hours = compiled(in_zone(zone, week=week(**{name: spans})))
    middle = at(f"{day} 12:00", zone)
    found = shown(list(hours.intervals(middle - timedelta(days=2), middle + timedelta(days=2))), zone)
    assert found == expected


CROSSING = [
    ("America/New_York", "2026-03-07", "22:00-04:00", ["Sat 22:00:00 - Sun 04:00:00 5:00:00"]),
    ("America/New_York", "2026-03-07", "22:00-02:30", ["Sat 22:00:00 - Sun 03:00:00 4:00:00"]),
    ("America/New_York", "2026-10-31", "22:00-04:00", ["Sat 22:00:00 - Sun 04:00:00 7:00:00"]),
    ("America/New_York", "2026-10-31", "22:00-01:30",
        ["Sat 22:00:00 - Sun 01:30:00 3:30:00", "Sun 01:00:00 - Sun 01:30:00 0:30:00"]),
    ("Europe/London", "2026-10-24", "23:00-03:00", ["Sat 23:00:00 - Sun 03:00:00 5:00:00"]),
    ("Australia/Lord_Howe", "2026-10-03", "20:00-05:00", ["Sat 20:00:00 - Sun 05:00:00 8:30:00"]),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "saturday", "spans", "expected"), CROSSING)
def test_windows_that_cross_midnight_into_a_change(zone: str, saturday: str, spans: str, expected: list[str]) -> None:
    hours = compiled(in_zone(zone, week=week(sat=spans)))
    start = at(f"{saturday} 12:00", zone)
    assert shown(list(hours.intervals(start, start + timedelta(days=2))), zone) == expected


# --- overrides ---

CHRISTMAS = date(2026, 12, 25)  # a Friday
OFFICE = every_day("09:00-17:00")
NOON = windows("12:00-13:00")


@pytest.mark.parametrize(
    ("fields", "expected", "why"),
    [
        ({}, "09:00-17:00", "window"),
        ({"weekdays": {4: DayRule(active=False)}}, "", "weekday"),
        ({"weekdays": {4: DayRule(spans=windows("10:00-11:00"))}}, "10:00-11:00", "window"),
        ({"weekdays": {4: DayRule(spans=())}}, "", "weekday"),
        ({"weekdays": {4: DayRule(daily_cap=0)}}, "", "daily_cap"),
        ({"dates": {CHRISTMAS: DayRule(active=False)}}, "", "date"),
        ({"dates": {CHRISTMAS: DayRule(spans=())}}, "", "date"),
        ({"dates": {CHRISTMAS: DayRule(daily_cap=0)}}, "", "daily_cap"),
        ({"closed_dates": frozenset({CHRISTMAS})}, "", "closed_date"),
        ({"closed_dates": frozenset({CHRISTMAS}), "dates": {CHRISTMAS: DayRule(active=True)}}, "", "closed_date"),
        ({"holidays": ("US",)}, "", "holiday:US"),
        ({"holidays": ("US",), "dates": {CHRISTMAS: DayRule(active=True)}}, "09:00-17:00", "window"),
        ({"holidays": ("US",), "dates": {CHRISTMAS: DayRule(spans=windows("10:00-11:00"))}}, "", "holiday:US"),
        # field by field: the date's windows, the weekday's cap and activity
        (
            {"weekdays": {4: DayRule(active=False, daily_cap=5)}, "dates": {CHRISTMAS: DayRule(spans=NOON)}},
            "", "weekday",
        ),
        (
            {"weekdays": {4: DayRule(active=False)}, "dates": {CHRISTMAS: DayRule(active=True)}},
            "09:00-17:00", "window",
        ),
        (
            {"weekdays": {4: DayRule(daily_cap=0)}, "dates": {CHRISTMAS: DayRule(daily_cap=3)}},
            "09:00-17:00", "window",
        ),
        (
            {"weekdays": {4: DayRule(spans=windows("10:00-11:00"))}, "dates": {CHRISTMAS: DayRule(spans=NOON)}},
            "12:00-13:00", "window",
        ),
        ({"week": week(mon="09:00-17:00")}, "", "weekday"),
        ({"week": week(mon="09:00-17:00"), "dates": {CHRISTMAS: DayRule(spans=NOON)}}, "12:00-13:00", "window"),
    ],
)  # fmt: skip
def test_rules_for_a_date(fields: Mapping[str, object], expected: str, why: str) -> None:
    hours = compiled(in_zone("Europe/London", **{"week": OFFICE, **fields}), holidays={"US": frozenset({CHRISTMAS})})
    start, end = at("2026-12-25 00:00", "Europe/London"), at("2026-12-26 00:00", "Europe/London")
    opened = [f"{a:%H:%M}-{b:%H:%M}" for a, b in hours.intervals(start, end)]
    assert " ".join(opened) == expected
    assert hours.why_closed(start) == why


def test_a_closed_date_leaves_the_window_that_began_the_day_before() -> None:
    schedule = in_zone("Europe/London", week=every_day("22:00-02:00"), closed_dates=frozenset({CHRISTMAS}))
    hours = compiled(schedule)
    assert hours.allows(at("2026-12-25 01:59"))
    assert not hours.allows(at("2026-12-25 22:00"))
    assert not hours.allows(at("2026-12-26 01:00"))
    assert hours.next_open(at("2026-12-25 02:00")) == at("2026-12-26 22:00")


# --- far away and never ---


@pytest.mark.parametrize("years", [1, 3, 40, 500])
def test_a_date_years_ahead_is_found_by_leaping(years: int, monkeypatch: pytest.MonkeyPatch) -> None:
    day = date(2026 + years, 6, 1)
    hours = compiled(in_zone("Europe/Berlin", week=((),) * 7, dates={day: DayRule(spans=windows("10:00-11:00"))}))
    asked: list[int] = []
    look_up = Hours._week

    def counted(self: Hours, number: int) -> object:
        asked.append(number)
        return look_up(self, number)

    monkeypatch.setattr(Hours, "_week", counted)
    assert hours.next_open(at("2026-11-23 00:00")) == at(f"{day} 10:00", "Europe/Berlin")
    assert len(asked) < 20
    assert hours.next_open(at(f"{day} 11:00", "Europe/Berlin")) is None


def test_a_run_of_closed_weeks_is_not_taken_for_never() -> None:
    closed = frozenset(date(2026, 11, 23) + timedelta(days=7 * n) for n in range(60))
    hours = compiled(in_zone("UTC", week=week(mon="09:00-10:00"), closed_dates=closed))
    assert hours.next_open(at("2026-11-20 00:00")) == at(f"{date(2026, 11, 23) + timedelta(days=420)} 09:00")


def test_windows_that_meet_only_between_two_changes_of_clocks() -> None:
    """19:00 in New York is 23:00 in London only while one of them has changed its clocks and the other has not."""
    both = Region(("America/New_York", "Europe/London"), ("US",))
    schedule = Schedule(week=(windows("19:00-20:00 23:00-24:00"),) * 7, quiet_hours=False)
    hours = compiled(schedule, both)
    assert hours.next_open(at("2026-11-23 00:00")) == at("2027-03-14 19:00", "America/New_York")
    assert hours.next_open(at("2027-03-29 00:00")) == at("2027-10-31 19:00", "America/New_York")


@pytest.mark.parametrize(
    ("schedule", "region"),
    [
        (Schedule(week=((),) * 7), NEW_YORK),
        (Schedule(week=every_day("22:00-23:00")), NEW_YORK),
        (Schedule(week=every_day("09:00-12:00")), Region(("Asia/Tokyo", "America/New_York"), ("US",))),
        (Schedule(week=week(sun="09:00-12:00")), Region(("America/Chicago",), ("US", "US-AL"))),
        (in_zone("UTC", week=OFFICE, weekdays={n: DayRule(active=False) for n in range(7)}), NEW_YORK),
    ],
)
def test_no_window(schedule: Schedule, region: Region) -> None:
    sundays_off = LawRule(
        "US-AL", frozenset(Channel), "test", date(2026, 1, 1), week=(*(windows("08:00-20:00"),) * 6, ())
    )
    book = LawBook((law("08:00-21:00"), sundays_off))
    found = hours_for(schedule, region, channel=Channel.VOICE, agent_zone=None, law=book, holidays={}, since=NOW)
    assert found is FinishReason.NO_WINDOW


def test_no_window_is_judged_from_an_instant_on() -> None:
    schedule = in_zone("UTC", week=((),) * 7, dates={date(2026, 5, 1): DayRule(spans=windows("09:00-10:00"))})

    def since(moment: str) -> Hours | FinishReason:
        return hours_for(
            schedule, NEW_YORK, channel=Channel.VOICE, agent_zone=None, law=LawBook(), holidays={}, since=at(moment)
        )

    assert isinstance(since("2026-05-01 09:30"), Hours)
    assert since("2026-05-01 10:00") is FinishReason.NO_WINDOW


def test_round_the_clock_never_closes() -> None:
    hours = compiled(in_zone("Europe/London"))
    now = at("2026-11-23 15:00")
    assert hours.next_open(now) == now
    assert hours.closes_at(now) is None
    assert hours.why_closed(now) == ""
    assert hours.open_time(now, now + timedelta(days=400)) == timedelta(days=400)


def test_an_open_stretch_ends_at_a_closed_date_years_ahead() -> None:
    hours = compiled(in_zone("UTC", closed_dates=frozenset({date(2031, 1, 1)})))
    assert hours.closes_at(at("2026-11-23 15:00")) == at("2031-01-01 00:00")


def test_windows_that_touch_are_one_stretch() -> None:
    hours = compiled(in_zone("UTC", week=week(mon="09:00-12:00 12:00-24:00", tue="00:00-03:00")))
    assert hours.closes_at(at("2026-11-23 10:00")) == at("2026-11-24 03:00")


# --- whose clock ---


@pytest.mark.parametrize(
    ("policy", "zone", "agent", "region", "opens"),
    [
        (ZonePolicy.CAMPAIGN, "Europe/London", None, NEW_YORK, "2026-11-23 09:00"),
        (ZonePolicy.AGENT, "Europe/London", "Asia/Kolkata", NEW_YORK, "2026-11-23 03:30"),
        (ZonePolicy.RECIPIENT, "Europe/London", None, NEW_YORK, "2026-11-23 14:00"),
        (ZonePolicy.RECIPIENT, None, None, CHICAGO_OR_NEW_YORK, "2026-11-23 15:00"),
        (ZonePolicy.RECIPIENT, None, None, NEW_YORK_OR_CHICAGO, "2026-11-23 15:00"),
    ],
)  # fmt: skip
def test_zone_policy(policy: ZonePolicy, zone: str | None, agent: str | None, region: Region, opens: str) -> None:
    schedule = Schedule(week=OFFICE, zone_policy=policy, zone=zone, quiet_hours=False)
    hours = compiled(schedule, region, agent_zone=agent)
    assert hours.next_open(at("2026-11-23 00:00")) == at(opens)


def test_several_candidates_leave_their_intersection() -> None:
    region = Region(("America/New_York", "America/Denver", "America/Chicago"), ("US",))
    hours = compiled(Schedule(week=OFFICE, quiet_hours=False), region)
    start = at("2026-11-23 00:00", "America/New_York")
    assert list(hours.intervals(start, start + timedelta(days=1))) == [
        (at("2026-11-23 09:00", "America/Denver"), at("2026-11-23 17:00", "America/New_York"))
    ]
    assert hours.why_closed(at("2026-11-23 09:30", "America/New_York")) == "window"


UNKNOWN = [
    # policy, quiet hours, region, channel, known?
    (ZonePolicy.CAMPAIGN, True, NOWHERE, Channel.VOICE, False),
    (ZonePolicy.CAMPAIGN, True, NOWHERE, Channel.SMS, False),
    (ZonePolicy.CAMPAIGN, True, NOWHERE, Channel.EMAIL, True),
    (ZonePolicy.AGENT, True, NOWHERE, Channel.EMAIL, True),
    (ZonePolicy.RECIPIENT, True, NOWHERE, Channel.EMAIL, False),
    (ZonePolicy.RECIPIENT, False, NOWHERE, Channel.EMAIL, False),
    (ZonePolicy.CAMPAIGN, False, NOWHERE, Channel.VOICE, True),
    (ZonePolicy.RECIPIENT, False, NOWHERE, Channel.VOICE, False),
    (ZonePolicy.CAMPAIGN, True, Region((), ("US",)), Channel.VOICE, False),
    (ZonePolicy.CAMPAIGN, True, Region(("Europe/Berlin",), ()), Channel.VOICE, False),
    (ZonePolicy.CAMPAIGN, False, Region(("Europe/Berlin",), ()), Channel.VOICE, True),
    (ZonePolicy.RECIPIENT, False, Region(("Europe/Berlin",), ()), Channel.VOICE, True),
    (ZonePolicy.RECIPIENT, True, Region(("Europe/Berlin",), ("DE",)), Channel.VOICE, True),
    (ZonePolicy.RECIPIENT, False, Region(("Mars/Base",), ("US",)), Channel.VOICE, False),
    (ZonePolicy.RECIPIENT, False, Region(("America/New_York", "Mars/Base"), ("US",)), Channel.VOICE, False),
    (ZonePolicy.CAMPAIGN, True, Region(("Mars/Base",), ("US",)), Channel.VOICE, False),
]


@pytest.mark.parametrize(("policy", "quiet", "region", "channel", "known"), UNKNOWN)
def test_an_unknown_place_fails_closed(
    policy: ZonePolicy, quiet: bool, region: Region, channel: Channel, known: bool
) -> None:
    schedule = Schedule(week=OFFICE, zone_policy=policy, zone="Europe/London", quiet_hours=quiet)
    book = LawBook((law("08:00-21:00"),))
    found = hours_for(schedule, region, channel=channel, agent_zone="Europe/Paris", law=book, holidays={}, since=NOW)
    assert isinstance(found, Hours) if known else found is FinishReason.UNKNOWN_ZONE


@pytest.mark.parametrize(
    ("policy", "zone", "agent"),
    [
        (ZonePolicy.CAMPAIGN, None, "Europe/Paris"),
        (ZonePolicy.CAMPAIGN, "Mars/Base", "Europe/Paris"),
        (ZonePolicy.CAMPAIGN, "America", None),
        (ZonePolicy.CAMPAIGN, "../etc/passwd", None),
        (ZonePolicy.AGENT, "Europe/London", None),
        (ZonePolicy.AGENT, "Europe/London", "Mars/Base"),
    ],
)
def test_a_clock_that_is_not_known_fails_closed(policy: ZonePolicy, zone: str | None, agent: str | None) -> None:
    schedule = Schedule(zone_policy=policy, zone=zone, quiet_hours=False)
    found = hours_for(
        schedule, NEW_YORK, channel=Channel.EMAIL, agent_zone=agent, law=LawBook(), holidays={}, since=NOW
    )
    assert found is FinishReason.UNKNOWN_ZONE


# --- the law ---


def test_the_law_holds_at_every_candidate_whatever_the_policy() -> None:
    region = Region(("America/New_York", "America/Los_Angeles"), ("US",))
    schedule = Schedule(zone_policy=ZonePolicy.CAMPAIGN, zone="Asia/Tokyo")
    hours = compiled(schedule, region, law=LawBook((law("08:00-21:00"),)))
    start = at("2026-11-23 00:00", "America/New_York")
    assert list(hours.intervals(start, start + timedelta(days=1))) == [
        (at("2026-11-23 08:00", "America/Los_Angeles"), at("2026-11-23 21:00", "America/New_York"))
    ]
    assert hours.why_closed(at("2026-11-23 08:00", "America/New_York")) == "law:US"


def test_the_strictest_of_all_jurisdictions_wins() -> None:
    book = LawBook((law("08:00-21:00"), law("10:00-21:00", "US-KY"), law("08:00-20:00", "US-FL")))
    hours = compiled(Schedule(), Region(("America/New_York",), ("US-KY", "US-FL")), law=book)
    start = at("2026-11-23 00:00", "America/New_York")
    opened = shown(list(hours.intervals(start, start + timedelta(days=1))), "America/New_York")
    assert opened == ["Mon 10:00:00 - Mon 20:00:00 10:00:00"]
    assert [hours.why_closed(start + timedelta(hours=h)) for h in (7, 9, 12, 20)] == [
        "law:US", "law:US-KY", "", "law:US-FL",
    ]  # fmt: skip


def test_a_law_in_force_for_a_while() -> None:
    book = LawBook(
        (
            law("08:00-21:00"),
            law("10:00-20:00", effective_from=date(2026, 11, 24), effective_to=date(2026, 11, 25)),
        )
    )
    hours = compiled(Schedule(), law=book)
    start = at("2026-11-23 00:00", "America/New_York")
    opened = shown(list(hours.intervals(start, start + timedelta(days=4))), "America/New_York")
    assert [each[:23] for each in opened] == [
        "Mon 08:00:00 - Mon 21:0",
        "Tue 10:00:00 - Tue 20:0",
        "Wed 10:00:00 - Wed 20:0",
        "Thu 08:00:00 - Thu 21:0",
    ]


def test_a_law_that_ends_years_ahead_opens_the_window_then() -> None:
    book = LawBook((law("08:00-21:00"), law("08:00-20:00", effective_to=date(2030, 6, 30))))
    hours = compiled(Schedule(week=every_day("20:00-22:00")), law=book)
    assert hours.next_open(at("2026-11-23 00:00")) == at("2030-07-01 20:00", "America/New_York")


def test_a_law_with_a_zone_of_its_own() -> None:
    book = LawBook((law("08:00-20:00", "US-MS", zone="America/Chicago"),))
    hours = compiled(Schedule(), Region(("America/New_York",), ("US", "US-MS")), law=book)
    assert hours.next_open(at("2026-11-23 08:30", "America/New_York")) == at("2026-11-23 08:00", "America/Chicago")


def test_holidays_of_the_law_and_the_calendar_that_is_missing() -> None:
    book = LawBook((law("08:00-20:00", "US-AL", no_holidays=True),))
    region = Region(("America/Chicago",), ("US", "US-AL"))
    hours = compiled(Schedule(), region, law=book, holidays={"US-AL": frozenset({CHRISTMAS})})
    assert hours.why_closed(at("2026-12-25 12:00", "America/Chicago")) == "law:US-AL"
    assert hours.next_open(at("2026-12-24 20:00", "America/Chicago")) == at("2026-12-26 08:00", "America/Chicago")
    with pytest.raises(LookupError):
        compiled(Schedule(), region, law=book, holidays={"US": frozenset()})
    with pytest.raises(LookupError):
        compiled(Schedule(holidays=("GB",)), region)


def test_an_explicitly_open_date_does_not_beat_the_law() -> None:
    book = LawBook((law("08:00-20:00", "US-AL", no_holidays=True),))
    calendars = {"US-AL": frozenset({CHRISTMAS})}
    schedule = Schedule(dates={CHRISTMAS: DayRule(active=True, spans=windows("06:00-23:00"))})
    hours = compiled(schedule, Region(("America/Chicago",), ("US-AL",)), law=book, holidays=calendars)
    assert not hours.allows(at("2026-12-25 12:00", "America/Chicago"))


def test_a_law_about_a_zone_that_is_gone_fails_closed() -> None:
    book = LawBook((law("08:00-20:00", zone="Mars/Base"),))
    found = hours_for(Schedule(), NEW_YORK, channel=Channel.VOICE, agent_zone=None, law=book, holidays={}, since=NOW)
    assert found is FinishReason.UNKNOWN_ZONE


# --- days, caps, spans ---


def test_a_window_past_midnight_counts_to_the_day_it_began_on() -> None:
    delay = timedelta(minutes=7)
    late = (Span(22 * 3600, 26 * 3600, delay),)
    schedule = in_zone("America/New_York", week=(late,) * 7, weekdays={0: DayRule(daily_cap=5)})
    hours = compiled(schedule)
    for moment, day, cap, window in [
        ("2026-11-23 12:00", "2026-11-23", 5, None),
        ("2026-11-23 23:00", "2026-11-23", 5, late[0]),
        ("2026-11-24 01:00", "2026-11-23", 5, late[0]),
        ("2026-11-24 02:00", "2026-11-24", None, None),
        ("2026-11-24 22:00", "2026-11-24", None, late[0]),
    ]:
        instant = at(moment, "America/New_York")
        assert hours.local_day(instant) == date.fromisoformat(day), moment
        assert hours.daily_cap(instant) == cap, moment
        assert hours.span_at(instant) == window, moment


@pytest.mark.parametrize(
    ("spans", "moment", "expected"),
    [
        (OFFICE, "2026-11-23 10:00", "2026-11-24 09:00"),
        (OFFICE, "2026-11-23 03:00", "2026-11-24 09:00"),
        (OFFICE, "2026-11-23 23:59", "2026-11-24 09:00"),
        (week(mon="09:00-17:00", fri="10:00-11:00"), "2026-11-23 10:00", "2026-11-27 10:00"),
        (every_day("22:00-02:00"), "2026-11-23 23:00", "2026-11-24 22:00"),
        (every_day("22:00-02:00"), "2026-11-24 01:00", "2026-11-24 22:00"),
        (every_day("22:00-02:00"), "2026-11-24 03:00", "2026-11-25 22:00"),
        (every_day("00:00-24:00"), "2026-11-23 10:00", "2026-11-24 00:00"),
        (week(mon="20:00-08:00", tue="08:00-09:00"), "2026-11-23 21:00", "2026-11-24 08:00"),
        # the clocks go back over the end of Saturday's window
        (week(sat="22:00-01:30", sun="12:00-13:00"), "2026-10-31 23:00", "2026-11-01 12:00"),
        (week(sat="22:00-02:30", sun="12:00-13:00"), "2026-03-07 23:00", "2026-03-08 12:00"),
    ],
)
def test_the_next_day(spans: tuple[tuple[Span, ...], ...], moment: str, expected: str) -> None:
    hours = compiled(in_zone("America/New_York", week=spans))
    assert hours.next_day_open(at(moment, "America/New_York")) == at(expected, "America/New_York")


def test_no_next_day() -> None:
    day = date(2026, 11, 23)
    hours = compiled(in_zone("UTC", week=((),) * 7, dates={day: DayRule(spans=windows("09:00-10:00"))}))
    assert hours.next_day_open(at("2026-11-23 09:30")) is None


def test_the_day_is_read_on_the_deciding_clock() -> None:
    moment = at("2026-11-23 23:30", "America/New_York")
    assert compiled(Schedule(quiet_hours=False)).local_day(moment) == date(2026, 11, 23)
    assert compiled(in_zone("Europe/London")).local_day(moment) == date(2026, 11, 24)


def test_it_remembers_only_so_many_weeks() -> None:
    hours = compiled(in_zone("UTC", week=OFFICE))
    for n in range(500):
        hours.allows(at("2026-11-23 15:00") + timedelta(days=7 * n))
    assert len(hours._known) <= 64
