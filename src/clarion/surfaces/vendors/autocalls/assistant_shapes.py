"""What this API is asked for about assistants, in the names of its present page and in those of an older one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from clarion.surfaces.vendors.autocalls.offerings import LANGUAGES, LLM_MODELS, id_named
from clarion.surfaces.vendors.autocalls.rules import (
    Between,
    Id,
    Input,
    Json,
    Name,
    Text,
    Variables,
    Zone,
    broken,
    plain,
)
from clarion.surfaces.vendors.reference import acts

Direction = Literal["inbound", "outbound"]
Mode = Literal["pipeline", "multimodal", "dualplex"]

ASSISTANT_EXAMPLE = {
    "name": "Sales Assistant",
    "voice_id": 1,
    "language_id": 1,
    "type": "outbound",
    "mode": "pipeline",
    "timezone": "America/New_York",
    "initial_message": "Hello! Do you have a minute?",
    "system_prompt": "You are a friendly sales assistant.",
    "llm_model_id": 2,
}

_OWN = acts("kept with the agent and answered; this server has no such thing")
_CHATS = acts("kept with the agent and answered; this server has no chats")


def _voice(rule: str) -> dict[str, Any]:
    return dict(acts(f"agent.config {rule}"))


def _field_name(text: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_]+", text) is None:
        raise broken("The :attribute format is invalid.")
    return text


class ResultInput(Input):
    """One thing that is to be found out in a call."""

    name: Annotated[str, Field(max_length=64), AfterValidator(_field_name)] = Field(
        json_schema_extra=_voice(
            "post_call_schema: the name, among the call's results, variables of webhooks, and goals"
        )
    )
    type: Literal["string", "number", "bool", "boolean", "integer"] = Field(
        json_schema_extra=_voice("post_call_schema: a goal must be a bool")
    )
    description: Annotated[str, Field(max_length=255), AfterValidator(plain)] = Field(
        json_schema_extra=_voice("post_call_schema: told to whoever evaluates the call")
    )


class AssistantInput(Input):
    """An assistant to create, or what is to be different about one. What is required to create one is said by name."""

    name: Name | None = Field(default=None, json_schema_extra=acts("agent.name; required"))
    voice_id: Id | None = Field(default=None, json_schema_extra=_voice("voice.id; required"))
    language_id: Id | None = Field(default=None, json_schema_extra=_voice("language; required"))
    type: Direction | None = Field(
        default=None, json_schema_extra=acts("only outbound ones are taken by campaigns and calls; required")
    )
    mode: Mode | None = Field(default=None, json_schema_extra=_voice("llm.mode; required"))
    timezone: Zone | None = Field(default=None, json_schema_extra=acts("agent.timezone; required"))
    initial_message: Text | None = Field(default=None, json_schema_extra=_voice("first_sentence; required"))
    system_prompt: Annotated[str, Field(max_length=100_000), AfterValidator(plain)] | None = Field(
        default=None, json_schema_extra=_voice("prompt; required")
    )
    llm_model_id: Id | None = Field(default=None, json_schema_extra=_voice("llm.model; required for pipeline"))
    multimodal_model_id: Id | None = Field(
        default=None, json_schema_extra=_voice("llm.multimodal; required for multimodal and dualplex")
    )
    chat_llm_fallback_id: Id | None = Field(default=None, json_schema_extra=_voice("llm.fallback"))
    turn_detection_threshold: Annotated[float, Between(0, 1)] | None = Field(
        default=None, json_schema_extra=_voice("stt.turn_detection_threshold")
    )
    secondary_language_ids: list[Id] | None = Field(default=None, json_schema_extra=_voice("secondary_languages"))
    knowledgebase_id: Id | None = Field(default=None, json_schema_extra=_OWN)
    knowledgebase_mode: Name | None = Field(default=None, json_schema_extra=_OWN)
    folder_id: Id | None = Field(default=None, json_schema_extra=_OWN)
    label_ids: list[Id] | None = Field(default=None, json_schema_extra=_OWN)
    phone_number_id: Id | None = Field(
        default=None, json_schema_extra=acts("agent.config from_number: the caller ID of its calls and campaigns")
    )
    tool_ids: list[Id] | None = Field(default=None, json_schema_extra=_OWN)
    tools: list[Annotated[dict[str, Any], AfterValidator(plain)]] | None = Field(
        default=None, json_schema_extra=_voice("tools, transfers, ivr_navigation")
    )
    tts_emotion_enabled: bool | None = Field(default=None, json_schema_extra=_voice("voice.emotion"))
    voice_stability: Annotated[float, Between(0, 1)] | None = Field(
        default=None, json_schema_extra=_voice("voice.stability")
    )
    voice_similarity: Annotated[float, Between(0, 1)] | None = Field(
        default=None, json_schema_extra=_voice("voice.similarity")
    )
    speech_speed: Annotated[float, Between(0.7, 1.2)] | None = Field(
        default=None, json_schema_extra=_voice("voice.speed")
    )
    llm_temperature: Annotated[float, Between(0, 1)] | None = Field(
        default=None, json_schema_extra=_voice("llm.temperature")
    )
    synthesizer_provider_id: Id | None = Field(default=None, json_schema_extra=_voice("voice.provider"))
    transcriber_provider_id: Id | None = Field(default=None, json_schema_extra=_voice("stt.provider"))
    allow_interruptions: bool | None = Field(default=None, json_schema_extra=_voice("stt.interruptions"))
    fillers: bool | None = Field(default=None, json_schema_extra=_voice("thinking_sound"))
    filler_config: Json | None = Field(default=None, json_schema_extra=_voice("thinking_sound.phrases"))
    record: bool | None = Field(default=None, json_schema_extra=acts("plan.record of its campaigns and calls"))
    enable_noise_cancellation: bool | None = Field(default=None, json_schema_extra=_voice("stt.noise_cancellation"))
    wait_for_customer: bool | None = Field(default=None, json_schema_extra=_voice("first_sentence_mode"))
    max_duration: Annotated[int, Between(20, 1200)] | None = Field(
        default=None, json_schema_extra=acts("plan.max_duration of its campaigns and calls, seconds")
    )
    max_silence_duration: Annotated[int, Between(1, 360)] | None = Field(
        default=None, json_schema_extra=_voice("stt.max_silence_s")
    )
    max_initial_silence_duration: Annotated[int, Between(1, 120)] | None = Field(
        default=None, json_schema_extra=_voice("stt.max_initial_silence_s")
    )
    ringing_time: Annotated[int, Between(1, 60)] | None = Field(
        default=None, json_schema_extra=acts("plan.ring_timeout of its campaigns and calls, seconds")
    )
    reengagement_interval: Annotated[int, Between(7, 600)] | None = Field(
        default=None, json_schema_extra=_voice("stt.reengagement_s")
    )
    reengagement_prompt: Annotated[str, Field(max_length=1000), AfterValidator(plain)] | None = Field(
        default=None, json_schema_extra=_voice("stt.reengagement_prompt")
    )
    end_call_on_voicemail: bool | None = Field(
        default=None, json_schema_extra=acts("plan.voicemail of its campaigns and calls: hang up, or talk on")
    )
    voice_mail_message: Annotated[str, Field(max_length=1000), AfterValidator(plain)] | None = Field(
        default=None, json_schema_extra=acts("plan.voicemail: the message that is left")
    )
    endpoint_type: Literal["vad", "ai"] | None = Field(default=None, json_schema_extra=_voice("stt.endpoint.type"))
    endpoint_sensitivity: Annotated[float, Between(0, 5)] | None = Field(
        default=None, json_schema_extra=_voice("stt.endpoint.sensitivity")
    )
    interrupt_sensitivity: Annotated[float, Between(0, 5)] | None = Field(
        default=None, json_schema_extra=_voice("stt.interrupt_sensitivity")
    )
    min_interrupt_words: Annotated[int, Between(0, 10)] | None = Field(
        default=None, json_schema_extra=_voice("stt.min_interrupt_words")
    )
    ambient_sound: Name | None = Field(default=None, json_schema_extra=_voice("background_sound.name"))
    ambient_sound_volume: Annotated[float, Between(0, 1)] | None = Field(
        default=None, json_schema_extra=_voice("background_sound.volume")
    )
    is_webhook_active: bool | None = Field(default=None, json_schema_extra=acts("whether the agent's webhook is told"))
    webhook_url: Text | None = Field(default=None, json_schema_extra=acts("the agent's webhook; null takes it away"))
    send_webhook_only_on_completed: bool | None = Field(
        default=None, json_schema_extra=acts("endpoint.outcomes: only calls that were answered, true unless given")
    )
    include_recording_in_webhook: bool | None = Field(
        default=None, json_schema_extra=acts("whether the webhook has recording_url, true unless given")
    )
    post_call_evaluation: bool | None = Field(default=None, json_schema_extra=_voice("post_call_evaluation"))
    post_call_schema: list[ResultInput] | None = Field(
        default=None, json_schema_extra=_voice("post_call_schema: `status` and `summary` unless given")
    )
    variables: Variables | None = Field(default=None, json_schema_extra=_voice("variables"))
    conversation_inactivity_timeout: Annotated[int, Between(1, 1440)] | None = Field(
        default=None, json_schema_extra=_CHATS
    )
    conversation_ended_retrigger: bool | None = Field(default=None, json_schema_extra=_CHATS)
    conversation_ended_webhook_url: Text | None = Field(default=None, json_schema_extra=_CHATS)
    # the older page's names
    assistant_name: Name | None = Field(default=None, json_schema_extra=acts("name, on an older page"))
    language: Annotated[str, Field(max_length=100), AfterValidator(plain)] | None = Field(
        default=None, json_schema_extra=acts("language_id by its name, on an older page")
    )
    llm_model: Annotated[str, Field(max_length=100), AfterValidator(plain)] | None = Field(
        default=None, json_schema_extra=acts("llm_model_id by its name, on an older page")
    )
    calls_direction: Literal["make", "receive"] | None = Field(
        default=None, json_schema_extra=acts("type, on an older page: make is outbound")
    )
    engine_type: Mode | None = Field(default=None, json_schema_extra=acts("mode, on an older page"))
    max_call_duration: Annotated[int, Between(20, 1200)] | None = Field(
        default=None, json_schema_extra=acts("max_duration, on an older page")
    )
    record_call: bool | None = Field(default=None, json_schema_extra=acts("record, on an older page"))
    filler_audios: bool | None = Field(default=None, json_schema_extra=acts("fillers, on an older page"))
    re_engagement_interval: Annotated[int, Between(7, 600)] | None = Field(
        default=None, json_schema_extra=acts("reengagement_interval, on an older page")
    )
    noise_cancellation: bool | None = Field(
        default=None, json_schema_extra=acts("enable_noise_cancellation, on an older page")
    )
    who_speaks_first: Literal["AI assistant", "Customer"] | None = Field(
        default=None, json_schema_extra=acts("wait_for_customer, on an older page")
    )
    use_min_interrupt_words: bool | None = Field(
        default=None, json_schema_extra=acts("min_interrupt_words is obeyed unless this is false, on an older page")
    )
    end_call_tool: Json | None = Field(
        default=None, json_schema_extra=acts("a tool of the type end_call, on an older page")
    )


RENAMED: Mapping[str, str] = {
    "assistant_name": "name",
    "calls_direction": "type",
    "engine_type": "mode",
    "max_call_duration": "max_duration",
    "record_call": "record",
    "filler_audios": "fillers",
    "re_engagement_interval": "reengagement_interval",
    "noise_cancellation": "enable_noise_cancellation",
    "who_speaks_first": "wait_for_customer",
    "language": "language_id",
    "llm_model": "llm_model_id",
}
"""The older page's name of a field -> the present one."""

REVALUED: Mapping[str, Mapping[str, Any]] = {
    "calls_direction": {"make": "outbound", "receive": "inbound"},
    "who_speaks_first": {"AI assistant": False, "Customer": True},
}

REQUIRED_FIELDS = (
    "name",
    "voice_id",
    "language_id",
    "type",
    "mode",
    "timezone",
    "initial_message",
    "system_prompt",
)


def older_name(field: str, given: Mapping[str, Any]) -> str:
    """What a field is called by a client that writes `given`: as on the older page if it uses any of its names."""
    if not RENAMED.keys() & given.keys():
        return field
    return next((old for old, new in RENAMED.items() if new == field), field)


def model_field(mode: object) -> str:
    """The model that a mode needs."""
    return "llm_model_id" if mode == "pipeline" else "multimodal_model_id"


def modern(given: Mapping[str, Any]) -> dict[str, Any]:
    """What a client sent, in the names of the present page; where it wrote both, the present one counts.

    A language or a model that is told by a name whose id is not known keeps its name.
    """
    fields = {name: value for name, value in given.items() if name not in RENAMED}
    for old, new in RENAMED.items():
        if old not in given or new in fields:
            continue
        value = given[old]
        if old in ("language", "llm_model"):
            fields[new] = id_named(LANGUAGES if old == "language" else LLM_MODELS, value)
            if fields[new] is None:
                fields[old] = value
        else:
            fields[new] = REVALUED.get(old, {}).get(value, value)
    tool = fields.pop("end_call_tool", None)
    if isinstance(tool, Mapping) and "tools" not in fields:
        fields["tools"] = [{"type": "end_call", **tool}]
    if fields.pop("use_min_interrupt_words", None) is False:
        fields["min_interrupt_words"] = None
    return fields
