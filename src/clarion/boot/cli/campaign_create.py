"""`clarion campaign create`: a draft from flags, from a file, or from both."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from clarion.app.campaigns import create_campaign
from clarion.app.refusals import Invalid, Problem
from clarion.boot.cli.app import AsJson, ConfigFile, Data, DatabaseUrl, out, run, same_place, settings_from, tell_json
from clarion.boot.cli.campaign_file import nested, new_campaign, overlaid, read_file, read_pairs, read_week, words
from clarion.boot.operator import Organization, open_desk
from clarion.boot.settings import Settings
from clarion.core.campaigns import Campaign
from clarion.core.outcomes import Channel
from clarion.surfaces.native.campaign_shapes import CampaignShape, NewCampaign

WHEN, PACE, AGAIN = "When", "How fast", "How often"


def create_command(
    name: Annotated[str | None, typer.Option(help="What it is called.")] = None,
    channel: Annotated[Channel | None, typer.Option(help="How people are reached.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(help="TOML or JSON in the API's shape, - for standard input; flags come before it."),
    ] = None,
    message: Annotated[str | None, typer.Option(help="Text of an SMS or e-mail, a template.")] = None,
    subject: Annotated[str | None, typer.Option(help="Subject of an e-mail, a template.")] = None,
    agent: Annotated[int | None, typer.Option(help="Id of the agent that speaks.")] = None,
    sender: Annotated[int | None, typer.Option(help="Id of the one sender to use.")] = None,
    pool: Annotated[int | None, typer.Option(help="Id of the pool of senders.")] = None,
    variable: Annotated[
        list[str] | None, typer.Option("--var", help="NAME=VALUE for templates and prompts; may be repeated.")
    ] = None,
    label: Annotated[list[str] | None, typer.Option(help="May be repeated.")] = None,
    window: Annotated[
        list[str] | None,
        typer.Option(
            help="Hours such as 09:00-17:00, or 'sat 10:00-14:00'; may be repeated. Open always without.",
            rich_help_panel=WHEN,
        ),
    ] = None,
    days: Annotated[
        str | None, typer.Option(help="Days of the windows: mon-fri or mon,wed,sat-sun.", rich_help_panel=WHEN)
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(
            help="Whose clock the windows are read on: recipient, agent, or a zone such as Europe/Berlin.",
            show_default="recipient",
            rich_help_panel=WHEN,
        ),
    ] = None,
    holidays: Annotated[
        list[str] | None,
        typer.Option(
            help="Country whose public holidays are closed: US, DE-BY; may be repeated.", rich_help_panel=WHEN
        ),
    ] = None,
    start: Annotated[
        str | None, typer.Option(help="Not before this instant: 2026-11-23T09:00:00-05:00.", rich_help_panel=WHEN)
    ] = None,
    end: Annotated[str | None, typer.Option(help="Nothing is sent from this instant on.", rich_help_panel=WHEN)] = None,
    rate: Annotated[float | None, typer.Option(help="Attempts per hour, evenly spaced.", rich_help_panel=PACE)] = None,
    concurrency: Annotated[int | None, typer.Option(help="Attempts in flight at once.", rich_help_panel=PACE)] = None,
    daily_cap: Annotated[int | None, typer.Option(help="Attempts per day.", rich_help_panel=PACE)] = None,
    finish_by: Annotated[
        str | None, typer.Option(help="Spread first attempts up to 2026-11-27T17:00:00Z.", rich_help_panel=PACE)
    ] = None,
    retries: Annotated[
        int | None, typer.Option(help="How often to try again after the first attempt.", rich_help_panel=AGAIN)
    ] = None,
    retry_after: Annotated[
        list[str] | None,
        typer.Option(help="Delay before a retry: 30m, or 30m,2h,1d for one after the other.", rich_help_panel=AGAIN),
    ] = None,
    retry_on: Annotated[
        list[str] | None, typer.Option(help="Outcomes that are tried again: busy,no_answer.", rich_help_panel=AGAIN)
    ] = None,
    voicemail: Annotated[
        str | None, typer.Option(help="Message to leave on voicemail; hangs up without.", rich_help_panel=AGAIN)
    ] = None,
    goal: Annotated[
        str | None, typer.Option(help="Variable of the conversation's results that is the goal.", rich_help_panel=AGAIN)
    ] = None,
    organization: Organization = None,
    data: Data = None,
    database: DatabaseUrl = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Create a campaign as a draft: nothing is sent until it is launched.

    Flags cover the usual; a file may say everything that the API takes.
    """
    own_clock = zone not in (None, "recipient", "agent")
    said = nested(
        {
            "name": name,
            "channel": channel,
            "agent_id": agent,
            "sender_id": sender,
            "pool_id": pool,
            "message.text": message,
            "message.subject": subject,
            "schedule.week": read_week(window or (), days),
            "schedule.zone_policy": "campaign" if own_clock else zone,
            "schedule.zone": zone if own_clock else None,
            "schedule.holidays": words(holidays or ()),
            "pacing.per_hour": rate,
            "pacing.max_concurrent": concurrency,
            "pacing.daily_cap": daily_cap,
            "pacing.finish_by": finish_by,
            "retries.max_attempts": _attempts(retries),
            "retries.delays": words(retry_after or ()),
            "retries.on": words(retry_on or ()),
            "voicemail.action": "leave_message" if voicemail is not None else None,
            "voicemail.message": voicemail,
            "goal_variable": goal,
            "start_at": start,
            "end_at": end,
            "variables": read_pairs("var", variable or ()),
            "labels": label,
        }
    )
    # A week is one decision: one from the flags replaces the file's, whatever days that had.
    below = read_file(file) if file is not None else {}
    content = overlaid(below, said)
    if "week" in said.get("schedule", {}):
        content["schedule"]["week"] = said["schedule"]["week"]
    settings = settings_from(config, data=data, database=database)
    made = run(_create(settings, organization, new_campaign(content)))
    if as_json:
        tell_json(CampaignShape.of(made))
        return
    out.print(f"[green]Campaign {made.id}[/] ({escape(made.name)}) is a draft.", highlight=False)
    place = same_place(data, config)
    out.print(f"Next: clarion import contacts.csv --campaign {made.id}{place}", highlight=False)
    out.print(f"then: clarion campaign launch {made.id}{place}", highlight=False)


def _attempts(retries: int | None) -> int | None:
    if retries is not None and retries < 0:
        raise Invalid([Problem("retries", "too_small", "This must be at least 0; 0 is no retry.")])
    return None if retries is None else retries + 1


async def _create(settings: Settings, organization: int | None, shape: NewCampaign) -> Campaign:
    async with open_desk(settings, organization) as (house, actor):
        return await create_campaign(house.database, house.clock, actor, shape.content())
