"""An agent's configuration in Freya's form: each field has its place in ours, and comes back as it was sent."""

from __future__ import annotations

from typing import Any

import pytest

from clarion.surfaces.vendors.freya.agent_config import PLACES, config_of, config_of_agent, report_url
from clarion.surfaces.vendors.freya.agent_shapes import NewAgent

EXAMPLE: dict[str, Any] = {
    "llmConfig": {
        "provider": "openai",
        "model": "gpt-4o",
        "systemPrompt": "You are a helpful customer support agent...",
        "firstMessage": "Hello! How can I help you today?",
        "firstMessageMode": "assistant-speaks-first",
        "maxTokens": 1000,
        "temperature": 0.7,
    },
    "ttsConfig": {
        "provider": "elevenlabs",
        "model": "eleven_multilingual_v2",
        "voiceId": "21m00Tcm4TlvDq8ikWAM",
        "language": "en",
        "speed": 1,
        "stability": 0.5,
        "similarityBoost": 0.75,
        "additionalSettings": {},
    },
    "sstConfig": {
        "provider": "deepgram",
        "model": "nova-2",
        "language": "en",
        "temperature": None,
        "punctuate": True,
        "diarize": False,
        "additionalSettings": {},
    },
    "complianceConfig": {"pciDss": False, "mifidIi": False, "euAiAct": False, "soc2": False},
    "callTimeoutSettings": {"silenceTimeout": 20, "maximumDuration": 600, "closureMessage": "Time is up."},
    "voicemailDetection": {
        "enabled": True,
        "messageMode": "static",
        "staticMessage": "Please call us back.",
        "voicemailResponseDelay": 2,
    },
    "privacyConfig": {"enableRecording": True},
    "dtmfConfig": {"enabled": False, "timeout": 2},
    "server": {"url": "https://example.com/report"},
}
OURS = {
    "prompt": "You are a helpful customer support agent...",
    "first_sentence": "Hello! How can I help you today?",
    "first_sentence_mode": "static",
    "llm": {"provider": "openai", "model": "gpt-4o", "max_tokens": 1000, "temperature": 0.7},
    "voice": {
        "provider": "elevenlabs",
        "model": "eleven_multilingual_v2",
        "id": "21m00Tcm4TlvDq8ikWAM",
        "speed": 1,
        "stability": 0.5,
        "similarity": 0.75,
    },
    "language": "en",
    "stt": {"provider": "deepgram", "model": "nova-2", "language": "en", "punctuate": True, "diarize": False},
    "silence_timeout_s": 20,
    "max_duration_s": 600,
    "max_duration_message": "Time is up.",
    "voicemail": {"action": "leave_message", "message": "Please call us back.", "delay_s": 2},
    "record": True,
}
URL = "https://example.com/report"


def sent(config: dict[str, Any]) -> dict[str, Any]:
    """As the shape hands it on."""
    shape = NewAgent.model_validate({"name": "Ava", "config": config}).config
    assert shape is not None
    return shape.model_dump(exclude_unset=True)


def test_the_vendors_own_example_both_ways() -> None:
    ours = config_of(sent(EXAMPLE), {})
    assert {name: value for name, value in ours.items() if name != "freya"} == OURS
    assert config_of_agent(ours, URL) == EXAMPLE


def test_an_agent_made_elsewhere_reads_in_their_form() -> None:
    told = config_of_agent(OURS, None)
    assert told["llmConfig"] == EXAMPLE["llmConfig"]
    assert told["voicemailDetection"] == {"enabled": True, "messageMode": "static", "staticMessage": OURS_MESSAGE}
    assert told["privacyConfig"] == {"enableRecording": True}
    assert "server" not in told
    assert config_of_agent({}, None) == {}
    assert config_of_agent({}, URL) == {"server": {"url": URL}}


OURS_MESSAGE = "Please call us back."


@pytest.mark.parametrize(
    "section, action, told",
    [
        ({"enabled": False}, {"action": "ignore"}, {"enabled": False}),
        ({"enabled": True}, {"action": "hang_up"}, {"enabled": True}),
        ({"enabled": True, "messageMode": "none", "staticMessage": "x"}, {"action": "hang_up"}, None),
        ({"enabled": True, "messageMode": "dynamic"}, {"action": "leave_message"}, None),
        (
            {"enabled": True, "messageMode": "static", "staticMessage": "x"},
            {"action": "leave_message", "message": "x"},
            None,
        ),
    ],
)
def test_voicemail(section: dict[str, Any], action: dict[str, Any], told: dict[str, Any] | None) -> None:
    ours = config_of(sent({"voicemailDetection": section}), {})
    assert ours["voicemail"] == action
    back = config_of_agent(ours, None)["voicemailDetection"]
    assert {name: back[name] for name in section} == section
    assert told is None or {name: back[name] for name in told} == told


@pytest.mark.parametrize(
    "mode, ours",
    [
        ("assistant-speaks-first", "static"),
        ("assistant-speaks-first-with-model-generated-message", "generated"),
        ("assistant-waits-for-user", "none"),
    ],
)
def test_who_speaks_first(mode: str, ours: str) -> None:
    config = config_of(sent({"llmConfig": {"firstMessageMode": mode}}), {})
    assert config["first_sentence_mode"] == ours
    assert config_of_agent(config, None) == {"llmConfig": {"firstMessageMode": mode}}


def test_what_changed_elsewhere_is_told_as_it_is_now() -> None:
    ours = config_of(sent(EXAMPLE), {})
    told = config_of_agent({**ours, "prompt": "Be brief.", "record": None}, None)
    assert told["llmConfig"] == {**EXAMPLE["llmConfig"], "systemPrompt": "Be brief."}
    assert told["privacyConfig"] == {"enableRecording": None}
    assert told["server"] == {"url": None}
    assert told["dtmfConfig"] == EXAMPLE["dtmfConfig"]


def test_a_section_replaces_its_section_and_nothing_else() -> None:
    before = {**config_of(sent(EXAMPLE), {}), "transfers": [{"name": "desk"}]}
    after = config_of(sent({"llmConfig": {"systemPrompt": "Be brief."}}), before)
    assert after["prompt"] == "Be brief."
    assert "first_sentence" not in after
    assert "llm" not in after
    assert (after["voice"], after["transfers"]) == (OURS["voice"], [{"name": "desk"}])
    told = config_of_agent(after, URL)
    assert told["llmConfig"] == {"systemPrompt": "Be brief."}
    assert told["ttsConfig"] == EXAMPLE["ttsConfig"]
    assert before["llm"] == OURS["llm"], "the old config is not written on"


def test_secrets_are_not_kept() -> None:
    config = {"llmConfig": {"model": "m", "apiKey": "sk-1"}, "syncSource": {"url": "u", "apiKey": "sk-2"}}
    ours = config_of(sent(config), {})
    assert "sk-" not in repr(ours)
    assert config_of_agent(ours, None) == {"llmConfig": {"model": "m"}, "syncSource": {"url": "u"}}


@pytest.mark.parametrize(
    "config, url",
    [
        ({}, None),
        ({"server": {"url": "https://a.example"}}, "https://a.example"),
        ({"webhookUrl": "https://b.example"}, "https://b.example"),
        ({"server": {"url": "https://a.example"}, "webhookUrl": "https://b.example"}, "https://a.example"),
        ({"server": {}}, None),
        ({"server": None, "webhookUrl": ""}, None),
    ],
)
def test_where_reports_go(config: dict[str, Any], url: str | None) -> None:
    assert report_url(sent(config)) == url


def test_each_field_has_one_place() -> None:
    assert len({path for path, _ in PLACES}) == len({place for _, place in PLACES}) == len(PLACES)
