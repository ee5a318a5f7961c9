"""`clarion contact why`: a contact's story as a timeline on both clocks, and why they are not being reached now."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from clarion.app.actor import Actor
from clarion.app.contacts import get_contact, list_contacts
from clarion.app.ports.people import ContactFilters
from clarion.app.refusals import NotFound
from clarion.app.story import Moment, Story, contact_story
from clarion.boot.cli.app import (
    AsJson,
    ConfigFile,
    Data,
    DatabaseUrl,
    err,
    examples,
    out,
    run,
    settings_from,
    tell_json,
)
from clarion.boot.cli.standing import away
from clarion.boot.operator import Organization, open_desk
from clarion.boot.settings import Settings
from clarion.boot.wiring import House
from clarion.core.contacts import Contact
from clarion.core.outcomes import ContactState
from clarion.surfaces.native.contact_shapes import StoryShape

contact = typer.Typer(help="Contacts: why somebody was or was not reached.", no_args_is_help=True)

MOST_FOUND = 20
SHORTEST_NUMBER = 7
"""Digits from which on an unknown id may be a phone number."""
VERDICT_STYLES = {
    "released": "cyan",
    "retried": "yellow",
    "finished": "bold",
    "skipped": "magenta",
    "deferred": "dim",
    "unknown": "red",
}
STATE_STYLES = {ContactState.WAITING: "yellow", ContactState.RELEASED: "green", ContactState.FINISHED: "blue"}


class SeveralContacts(Exception):
    """More than one contact fits what was asked for."""

    def __init__(self, found: Sequence[Contact]) -> None:
        """Those that fit, at least two."""
        super().__init__(found)
        self.found = found


@contact.callback()
def group() -> None:
    """Keep `why` a word of its own, though it is the only one."""


@contact.command(
    "why",
    epilog=examples(
        "clarion contact why 1831",
        "clarion contact why +12125550147 --campaign 7",
        "clarion contact why --reference patient-1831 --campaign 7 --json",
    ),
)
def why_command(
    who: Annotated[
        str | None, typer.Argument(metavar="CONTACT", help="Id, phone number or e-mail address of the contact.")
    ] = None,
    reference: Annotated[str | None, typer.Option(help="Your own id of the contact; needs --campaign.")] = None,
    campaign: Annotated[int | None, typer.Option(help="Id of the campaign to look in.")] = None,
    organization: Organization = None,
    data: Data = None,
    database: DatabaseUrl = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Tell a contact's story: every decision in order, why they are not being reached now, and when they can be."""
    if (who is None) == (reference is None):
        raise typer.BadParameter("Say whom: an id, an address, or --reference REF --campaign ID.")
    if reference is not None and campaign is None:
        raise typer.BadParameter("A reference belongs to a campaign: say --campaign ID.")
    settings = settings_from(config, data=data, database=database)
    try:
        story = run(_tell(settings, organization, who, reference, campaign))
    except SeveralContacts as several:
        _show_several(several.found)
        sys.exit(1)
    if as_json:
        tell_json(StoryShape.of(story))
    else:
        _show(story)


async def _tell(
    settings: Settings, organization: int | None, who: str | None, reference: str | None, campaign: int | None
) -> Story:
    async with open_desk(settings, organization) as (house, actor):
        found = await _find(house, actor, who, reference, campaign)
        return await contact_story(house.database, house.clock, house.planner, actor, found)


async def _find(house: House, actor: Actor, who: str | None, reference: str | None, campaign: int | None) -> int:
    """The contact's id. Digits alone are an id if there is such a contact, and else a phone number."""
    if who is not None and who.isdecimal() and int(who) < 2**63:
        try:
            return (await get_contact(house.database, actor, int(who))).id
        except NotFound:
            if len(who) < SHORTEST_NUMBER:
                raise
    filters = ContactFilters(campaign_id=campaign, address=who, reference_id=reference)
    found = await list_contacts(house.database, actor, filters, limit=MOST_FOUND)
    if not found:
        raise NotFound("contact", who if who is not None else f"with the reference {reference} in campaign {campaign}")
    if len(found) > 1:
        raise SeveralContacts(found)
    return found[0].id


def _show(story: Story) -> None:
    person = story.contact
    name = f" [dim]({escape(person.reference_id)})[/]" if person.reference_id else ""
    state = f"[{STATE_STYLES[person.state]}]{person.state}[/]"
    of = f"campaign {story.campaign.id}, {escape(story.campaign.name)}, {story.campaign.status}"
    out.print(f"[bold]{escape(person.address)}[/]{name}  {state}", highlight=False)
    out.print(f"[dim]contact {person.id} · {of} · batch {escape(story.batch.key)}[/]", highlight=False)
    out.print()
    if story.truncated:
        out.print("[dim]… older lines are left out[/]")
    out.print(_timeline(story))
    out.print()
    out.print(Panel(_why(story), title="now" if story.obstacles else "due now", title_align="left", expand=False))


def _timeline(story: Story) -> Table:
    theirs = _theirs(story)
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(story.campaign_zone, no_wrap=True)
    if theirs:
        table.add_column(f"theirs, {theirs}", no_wrap=True)
    table.add_column("what happened")
    day = ""
    for line in story.lines:
        own, local = line.moment.own, line.moment.theirs
        today = f"{own:%a %Y-%m-%d}"
        clocks = [f"{today if today != day else ' ' * len(today)} {own:%H:%M:%S}"]
        if theirs:
            clocks.append(f"{local:%a %H:%M:%S}" if local else "")
        style = VERDICT_STYLES.get(line.verdict, "") if line.about == "contact" else "dim"
        table.add_row(*clocks, Text(line.sentence, style))
        day = today
    return table


def _why(story: Story) -> Text:
    said = Text()
    for obstacle in story.obstacles:
        until = f" Until {obstacle.until.astimezone(story.now.own.tzinfo):%a %H:%M}." if obstacle.until else ""
        said.append(f"• {obstacle.sentence}{until}\n")
    if story.next is not None and story.obstacles:
        said.append(f"Can be reached from {_both(story, story.next)}", "bold")
    elif story.contact.state is ContactState.WAITING:
        said.append(story.summary if not story.obstacles else "Nothing that is known now lets them be reached.", "bold")
    said.rstrip()
    return said


def _both(story: Story, moment: Moment) -> str:
    """An instant on both clocks, and how far it is."""
    theirs = _theirs(story)
    told = f"{moment.own:%a %Y-%m-%d %H:%M %Z}"
    if theirs and moment.theirs is not None:
        told += f" ({moment.theirs:%a %H:%M %Z} in {theirs.replace('_', ' ')})"
    return f"{told}, {away(moment.at, story.now.at)}."


def _theirs(story: Story) -> str:
    """The contact's zone; empty when it is the campaign's, or not known."""
    zone = story.contact_zones[0] if story.contact_zones else ""
    return "" if zone == story.campaign_zone else zone


def _show_several(found: Sequence[Contact]) -> None:
    more = f"{MOST_FOUND} or more" if len(found) == MOST_FOUND else str(len(found))
    err.print(f"[red]There are {more} such contacts.[/] Say which, by --campaign or by id:", highlight=False)
    table = Table("id", "campaign", "address", "reference", "state", box=None, pad_edge=False, header_style="dim")
    for one in found:
        state = one.finish_reason or one.state
        table.add_row(str(one.id), str(one.campaign_id), one.address, one.reference_id or "", state.replace("_", " "))
    err.print(table)
