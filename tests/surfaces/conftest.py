"""An API over a fresh ledger, and clients with keys of each role."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from clarion.app.actor import Actor, Role
from clarion.app.keys import authenticate, create_key
from clarion.app.organizations import create_organization, create_user
from clarion.app.planning import Planner
from clarion.app.ports.clock import Clock
from clarion.store.database import Database
from clarion.surfaces.native.app import create_app
from clarion.surfaces.reception import ApiDependencies, ApiSettings
from clarion.wire.law_files import load_law_book
from clarion.wire.secrets import Seal

SEAL = Seal(Seal.new_key())
LAW = load_law_book()
SETTINGS = ApiSettings(progress_every=timedelta(milliseconds=5), heartbeat_every=timedelta(milliseconds=20))


@dataclass
class Server:
    """The API, an organisation's owner, and ways to ask."""

    ledger: Database
    clock: Clock
    app: FastAPI
    registry: CollectorRegistry
    owner: Actor
    owner_key: str
    troubles: list[str] = field(default_factory=list)

    async def ready(self) -> Sequence[str]:
        return self.troubles

    def client(self, key: str | None = None) -> httpx.AsyncClient:
        """A client with `key`; the owner's when none is given, no key at all for an empty one."""
        key = self.owner_key if key is None else key
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://clarion.test", headers=headers)

    async def key(self, role: Role) -> str:
        """A key of a new user with this role."""
        user = await create_user(self.ledger, self.clock, self.owner, f"{role}@example.com", role)
        _, raw = await create_key(self.ledger, self.clock, self.owner, role, role, user_id=user.id)
        return raw

    async def foreign_key(self) -> str:
        """The key of another organisation's owner."""
        _, raw = await create_organization(self.ledger, self.clock, "Others", "other@example.org")
        return raw


async def _serve(ledger: Database, clock: Clock) -> Server:
    _, key = await create_organization(ledger, clock, "Riverside", "owner@example.com")
    registry = CollectorRegistry()
    owner = await authenticate(ledger, clock, key)
    server = Server(ledger, clock, FastAPI(), registry, owner, key)
    server.app = create_app(ApiDependencies(ledger, clock, SEAL, server.ready, registry, Planner(LAW, clock), SETTINGS))
    return server


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    """What was logged, instead of printing it."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
async def server(database: Database, clock: Clock) -> Server:
    """The API on each database."""
    return await _serve(database, clock)


@pytest.fixture
async def quick_server(sqlite_url: str, clock: Clock) -> AsyncIterator[Server]:
    """The API on SQLite alone, for what does not depend on the database."""
    ledger = Database(sqlite_url)
    await ledger.create_all()
    yield await _serve(ledger, clock)
    await ledger.close()
