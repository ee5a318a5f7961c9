"""What Syllable's clients send for campaigns and batches, under its names."""

from __future__ import annotations

import base64
import binascii
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from clarion.core.schedule import WEEKDAYS
from clarion.surfaces.vendors.reference import acts
from clarion.surfaces.vendors.syllable.forms import (
    Clock,
    Id,
    Instant,
    Interval,
    Name,
    Shape,
    Text,
    Variables,
    Written,
    plain,
)
from clarion.surfaces.vendors.syllable.words import ChannelManagerStatus

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""In the order of `date.weekday()`."""
DEFAULT_DETECTION = {
    "voicemail_detection_overall_timeout": 30,
    "voicemail_detection_pre_speech_timeout": 3.5,
    "voicemail_detection_post_speech_timeout": 1.75,
}
HMAC_SECRET = "hmac_secret"  # noqa: S105 - the name of a field
SHORTEST_SECRET, LONGEST_SECRET = 32, 512
MOST_RETRIES = 99
MOST_WEBHOOKS = 20


def _short_day(name: str) -> str:
    low = name.lower()
    if low in WEEKDAYS:
        return low[:3]
    if low not in DAYS:
        raise ValueError("a day is mon, tue, wed, thu, fri, sat or sun, or its full name")
    return low


def _date(text: str) -> str:
    if date.fromisoformat(text).isoformat() != text:
        raise ValueError("a date is written YYYY-MM-DD")
    return text


def _method(text: Any) -> Any:
    return text.upper() if isinstance(text, str) else text


def _mode(text: Any) -> Any:
    return text.lower() if isinstance(text, str) else text


def secret_bytes(text: str) -> bytes:
    """The key material of a secret in standard Base64 (RFC 4648). Raises ValueError."""
    try:
        material = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as bad:
        raise ValueError("hmac_secret must be standard Base64 (RFC 4648)") from bad
    if not SHORTEST_SECRET <= len(material) <= LONGEST_SECRET:
        raise ValueError(f"hmac_secret must decode to {SHORTEST_SECRET} to {LONGEST_SECRET} bytes")
    return material


def _auth(values: dict[str, str | None]) -> dict[str, str | None]:
    for name, value in values.items():
        if name != HMAC_SECRET:
            raise ValueError("only the key hmac_secret is allowed")
        if value is not None:
            secret_bytes(value)
    return values


DayOfWeek = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
LineType = Literal["mobile", "landline", "voip"]


class ScheduleOverride(Shape):
    """One weekday or one date that differs. A date's field comes before a weekday's, that before the campaign's."""

    active: bool | None = Field(None, json_schema_extra=acts("schedule.weekdays / dates: the day is open or closed"))
    daily_start_time: Clock | None = Field(None, json_schema_extra=acts("schedule.weekdays / dates: start of the day"))
    daily_end_time: Clock | None = Field(None, json_schema_extra=acts("schedule.weekdays / dates: end of the day"))
    max_daily_calls: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = Field(
        None,
        json_schema_extra=acts("the day's cap on first attempts; 0 closes the day, retries included"),
    )


class OverrideRules(Shape):
    """Weekdays and dates that differ from the campaign's own hours."""

    days: dict[Annotated[str, AfterValidator(_short_day)], ScheduleOverride] = Field(
        default_factory=dict, json_schema_extra=acts("schedule.weekdays")
    )
    dates: Annotated[dict[Annotated[str, AfterValidator(_date)], ScheduleOverride], Field(max_length=2_000)] = Field(
        default_factory=dict, json_schema_extra=acts("schedule.dates")
    )


class VoicemailDetection(Shape):
    """How machines are told from people. Names that are not known here are kept and handed on as well."""

    model_config = ConfigDict(extra="allow")

    mode: Literal["v1", "v2"] | None = Field(None, json_schema_extra=acts("voicemail.detection, for the voice channel"))
    voicemail_detection_overall_timeout: float | None = Field(
        None, ge=0, le=600, json_schema_extra=acts("voicemail.detection, seconds")
    )
    voicemail_detection_pre_speech_timeout: float | None = Field(
        None, ge=0, le=600, json_schema_extra=acts("voicemail.detection, seconds")
    )
    voicemail_detection_post_speech_timeout: float | None = Field(
        None, ge=0, le=600, json_schema_extra=acts("voicemail.detection, seconds")
    )
    voicemail_detection_speech_threshold: float | None = Field(
        None, ge=0, le=1_000_000, json_schema_extra=acts("voicemail.detection")
    )
    voicemail_detection_v2_pre_speech_timeout: float | None = Field(
        None, ge=0, le=600, json_schema_extra=acts("voicemail.detection, seconds")
    )

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return plain(value)


class TargetFilterRule(Shape):
    """A condition on what is known of a target."""

    field: Name = Field(json_schema_extra=acts("targeting.rules: line_type of the number, else a request variable"))
    op: Literal["in", "not_in", "eq", "neq", "exists", "not_exists"] = Field(json_schema_extra=acts("targeting.rules"))
    values: Annotated[list[Text], Field(max_length=1_000)] = Field(
        default_factory=list, json_schema_extra=acts("targeting.rules; not looked at for exists and not_exists")
    )


class TargetFilters(Shape):
    """Which targets are reached at all."""

    match: Literal["all", "any"] = Field("all", json_schema_extra=acts("targeting.match_all"))
    on_unknown: Literal["include", "exclude"] = Field("include", json_schema_extra=acts("targeting.include_unknown"))
    rules: Annotated[list[TargetFilterRule], Field(max_length=100)] = Field(
        default_factory=list, json_schema_extra=acts("targeting.rules; none is no filter")
    )


class WebhookInput(Shape):
    """A URL that is told of statuses."""

    trigger_statuses: Annotated[list[ChannelManagerStatus], Field(max_length=100)] = Field(
        json_schema_extra=acts("exactly these statuses are told")
    )
    url: Annotated[str, Field(max_length=2_000)] = Field(json_schema_extra=acts("the webhook's address"))
    request_method: Annotated[Literal["POST", "PUT", "PATCH"], BeforeValidator(_method)] = Field(
        json_schema_extra=acts("the webhook's method")
    )
    id: Id | None = Field(None, json_schema_extra=acts("which webhook of the campaign this changes; null makes one"))
    auth_values: Annotated[dict[str, str | None], AfterValidator(_auth)] | None = Field(
        None,
        json_schema_extra=acts("hmac_secret signs the webhook; null keeps it, without the key it is taken away"),
    )


class CampaignInput(Shape):
    """A campaign, to create or to replace."""

    campaign_name: Name = Field(json_schema_extra=acts("name"))
    campaign_variables: Variables = Field(
        json_schema_extra=acts("variables, for messages and conversations; a request's own come first")
    )
    caller_id: Written | None = Field(
        json_schema_extra=acts("voice: the number that people see; it must be the organisation's")
    )
    active_days: Annotated[list[DayOfWeek], Field(max_length=50)] = Field(
        json_schema_extra=acts("schedule.week; no day at all: nobody is called")
    )
    description: Text | None = Field(None, json_schema_extra=acts("description"))
    mode: Annotated[Literal["voice", "sms", "email"], BeforeValidator(_mode)] | None = Field(
        None, json_schema_extra=acts("channel; null is voice")
    )
    sms_session_ttl: Annotated[int, Field(ge=1, le=5_000_000)] | None = Field(
        None, json_schema_extra=acts("message.session_ttl in minutes: a reply until then belongs to the message")
    )
    label: Name | None = Field(None, json_schema_extra=acts("labels, when there are no others"))
    labels: Annotated[list[Name], Field(max_length=50)] | None = Field(None, json_schema_extra=acts("labels"))
    daily_start_time: Clock | None = Field(None, json_schema_extra=acts("schedule.week; null is midnight"))
    daily_end_time: Clock | None = Field(
        None, json_schema_extra=acts("schedule.week; null is midnight; before the start: on the next day")
    )
    source: Written | None = Field(
        None, json_schema_extra=acts("whose agent speaks; what people see, unless a caller_id is given")
    )
    hourly_rate: int = Field(1, ge=1, le=3_600, json_schema_extra=acts("pacing.per_hour"))
    max_daily_calls: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = Field(
        None, json_schema_extra=acts("pacing.daily_cap, which counts first attempts only; 0 closes every day")
    )
    retry_count: int = Field(
        0, ge=0, le=MOST_RETRIES, json_schema_extra=acts("retries.max_attempts: one more than this")
    )
    retry_interval: Interval | None = Field(None, json_schema_extra=acts("retries.delays; null is 1h"))
    outreach_override_rules: OverrideRules | None = Field(
        None, json_schema_extra=acts("schedule.weekdays and schedule.dates")
    )
    voicemail_detection: VoicemailDetection | None = Field(
        default_factory=lambda: VoicemailDetection.model_validate(DEFAULT_DETECTION),
        json_schema_extra=acts("voicemail; null: whoever answers is talked to as a person"),
    )
    allowed_line_types: Annotated[list[LineType], Field(max_length=50)] | None = Field(
        None, json_schema_extra=acts("targeting.allowed_line_types; target_filters come before it")
    )
    include_unknown_line_types: bool = Field(True, json_schema_extra=acts("targeting.include_unknown_line_types"))
    target_filters: TargetFilters | None = Field(
        None, json_schema_extra=acts("targeting; comes before the two line type fields")
    )
    webhooks: Annotated[list[WebhookInput], Field(max_length=MOST_WEBHOOKS)] = Field(
        default_factory=list, json_schema_extra=acts("the campaign's webhooks; those that are not listed are deleted")
    )


Rate = Annotated[int, Field(ge=1, le=3_600)]
BatchId = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^/\x00]+$")]


class BatchInput(Shape):
    """A batch to create."""

    batch_id: BatchId = Field(json_schema_extra=acts("the batch's key, unique in the organisation"))
    campaign_id: Id = Field(json_schema_extra=acts("the campaign it belongs to"))
    expires_on: Instant | None = Field(None, json_schema_extra=acts("expires_at: nobody is tried after it"))
    paused: bool | None = Field(None, json_schema_extra=acts("status paused: nobody is tried"))
    call_rate: Rate | None = Field(
        None, json_schema_extra=acts("pacing.per_hour of the batch, in the place of the campaign's hourly_rate")
    )
    auto_call_rate: bool | None = Field(
        False, json_schema_extra=acts("pacing.finish_by: spread over the open hours until expires_on")
    )


class BatchUpdate(Shape):
    """What to change of a batch; what is left out stays."""

    paused: bool | None = Field(None, json_schema_extra=acts("status: paused or active"))
    expires_on: Instant | None = Field(None, json_schema_extra=acts("expires_at; null: never"))
    call_rate: Rate | None = Field(None, json_schema_extra=acts("pacing.per_hour; null: the campaign's hourly_rate"))
    auto_call_rate: bool | None = Field(None, json_schema_extra=acts("pacing.finish_by"))


class RequestInput(Shape):
    """Somebody to reach."""

    reference_id: Annotated[Name, Field(min_length=1)] = Field(
        json_schema_extra=acts("reference_id, unique in its batch")
    )
    target: Written = Field(json_schema_extra=acts("address: a phone number, or a mail address"))
    request_variables: Variables = Field(json_schema_extra=acts("variables, for messages and conversations"))
