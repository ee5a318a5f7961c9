"""`clarion campaign status` and `watch`: how a campaign stands, once or until it ends, and why it waits."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Annotated

import typer
from pydantic import Field
from rich.console import Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.text import Text

from clarion.app.actor import Actor
from clarion.app.outlook import Head, Outlook, campaign_outlook, next_in_line
from clarion.app.planning import own_zone
from clarion.app.report import CampaignNumbers, campaign_numbers
from clarion.app.story import Story, contact_story
from clarion.boot.cli.app import (
    AsJson,
    CampaignId,
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
from clarion.boot.cli.standing import batch_table, counts, headline, instant, tables
from clarion.boot.operator import Organization, open_desk
from clarion.boot.settings import Settings
from clarion.boot.wiring import House
from clarion.core.lifecycle import OVER
from clarion.surfaces.native.contact_shapes import ObstacleShape
from clarion.surfaces.native.numbers import CampaignNumbersShape
from clarion.surfaces.native.shapes import Instant, Shape

ASK_WHY_EVERY = 5
"""Looks between two questions why nobody is being reached."""
RATE_SECONDS = 60.0
MOST_ROWS = 9
"""Outcomes that are watched at once: a terminal has 24 lines."""


class HeadShape(Shape):
    """The contact that is next in line."""

    contact_id: int
    next_at: Instant
    obstacles: list[ObstacleShape] = Field(description="Why they are not being reached now.")


class StatusShape(CampaignNumbersShape):
    """The numbers of the API with what lies ahead."""

    due: dict[str, int] = Field(description="Horizon -> contacts that wait and fall due within it, each counted once.")
    head: HeadShape | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A campaign at one look."""

    numbers: CampaignNumbers
    now: datetime
    story: Story | None
    """Of the contact that is next in line; None when nobody waits."""


def status_command(
    campaign_id: CampaignId,
    organization: Organization = None,
    data: Data = None,
    database: DatabaseUrl = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show how a campaign stands: who waits, what came of the attempts, what is next and what holds it up."""
    settings = settings_from(config, data=data, database=database)
    standing, outlook = run(_status(settings, organization, campaign_id))
    if as_json:
        tell_json(_status_shape(standing, outlook))
        return
    found = standing.numbers
    out.print(headline(found.campaign, found.total))
    out.print()
    out.print(tables(found))
    if len(found.batches) > 1:
        out.print()
        out.print(batch_table(found))
    if outlook.head is not None:
        out.print()
        out.print(counts({when: n for when, n in outlook.due.items() if n}, "waiting contacts are due"))
        out.print(_ahead(standing))
    if found.campaign.status in OVER:
        out.print(f"Results: clarion campaign export {campaign_id}{same_place(data, config)}", highlight=False)


def _status_shape(standing: Standing, outlook: Outlook) -> StatusShape:
    head = None
    if outlook.head is not None:
        obstacles = standing.story.obstacles if standing.story else ()
        head = HeadShape(
            contact_id=outlook.head.contact_id,
            next_at=outlook.head.next_at,
            obstacles=[
                ObstacleShape(code=o.code, sentence=o.sentence, until=o.until, final=o.final, inputs=dict(o.inputs))
                for o in obstacles
            ],
        )
    numbers = CampaignNumbersShape.of(standing.numbers)
    values = {name: getattr(numbers, name) for name in CampaignNumbersShape.model_fields}
    return StatusShape(**values, due=dict(outlook.due), head=head)


async def _status(settings: Settings, organization: int | None, campaign_id: int) -> tuple[Standing, Outlook]:
    async with open_desk(settings, organization) as (house, actor):
        outlook = await campaign_outlook(house.database, house.clock, actor, campaign_id)
        numbers = await campaign_numbers(house.database, actor, campaign_id)
        return Standing(numbers, house.clock.now(), await _story_of(house, actor, outlook.head)), outlook


async def _story_of(house: House, actor: Actor, head: Head | None) -> Story | None:
    if head is None:
        return None
    return await contact_story(house.database, house.clock, house.planner, actor, head.contact_id)


def _ahead(standing: Standing) -> RenderableType:
    """Whose turn is next, when, and what is in the way."""
    story, campaign = standing.story, standing.numbers.campaign
    if story is None:
        return Text(
            "Nobody waits any more." if standing.numbers.total.contacts else "There are no contacts yet.", "dim"
        )
    zone = own_zone(campaign)
    when = ""
    if story.next is not None:
        when = f": {instant(story.next.at, zone, standing.now)}" if story.next.at > standing.now else ", due now"
    first = f"Next in line is contact {story.contact.id}{when}."
    lines = [Text(first)]
    for obstacle in story.obstacles:
        until = f" [dim]Until {instant(obstacle.until, zone, standing.now)}.[/]" if obstacle.until else ""
        lines.append(Text.from_markup(f"[yellow]•[/] {escape(obstacle.sentence)}{until}"))
    return Group(*lines)


def watch_command(
    campaign_id: CampaignId,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 1.0,
    organization: Organization = None,
    data: Data = None,
    database: DatabaseUrl = None,
    config: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Watch a campaign until it ends: progress, outcomes, attempts per minute, and why it waits when it does.

    Ctrl-C stops watching; the campaign goes on. With --json: the numbers of the API, a line whenever they change.
    """
    settings = settings_from(config, data=data, database=database)
    try:
        run(_watch(settings, organization, campaign_id, every, as_json=as_json))
    except KeyboardInterrupt:
        err.print("No longer watching; the campaign goes on by itself.")
        raise typer.Exit(130) from None


async def _watch(
    settings: Settings, organization: int | None, campaign_id: int, every: float, *, as_json: bool
) -> None:
    rate = _Rate()
    async with open_desk(settings, organization) as (house, actor):
        looks = _looks(house, actor, campaign_id, every)
        if as_json:
            said = ""
            async for standing in looks:
                news = CampaignNumbersShape.of(standing.numbers).model_dump_json()
                if news != said:
                    typer.echo(news)
                    said = news
            return
        with Live(console=out, auto_refresh=False) as live:
            async for standing in looks:
                rate.note(standing.numbers.total.attempts)
                live.update(_view(standing, rate), refresh=True)


async def _looks(house: House, actor: Actor, campaign_id: int, every: float) -> AsyncIterator[Standing]:
    """How the campaign stands, again and again until it is over and nobody is waiting or live."""
    story: Story | None = None
    for look in count():
        found = await campaign_numbers(house.database, actor, campaign_id)
        over = found.campaign.status in OVER and found.total.live + found.total.waiting == 0
        if over:
            story = None
        elif look % ASK_WHY_EVERY == 0:
            story = await _story_of(house, actor, await next_in_line(house.database, actor, campaign_id))
        yield Standing(found, house.clock.now(), story)
        if over:
            return
        await asyncio.sleep(every)


class _Rate:
    """Attempts per minute over the latest minute of watching."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, attempts: int) -> None:
        now = time.monotonic()
        self._seen.append((now, attempts))
        while len(self._seen) > 2 and self._seen[1][0] < now - RATE_SECONDS:
            self._seen.popleft()

    @property
    def per_minute(self) -> float:
        (begun, first), (now, last) = self._seen[0], self._seen[-1]
        return 60 * (last - first) / (now - begun) if now > begun else 0.0


def _view(standing: Standing, rate: _Rate) -> RenderableType:
    found = standing.numbers
    parts: Sequence[RenderableType] = (
        headline(found.campaign, found.total),
        Text(f"{rate.per_minute:,.0f} attempts per minute", "dim"),
        "",
        tables(found, MOST_ROWS),
        "",
        _ahead(standing),
    )
    return Group(*parts)
