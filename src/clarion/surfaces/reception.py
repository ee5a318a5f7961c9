"""What every way in is built on: the ledger, the clock, the limits, and who a key belongs to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

from fastapi import FastAPI, Request
from prometheus_client import CollectorRegistry

from clarion.app.keys import KeyRing
from clarion.app.planning import Planner
from clarion.app.ports.channel import Trunk
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger
from clarion.app.refusals import Problem
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


def open_reception(dependencies: ApiDependencies) -> Api:
    """What the surfaces of one process share."""
    return Api(
        dependencies.ledger,
        dependencies.clock,
        dependencies.seal,
        dependencies.planner,
        dependencies.settings,
        KeyRing(dependencies.ledger, dependencies.clock),
    )


def settle_in(app: FastAPI, api: Api) -> None:
    """Make `api` what the routes of `app` get from `api_of`."""
    app.state.api = api


def api_of(request: Request) -> Api:
    """The running API."""
    return cast(Api, request.app.state.api)
