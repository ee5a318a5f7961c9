"""What this API is asked for about campaigns and leads, under its own names, a misspelt one among them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from clarion.surfaces.vendors.autocalls.rules import (
    DISTINCT,
    Between,
    HourMinute,
    Id,
    Input,
    Name,
    Text,
    Variables,
    Zone,
    broken,
    plain,
)
from clarion.surfaces.vendors.reference import acts

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

CAMPAIGN_EXAMPLE = {
    "name": "Product Demo Campaign",
    "assistant_id": 1,
    "timezone": "America/New_York",
    "max_calls_in_parallel": 3,
    "allowed_hours_start_time": "09:00",
    "allowed_hours_end_time": "17:00",
    "allowed_days": ["monday", "tuesday", "wednesday", "thursday", "friday"],
    "max_retries": 3,
    "retry_interval": 60,
    "retry_on_voicemail": True,
}


def _distinct(ids: list[int]) -> list[int]:
    if len(set(ids)) != len(ids):
        raise broken(DISTINCT)
    return ids


def _as_text(value: object) -> object:
    """Some clients send a phone number as a number."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


PhoneText = Annotated[str, Field(max_length=255), BeforeValidator(_as_text), AfterValidator(plain)]


class CampaignInput(Input):
    """A campaign to create; it begins as a draft."""

    name: Name = Field(json_schema_extra=acts("content.name"))
    assistant_id: Id = Field(
        json_schema_extra=acts("content.agent_id: an agent that makes calls; ring time, duration, voicemail, recording")
    )
    timezone: Zone | None = Field(
        default=None, json_schema_extra=acts("schedule.zone; none: the organisation's time zone")
    )
    max_calls_in_parallel: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        json_schema_extra=acts("pacing.max_concurrent, 3 unless given; at most 10, or the organisation's limit"),
    )
    allowed_hours_start_time: HourMinute | None = Field(
        default=None, json_schema_extra=acts("schedule.week: where each day's window begins, 00:00 unless given")
    )
    allowed_hours_end_time: HourMinute | None = Field(
        default=None,
        json_schema_extra=acts("schedule.week: where it ends, 23:59 unless given; before the start: on the next day"),
    )
    allowed_days: list[Weekday] | None = Field(
        default=None, json_schema_extra=acts("schedule.week: the other days are closed")
    )
    max_retries: Annotated[int, Between(1, 5)] | None = Field(
        default=None, json_schema_extra=acts("retries.max_attempts: so many after the first, 3 unless given")
    )
    retry_interval: Annotated[int, Between(10, 4320)] | None = Field(
        default=None, json_schema_extra=acts("retries.delays: minutes from the end of a call, 60 unless given")
    )
    retry_on_voicemail: bool | None = Field(
        default=None, json_schema_extra=acts("retries.on: voicemail, full mailboxes, call screening")
    )
    retry_on_goal_incomplete: bool | None = Field(
        default=None, json_schema_extra=acts("retries.until_goal, and calls that were hung up on are retried")
    )
    goal_completion_variable: Name | None = Field(
        default=None,
        json_schema_extra=acts(
            "goal_variable: true finishes the lead; `status` unless given, if goals are retried for"
        ),
    )
    mark_complete_when_no_leads: bool | None = Field(
        default=None, json_schema_extra=acts("complete_when_empty, true unless given")
    )
    phone_number_ids: Annotated[list[Id], Field(max_length=100), AfterValidator(_distinct)] | None = Field(
        default=None,
        json_schema_extra=acts(
            "one: content.sender_id; several: a pool that takes turns; none: the assistant's number"
        ),
    )


class StatusInput(Input):
    """What to do to a campaign."""

    campaign_id: Id = Field(json_schema_extra=acts("the campaign that is steered"))
    action: Text = Field(json_schema_extra=acts("start: launch or resume; stop: pause"))


class SecondaryInput(Input):
    """Another number of a lead."""

    phone_number: PhoneText = Field(
        json_schema_extra=acts("contact.fallbacks: tried when the number before does not answer")
    )
    variables: Variables | None = Field(
        default=None, json_schema_extra=acts("laid over the lead's own while this number is called")
    )


class LeadInput(Input):
    """A lead to create."""

    phone_number: PhoneText = Field(json_schema_extra=acts("contact.address"))
    campaign_id: Id = Field(json_schema_extra=acts("the campaign it joins; a completed one runs again"))
    variables: Variables | None = Field(default=None, json_schema_extra=acts("contact.variables"))
    allow_dupplicate: bool | None = Field(
        default=None, json_schema_extra=acts("whether a number may be in a campaign twice; refused otherwise")
    )
    allow_duplicate: bool | None = Field(default=None, json_schema_extra=acts("the same, for those who spell"))
    secondary_contacts: Annotated[list[SecondaryInput], Field(max_length=10)] | None = Field(
        default=None, json_schema_extra=acts("contact.fallbacks, in their order")
    )


class LeadChange(Input):
    """What is to be different about a lead."""

    campaign_id: Id | None = Field(default=None, json_schema_extra=acts("the lead moves to that campaign"))
    phone_number: PhoneText | None = Field(
        default=None, json_schema_extra=acts("contact.address, while the lead waits")
    )
    status: Literal["created", "completed", "reached-max-retries"] | None = Field(
        default=None, json_schema_extra=acts("created: it waits anew; the others: it is finished by hand")
    )
    variables: Variables | None = Field(
        default=None, json_schema_extra=acts("contact.variables: laid over those that are there")
    )


class CallInput(Input):
    """One call to one person."""

    phone_number: PhoneText = Field(json_schema_extra=acts("contact.address of a single call"))
    assistant_id: Id = Field(json_schema_extra=acts("the agent that speaks, and by its number the caller ID"))
    variables: Variables | None = Field(default=None, json_schema_extra=acts("contact.variables"))


class NicknameInput(Input):
    """What can be changed of a phone number."""

    nickname: Annotated[str, AfterValidator(plain)] | None = Field(
        default=None, json_schema_extra=acts("sender.label; null takes it away")
    )


class PurchaseInput(Input):
    """A number that somebody would like to buy."""

    phone_number: PhoneText = Field(json_schema_extra=acts("none is sold here; the answer says so"))


class HookInput(Input):
    """The assistant whose webhook is turned on."""

    assistant_id: Id = Field(json_schema_extra=acts("the agent whose webhook it is"))
    webhook_url: Text = Field(json_schema_extra=acts("where its calls are told"))


class HookOffInput(Input):
    """The assistant whose webhook is turned off."""

    assistant_id: Id = Field(json_schema_extra=acts("the agent whose webhook is taken away"))
