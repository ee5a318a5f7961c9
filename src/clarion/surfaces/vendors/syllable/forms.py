"""The building blocks of Syllable's bodies: texts, whole numbers, clock times, durations, plain JSON."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from clarion.core.schedule import DAY_SECONDS, parse_clock

MAX_ID = 2**63 - 1
DEEPEST = 24
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)

INTERVAL = re.compile(r"([0-9]{1,6})([smhdw])")
UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


class Shape(BaseModel):
    """A body. Names that are not known are passed over, as the vendor does."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def _text(text: str) -> str:
    if "\x00" in text:
        raise ValueError("a text cannot hold the character NUL")
    try:
        text.encode()
    except UnicodeEncodeError as lone:
        raise ValueError("a text cannot hold half of a surrogate pair") from lone
    return text


def plain(value: Any, depth: int = 0) -> Any:
    """JSON that every database can hold; else ValueError."""
    if depth > DEEPEST:
        raise ValueError(f"JSON may be nested {DEEPEST} deep")
    match value:
        case str():
            _text(value)
        case bool() | None:
            pass
        case int():
            if abs(value) > MAX_ID:
                raise ValueError("a whole number has 64 bits at most")
        case float():
            if value != value or abs(value) == float("inf"):
                raise ValueError("NaN and Infinity are no JSON")
        case list():
            for each in value:
                plain(each, depth + 1)
        case dict():
            for name, each in value.items():
                plain(name, depth + 1)
                plain(each, depth + 1)
    return value


def _clock(text: str) -> str:
    seconds = parse_clock(text)
    if seconds > DAY_SECONDS:
        raise ValueError("the day ends at 24:00:00")
    return text


def parse_interval(text: str) -> timedelta:
    """`30m`, `12h`, `7d`. Raises ValueError."""
    match = INTERVAL.fullmatch(text.strip())
    if match is None:
        raise ValueError("an interval is a whole number and a unit, such as 30m, 12h or 7d")
    return timedelta(seconds=int(match[1]) * UNITS[match[2]])


def format_interval(delay: timedelta) -> str:
    """In the largest unit that divides it: `90m`, `12h`, `7d`."""
    seconds = round(delay.total_seconds())
    for unit in ("d", "h", "m"):
        if seconds and seconds % UNITS[unit] == 0:
            return f"{seconds // UNITS[unit]}{unit}"
    return f"{seconds}s" if seconds else "0m"


def _interval(text: str) -> str:
    parse_interval(text)
    return text


def parse_instant(text: str) -> datetime:
    """An instant in ISO 8601, in UTC when it names no offset. Raises ValueError."""
    return _in_range(datetime.fromisoformat(text.strip()))


def _in_range(at: datetime) -> datetime:
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    if not EARLIEST <= at < LATEST:
        raise ValueError("an instant lies between the years 2000 and 2200")
    return at.astimezone(UTC)


def written(at: datetime | None) -> str | None:
    """An instant as the vendor writes it: `2026-06-05T00:00:00Z`."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _number_as_text(value: Any) -> Any:
    """The vendor's examples write numbers of phones without quotes."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Text = Annotated[str, Field(max_length=10_000), AfterValidator(_text)]
LongText = Annotated[str, Field(max_length=200_000), AfterValidator(_text)]
Written = Annotated[str, Field(max_length=320), BeforeValidator(_number_as_text), AfterValidator(_text)]
"""A phone number or a mail address as a client writes it."""
Name = Annotated[str, Field(max_length=255), AfterValidator(_text)]
Clock = Annotated[str, Field(max_length=20), AfterValidator(_clock)]
Interval = Annotated[str, Field(max_length=20), AfterValidator(_interval)]
Instant = Annotated[datetime, AfterValidator(_in_range)]
Id = Annotated[int, Field(ge=-MAX_ID, le=MAX_ID)]
Variables = Annotated[dict[Name, Text], Field(max_length=500)]
PlainObject = Annotated[dict[str, Any], AfterValidator(plain)]
