"""What the API is built on, and how a route gets at it: the ledger, the clock, and who is asking."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, cast

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from prometheus_client import CollectorRegistry

from clarion.app.actor import Actor
from clarion.app.keys import KeyRing
from clarion.app.planning import Planner
from clarion.app.ports.channel import Trunk
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger
from clarion.app.refusals import Problem, Unauthenticated
from clarion.app.trunks import Drivers
from clarion.app.webhooks import EndpointRules
from clarion.core.outcomes import Channel
from clarion.wire.secrets import Seal

Readiness = Callable[[], Awaitable[Sequence[str]]]
"""Answers what keeps this process from taking work, in words; nothing when it is ready."""

MEBIBYTE = 1024 * 1024


def _nothing_wrong(_trunk: Trunk) -> Sequence[Problem]:
    return ()


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Limits and tempi of the API."""

    version: str = "0.1.0"
    max_body: int = 16 * MEBIBYTE
    """Bytes of a JSON body."""
    max_upload: int = 4096 * MEBIBYTE
    """Bytes of a file of contacts. It streams through, so this is no matter of memory."""
    drivers: Drivers = field(
        default_factory=lambda: {
            **{(channel, "sandbox"): _nothing_wrong for channel in Channel},
            (Channel.EMAIL, "smtp"): _nothing_wrong,
        }
    )
    """What a trunk may be; boot hands in the catalog with each driver's own check."""
    endpoint_rules: EndpointRules = field(default_factory=EndpointRules)
    """Which webhook URLs are allowed."""
    progress_every: timedelta = timedelta(seconds=1)
    """How often a stream of live progress looks at the ledger."""
    heartbeat_every: timedelta = timedelta(seconds=15)
    """How often a stream with nothing to say says so."""


@dataclass(frozen=True, slots=True)
class ApiDependencies:
    """Everything the API needs from outside; made by boot."""

    ledger: Ledger
    clock: Clock
    seal: Seal
    readiness: Readiness
    registry: CollectorRegistry
    planner: Planner
    settings: ApiSettings = field(default_factory=ApiSettings)


@dataclass(frozen=True, slots=True)
class Api:
    """What routes work with: the dependencies, and the keys that were let in lately."""

    ledger: Ledger
    clock: Clock
    seal: Seal
    planner: Planner
    settings: ApiSettings
    keys: KeyRing


def api_of(request: Request) -> Api:
    """The running API."""
    return cast(Api, request.app.state.api)


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
