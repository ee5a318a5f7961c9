"""Freya's campaigns and ours, both ways: pure functions on values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from clarion.app.campaign_content import CampaignContent
from clarion.app.ports.resources import Agent, Sender
from clarion.app.refusals import Invalid, Problem
from clarion.app.webhooks import EndpointDraft
from clarion.core.campaigns import Campaign, Plan
from clarion.core.events import EventType
from clarion.core.outcomes import Channel
from clarion.core.retries import DelayMode, Retries
from clarion.core.schedule import DAY_SECONDS, Schedule, Span, ZonePolicy, format_clock, parse_clock
from clarion.core.wallclock import find_zone, local_instant
from clarion.surfaces.vendors.echo import recall, remember
from clarion.surfaces.vendors.freya.agent_config import with_agent
from clarion.surfaces.vendors.freya.shapes import CampaignFields, NewCampaign
from clarion.surfaces.vendors.freya.words import DEFAULT_CONDITIONS, conditions_of, outcomes_of
from clarion.surfaces.vendors.vendor import Note, Place, Translation
from clarion.wire.contact_drafts import ContactDraft
from clarion.wire.uuids import uuid_of

FREYA = "freya"
"""Our name for the vendor: of extras, of agents' fields, of the campaign webhook's format."""
DEFAULT_ZONE = "UTC"
DEFAULT_DELAY = 300
ANY_COUNTRY = "US"
"""Of a place where it does not matter: numbers without a country are read by the use case."""
PEOPLE = frozenset({"customers", "phoneNumbers"})
"""What becomes contacts, and is not kept with the campaign."""

Day = tuple[Span, ...]
_WHOLE = Span(0, DAY_SECONDS)


def read_campaign(body: Mapping[str, Any], place: Place) -> Translation:
    """A create request from a file, with what it did not understand as notes. Raises Invalid."""
    try:
        shape = NewCampaign.model_validate(dict(body))
    except ValidationError as error:
        raise Invalid(
            [Problem(".".join(map(str, each["loc"])), each["type"], each["msg"]) for each in error.errors()]
        ) from error
    found = translate(shape, place)
    content = replace(found.content, extras=kept(shape, found.content, Around(webhook_url=shape.webhookUrl)))
    strange = [
        Note(name, "Freya's API has no such field.") for name in sorted(body.keys() - NewCampaign.model_fields.keys())
    ]
    return replace(found, content=content, notes=(*found.notes, *strange))


def translate(body: NewCampaign, place: Place) -> Translation:
    """A campaign that Freya's client wants. Raises Invalid with Freya's names of the fields."""
    people = _people(body)
    plan = with_agent(Plan(schedule=schedule_of(body), retries=retries_of(body)), place.agent)
    start_at = start_of(body.startDate, plan.schedule)
    content = CampaignContent(
        name=body.name.strip(), channel=Channel.VOICE, plan=plan, description=body.description, start_at=start_at
    )
    return Translation(
        content=content,
        drafts=tuple(people),
        numbers=(body.phoneNumber,) if body.phoneNumber else (),
        agent=body.assistantId or body.assistantName,
        webhooks=(outcome_hook(body.webhookUrl),) if body.webhookUrl else (),
        launch=True,
        notes=tuple(_notes(body, start_at, place)),
    )


def _people(body: NewCampaign) -> list[ContactDraft]:
    people = [ContactDraft(each.phoneNumber, variables=each.properties) for each in body.customers or ()]
    people += [ContactDraft(number) for number in body.phoneNumbers or ()]
    if not people:
        raise Invalid([Problem("customers", "required", "Give customers or phoneNumbers, with at least one number.")])
    return people


def _notes(body: NewCampaign, start_at: datetime | None, place: Place) -> list[Note]:
    notes = [
        Note(
            "startTime" if body.startTime else "activeDays",
            "The law's calling hours at the customer's place hold as well; calls outside of them wait.",
        )
    ]
    if start_at is not None and start_at <= place.now:
        notes.append(Note("startDate", "It has passed, so the campaign starts at once."))
    if "Invalid" in (body.retryConditions or ()):
        notes.append(Note("retryConditions", "A number that does not exist is not dialled again, also when listed."))
    if body.retryDelayMode == "next_day" and body.retryDelaySeconds is not None:
        notes.append(Note("retryDelaySeconds", "With next_day the next call is in the next active day's first window."))
    return notes


def outcome_hook(url: str) -> EndpointDraft:
    """The campaign's webhook: one message for every call that ended."""
    return EndpointDraft(url=url, events=(EventType.ATTEMPT_ENDED,), format=FREYA)


# when


def schedule_of(body: CampaignFields) -> Schedule:
    """The windows. Raises Invalid for hours that begin where they end."""
    usual = _window(body.startTime, body.endTime, "")
    other = {
        int(day): _window(hours.startTime or body.startTime, hours.endTime or body.endTime, f"daySchedules.{day}.")
        for day, hours in (body.daySchedules or {}).items()
    }
    active = frozenset(range(7) if body.activeDays is None else body.activeDays)
    return Schedule(
        week=tuple((other.get(day, usual),) if day in active else () for day in range(7)),
        zone_policy=ZonePolicy.CAMPAIGN,
        zone=body.timezone or DEFAULT_ZONE,
    )


def _window(start: str | None, end: str | None, where: str) -> Span:
    """Hours of a day; an end that comes before the start is on the next day, and 00:00 is the end of this one."""
    opens = parse_clock(start) if start else 0
    closes = (parse_clock(end) if end else DAY_SECONDS) or DAY_SECONDS
    if opens >= DAY_SECONDS:
        raise Invalid([Problem(f"{where}startTime", "out_of_range", "A window starts before 24:00.")])
    if opens == closes:
        raise Invalid([Problem(f"{where}endTime", "empty_window", "A window does not end when it starts.")])
    return Span(opens, closes if closes > opens else closes + DAY_SECONDS)


def start_of(day: str | None, schedule: Schedule) -> datetime | None:
    """The opening of the first window on or after a date; None for at once."""
    zone = find_zone(schedule.zone)
    if day is None or zone is None:
        return None
    first = date.fromisoformat(day)
    for later in range(7):
        spans = schedule.week[(first.weekday() + later) % 7]
        if spans:
            return local_instant(first + timedelta(days=later), spans[0].start, zone)
    return None


# how often


def retries_of(body: CampaignFields) -> Retries:
    """The retry rules. A carrier's fault waits as any other failed call does, and as many in a row are tried again."""
    again = body.callRetries or 0
    delay = DEFAULT_DELAY if body.retryDelaySeconds is None else body.retryDelaySeconds
    wait = timedelta(seconds=delay)
    conditions = DEFAULT_CONDITIONS if body.retryConditions is None else body.retryConditions
    return Retries(
        max_attempts=again + 1,
        mode=DelayMode.NEXT_DAY if body.retryDelayMode == "next_day" else DelayMode.FIXED,
        delays=(wait,),
        on=outcomes_of(conditions),
        max_faults=again + 1,
        fault_delay=wait,
        fault_as_miss=True,
    )


# and back


@dataclass(frozen=True, slots=True)
class Around:
    """What a campaign refers to, for its reading."""

    agent: Agent | None = None
    sender: Sender | None = None
    webhook_url: str | None = None


def reading(campaign: Campaign | CampaignContent, around: Around) -> dict[str, Any]:
    """Freya's fields of any campaign, whoever made it: what does not fit is said as near as their words come."""
    schedule, retries = campaign.plan.schedule, campaign.plan.retries
    zone = schedule.zone or (campaign.agent_zone if isinstance(campaign, Campaign) else None) or DEFAULT_ZONE
    return {
        "name": campaign.name,
        "assistantId": None if around.agent is None else uuid_of("agent", around.agent.id),
        "assistantName": None if around.agent is None else around.agent.name,
        "description": campaign.description,
        "startDate": _date(campaign.start_at, zone),
        **_hours(schedule),
        "timezone": zone,
        "phoneNumber": None if around.sender is None else around.sender.address,
        "callRetries": retries.max_attempts - 1,
        "retryDelaySeconds": round(retries.delays[0].total_seconds()) if retries.delays else 0,
        "retryDelayMode": "next_day" if retries.mode is DelayMode.NEXT_DAY else "fixed",
        "retryConditions": conditions_of(retries.on),
        "webhookUrl": around.webhook_url,
    }


def _date(start_at: datetime | None, zone: str) -> str | None:
    if start_at is None:
        return None
    return start_at.astimezone(find_zone(zone)).date().isoformat()


def _hours(schedule: Schedule) -> dict[str, Any]:
    """The hours that most days have, and those of the others. Several windows of a day read as one over them all."""
    outlines = {day: _outline(spans) for day, spans in enumerate(_effective(schedule)) if spans}
    counts = Counter(outlines.values())
    usual = max(counts, key=lambda span: counts[span]) if counts else _WHOLE
    return {
        "startTime": None if usual == _WHOLE else format_clock(usual.start),
        "endTime": None if usual == _WHOLE else format_clock(usual.end),
        "activeDays": sorted(outlines),
        "daySchedules": {
            str(day): {"startTime": format_clock(span.start), "endTime": format_clock(span.end)}
            for day, span in sorted(outlines.items())
            if span != usual
        },
    }


def _effective(schedule: Schedule) -> Sequence[Day]:
    """The windows of the seven days with what other APIs' weekday rules change."""
    week = []
    for day, spans in enumerate(schedule.week):
        rule = schedule.weekdays.get(day)
        own = spans if rule is None or rule.spans is None else rule.spans
        closed = rule is not None and (rule.active is False or rule.daily_cap == 0)
        week.append(() if closed else own)
    return week


def _outline(spans: Day) -> Span:
    return Span(min(span.start for span in spans), max(span.end for span in spans))


# what was sent


def sent_of(body: CampaignFields) -> dict[str, Any]:
    """What a client said about a campaign, as it said it."""
    return body.model_dump(exclude_unset=True, exclude_none=True, exclude=set(PEOPLE))


def kept(body: CampaignFields, content: CampaignContent, around: Around) -> dict[str, Any]:
    """The campaign's extras, with what was sent beside what it reads as."""
    return {**content.extras, FREYA: remember(sent_of(body), reading(content, around))}


def fields_of(campaign: Campaign | CampaignContent, around: Around) -> dict[str, Any]:
    """Freya's fields of a campaign: as they were sent while that holds, else as the campaign reads now."""
    return recall(campaign.extras.get(FREYA), reading(campaign, around))


def kept_anew(
    before: CampaignContent, change: CampaignFields, after: CampaignContent, around: Around, anew: Around
) -> CampaignContent:
    """A changed campaign with what still holds of what was sent earlier, and the change. `anew`: its new surroundings.

    A field that is taken back (null) is forgotten.
    """
    earlier = before.extras.get(FREYA, {}).get("sent", {})
    holds = {name: value for name, value in fields_of(before, around).items() if name in earlier}
    sent = {name: value for name, value in holds.items() if name not in change.model_fields_set} | sent_of(change)
    return replace(after, extras={**after.extras, FREYA: remember(sent, reading(after, anew))})


# changes

SCHEDULE_FIELDS = frozenset({"startTime", "endTime", "activeDays", "daySchedules", "timezone"})
RETRY_FIELDS = frozenset({"callRetries", "retryDelaySeconds", "retryDelayMode", "retryConditions"})


def changed(content: CampaignContent, change: CampaignFields, around: Around, agent: Agent | None) -> CampaignContent:
    """A campaign's content with a client's change: what it does not touch stays, also what Freya has no words for.

    `around` is what the campaign refers to now; `agent` is another one that is to speak. Raises Invalid.
    """
    named = change.model_fields_set
    whole = merged(fields_of(content, around), change)
    plan, start_at = content.plan, content.start_at
    if named & SCHEDULE_FIELDS:
        hours = schedule_of(whole)
        schedule = replace(plan.schedule, week=hours.week, weekdays={}, zone_policy=hours.zone_policy, zone=hours.zone)
        plan = replace(plan, schedule=schedule)
    if named & RETRY_FIELDS:
        rules = retries_of(whole)
        retries = replace(
            plan.retries,
            max_attempts=rules.max_attempts,
            mode=rules.mode,
            delays=rules.delays,
            on=rules.on,
            max_faults=rules.max_faults,
            fault_delay=rules.fault_delay,
            fault_as_miss=rules.fault_as_miss,
        )
        plan = replace(plan, retries=retries)
    if "startDate" in named or (start_at is not None and named & SCHEDULE_FIELDS):
        start_at = start_of(whole.startDate, plan.schedule)
    return replace(
        content,
        name=change.name.strip() if change.name is not None else content.name,
        description=change.description if "description" in named else content.description,
        plan=with_agent(plan, agent),
        agent_id=content.agent_id if agent is None else agent.id,
        start_at=start_at,
    )


def merged(fields: Mapping[str, Any], change: CampaignFields) -> CampaignFields:
    """A campaign's fields with a change over them. Fields that are not Freya's own any more are left out."""
    named = change.model_dump(exclude_unset=True)
    known = {name: value for name, value in fields.items() if name in CampaignFields.model_fields}
    return CampaignFields.model_construct(
        **{name: getattr(change, name) for name in named},
        **{name: _shaped(name, value) for name, value in known.items() if name not in named},
    )


def _shaped(name: str, value: Any) -> Any:
    """A field of a reading as the shape has it."""
    return CampaignFields.model_validate({name: value}).daySchedules if name == "daySchedules" else value
