"""The law as values: which rules apply where and when, and packs that are read strictly."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from clarion.core.law import ANYWHERE, LawBook, LawRule, parse_pack
from clarion.core.outcomes import Channel
from clarion.core.schedule import Span

CALLS = frozenset({Channel.VOICE, Channel.SMS})
PACK = """
[pack]
name = "Test"
checked = 2026-11-20
"""
HOURS = 'hours = { every_day = ["08:00-20:00"] }'
RULE = """
[[rule]]
jurisdiction = "US-FL"
channels = ["voice", "sms"]
hours = { every_day = ["08:00-20:00"] }
source = "a statute"
verified = true
"""


def rule(jurisdiction: str, channels: frozenset[Channel] = CALLS, **fields: object) -> LawRule:
    week = ((Span(28_800, 72_000),),) * 7
    return LawRule(jurisdiction, channels, "test", date(2026, 1, 1), **{"week": week, **fields})  # type: ignore[arg-type]


BOOK = LawBook(
    (
        rule("US"),
        rule("US-FL", max_attempts=3, per=timedelta(hours=24)),
        rule("US-ME", frozenset({Channel.VOICE}), week=None, max_attempts=1, per=timedelta(hours=8)),
        rule("US-AL", no_holidays=True),
        rule("FR", frozenset({Channel.VOICE}), no_holidays=True, effective_from=date(2023, 3, 1)),
        rule(ANYWHERE),
    )
)


@pytest.mark.parametrize(
    ("places", "channel", "on_date", "expected"),
    [
        (("US",), Channel.VOICE, None, {"US"}),
        (("US-FL",), Channel.VOICE, None, {"US", "US-FL"}),
        (("US", "US-FL", "US-AL"), Channel.SMS, None, {"US", "US-FL", "US-AL"}),
        (("US-ME",), Channel.SMS, None, {"US"}),
        (("US-TX",), Channel.VOICE, None, {"US"}),
        (("US-FL",), Channel.EMAIL, None, set()),
        (("BR",), Channel.VOICE, None, {ANYWHERE}),
        (("BR", "US"), Channel.VOICE, None, {ANYWHERE, "US"}),
        (("FR",), Channel.SMS, None, {ANYWHERE}),
        (("FR",), Channel.VOICE, date(2023, 2, 28), set()),
        (("FR",), Channel.VOICE, date(2023, 3, 1), {"FR"}),
        ((), Channel.VOICE, None, set()),
    ],
)
def test_which_rules_apply(places: tuple[str, ...], channel: Channel, on_date: date | None, expected: set[str]) -> None:
    assert {found.jurisdiction for found in BOOK.rules(places, channel, on_date)} == expected


def test_limits_and_calendars() -> None:
    day = date(2026, 11, 23)
    assert BOOK.attempt_limits(("US-FL",), Channel.VOICE, day) == ((3, timedelta(hours=24), "US-FL"),)
    assert BOOK.attempt_limits(("US-ME",), Channel.VOICE, day) == ((1, timedelta(hours=8), "US-ME"),)
    assert BOOK.attempt_limits(("US-ME",), Channel.SMS, day) == ()
    assert BOOK.holiday_codes(("US-AL", "US-FL"), Channel.VOICE) == {"US-AL"}


@pytest.mark.parametrize(
    ("day", "second", "allowed"),
    [
        ("2026-11-23", 28_799, False),
        ("2026-11-23", 28_800, True),
        ("2026-11-23", 71_999, True),
        ("2026-11-23", 72_000, False),
        ("2026-12-25", 43_200, False),
        ("2026-06-30", 3_600, True),
        ("2027-01-01", 3_600, True),
        ("2026-12-31", 3_600, False),
    ],
)
def test_a_rule_on_a_day(day: str, second: int, allowed: bool) -> None:
    alabama = rule("US-AL", no_holidays=True, effective_from=date(2026, 7, 1), effective_to=date(2026, 12, 31))
    assert alabama.allows(date.fromisoformat(day), second, frozenset({date(2026, 12, 25)})) is allowed


def test_a_pack() -> None:
    text = PACK + RULE + 'attempts = { max = 3, hours = 24 }\nzone = "America/Chicago"\neffective_from = 2021-07-01\n'
    (found,) = parse_pack(text)
    assert (found.jurisdiction, found.channels, found.zone) == ("US-FL", CALLS, "America/Chicago")
    assert found.week == ((Span(28_800, 72_000),),) * 7
    assert (found.max_attempts, found.per) == (3, timedelta(days=1))
    assert (found.effective_from, found.effective_to, found.verified) == (date(2021, 7, 1), None, True)
    assert (found.checked, found.source) == (date(2026, 11, 20), "a statute")


def test_a_single_day_beats_a_group_whatever_their_order() -> None:
    for hours in ('sunday = [], every_day = ["9am-8pm"]', 'every_day = ["9am-8pm"], sunday = []'):
        (found,) = parse_pack(PACK + RULE.replace('every_day = ["08:00-20:00"]', hours))
        assert found.week is not None
        assert found.week[6] == ()
        assert found.week[0] == (Span(32_400, 72_000),)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("verified = true", "", "verified"),
        ('source = "a statute"', "", "source"),
        ('source = "a statute"', 'source = ""', "source must be text"),
        ('"sms"', '"fax"', "fax"),
        ("every_day", "everyday", "everyday is no day"),
        ("every_day", "weekdays", "nothing is said of saturday, sunday"),
        ("08:00-20:00", "20:00-08:00", "no stretch of one day"),
        ("08:00-20:00", "08:00", "no stretch of one day"),
        ("08:00-20:00", "08:00-25:00", "the day ends at 24:00"),
        (HOURS, "", "it needs hours or attempts"),
        (HOURS, "attempts = { max = 1, hours = 8 }\nno_holidays = true", "needs hours"),
        ("verified = true", "verified = true\nquiet = 1", "unknown quiet"),
        ("verified = true", 'verified = true\nzone = "Mars/Base"', "unknown zone Mars/Base"),
    ],
)  # fmt: skip
def test_a_pack_with_a_mistake_is_refused(old: str, new: str, message: str) -> None:
    assert old in RULE
    with pytest.raises(ValueError, match=r"rule 1 \(US-FL\): .*") as refusal:
        parse_pack(PACK + RULE.replace(old, new))
    assert message in str(refusal.value)


def test_a_pack_says_when_it_was_checked() -> None:
    with pytest.raises(ValueError, match="checked"):
        parse_pack(RULE)
