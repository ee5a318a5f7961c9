"""`clarion serve`: the API and the engine in one process, or either alone."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator
from typing import Annotated

import structlog
import typer
import uvicorn

from clarion.boot.cli.app import ConfigFile, Data, DatabaseUrl, run, settings_from
from clarion.boot.logs import set_up_logs
from clarion.boot.settings import LogFormat, LogLevel, ServeRole, Settings
from clarion.boot.wiring import House, open_house, sole_engine
from clarion.engine.loop import deliver
from clarion.engine.loop import run as run_engine
from clarion.engine.memory import settle_memory
from clarion.engine.worker import Worker

log = structlog.get_logger(__name__)


def serve(
    data: Data = None,
    database: DatabaseUrl = None,
    role: Annotated[ServeRole | None, typer.Option(help="all: API and engine; api or worker: one of them.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; a worker listens only if given.")] = None,
    public_url: Annotated[str | None, typer.Option(help="Where recipients reach this server.")] = None,
    sandbox_speed: Annotated[
        float | None, typer.Option(help="How many times faster than people the sandbox's public lives.")
    ] = None,
    sandbox_seed: Annotated[int | None, typer.Option(help="Which public the sandbox plays.")] = None,
    log_format: Annotated[LogFormat | None, typer.Option(help="How log lines look.")] = None,
    log_level: Annotated[LogLevel | None, typer.Option(help="From which severity on.")] = None,
    config: ConfigFile = None,
) -> None:
    """Serve the API and run campaigns until told to stop (SIGTERM or Ctrl-C ends running attempts first)."""
    sandbox = {"speed": sandbox_speed, "seed": sandbox_seed}
    settings = settings_from(
        config,
        data=data,
        database=database,
        role=role,
        host=host,
        port=port,
        public_url=public_url,
        log_format=log_format,
        log_level=log_level,
        sandbox={name: value for name, value in sandbox.items() if value is not None},
    )
    set_up_logs(settings.log_format, settings.log_level)
    listens = settings.role is not ServeRole.WORKER or port is not None
    run(_serve(settings, listens=listens))


async def _serve(settings: Settings, *, listens: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with contextlib.AsyncExitStack() as stack:
        if settings.role is not ServeRole.API:
            await stack.enter_async_context(sole_engine(settings))
        house = await stack.enter_async_context(open_house(settings))
        settle_memory()
        await run_house(house, stop, listens=listens)


async def run_house(house: House, stop: asyncio.Event, *, listens: bool) -> None:
    """Run what the settings' role says until `stop`. OSError when it is to listen where it cannot."""
    settings = house.settings
    door = _open_door(settings.host, settings.port) if listens else None
    worker = house.worker() if settings.role is not ServeRole.API else None
    if worker is not None:
        await worker.enlist()
        courier_id = worker.id
    else:
        async with house.database.write() as tx:
            courier_id = (await tx.new_ids("workers"))[0]
    courier = house.courier(courier_id)
    async with asyncio.TaskGroup() as group:
        if door is not None:
            group.create_task(_listen(house, worker, stop, door))
        if worker is not None:
            group.create_task(_run_engine(worker, house, stop))
        if courier is not None:
            group.create_task(deliver(courier, house.clock, house.meters, stop))


async def _run_engine(worker: Worker, house: House, stop: asyncio.Event) -> None:
    """A worker that ends on its own (it was fenced) ends the process: its supervisor starts a new one."""
    try:
        await run_engine(worker, house.clock, house.meters, stop)
    finally:
        stop.set()


class _Server(uvicorn.Server):
    """uvicorn without signal handlers of its own: ours drain the engine too."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _open_door(host: str, port: int) -> socket.socket:
    """Listen before anything else begins, so that a port that is taken is said in a sentence."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (")[0].lower()
        raise OSError(f"Cannot listen on {host}, port {port}: {reason}. Give another --host or --port.") from error


async def _listen(house: House, worker: Worker | None, stop: asyncio.Event, door: socket.socket) -> None:
    host, port = door.getsockname()[:2]
    config = uvicorn.Config(
        house.api(worker, stop),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[door]))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
    finally:
        stopping.cancel()
        stop.set()
