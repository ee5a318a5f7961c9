"""Revox's campaigns to ours, and back. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import Enum
from typing import Any

from pydantic import ValidationError

from clarion.app.campaign_content import CampaignContent
from clarion.app.ports.resources import Agent
from clarion.app.refusals import Invalid, Problem
from clarion.core.campaigns import Campaign, CampaignStatus
from clarion.core.outcomes import Channel
from clarion.core.pacing import Pacing
from clarion.surfaces.vendors.echo import READ, SENT, recall, remember
from clarion.surfaces.vendors.revox.answers import instant
from clarion.surfaces.vendors.revox.assistant_config import REVOX, plan_of
from clarion.surfaces.vendors.revox.bodies import fields_of, parse_instant
from clarion.surfaces.vendors.revox.campaign_shapes import CampaignChange, NewCampaign, NewContact
from clarion.surfaces.vendors.revox.retry_config import config_of, planned
from clarion.surfaces.vendors.revox.words import CAMPAIGN_STATUS, DRAFT_WITHOUT_A_WORD
from clarion.surfaces.vendors.vendor import Note, Place, Translation
from clarion.wire.contact_drafts import ContactDraft

BEGINS = "begins"
"""Beside what is kept for Revox: how the campaign began, a word of `Beginning`."""

NO_DRAFTS = (0, 4)
"""The release from which on clients know no drafts, and expect that contacts wait until they are launched."""


class Beginning(Enum):
    """What becomes of a campaign's contacts when it is made."""

    LAUNCHED = "launched"
    """Called at once, or from `scheduled_at` on."""
    DRAFT = "draft"
    HELD = "held"
    """The campaign runs, and each contact waits until it is launched."""


def beginning(launch: bool | None, scheduled: bool, release: tuple[int, ...] | None) -> Beginning:
    """`release`: that of the client's SDK, when it says which."""
    if launch is not None:
        return Beginning.LAUNCHED if launch else Beginning.DRAFT
    if scheduled or (release is not None and release < NO_DRAFTS):
        return Beginning.LAUNCHED
    return Beginning.HELD


def begins(campaign: Campaign) -> Beginning:
    """How a campaign began. One that was made elsewhere was launched as a whole, or will be."""
    kept = campaign.extras.get(REVOX, {})
    return Beginning(kept[BEGINS]) if BEGINS in kept else Beginning.LAUNCHED


def translate(
    new: NewCampaign, sent: Mapping[str, Any], place: Place, release: tuple[int, ...] | None = None
) -> Translation:
    """A create request in our words. `sent`: its fields as they were sent, without the contacts. Raises Invalid."""
    refuse_jump_in(new.type)
    config = place.agent.config if place.agent else {}
    plan = plan_of(config)
    if new.call_retry_config is not None:
        plan = planned(plan, new.call_retry_config)
    how = beginning(new.launch, new.scheduled_at is not None, release)
    content = CampaignContent(
        name=new.name,
        channel=Channel.VOICE,
        plan=replace(plan, pacing=Pacing(max_concurrent=_at_once(new.max_concurrent_calls))),
        start_at=None if new.scheduled_at is None else parse_instant(new.scheduled_at),
    )
    kept = remember(sent, reading_of(content, None, None))
    return Translation(
        content=replace(content, extras={REVOX: {**kept, BEGINS: how.value}}),
        drafts=drafts(new.contacts),
        numbers=tuple(number for number in (new.from_phone_number or config.get("from_number"),) if number),
        agent=new.assistant_id,
        launch=how is Beginning.LAUNCHED,
        notes=tuple(_notes(new, how)),
    )


def refuse_jump_in(kind: str | None) -> None:
    """Raises Invalid for the kind of campaign that needs operators."""
    if kind == "jump_in":
        message = "No operators take over calls here; make it a regular campaign."
        raise Invalid([Problem("type", "not_supported", message)])


def seated(content: CampaignContent, sender: tuple[int | None, str | None], agent: Agent) -> CampaignContent:
    """`content` with who speaks and who calls. `sender`: id and number."""
    kept = content.extras[REVOX]
    read = {**kept[READ], **({"from_phone_number": sender[1]} if "from_phone_number" in kept[SENT] else {})}
    return replace(content, agent_id=agent.id, sender_id=sender[0], extras={REVOX: {**kept, READ: read}})


def read_campaign(body: Mapping[str, Any], place: Place) -> Translation:
    """The body of a create request as it stands in a file: what it does not launch is a draft."""
    try:
        new = NewCampaign.model_validate(body)
    except ValidationError as wrong:
        raise Invalid([problem_of(error) for error in wrong.errors()]) from wrong
    became = translate(new, sent_of(body, NewCampaign), place)
    if became.launch:
        return became
    kept = {**became.content.extras[REVOX], BEGINS: Beginning.DRAFT.value}
    return replace(became, content=replace(became.content, extras={REVOX: kept}))


def problem_of(error: Mapping[str, Any], skip: int = 0) -> Problem:
    """Pydantic's error by the field's path; `skip` parts of it are no field's."""
    field = ".".join(str(part) for part in error["loc"][skip:])
    return Problem(field or "body", error["type"], str(error["msg"]).removeprefix("Value error, "))


def sent_of(body: Mapping[str, Any], shape: type[NewCampaign] | type[CampaignChange]) -> dict[str, Any]:
    """What of a request is kept to be answered: all but the contacts, which are kept as contacts."""
    return {name: value for name, value in fields_of(body, shape).items() if name not in ("contacts", "assistant_id")}


def drafts(contacts: Sequence[NewContact]) -> tuple[ContactDraft, ...]:
    """Contacts as our use cases take them."""
    return tuple(ContactDraft(each.to_phone_number, variables=each.prompt_variables) for each in contacts)


def _notes(new: NewCampaign, how: Beginning) -> list[Note]:
    notes = []
    if how is Beginning.HELD:
        notes.append(Note("launch", "The contacts wait until they are launched."))
    if new.max_concurrent_calls is not None and new.max_concurrent_calls != int(new.max_concurrent_calls):
        notes.append(Note("max_concurrent_calls", "Rounded down: a call is made or it is not."))
    return notes


def _at_once(calls: float | None) -> int | None:
    return None if calls is None else math.floor(calls)


def changed(
    content: CampaignContent,
    change: CampaignChange,
    sent: Mapping[str, Any],
    agent: Agent | None,
    sender: tuple[int | None, str | None],
) -> CampaignContent:
    """`content` with a change. `sender`: id and number of who calls from now on."""
    after = content
    if "name" in sent:
        after = replace(after, name=change.name)
    if "call_retry_config" in sent:
        own = plan_of(agent.config if agent else {})
        ruled = planned(own, change.call_retry_config) if change.call_retry_config is not None else own
        new = ruled.schedule
        schedule = replace(
            after.plan.schedule, week=new.week, weekdays={}, zone_policy=new.zone_policy, zone=new.zone
        )  # dates and holidays that were closed elsewhere stay so
        after = replace(after, plan=replace(after.plan, schedule=schedule, retries=ruled.retries))
    if "max_concurrent_calls" in sent:
        pacing = replace(after.plan.pacing, max_concurrent=_at_once(change.max_concurrent_calls))
        after = replace(after, plan=replace(after.plan, pacing=pacing))
    if "from_phone_number" in sent:
        after = replace(after, sender_id=sender[0], pool_id=None)
    if "scheduled_at" in sent:
        after = replace(after, start_at=None if change.scheduled_at is None else parse_instant(change.scheduled_at))
    kept = content.extras.get(REVOX, {})
    now = remember(sent, reading_of(after, sender[1], agent.timezone if agent else None))
    both = {part: {**kept.get(part, {}), **now[part]} for part in (SENT, READ)}
    return replace(after, extras={**content.extras, REVOX: {**kept, **both}})


def reading_of(content: CampaignContent | Campaign, number: str | None, agent_zone: str | None) -> dict[str, Any]:
    """Revox's fields as our values say them. `number`: who calls."""
    return {
        "name": content.name,
        "call_retry_config": config_of(content.plan, agent_zone),
        "from_phone_number": number,
        "max_concurrent_calls": content.plan.pacing.max_concurrent,
        "scheduled_at": instant(content.start_at),
    }


def told(campaign: Campaign, number: str | None) -> dict[str, Any]:
    """The fields that a client wrote, as they stand."""
    said = recall(campaign.extras.get(REVOX), reading_of(campaign, number, campaign.agent_zone))
    names = ("name", "call_retry_config", "from_phone_number", "max_concurrent_calls", "scheduled_at")
    return {name: said[name] for name in names} | {"type": said.get("type") or "regular"}


def status_word(campaign: Campaign, release: tuple[int, ...] | None) -> str:
    """Where it stands. `draft` for a campaign that a client made so, if its release knows the word."""
    knows = release is None or release < NO_DRAFTS
    how = begins(campaign)
    if campaign.status is CampaignStatus.DRAFT and how is Beginning.HELD:  # its contacts are still to come
        return CAMPAIGN_STATUS[CampaignStatus.RUNNING]
    if campaign.status is CampaignStatus.DRAFT and not (knows and how is Beginning.DRAFT):
        return DRAFT_WITHOUT_A_WORD
    return CAMPAIGN_STATUS[campaign.status]
