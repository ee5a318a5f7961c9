"""An agent's configuration in Freya's form and in ours, and what of it decides how a campaign calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from clarion.app.campaign_content import LONGEST_CALL, LONGEST_RING
from clarion.app.ports.resources import Agent
from clarion.core.campaigns import Plan, VoicemailAction
from clarion.surfaces.vendors.echo import recall, remember
from clarion.surfaces.vendors.freya.words import FIRST_MESSAGE_MODES

KEPT = "freya"
"""The key of an agent's config below which Freya's own fields are kept."""
REPORT = "freya-report"
"""The format of an agent's end-of-call report."""

PLACES: tuple[tuple[str, str], ...] = (
    ("llmConfig.systemPrompt", "prompt"),
    ("llmConfig.firstMessage", "first_sentence"),
    ("llmConfig.disableInterruptionsDuringFirstMessage", "first_sentence_uninterrupted"),
    ("llmConfig.provider", "llm.provider"),
    ("llmConfig.model", "llm.model"),
    ("llmConfig.maxTokens", "llm.max_tokens"),
    ("llmConfig.temperature", "llm.temperature"),
    ("llmConfig.tools", "tools"),
    ("ttsConfig.provider", "voice.provider"),
    ("ttsConfig.model", "voice.model"),
    ("ttsConfig.voiceId", "voice.id"),
    ("ttsConfig.language", "language"),
    ("ttsConfig.speed", "voice.speed"),
    ("ttsConfig.stability", "voice.stability"),
    ("ttsConfig.similarityBoost", "voice.similarity"),
    ("sstConfig.provider", "stt.provider"),
    ("sstConfig.model", "stt.model"),
    ("sstConfig.language", "stt.language"),
    ("sstConfig.temperature", "stt.temperature"),
    ("sstConfig.punctuate", "stt.punctuate"),
    ("sstConfig.diarize", "stt.diarize"),
    ("callTimeoutSettings.silenceTimeout", "silence_timeout_s"),
    ("callTimeoutSettings.maximumDuration", "max_duration_s"),
    ("callTimeoutSettings.checkInMessage", "silence_message"),
    ("callTimeoutSettings.closureMessage", "max_duration_message"),
    ("privacyConfig.enableRecording", "record"),
    ("postConversationAnalysis.summaryPrompt", "summary_prompt"),
    ("backgroundSoundUrl", "background_sound.url"),
)
"""Where each of Freya's fields lives in ours. A dot goes one level down."""
MODE, VOICEMAIL = "llmConfig.firstMessageMode", "voicemailDetection"
SERVER_URL, WEBHOOK_URL = "server.url", "webhookUrl"
_MODES_BACK = {ours: theirs for theirs, ours in FIRST_MESSAGE_MODES.items()}
_NEVER_KEPT = frozenset({"apiKey", "password"})
"""Secrets of other services. The installation has its own accounts, so there is nothing to keep them for."""


def config_of(theirs: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Our config with Freya's in it. Sections that are given replace what their fields said; all else stays."""
    own = without_secrets(theirs)
    ours = {**before}
    for path, place in PLACES:
        section, _, _ = path.partition(".")
        if section in own:
            _put(ours, place, _find(own, path))
    if "llmConfig" in own:
        _put(ours, "first_sentence_mode", FIRST_MESSAGE_MODES.get(str(_find(own, MODE))))
    if VOICEMAIL in own:
        _put(ours, "voicemail", _voicemail(own[VOICEMAIL]))
    earlier = before.get(KEPT, {}).get("sent", {})
    sent = {path: value for path, value in earlier.items() if path.partition(".")[0] not in own} | _flat(own)
    return {**ours, KEPT: remember(sent, config_reading(ours, report_url(_deep(sent))))}


def config_of_agent(config: Mapping[str, Any], hook_url: str | None) -> dict[str, Any]:
    """An agent's config in Freya's form: as it was sent while that holds, else as it is now."""
    kept = config.get(KEPT)
    sent = kept.get("sent", {}) if kept else {}
    hooked = sent.keys() & {SERVER_URL, WEBHOOK_URL}
    told = {
        path: value
        for path, value in recall(kept, config_reading(config, hook_url)).items()
        if path in sent or (value is not None and not (path in (SERVER_URL, WEBHOOK_URL) and hooked))
    }
    if told.get(SERVER_URL) == told.get(WEBHOOK_URL) and not hooked:
        told.pop(WEBHOOK_URL, None)
    return _deep(told)


def config_reading(config: Mapping[str, Any], hook_url: str | None) -> dict[str, Any]:
    """Freya's fields of any agent, whoever made it, by their dotted paths. `hook_url`: where its reports go."""
    found = {path: _find(config, place) for path, place in PLACES}
    found[MODE] = _MODES_BACK.get(str(config.get("first_sentence_mode")))
    voicemail = config.get("voicemail")
    action = voicemail.get("action") if isinstance(voicemail, Mapping) else None
    message = voicemail.get("message") if isinstance(voicemail, Mapping) else None
    leaves = action == VoicemailAction.LEAVE_MESSAGE
    found[f"{VOICEMAIL}.enabled"] = None if action is None else action != VoicemailAction.IGNORE
    found[f"{VOICEMAIL}.messageMode"] = None if action is None else _message_mode(leaves, message)
    found[f"{VOICEMAIL}.staticMessage"] = message
    return {**found, SERVER_URL: hook_url, WEBHOOK_URL: hook_url}


def _message_mode(leaves: bool, message: Any) -> str:
    if not leaves:
        return "none"
    return "static" if message else "dynamic"


def _voicemail(section: Any) -> dict[str, Any] | None:
    if not isinstance(section, Mapping):
        return None
    if not section.get("enabled"):
        return {"action": VoicemailAction.IGNORE.value}
    if (section.get("messageMode") or "none") == "none":
        return {"action": VoicemailAction.HANG_UP.value}
    said = {"message": section["staticMessage"]} if section.get("staticMessage") else {}
    delay = section.get("voicemailResponseDelay")
    return {"action": VoicemailAction.LEAVE_MESSAGE.value, **said, **({} if delay is None else {"delay_s": delay})}


def with_agent(plan: Plan, agent: Agent | None) -> Plan:
    """A plan with what an agent's config says of its calls, in our words; bounds hold as for everybody."""
    if agent is None:
        return plan
    config = agent.config
    ring, longest = _seconds(config.get("ring_timeout_s")), _seconds(config.get("max_duration_s"))
    voicemail = config.get("voicemail")
    action = voicemail.get("action") if isinstance(voicemail, Mapping) else None
    if isinstance(voicemail, Mapping) and action in tuple(VoicemailAction):
        message = voicemail.get("message")
        plan = replace(
            plan,
            voicemail=replace(
                plan.voicemail, action=VoicemailAction(action), message=message if isinstance(message, str) else None
            ),
        )
    return replace(
        plan,
        ring_timeout=plan.ring_timeout if ring is None else min(ring, LONGEST_RING),
        max_duration=plan.max_duration if longest is None else min(longest, LONGEST_CALL),
        record=plan.record if config.get("record") is None else bool(config["record"]),
    )


def report_url(theirs: Mapping[str, Any]) -> str | None:
    """Where a config wants its end-of-call reports: `server.url`, else `webhookUrl`."""
    server = theirs.get("server")
    found = server.get("url") if isinstance(server, Mapping) else None
    found = found or theirs.get("webhookUrl")
    return found if isinstance(found, str) and found else None


def _seconds(value: Any) -> timedelta | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return None
    return timedelta(seconds=min(float(value), 86_400.0))


def without_secrets(value: Any) -> Any:
    """A config without keys and passwords, at any depth."""
    if isinstance(value, Mapping):
        return {name: without_secrets(each) for name, each in value.items() if name not in _NEVER_KEPT}
    if isinstance(value, list):
        return [without_secrets(each) for each in value]
    return value


def _find(config: Mapping[str, Any], place: str) -> Any:
    """What stands at a dotted place; None when nothing does."""
    section, _, name = place.partition(".")
    found = config.get(section)
    if not name:
        return found
    return found.get(name) if isinstance(found, Mapping) else None


def _put(config: dict[str, Any], place: str, value: Any) -> None:
    """Write at a dotted place; None takes it away. The sections of the mapping that is read from stay as they are."""
    section, _, name = place.partition(".")
    if not name:
        inner: Any = value
    else:
        old = config.get(section)
        there = {key: each for key, each in old.items() if key != name} if isinstance(old, Mapping) else {}
        inner = {**there, name: value} if value is not None else there
    if inner is None or inner == {}:
        config.pop(section, None)
    else:
        config[section] = inner


def _flat(config: Mapping[str, Any]) -> dict[str, Any]:
    """Sections by their dotted paths; an empty section stays itself."""
    flat: dict[str, Any] = {}
    for section, value in config.items():
        if isinstance(value, Mapping) and value:
            flat |= {f"{section}.{name}": each for name, each in value.items()}
        else:
            flat[section] = value
    return flat


def _deep(flat: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `_flat`."""
    deep: dict[str, Any] = {}
    for path, value in flat.items():
        section, dot, name = path.partition(".")
        if not dot:
            deep.setdefault(section, value)
        elif isinstance(deep.setdefault(section, {}), dict):
            deep[section][name] = value
    return deep
