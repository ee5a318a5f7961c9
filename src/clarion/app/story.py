"""A contact's story: every decision in order, why they are not reached now, and when they can be, on both clocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from clarion.app.actor import Actor
from clarion.app.planning import Planner, own_zone, zones_of
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.reports import AttemptFilters, Line
from clarion.app.story_words import attempt_words, clock_words, decision_words, place_words
from clarion.app.why_not_now import Obstacle, next_eligible, obstacles, read_situation
from clarion.core.campaigns import Batch, Campaign
from clarion.core.contacts import Attempt, Contact, Decision
from clarion.core.outcomes import ContactState

MOST_LINES = 1_000
"""The latest so many of each kind; a story that is longer says so."""
MOST_ATTEMPTS = 500
SAME_ROUND = timedelta(minutes=1)
"""A decision about a region may look this far ahead."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant on three clocks."""

    at: datetime
    """UTC."""
    own: datetime
    """On the campaign's clock."""
    theirs: datetime | None
    """On the contact's: of several zones where they may be the first; None when their place is not known."""


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One thing that happened to the contact, or to everybody like them."""

    moment: Moment
    about: str
    """contact, region (everybody of the batch there), batch or campaign."""
    verdict: str
    rule: str
    sentence: str
    attempt_id: int | None = None
    next: Moment | None = None
    inputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Story:
    """All that can be said about one contact."""

    contact: Contact
    campaign: Campaign
    batch: Batch
    campaign_zone: str
    contact_zones: tuple[str, ...]
    """Every zone where they may be; empty when it is not known."""
    lines: Sequence[StoryLine]
    attempts: Sequence[Attempt]
    """In the order in which they were made."""
    obstacles: Sequence[Obstacle]
    """Why they are not being reached now; empty when they are due and nothing stands in the way."""
    next: Moment | None
    """The first instant at which every rule lets them be reached, were campaign and batch running."""
    summary: str
    """The answer in plain sentences."""
    now: Moment
    truncated: bool
    """There were more lines than fit; the oldest are left out."""


async def contact_story(ledger: Ledger, clock: Clock, planner: Planner, actor: Actor, contact_id: int) -> Story:
    """The story of a contact of the caller's organisation, from one snapshot, or NotFound."""
    now = clock.now()
    async with ledger.read() as tx:
        contact = await tx.reports.contact(actor.organization_id, contact_id)
        campaign = await tx.campaigns.get(actor.organization_id, contact.campaign_id)
        batch = await tx.campaigns.batch_by_id(actor.organization_id, contact.batch_id)
        lines = await tx.reports.lines(contact, MOST_LINES)
        attempts = await tx.reports.attempts(
            actor.organization_id, AttemptFilters(contact_id=contact_id), None, MOST_ATTEMPTS
        )
        situation = await read_situation(tx, planner, contact, campaign, batch, now)
    found = obstacles(situation)
    zones = zones_of(contact.region_key)
    clocks = _Clocks(own_zone(campaign), ZoneInfo(zones[0]) if zones else None)
    eligible = clocks.show(next_eligible(situation, found))
    ordered = sorted(attempts, key=lambda attempt: attempt.number)
    return Story(
        contact=contact,
        campaign=campaign,
        batch=batch,
        campaign_zone=clocks.own.key,
        contact_zones=zones,
        lines=tell(contact, lines, ordered, clocks),
        attempts=ordered,
        obstacles=found,
        next=eligible,
        summary=_summary(contact, found, eligible, clocks),
        now=clocks.moment(now),
        truncated=len(lines) == MOST_LINES,
    )


@dataclass(frozen=True, slots=True)
class _Clocks:
    own: ZoneInfo
    theirs: ZoneInfo | None

    def moment(self, at: datetime) -> Moment:
        return Moment(at, at.astimezone(self.own), at.astimezone(self.theirs) if self.theirs else None)

    def show(self, at: datetime | None) -> Moment | None:
        return None if at is None else self.moment(at)


def tell(contact: Contact, lines: Iterable[Line], attempts: Iterable[Attempt], clocks: _Clocks) -> list[StoryLine]:
    """The contact's own lines, their attempts, and of the lines about everybody those that met them.

    A closing window meets those who wait and are due; to know who was, the story is lived through once more. Whoever is
    held back waits in no window, and nobody who came in so has a line before the one that launches them.
    """
    events: list[tuple[datetime, int, Decision | Attempt]] = [
        *((attempt.released_at, 0, attempt) for attempt in attempts if attempt.released_at is not None),
        *((line.decision.at, line.id, line.decision) for line in lines),
    ]
    events.sort(key=lambda event: event[:2])
    told: list[StoryLine] = []
    own = (event.verdict for _, _, event in events if isinstance(event, Decision) and event.contact_id is not None)
    first = next((verdict for verdict in own if verdict in ("held", "launched")), "held")
    due: datetime | None = contact.created_at if first == "held" else None
    for at, _, event in events:
        if isinstance(event, Attempt):
            due = None
            told.append(_attempt_line(event, at, clocks))
            continue
        if event.contact_id is not None:
            if event.verdict != "amended":
                over = event.verdict in ("finished", "skipped", "unknown", "reconciled", "held")
                due = None if over else event.next_at or at
        elif event.region_key is not None:
            if due is None or due > at + SAME_ROUND:
                continue
            due = event.next_at or due
        told.append(_decision_line(event, clocks))
    return told


def _attempt_line(attempt: Attempt, at: datetime, clocks: _Clocks) -> StoryLine:
    inputs = {"number": attempt.number, "address": attempt.address, "sender_id": attempt.sender_id}
    inputs |= {"trunk_id": attempt.trunk_id, "state": attempt.state, "sandbox": attempt.sandbox}
    return StoryLine(
        moment=clocks.moment(at),
        about="contact",
        verdict="released",
        rule="due",
        sentence=attempt_words(attempt),
        attempt_id=attempt.id,
        inputs=inputs,
    )


def _decision_line(line: Decision, clocks: _Clocks) -> StoryLine:
    if line.contact_id is not None:
        about = "contact"
    elif line.region_key is not None:
        about = "region"
    else:
        about = "campaign" if line.batch_id is None else "batch"
    return StoryLine(
        moment=clocks.moment(line.at),
        about=about,
        verdict=line.verdict,
        rule=line.rule,
        sentence=decision_words(line, clocks.own),
        attempt_id=line.attempt_id,
        next=clocks.show(line.next_at),
        inputs=line.inputs,
    )


def _summary(contact: Contact, found: Sequence[Obstacle], eligible: Moment | None, clocks: _Clocks) -> str:
    if not found:
        return "They are due now: the engine takes them at its next look."
    said = [obstacle.sentence for obstacle in found]
    if contact.state is ContactState.WAITING:
        if eligible is not None:
            said.append(_when(contact, eligible, clocks))
        elif not any(obstacle.final for obstacle in found):
            said.append("Nothing that is known now lets them be reached.")
    return " ".join(said)


def _when(contact: Contact, eligible: Moment, clocks: _Clocks) -> str:
    first = f"They can be reached from {clock_words(eligible.at, clocks.own)} on the campaign's clock"
    if clocks.theirs is None:
        return f"{first}; where they are is not known."
    return f"{first}, {clock_words(eligible.at, clocks.theirs)} in {place_words(contact.region_key)}."
