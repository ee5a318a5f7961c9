"""Assistants and our configuration: each key, both ways; changes that touch one key; what comes back as it was sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from revox.types import AssistantCreateResponse

from clarion.app.ports.resources import Agent
from clarion.core.campaigns import VoicemailAction
from clarion.surfaces.vendors.revox.assistant_config import REVOX, UNSET, agent_config, assistant, plan_of, read_config
from clarion.surfaces.vendors.revox.assistant_shapes import AssistantFields, InlineAssistant, NewAssistant
from clarion.surfaces.vendors.revox.bodies import fields_of

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
FIELD = {"name": "email", "type": "string", "required": True, "description": "Mail", "enum_options": None}
RETRIES = {
    "allowed_days": ["monday"],
    "call_twice_in_a_row": True,
    "calling_windows": [
        {"calling_window_start_time": "9am", "calling_window_end_time": "12:00", "retry_delay_seconds": 60}
    ],
    "max_retry_attempts": 4,
    "timezone": "Europe/Paris",
}
WHOLE: dict[str, Any] = {
    "name": "Ann",
    "prompt": "You are Ann.",
    "after_call_sms_outcomes": ["interested", "none"],
    "after_call_sms_prompt": "Thank them.",
    "background_sound": "audio/office.ogg",
    "background_sound_volume": 0.5,
    "calendly": {"connection_id": "c", "event_type_id": "e"},
    "call_retry_config": RETRIES,
    "cartesia_dictionary_pronunciation_id": "dict",
    "custom_tools": [
        {
            "name": "stock",
            "description": "Looks",
            "method": "GET",
            "url": "https://x.example/{{a}}",
            "headers": [{"key": "X", "value": "1"}],
            "query_params": [{"key": "q", "value": "{{a}}"}],
            "body_template": None,
            "input_schema": [{"name": "a", "type": "enum", "required": True, "enum_options": ["x"]}],
        }
    ],
    "email_notification_address": "a@x.example, b@x.example",
    "email_notification_outcomes": ["interested"],
    "end_of_call_sentence": "Bye",
    "faq_items": [{"question": "Q", "answer": "A"}],
    "first_sentence": "Hello",
    "first_sentence_delay_ms": 250,
    "first_sentence_mode": "static",
    "from_phone_number": "+12125550100",
    "human_transfer_mode": "warm",
    "ivr_navigation_enabled": True,
    "llm_model": {"type": "custom", "api_key": "k", "api_url": "https://m.example/v1", "model_name": "m"},
    "logo_url": "https://x.example/logo.png",
    "max_call_duration_secs": 300,
    "max_duration_end_message": "Time is up",
    "position": {"x": 1.5, "y": 2},
    "precall_lookup_url": "https://x.example/{{phone}}",
    "prompt_flow": {
        "edges": [{"id": "e", "source": "a", "target": "b"}],
        "nodes": [
            {"id": "a", "type": "promptBlock", "data": {"title": "T", "body": "B"}, "position": {"x": 0, "y": 0}}
        ],
    },
    "slack": {
        "connection_id": "s",
        "channels": [{"id": "C1", "name": None}],
        "outcomes": ["interested"],
        "template": None,
    },
    "sms_enabled": True,
    "sms_template": "Hi {{name}}",
    "structured_output_config": [FIELD],
    "structured_output_prompt": "Extract",
    "stt_context": {"general": [{"key": "k", "value": "v"}], "terms": ["clarion"]},
    "stt_model": "stt-rt-v4",
    "thinking_sound": "keyboard-typing.ogg",
    "thinking_sound_probability": 0.25,
    "thinking_sound_volume": 0.75,
    "transfer_destinations": [{"label": "Sales", "phone_number": "+12125550111"}],
    "type": "standalone",
    "voice": {"id": "v", "provider": "cartesia", "model": "sonic-3.5", "speed": 1.1, "volume": 1},
    "voicemail_message": "Please call back.",
    "voicemail_sms_prompt": "Missed you",
    "warm_transfer_summary_instructions": "Be brief",
    "webhook_url": "https://hooks.example.com/revox",
    "zoho": {
        "connection_id": "z",
        "module": "Leads",
        "field_mapping": [{"source": "email", "zoho_field": "Email"}],
        "log_call_activity": True,
        "outcomes": ["none"],
        "template": None,
    },
}


def agent(config: dict[str, Any], name: str = "Ann") -> Agent:
    return Agent(7, 3, name, None, config, NOW, NOW)


def without_name(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name != "name"}


def test_the_whole_field_set_is_right_and_comes_back() -> None:
    NewAssistant.model_validate(WHOLE)
    assert WHOLE.keys() == NewAssistant.model_fields.keys() - {"transfer_phone_number"}
    told = assistant(agent(agent_config(without_name(WHOLE))))
    assert {name: told[name] for name in WHOLE} == WHOLE
    AssistantCreateResponse.model_validate({"assistant": told}, strict=False)


def test_our_keys() -> None:
    config = agent_config(without_name(WHOLE))
    data_field = {"name": "email", "type": "string", "description": "Mail", "required": True, "options": None}
    assert {name: value for name, value in config.items() if name != REVOX} == {
        "prompt": "You are Ann.",
        "first_sentence": "Hello",
        "first_sentence_mode": "static",
        "first_sentence_delay_ms": 250,
        "end_sentence": "Bye",
        "max_duration_message": "Time is up",
        "llm": WHOLE["llm_model"],
        "ivr_navigation": True,
        "from_number": "+12125550100",
        "post_call_prompt": "Extract",
        "max_duration_s": 300,
        "voicemail": {"action": "leave_message", "message": "Please call back.", "sms": "Missed you"},
        "voice": {**WHOLE["voice"], "dictionary": "dict"},
        "stt": {"model": "stt-rt-v4", "context": WHOLE["stt_context"]},
        "transfers": [{"label": "Sales", "number": "+12125550111", "mode": "warm", "instructions": "Be brief"}],
        "tools": [
            {
                "name": "stock",
                "description": "Looks",
                "method": "GET",
                "url": "https://x.example/{{a}}",
                "headers": [{"key": "X", "value": "1"}],
                "query": [{"key": "q", "value": "{{a}}"}],
                "body": None,
                "parameters": [
                    {"name": "a", "type": "enum", "description": None, "required": True, "options": ["x"]}
                ],
            }
        ],
        "faq": [{"question": "Q", "answer": "A"}],
        "post_call_schema": [data_field],
        "in_call_sms": {"enabled": True, "template": "Hi {{name}}"},
        "background_sound": {"file": "audio/office.ogg", "volume": 0.5},
        "thinking_sound": {"file": "keyboard-typing.ogg", "probability": 0.25, "volume": 0.75},
        "calling": {
            "days": ["monday"],
            "windows": [{"start": "9am", "end": "12:00", "retry_delay_s": 60}],
            "max_attempts": 4,
            "twice_in_a_row": True,
            "timezone": "Europe/Paris",
        },
    }  # fmt: skip


def test_little_said_is_little_kept() -> None:
    assert agent_config({"prompt": "Hi"}) == {
        "prompt": "Hi",
        REVOX: {"sent": {"prompt": "Hi"}, "read": {"prompt": "Hi"}},
    }


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"prompt": "Hi", "voice": "rachel", "llm": "gpt-5", "tools": ["x"], "transfers": [{}], "calling": {"days": 1}},
        {"voice": {"provider": "acme", "id": "x"}, "llm": {"model": "x"}, "voicemail": {"action": "ignore"}},
        {"post_call_schema": {"type": "object", "properties": {"a": {}}}, "stt": {"model": "whisper"}},
        {
            "post_call_schema": [{"name": "a", "type": "integer"}],
            "tools": [{"name": "t", "url": "u", "method": "HEAD"}],
        },
        {"first_sentence_delay_ms": "soon", "max_duration_s": True, "faq": [{"question": "Q"}]},
    ],
)
def test_agents_made_elsewhere_read_sensibly(config: dict[str, Any]) -> None:
    told = assistant(agent(config, "Bob"))
    AssistantCreateResponse.model_validate({"assistant": told})
    assert told["name"] == "Bob"
    assert plan_of(config).retries.max_attempts == 3


def test_a_change_touches_its_key_alone() -> None:
    before = {**agent_config(without_name(WHOLE)), "variables": {"a": 1}}
    after = agent_config({"voicemail_message": None}, before)
    changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    assert changed == {"voicemail", REVOX}
    assert after["voicemail"] == {"action": "hang_up", "message": None, "sms": "Missed you"}
    assert assistant(agent(after))["voicemail_message"] is None
    assert assistant(agent(after))["call_retry_config"] == RETRIES


def test_a_change_made_elsewhere_shows() -> None:
    config = agent_config(without_name(WHOLE))
    config["prompt"] = "You are Bob."
    config["voicemail"] = {"action": "hang_up"}
    told = assistant(agent(config))
    assert (told["prompt"], told["voicemail_message"], told["first_sentence"]) == ("You are Bob.", None, "Hello")
    later = assistant(agent(agent_config({"first_sentence": "Hey"}, config)))
    assert (later["prompt"], later["first_sentence"]) == ("You are Bob.", "Hey")


def test_transfers_of_both_releases() -> None:
    old = agent_config({"prompt": "", "transfer_phone_number": "+12125550111"})
    assert [(each["label"], each["number"]) for each in old["transfers"]] == [("Transfer", "+12125550111")]
    new = agent_config({"transfer_destinations": [{"label": "Sales", "phone_number": "+12125550112"}]}, old)
    assert assistant(agent(new))["transfer_phone_number"] == "+12125550112"
    back = agent_config({"transfer_phone_number": "+12125550113"}, new)
    assert assistant(agent(back))["transfer_destinations"] == [{"label": "Transfer", "phone_number": "+12125550113"}]
    assert "transfers" not in agent_config({"transfer_phone_number": None}, back)


def test_what_a_plan_takes() -> None:
    plan = plan_of(agent_config(without_name(WHOLE)))
    assert (plan.max_duration, plan.retries.max_attempts) == (timedelta(minutes=5), 4)
    assert (plan.voicemail.action, plan.voicemail.message) == (VoicemailAction.LEAVE_MESSAGE, "Please call back.")
    assert plan_of({"max_duration_s": 10**9}).max_duration == timedelta(hours=4)
    assert plan_of(agent_config({"max_call_duration_secs": 0})).max_duration == timedelta(minutes=10)
    assert plan_of({"ring_timeout_s": 20, "record": True}) == replace(
        plan_of({}), ring_timeout=timedelta(seconds=20), record=True
    )


@pytest.mark.parametrize(
    "fields, place",
    [
        ({"background_sound_volume": 1.1}, ("background_sound_volume",)),
        ({"voice": {"id": "", "provider": "cartesia"}}, ("voice", "id")),
        ({"voice": {"id": "v", "provider": "azure"}}, ("voice", "provider")),
        ({"voice": {"id": "v", "provider": "cartesia", "speed": 2}}, ("voice", "speed")),
        ({"llm_model": {"type": "custom", "api_key": "k"}}, ("llm_model",)),
        ({"llm_model": None}, ("llm_model",)),
        ({"first_sentence_mode": None}, ("first_sentence_mode",)),
        ({"max_duration_end_message": "x" * 151}, ("max_duration_end_message",)),
        ({"structured_output_config": [{"name": "a"}]}, ("structured_output_config", 0, "type")),
    ],
)  # fmt: skip
def test_what_is_refused(fields: dict[str, Any], place: tuple[Any, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        InlineAssistant.model_validate({"prompt": "Hi", **fields})
    assert refused.value.errors()[0]["loc"] == place


def test_what_nobody_said_has_a_value() -> None:
    assert UNSET.keys() == AssistantFields.model_fields.keys()
    assert read_config({}).keys() <= UNSET.keys() | {"prompt"}
    assert fields_of({"prompt": "", "stranger": 1}, InlineAssistant) == {"prompt": ""}
