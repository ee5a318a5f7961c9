"""The building blocks of every body: exact types, bounded texts, instants, durations, pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Path, Query
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StrictBool,
    StrictFloat,
    StrictInt,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from clarion.app.zones import is_zone

MAX_ID = 2**63 - 1
MAX_DEPTH = 24
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
LONGEST = timedelta(days=3660)


class Shape(BaseModel):
    """A body. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def error(code: str, message: str) -> PydanticCustomError:
    """A validation error with a code of ours."""
    return PydanticCustomError(code, "{message}", {"message": message})


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise error("nul", "A text cannot contain the character NUL.")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise error("blank", "This cannot be blank.")
    return text


Text = Annotated[str, Field(max_length=10_000), AfterValidator(_no_nul)]
LongText = Annotated[str, Field(max_length=200_000), AfterValidator(_no_nul)]
Name = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_no_nul), AfterValidator(_not_blank)]
Count = Annotated[StrictInt, Field(ge=1, le=2**31 - 1)]
"""A limit: at least 1. A limit of 0 is a pause, which has a verb of its own."""
Whole = Annotated[StrictInt, Field(ge=0, le=2**31 - 1)]
Rate = Annotated[StrictFloat, Field(gt=0, le=1e9, allow_inf_nan=False)]
Flag = StrictBool
Id = Annotated[StrictInt, Field(ge=1, le=MAX_ID)]
PathId = Annotated[int, Path(ge=1, le=MAX_ID)]


def _plain(value: Any, depth: int = 0) -> Any:
    """JSON that every database and language can hold."""
    if depth > MAX_DEPTH:
        raise error("too_deep", f"JSON may be nested {MAX_DEPTH} deep.")
    match value:
        case None | bool():
            pass
        case str():
            try:
                value.encode()
            except UnicodeEncodeError as lone:
                raise error("bad_text", "A text holds half of a surrogate pair.") from lone
        case int():
            if not -(2**63) <= value < 2**63:
                raise error("too_large", "A whole number has at most 64 bits.")
        case float():
            if value != value or abs(value) == float("inf"):
                raise error("not_finite", "NaN and Infinity are no JSON.")
        case list():
            for each in value:
                _plain(each, depth + 1)
        case dict():
            for key, each in value.items():
                _plain(key, depth + 1)
                _plain(each, depth + 1)
        case _:
            raise error("not_json", "This has no JSON form.")
    return value


Json = Annotated[Any, AfterValidator(_plain)]
JsonObject = Annotated[dict[str, Any], AfterValidator(_plain)]


class OpenShape(Shape):
    """A body whose known fields are checked and whose others are kept as they are."""

    model_config = ConfigDict(extra="allow")

    @model_validator(mode="before")
    @classmethod
    def _is_plain(cls, value: Any) -> Any:
        return _plain(value)


def left_out(description: str | None = None) -> Any:
    """The default of a field that a change may leave out, but not set to null."""
    return Field(default_factory=lambda: None, description=description)


def given(body: BaseModel) -> dict[str, Any]:
    """The fields that a change names, with their values."""
    return {name: getattr(body, name) for name in body.model_fields_set}


def _scalar(value: Any) -> Any:
    if value is not None and not isinstance(value, str | int | float | bool):
        raise error("not_scalar", "A variable is a text, a number or a boolean.")
    return _plain(value)


Scalar = Annotated[Any, BeforeValidator(_scalar), WithJsonSchema({"type": ["string", "number", "boolean", "null"]})]
VariableName = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_no_nul)]
Variables = Annotated[dict[VariableName, Scalar], Field(max_length=500)]
"""Values for templates and prompts: texts, numbers, booleans."""


def _text_only(value: Any) -> Any:
    if not isinstance(value, str | date):
        raise error("not_text", "Write this as a text in ISO 8601.")
    return value


def _to_utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise error("no_offset", "An instant needs an offset, such as 2026-11-23T15:00:00Z.")
    try:
        at = at.astimezone(UTC)
    except OverflowError:
        at = LATEST
    if not EARLIEST <= at < LATEST:
        raise error("out_of_range", "An instant lies between the years 2000 and 2200.")
    return at


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


Instant = Annotated[
    datetime,
    BeforeValidator(_text_only),
    AfterValidator(_to_utc),
    PlainSerializer(_rfc3339, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-23T15:00:00Z"]}),
]
"""An instant with an offset; answered in UTC."""

Day = Annotated[date, BeforeValidator(_text_only)]

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d{1,6})?)s)?")
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60))


def parse_duration(value: Any) -> timedelta:
    """`90s`, `30m`, `1h30m`, `7d`, or a number of seconds. Raises a validation error."""
    if isinstance(value, timedelta):
        duration = value
    elif isinstance(value, bool) or not isinstance(value, str | int | float):
        raise error("bad_duration", "A duration is written 90s, 30m, 12h, 1h30m or 7d, or as a number of seconds.")
    elif isinstance(value, str):
        match = _DURATION.fullmatch(value.strip()) if len(value) <= 40 else None
        if match is None or not any(match.groups()):
            raise error("bad_duration", "A duration is written 90s, 30m, 12h, 1h30m or 7d, or as a number of seconds.")
        days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
        duration = _seconds(days * 86_400 + hours * 3_600 + minutes * 60 + seconds)
    else:
        duration = _seconds(value)
    if not timedelta(0) <= duration <= LONGEST:
        raise error("out_of_range", "A duration is between 0 and ten years.")
    return duration


def _seconds(seconds: float) -> timedelta:
    if not 0 <= seconds <= LONGEST.total_seconds():
        raise error("out_of_range", "A duration is between 0 and ten years.")
    return timedelta(seconds=seconds)


def format_duration(duration: timedelta) -> str:
    """`1h30m`, as `parse_duration` reads it."""
    left = duration.days * 86_400 + duration.seconds
    written = ""
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        written += f"{count}{unit}" if count else ""
    fraction = f"{duration.microseconds / 1e6:.6f}"[1:].rstrip("0").rstrip(".")
    return written + (f"{left}{fraction}s" if left or fraction or not written else "")


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^(?=\d)(\d{1,4}d)?(\d{1,4}h)?(\d{1,5}m)?(\d{1,7}s)?$"},
                {"type": "number", "minimum": 0, "maximum": LONGEST.total_seconds()},
            ],
            "description": "`90s`, `30m`, `12h`, `1h30m`, `7d`, or a number of seconds.",
            "examples": ["30m"],
        }
    ),
]
"""A span of time. Answered as a text such as `1h30m`."""


def _zone(name: str) -> str:
    if not is_zone(name):
        raise error("unknown_zone", "This is not an IANA time zone such as Europe/Berlin.")
    return name


Zone = Annotated[str, Field(max_length=64, examples=["America/New_York"]), AfterValidator(_zone)]

Item = TypeVar("Item")
Value = TypeVar("Value")


class Page(BaseModel, Generic[Item]):
    """Part of a list. `next_cursor` is null on the last page."""

    items: list[Item]
    next_cursor: str | None = Field(description="Pass it as `cursor` to get the page after this one.")


def page(
    values: Sequence[Value], limit: int, key: Callable[[Value], int], shape: Callable[[Value], Item]
) -> Page[Item]:
    """A page from one value more than `limit`, if there are so many; `key` is what the cursor remembers."""
    shown = values[:limit]
    more = len(values) > limit
    return Page(items=[shape(value) for value in shown], next_cursor=str(key(shown[-1])) if more else None)


Limit = Annotated[int, Query(ge=1, le=200, description="How many items at most.")]
Cursor = Annotated[
    str | None,
    Query(pattern=r"^[0-9]{1,18}$", description="`next_cursor` of the page before. Treat it as opaque."),
]
NamePart = Annotated[
    str | None, Query(max_length=255, pattern=r"^[^\x00]*$", description="Part of the name, any case.")
]


def position(cursor: str | None) -> int:
    """The id after which an ascending list goes on."""
    return int(cursor) if cursor else 0


def newest(cursor: str | None) -> int | None:
    """The id below which a list with the newest first goes on; None is from the top."""
    return int(cursor) if cursor else None
