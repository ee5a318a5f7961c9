"""`clarion torture`: kill, freeze and cut the house while it works, and prove that its ledger balances."""

from __future__ import annotations

import asyncio
import random
import shlex
import tempfile
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from clarion.boot.cli.app import err, out
from clarion.boot.torture.client import Refused, Unanswered
from clarion.boot.torture.plan import Engine, plan, shares
from clarion.boot.torture.postgres import NoPostgres, NotEmpty
from clarion.boot.torture.processes import BrokenOff
from clarion.boot.torture.report import keep_evidence, show_leg
from clarion.boot.torture.run import Leg, run_leg


class Engines(StrEnum):
    """Which databases."""

    POSTGRES = "postgres"
    SQLITE = "sqlite"
    BOTH = "both"


NOT_ALL_RAN = 2
"""Exit code when what ran balances and a leg could not be run."""


def torture(
    seed: Annotated[int | None, typer.Option(help="Replays the same mischief on the same public.")] = None,
    kills: Annotated[int, typer.Option(min=1, help="How often a process is killed, over both databases.")] = 100,
    engine: Annotated[Engines, typer.Option(help="PostgreSQL with several workers, SQLite with one, or both.")] = (
        Engines.BOTH
    ),
    database: Annotated[
        str | None, typer.Option(help="URL of an empty PostgreSQL; without it one is started for the run.")
    ] = None,
    keep: Annotated[Path | None, typer.Option(help="Folder for logs and evidence, kept in any case.")] = None,
    show_plan: Annotated[bool, typer.Option("--plan", help="Print everything that will go wrong first.")] = False,
) -> None:
    """Run campaigns while processes are killed and frozen, the database is cut, and people pause, edit and add.

    Afterwards the ledger is held against the simulated carrier's own log. Exit code 0: it balances. 1: it does not.
    2: what ran balances, but a leg could not be run. The same seed plays the same mischief on the same public; at
    which line of the code it strikes is up to the machine.
    """
    seed = random.SystemRandom().randrange(1_000_000) if seed is None else seed
    engines = (Engine.POSTGRES, Engine.SQLITE) if engine is Engines.BOTH else (Engine(engine),)
    again = f"clarion torture --seed {seed} --kills {kills}"
    again += "" if engine is Engines.BOTH else f" --engine {engine}"
    again += f" --database {shlex.quote(database)}" if database else ""
    out.print(f"Seed [bold]{seed}[/]; to replay: {again}", highlight=False, soft_wrap=True)
    legs, skipped = _run_legs(seed, shares(kills, engines), database, keep, show_plan)
    for leg in legs:
        show_leg(out, leg)
    for why in skipped:
        out.print(f"[yellow]Not run:[/] {why}", highlight=False)
    out.print(f"Seed [bold]{seed}[/]; to replay: {again}", highlight=False, soft_wrap=True)
    if not all(leg.balances for leg in legs):
        raise typer.Exit(1)
    if skipped:
        raise typer.Exit(NOT_ALL_RAN)
    out.print("[green]The ledger balances.[/]")


def _run_legs(
    seed: int, kills: dict[Engine, int], database: str | None, keep: Path | None, show_plan: bool
) -> tuple[Sequence[Leg], Sequence[str]]:
    legs: list[Leg] = []
    skipped: list[str] = []
    columns = (TextColumn("{task.description:<44}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=out, transient=True) as progress:
        for engine, count in kills.items():
            schedule = plan(seed, engine, count)
            if show_plan:
                progress.console.print(f"{engine}, {schedule.length:.0f} s:", highlight=False)
                progress.console.print("\n".join(f"  {each}" for each in schedule.mischief), highlight=False)
            task = progress.add_task(str(engine), total=count)

            def tell(doing: str, done: int, task: TaskID = task) -> None:
                progress.update(task, description=doing, completed=done)

            folder = Path(tempfile.mkdtemp(prefix=f"clarion-torture-{engine}-"))
            try:
                # Not on uvloop: there anyio trips over connections that are reset as soon as they are made.
                leg = asyncio.run(run_leg(schedule, database if engine is Engine.POSTGRES else None, folder, tell))
            except (NoPostgres, NotEmpty) as missing:
                skipped.append(str(missing))
                folder.rmdir()
                continue
            except (Refused, Unanswered, BrokenOff) as broken:
                err.print(f"[red]The run broke off:[/] {broken}\nLogs: {folder}", highlight=False, soft_wrap=True)
                raise typer.Exit(1) from broken
            legs.append(leg)
            keep_evidence(out, leg, folder, keep)
    return legs, skipped
