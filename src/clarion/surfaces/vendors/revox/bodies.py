"""How requests' bodies are read: JSON that databases can keep, and the client's own words for what comes back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from json import JSONDecodeError
from typing import Annotated, Any

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from clarion.surfaces.vendors.reference import acts

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class Shape(BaseModel):
    """A request. Values are of the very type that is asked for, since they come back as they were sent."""

    model_config = ConfigDict(strict=True, extra="ignore")


def rule(text: str, default: Any = ..., **bounds: Any) -> Any:
    """A field, with what clarion does because of it."""
    return Field(default, json_schema_extra=acts(text), **bounds)


def parse_json(body: bytes) -> Any:
    """The value of a JSON text. Raises JSONDecodeError, also for NaN, lone surrogates and NUL: no database has them."""
    value = orjson.loads(body)
    if b"\\u0000" in body and _has_nul(value):
        raise JSONDecodeError("A text has a NUL character", "", 0)
    return value


def _has_nul(value: Any) -> bool:
    left = [value]
    while left:
        match left.pop():
            case str() as text:
                if "\x00" in text:
                    return True
            case list() as values:
                left.extend(values)
            case dict() as members:
                left.extend(members)
                left.extend(members.values())
    return False


class JsonRequest(Request):
    """A request whose body is read by `parse_json`, once."""

    async def json(self) -> Any:
        """What the body says."""
        if not hasattr(self, "_json"):
            self._json = parse_json(await self.body())
        return self._json


class JsonRoute(APIRoute):
    """A route for JsonRequests."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """FastAPI's handler, given such a request."""
        handle = super().get_route_handler()

        async def read(request: Request) -> Response:
            return await handle(JsonRequest(request.scope, request.receive))

        return read


async def sent_fields(request: Request, shape: type[BaseModel]) -> dict[str, Any]:
    """The fields of `shape` as the client sent them, in its own spelling. For a body that was found right."""
    return fields_of(await request.json(), shape)


def fields_of(body: Any, shape: type[BaseModel]) -> dict[str, Any]:
    """Of a body's members those that `shape` knows."""
    return {name: value for name, value in body.items() if name in shape.model_fields}


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole)]
"""7200 and 7200.0, which are the same number in JSON."""


def parse_instant(text: str) -> datetime:
    """An ISO 8601 instant as UTC; without an offset it is taken for UTC. Raises ValueError in words."""
    try:
        read = datetime.fromisoformat(text.strip())
        at = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("This is not an ISO 8601 date and time such as 2026-11-23T15:00:00Z.") from None
    if not EARLIEST <= at < LATEST:
        raise ValueError("This lies outside of the years 1970 to 2199.")
    return at


def _instant(text: str) -> str:
    parse_instant(text)
    return text


InstantText = Annotated[str, AfterValidator(_instant)]
"""An instant that is kept as it was written."""
