"""Revox's assistants to an agent's configuration, and back. Pure.

A table says which key of ours is made of which fields of theirs, so that a change of one field touches its key alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from clarion.app.campaign_content import LONGEST_CALL, LONGEST_RING
from clarion.app.ports.resources import Agent
from clarion.core.campaigns import Plan, Voicemail, VoicemailAction
from clarion.surfaces.vendors.echo import READ, SENT, recall, remember
from clarion.surfaces.vendors.revox.answers import instant
from clarion.surfaces.vendors.revox.retry_config import DEFAULT, config_of, planned
from clarion.surfaces.vendors.revox.retry_shapes import CallRetryConfig
from clarion.wire.uuids import uuid_of

REVOX = "revox"
INLINE = "inline"
"""Beside what is kept for Revox: the agent was made of a call's own body and is listed nowhere."""

Fields = Mapping[str, Any]

VOICE_PROVIDERS = ("cartesia", "elevenlabs", "gradium")
MODES = ("generated", "static", "none")
DEFAULT_MODEL: Fields = {"type": "dedicated-instance", "name": "gpt-4.1"}

UNSET: Fields = {
    "call_retry_config": None,
    "from_phone_number": None,
    "webhook_url": None,
    "max_call_duration_secs": 600,
    "voicemail_message": None,
    "voicemail_sms_prompt": None,
    "structured_output_config": None,
    "structured_output_prompt": None,
    "first_sentence": None,
    "first_sentence_mode": "generated",
    "first_sentence_delay_ms": 400,
    "end_of_call_sentence": None,
    "max_duration_end_message": None,
    "llm_model": dict(DEFAULT_MODEL),
    "voice": None,
    "stt_model": "stt-rt-v5",
    "stt_context": None,
    "cartesia_dictionary_pronunciation_id": None,
    "ivr_navigation_enabled": False,
    "transfer_destinations": None,
    "transfer_phone_number": None,
    "human_transfer_mode": None,
    "warm_transfer_summary_instructions": None,
    "custom_tools": None,
    "faq_items": None,
    "sms_enabled": False,
    "sms_template": None,
    "background_sound": None,
    "background_sound_volume": 1.0,
    "thinking_sound": None,
    "thinking_sound_probability": 1.0,
    "thinking_sound_volume": 1.0,
    "type": "standalone",
    "after_call_sms_outcomes": None,
    "after_call_sms_prompt": None,
    "email_notification_address": None,
    "email_notification_outcomes": None,
    "precall_lookup_url": None,
    "calendly": None,
    "slack": None,
    "zoho": None,
    "logo_url": None,
    "position": None,
    "prompt_flow": None,
}
"""What an assistant says that nobody said anything about."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of our configuration, the fields that it is made of, and how. What is made may be None: no key then."""

    name: str
    fields: tuple[str, ...]
    make: Callable[[Fields], Any]


def _same(ours: str, theirs: str) -> Key:
    return Key(ours, (theirs,), lambda fields: fields[theirs])


def _whole_of(fields: Fields, **names: str) -> dict[str, Any] | None:
    """Ours by theirs; nothing when all of them are null."""
    made = {ours: fields[theirs] for ours, theirs in names.items()}
    return made if any(value is not None for value in made.values()) else None


def _voicemail(fields: Fields) -> dict[str, Any]:
    message = fields["voicemail_message"]
    action = VoicemailAction.LEAVE_MESSAGE if message else VoicemailAction.HANG_UP
    return {"action": action.value, "message": message or None, "sms": fields["voicemail_sms_prompt"]}


def _voice(fields: Fields) -> dict[str, Any] | None:
    voice, dictionary = fields["voice"], fields["cartesia_dictionary_pronunciation_id"]
    if voice is None and dictionary is None:
        return None
    return {**(voice or {}), **({} if dictionary is None else {"dictionary": dictionary})}


def _transfers(fields: Fields) -> list[dict[str, Any]] | None:
    places = [(each["label"], each["phone_number"]) for each in fields["transfer_destinations"] or ()]
    if not places and fields["transfer_phone_number"]:
        places = [("Transfer", fields["transfer_phone_number"])]
    more = {"mode": fields["human_transfer_mode"], "instructions": fields["warm_transfer_summary_instructions"]}
    return [{"label": label, "number": number, **more} for label, number in places] or None


def _tools(fields: Fields) -> list[dict[str, Any]] | None:
    return [
        {
            "name": tool["name"],
            "description": tool["description"],
            "method": tool["method"],
            "url": tool["url"],
            "headers": tool["headers"],
            "query": tool["query_params"],
            "body": tool.get("body_template"),
            "parameters": [_data_field(each) for each in tool["input_schema"]],
        }
        for tool in fields["custom_tools"] or ()
    ] or None


def _data_field(field: Fields) -> dict[str, Any]:
    return {
        "name": field["name"],
        "type": field["type"],
        "description": field.get("description"),
        "required": field["required"],
        "options": field.get("enum_options"),
    }


def _calling(fields: Fields) -> dict[str, Any] | None:
    config = fields["call_retry_config"]
    if config is None:
        return None
    read = {**DEFAULT, **config}
    return {
        "days": read["allowed_days"],
        "windows": [
            {
                "start": window["calling_window_start_time"],
                "end": window["calling_window_end_time"],
                "retry_delay_s": window["retry_delay_seconds"],
            }
            for window in read["calling_windows"]
        ],
        "max_attempts": read["max_retry_attempts"],
        "twice_in_a_row": read["call_twice_in_a_row"],
        "timezone": read["timezone"],
    }


def _max_duration(fields: Fields) -> float | None:
    return min(fields["max_call_duration_secs"], LONGEST_CALL.total_seconds()) or None


def _in_call_sms(fields: Fields) -> dict[str, Any] | None:
    if not fields["sms_enabled"] and fields["sms_template"] is None:
        return None
    return {"enabled": fields["sms_enabled"], "template": fields["sms_template"]}


KEYS = (
    _same("prompt", "prompt"),
    _same("first_sentence", "first_sentence"),
    _same("first_sentence_mode", "first_sentence_mode"),
    _same("first_sentence_delay_ms", "first_sentence_delay_ms"),
    _same("end_sentence", "end_of_call_sentence"),
    _same("max_duration_message", "max_duration_end_message"),
    _same("llm", "llm_model"),
    _same("ivr_navigation", "ivr_navigation_enabled"),
    _same("from_number", "from_phone_number"),
    _same("post_call_prompt", "structured_output_prompt"),
    Key("max_duration_s", ("max_call_duration_secs",), _max_duration),
    Key("voicemail", ("voicemail_message", "voicemail_sms_prompt"), _voicemail),
    Key("voice", ("voice", "cartesia_dictionary_pronunciation_id"), _voice),
    Key(
        "stt",
        ("stt_model", "stt_context"),
        lambda fields: _whole_of(fields, model="stt_model", context="stt_context"),
    ),
    Key(
        "transfers",
        (
            "transfer_destinations",
            "transfer_phone_number",
            "human_transfer_mode",
            "warm_transfer_summary_instructions",
        ),
        _transfers,
    ),
    Key("tools", ("custom_tools",), _tools),
    Key(
        "faq",
        ("faq_items",),
        lambda fields: (
            [{"question": each["question"], "answer": each["answer"]} for each in fields["faq_items"] or ()] or None
        ),
    ),
    Key(
        "post_call_schema",
        ("structured_output_config",),
        lambda fields: [_data_field(each) for each in fields["structured_output_config"] or ()] or None,
    ),
    Key("in_call_sms", ("sms_enabled", "sms_template"), _in_call_sms),
    Key(
        "background_sound",
        ("background_sound", "background_sound_volume"),
        lambda fields: _whole_of(fields, file="background_sound", volume="background_sound_volume"),
    ),
    Key(
        "thinking_sound",
        ("thinking_sound", "thinking_sound_probability", "thinking_sound_volume"),
        lambda fields: _whole_of(
            fields,
            file="thinking_sound",
            probability="thinking_sound_probability",
            volume="thinking_sound_volume",
        ),
    ),
    Key("calling", ("call_retry_config",), _calling),
)


def agent_config(sent: Fields, before: Fields | None = None) -> dict[str, Any]:
    """An agent's configuration once `sent` is said of it; `before` is what it was. Other keys stay as they were.

    The webhook's URL is kept with the fields for its spelling; who sends to it is the agent's endpoint.
    """
    before = before or {}
    kept = _mapping(before, REVOX)
    fields = {**UNSET, **recall(kept, read_config(before)), **_one_transfer(sent)}
    config = {name: value for name, value in before.items() if name != REVOX}
    for key in KEYS:
        if any(field in sent for field in key.fields):
            made = key.make(fields)
            if made is None:
                config.pop(key.name, None)
            else:
                config[key.name] = made
    now = remember(sent, read_config(config))
    both = {part: {**_mapping(kept, part), **now[part]} for part in (SENT, READ)}
    return {**config, REVOX: {**kept, **both}}


def _one_transfer(sent: Fields) -> Fields:
    """What is said of transfers in one release's words takes back what was said in the other's."""
    pair = {"transfer_destinations", "transfer_phone_number"}
    said = pair & sent.keys()
    return {**dict.fromkeys(pair - said), **sent} if said else sent


def read_config(config: Fields) -> dict[str, Any]:
    """Revox's fields as our keys say them. Fields that we have no key for are not among them."""
    voicemail, background, thinking = (
        _mapping(config, name) for name in ("voicemail", "background_sound", "thinking_sound")
    )
    sms, stt = _mapping(config, "in_call_sms"), _mapping(config, "stt")
    leaves = voicemail.get("action") == VoicemailAction.LEAVE_MESSAGE
    transfers = [each for each in _list(config, "transfers") if "label" in each and "number" in each]
    first = transfers[0] if transfers else {}
    return {
        "prompt": str(config.get("prompt") or ""),
        "first_sentence": _text(config, "first_sentence"),
        "first_sentence_mode": _one_of(config.get("first_sentence_mode"), MODES, UNSET["first_sentence_mode"]),
        "first_sentence_delay_ms": _whole(config.get("first_sentence_delay_ms"), UNSET["first_sentence_delay_ms"]),
        "end_of_call_sentence": _text(config, "end_sentence"),
        "max_duration_end_message": _text(config, "max_duration_message"),
        "llm_model": _model(config),
        "ivr_navigation_enabled": bool(config.get("ivr_navigation")),
        "from_phone_number": _text(config, "from_number"),
        "structured_output_prompt": _text(config, "post_call_prompt"),
        "max_call_duration_secs": _number(config.get("max_duration_s"), UNSET["max_call_duration_secs"]),
        "voicemail_message": _text(voicemail, "message") if leaves else None,
        "voicemail_sms_prompt": _text(voicemail, "sms"),
        "voice": _read_voice(config),
        "cartesia_dictionary_pronunciation_id": _text(_mapping(config, "voice"), "dictionary"),
        "stt_model": _one_of(stt.get("model"), ("stt-rt-v4", "stt-rt-v5"), UNSET["stt_model"]),
        "stt_context": stt.get("context"),
        "transfer_destinations": [{"label": str(t["label"]), "phone_number": str(t["number"])} for t in transfers]
        or None,
        "transfer_phone_number": str(first["number"]) if first else None,
        "human_transfer_mode": _one_of(first.get("mode"), ("warm", "cold"), None),
        "warm_transfer_summary_instructions": _text(first, "instructions"),
        "custom_tools": _read_tools(config),
        "faq_items": [
            {"question": str(each["question"]), "answer": str(each["answer"])}
            for each in _list(config, "faq")
            if "question" in each and "answer" in each
        ]
        or None,
        "structured_output_config": [
            _read_data_field(each) for each in _list(config, "post_call_schema") if "name" in each
        ]
        or None,
        "sms_enabled": bool(sms.get("enabled")),
        "sms_template": _text(sms, "template"),
        "background_sound": _one_of(background.get("file"), ("audio/office.ogg",), None),
        "background_sound_volume": _number(background.get("volume"), UNSET["background_sound_volume"]),
        "thinking_sound": _one_of(thinking.get("file"), SOUNDS, None),
        "thinking_sound_probability": _number(thinking.get("probability"), UNSET["thinking_sound_probability"]),
        "thinking_sound_volume": _number(thinking.get("volume"), UNSET["thinking_sound_volume"]),
        "call_retry_config": _read_calling(config),
    }


SOUNDS = (
    "city-ambience.ogg",
    "forest-ambience.ogg",
    "office-ambience.ogg",
    "crowded-room.ogg",
    "keyboard-typing.ogg",
    "keyboard-typing2.ogg",
    "hold_music.ogg",
)
TYPES = ("string", "number", "boolean", "enum", "date", "datetime")


def _mapping(config: Fields, name: str) -> Fields:
    value = config.get(name)
    return value if isinstance(value, Mapping) else {}


def _list(config: Fields, name: str) -> list[Fields]:
    value = config.get(name)
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _text(config: Fields, name: str) -> str | None:
    value = config.get(name)
    return None if value is None else str(value)


def _one_of(value: Any, words: tuple[str, ...], default: Any) -> Any:
    return value if value in words else default


def _number(value: Any, default: Any) -> Any:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else default


def _whole(value: Any, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _model(config: Fields) -> dict[str, Any]:
    """The model, when it is one that Revox has a type for."""
    model = _mapping(config, "llm")
    return (
        dict(model)
        if model.get("type") in ("dedicated-instance", "openrouter", "custom", "realtime")
        else dict(DEFAULT_MODEL)
    )


def _read_voice(config: Fields) -> dict[str, Any] | None:
    voice = _mapping(config, "voice")
    if voice.get("provider") not in VOICE_PROVIDERS or not isinstance(voice.get("id"), str):
        return None
    return {name: value for name, value in voice.items() if name != "dictionary"}


def _read_data_field(field: Fields) -> dict[str, Any]:
    return {
        "name": str(field["name"]),
        "type": _one_of(field.get("type"), TYPES, "string"),
        "required": bool(field.get("required")),
        "description": _text(field, "description"),
        "enum_options": field.get("options") if isinstance(field.get("options"), list) else None,
    }


def _read_tools(config: Fields) -> list[dict[str, Any]] | None:
    return [
        {
            "name": str(tool["name"]),
            "description": str(tool.get("description") or tool["name"]),
            "method": _one_of(tool.get("method"), ("GET", "POST", "PUT", "PATCH", "DELETE"), "POST"),
            "url": str(tool["url"]),
            "headers": _pairs(tool, "headers"),
            "query_params": _pairs(tool, "query"),
            "body_template": _text(tool, "body"),
            "input_schema": [_read_data_field(each) for each in _list(tool, "parameters") if "name" in each],
        }
        for tool in _list(config, "tools")
        if "name" in tool and "url" in tool
    ] or None


def _pairs(tool: Fields, name: str) -> list[dict[str, str]]:
    return [{"key": str(p["key"]), "value": str(p["value"])} for p in _list(tool, name) if "key" in p and "value" in p]


def _read_calling(config: Fields) -> dict[str, Any] | None:
    read = calling_of(config)
    return None if read is None else config_of(planned(Plan(), read))


def calling_of(config: Fields) -> CallRetryConfig | None:
    """The retry configuration that an agent brings for campaigns that have none; None when it has none, or one that
    cannot be said in these words."""
    calling = _mapping(config, "calling")
    try:
        return CallRetryConfig.model_validate(
            {
                "allowed_days": calling["days"],
                "calling_windows": [
                    {
                        "calling_window_start_time": window["start"],
                        "calling_window_end_time": window["end"],
                        "retry_delay_seconds": window["retry_delay_s"],
                    }
                    for window in calling["windows"]
                ],
                "max_retry_attempts": calling["max_attempts"],
                "call_twice_in_a_row": calling["twice_in_a_row"],
                "timezone": calling["timezone"],
            }
        )
    except (KeyError, TypeError, ValueError):
        return None


def plan_of(config: Fields) -> Plan:
    """What a plan takes from its agent: windows and retries, the longest call, what a machine hears, recording."""
    plan = planned(Plan(), calling_of(config) or CallRetryConfig.model_validate(DEFAULT))
    voicemail = _mapping(config, "voicemail")
    action = _one_of(voicemail.get("action"), tuple(VoicemailAction), VoicemailAction.HANG_UP)
    plan = replace(
        plan,
        voicemail=Voicemail(VoicemailAction(action), _text(voicemail, "message")),
        record=bool(config.get("record")),
    )
    longest, ring = (_number(config.get(name), None) for name in ("max_duration_s", "ring_timeout_s"))
    if longest and longest > 0:
        plan = replace(plan, max_duration=min(timedelta(seconds=longest), LONGEST_CALL))
    if ring and ring > 0:
        plan = replace(plan, ring_timeout=min(timedelta(seconds=ring), LONGEST_RING))
    return plan


def is_inline(agent: Agent) -> bool:
    """Whether the agent was made of a call's own body."""
    return bool(_mapping(agent.config, REVOX).get(INLINE))


def assistant(agent: Agent) -> dict[str, Any]:
    """An agent as Revox's API tells it."""
    said = recall(_mapping(agent.config, REVOX), read_config(agent.config))
    return {
        **UNSET,
        **said,
        "id": uuid_of("agent", agent.id),
        "name": agent.name,
        "organization_id": uuid_of("organization", agent.organization_id),
        "created_at": instant(agent.created_at),
        "updated_at": instant(agent.updated_at),
        "created_by": None,
        "is_inbound_receptionist": False,
        "is_realestate_assistant": False,
        "pending_faq_count": 0,
    }
