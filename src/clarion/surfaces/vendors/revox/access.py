"""How a route gets at what it works with, who is asking, and with which release of the SDK."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from clarion.app.actor import Actor
from clarion.app.refusals import NotFound, Unauthenticated
from clarion.surfaces.reception import Api, api_of
from clarion.wire.uuids import id_of

bearer = HTTPBearer(auto_error=False, scheme_name="Bearer", description="An API key: `Authorization: Bearer …`.")

SDK_RELEASE = "x-stainless-package-version"
"""The header in which the SDK says which release it is."""
_RELEASE = re.compile(r"(\d{1,4})\.(\d{1,4})")

Release = tuple[int, ...] | None
"""Of the client's SDK, such as (0, 5); None when it is no SDK."""


async def _caller(request: Request, _bearer: Annotated[object, Security(bearer)]) -> Actor:
    scheme, _, raw = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not raw.strip():
        raise Unauthenticated("This needs an API key: Authorization: Bearer …")
    return await api_of(request).keys.authenticate(raw.strip())


def _release(request: Request) -> Release:
    found = _RELEASE.match(request.headers.get(SDK_RELEASE, ""))
    return (int(found[1]), int(found[2])) if found else None


def our_id(kind: str, text: str) -> int:
    """Our id of a thing that a client names. NotFound for a text that names nothing."""
    found = id_of(kind, text)
    if found is None:
        raise NotFound(kind, text)
    return found


ApiDep = Annotated[Api, Depends(api_of)]
Caller = Annotated[Actor, Depends(_caller)]
ReleaseDep = Annotated[Release, Depends(_release)]
Body = dict[str, Any]
"""What is answered: plain JSON values."""
