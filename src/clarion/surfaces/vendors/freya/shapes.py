"""Campaigns as Freya's clients write them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from clarion.app.zones import is_zone
from clarion.core.schedule import parse_clock
from clarion.surfaces.vendors.freya.forms import Form, Name, Number, Properties, Short, Text, Whole, refuse
from clarion.surfaces.vendors.freya.words import RETRY_CONDITIONS
from clarion.surfaces.vendors.reference import acts

FIRST_YEAR, LAST_YEAR = 2000, 2199


def _clock(value: str) -> str:
    try:
        parse_clock(value)
    except ValueError:
        raise refuse("time", "Must be a time of day as HH:MM or HH:MM:SS") from None
    return value


def _day(value: str) -> str:
    try:
        year = date.fromisoformat(value).year
    except ValueError:
        raise refuse("date", "Must be a date as YYYY-MM-DD") from None
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise refuse("date", f"Must be in the years {FIRST_YEAR} to {LAST_YEAR}")
    return value


def _zone(value: str) -> str:
    if not is_zone(value):
        raise refuse("timezone", "Must be an IANA time zone such as Europe/Prague")
    return value


def _known(value: str) -> str:
    if value not in RETRY_CONDITIONS:
        raise refuse("retry_condition", f"Must be one of {', '.join(RETRY_CONDITIONS)}")
    return value


Clock = Annotated[str, Field(pattern=r"^[0-9]{2}:[0-9]{2}(:[0-9]{2})?$"), AfterValidator(_clock)]
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_day)]
Zone = Annotated[str, Field(max_length=100), AfterValidator(_zone)]
Condition = Annotated[str, Field(json_schema_extra={"enum": list(RETRY_CONDITIONS)}), AfterValidator(_known)]
Weekday = Annotated[Whole, Field(ge=0, le=6)]
WeekdayKey = Literal["0", "1", "2", "3", "4", "5", "6"]


class DayWindow(Form):
    """The calling hours of one weekday."""

    startTime: Clock | None = Field(None, json_schema_extra=acts("schedule: start of this weekday's window"))
    endTime: Clock | None = Field(None, json_schema_extra=acts("schedule: end of this weekday's window"))


class Customer(Form):
    """Somebody to call."""

    phoneNumber: Number = Field(json_schema_extra=acts("contact: the number that is dialled"))
    properties: Properties = Field(
        default_factory=dict, json_schema_extra=acts("contact variables: the prompt's placeholders")
    )


class CampaignFields(Form):
    """All that is said of a campaign besides whom it calls; nothing is required here."""

    name: Name | None = Field(None, json_schema_extra=acts("campaign name"))
    assistantId: Short | None = Field(None, json_schema_extra=acts("agent: who speaks, by id"))
    assistantName: Short | None = Field(None, json_schema_extra=acts("agent: who speaks, by name"))
    description: Text | None = Field(None, json_schema_extra=acts("campaign description"))
    startDate: Day | None = Field(
        None, json_schema_extra=acts("start: the first window of this day; at once when left out")
    )
    startTime: Clock | None = Field(
        None, json_schema_extra=acts("schedule: start of every active day's window; 00:00 when left out")
    )
    timezone: Zone | None = Field(
        None, json_schema_extra=acts("schedule: the clock that dates and times are read on; UTC when left out")
    )
    endTime: Clock | None = Field(
        None, json_schema_extra=acts("schedule: end of every active day's window; 24:00 when left out")
    )
    activeDays: Annotated[list[Weekday], Field(min_length=1)] | None = Field(
        None, json_schema_extra=acts("schedule: open weekdays, 0 is Monday; all when left out")
    )
    daySchedules: dict[WeekdayKey, DayWindow] | None = Field(
        None, json_schema_extra=acts("schedule: other hours on these weekdays, if they are active")
    )
    phoneNumber: Number | None = Field(
        None, json_schema_extra=acts("sender: the caller ID; any of the organisation's when left out")
    )
    callRetries: Annotated[Whole, Field(ge=0, le=10)] | None = Field(
        None, json_schema_extra=acts("retries: calls after the first; 0 when left out")
    )
    retryDelaySeconds: Annotated[Whole, Field(ge=0, le=86_400)] | None = Field(
        None, json_schema_extra=acts("retries: wait after a call's end, in fixed mode; 300 when left out")
    )
    retryDelayMode: Literal["fixed", "next_day"] | None = Field(
        None, json_schema_extra=acts("retries: after the wait, or the next active day's first window")
    )
    retryConditions: list[Condition] | None = Field(
        None, json_schema_extra=acts("retries: after which outcomes; Freya's seven defaults when left out")
    )
    webhookUrl: Annotated[Short, Field(min_length=1)] | None = Field(
        None, json_schema_extra=acts("webhook: campaign-call-outcome after every call")
    )


class NewCampaign(CampaignFields):
    """`POST /campaign`."""

    name: Name = Field(json_schema_extra=acts("campaign name"))
    customers: list[Customer] | None = Field(None, json_schema_extra=acts("contacts with their variables"))
    phoneNumbers: list[Number] | None = Field(None, json_schema_extra=acts("contacts without variables"))


class CampaignChange(CampaignFields):
    """`PATCH /campaign/{id}`: what is named is changed; null takes a field back to what it is when left out."""
