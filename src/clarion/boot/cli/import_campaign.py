"""`clarion import-campaign`: a campaign of another service, from the body that its API takes; what it becomes here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from clarion.app.agents import agent_named, get_agent
from clarion.app.numbers import number_of
from clarion.app.ports.resources import Agent
from clarion.app.refusals import Invalid, NotFound, Problem
from clarion.app.set_up import Hook, SetUp, set_up_campaign
from clarion.app.webhooks import EndpointRules
from clarion.boot.catalog import VendorName, payload_formats, vendors
from clarion.boot.cli.app import AsJson, ConfigFile, Data, DatabaseUrl, out, run, same_place, settings_from, tell_json
from clarion.boot.cli.campaign_file import read_file
from clarion.boot.operator import Organization, open_desk
from clarion.boot.settings import Settings
from clarion.boot.wiring import House
from clarion.core.campaigns import Campaign, Plan
from clarion.surfaces.native.campaign_shapes import CampaignShape
from clarion.surfaces.native.plan_shapes import PlanFields, plan_fields

if TYPE_CHECKING:
    from clarion.surfaces.vendors.vendor import Note, Translation, Vendor


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of it."""

    translation: Translation
    notes: tuple[Note, ...]
    campaign: Campaign | None
    """None when it was only looked at."""


def import_campaign(
    file: Annotated[Path, typer.Argument(help="JSON, the body of the service's create request; - for standard input.")],
    service: Annotated[VendorName, typer.Option("--from", help="Whose form the file has.")],
    agent: Annotated[int | None, typer.Option(help="Id of the agent that speaks here.")] = None,
    look: Annotated[bool, typer.Option("--dry-run", help="Show what it becomes, and write nothing.")] = False,
    organization: Organization = None,
    data: Data = None,
    database: DatabaseUrl = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Bring a campaign over from another service: it becomes a draft with its contacts, and nothing is sent.

    Shows the campaign in clarion's words, and everything of the file that is different here.
    """
    vendor = vendors()[service]
    settings = settings_from(config, data=data, database=database)
    moved = run(_move(settings, organization, vendor, read_file(file), agent, look=look))
    if as_json and moved.campaign is not None:
        tell_json(CampaignShape.of(moved.campaign))
        return
    _show(vendor, moved)
    if moved.campaign is not None:
        out.print(f"\n[green]Campaign {moved.campaign.id}[/] is a draft.", highlight=False)
        out.print(f"Next: clarion campaign launch {moved.campaign.id}{same_place(data, config)}", highlight=False)


async def _move(
    settings: Settings,
    organization: int | None,
    vendor: Vendor,
    body: Mapping[str, Any],
    agent_id: int | None,
    *,
    look: bool,
) -> Moved:
    from clarion.surfaces.vendors.vendor import Note, Place

    async with open_desk(settings, organization) as (house, actor):
        async with house.database.read() as tx:
            ours = (await tx.organizations.organization(actor.organization_id)).settings
        place = Place(house.clock.now(), ours.timezone, ours.default_country)
        if agent_id is not None:
            place = replace(place, agent=await get_agent(house.database, actor, agent_id))
        translation = vendor.read_campaign(body, place)
        notes = list(translation.notes)
        speaker = place.agent
        if speaker is None and translation.agent is not None:
            try:
                speaker = await agent_named(house.database, actor, translation.agent)
            except NotFound:
                told = f"There is no agent named {translation.agent!r} here; say --agent with the id of one."
                notes.append(Note("agent", told))
            else:
                translation = vendor.read_campaign(body, replace(place, agent=speaker))
        if look:
            return Moved(translation, tuple(notes), None)
        what = await _what(house, actor, translation, speaker)
        rules = EndpointRules(
            settings.webhooks_allow_http,
            settings.webhooks_allow_private,
            frozenset({"native", *payload_formats()}),
        )
        campaign, _ = await set_up_campaign(house.database, house.clock, house.seal, rules, actor, what)
    return Moved(translation, tuple(notes), campaign)


async def _what(house: House, actor: Any, translation: Translation, agent: Agent | None) -> SetUp:
    content = replace(translation.content, agent_id=None if agent is None else agent.id)
    senders = []
    for place, written in enumerate(translation.numbers):
        try:
            senders.append(await number_of(house.database, house.clock, actor, content.channel, written))
        except Invalid as refused:
            problems = [Problem(f"numbers.{place}", each.code, each.message) for each in refused.problems]
            raise Invalid(problems) from refused
    if len(senders) == 1:
        content = replace(content, sender_id=senders[0].id)
    return SetUp(
        content=content,
        drafts=translation.drafts,
        pool=[sender.id for sender in senders] if len(senders) > 1 else (),
        hooks=[Hook(draft) for draft in translation.webhooks],
        launch=False,
    )


def _show(vendor: Vendor, moved: Moved) -> None:
    translation = moved.translation
    table = Table("field", "becomes", box=None, header_style="dim", pad_edge=False)
    content = translation.content
    facts = {
        "name": content.name,
        "channel": content.channel,
        "labels": ", ".join(content.labels),
        "start_at": content.start_at or "",
        "end_at": content.end_at or "",
        "variables": ", ".join(content.variables),
        "callers": ", ".join(translation.numbers),
        "contacts": f"{len(translation.drafts):,}" if translation.drafts else "",
        "webhooks": ", ".join(draft.url for draft in translation.webhooks),
    }
    for name, value in [*facts.items(), *_differences(content.plan)]:
        if value != "":
            table.add_row(name, escape(str(value)))
    out.print(f"[bold]{escape(content.name)}[/] [dim]from {vendor.title}, in clarion's words[/]", highlight=False)
    out.print(table, highlight=False)
    if moved.notes:
        out.print("\n[yellow]Different here[/]", highlight=False)
        for note in moved.notes:
            out.print(f"  [bold]{escape(note.field)}[/]  {escape(note.message)}", highlight=False, soft_wrap=True)


def _differences(plan: Plan) -> Iterator[tuple[str, str]]:
    """What of the plan is not as it would be without the file."""
    plain = dict(_leaves("", _dumped(Plan())))
    for path, value in _leaves("", _dumped(plan)):
        if plain.get(path) != value:
            yield path, value


def _dumped(plan: Plan) -> dict[str, Any]:
    return PlanFields.model_construct(**plan_fields(plan)).model_dump(mode="json")


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for name, each in value.items():
            yield from _leaves(f"{path}.{name}" if path else name, each)
    elif isinstance(value, list) and path.startswith("schedule.week"):
        yield path, ", ".join(map(_window, value)) or "closed"
    elif isinstance(value, list):
        yield path, ", ".join(map(str, value))
    else:
        yield path, "" if value is None else str(value)


def _window(span: Mapping[str, Any]) -> str:
    hours = f"{span['start']}–{span['end']}" + (" next day" if span.get("overnight") else "")
    return hours if span.get("retry_delay") is None else f"{hours} (retry after {span['retry_delay']})"
