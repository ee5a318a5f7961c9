"""A campaign as people write it and as it is answered."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Self

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from clarion.app.campaign_content import CampaignContent
from clarion.core.campaigns import Campaign, CampaignStatus
from clarion.core.outcomes import Channel
from clarion.surfaces.native.plan_shapes import PlanFields, changed_plan, plan_fields
from clarion.surfaces.native.shapes import Id, Instant, Name, Shape, Text, Variables, given, left_out

Labels = Annotated[list[Annotated[Name, Field(max_length=100)]], Field(max_length=50)]

EXAMPLE: JsonDict = {
    "name": "Recall, week 48",
    "channel": "voice",
    "agent_id": 1,
    "labels": ["recall"],
    "variables": {"clinic": "Riverside Dental"},
    "schedule": {
        "week": {
            "monday": [{"start": "09:00", "end": "12:00"}, {"start": "13:00", "end": "17:00"}],
            "tuesday": [{"start": "09:00", "end": "17:00"}],
        },
        "dates": {"2026-12-24": {"spans": [{"start": "09:00", "end": "12:00"}]}},
        "holidays": ["US"],
        "zone_policy": "recipient",
    },
    "pacing": {"per_hour": 300, "max_concurrent": 20, "ramp_up": {"start_fraction": 0.1, "over": "1h"}},
    "retries": {"max_attempts": 3, "delays": ["30m", "2h"], "on": ["busy", "no_answer", "voicemail"]},
    "voicemail": {"action": "leave_message", "message": "Please call us back at 212 555 0123."},
    "goal_variable": "confirmed",
}

TEXT_EXAMPLE: JsonDict = {
    "name": "Parcel notices",
    "channel": "sms",
    "message": {"text": "Hello {{ first_name }}, your parcel comes on {{ day }}. STOP to opt out."},
    "pacing": {"per_second": 5},
}


class Identity(Shape):
    """What it is."""

    name: Name
    channel: Channel


class Standing(Identity):
    """What it is, and where it stands."""

    id: Id
    status: CampaignStatus
    version: int = Field(description="Grows by one with each edit that the engine has to plan anew for.")
    created_at: Instant | None
    updated_at: Instant | None
    started_at: Instant | None
    finished_at: Instant | None
    archived_at: Instant | None


class CampaignFields(PlanFields):
    """What people decide about a campaign besides its name and channel."""

    description: Text | None = None
    agent_id: Id | None = Field(default=None, description="Who speaks.")
    sender_id: Id | None = Field(default=None, description="The one sender to use.")
    pool_id: Id | None = Field(default=None, description="The pool to take senders from; neither: all of the channel.")
    variables: Variables = Field(default_factory=dict, description="For templates and prompts; contacts' come first.")
    labels: Labels = Field(default_factory=list)
    start_at: Instant | None = Field(default=None, description="Not before this instant; null is at launch.")
    end_at: Instant | None = Field(default=None, description="Nothing is sent from this instant on.")


class NewCampaign(CampaignFields, Identity):
    """A campaign to create, as a draft."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE, TEXT_EXAMPLE]})

    def content(self) -> CampaignContent:
        """As the use case takes it."""
        return CampaignContent(
            name=self.name,
            channel=self.channel,
            plan=self.plan(),
            agent_id=self.agent_id,
            sender_id=self.sender_id,
            pool_id=self.pool_id,
            variables=self.variables,
            labels=tuple(self.labels),
            description=self.description,
            start_at=self.start_at,
            end_at=self.end_at,
        )


class CampaignPatch(CampaignFields):
    """What to change; fields left out stay, inside schedule, pacing, retries… as well. Lists are replaced whole."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"pacing": {"per_hour": 600}, "end_at": None}]})

    name: Name = left_out()

    def onto(self, content: CampaignContent) -> CampaignContent:
        """The content with these changes."""
        changes = {name: value for name, value in given(self).items() if name in CampaignContent.__slots__}
        if "labels" in changes:
            changes["labels"] = tuple(changes["labels"])
        return replace(content, plan=changed_plan(content.plan, self), **changes)


class CampaignShape(CampaignFields, Standing):
    """A campaign."""

    @classmethod
    def of(cls, campaign: Campaign) -> Self:
        """From the value."""
        return cls.model_construct(
            **plan_fields(campaign.plan),
            id=campaign.id,
            name=campaign.name,
            channel=campaign.channel,
            status=campaign.status,
            version=campaign.plan_version,
            description=campaign.description,
            agent_id=campaign.agent_id,
            sender_id=campaign.sender_id,
            pool_id=campaign.pool_id,
            variables=dict(campaign.variables),
            labels=list(campaign.labels),
            start_at=campaign.start_at,
            end_at=campaign.end_at,
            started_at=campaign.started_at,
            finished_at=campaign.finished_at,
            archived_at=campaign.archived_at,
            created_at=campaign.created_at,
            updated_at=campaign.updated_at,
        )
