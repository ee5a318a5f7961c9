"""Who asks, by Freya's bearer token, and how much of a list: what every route begins with."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from clarion.app.actor import Actor
from clarion.app.refusals import NotFound, Unauthenticated
from clarion.surfaces.reception import Api, api_of
from clarion.wire.uuids import id_of, uuid_of

_bearer = HTTPBearer(auto_error=False, description="`Authorization: Bearer <token>`")


async def _caller(request: Request, token: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Actor:
    if token is None or not token.credentials:
        raise Unauthenticated("No bearer token.")
    return await api_of(request).keys.authenticate(token.credentials)


ApiDep = Annotated[Api, Depends(api_of)]
Caller = Annotated[Actor, Depends(_caller)]
Limit = Annotated[int, Query(ge=1, le=100, description="At most so many.")]
Offset = Annotated[int, Query(ge=0, le=2**31 - 1, description="After so many.")]
Workspace = Annotated[
    str | None, Query(max_length=1_000, description="Not needed: the key's organisation is the workspace.")
]


def the_id(kind: str, written: str, noun: str | None = None) -> int:
    """Our id of a UUID in a path or a body. NotFound for any other text: a foreign id looks the same."""
    found = id_of(kind, written)
    if found is None:
        raise NotFound(noun or kind, written[:100])
    return found


def workspace_of(actor: Actor) -> str:
    """The caller's organisation as Freya's clients see it."""
    return uuid_of("organization", actor.organization_id)
