"""`clarion demo`: a three-day campaign in half a minute, a report that adds up, then the API to look around in."""

from __future__ import annotations

import asyncio
import contextlib
import shlex
import shutil
import signal
import socket
import sys
from datetime import date, datetime, timedelta
from ipaddress import IPv4Network
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from clarion.app.imports import list_rejects
from clarion.app.refusals import Conflict
from clarion.boot.cli.app import examples, out, run
from clarion.boot.cli.serve import run_house
from clarion.boot.demo import folder
from clarion.boot.demo.audit import audit
from clarion.boot.demo.feed import Feed
from clarion.boot.demo.figures import Figures, read_figures
from clarion.boot.demo.images import WIDTH, write_svg
from clarion.boot.demo.people import MOST_PEOPLE
from clarion.boot.demo.performance import perform
from clarion.boot.demo.receiver import Receiver, listening
from clarion.boot.demo.report import report
from clarion.boot.demo.scenario import HOME, Script, Stage, set_stage
from clarion.boot.demo.view import picture
from clarion.boot.demo.watching import Watcher
from clarion.boot.settings import Settings
from clarion.boot.wiring import open_house, sole_engine
from clarion.engine.clocks import RealClock, VirtualClock
from clarion.wire.law_files import load_law_book

WORTH_WATCHING = 7.0
"""Real seconds that a day takes at least, so that one can follow it."""
OTHER_PORTS = 20
REJECTS_SHOWN = 8
LOOPBACK = IPv4Network("127.0.0.0/8")
DOES_NOT_BALANCE = 1

EPILOG = examples("clarion demo --list patients.csv", "clarion demo --people 200 --fast --no-serve")


def demo(
    list_path: Annotated[
        Path | None,
        typer.Option("--list", help="Your own CSV instead of the fictional people.", exists=True, dir_okay=False),
    ] = None,
    people: Annotated[int, typer.Option(help="How many fictional people.", min=20, max=MOST_PEOPLE)] = 1_000,
    days: Annotated[int, typer.Option(help="How many days are played.", min=1, max=5)] = 3,
    seed: Annotated[int, typer.Option(help="Which people, and how they behave.")] = 1,
    data: Annotated[Path, typer.Option(help="Folder of the demo; made anew each time.")] = Path("clarion-demo"),
    port: Annotated[int, typer.Option(help="Where the API listens; the next free port if that one is taken.")] = 8080,
    serve: Annotated[bool, typer.Option(help="Leave the API running afterwards.")] = True,
    fast: Annotated[bool, typer.Option("--fast", help="As fast as it goes, not as fast as one can watch.")] = False,
    monday: Annotated[
        datetime | None, typer.Option(help="The first day, a Monday.", formats=["%Y-%m-%d"], show_default="last week's")
    ] = None,
    images: Annotated[
        Path | None, typer.Option(help="Write pictures for the README into this folder.", hidden=True)
    ] = None,
) -> None:
    """Play a campaign of 1,000 people over three days: voice, SMS and e-mail in the sandbox, in half a minute.

    Nobody is really called. Then it says what happened, checks the ledger against the carrier's own log, and leaves
    the API running on it until Ctrl-C.
    """
    script = Script(_monday(monday), days, seed, people, list_path)
    folder.claim(data)
    holds = run(_demo(script, data, port if not serve else _free_port(port), serve=serve, fast=fast, images=images))
    if not holds:
        sys.exit(DOES_NOT_BALANCE)


def _monday(given: datetime | None) -> date:
    """The given one, else that of the last whole week: what was played lies in the past when the API runs on it."""
    if given is None:
        today = RealClock().now().date()
        return today - timedelta(days=today.weekday() + 7)
    if given.weekday() != 0:
        raise typer.BadParameter(f"{given:%Y-%m-%d} is a {given:%A}.", param_hint="--monday")
    return given.date()


def _free_port(wanted: int) -> int:
    """`wanted`, or the next port that nobody listens on."""
    for port in range(wanted, min(wanted + OTHER_PORTS, 65_536)):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise Conflict("no_port", f"The ports from {wanted} on are all taken. Name another one with --port.")


async def _demo(script: Script, data: Path, port: int, *, serve: bool, fast: bool, images: Path | None) -> bool:
    """The whole evening. Whether everything that must hold holds."""
    settings = Settings(
        data=data,
        database=None,
        host="127.0.0.1",
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        webhooks_allow_http=True,
        webhooks_allow_private=(LOOPBACK,),
        sandbox={"seed": script.seed},
    )
    clock = VirtualClock(script.starts_at)
    receiver = Receiver()
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(sole_engine(settings))
        folder.empty(data)
        await stack.enter_async_context(listening(receiver))
        house = await stack.enter_async_context(open_house(settings))
        stage = await set_stage(house, clock, script, receiver)
        await _announce(stage)
        watcher = Watcher(out, Feed(stage, receiver), script)
        with watcher.watching() as watch:
            seconds = await perform(stage, 0.0 if fast else WORTH_WATCHING * script.days, watch)
            await watcher.finish(clock.now())
        figures = await read_figures(stage)
        findings = audit(
            data / "clarion.db", house.sandbox_folder, [c for c, _ in figures.campaigns], load_law_book(), HOME
        )
        played = "One day" if script.days == 1 else f"{script.days} days"
        out.print(f"\n[bold]{played} in {seconds:.0f} seconds.[/] What happened:", highlight=False)
        out.print(report(figures, findings, stage, receiver, out.width))
        if images is not None and watcher.kept is not None:
            write_svg(images / "demo.svg", "clarion demo", picture(watcher.kept, script, WIDTH))
            write_svg(images / "demo-report.svg", "clarion demo", report(figures, findings, stage, receiver, WIDTH))
        if serve:
            stop = asyncio.Event()
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
            _invite(stage, figures)
            await run_house(house, stop, listens=True)
    return all(finding.holds for finding in findings)


async def _announce(stage: Stage) -> None:
    """What came of the files; the first rows of the user's own list that were refused, with their lines."""
    for campaign, imported in stage.imports:
        state = imported.imported
        refused = state.duplicates + state.rejected
        out.print(
            f"{escape(campaign.name)}: {state.accepted:,} contacts from {escape(state.filename or 'the list')}, "
            f"{refused:,} rows refused",
            highlight=False,
        )
        if stage.script.list_path is not None:
            for row in await list_rejects(stage.house.database, stage.actor, state.id, limit=REJECTS_SHOWN):
                value = f" ({escape(row.value)})" if row.value else ""
                out.print(f"  [yellow]line {row.line}:[/] {escape(row.message)}{value}", highlight=False)
    for words in stage.unreadable:
        out.print(f"[yellow]Left out: {escape(words)}[/]", highlight=False)


def _invite(stage: Stage, figures: Figures) -> None:
    """How to look around."""
    settings = stage.house.settings
    url = f"http://{settings.host}:{settings.port}"
    here = f"--data {shlex.quote(str(settings.data))}"
    voice = figures.campaigns[0][0].id
    lines = [
        f"\n[bold green]The API runs on what happened: {url}[/]   (Ctrl-C ends it)\n",
        f"  key       [bold]{stage.key}[/]",
        f"  look      curl -H 'Authorization: Bearer {stage.key}' {url}/v1/campaigns/{voice}/numbers",
        f"  browse    {url}/docs",
    ]
    if figures.contact_id is not None:
        command = "clarion" if shutil.which("clarion") else shlex.quote(sys.argv[0])  # make runs it from .venv
        lines.append(f"  why?      {command} contact why {figures.contact_id} {here}")
    for line in lines:
        out.print(line, highlight=False, soft_wrap=True)
