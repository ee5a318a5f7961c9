"""What the live view shows, read from the ledger some eight times a second while the engine writes it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from clarion.app.planning import own_zone, zones_of
from clarion.app.report import Numbers, overview
from clarion.boot.demo.receiver import Receiver
from clarion.boot.demo.scenario import Stage
from clarion.boot.demo.words import line_words
from clarion.core.campaigns import Campaign
from clarion.core.contacts import Decision
from clarion.core.outcomes import Channel
from clarion.store.schema import contacts, decisions

TOLD = ("retried", "finished", "skipped", "amended")
SHOWN = 8
AT_ONCE = 40
"""The latest decisions among which the most telling is looked for."""
STORY_SECONDS = 0.25
"""Real time in which one more story comes up."""


@dataclass(frozen=True, slots=True)
class Story:
    """A line that scrolls by: who, when on their own clock, and what."""

    when: str
    channel: Channel
    address: str
    name: str
    words: str
    colour: str


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of the performance."""

    now: datetime
    """Virtual (UTC)."""
    seconds: float
    """Real, since the beginning."""
    campaigns: Sequence[tuple[Campaign, Numbers]]
    """In the order of the script."""
    total: Numbers
    stories: Sequence[Story]
    """The oldest first."""
    delivered: int
    """Webhooks that the receiver took, their signatures checked."""


class Feed:
    """Reads frames. The tallies and stories come from where the API's numbers and stories come from."""

    def __init__(self, stage: Stage, receiver: Receiver) -> None:
        """Starts the clock of real seconds."""
        self._stage = stage
        self._receiver = receiver
        self._begun = time.monotonic()
        self._seen: int | None = None
        self._told_at = 0.0
        self._stories: deque[Story] = deque(maxlen=SHOWN)
        self._kinds: dict[str, int] = {}
        """Kind of story -> the number of the last one told."""

    async def frame(self, now: datetime) -> Frame:
        """The present picture."""
        seen = await overview(self._stage.house.database, self._stage.actor)
        by_id = {campaign.id: (campaign, numbers) for campaign, numbers in seen.campaigns}
        seconds = time.monotonic() - self._begun
        if seconds - self._told_at >= STORY_SECONDS:
            self._told_at = seconds
            await self._tell(by_id)
        return Frame(
            now=now,
            seconds=seconds,
            campaigns=[by_id[campaign.id] for campaign in self._stage.campaigns],
            total=seen.total,
            stories=tuple(self._stories),
            delivered=len(self._receiver.taken),
        )

    async def _tell(self, campaigns: Mapping[int, tuple[Campaign, Numbers]]) -> None:
        """Of what was decided since the last look, the story whose kind was not told for the longest time."""
        who = (contacts.c.address, contacts.c.region_key, contacts.c.variables)
        query = (
            select(decisions, *who)
            .join(contacts, contacts.c.id == decisions.c.contact_id)
            .where(decisions.c.id > (self._seen or 0), decisions.c.verdict.in_(TOLD))
            .order_by(decisions.c.id.desc())
            .limit(AT_ONCE)
        )
        async with self._stage.house.database.read() as tx:
            rows = (await tx.session.execute(query)).all()
            newest = (await tx.session.execute(select(func.max(decisions.c.id)))).scalar()
        self._seen = newest or 0
        found: list[tuple[int, str, Story]] = []
        for row in rows:
            campaign = campaigns[row.campaign_id][0]
            line = Decision(
                organization_id=row.organization_id,
                campaign_id=row.campaign_id,
                at=row.at,
                verdict=row.verdict,
                rule=row.rule,
                next_at=row.next_at,
                inputs=row.inputs or {},
            )
            zones = zones_of(row[-2])
            zone = ZoneInfo(zones[0]) if zones else own_zone(campaign)
            said = line_words(line, _again(line, zone))
            if said is None:
                continue
            words, colour = said
            variables = row.variables or {}
            name = f"{variables.get('first_name', '')} {variables.get('last_name', '')}".strip()
            kind = f"{campaign.channel} {colour} {line.inputs.get('outcome')}"
            story = Story(f"{line.at.astimezone(zone):%a %H:%M}", campaign.channel, row.address, name, words, colour)
            found.append((self._kinds.get(kind, 0), kind, story))
        if found:
            _, kind, story = min(found, key=lambda one: one[0])
            self._kinds[kind] = max(self._kinds.values(), default=0) + 1
            self._stories.append(story)


def _again(line: Decision, zone: ZoneInfo) -> str:
    """When they are tried next on their own clock: `14:33`, or `Tue 09:00` when that is another day."""
    if line.next_at is None:
        return "never"
    then, now = line.next_at.astimezone(zone), line.at.astimezone(zone)
    return f"{then:%H:%M}" if then.date() == now.date() else f"{then:%a %H:%M}"
