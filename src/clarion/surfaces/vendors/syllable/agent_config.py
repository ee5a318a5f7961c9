"""Syllable's agents to an agent's configuration, and any agent in Syllable's fields. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clarion.app.ports.resources import Agent
from clarion.app.ports.texts import Text
from clarion.surfaces.vendors.echo import recall, remember
from clarion.surfaces.vendors.syllable.access import Json
from clarion.surfaces.vendors.syllable.agent_shapes import AgentInput
from clarion.surfaces.vendors.syllable.reading import NAME

PROMPT, GREETING = "prompt", "greeting"
"""Kinds of texts."""
TYPE = "ca_v1"
PREFIX = "vars."
HANGUP = "hangup"

DEFAULTS: Mapping[str, Any] = {
    "description": None,
    "label": None,
    "labels": None,
    "type": TYPE,
    "prompt_id": 0,
    "prompt_version_number": None,
    "custom_message_id": None,
    "language_group_id": None,
    "bridge_phrases_id": None,
    "tool_headers": None,
    "prompt_tool_defaults": [],
    "agent_initiated": False,
    "enable_verbal_language_change": False,
}
"""What this vendor's API says of an agent that was made by another way."""
KEYS = (
    *("prompt", "llm", "tools", "first_sentence", "first_subject", "first_sentence_mode"),
    *("variables", "language", "stt", "thinking_sound"),
)
"""Keys of ours that are made of this vendor's fields."""


def config_of(body: AgentInput, prompt: Text, greeting: Text | None, before: Mapping[str, Any], zone: str) -> Json:
    """An agent's configuration. What the vendor has no field for stays as it was `before`."""
    kept = {name: value for name, value in before.items() if name not in (*KEYS, NAME)}
    own = said_by(prompt, greeting) | {
        "tools": _tools(body, prompt),
        "variables": {name.removeprefix(PREFIX): value for name, value in body.variables.items()},
    }
    if greeting is None:
        own["first_sentence_mode"] = "generated" if body.agent_initiated else "none"
    if body.languages:
        own["language"] = body.languages[0]
    if body.stt_provider:
        own["stt"] = {"provider": body.stt_provider}
    if body.wait_sound:
        own["thinking_sound"] = {"name": body.wait_sound}
    config = {**kept, **own}
    sent = body.model_dump(mode="json", exclude={"id"})
    return {**config, NAME: remember(sent, reading(body.name, zone, config))}


def said_by(prompt: Text, greeting: Text | None) -> Json:
    """The keys that come from an agent's prompt and custom message."""
    found: Json = {"prompt": prompt.body}
    llm = prompt.extras.get("llm_config")
    if isinstance(llm, Mapping):
        found["llm"] = {name: value for name, value in llm.items() if value is not None}
    if greeting is not None:
        preamble, subject = greeting.extras.get("preamble"), greeting.extras.get("subject")
        found["first_sentence"] = f"{preamble} {greeting.body}" if preamble else greeting.body
        found["first_sentence_mode"] = "static"
        if subject:
            found["first_subject"] = subject
    return found


def _tools(body: AgentInput, prompt: Text) -> list[Json]:
    names = list(prompt.extras.get("tools") or ())
    if prompt.extras.get("include_default_tools", True) and HANGUP not in names:
        names.append(HANGUP)
    presets = {each.tool_name: each.default_values for each in body.prompt_tool_defaults}
    return [
        {
            "name": name,
            **({"headers": dict(body.tool_headers)} if body.tool_headers else {}),
            **({"defaults": {v.field_name: v.default_value for v in presets[name]}} if name in presets else {}),
        }
        for name in names
    ]


def reading(name: str, zone: str, config: Mapping[str, Any]) -> Json:
    """An agent in the vendor's fields. `zone`: its own, else the organisation's."""
    variables, stt, sound = config.get("variables"), config.get("stt"), config.get("thinking_sound")
    language = config.get("language")
    return {
        **DEFAULTS,
        "name": name,
        "timezone": zone,
        "variables": {
            f"{PREFIX}{key}": value if isinstance(value, str) else str(value)
            for key, value in (variables if isinstance(variables, Mapping) else {}).items()
        },
        "languages": [language] if isinstance(language, str) else [],
        "stt_provider": stt.get("provider") if isinstance(stt, Mapping) else None,
        "wait_sound": sound.get("name") if isinstance(sound, Mapping) else None,
    }


def agent_fields(agent: Agent, zone: str) -> Json:
    """An agent as the vendor tells it: as it was sent, as long as that is true. `zone` is the organisation's."""
    kept = agent.config.get(NAME)
    known = kept if isinstance(kept, Mapping) else None
    return recall(known, reading(agent.name, agent.timezone or zone, agent.config))


def prompt_of(agent: Agent) -> int | None:
    """The prompt that an agent refers to."""
    return _sent(agent).get("prompt_id")


def greeting_of(agent: Agent) -> int | None:
    """The custom message that an agent refers to."""
    return _sent(agent).get("custom_message_id")


def _sent(agent: Agent) -> Mapping[str, Any]:
    kept = agent.config.get(NAME)
    sent = kept.get("sent") if isinstance(kept, Mapping) else None
    return sent if isinstance(sent, Mapping) else {}
