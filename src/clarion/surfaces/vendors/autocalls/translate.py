"""A campaign of theirs in our words, and any campaign in theirs. Pure: nothing is looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from math import ceil
from typing import Any

from pydantic import ValidationError

from clarion.app.campaign_content import CampaignContent
from clarion.app.ports.resources import Agent
from clarion.app.refusals import Invalid, Problem
from clarion.core.campaigns import Campaign, Plan, Voicemail, VoicemailAction
from clarion.core.outcomes import Channel
from clarion.core.pacing import Pacing
from clarion.core.retries import DelayMode, Retries
from clarion.core.schedule import DAY_SECONDS, WEEKDAYS, Schedule, Span, ZonePolicy, format_clock, parse_clock
from clarion.surfaces.vendors.autocalls.dates import stamp
from clarion.surfaces.vendors.autocalls.rules import INVALID, sent, sentence_of, worded
from clarion.surfaces.vendors.autocalls.shapes import CampaignInput
from clarion.surfaces.vendors.autocalls.words import BOOLEANS, CAMPAIGN, TO_VOICEMAIL, UNANSWERED, WITHOUT_GOAL
from clarion.surfaces.vendors.echo import recall, remember
from clarion.surfaces.vendors.vendor import Note, Place, Translation

NAME = "autocalls"
PARALLEL, MOST_PARALLEL = 3, 10
RETRIES, INTERVAL = 3, 60
DAY_BEGINS, DAY_ENDS = "00:00", "23:59"
USUAL_GOAL = "status"
"""In the schema that assistants have unless they are given another: whether the call reached its objective."""
INBOUND = "inbound"

SHOWN = (
    "name",
    "max_calls_in_parallel",
    "mark_complete_when_no_leads",
    "allowed_hours_start_time",
    "allowed_hours_end_time",
    "allowed_days",
    "max_retries",
    "retry_interval",
)
"""The fields of a campaign that this API answers, beside its id, its status and its two instants."""
HOURS = ("allowed_hours_start_time", "allowed_hours_end_time")


def read_campaign(body: Mapping[str, Any], place: Place) -> Translation:
    """A create body from a file. Raises Invalid with this API's names of the fields."""
    try:
        campaign = CampaignInput.model_validate(dict(body))
    except ValidationError as errors:
        raise Invalid([_problem(error) for error in errors.errors(include_url=False)]) from errors
    notes = []
    if campaign.phone_number_ids:
        message = "These are ids of the other service: name the caller IDs of this one when the campaign is created."
        notes.append(Note("phone_number_ids", message))
    return read(campaign, place, notes=tuple(notes))


def _problem(error: Mapping[str, Any]) -> Problem:
    field = ".".join(str(part) for part in error["loc"]) or "body"
    return Problem(field, str(error["type"]), worded(field, sentence_of(error)))


def read(body: CampaignInput, place: Place, *, most: int = MOST_PARALLEL, notes: tuple[Note, ...] = ()) -> Translation:
    """A create body. `most` calls at once are allowed. Raises Invalid."""
    parallel = min(PARALLEL, most) if body.max_calls_in_parallel is None else body.max_calls_in_parallel
    if parallel > most:
        message = worded("max_calls_in_parallel", f"The :attribute must be between 1 and {most}.")
        raise Invalid([Problem("max_calls_in_parallel", "out_of_range", message)])
    goal = _goal(body, place.agent)
    content = CampaignContent(
        name=body.name,
        channel=Channel.VOICE,
        plan=_spoken_by(
            place.agent,
            Plan(
                schedule=Schedule(
                    week=_week(body), zone_policy=ZonePolicy.CAMPAIGN, zone=body.timezone or place.timezone
                ),
                pacing=Pacing(max_concurrent=parallel),
                retries=_retries(body),
                goal_variable=goal,
                complete_when_empty=body.mark_complete_when_no_leads is not False,
            ),
        ),
    )
    return Translation(content=content, agent=str(body.assistant_id), notes=notes)


def _week(body: CampaignInput) -> tuple[tuple[Span, ...], ...]:
    start = parse_clock(body.allowed_hours_start_time or DAY_BEGINS)
    end = parse_clock(body.allowed_hours_end_time or DAY_ENDS)
    span = Span(start, end if start < end else end + DAY_SECONDS)
    days = WEEKDAYS if body.allowed_days is None else body.allowed_days
    if not days:
        message = worded("allowed_days", "The :attribute must have at least 1 items.")
        raise Invalid([Problem("allowed_days", "too_short", message)])
    return tuple((span,) if day in days else () for day in WEEKDAYS)


def _retries(body: CampaignInput) -> Retries:
    """Every unanswered call is one of theirs that failed: it waits for the interval, a carrier's fault like a miss."""
    attempts = 1 + (RETRIES if body.max_retries is None else body.max_retries)
    return Retries(
        max_attempts=attempts,
        mode=DelayMode.FIXED,
        delays=(timedelta(minutes=body.retry_interval or INTERVAL),),
        on=UNANSWERED
        | (TO_VOICEMAIL if body.retry_on_voicemail else frozenset())
        | (WITHOUT_GOAL if body.retry_on_goal_incomplete else frozenset()),
        until_goal=bool(body.retry_on_goal_incomplete),
        max_faults=attempts,
        fault_as_miss=True,
    )


def _goal(body: CampaignInput, agent: Agent | None) -> str | None:
    """The goal variable: a boolean of the assistant's post-call schema. Raises Invalid."""
    field = "goal_completion_variable"
    wanted = body.goal_completion_variable
    booleans = None if agent is None else boolean_results(agent.config)
    if wanted is None and body.retry_on_goal_incomplete:
        if booleans is None or USUAL_GOAL in booleans:
            return USUAL_GOAL
        sentence = "The :attribute field is required when retry on goal incomplete is true."
        raise Invalid([Problem(field, "missing", worded(field, sentence))])
    if wanted is not None and booleans is not None and wanted not in booleans:
        raise Invalid([Problem(field, "unknown", worded(field, INVALID))])
    return wanted


def boolean_results(config: Mapping[str, Any]) -> frozenset[str]:
    """The names of the booleans in an agent's post-call schema, in any of the forms that it may have."""
    schema = config.get("post_call_schema")
    if isinstance(schema, list):
        fields = [(each.get("name"), each.get("type")) for each in schema if isinstance(each, Mapping)]
    elif isinstance(schema, Mapping):
        properties = schema.get("properties", schema)
        named = properties.items() if isinstance(properties, Mapping) else ()
        fields = [(name, each.get("type") if isinstance(each, Mapping) else each) for name, each in named]
    else:
        fields = []
    return frozenset(str(name) for name, kind in fields if kind in BOOLEANS)


def calls_out(agent: Agent) -> bool:
    """Whether an agent makes calls: every one but those that were made here to take them."""
    kept = agent.config.get(NAME)
    return not isinstance(kept, Mapping) or kept.get("sent", {}).get("type") != INBOUND


def _spoken_by(agent: Agent | None, plan: Plan) -> Plan:
    return plan if agent is None else with_voice(plan, agent.config)


def with_voice(plan: Plan, config: Mapping[str, Any]) -> Plan:
    """The plan with what an agent's configuration says about ringing, duration, voicemail and recording."""
    changes: dict[str, Any] = {}
    for name, key in (("ring_timeout", "ring_timeout_s"), ("max_duration", "max_duration_s")):
        seconds = config.get(key)
        if isinstance(seconds, int | float) and seconds > 0:
            changes[name] = timedelta(seconds=seconds)
    voicemail = config.get("voicemail")
    if isinstance(voicemail, Mapping) and voicemail.get("action") in list(VoicemailAction):
        changes["voicemail"] = Voicemail(VoicemailAction(voicemail["action"]), voicemail.get("message"))
    if isinstance(config.get("record"), bool):
        changes["record"] = config["record"]
    return replace(plan, **changes)


def kept_of(body: CampaignInput, content: CampaignContent) -> dict[str, Any]:
    """What is kept with a campaign so that its client's words come back."""
    return remember(sent(body), reading(content))


def reading(campaign: Campaign | CampaignContent) -> dict[str, Any]:
    """Any campaign in this API's fields. Windows that differ between days are told as the widest of them."""
    plan = campaign.plan
    spans = [(day, _day(plan.schedule, number)) for number, day in enumerate(WEEKDAYS)]
    starts = [min(span.start for span in day) for _, day in spans if day]
    ends = [max(span.end for span in day) for _, day in spans if day]
    delays = plan.retries.delays
    interval = INTERVAL if not delays else ceil(delays[0] / timedelta(minutes=1))
    return {
        "name": campaign.name,
        "max_calls_in_parallel": plan.pacing.max_concurrent or MOST_PARALLEL,
        "mark_complete_when_no_leads": plan.complete_when_empty,
        "allowed_hours_start_time": _seconds(min(starts, default=0)),
        "allowed_hours_end_time": _seconds(max(ends, default=DAY_SECONDS)),
        "allowed_days": [day for day, windows in spans if windows],
        "max_retries": plan.retries.max_attempts - 1,
        "retry_interval": 24 * 60 if plan.retries.mode is DelayMode.NEXT_DAY else interval,
        "timezone": plan.schedule.zone,
        "retry_on_voicemail": plan.retries.on >= TO_VOICEMAIL,
        "retry_on_goal_incomplete": plan.retries.until_goal,
        "goal_completion_variable": plan.goal_variable,
    }


def _day(schedule: Schedule, number: int) -> tuple[Span, ...]:
    rule = schedule.weekdays.get(number)
    if rule is not None and rule.active is False:
        return ()
    return schedule.week[number] if rule is None or rule.spans is None else rule.spans


def _seconds(clock: int) -> str:
    """`09:00:00`. The end of a day is its last minute, as this API has no 24:00."""
    if clock == DAY_SECONDS:
        return f"{DAY_ENDS}:00"
    return _with_seconds(format_clock(clock))


def _with_seconds(clock: str) -> str:
    return clock if clock.count(":") == 2 else f"{clock}:00"


def shown(campaign: Campaign) -> dict[str, Any]:
    """A campaign as this API answers it."""
    fields = recall(campaign.extras.get(NAME), reading(campaign))
    fields.update({name: _with_seconds(fields[name]) for name in HOURS})
    values = {name: fields[name] for name in SHOWN}
    return {
        "id": campaign.id,
        "name": values.pop("name"),
        "status": CAMPAIGN[campaign.status],
        **values,
        "created_at": stamp(campaign.created_at),
        "updated_at": stamp(campaign.updated_at),
    }
