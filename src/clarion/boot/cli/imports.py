"""`clarion import`: a contact file into a campaign, with a progress bar and a report of the rows not taken."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.console import Group
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from clarion.app.actor import Actor
from clarion.app.batches import BatchContent, create_batch, get_batch
from clarion.app.import_contacts import ImportProgress, ImportReport, import_csv
from clarion.app.imports import list_rejects
from clarion.app.refusals import NotFound
from clarion.boot.cli.app import (
    AsJson,
    ConfigFile,
    Data,
    DatabaseUrl,
    err,
    out,
    run,
    same_place,
    settings_from,
    tell_json,
)
from clarion.boot.cli.campaign_file import STDIN, read_pairs
from clarion.boot.operator import Organization, open_desk
from clarion.boot.settings import Settings
from clarion.boot.wiring import House
from clarion.core.contacts import BadRow
from clarion.surfaces.native.imports import ImportReportShape

CHUNK = 1 << 18
SHOWN = 10
"""Rejected rows that are shown; `--rejects` has them all."""
PAGE = 1_000
REJECT_COLUMNS = ("line", "reason", "field", "value", "message")
SAME_AS = {"phone": "address", "email": "address"}
"""What people call the address when they map columns."""


@dataclass(slots=True)
class Wanted:
    """What the command line asks for."""

    campaign_id: int
    batch: str | None
    mapping: Mapping[str, str]
    allow_duplicates: bool
    again: bool
    filename: str | None
    rejects: Path | None


@dataclass(slots=True)
class Reading:
    """A file on its way in, and how far it is."""

    file: BinaryIO
    size: int | None
    read: int = 0
    latest: ImportProgress | None = None
    begun: tuple[float, int] | None = None
    """Seconds and rows at the first block: one that goes on has rows of earlier runs."""
    shown: Progress = field(init=False)

    def __post_init__(self) -> None:
        self.shown = Progress(
            SpinnerColumn(),
            BarColumn(bar_width=28),
            DownloadColumn(),
            TextColumn("[bold]{task.fields[rows]:,}[/] rows, {task.fields[speed]:,.0f}/s"),
            TextColumn("[green]{task.fields[accepted]:,} accepted[/]"),
            TextColumn("[yellow]{task.fields[duplicates]:,} duplicates[/]"),
            TextColumn("[red]{task.fields[rejected]:,} rejected[/]"),
            TimeElapsedColumn(),
            console=err,
            transient=True,
            disable=not err.is_terminal,
        )
        self.shown.add_task("", total=self.size, rows=0, speed=0.0, accepted=0, duplicates=0, rejected=0)

    def chunks(self) -> Iterator[bytes]:
        """The file, counted as it is read."""
        while chunk := self.file.read(CHUNK):
            self.read += len(chunk)
            yield chunk

    def note(self, progress: ImportProgress) -> None:
        """A block of rows is in the ledger."""
        self.latest = progress
        task = self.shown.tasks[0]
        rows = progress.accepted + progress.duplicates + progress.rejected
        elapsed = task.elapsed or 0.0
        self.begun = self.begun or (elapsed, rows)
        seconds, before = self.begun
        self.shown.update(
            task.id,
            completed=self.read,
            rows=rows,
            speed=(rows - before) / max(0.001, elapsed - seconds),
            accepted=progress.accepted,
            duplicates=progress.duplicates,
            rejected=progress.rejected,
        )


def import_(
    file: Annotated[Path, typer.Argument(help="CSV in any encoding and with any separator; - for standard input.")],
    campaign: Annotated[int, typer.Option(help="Id of the campaign.")],
    batch: Annotated[
        str | None, typer.Option(help="Key of the batch, made if there is none.", show_default="the campaign's own")
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help="FIELD=COLUMN, such as phone=Telephone; may be repeated. Fields: phone or email, fallbacks, "
            "reference_id, timezone, postal_code, country, priority, person; other names are variables, "
            "=COLUMN leaves one out.",
        ),
    ] = None,
    allow_duplicates: Annotated[
        bool, typer.Option("--allow-duplicates", help="Take addresses that the campaign has already.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Take the file as a new one instead of going on where it stopped.")
    ] = False,
    rejects: Annotated[Path | None, typer.Option(help="CSV file for every row that was not taken.")] = None,
    organization: Organization = None,
    data: Data = None,
    database: DatabaseUrl = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Import contacts from a CSV file. Each row is taken, or reported with its line and reason.

    Columns are found by their headers, or by what --map says of them.

    An interrupted import goes on where it stopped when the command is repeated; nobody comes in twice.
    """
    columns = {column: SAME_AS.get(name, name) for name, column in read_pairs("map", mapping or ()).items()}
    settings = settings_from(config, data=data, database=database)
    with ExitStack() as stack:
        source = sys.stdin.buffer if file == STDIN else stack.enter_context(file.open("rb"))
        reading = Reading(source, None if file == STDIN else file.stat().st_size)
        filename = None if file == STDIN else file.name
        wanted = Wanted(campaign, batch, columns, allow_duplicates, again, filename, rejects)
        try:
            report, first = run(_import(settings, organization, wanted, reading))
        except KeyboardInterrupt:
            _say_interrupted(reading)
            raise typer.Exit(130) from None
    if as_json:
        tell_json(ImportReportShape.of(report))
    else:
        _show(report, first, rejects)
        if report.imported.accepted:
            out.print(f"Next: clarion campaign check {campaign}{same_place(data, config)}", highlight=False)


async def _import(
    settings: Settings, organization: int | None, wanted: Wanted, reading: Reading
) -> tuple[ImportReport, Sequence[BadRow]]:
    """The report, and the first of the rejected rows."""
    async with open_desk(settings, organization) as (house, actor):
        if wanted.batch is not None:
            await _make_batch(house, actor, wanted.campaign_id, wanted.batch)
        with reading.shown:
            report = await import_csv(
                house.database,
                house.clock,
                actor,
                wanted.campaign_id,
                reading.chunks(),
                mapping=wanted.mapping,
                batch_key=wanted.batch,
                filename=wanted.filename,
                allow_duplicates=wanted.allow_duplicates,
                resume=not wanted.again,
                progress=reading.note,
            )
        if wanted.rejects is not None:
            await _write_rejects(house, actor, report.imported.id, wanted.rejects)
        return report, await list_rejects(house.database, actor, report.imported.id, limit=SHOWN)


async def _make_batch(house: House, actor: Actor, campaign_id: int, key: str) -> None:
    try:
        await get_batch(house.database, actor, key)
    except NotFound:
        await create_batch(house.database, house.clock, actor, campaign_id, key, BatchContent())


async def _write_rejects(house: House, actor: Actor, import_id: int, path: Path) -> None:
    line = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(REJECT_COLUMNS)
        while page := await list_rejects(house.database, actor, import_id, after_line=line, limit=PAGE):
            lines.writerows((bad.line, bad.code, bad.field, bad.value, bad.message) for bad in page)
            line = page[-1].line


def _show(report: ImportReport, first: Sequence[BadRow], rejects: Path | None) -> None:
    done = report.imported
    if report.resumed_at is not None:
        out.print(f"[dim]Went on behind line {report.resumed_at:,}, where an earlier run had come to.[/]")
    out.print(
        f"[green]{done.accepted:,} accepted[/], [yellow]{done.duplicates:,} duplicates[/], "
        f"[red]{done.rejected:,} rejected[/] of {done.accepted + done.duplicates + done.rejected:,} rows "
        f"[dim](import {done.id})[/]",
        highlight=False,
    )
    if report.codes:
        _show_rejects(report.codes, first)
        missing = sum(report.codes.values()) - len(first)
        if rejects is not None:
            out.print(f"All of them, with their lines: {escape(str(rejects))}", highlight=False)
        elif missing > 0:
            out.print(
                f"[dim]… and {missing:,} more: repeat the command with --rejects rejects.csv.[/]", highlight=False
            )


def _show_rejects(codes: Mapping[str, int], first: Sequence[BadRow]) -> None:
    reasons = Table(box=None, pad_edge=False, show_header=False)
    reasons.add_column(justify="right")
    for code, n in sorted(codes.items(), key=lambda row: (-row[1], row[0])):
        reasons.add_row(f"{n:,}", code.replace("_", " "))
    rows = Table("line", "value", "reason", box=None, pad_edge=False, header_style="dim")
    rows.columns[0].justify = "right"
    for bad in first:
        rows.add_row(f"{bad.line:,}", escape(bad.value or ""), escape(bad.message))
    out.print(Group(reasons, "", rows))


def _say_interrupted(reading: Reading) -> None:
    latest = reading.latest
    if latest is None:
        err.print("Interrupted before the first rows were in. Repeat the command to begin again.")
        return
    err.print(
        f"Interrupted behind line {latest.line:,}; {latest.accepted:,} contacts are in. "
        "Repeat the command: it goes on from there, and nobody comes in twice.",
        highlight=False,
    )
