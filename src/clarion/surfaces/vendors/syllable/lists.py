"""Lists as this vendor has them: pages from 0, search by parallel lists of fields and values, order, projection."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Depends, Query
from fastapi.exceptions import RequestValidationError
from pydantic import Field

from clarion.surfaces.vendors.syllable.access import NO_NUL, Json
from clarion.surfaces.vendors.syllable.errors import BadRequest
from clarion.surfaces.vendors.syllable.forms import parse_instant

T = TypeVar("T")

DEFAULT_LIMIT = 25
MOST = 100_000
LAST_PAGE = 10**12
BOTH = "name_description"
"""The property that means a name and a description."""
EXACT = "_exact"
"""Ends a property that is compared whole; the others are searched in."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a list was asked for."""

    page: int
    limit: int
    search: tuple[tuple[str, str], ...]
    order_by: str | None
    descending: bool
    fields: frozenset[str] | None
    """None: all of them."""
    start: datetime | None
    end: datetime | None

    @property
    def plain(self) -> bool:
        """Whether rows come as they are: the page can be cut before they are worded."""
        return not self.search and self.order_by is None and not self.descending

    @property
    def offset(self) -> int:
        """How many come before the page."""
        return self.page * self.limit

    def when(self, at: datetime | None) -> bool:
        """Whether an instant lies in the range that was asked for, its ends included."""
        if at is None:
            return self.start is None and self.end is None
        return (self.start is None or self.start <= at) and (self.end is None or at <= self.end)


def listing(properties: Collection[str]) -> Callable[..., Listing]:
    """A dependency that reads a list's query. `properties`: what can be searched, ordered by and projected."""

    def read(
        page: Annotated[int | None, Query(ge=0, le=LAST_PAGE)] = 0,
        limit: Annotated[int, Query(ge=0, le=MOST)] = DEFAULT_LIMIT,
        search_fields: Annotated[list[str] | None, Query(max_length=50)] = None,
        search_field_values: Annotated[list[Annotated[str, Field(pattern=NO_NUL)]] | None, Query(max_length=50)] = None,
        order_by: Annotated[str | None, Query(max_length=100)] = None,
        order_by_direction: Annotated[Literal["asc", "desc"] | None, Query()] = None,
        fields: Annotated[list[str] | None, Query(max_length=100)] = None,
        start_datetime: Annotated[str | None, Query(max_length=100)] = None,
        end_datetime: Annotated[str | None, Query(max_length=100)] = None,
    ) -> Listing:
        names, values = search_fields or [], search_field_values or []
        _must_be_among(properties, search_fields=names, fields=fields or [], order_by=[order_by] if order_by else [])
        if len(names) != len(values):
            message = "search_fields and search_field_values go together: as many of the one as of the other"
            wrong = {"loc": ("query", "search_field_values"), "msg": message, "type": "value_error"}
            raise RequestValidationError([wrong])
        return Listing(
            page=page or 0,
            limit=limit,
            search=tuple(zip(names, values, strict=True)),
            order_by=order_by,
            descending=order_by_direction == "desc",
            fields=frozenset(fields) if fields else None,
            start=_instant("start_datetime", start_datetime),
            end=_instant("end_datetime", end_datetime),
        )

    return Depends(read)  # type: ignore[no-any-return]


def _must_be_among(properties: Collection[str], **given: Sequence[str]) -> None:
    wrong = [
        {"loc": ("query", name, place), "msg": f"Input should be {', '.join(sorted(properties))}", "type": "enum"}
        for name, words in given.items()
        for place, word in enumerate(words)
        if word not in properties
    ]
    if wrong:
        raise RequestValidationError(wrong)


def _instant(name: str, text: str | None) -> datetime | None:
    if text is None or not text.strip():
        return None
    try:
        return parse_instant(text)
    except ValueError as bad:
        message = f"Invalid {name}: {text!r} is not a datetime in ISO 8601, such as 2023-01-01T00:00:00Z"
        raise BadRequest(message) from bad


def page_of(items: Sequence[Json], total: int, asked: Listing, required: Collection[str]) -> Json:
    """The answer of a list. What the vendor's clients cannot do without (`required`) is left in every projection."""
    if asked.fields is not None:
        wanted = asked.fields | frozenset(required)
        items = [{name: value for name, value in item.items() if name in wanted} for item in items]
    return {
        "items": items,
        "page": asked.page,
        "page_size": asked.limit,
        "total_pages": math.ceil(total / asked.limit) if asked.limit else 0,
        "total_count": total,
    }


def searched(rows: Iterable[Json], asked: Listing) -> list[Json]:
    """Rows that every search term is found in, in the order that was asked for (else as they come)."""
    found = [row for row in rows if all(_found(row, name, value) for name, value in asked.search)]
    if asked.order_by is not None:
        key = asked.order_by.removesuffix(EXACT)
        found.sort(key=lambda row: _order(row.get(key)), reverse=asked.descending)
    elif asked.descending:
        found.reverse()
    return found


def cut(rows: Sequence[T], asked: Listing) -> Sequence[T]:
    """The page of rows that are all there."""
    return rows[asked.offset : asked.offset + asked.limit]


def _found(row: Mapping[str, Any], name: str, wanted: str) -> bool:
    value = [row.get("name"), row.get("description")] if name == BOTH else row.get(name.removesuffix(EXACT))
    whole = name.endswith(EXACT) or isinstance(value, int)
    wanted = wanted.casefold()
    return any(_text(each).casefold() == wanted if whole else wanted in _text(each).casefold() for each in _each(value))


def _each(value: Any) -> Iterable[Any]:
    """A list is found by any of its items, an object by any of its names and values."""
    if isinstance(value, Mapping):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _order(value: Any) -> tuple[int, float, str]:
    """Nothing first, then numbers, then texts."""
    if value is None:
        return 0, 0.0, ""
    if isinstance(value, int | float):
        return 1, float(value), ""
    return 2, 0.0, str(value).casefold()
