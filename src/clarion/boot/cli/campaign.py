"""`clarion campaign`: create, check, steer, list and export campaigns, beside a running server or without one."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.markup import escape
from rich.table import Table

from clarion.app import steer
from clarion.app.actor import Actor
from clarion.app.campaigns import get_campaign
from clarion.app.check_campaign import Check, check_campaign
from clarion.app.planning import own_zone
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger
from clarion.app.report import Overview, export_rows, overview
from clarion.app.story_words import clock_words, place_words, rule_words
from clarion.boot.cli.app import (
    AsJson,
    CampaignId,
    ConfigFile,
    Data,
    DatabaseUrl,
    examples,
    out,
    run,
    same_place,
    settings_from,
    tell_json,
)
from clarion.boot.cli.campaign_create import create_command
from clarion.boot.cli.campaign_watch import status_command, watch_command
from clarion.boot.cli.standing import STATUS_STYLES
from clarion.boot.operator import Organization, open_desk
from clarion.boot.settings import Settings
from clarion.core.campaigns import Campaign, CampaignStatus
from clarion.core.outcomes import ContactState, FinishReason
from clarion.core.schedule import Region
from clarion.surfaces.native.campaign_shapes import CampaignShape
from clarion.surfaces.native.campaigns import CheckShape
from clarion.surfaces.native.numbers import (
    CampaignLine,
    ExportFormat,
    NumbersShape,
    OverviewShape,
    csv_lines,
    ndjson_lines,
)

campaign = typer.Typer(help="Campaigns: create, check, launch, watch, steer, export.", no_args_is_help=True)

NOBODY = "[dim]–[/]"


campaign.command(
    "create",
    epilog=examples(
        "clarion campaign create --name Recall --channel voice --window 09:00-17:00 --days mon-fri --retries 2",
        'clarion campaign create --name Notices --channel sms --rate 3600 --message "Hello {{ first_name }}, …"',
        "clarion campaign create --file campaign.toml --name 'Recall, week 48' --json",
    ),
)(create_command)

Steer = Callable[[Ledger, Clock, Actor, int], Awaitable[Campaign]]

STEERING: tuple[tuple[str, Steer, str], ...] = (
    ("launch", steer.launch_campaign, "Let a draft run, or wait for its start."),
    ("pause", steer.pause_campaign, "Begin nothing new until it is resumed; conversations that run go on."),
    ("resume", steer.resume_campaign, "Go on after a pause."),
    ("cancel", steer.cancel_campaign, "Call it off for good: who waits is finished as cancelled."),
    ("complete", steer.complete_campaign, "End it now: who still waits is finished as expired. It can be reopened."),
)
NEXT = {
    CampaignStatus.RUNNING: "Watch it: clarion campaign watch",
    CampaignStatus.PAUSED: "Go on: clarion campaign resume",
    CampaignStatus.COMPLETED: "Take the results: clarion campaign export",
    CampaignStatus.CANCELLED: "Take the results: clarion campaign export",
}


def _add_steering(name: str, use: Steer, sentence: str) -> None:
    """A command for one turn in a campaign's life. All of them may be repeated."""

    def command(
        campaign_id: CampaignId,
        organization: Organization = None,
        data: Data = None,
        database: DatabaseUrl = None,
        config: ConfigFile = None,
        as_json: AsJson = False,
    ) -> None:
        changed = run(_steer(settings_from(config, data=data, database=database), organization, campaign_id, use))
        if as_json:
            tell_json(CampaignShape.of(changed))
            return
        style = STATUS_STYLES[changed.status]
        starts = ""
        if changed.status is CampaignStatus.SCHEDULED and changed.start_at is not None:
            starts = f", it starts {clock_words(changed.start_at, own_zone(changed))}"
        out.print(f"Campaign {changed.id} is [{style}]{changed.status}[/]{starts}.", highlight=False)
        if changed.status in NEXT:
            out.print(f"{NEXT[changed.status]} {changed.id}{same_place(data, config)}", highlight=False)

    campaign.command(name, help=f"{sentence} Doing it twice changes nothing.")(command)


for each in STEERING:
    _add_steering(*each)


async def _steer(settings: Settings, organization: int | None, campaign_id: int, use: Steer) -> Campaign:
    async with open_desk(settings, organization) as (house, actor):
        return await use(house.database, house.clock, actor, campaign_id)


campaign.command("status")(status_command)
campaign.command("watch")(watch_command)


@campaign.command(
    "list", epilog=examples("clarion campaign list --status running", "clarion campaign list --json | jq .campaigns")
)
def list_command(
    status: Annotated[list[CampaignStatus] | None, typer.Option(help="Any of these; may be repeated.")] = None,
    name: Annotated[str | None, typer.Option(help="Part of the name.")] = None,
    organization: Organization = None,
    data: Data = None,
    database: DatabaseUrl = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """List campaigns with how they stand, the newest first. Archived ones are left out."""
    found = run(_overview(settings_from(config, data=data, database=database), organization))
    chosen = [
        (one, numbers)
        for one, numbers in found.campaigns
        if (not status or one.status in status) and (name or "").casefold() in one.name.casefold()
    ]
    if as_json:
        lines = [
            CampaignLine(id=one.id, name=one.name, channel=one.channel, status=one.status, numbers=NumbersShape.of(n))
            for one, n in chosen
        ]
        statuses = {word.value: n for word, n in found.statuses.items()}
        tell_json(OverviewShape(total=NumbersShape.of(found.total), statuses=statuses, campaigns=lines))
        return
    if not chosen:
        out.print("There are no such campaigns." if found.campaigns else "There are no campaigns yet.")
        out.print("Make one: clarion campaign create --help", highlight=False)
        return
    table = Table("id", "name", "channel", "status", box=None, pad_edge=False, header_style="dim")
    for heading in ("contacts", "waiting", "live", "finished", "done"):
        table.add_column(heading, justify="right")
    for one, numbers in chosen:
        done = f"{numbers.finished / numbers.contacts:.0%}" if numbers.contacts else NOBODY
        counts = (numbers.contacts, numbers.waiting, numbers.live, numbers.finished)
        status_cell = f"[{STATUS_STYLES[one.status]}]{one.status}[/]"
        table.add_row(str(one.id), escape(one.name), one.channel, status_cell, *map("{:,}".format, counts), done)
    out.print(table)


async def _overview(settings: Settings, organization: int | None) -> Overview:
    async with open_desk(settings, organization) as (house, actor):
        return await overview(house.database, actor)


@campaign.command("check", epilog=examples("clarion campaign check 7"))
def check_command(
    campaign_id: CampaignId,
    organization: Organization = None,
    data: Data = None,
    database: DatabaseUrl = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Count before a launch: how many will be skipped and why, and when each region can be reached first.

    Exits with 1 when something keeps the campaign from being launched.
    """
    settings = settings_from(config, data=data, database=database)
    checked, found = run(_check(settings, organization, campaign_id))
    if as_json:
        tell_json(CheckShape.of(found))
    else:
        _show_check(checked, found)
        if checked.status is CampaignStatus.DRAFT and not found.problems:
            out.print(f"Ready: clarion campaign launch {campaign_id}{same_place(data, config)}", highlight=False)
    raise typer.Exit(1 if found.problems and checked.status is CampaignStatus.DRAFT else 0)


def _show_check(checked: Campaign, found: Check) -> None:
    zone = own_zone(checked)
    style = "yellow" if found.will_skip else "green"
    out.print(f"[{style}]{found.will_skip:,} of {found.total:,} contacts will be skipped.[/]", highlight=False)
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(justify="right")
    for skipped in found.skipped:
        reason = skipped.reason.replace("_", " ")
        table.add_row(f"{skipped.count:,}", reason, f"[dim]{rule_words(skipped.rule)}[/]")
    if found.skipped:
        out.print(table)
    regions = Table("", "zone", "place", f"first reachable ({zone.key})", box=None, pad_edge=False, header_style="dim")
    regions.columns[0].justify = "right"
    for region in found.regions:
        places = ", ".join(Region.parse(region.region_key).jurisdictions)
        first = clock_words(region.first_at, zone)
        regions.add_row(f"{region.contacts:,}", place_words(region.region_key), places, first)
    if found.regions:
        out.print(f"{found.total - found.will_skip:,} can be reached:", highlight=False)
        out.print(regions)
    if checked.status is not CampaignStatus.DRAFT:
        return
    for problem in found.problems:
        out.print(f"[red]{escape(problem.field)}:[/] {escape(problem.message)}", highlight=False, soft_wrap=True)


async def _check(settings: Settings, organization: int | None, campaign_id: int) -> tuple[Campaign, Check]:
    async with open_desk(settings, organization) as (house, actor):
        found = await check_campaign(house.database, house.clock, house.planner, actor, campaign_id)
        return await get_campaign(house.database, actor, campaign_id), found


@campaign.command(
    "export",
    epilog=examples(
        "clarion campaign export 7 --out results.csv",
        "clarion campaign export 7 --format ndjson --reason goal_reached | jq .address",
    ),
)
def export_command(
    campaign_id: CampaignId,
    to: Annotated[
        Path | None, typer.Option("--out", "-o", help="File to write.", show_default="standard output")
    ] = None,
    format_: Annotated[
        ExportFormat | None,
        typer.Option("--format", help="How it is written.", show_default="by the file's name, else csv"),
    ] = None,
    batch: Annotated[str | None, typer.Option(help="Key of one batch.")] = None,
    state: Annotated[list[ContactState] | None, typer.Option(help="Any of these; may be repeated.")] = None,
    reason: Annotated[
        list[FinishReason] | None, typer.Option(help="Why they are finished: any of these; may be repeated.")
    ] = None,
    organization: Organization = None,
    data: Data = None,
    database: DatabaseUrl = None,
    config: ConfigFile = None,
) -> None:
    """Write one row per contact with where they stand and their last attempt. Streams, however many there are."""
    if format_ is None:
        format_ = ExportFormat.NDJSON if to is not None and to.suffix in (".ndjson", ".jsonl") else ExportFormat.CSV
    settings = settings_from(config, data=data, database=database)
    chosen = (batch, frozenset(state or ()), frozenset(reason or ()))
    if to is None or to == Path("-"):
        run(_export(settings, organization, campaign_id, format_, chosen, sys.stdout.buffer))
        return
    part = to.with_name(f"{to.name}.part")
    try:
        with part.open("wb") as file:
            size = run(_export(settings, organization, campaign_id, format_, chosen, file))
        part.replace(to)
    finally:
        part.unlink(missing_ok=True)
    out.print(f"Written {escape(str(to))}, {size:,} bytes.", highlight=False)


async def _export(
    settings: Settings,
    organization: int | None,
    campaign_id: int,
    form: ExportFormat,
    chosen: tuple[str | None, frozenset[ContactState], frozenset[FinishReason]],
    file: BinaryIO,
) -> int:
    """Bytes written."""
    batch, states, reasons = chosen
    async with open_desk(settings, organization) as (house, actor):
        rows = export_rows(house.database, actor, campaign_id, batch_key=batch, states=states, reasons=reasons)
        written = 0
        async for chunk in csv_lines(rows) if form is ExportFormat.CSV else ndjson_lines(rows):
            written += await asyncio.to_thread(file.write, chunk)
        await asyncio.to_thread(file.flush)
        return written
