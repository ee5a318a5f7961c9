"""How a route gets at what it works with, and who is asking."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer

from clarion.app.actor import Actor
from clarion.app.refusals import Unauthenticated
from clarion.surfaces.reception import Api, api_of

bearer = HTTPBearer(
    auto_error=False, scheme_name="Bearer", description="An API key: `Authorization: Bearer clarion_…`."
)
key_header = APIKeyHeader(
    name="X-API-Key", auto_error=False, scheme_name="ApiKey", description="The same key in a header of its own."
)


def presented_key(request: Request) -> str:
    """The key that a request shows, or nothing."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    return request.headers.get("x-api-key", "")


async def caller_of(request: Request) -> Actor:
    """Who asks. Raises Unauthenticated."""
    raw = presented_key(request)
    if not raw:
        raise Unauthenticated("This needs an API key: Authorization: Bearer clarion_…")
    return await api_of(request).keys.authenticate(raw)


async def _caller(
    request: Request,
    _bearer: Annotated[object, Security(bearer)],
    _header: Annotated[object, Security(key_header)],
) -> Actor:
    return await caller_of(request)


ApiDep = Annotated[Api, Depends(api_of)]
Caller = Annotated[Actor, Depends(_caller)]
