"""What Syllable's clients send for channel targets and numbers, under its names."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from clarion.surfaces.vendors.reference import acts
from clarion.surfaces.vendors.syllable.forms import Id, Name, Shape, Written


class TargetInput(Shape):
    """A link between a number, or a mail address, and the agent that speaks from it."""

    agent_id: Id = Field(json_schema_extra=acts("the sender's agent: it speaks in campaigns with this source"))
    channel_id: Id = Field(json_schema_extra=acts("the trunk that the sender belongs to"))
    target: Written = Field(json_schema_extra=acts("which sender"))
    target_mode: Literal["voice", "chat", "sms", "email", "whatsapp"] = Field(
        json_schema_extra=acts("the sender's channel; chat and whatsapp are refused")
    )
    fallback_target: Written | None = Field(
        None, json_schema_extra=acts("kept: calls that come in are not answered here")
    )
    is_test: bool = Field(False, json_schema_extra=acts("sessions from this number are marked as tests"))


class TargetUpdate(TargetInput):
    """A link to replace."""

    id: Id = Field(json_schema_extra=acts("which link"))


class NumberInput(Shape):
    """A number to add."""

    friendly_name: Name = Field(json_schema_extra=acts("the sender's label"))
    area_code: Annotated[str, Field(pattern=r"^[2-9][0-9]{2}$")] = Field(
        json_schema_extra=acts("sandbox: the area of a number that is made up; other trunks are refused")
    )


class NumberUpdate(Shape):
    """A number to rename."""

    friendly_name: Name = Field(json_schema_extra=acts("the sender's label"))
    phone_sid: Name = Field(json_schema_extra=acts("which sender"))
