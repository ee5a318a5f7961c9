"""A campaign in Syllable's words to ours. Pure; `reading.py` is the other direction."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from clarion.app.campaign_content import CampaignContent
from clarion.app.ports.resources import Agent
from clarion.app.refusals import Invalid, Problem
from clarion.core.campaigns import Message, Plan, Targeting, TargetRule, Voicemail, VoicemailAction
from clarion.core.outcomes import Channel, Outcome
from clarion.core.pacing import CapCounts, Pacing
from clarion.core.retries import DEFAULT_RETRIED, DelayMode, Retries
from clarion.core.schedule import ZonePolicy
from clarion.surfaces.vendors.echo import remember
from clarion.surfaces.vendors.syllable.forms import parse_interval
from clarion.surfaces.vendors.syllable.hooks import draft_of_hook, secret_of
from clarion.surfaces.vendors.syllable.hours import schedule_of
from clarion.surfaces.vendors.syllable.reading import MADE, NAME, SOURCE, made_here, reading
from clarion.surfaces.vendors.syllable.shapes import CampaignInput, TargetFilters, VoicemailDetection
from clarion.surfaces.vendors.syllable.words import LINE_TYPES
from clarion.surfaces.vendors.vendor import Note, Place, Translation

HOURS = ("active_days", "daily_start_time", "daily_end_time", "max_daily_calls", "outreach_override_rules")
"""Fields that make a schedule together."""
DEFAULT_INTERVAL = timedelta(hours=1)
LINE_TYPE = "line_type"

NOT_REACHED = DEFAULT_RETRIED | {Outcome.VOICEMAIL, Outcome.MAILBOX_FULL, Outcome.CALL_SCREENING}
"""What a retry is for: nobody was reached. The vendor does not say which outcomes it retries."""

VARS = re.compile(r"\{\{(-?)\s*vars\.([A-Za-z_][A-Za-z0-9_.]*)\s*(-?)\}\}")
MARKUP = re.compile(r"<(html|body|p|div|br|table|a|h[1-6])\b", re.IGNORECASE)

FIELDS: Mapping[str, str] = {
    "name": "campaign_name",
    "labels": "labels",
    "description": "description",
    "variables": "campaign_variables",
    "channel": "mode",
    "agent_id": "source",
    "sender_id": "source",
    "pool_id": "source",
    "voicemail": "voicemail_detection",
    "message.session_ttl": "sms_session_ttl",
    "message": "source",
    "schedule.weekdays": "outreach_override_rules.days",
    "schedule.dates": "outreach_override_rules.dates",
    "schedule.week": "daily_end_time",
    "schedule.zone_policy": "source",
    "schedule.zone": "source",
    "schedule": "active_days",
    "pacing.daily_cap": "max_daily_calls",
    "pacing.per_hour": "hourly_rate",
    "pacing.max_concurrent": "hourly_rate",
    "retries.delays": "retry_interval",
    "retries": "retry_count",
    "targeting.allowed_line_types": "allowed_line_types",
    "targeting": "target_filters",
}
"""Where a problem of ours belongs in the vendor's body: the longest beginning counts."""


def read_campaign(body: Mapping[str, Any], place: Place) -> Translation:
    """A create request from a file. Raises Invalid with the vendor's names of the fields."""
    try:
        sent = CampaignInput.model_validate(dict(body))
    except ValidationError as wrong:
        raise Invalid(
            [Problem(".".join(map(str, each["loc"])), each["type"], each["msg"]) for each in wrong.errors()]
        ) from wrong
    told = translation_of(sent, place)
    kept = {**remember(sent_fields(sent), reading(told.content, None)), SOURCE: None, MADE: True}
    notes = [
        Note(f"webhooks.{n}.auth_values", "Secrets are not taken over: the webhook gets a new one.")
        for n, hook in enumerate(sent.webhooks)
        if secret_of(hook) is not None
    ]
    return replace(
        told,
        content=replace(told.content, extras={NAME: kept}),
        webhooks=tuple(draft_of_hook(hook, signed=False) for hook in sent.webhooks),
        notes=(*told.notes, *notes),
    )


def translation_of(body: CampaignInput, place: Place) -> Translation:
    """What a campaign's body asks for. The sender and the agent are still to be put in."""
    channel = Channel(body.mode or Channel.VOICE)
    content = CampaignContent(
        name=body.campaign_name,
        channel=channel,
        plan=plan_of(body, channel, place),
        variables=_variables(body, channel, place.agent),
        labels=_labels(body),
        description=body.description,
    )
    presented = presented_number(body, channel)
    return Translation(
        content=content,
        numbers=(presented,) if presented is not None else (),
        agent=None,
        webhooks=tuple(draft_of_hook(hook) for hook in body.webhooks),
        launch=True,
        notes=tuple(_notes(body, channel, content.plan, place)),
    )


def _variables(body: CampaignInput, channel: Channel, agent: Agent | None) -> dict[str, Any]:
    """The campaign's; a message has no agent to fill in its own, so they come along beneath."""
    own = agent.config.get("variables") if agent is not None and channel is not Channel.VOICE else None
    return {**(own if isinstance(own, Mapping) else {}), **body.campaign_variables}


def presented_number(body: CampaignInput, channel: Channel) -> str | None:
    """What people see: in a call the caller ID, else the source; a message comes from its source."""
    first, second = body.caller_id, body.source
    if channel is not Channel.VOICE:
        first, second = second, first
    return (first or "").strip() or (second or "").strip() or None


def plan_of(body: CampaignInput, channel: Channel, place: Place) -> Plan:
    """The plan that a campaign's body asks for."""
    config = place.agent.config if place.agent is not None else {}
    follows_agent = place.agent is not None and place.agent.timezone is not None
    voicemail = voicemail_of(body.voicemail_detection, config)
    defaults = Plan()
    return Plan(
        schedule=schedule_of(
            body,
            ZonePolicy.AGENT if follows_agent else ZonePolicy.CAMPAIGN,
            None if follows_agent else place.timezone,
        ),
        pacing=Pacing(
            per_hour=float(body.hourly_rate),
            daily_cap=body.max_daily_calls or None,
            daily_cap_counts=CapCounts.FIRST_ATTEMPTS,
        ),
        retries=Retries(
            max_attempts=body.retry_count + 1,
            delays=(parse_interval(body.retry_interval) if body.retry_interval else DEFAULT_INTERVAL,),
            on=NOT_REACHED - ({Outcome.VOICEMAIL} if voicemail.action is VoicemailAction.LEAVE_MESSAGE else set()),
        ),
        voicemail=voicemail,
        message=message_of(channel, place.agent, body.sms_session_ttl),
        targeting=targeting_of(body),
        complete_when_empty=False,
        ring_timeout=_seconds(config.get("ring_timeout_s"), defaults.ring_timeout),
        max_duration=_seconds(config.get("max_duration_s"), defaults.max_duration),
        record=config.get("record") is True,
    )


def voicemail_of(detection: VoicemailDetection | None, config: Mapping[str, Any]) -> Voicemail:
    """Without detection whoever answers is a person; with it the agent's own policy says what follows."""
    if detection is None:
        return Voicemail(VoicemailAction.IGNORE)
    policy = config.get("voicemail")
    known = policy if isinstance(policy, Mapping) else {}
    word, message = known.get("action"), known.get("message")
    action = VoicemailAction(word) if word in set(VoicemailAction) else VoicemailAction.HANG_UP
    return Voicemail(
        action,
        message if isinstance(message, str) else None,
        detection.model_dump(mode="json", exclude_unset=True),
    )


def message_of(channel: Channel, agent: Agent | None, ttl_minutes: int | None) -> Message | None:
    """What an SMS or a mail says: the agent's greeting. None for calls, and for an agent that has none."""
    text = agent.config.get("first_sentence") if agent is not None else None
    if channel is Channel.VOICE or agent is None or not isinstance(text, str) or not text.strip():
        return None
    text = template_of(text)
    subject = agent.config.get("first_subject")
    is_markup = channel is Channel.EMAIL and MARKUP.search(text) is not None
    return Message(
        text="" if is_markup else text,
        subject=template_of(subject) if channel is Channel.EMAIL and isinstance(subject, str) else None,
        html=text if is_markup else None,
        session_ttl=timedelta(minutes=ttl_minutes) if channel is Channel.SMS and ttl_minutes is not None else None,
    )


def template_of(text: str) -> str:
    """The vendor writes `{{vars.name}}` where ours is `{{ name }}`."""
    return VARS.sub(lambda match: f"{{{{{match[1]} {match[2]} {match[3]}}}}}", text)


def targeting_of(body: CampaignInput) -> Targeting:
    """The target filters if there are any, else the line types."""
    filters = body.target_filters
    if filters is None:
        return Targeting(
            allowed_line_types=frozenset(body.allowed_line_types or ()),
            include_unknown_line_types=body.include_unknown_line_types,
        )
    return Targeting(
        match_all=filters.match == "all",
        include_unknown=filters.on_unknown == "include",
        rules=_rules(filters),
    )


def _rules(filters: TargetFilters) -> tuple[TargetRule, ...]:
    return tuple(
        TargetRule(
            rule.field,
            rule.op,
            () if rule.op.endswith("exists") else tuple(_value(rule.field, value) for value in rule.values),
        )
        for rule in filters.rules
    )


def _value(field: str, value: str) -> str:
    return LINE_TYPES.get(value.casefold(), value) if field == LINE_TYPE else value


def _labels(body: CampaignInput) -> tuple[str, ...]:
    labels = list(dict.fromkeys(body.labels or ()))
    return tuple(labels or ([body.label] if body.label else []))


def _seconds(value: Any, default: timedelta) -> timedelta:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 86_400:
        return timedelta(seconds=value)
    return default


def _notes(body: CampaignInput, channel: Channel, plan: Plan, place: Place) -> Sequence[Note]:
    notes = []
    if place.agent is None:
        notes.append(Note("source", f"No agent is known by this source: days and hours are read in {place.timezone}."))
        if channel is not Channel.VOICE:
            notes.append(Note("mode", "The text of a message is the agent's custom message; without one it has none."))
    if body.retry_count and not body.retry_interval:
        notes.append(Note("retry_interval", "Not given: retries wait one hour."))
    known = {rule.field for rule in plan.targeting.rules} - {LINE_TYPE}
    if known:
        message = f"Nothing is looked up about numbers: {', '.join(sorted(known))} must come with the requests."
        notes.append(Note("target_filters", message))
    return notes


def sent_fields(body: CampaignInput) -> dict[str, Any]:
    """What a client asked for, with the vendor's defaults for what it left out; secrets are not in it."""
    sent = body.model_dump(mode="json", exclude={"webhooks"})
    for name in ("voicemail_detection", "outreach_override_rules", "target_filters"):
        shape = getattr(body, name)
        if shape is not None:
            sent[name] = shape.model_dump(mode="json", exclude_unset=True)
    return sent


def revised(before: CampaignContent, asked: CampaignContent, sent: Mapping[str, Any], read: Mapping[str, Any]) -> Plan:
    """The plan of a campaign that is replaced: what the vendor cannot say stays as it is.

    So does what it can only say roughly, in a campaign of another make, while the client sends it as it was told.
    """
    old, new = before.plan, asked.plan
    ours = made_here(before)
    same = {name for name in read if not ours and name in sent and sent[name] == read[name]}
    pacing = old.pacing if "hourly_rate" in same else replace(old.pacing, per_hour=new.pacing.per_hour, per_second=None)
    schedule = replace(new.schedule, holidays=old.schedule.holidays, quiet_hours=old.schedule.quiet_hours)
    retries = old.retries if "retry_interval" in same else replace(old.retries, mode=DelayMode.FIXED)
    line_types = {"allowed_line_types", "include_unknown_line_types", "target_filters"} <= same
    return replace(
        old,
        schedule=old.schedule if same.issuperset(HOURS) else schedule,
        pacing=pacing
        if same.issuperset(HOURS)
        else replace(pacing, daily_cap=new.pacing.daily_cap, daily_cap_counts=CapCounts.FIRST_ATTEMPTS),
        retries=replace(
            retries,
            max_attempts=new.retries.max_attempts,
            delays=old.retries.delays if "retry_interval" in same else new.retries.delays,
            on=new.retries.on if ours else old.retries.on,
        ),
        voicemail=old.voicemail if "voicemail_detection" in same else new.voicemail,
        message=new.message if ours else old.message,
        targeting=old.targeting
        if line_types
        else replace(new.targeting, require_consent=old.targeting.require_consent),
        complete_when_empty=old.complete_when_empty,
        ring_timeout=new.ring_timeout if ours else old.ring_timeout,
        max_duration=new.max_duration if ours else old.max_duration,
        record=new.record if ours else old.record,
    )
