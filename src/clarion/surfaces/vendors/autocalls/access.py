"""How a route gets at what it works with, and who is asking."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Query, Request, Security
from fastapi.security import HTTPBearer

from clarion.app.actor import Actor
from clarion.app.refusals import Unauthenticated
from clarion.surfaces.reception import Api, api_of
from clarion.surfaces.vendors.autocalls.rules import MAX_ID, Between

bearer = HTTPBearer(auto_error=False, scheme_name="Bearer", description="An API key: `Authorization: Bearer …`.")

Body = dict[str, Any]
"""What is answered: plain JSON values, exactly as they are sent."""


async def _caller(request: Request, _bearer: Annotated[object, Security(bearer)]) -> Actor:
    """Who asks. Raises Unauthenticated."""
    scheme, _, raw = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not raw.strip():
        raise Unauthenticated("This needs an API key: Authorization: Bearer …")
    return await api_of(request).keys.authenticate(raw.strip())


def address_of(request: Request) -> str:
    """The address of this page without its query."""
    return str(request.url.replace(query=""))


ApiDep = Annotated[Api, Depends(api_of)]
Caller = Annotated[Actor, Depends(_caller)]
PathId = Annotated[int, Between(1, MAX_ID)]
PerPage = Annotated[int, Between(1, 100), Query()]
PageText = Annotated[str | None, Query(max_length=100)]
"""The number of a page; what is none means the first."""
