"""The packs that come with clarion: every state's hours at its edges, and nothing without a source."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from clarion.core.hours import Hours, hours_for
from clarion.core.law import LawBook
from clarion.core.outcomes import Channel
from clarion.core.schedule import Region, Schedule
from clarion.core.wallclock import find_zone
from clarion.wire.holidays import holiday_dates, known_holiday_codes
from clarion.wire.law_files import load_law_book

NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def book() -> LawBook:
    return load_law_book()


def hours_in(place: str, zone: str, channel: Channel = Channel.VOICE) -> Hours:
    law = load_law_book()
    places = (place.partition("-")[0], place) if "-" in place else (place,)
    found = hours_for(
        Schedule(),
        Region((zone,), places),
        channel=channel,
        agent_zone=None,
        law=law,
        holidays=holiday_dates(law.holiday_codes(places, channel), range(2025, 2029)),
        since=NOW,
    )
    assert isinstance(found, Hours)
    return found


def day_in(place: str, zone: str, day: str, channel: Channel = Channel.VOICE) -> str:
    """What is open on a local day, on the local clock."""
    start = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    opened = hours_in(place, zone, channel).intervals(start, start + timedelta(days=1))
    return " ".join(f"{a.astimezone(ZoneInfo(zone)):%H:%M}-{b.astimezone(ZoneInfo(zone)):%H:%M}" for a, b in opened)


MONDAY, SATURDAY, SUNDAY, THANKSGIVING = "2026-11-23", "2026-11-28", "2026-11-29", "2026-11-26"
STATES = [
    # place, a zone of it, Monday, Saturday, Sunday, Thanksgiving
    ("US", "America/Denver", "08:00-21:00", "08:00-21:00", "08:00-21:00", "08:00-21:00"),
    ("US-NY", "America/New_York", "08:00-21:00", "08:00-21:00", "08:00-21:00", "08:00-21:00"),
    ("US-FL", "America/New_York", "08:00-20:00", "08:00-20:00", "08:00-20:00", "08:00-20:00"),
    ("US-OK", "America/Chicago", "08:00-20:00", "08:00-20:00", "08:00-20:00", "08:00-20:00"),
    ("US-MD", "America/New_York", "08:00-20:00", "08:00-20:00", "08:00-20:00", "08:00-20:00"),
    ("US-MA", "America/New_York", "08:00-20:00", "08:00-20:00", "08:00-20:00", "08:00-20:00"),
    ("US-WA", "America/Los_Angeles", "08:00-20:00", "08:00-20:00", "08:00-20:00", "08:00-20:00"),
    ("US-AL", "America/Chicago", "08:00-20:00", "08:00-20:00", "", ""),
    ("US-LA", "America/Chicago", "08:00-20:00", "08:00-20:00", "", ""),
    ("US-MS", "America/Chicago", "08:00-20:00", "08:00-20:00", "", ""),
    ("US-MS", "America/New_York", "09:00-21:00", "09:00-21:00", "", ""),
    ("US-CT", "America/New_York", "09:00-20:00", "09:00-20:00", "09:00-20:00", "09:00-20:00"),
    ("US-NV", "America/Los_Angeles", "09:00-20:00", "09:00-20:00", "09:00-20:00", "09:00-20:00"),
    ("US-KY", "America/New_York", "10:00-21:00", "10:00-21:00", "10:00-21:00", "10:00-21:00"),
    ("US-MI", "America/Detroit", "09:00-21:00", "09:00-21:00", "09:00-21:00", "09:00-21:00"),
    ("US-MN", "America/Chicago", "09:00-21:00", "09:00-21:00", "09:00-21:00", "09:00-21:00"),
    ("US-NM", "America/Denver", "09:00-21:00", "09:00-21:00", "09:00-21:00", "09:00-21:00"),
    ("US-PA", "America/New_York", "08:00-21:00", "08:00-21:00", "08:00-21:00", ""),
    ("US-RI", "America/New_York", "09:00-18:00", "10:00-17:00", "", ""),
    ("US-UT", "America/Denver", "08:00-21:00", "08:00-21:00", "", ""),
    ("GB", "Europe/London", "08:00-21:00", "09:00-21:00", "09:00-21:00", "08:00-21:00"),
    ("CA", "America/Toronto", "09:00-21:30", "10:00-18:00", "10:00-18:00", "09:00-21:30"),
    ("FR", "Europe/Paris", "10:00-13:00 14:00-20:00", "", "", "10:00-13:00 14:00-20:00"),
    ("IN", "Asia/Kolkata", "10:00-21:00", "10:00-21:00", "10:00-21:00", "10:00-21:00"),
    ("BR", "America/Sao_Paulo", "08:00-21:00", "08:00-21:00", "08:00-21:00", "08:00-21:00"),
]


@pytest.mark.parametrize(("place", "zone", "monday", "saturday", "sunday", "thanksgiving"), STATES)
def test_hours_of_a_place(place: str, zone: str, monday: str, saturday: str, sunday: str, thanksgiving: str) -> None:
    found = [day_in(place, zone, day) for day in (MONDAY, SATURDAY, SUNDAY, THANKSGIVING)]
    assert found == [monday, saturday, sunday, thanksgiving]


@pytest.mark.parametrize(
    ("place", "zone", "day", "expected"),
    [
        ("US-CT", "America/New_York", "2023-09-30", "09:00-21:00"),
        ("US-CT", "America/New_York", "2023-10-01", "09:00-20:00"),
        ("US-FL", "America/New_York", "2021-06-30", "08:00-21:00"),
        ("US-FL", "America/New_York", "2021-07-01", "08:00-20:00"),
        ("US-OK", "America/Chicago", "2022-10-31", "08:00-21:00"),
        ("US-MD", "America/New_York", "2023-12-31", "08:00-21:00"),
        ("US-AL", "America/Chicago", "2026-04-27", ""),  # Confederate Memorial Day is Alabama's own
        ("US-FL", "America/New_York", "2026-04-27", "08:00-20:00"),
    ],
)
def test_hours_follow_the_dates_of_the_law(place: str, zone: str, day: str, expected: str) -> None:
    assert day_in(place, zone, day) == expected


def test_text_messages_keep_the_same_hours_and_mail_none() -> None:
    assert day_in("US-FL", "America/New_York", MONDAY, Channel.SMS) == "08:00-20:00"
    assert day_in("US-FL", "America/New_York", MONDAY, Channel.EMAIL) == "00:00-00:00"


@pytest.mark.parametrize(
    ("place", "channel", "expected"),
    [
        ("US-FL", Channel.VOICE, {(3, timedelta(hours=24))}),
        ("US-OK", Channel.SMS, {(3, timedelta(hours=24))}),
        ("US-MD", Channel.SMS, {(3, timedelta(hours=24))}),
        ("US-ME", Channel.VOICE, {(1, timedelta(hours=8))}),
        ("US-ME", Channel.SMS, set()),
        ("US-NY", Channel.VOICE, set()),
        ("FR", Channel.VOICE, {(4, timedelta(days=30))}),
        ("US-FL", Channel.EMAIL, set()),
    ],
)
def test_limits_on_attempts(book: LawBook, place: str, channel: Channel, expected: set[tuple[int, timedelta]]) -> None:
    found = book.attempt_limits((place,), channel, date(2026, 11, 23))
    assert {(attempts, window) for attempts, window, _ in found} == expected


def test_every_rule_can_be_questioned_and_applied(book: LawBook) -> None:
    for rule in book.contents:
        assert rule.source, rule
        assert rule.checked >= date(2026, 1, 1), rule
        assert rule.zone is None or find_zone(rule.zone), rule
        assert not rule.no_holidays or rule.jurisdiction in known_holiday_codes(), rule
        assert rule.verified or rule.note, f"{rule.jurisdiction}: say why it is not verified"
    unverified = {rule.jurisdiction for rule in book.contents if not rule.verified}
    assert unverified >= {"US-PA", "US-RI", "US-UT", "GB", "CA", "FR", "IN", "*"}
    assert not unverified & {"US", "US-FL", "US-OK", "US-MD", "US-AL", "US-LA", "US-CT", "US-KY"}


def test_a_number_that_could_be_anywhere_is_called_when_it_is_day_everywhere() -> None:
    """Toll-free: nine in the morning in Guam (Canada's law) until nine in the evening in Newfoundland (federal law)."""
    law = load_law_book()
    region = Region(("America/Adak", "America/New_York", "Pacific/Guam", "America/St_Johns"), ("CA", "US"))
    hours = hours_for(Schedule(), region, channel=Channel.VOICE, agent_zone=None, law=law, holidays={}, since=NOW)
    assert isinstance(hours, Hours)
    day = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert list(hours.intervals(day, day + timedelta(days=1))) == [
        (datetime(2026, 11, 23, 23, 0, tzinfo=UTC), datetime(2026, 11, 24, 0, 30, tzinfo=UTC))
    ]
