"""The OpenAPI document against the running API: no crash and no undocumented answer, for an owner and a viewer.

The API runs in a thread with its own event loop, behind a real socket.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, settings
from prometheus_client import CollectorRegistry
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from clarion.app.actor import Role
from clarion.app.keys import authenticate, create_key
from clarion.app.organizations import create_organization, create_user
from clarion.app.planning import Planner
from clarion.app.ports.ledger import Ledger
from clarion.store.database import Database
from clarion.surfaces.native.agents import EXAMPLE as AGENT
from clarion.surfaces.native.app import create_app
from clarion.surfaces.native.campaign_shapes import EXAMPLE as CAMPAIGN
from clarion.surfaces.reception import ApiDependencies
from clarion.wire.law_files import load_law_book
from clarion.wire.secrets import Seal

pytestmark = pytest.mark.slow

NOON = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


class StoppedClock:
    def now(self) -> datetime:
        return NOON


async def _ready() -> list[str]:
    return []


def _app(ledger: Ledger) -> Any:
    clock, seal = StoppedClock(), Seal(Seal.new_key())
    planner = Planner(load_law_book(), clock)
    return create_app(ApiDependencies(ledger, clock, seal, _ready, CollectorRegistry(), planner))


DOCUMENT = _app(cast(Ledger, None)).openapi()
thorough = schemathesis.openapi.from_dict(DOCUMENT)
light = schemathesis.openapi.from_dict(DOCUMENT)
light.config.phases.coverage.enabled = False


@dataclass
class Running:
    """The API in its thread."""

    url: str
    keys: dict[str, str]


async def _seed(ledger: Database) -> dict[str, str]:
    clock = StoppedClock()
    _, owner_key = await create_organization(ledger, clock, "Riverside", "owner@example.com")
    owner = await authenticate(ledger, clock, owner_key)
    viewer = await create_user(ledger, clock, owner, "viewer@example.com", Role.VIEWER)
    _, viewer_key = await create_key(ledger, clock, owner, "looks", Role.VIEWER, user_id=viewer.id)
    return {"owner": owner_key, "viewer": viewer_key}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    path: Path = tmp_path_factory.mktemp("api") / "clarion.db"
    started = threading.Event()
    shared: dict[str, Any] = {}

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started.set()

    async def serve() -> None:
        ledger = Database(f"sqlite:///{path}")
        await ledger.create_all()
        shared["keys"] = await _seed(ledger)
        shared["server"] = Announcing(
            uvicorn.Config(_app(ledger), port=0, log_level="error", timeout_graceful_shutdown=1)
        )
        await shared["server"].serve()
        await ledger.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert started.wait(30)
    url = f"http://127.0.0.1:{shared['server'].servers[0].sockets[0].getsockname()[1]}"
    with httpx.Client(base_url=url, headers={"X-API-Key": shared["keys"]["owner"]}) as client:
        assert client.post("/v1/agents", json=AGENT).status_code == 201
        assert client.post("/v1/campaigns", json=CAMPAIGN).status_code == 201
        contact = {"contacts": [{"address": "+12125550147"}]}
        assert client.post("/v1/campaigns/1/contacts", json=contact).json()["accepted"] == 1
        hook = {"url": "https://hooks.example.com/clarion"}
        assert client.post("/v1/webhooks", json=hook).status_code == 201
    yield Running(url, shared["keys"])
    for key in shared["keys"].values():  # nothing that was tried has locked the callers out, or it would prove little
        assert httpx.get(f"{url}/v1/me", headers={"X-API-Key": key}).status_code == 200
    shared["server"].should_exit = True
    thread.join(10)


EVERYWHERE = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
QUICK = {
    "deadline": None,
    "derandomize": True,
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.explicit, Phase.generate],
    "database": None,
}


@(
    thorough.exclude(path_regex="events$")
    .exclude(path="/v1/keys/{key_id}", method="DELETE")  # these would lock the caller out; test_keys.py has them
    .exclude(path="/v1/users/{user_id}", method="PATCH")
    .parametrize()
)
@settings(max_examples=3, **QUICK)
def test_owner(case: schemathesis.Case, running: Running) -> None:
    """Every field at its limits and beyond, and some whole bodies at random."""
    response = case.call(base_url=running.url, headers={"Authorization": f"Bearer {running.keys['owner']}"})
    case.validate_response(response, checks=[*EVERYWHERE, negative_data_rejection])


@light.include(path_regex="^/v1/").exclude(path_regex="events$").exclude(method="GET").parametrize()
@settings(max_examples=2, **QUICK)
def test_viewer(case: schemathesis.Case, running: Running) -> None:
    """Whoever may only look changes nothing."""
    response = case.call(base_url=running.url, headers={"Authorization": f"Bearer {running.keys['viewer']}"})
    case.validate_response(response, checks=EVERYWHERE)
    assert response.status_code >= 400 or case.path.endswith("/check"), "a viewer changed something"
