"""An assistant of theirs as our agent's configuration, and any agent as an assistant of theirs. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clarion.app.ports.resources import Agent
from clarion.core.events import Endpoint
from clarion.surfaces.vendors.autocalls.assistant_shapes import AssistantInput
from clarion.surfaces.vendors.autocalls.dates import stamp
from clarion.surfaces.vendors.autocalls.offerings import (
    LANGUAGES,
    LLM_MODELS,
    MULTIMODAL_MODELS,
    SYNTHESIZERS,
    TRANSCRIBERS,
    VOICES,
    entry,
    id_named,
)
from clarion.surfaces.vendors.autocalls.translate import NAME
from clarion.surfaces.vendors.echo import recall, remember
from clarion.wire.uuids import uuid_of

USUAL_SCHEMA: Sequence[Mapping[str, str]] = (
    {"name": "status", "type": "bool", "description": "Whether the call objective was achieved or not."},
    {"name": "summary", "type": "string", "description": "Call summary in a few words."},
)
"""What is found out in a call of an assistant that is made without a schema."""

DEFAULTS: Mapping[str, Any] = {
    "type": "outbound",
    "mode": "pipeline",
    "max_duration": 600,
    "ringing_time": 30,
    "end_call_on_voicemail": True,
    "post_call_evaluation": True,
    "is_webhook_active": False,
    "send_webhook_only_on_completed": True,
    "include_recording_in_webhook": True,
    "record": False,
    "wait_for_customer": False,
    "fillers": False,
    "allow_interruptions": True,
    "enable_noise_cancellation": True,
    "tts_emotion_enabled": True,
    "voice_stability": 0.7,
    "voice_similarity": 0.5,
    "speech_speed": 1.0,
    "llm_temperature": 0.1,
    "max_silence_duration": 40,
    "reengagement_interval": 30,
    "endpoint_type": "vad",
    "endpoint_sensitivity": 0.5,
    "interrupt_sensitivity": 0.5,
    "ambient_sound_volume": 0.5,
    "conversation_inactivity_timeout": 30,
    "conversation_ended_retrigger": False,
}
"""What a field is when it is not given."""

TRANSFERS = frozenset({"call_transfer", "warm_call_transfer", "assistant_transfer"})
KEYPAD = "dtmf_input"
INTEGERS = frozenset({"fillers", "end_call_on_voicemail"})
"""Booleans that are answered as 1 or 0."""
DECIMALS = frozenset({"llm_temperature", "voice_stability", "voice_similarity", "speech_speed", "ambient_sound_volume"})
"""Numbers that are answered as texts."""

_PATHS: Mapping[str, tuple[str, str]] = {
    "turn_detection_threshold": ("stt", "turn_detection_threshold"),
    "tts_emotion_enabled": ("voice", "emotion"),
    "voice_stability": ("voice", "stability"),
    "voice_similarity": ("voice", "similarity"),
    "speech_speed": ("voice", "speed"),
    "llm_temperature": ("llm", "temperature"),
    "allow_interruptions": ("stt", "interruptions"),
    "enable_noise_cancellation": ("stt", "noise_cancellation"),
    "max_silence_duration": ("stt", "max_silence_s"),
    "max_initial_silence_duration": ("stt", "max_initial_silence_s"),
    "reengagement_interval": ("stt", "reengagement_s"),
    "reengagement_prompt": ("stt", "reengagement_prompt"),
    "endpoint_type": ("stt", "endpoint_type"),
    "endpoint_sensitivity": ("stt", "endpoint_sensitivity"),
    "interrupt_sensitivity": ("stt", "interrupt_sensitivity"),
    "min_interrupt_words": ("stt", "min_interrupt_words"),
    "ambient_sound": ("background_sound", "name"),
    "ambient_sound_volume": ("background_sound", "volume"),
    "voice_id": ("voice", "id"),
    "mode": ("llm", "mode"),
    "llm_model_id": ("llm", "id"),
    "multimodal_model_id": ("llm", "multimodal_id"),
    "chat_llm_fallback_id": ("llm", "fallback_id"),
    "synthesizer_provider_id": ("voice", "provider_id"),
    "transcriber_provider_id": ("stt", "provider_id"),
    "fillers": ("thinking_sound", "fillers"),
    "filler_config": ("thinking_sound", "phrases"),
}
"""Their field -> where it stands in an agent's configuration, unchanged."""
_FLAT: Mapping[str, str] = {
    "system_prompt": "prompt",
    "initial_message": "first_sentence",
    "max_duration": "max_duration_s",
    "ringing_time": "ring_timeout_s",
    "record": "record",
    "post_call_evaluation": "post_call_evaluation",
}
_TYPES_OUT = {"boolean": "bool"}
_TYPES_IN = {"bool": "boolean"}


@dataclass(frozen=True, slots=True)
class Hook:
    """The post-call webhook of an assistant, as its fields tell it."""

    active: bool = False
    url: str | None = None
    only_completed: bool = True
    with_recording: bool = True

    @classmethod
    def of(cls, endpoint: Endpoint | None) -> Hook:
        """As it stands in the ledger."""
        if endpoint is None:
            return cls()
        recording = endpoint.extras.get("include_recording", True)
        return cls(endpoint.disabled_at is None, endpoint.url, bool(endpoint.outcomes), bool(recording))

    @classmethod
    def wanted(cls, fields: Mapping[str, Any]) -> Hook:
        """As an assistant's fields ask for it; nothing is told without an address."""
        if not fields.get("is_webhook_active") or not fields.get("webhook_url"):
            return cls()
        return cls(
            True,
            str(fields["webhook_url"]),
            fields.get("send_webhook_only_on_completed") is not False,
            fields.get("include_recording_in_webhook") is not False,
        )


def config_of(fields: Mapping[str, Any], number: str | None, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An agent's configuration. `fields` are the present page's; `number` is the caller ID; `before` keeps the rest."""
    full = {**DEFAULTS, **{name: value for name, value in fields.items() if value is not None}}
    config: dict[str, Any] = dict(before or {})
    for name, (group, key) in _PATHS.items():
        config[group] = {**_mapping(config.get(group)), key: full.get(name)}
    for name, key in _FLAT.items():
        config[key] = full.get(name)
    tools = [dict(each) for each in full.get("tools") or ()]
    schema = USUAL_SCHEMA if full.get("post_call_schema") is None else full["post_call_schema"]
    config["first_sentence_mode"] = "none" if full["wait_for_customer"] else "static"
    config["language"] = entry(LANGUAGES, full.get("language_id")).get("iso_2") or full.get("language")
    config["secondary_languages"] = [
        entry(LANGUAGES, each).get("iso_2") for each in full.get("secondary_language_ids") or ()
    ]
    config["voice"] |= {
        "name": entry(VOICES, full.get("voice_id")).get("name"),
        "provider": entry(SYNTHESIZERS, full.get("synthesizer_provider_id")).get("code"),
    }
    config["llm"] |= {
        "model": entry(LLM_MODELS, full.get("llm_model_id")).get("name") or full.get("llm_model"),
        "multimodal": entry(MULTIMODAL_MODELS, full.get("multimodal_model_id")).get("code"),
    }
    config["stt"]["provider"] = entry(TRANSCRIBERS, full.get("transcriber_provider_id")).get("code")
    config["variables"] = full.get("variables") or {}
    config["voicemail"] = _voicemail(full)
    config["ivr_navigation"] = any(each.get("type") == KEYPAD for each in tools)
    config["transfers"] = [each for each in tools if each.get("type") in TRANSFERS]
    config["tools"] = [each for each in tools if each.get("type") not in TRANSFERS]
    config["post_call_schema"] = [{**each, "type": _TYPES_IN.get(each["type"], each["type"])} for each in schema]
    config["from_number"] = number
    return config


def _voicemail(fields: Mapping[str, Any]) -> dict[str, Any]:
    message = fields.get("voice_mail_message")
    otherwise = "hang_up" if fields["end_call_on_voicemail"] else "ignore"
    return {"action": "leave_message" if message else otherwise, "message": message, "sms": None}


def reading(agent: Agent, numbers: Mapping[str, int], hook: Hook) -> dict[str, Any]:
    """Any agent in the fields of the present page. `numbers`: caller ID -> its id."""
    config = agent.config
    voicemail = _mapping(config.get("voicemail"))
    fields: dict[str, Any] = {
        "name": agent.name,
        "timezone": agent.timezone,
        "phone_number_id": numbers.get(str(config.get("from_number"))),
        "is_webhook_active": hook.active,
        "webhook_url": hook.url,
        "send_webhook_only_on_completed": hook.only_completed,
        "include_recording_in_webhook": hook.with_recording,
        "wait_for_customer": config.get("first_sentence_mode") == "none",
        "language_id": id_named(LANGUAGES, config.get("language")),
        "variables": dict(_mapping(config.get("variables"))),
        "end_call_on_voicemail": voicemail.get("action") != "ignore",
        "voice_mail_message": voicemail.get("message"),
        "tools": [*_mappings(config.get("tools")), *_mappings(config.get("transfers"))],
        "post_call_schema": schema_of(config),
    }
    fields |= {name: _mapping(config.get(group)).get(key) for name, (group, key) in _PATHS.items()}
    fields |= {name: config.get(key) for name, key in _FLAT.items()}
    return {name: DEFAULTS.get(name) if value is None else value for name, value in fields.items()}


def schema_of(config: Mapping[str, Any]) -> list[dict[str, Any]]:
    """An agent's post-call schema, whatever its form, as this API has it."""
    schema = config.get("post_call_schema")
    if isinstance(schema, Mapping):
        properties = _mapping(schema.get("properties", schema))
        entries = [
            {"name": name, **(each if isinstance(each, Mapping) else {"type": each})}
            for name, each in properties.items()
        ]
    else:
        entries = _mappings(schema)
    return [
        {
            "name": each.get("name"),
            "type": _TYPES_OUT.get(str(each.get("type")), each.get("type", "string")),
            "description": each.get("description", ""),
        }
        for each in entries
    ]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: Any) -> list[dict[str, Any]]:
    return [dict(each) for each in value if isinstance(each, Mapping)] if isinstance(value, list | tuple) else []


def kept_of(fields: Mapping[str, Any], agent: Agent, numbers: Mapping[str, int], hook: Hook) -> dict[str, Any]:
    """What is kept with an agent so that its client's words come back."""
    return remember(fields, reading(agent, numbers, hook))


def fields_of(agent: Agent, numbers: Mapping[str, int], hook: Hook) -> dict[str, Any]:
    """The fields of an assistant as they stand, in the client's words where they still hold."""
    return recall(agent.config.get(NAME), reading(agent, numbers, hook))


def settable(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Of an assistant's fields those that a request may set, and those that nobody knows."""
    return {name: value for name, value in fields.items() if value is not None or name in AssistantInput.model_fields}


def summary(agent: Agent, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What is answered to a change. An assistant is active when it has a number."""
    return {
        "id": agent.id,
        "name": agent.name,
        "status": "active" if fields.get("phone_number_id") else "inactive",
        "type": fields["type"],
        "mode": fields["mode"],
    }


def shown(agent: Agent, numbers: Mapping[str, int], hook: Hook, user_id: int) -> dict[str, Any]:
    """The whole of an assistant."""
    fields = {"type": DEFAULTS["type"], **fields_of(agent, numbers, hook)}
    answer = {**BLANK, **fields, **summary(agent, fields)}
    answer |= {
        "user_id": user_id,
        "uuid": uuid_of("agent", agent.id),
        "language": entry(LANGUAGES, fields.get("language_id")).get("iso_2") or agent.config.get("language"),
        "timezone": agent.timezone,
        "created_at": stamp(agent.created_at),
        "updated_at": stamp(agent.updated_at),
        "tools": [_tool(each) for each in fields["tools"] or ()],
    }
    answer |= {name: int(bool(answer[name])) for name in INTEGERS}
    answer |= {name: None if answer[name] is None else str(float(answer[name])) for name in DECIMALS}
    return answer


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Tools are sent flat, and answered with their settings under `data`."""
    if "data" in tool:
        return dict(tool)
    return {"type": tool.get("type"), "data": {name: value for name, value in tool.items() if name != "type"}}


BLANK: Mapping[str, Any] = dict.fromkeys(
    (
        "engine_id",
        "synthesizer_id",
        "transcriber_id",
        "instance_id",
        "inbound_webhook_url",
        "flows_platform_id",
        "deleted_at",
        "knowledgebase_id",
        "knowledgebase_mode",
        "widget_settings",
    )
)
"""Fields of the whole object that nothing here fills."""
