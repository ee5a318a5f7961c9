"""Puts the rooms together: one house per process, opened from settings and closed again."""

from __future__ import annotations

import asyncio
import base64
import fcntl
import hashlib
import os
import platform
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from io import TextIOWrapper
from pathlib import Path

import structlog
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from sqlalchemy import text

from clarion import __version__
from clarion.app.deliver import NATIVE
from clarion.app.planning import Planner
from clarion.app.ports.channel import ChannelDriver, Order, Trunk
from clarion.app.ports.clock import Clock
from clarion.app.rounds import Ready
from clarion.app.unsubscribe import with_unsubscribe
from clarion.app.webhooks import EndpointRules
from clarion.boot.catalog import CATALOG, Means, payload_formats, trunk_checks, vendors
from clarion.boot.settings import Settings
from clarion.channels.sandbox.driver import SandboxNetwork
from clarion.channels.sandbox.settings import parse_sandbox
from clarion.core.outcomes import Channel
from clarion.engine.clocks import RealClock
from clarion.engine.courier import Courier
from clarion.engine.front_desk import FrontDesk
from clarion.engine.meters import Meters
from clarion.engine.webhook_post import WebhookPost
from clarion.engine.worker import Tempo, Worker
from clarion.store.database import Database
from clarion.store.installation import installation_id, settle
from clarion.store.upgrade import upgrade
from clarion.surfaces.callbacks.unsubscribe import unsubscribe_router
from clarion.surfaces.native.app import create_app
from clarion.surfaces.reception import ApiDependencies, ApiSettings
from clarion.surfaces.vendors.mounting import mount_vendors
from clarion.wire.law_files import load_law_book
from clarion.wire.secrets import Seal, SealBroken
from clarion.wire.unsubscribe import UnsubscribeTokens

log = structlog.get_logger(__name__)

KEY_FILE = "secret.key"
LOCK_FILE = "engine.lock"


class AlreadyRunning(Exception):
    """Another process works on this data folder."""


@dataclass(slots=True)
class House:
    """Everything that a process needs, built once."""

    settings: Settings
    database: Database
    clock: Clock
    seal: Seal
    has_key: bool
    """False: the ledger's secrets were sealed with another key, so webhooks and carriers' passwords are not for us."""
    tokens: UnsubscribeTokens
    planner: Planner
    registry: CollectorRegistry
    meters: Meters
    sandbox_folder: Path

    def drivers(self, clock: Clock | None = None) -> dict[tuple[Channel, str], ChannelDriver]:
        """Every driver of the catalog, with its own sandbox network."""
        network = SandboxNetwork(parse_sandbox({"log_dir": str(self.sandbox_folder), **self.settings.sandbox}))
        means = Means(clock or self.clock, network)
        return {name: entry.build(means) for name, entry in CATALOG.items()}

    def worker(self, *, clock: Clock | None = None, tempo: Tempo | None = None) -> Worker:
        """An engine worker of this process."""
        return Worker(
            self.database,
            clock or self.clock,
            Planner(load_law_book(), clock) if clock else self.planner,
            self.drivers(clock),
            self.meters,
            name=f"{platform.node()}:{os.getpid()}",
            version=__version__,
            open_secrets=self.open_secrets,
            finish=self.finish_order,
            tempo=tempo or Tempo(),
            alone=not self.database.is_postgres,
        )

    def courier(self, worker_id: int) -> Courier | None:
        """The webhook courier; None without the key that opens the endpoints' secrets."""
        if not self.has_key:
            return None
        post = WebhookPost(allow_private=self.settings.webhooks_allow_private)
        return Courier(self.database, self.seal, RealClock(), worker_id, post, formats=payload_formats())

    def api(self, worker: Worker | None, stopping: asyncio.Event) -> FastAPI:
        """The HTTP application. `worker` is this process's engine, if it has one: reports go straight to it."""

        async def readiness() -> Sequence[str]:
            missing = []
            if stopping.is_set():
                missing.append("this process is stopping")
            if worker is not None and (worker.id == 0 or worker.fenced):
                missing.append("the engine is not running")
            try:
                async with self.database.read() as tx:
                    await tx.session.execute(text("SELECT 1"))
            except Exception as trouble:  # noqa: BLE001 - a request's edge: whatever it is, we are not ready
                missing.append(f"the database does not answer ({type(trouble).__name__})")
            return missing

        dependencies = ApiDependencies(
            ledger=self.database,
            clock=self.clock,
            seal=self.seal,
            readiness=readiness,
            registry=self.registry,
            planner=self.planner,
            settings=ApiSettings(
                version=__version__,
                max_body=self.settings.max_body_bytes,
                max_upload=self.settings.max_upload_bytes,
                drivers=trunk_checks(),
                endpoint_rules=EndpointRules(
                    allow_http=self.settings.webhooks_allow_http,
                    allow_private=self.settings.webhooks_allow_private,
                    formats=frozenset({NATIVE, *payload_formats()}),
                ),
            ),
        )
        app = create_app(dependencies)
        desk = worker or FrontDesk(self.database, self.planner, self.clock)
        app.include_router(unsubscribe_router(self.database, self.clock, self.tokens, desk.hand_in))
        mount_vendors(app, app.state.api, vendors().values(), self.settings.surfaces.hosts)
        return app

    def open_secrets(self, trunk: Trunk) -> Trunk:
        """The trunk with its secrets in clear; without the key it is disabled for this process."""
        try:
            return replace(trunk, secrets={name: self.seal.open(sealed) for name, sealed in trunk.secrets.items()})
        except SealBroken:
            log.error("trunk_secret_not_opened", trunk=trunk.id)
            return replace(trunk, enabled=False, secrets={})

    def finish_order(self, ready: Ready, order: Order) -> Order:
        """An e-mail gets its unsubscribe link."""
        return with_unsubscribe(order, self.tokens, self.settings.public_url)


@asynccontextmanager
async def open_house(settings: Settings, *, clock: Clock | None = None) -> AsyncIterator[House]:
    """Open the ledger (bringing its schema up to date) and all that belongs to it."""
    settings.data.mkdir(parents=True, exist_ok=True)
    keys = _keys(settings)
    database = Database(settings.database_url)
    try:
        await upgrade(database)
        fingerprint = hashlib.sha256(b"clarion key\n" + keys).hexdigest()
        has_key = await settle(database, "key_fingerprint", fingerprint) == fingerprint
        if not has_key:
            log.warning(
                "another_key",
                hint="This ledger's secrets were sealed with another key: give CLARION_SECRET_KEY or --data. "
                "Webhooks and trunks with passwords are left to processes that have it.",
            )
        clock = clock or RealClock()
        registry = CollectorRegistry()
        yield House(
            settings=settings,
            database=database,
            clock=clock,
            seal=Seal(keys),
            has_key=has_key,
            tokens=UnsubscribeTokens(keys.split()),
            planner=Planner(load_law_book(), clock),
            registry=registry,
            meters=Meters(registry),
            sandbox_folder=await _sandbox_folder(settings, database),
        )
    finally:
        await database.close()


def _keys(settings: Settings) -> bytes:
    """The sealing keys: the setting's, else the data folder's, made on first use and readable by us alone."""
    if settings.secret_key is not None:
        given = settings.secret_key.get_secret_value().encode()
        try:
            Seal(given)
        except ValueError:  # a passphrase and not the content of a key file
            return base64.urlsafe_b64encode(hashlib.sha256(given).digest())
        return given
    path = settings.data / KEY_FILE
    with suppress(FileExistsError), open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(Seal.new_key())
    return path.read_bytes()


async def _sandbox_folder(settings: Settings, database: Database) -> Path:
    """Where the simulated carriers keep their log. Workers on one PostgreSQL share one, whatever their data folders.

    A carrier that forgot a call because another worker asks would be no carrier.
    """
    if not database.is_postgres:
        return settings.data / "sandbox"
    return Path(tempfile.gettempdir()) / f"clarion-sandbox-{await installation_id(database)}"


@asynccontextmanager
async def sole_engine(settings: Settings) -> AsyncIterator[None]:
    """Hold the data folder's engine lock: SQLite has one engine. Raises AlreadyRunning. PostgreSQL needs no lock."""
    if settings.database is not None and settings.database.startswith("postgres"):
        yield
        return
    settings.data.mkdir(parents=True, exist_ok=True)
    file: TextIOWrapper
    with (settings.data / LOCK_FILE).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            raise AlreadyRunning(
                f"Another clarion works on {settings.data}. Stop it, or give this one a --data folder of its own."
            ) from held
        yield
