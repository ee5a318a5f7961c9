"""A campaign's plan, kept whole: what to say, when, how fast, how often, from whom, and what to tell whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from clarion.core.outcomes import Channel
from clarion.core.pacing import Pacing
from clarion.core.retries import Retries
from clarion.core.schedule import Schedule


class CampaignStatus(StrEnum):
    """draft -> scheduled -> running <-> paused -> completed | cancelled; completed reopens when contacts are added."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class BatchStatus(StrEnum):
    """A batch is a lane of its campaign's queue."""

    ACTIVE = "active"
    PAUSED = "paused"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class VoicemailAction(StrEnum):
    """What to do when a machine answers."""

    HANG_UP = "hang_up"
    LEAVE_MESSAGE = "leave_message"
    IGNORE = "ignore"
    """Talk on as if to a person."""


@dataclass(frozen=True, slots=True)
class Voicemail:
    """Voicemail policy. Timeouts in seconds (Syllable's three and its v2); extra keys are kept in `detection`."""

    action: VoicemailAction = VoicemailAction.HANG_UP
    message: str | None = None
    detection: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """Text of an SMS or e-mail: Jinja2 templates over the contact's, campaign's and agent's variables."""

    text: str = ""
    subject: str | None = None
    html: str | None = None
    session_ttl: timedelta | None = None
    """How long a reply still belongs to this message."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message ready to send. `headers` are e-mail's own (List-Unsubscribe and its like)."""

    text: str
    subject: str | None = None
    html: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TargetRule:
    """A condition on what is known of an address: `line_type in (mobile, voip)`."""

    field: str
    op: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Targeting:
    """Which addresses may be reached at all."""

    allowed_line_types: frozenset[str] = frozenset()
    include_unknown_line_types: bool = True
    match_all: bool = True
    include_unknown: bool = True
    rules: tuple[TargetRule, ...] = ()
    require_consent: bool = False


class Rotation(StrEnum):
    """How a pool picks the next sender."""

    ROUND_ROBIN = "round_robin"
    LEAST_RECENTLY_USED = "least_recently_used"
    LOCAL_PRESENCE = "local_presence"


@dataclass(frozen=True, slots=True)
class Plan:
    """All that decides how a campaign runs. Immutable: an edit makes a new one and re-plans what was not sent."""

    schedule: Schedule = field(default_factory=Schedule)
    pacing: Pacing = field(default_factory=Pacing)
    retries: Retries = field(default_factory=Retries)
    voicemail: Voicemail = field(default_factory=Voicemail)
    message: Message | None = None
    targeting: Targeting = field(default_factory=Targeting)
    goal_variable: str | None = None
    complete_when_empty: bool = True
    skip_if_late: timedelta | None = None
    """A first attempt that could not be made within this time of its planned instant is skipped (None: never)."""
    ring_timeout: timedelta = timedelta(seconds=30)
    max_duration: timedelta = timedelta(minutes=10)
    record: bool = False


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign as the engine reads it. Instants are UTC."""

    id: int
    organization_id: int
    name: str
    channel: Channel
    status: CampaignStatus
    plan: Plan
    plan_version: int
    agent_id: int | None = None
    agent_zone: str | None = None
    """The agent's zone, else the organisation's."""
    sender_id: int | None = None
    pool_id: int | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    description: str | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    archived_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    extras: Mapping[str, Any] = field(default_factory=dict)
    """A vendor surface's own fields, kept for a lossless round trip."""
    planned_version: int = 1
    """The plan version that waiting contacts follow; -1 when the campaign is over and nobody waits any more."""
    updated_by: int | None = field(default=None, compare=False)
    """The user who wrote it last."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A group of contacts inside a campaign with its own pause, rate, expiry and finish-by."""

    id: int
    organization_id: int
    campaign_id: int
    key: str
    """Chosen by the client, unique in the organisation; the default batch of campaign 7 is `campaign-7`."""
    status: BatchStatus
    pacing: Pacing = field(default_factory=Pacing)
    expires_at: datetime | None = None
    bands: int = 0
    """Bit mask of the queue bands in use (band = priority * 2 + 1 for retries)."""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None
    deleted_reason: str | None = None
    extras: Mapping[str, Any] = field(default_factory=dict)
    updated_by: int | None = field(default=None, compare=False)
    """The user who changed it last; None since it was made."""
