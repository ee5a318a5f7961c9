"""The house that vendors' tests call at: `Stage` plays on a virtual clock, `Live` listens on a real socket."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import httpx
import structlog
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from clarion.app.actor import Actor
from clarion.app.deliver import NATIVE
from clarion.app.keys import authenticate
from clarion.app.organizations import create_organization
from clarion.app.planning import Planner
from clarion.app.webhooks import EndpointRules
from clarion.boot.catalog import payload_formats, vendors
from clarion.boot.cli.serve import run_house
from clarion.boot.settings import Settings
from clarion.boot.wiring import open_house
from clarion.store.database import Database
from clarion.surfaces.native.app import create_app
from clarion.surfaces.reception import Api, ApiDependencies, ApiSettings
from clarion.surfaces.vendors.mounting import PREFIX, mount_vendors
from clarion.wire.secrets import Seal
from world import LAWS, MONDAY, World, make_world

PATIENCE = 60.0
"""Seconds until something that must happen has happened, on a slow machine."""
LOOPBACK = (IPv4Network("127.0.0.0/8"),)


@dataclass
class Stage:
    """An API and an engine on one virtual clock."""

    world: World
    app: FastAPI
    key: str

    @property
    def api(self) -> Api:
        """What the surfaces share."""
        api: Api = self.app.state.api
        return api

    def client(self, vendor: str, key: str | None = None, **headers: str) -> httpx.AsyncClient:
        """A client of a vendor's API, with `key` as a bearer token; the owner's when none is given, none for ''."""
        key = self.key if key is None else key
        bearer = {"Authorization": f"Bearer {key}"} if key else {}
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        base = "http://clarion.test" + ("" if vendor == NATIVE else f"{PREFIX}/{vendor}")
        return httpx.AsyncClient(transport=transport, base_url=base, headers={**bearer, **headers})

    async def another(self) -> str:
        """The key of another organisation."""
        _, key = await create_organization(self.world.database, self.world.clock, "Others", "other@example.org")
        return key


async def make_stage(ledger: Database, start: datetime = MONDAY, **sandbox: Any) -> Stage:
    """A world, and the API over its ledger and clock."""
    world = await make_world(ledger, start, **sandbox)
    _, key = await create_organization(ledger, world.clock, "Riverside", "owner@riverside.example")
    world.actor = await authenticate(ledger, world.clock, key)
    rules = EndpointRules(allow_http=True, allow_private=LOOPBACK, formats=frozenset({NATIVE, *payload_formats()}))
    app = create_app(
        ApiDependencies(
            ledger,
            world.clock,
            Seal(Seal.new_key()),
            _ready,
            CollectorRegistry(),
            Planner(LAWS, world.clock),
            ApiSettings(endpoint_rules=rules),
        )
    )
    mount_vendors(app, app.state.api, vendors().values(), {})
    return Stage(world, app, key)


async def _ready() -> list[str]:
    return []


class ShiftedClock:
    """The machine's clock, set to another time: tests of calling hours run at any hour."""

    def __init__(self, start: datetime) -> None:
        self._by = start - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._by


@dataclass
class Live:
    """A server on a real socket: `url` + `/compat/<vendor>`."""

    url: str
    key: str
    actor: Actor
    _found: Callable[[str], tuple[str, Actor]] = field(repr=False)

    def compat(self, vendor: str) -> str:
        """The base URL of a vendor's API."""
        return f"{self.url}{PREFIX}/{vendor}"

    def organization(self, name: str = "Others") -> str:
        """The key of a new organisation."""
        return self._found(name)[0]


@contextlib.contextmanager
def live_server(folder: Path, start: datetime = MONDAY, speed: float = 2_000) -> Iterator[Live]:
    """Serve API, engine and courier from a thread with its own event loop until the block ends."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
    settings = Settings(
        data=folder / "data",
        port=port,
        webhooks_allow_http=True,
        webhooks_allow_private=LOOPBACK,
        sandbox={"speed": speed},
    )
    clock, opened = ShiftedClock(start), threading.Event()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    houses: list[Any] = []
    troubles: list[BaseException] = []

    async def serve() -> None:
        try:
            async with open_house(settings, clock=clock) as house:
                houses.append(house)
                opened.set()
                await run_house(house, stop, listens=True)
        except BaseException as trouble:
            troubles.append(trouble)
            raise
        finally:
            opened.set()

    async def found(name: str) -> tuple[str, Actor]:
        _, key = await create_organization(houses[0].database, clock, name, "owner@example.com")
        return key, await authenticate(houses[0].database, clock, key)

    def ask(name: str) -> tuple[str, Actor]:
        return asyncio.run_coroutine_threadsafe(found(name), loop).result(PATIENCE)

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    with structlog.testing.capture_logs():
        thread.start()
        assert opened.wait(PATIENCE)
        assert not troubles, troubles
        key, actor = ask("Riverside")
        url = f"http://127.0.0.1:{port}"
        until(lambda: _answers(f"{url}/readyz"), "the server is ready")
        try:
            yield Live(url, key, actor, ask)
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join(PATIENCE)
            loop.close()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def until(what: Callable[[], Any], why: str, patience: float = PATIENCE) -> Any:
    """Ask until the answer is something; fail with `why`."""
    give_up = time.monotonic() + patience
    while time.monotonic() < give_up:
        if answer := what():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"not within {patience:.0f} s: {why}")
