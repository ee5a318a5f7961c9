"""An assistant of theirs as an agent's configuration, and any agent as theirs: rows of a table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from autocalls_house import ASSISTANT

from clarion.app.ports.resources import Agent
from clarion.surfaces.vendors.autocalls.assistant_config import Hook, config_of, fields_of, kept_of, reading, shown
from clarion.surfaces.vendors.autocalls.assistant_shapes import AssistantInput, modern, older_name
from clarion.surfaces.vendors.autocalls.translate import NAME

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
NUMBERS = {"+12125550100": 7}

WHOLE = {
    "id",
    "user_id",
    "phone_number_id",
    "engine_id",
    "synthesizer_id",
    "transcriber_id",
    "voice_id",
    "instance_id",
    "name",
    "variables",
    "post_call_evaluation",
    "fillers",
    "post_call_schema",
    "tools",
    "is_webhook_active",
    "webhook_url",
    "inbound_webhook_url",
    "language",
    "type",
    "status",
    "max_duration",
    "record",
    "initial_message",
    "system_prompt",
    "flows_platform_id",
    "timezone",
    "created_at",
    "updated_at",
    "max_silence_duration",
    "reengagement_interval",
    "deleted_at",
    "end_call_on_voicemail",
    "llm_temperature",
    "voice_stability",
    "voice_similarity",
    "allow_interruptions",
    "enable_noise_cancellation",
    "endpoint_sensitivity",
    "speech_speed",
    "endpoint_type",
    "wait_for_customer",
    "mode",
    "language_id",
    "transcriber_provider_id",
    "synthesizer_provider_id",
    "llm_model_id",
    "multimodal_model_id",
    "ambient_sound",
    "uuid",
    "send_webhook_only_on_completed",
    "include_recording_in_webhook",
    "interrupt_sensitivity",
    "filler_config",
    "knowledgebase_id",
    "knowledgebase_mode",
    "min_interrupt_words",
    "ambient_sound_volume",
    "widget_settings",
    "ringing_time",
    "max_initial_silence_duration",
}
"""The fields of the list's page."""


def agent(config: dict[str, Any], name: str = "Anna") -> Agent:
    return Agent(3, 1, name, "Europe/Berlin", config, NOW, NOW)


def made(**fields: Any) -> Agent:
    given = AssistantInput.model_validate({**ASSISTANT, **fields}).given()
    kept = modern({name: value for name, value in given.items() if value is not None})
    bare = agent(config_of(kept, "+12125550100" if kept.get("phone_number_id") else None))
    return agent({**bare.config, NAME: kept_of(kept, bare, NUMBERS, Hook.wanted(kept))})


@pytest.mark.parametrize(
    "fields, expected",
    [
        ({}, {"prompt": "You are a friendly sales assistant.", "first_sentence": "Hello! Do you have a minute?"}),
        ({}, {"first_sentence_mode": "static", "language": "en", "ring_timeout_s": 30, "max_duration_s": 600}),
        ({"wait_for_customer": True}, {"first_sentence_mode": "none"}),
        ({"language_id": 5}, {"language": "de"}),
        ({"language_id": 77}, {"language": None}),
        ({"ringing_time": 45, "max_duration": 1200, "record": True}, {"ring_timeout_s": 45, "max_duration_s": 1200}),
        ({"record": True}, {"record": True}),
        ({}, {"voicemail": {"action": "hang_up", "message": None, "sms": None}}),
        ({"end_call_on_voicemail": False}, {"voicemail": {"action": "ignore", "message": None, "sms": None}}),
        (
            {"voice_mail_message": "Call us back."},
            {"voicemail": {"action": "leave_message", "message": "Call us back.", "sms": None}},
        ),
        ({"variables": {"company": "Acme"}}, {"variables": {"company": "Acme"}}),
        ({"phone_number_id": 7}, {"from_number": "+12125550100"}),
        (
            {"tools": [{"type": "dtmf_input"}, {"type": "call_transfer", "phone_number": "+1"}, {"type": "end_call"}]},
            {
                "ivr_navigation": True,
                "transfers": [{"type": "call_transfer", "phone_number": "+1"}],
                "tools": [{"type": "dtmf_input"}, {"type": "end_call"}],
            },
        ),
        (
            {"post_call_schema": [{"name": "ok", "type": "bool", "description": "Fine"}]},
            {"post_call_schema": [{"name": "ok", "type": "boolean", "description": "Fine"}]},
        ),
        ({"ambient_sound": "office"}, {"background_sound": {"name": "office", "volume": 0.5}}),
    ],
)
def test_configuration(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    config = made(**fields).config
    assert {name: config[name] for name in expected} == expected


def test_speech() -> None:
    config = made(
        voice_stability=0.9, speech_speed=1.1, llm_temperature=0.3, synthesizer_provider_id=3, transcriber_provider_id=1
    ).config
    assert config["voice"] == {
        "emotion": True,
        "stability": 0.9,
        "similarity": 0.5,
        "speed": 1.1,
        "id": 1,
        "name": "Alloy",
        "provider": "cartesia",
        "provider_id": 3,
    }
    assert (config["llm"]["model"], config["llm"]["temperature"], config["llm"]["mode"]) == (
        "GPT-4.1-mini",
        0.3,
        "pipeline",
    )
    assert (config["stt"]["provider"], config["stt"]["interruptions"]) == ("deepgram", True)


def test_without_a_schema_there_is_the_usual_one() -> None:
    config = made(post_call_schema=None).config
    assert [(each["name"], each["type"]) for each in config["post_call_schema"]] == [
        ("status", "boolean"),
        ("summary", "string"),
    ]


def test_the_whole_object() -> None:
    told = shown(made(phone_number_id=7), NUMBERS, Hook(), 42)
    assert set(told) >= WHOLE
    expected = {
        "id": 3,
        "user_id": 42,
        "name": "Anna",
        "type": "outbound",
        "mode": "pipeline",
        "status": "active",
        "voice_id": 1,
        "language": "en",
        "timezone": "Europe/Berlin",
        "phone_number_id": 7,
        "fillers": 0,
        "end_call_on_voicemail": 1,
        "llm_temperature": "0.1",
        "voice_stability": "0.7",
        "speech_speed": "1.0",
        "is_webhook_active": False,
        "webhook_url": None,
        "created_at": "2026-11-23T15:00:00.000000Z",
        "post_call_schema": ASSISTANT["post_call_schema"],
    }
    assert {name: told[name] for name in expected} == expected


def test_everything_that_was_sent_comes_back() -> None:
    fields = {
        "secondary_language_ids": [2, 3],
        "knowledgebase_id": 3,
        "knowledgebase_mode": "prompt",
        "folder_id": 9,
        "label_ids": [1],
        "tool_ids": [4],
        "reengagement_prompt": "Are you there?",
        "filler_config": {"positive": ["Great!"]},
        "min_interrupt_words": 2,
        "conversation_inactivity_timeout": 15,
        "voice_id": 413,
        "something_new": {"a": [1]},
        "wait_for_customer": True,
    }
    told = fields_of(made(**fields), NUMBERS, Hook())
    assert {name: told[name] for name in fields} == fields


def test_tools_are_answered_under_data() -> None:
    told = shown(made(tools=[{"type": "end_call", "description": "When done"}]), NUMBERS, Hook(), 1)
    assert told["tools"] == [{"type": "end_call", "data": {"description": "When done"}}]


def test_what_was_changed_by_another_way_is_told() -> None:
    before = made()
    after = agent({**before.config, "prompt": "Be brief.", "ring_timeout_s": 20}, name="Bella")
    told = fields_of(after, NUMBERS, Hook())
    assert (told["name"], told["system_prompt"], told["ringing_time"]) == ("Bella", "Be brief.", 20)
    assert told["initial_message"] == ASSISTANT["initial_message"]


@pytest.mark.parametrize(
    "config, expected",
    [
        ({}, {"post_call_schema": [], "max_duration": 600, "ringing_time": 30, "type": "outbound"}),
        (
            {"post_call_schema": {"type": "object", "properties": {"ok": {"type": "boolean", "description": "Fine"}}}},
            {"post_call_schema": [{"name": "ok", "type": "bool", "description": "Fine"}]},
        ),
        (
            {"post_call_schema": {"age": "number"}},
            {"post_call_schema": [{"name": "age", "type": "number", "description": ""}]},
        ),
        ({"language": "fr", "prompt": "Bonjour"}, {"language_id": 3, "language": "fr", "system_prompt": "Bonjour"}),
        ({"voice": "not a mapping", "tools": "none", "variables": 5}, {"tools": [], "variables": {}}),
    ],
)
def test_agents_made_by_another_way_read_sensibly(config: dict[str, Any], expected: dict[str, Any]) -> None:
    told = shown(agent(config), NUMBERS, Hook(), 1)
    assert {name: told[name] for name in expected} == expected


@pytest.mark.parametrize(
    "older, newer",
    [
        ({"assistant_name": "Anna"}, {"name": "Anna"}),
        ({"calls_direction": "make"}, {"type": "outbound"}),
        ({"calls_direction": "receive"}, {"type": "inbound"}),
        ({"engine_type": "multimodal"}, {"mode": "multimodal"}),
        ({"language": "German"}, {"language_id": 5}),
        ({"language": "de"}, {"language_id": 5}),
        ({"language": "Dutch"}, {"language_id": None, "language": "Dutch"}),
        ({"llm_model": "gpt-4o"}, {"llm_model_id": 7}),
        ({"llm_model": "Mystery"}, {"llm_model_id": None, "llm_model": "Mystery"}),
        ({"max_call_duration": 90}, {"max_duration": 90}),
        ({"record_call": True}, {"record": True}),
        ({"filler_audios": True}, {"fillers": True}),
        ({"re_engagement_interval": 9}, {"reengagement_interval": 9}),
        ({"noise_cancellation": False}, {"enable_noise_cancellation": False}),
        ({"who_speaks_first": "Customer"}, {"wait_for_customer": True}),
        ({"who_speaks_first": "AI assistant"}, {"wait_for_customer": False}),
        ({"end_call_tool": {"description": "Bye"}}, {"tools": [{"type": "end_call", "description": "Bye"}]}),
        ({"use_min_interrupt_words": False, "min_interrupt_words": 3}, {"min_interrupt_words": None}),
        ({"use_min_interrupt_words": True, "min_interrupt_words": 3}, {"min_interrupt_words": 3}),
        ({"name": "New", "assistant_name": "Old"}, {"name": "New"}),
    ],
)
def test_older_names(older: dict[str, Any], newer: dict[str, Any]) -> None:
    assert modern(older) == newer


@pytest.mark.parametrize(
    "config",
    [{"voice": None, "llm": 5, "tools": ["x", {"type": "end_call"}], "transfers": None, "post_call_schema": 5}],
)
def test_odd_configurations_can_be_changed(config: dict[str, Any]) -> None:
    fields = fields_of(agent(config), NUMBERS, Hook())
    assert fields["tools"] == [{"type": "end_call"}]
    assert config_of({**fields, "max_duration": 60}, None, config)["max_duration_s"] == 60


def test_missing_fields_are_called_as_the_client_calls_them() -> None:
    assert older_name("name", {"language": "German"}) == "assistant_name"
    assert older_name("name", {"language_id": 5}) == "name"
    assert older_name("timezone", {"language": "German"}) == "timezone"


def test_the_hook_that_is_wanted() -> None:
    url = "https://hooks.example/calls"
    assert Hook.wanted({}) == Hook.wanted({"webhook_url": url}) == Hook.wanted({"is_webhook_active": True}) == Hook()
    assert Hook.wanted({"is_webhook_active": True, "webhook_url": url}) == Hook(True, url)
    quiet = {"send_webhook_only_on_completed": False, "include_recording_in_webhook": False}
    assert Hook.wanted({"is_webhook_active": True, "webhook_url": url, **quiet}) == Hook(True, url, False, False)
    assert reading(agent({}), {}, Hook(True, url))["webhook_url"] == url
