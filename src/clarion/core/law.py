"""The law's calling hours and attempt limits, as dated values read from data packs. Strictest wins.

Engineering reading, not legal advice: each rule names its source, and one that nobody has verified still applies.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from clarion.core.outcomes import Channel
from clarion.core.schedule import DAY_SECONDS, WEEKDAYS, Span, parse_clock
from clarion.core.wallclock import find_zone

ANYWHERE = "*"
"""The jurisdiction of rules for every country that has none of its own for a channel."""

_GROUPS = {"every_day": WEEKDAYS, "weekdays": WEEKDAYS[:5], "weekend": WEEKDAYS[5:]}
_KEYS = frozenset(
    {
        "jurisdiction",
        "channels",
        "hours",
        "no_holidays",
        "zone",
        "attempts",
        "effective_from",
        "effective_to",
        "source",
        "note",
        "verified",
    }
)


@dataclass(frozen=True, slots=True)
class LawRule:
    """One statement of one law. Hours are wall-clock time at the called party's place, or in `zone` where it says."""

    jurisdiction: str
    """ISO 3166: `US`, `US-FL`, `GB`; or ANYWHERE."""
    channels: frozenset[Channel]
    source: str
    checked: date
    """When the pack's author last read the sources."""
    week: tuple[tuple[Span, ...], ...] | None = None
    """Allowed hours, Monday first, none of them past 24:00; None when the rule is not about hours."""
    no_holidays: bool = False
    """Closed on the public holidays of the jurisdiction."""
    zone: str | None = None
    """IANA name, when the law counts hours in a zone of its own (Mississippi: Central)."""
    max_attempts: int | None = None
    per: timedelta | None = None
    """At most `max_attempts` to one person in any window this long."""
    effective_from: date | None = None
    effective_to: date | None = None
    """The last day, inclusive."""
    verified: bool = False
    """The text itself or two independent sources say so."""
    note: str = ""

    @property
    def country(self) -> str:
        """`US` of `US-FL`."""
        return self.jurisdiction.partition("-")[0]

    def in_force(self, day: date) -> bool:
        """Whether the rule applies on a local day."""
        return (self.effective_from is None or self.effective_from <= day) and (
            self.effective_to is None or day <= self.effective_to
        )

    def allows(self, day: date, second: int, holidays: frozenset[date]) -> bool:
        """Whether the hours allow a local day and second; `holidays` are those of the jurisdiction."""
        if self.week is None or not self.in_force(day):
            return True
        if self.no_holidays and day in holidays:
            return False
        return any(span.start <= second < span.end for span in self.week[day.weekday()])


@dataclass(frozen=True, slots=True)
class LawBook:
    """Every rule that is known."""

    contents: tuple[LawRule, ...] = ()

    def rules(self, jurisdictions: Iterable[str], channel: Channel, on_date: date | None = None) -> tuple[LawRule, ...]:
        """The rules of all these places for a channel, in force on a day or, without one, at any time.

        A state brings its country's rules along. A country with none of its own for the channel gets ANYWHERE's.
        """
        wanted = set(jurisdictions)
        countries = {place.partition("-")[0] for place in wanted}
        ours = [rule for rule in self.contents if channel in rule.channels]
        wanted |= countries
        if countries - {rule.country for rule in ours}:
            wanted.add(ANYWHERE)
        return tuple(
            rule for rule in ours if rule.jurisdiction in wanted and (on_date is None or rule.in_force(on_date))
        )

    def attempt_limits(
        self, jurisdictions: Iterable[str], channel: Channel, on_date: date
    ) -> tuple[tuple[int, timedelta, str], ...]:
        """`(attempts, window, jurisdiction)` of every limit on how often one person may be tried."""
        return tuple(
            (rule.max_attempts, rule.per, rule.jurisdiction)
            for rule in self.rules(jurisdictions, channel, on_date)
            if rule.max_attempts is not None and rule.per is not None
        )

    def holiday_codes(self, jurisdictions: Iterable[str], channel: Channel) -> frozenset[str]:
        """The holiday calendars that `rules` of these places need."""
        return frozenset(rule.jurisdiction for rule in self.rules(jurisdictions, channel) if rule.no_holidays)


def parse_pack(text: str) -> tuple[LawRule, ...]:
    """The rules of a TOML pack (`law_packs/README.md` describes the format).

    Raises ValueError that names the rule: a pack with a mistake must not be taken for one that allows more.
    """
    data = tomllib.loads(text)
    checked = data.get("pack", {}).get("checked")
    if not isinstance(checked, date):
        raise ValueError("[pack] needs `checked`, the date on which its sources were read")
    return tuple(_rule(entry, checked, number) for number, entry in enumerate(data.get("rule", []), start=1))


def _rule(entry: Mapping[str, Any], checked: date, number: int) -> LawRule:
    try:
        if unknown := entry.keys() - _KEYS:
            raise ValueError(f"unknown {', '.join(sorted(unknown))}")
        attempts = entry.get("attempts")
        hours = entry.get("hours")
        if hours is None and attempts is None:
            raise ValueError("it needs hours or attempts")
        if hours is None and entry.get("no_holidays"):
            raise ValueError("no_holidays needs hours")
        if "zone" in entry and find_zone(entry["zone"]) is None:
            raise ValueError(f"unknown zone {entry['zone']}")
        return LawRule(
            jurisdiction=_text(entry, "jurisdiction"),
            channels=frozenset(Channel(word) for word in entry["channels"]),
            source=_text(entry, "source"),
            checked=checked,
            week=None if hours is None else _week(hours),
            no_holidays=bool(entry.get("no_holidays", False)),
            zone=entry.get("zone"),
            max_attempts=None if attempts is None else int(attempts["max"]),
            per=None if attempts is None else timedelta(hours=attempts["hours"]),
            effective_from=entry.get("effective_from"),
            effective_to=entry.get("effective_to"),
            verified=bool(entry["verified"]),
            note=entry.get("note", ""),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"rule {number} ({entry.get('jurisdiction')}): {error}") from error


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry[key]
    if not isinstance(value, str) or not value:
        raise ValueError(f"{key} must be text")
    return value


def _week(hours: Mapping[str, list[str]]) -> tuple[tuple[Span, ...], ...]:
    """Every day has to be named, alone or in a group; a closed one is an empty list. A single day beats a group."""
    days: dict[str, tuple[Span, ...]] = {}
    for key in sorted(hours, key=lambda word: (word not in _GROUPS, word)):
        if key not in _GROUPS and key not in WEEKDAYS:
            raise ValueError(f"{key} is no day")
        for day in _GROUPS.get(key, (key,)):
            days[day] = tuple(sorted((_span(text) for text in hours[key]), key=lambda span: span.start))
    if missing := [day for day in WEEKDAYS if day not in days]:
        raise ValueError(f"nothing is said of {', '.join(missing)}")
    return tuple(days[day] for day in WEEKDAYS)


def _span(text: str) -> Span:
    start, dash, end = text.partition("-")
    span = Span(parse_clock(start), parse_clock(end) if dash else 0)
    if not span.start < span.end <= DAY_SECONDS:
        raise ValueError(f"{text!r} is no stretch of one day")
    return span
