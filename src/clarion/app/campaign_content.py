"""What people may write about a campaign, and everything that can be wrong with it, each by the name of its field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from clarion.app.ports.ledger import Tx
from clarion.app.ports.resources import Agent
from clarion.app.refusals import NotFound, Problem
from clarion.core.campaigns import Campaign, Message, Plan, VoicemailAction
from clarion.core.outcomes import Channel
from clarion.core.pacing import pacing_problems
from clarion.core.retries import retries_problems
from clarion.core.schedule import ZonePolicy
from clarion.core.schedule_problems import schedule_problems
from clarion.core.targeting import targeting_problems
from clarion.wire.holidays import known_holiday_codes
from clarion.wire.templates import template_problems

NAME_LENGTH = 255
LABELS = 50
LABEL_LENGTH = 100
LONGEST_RING = timedelta(minutes=5)
LONGEST_CALL = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class CampaignContent:
    """What people decide about a campaign. Its status is changed by steering, not by writing. Instants are UTC."""

    name: str
    channel: Channel
    plan: Plan = field(default_factory=Plan)
    agent_id: int | None = None
    sender_id: int | None = None
    pool_id: int | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    description: str | None = None
    start_at: datetime | None = None
    """None: as soon as it is launched."""
    end_at: datetime | None = None
    extras: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, campaign: Campaign) -> CampaignContent:
        """What is written in a campaign now."""
        return cls(**{name: getattr(campaign, name) for name in cls.__slots__})

    def steers(self, other: CampaignContent) -> bool:
        """Whether the engine has to plan anew when `other` becomes this: more than a name or a label changed."""
        return any(getattr(self, name) != getattr(other, name) for name in STEERING)


STEERING = ("plan", "agent_id", "sender_id", "pool_id", "variables", "start_at", "end_at")


async def content_problems(
    tx: Tx, organization_id: int, content: CampaignContent, now: datetime, before: CampaignContent | None = None
) -> list[Problem]:
    """Everything that is wrong with `content`. `before` is what it replaces: what it leaves alone is not judged anew,
    so that a campaign whose last window has passed can still be renamed.
    """
    problems = _name_problems(content)
    if before is not None and before.channel is not content.channel:
        problems.append(Problem("channel", "fixed", "A campaign keeps its channel; create another one instead."))
    if before is None or content.steers(before):
        problems += await steering_problems(tx, organization_id, content, now, before)
    return problems


async def steering_problems(
    tx: Tx, organization_id: int, content: CampaignContent, now: datetime, before: CampaignContent | None = None
) -> list[Problem]:
    """What is wrong with all that decides how the campaign runs; asked again when it is launched.

    An end and a time to finish by that have passed may stand as they were `before`.
    """
    agent, problems = await _reference_problems(tx, organization_id, content)
    settings = (await tx.organizations.organization(organization_id)).settings
    plan = content.plan
    end_stands = before is not None and before.end_at == content.end_at
    finish_stands = before is not None and before.plan.pacing.finish_by == plan.pacing.finish_by
    ended = content.end_at is not None and content.end_at <= now
    problems += _end_problems(content, now, end_stands)
    found = schedule_problems(
        plan.schedule,
        now,
        start_at=content.start_at,
        end_at=None if ended and end_stands else content.end_at,
        agent_zone=(agent.timezone if agent else None) or settings.timezone,
        holiday_codes=known_holiday_codes(),
    )
    problems += _named("schedule", found)
    problems += _named("pacing", pacing_problems(plan.pacing, None if finish_stands else now))
    problems += _parallel_problems(plan, settings.max_parallel_calls)
    problems += _named("retries", retries_problems(plan.retries))
    problems += _named("targeting", targeting_problems(plan.targeting))
    problems += _message_problems(content.channel, plan.message)
    problems += _plan_problems(plan, agent)
    return problems


def _named(prefix: str, found: Iterable[tuple[str, str, str]]) -> list[Problem]:
    return [Problem(f"{prefix}.{path}" if path else prefix, code, message) for path, code, message in found]


def _name_problems(content: CampaignContent) -> list[Problem]:
    problems = []
    if not content.name.strip():
        problems.append(Problem("name", "blank", "A campaign needs a name."))
    if len(content.name) > NAME_LENGTH:
        problems.append(Problem("name", "too_long", f"A name has at most {NAME_LENGTH} characters."))
    if len(content.labels) > LABELS:
        problems.append(Problem("labels", "too_many", f"A campaign has at most {LABELS} labels."))
    for n, label in enumerate(content.labels):
        if not label.strip() or len(label) > LABEL_LENGTH:
            message = f"A label has 1 to {LABEL_LENGTH} characters."
            problems.append(Problem(f"labels.{n}", "bad_label", message))
    return problems


async def _reference_problems(
    tx: Tx, organization_id: int, content: CampaignContent
) -> tuple[Agent | None, list[Problem]]:
    """The agent, and what is wrong with what the campaign refers to. A foreign id is as unknown as a missing one."""
    problems: list[Problem] = []
    agent: Agent | None = None
    if content.agent_id is not None:
        try:
            agent = await tx.resources.agent(organization_id, content.agent_id)
        except NotFound as refusal:
            problems.append(Problem("agent_id", "unknown", str(refusal)))
        else:
            if agent.archived_at is not None:
                problems.append(Problem("agent_id", "archived", f"Agent {agent.id} is archived."))
    if content.sender_id is not None and content.pool_id is not None:
        problems.append(Problem("pool_id", "two_sources", "Give a sender or a pool, not both."))
    if content.sender_id is not None:
        try:
            sender = await tx.resources.sender(organization_id, content.sender_id)
        except NotFound as refusal:
            problems.append(Problem("sender_id", "unknown", str(refusal)))
        else:
            problems += _channel_problems("sender_id", "Sender", sender.channel, content.channel)
    if content.pool_id is not None:
        try:
            pool = await tx.resources.pool(organization_id, content.pool_id)
        except NotFound as refusal:
            problems.append(Problem("pool_id", "unknown", str(refusal)))
        else:
            problems += _channel_problems("pool_id", "Pool", pool.channel, content.channel)
    return agent, problems


def _channel_problems(field: str, noun: str, theirs: Channel, ours: Channel) -> list[Problem]:
    if theirs is ours:
        return []
    return [Problem(field, "wrong_channel", f"{noun} is for {theirs}, the campaign is for {ours}.")]


def _parallel_problems(plan: Plan, most: int | None) -> list[Problem]:
    """An organisation may bound what one campaign asks for."""
    asked = plan.pacing.max_concurrent
    if most is None or asked is None or asked <= most:
        return []
    return [Problem("pacing.max_concurrent", "above_limit", f"This organisation's campaigns may have {most} at most.")]


def _end_problems(content: CampaignContent, now: datetime, end_stands: bool) -> list[Problem]:
    if content.end_at is None:
        return []
    if content.start_at is not None and content.end_at <= content.start_at:
        return [Problem("end_at", "before_start", "The end is not after the start.")]
    if content.end_at <= now and not end_stands:
        return [Problem("end_at", "past", "The end is in the past.")]
    return []


def _message_problems(channel: Channel, message: Message | None) -> list[Problem]:
    if message is None:
        if channel is Channel.VOICE:
            return []
        return [Problem("message", "missing", f"A campaign by {channel} needs a message.")]
    problems = []
    if channel is not Channel.VOICE and not message.text.strip() and not (message.html or "").strip():
        problems.append(Problem("message.text", "blank", "The message has no text."))
    if channel is Channel.EMAIL and not (message.subject or "").strip():
        problems.append(Problem("message.subject", "blank", "An e-mail needs a subject."))
    if message.session_ttl is not None and message.session_ttl <= timedelta(0):
        problems.append(Problem("message.session_ttl", "too_small", "This must be more than nothing."))
    return problems + _named("message", template_problems(message))


def _plan_problems(plan: Plan, agent: Agent | None) -> list[Problem]:
    problems = []
    if plan.schedule.zone_policy is ZonePolicy.AGENT and agent is None:
        message = "Windows on the agent's clock need an agent."
        problems.append(Problem("schedule.zone_policy", "no_agent", message))
    if plan.voicemail.action is VoicemailAction.LEAVE_MESSAGE and not plan.voicemail.message and agent is None:
        message = "Without an agent there is nobody who knows what to say: give the message."
        problems.append(Problem("voicemail.message", "missing", message))
    if not timedelta(0) < plan.ring_timeout <= LONGEST_RING:
        problems.append(
            Problem("ring_timeout", "out_of_range", "Let it ring for up to five minutes, and for some time.")
        )
    if not timedelta(0) < plan.max_duration <= LONGEST_CALL:
        problems.append(Problem("max_duration", "out_of_range", "A call lasts up to four hours, and some time."))
    if plan.skip_if_late is not None and plan.skip_if_late <= timedelta(0):
        problems.append(Problem("skip_if_late", "too_small", "This must be more than nothing; leave it out for never."))
    if plan.retries.until_goal and plan.goal_variable is None:
        problems.append(Problem("goal_variable", "missing", "Retrying until the goal is met needs a goal variable."))
    known = None if agent is None else result_names(agent.config)
    if plan.goal_variable is not None and known is not None and plan.goal_variable not in known:
        among = ", ".join(sorted(known)) or "nothing"
        message = f"The agent's post-call schema has no {plan.goal_variable!r}; it has {among}."
        problems.append(Problem("goal_variable", "unknown", message))
    return problems


def result_names(config: Mapping[str, Any]) -> frozenset[str] | None:
    """The names in an agent's post-call schema; None when it has none, or one whose form we do not know.

    Known forms: a JSON Schema object, a plain mapping of names, a list of objects with a `name`.
    """
    schema = config.get("post_call_schema")
    if isinstance(schema, Mapping):
        properties = schema.get("properties", schema)
        return frozenset(properties) if isinstance(properties, Mapping) else None
    if isinstance(schema, list) and schema and all(isinstance(entry, Mapping) and "name" in entry for entry in schema):
        return frozenset(str(entry["name"]) for entry in schema)
    return None
