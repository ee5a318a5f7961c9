"""Prompts and custom messages. Agents say them as they are now: a change reaches everybody who refers to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query

from clarion.app import texts as use
from clarion.app.actor import Actor
from clarion.app.agents import all_agents, change_agent
from clarion.app.browse import browse_campaigns
from clarion.app.campaign_content import CampaignContent
from clarion.app.campaigns import edit_campaign
from clarion.app.ports.resources import Agent
from clarion.app.ports.texts import Text
from clarion.app.refusals import Conflict, Invalid, NotFound, Problem
from clarion.core.lifecycle import OVER
from clarion.core.outcomes import Channel
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.syllable.access import NOBODY, ApiDep, Caller, Json, PathId, email_of
from clarion.surfaces.vendors.syllable.agent_config import GREETING, PROMPT, greeting_of, prompt_of, said_by
from clarion.surfaces.vendors.syllable.agent_shapes import MessageInput, MessageUpdate, PromptInput, PromptUpdate
from clarion.surfaces.vendors.syllable.errors import worded
from clarion.surfaces.vendors.syllable.forms import written
from clarion.surfaces.vendors.syllable.lists import Listing, cut, listing, page_of, searched
from clarion.surfaces.vendors.syllable.reading import made_here
from clarion.surfaces.vendors.syllable.translate import message_of

prompts = APIRouter(prefix="/api/v1/prompts", tags=["prompts"])
messages = APIRouter(prefix="/api/v1/custom_messages", tags=["custom_messages"])

BY, VERSION = "last_updated_by", "version_number"
"""What every text's extras hold beside the vendor's fields."""
Reason = Annotated[str, Query(max_length=1_000)]

PROMPT_PROPERTIES = frozenset(
    {
        *("id", "name", "name_exact", "description", "name_description", "labels", "context", "tools", "llm_config"),
        *("last_updated", "last_updated_by", "agent_count", "session_end_enabled", "lifecycle_status"),
    }
)
PROMPT_REQUIRED = ("name", "type", "llm_config", "id", "last_updated")
MESSAGE_PROPERTIES = frozenset({"id", "name", "name_exact", "text", "label", "type", "updated_at", "agent_id"})
MESSAGE_REQUIRED = ("name", "text", "repeat_after_language_change", "id", "updated_at", "last_updated_by")


# prompts


@prompts.get("/")
async def list_prompts(api: ApiDep, caller: Caller, asked: Annotated[Listing, listing(PROMPT_PROPERTIES)]) -> Json:
    """A page of prompts."""
    return await _page(api, caller, PROMPT, asked, prompt_row, PROMPT_REQUIRED)


@prompts.post("/")
async def create_prompt(api: ApiDep, caller: Caller, body: PromptInput) -> Json:
    """A new prompt."""
    return await _create(api, caller, PROMPT, body.name, body.context or "", _kept(body, "context"), prompt_row)


@prompts.get("/{prompt_id}")
async def show_prompt(api: ApiDep, caller: Caller, prompt_id: PathId) -> Json:
    """One prompt."""
    text = await use.get_text(api.ledger, caller, PROMPT, prompt_id)
    return prompt_row(text, await all_agents(api.ledger, caller))


@prompts.put("/")
async def update_prompt(api: ApiDep, caller: Caller, body: PromptUpdate) -> Json:
    """Replace a prompt; the agents that have it follow it from now on."""
    return await _update(
        api, caller, PROMPT, body.id, body.name, body.context or "", _kept(body, "context"), prompt_row
    )


@prompts.delete("/{prompt_id}")
async def delete_prompt(api: ApiDep, caller: Caller, prompt_id: PathId, reason: Reason) -> None:
    """Delete a prompt that no agent has."""
    await _delete(api, caller, PROMPT, prompt_id, prompt_of)


# custom messages


@messages.get("/")
async def list_messages(api: ApiDep, caller: Caller, asked: Annotated[Listing, listing(MESSAGE_PROPERTIES)]) -> Json:
    """A page of custom messages."""
    return await _page(api, caller, GREETING, asked, message_row, MESSAGE_REQUIRED)


@messages.post("/")
async def create_message(api: ApiDep, caller: Caller, body: MessageInput) -> Json:
    """A new custom message."""
    _check(body)
    kept = {**_kept(body, "text"), "repeat_after_language_change": bool(body.repeat_after_language_change)}
    return await _create(api, caller, GREETING, body.name, body.text, kept, message_row)


@messages.get("/{custom_message_id}")
async def show_message(api: ApiDep, caller: Caller, custom_message_id: PathId) -> Json:
    """One custom message."""
    text = await use.get_text(api.ledger, caller, GREETING, custom_message_id)
    return message_row(text, await all_agents(api.ledger, caller))


@messages.put("/")
async def update_message(api: ApiDep, caller: Caller, body: MessageUpdate) -> Json:
    """Replace a custom message; the agents that have it, and their SMS and mails to come, say the new one."""
    _check(body)
    before = await use.get_text(api.ledger, caller, GREETING, body.id)
    version = before.extras.get(VERSION, 1)
    if body.expected_version is not None and body.expected_version != version:
        raise Conflict("stale", f"Message {body.id} is at version {version} by now.")
    kept = _kept(body, "text", "expected_version")
    if body.repeat_after_language_change is None:
        kept["repeat_after_language_change"] = bool(before.extras.get("repeat_after_language_change"))
    return await _update(api, caller, GREETING, body.id, body.name, body.text, kept, message_row)


@messages.delete("/{custom_message_id}")
async def delete_message(api: ApiDep, caller: Caller, custom_message_id: PathId, reason: Reason) -> None:
    """Delete a custom message that no agent has."""
    await _delete(api, caller, GREETING, custom_message_id, greeting_of)


def _check(body: MessageInput) -> None:
    if body.type == "email_template" and not (body.subject or "").strip():
        raise Invalid([Problem("subject", "missing", "An e-mail template needs a subject.")])


# both

Row = Callable[[Text, Any], Json]
FIELDS: Mapping[str, Mapping[str, str]] = {PROMPT: {"body": "context"}, GREETING: {"body": "text"}}


def _kept(body: PromptInput | MessageInput, *without: str) -> Json:
    return body.model_dump(mode="json", exclude={"id", "name", *without})


async def _page(api: Api, caller: Actor, kind: str, asked: Listing, row: Row, required: tuple[str, ...]) -> Json:
    agents = await all_agents(api.ledger, caller)
    found = await use.list_texts(api.ledger, caller, kind)
    rows = searched((row(each, agents) for each in found if asked.when(each.updated_at)), asked)
    return page_of(cut(rows, asked), len(rows), asked, required)


async def _create(api: Api, caller: Actor, kind: str, name: str, body: str, kept: Json, row: Row) -> Json:
    extras = {**kept, BY: await email_of(api, caller, caller.user_id), VERSION: 1}
    with worded(FIELDS[kind]):
        text = await use.create_text(api.ledger, api.clock, caller, kind, name, body, extras)
    return row(text, ())


async def _update(api: Api, caller: Actor, kind: str, text_id: int, name: str, body: str, kept: Json, row: Row) -> Json:
    before = await use.get_text(api.ledger, caller, kind, text_id)
    version = before.extras.get(VERSION, 1) + 1
    extras = {**kept, BY: await email_of(api, caller, caller.user_id), VERSION: version}
    with worded(FIELDS[kind]):
        text = await use.change_text(
            api.ledger, api.clock, caller, kind, text_id, {"name": name, "body": body, "extras": extras}
        )
    await _follow(api, caller, text)
    return row(text, await all_agents(api.ledger, caller))


async def _delete(api: Api, caller: Actor, kind: str, text_id: int, refers: Callable[[Agent], int | None]) -> None:
    await use.get_text(api.ledger, caller, kind, text_id)
    users = [agent.id for agent in await all_agents(api.ledger, caller) if refers(agent) == text_id]
    if users:
        raise Conflict("in_use", f"Agents refer to it: {', '.join(map(str, users[:10]))}.")
    await use.delete_text(api.ledger, caller, kind, text_id)


async def _follow(api: Api, caller: Actor, text: Text) -> None:
    """Give the agents that refer to a text its new words, and the messages that they send."""
    refers = prompt_of if text.kind == PROMPT else greeting_of
    for agent in await all_agents(api.ledger, caller):
        if refers(agent) != text.id:
            continue
        other = await text_or_none(api, caller, GREETING if text.kind == PROMPT else PROMPT, _other(agent, text))
        prompt, greeting = (text, other) if text.kind == PROMPT else (other, text)
        said = said_by(prompt, greeting) if prompt is not None else {}
        changed = await change_agent(
            api.ledger, api.clock, caller, agent.id, {"config": {**agent.config, **said}}, seal=api.seal
        )
        await refresh_messages(api, caller, changed)


def _other(agent: Agent, text: Text) -> int | None:
    return greeting_of(agent) if text.kind == PROMPT else prompt_of(agent)


async def refresh_messages(api: Api, caller: Actor, agent: Agent) -> None:
    """Let the SMS and mails that an agent's campaigns have not sent yet say what it says now."""
    for campaign in await browse_campaigns(api.ledger, caller):
        old = campaign.plan.message
        if campaign.agent_id != agent.id or campaign.channel is Channel.VOICE or campaign.status in OVER:
            continue
        if old is None or not made_here(campaign):
            continue
        new = message_of(campaign.channel, agent, None)
        if new is None or (new.text, new.subject, new.html) == (old.text, old.subject, old.html):
            continue
        message = replace(new, session_ttl=old.session_ttl)

        def change(content: CampaignContent, message: Any = message) -> CampaignContent:
            return replace(content, plan=replace(content.plan, message=message))

        await edit_campaign(api.ledger, api.clock, caller, campaign.id, change)


async def text_or_none(api: Api, caller: Actor, kind: str, text_id: int | None) -> Text | None:
    """A text that may be gone."""
    if text_id is None:
        return None
    try:
        return await use.get_text(api.ledger, caller, kind, text_id)
    except NotFound:
        return None


def prompt_row(text: Text, agents: Any) -> Json:
    """A prompt as the vendor tells it."""
    return {
        "type": "prompt",
        "llm_config": {"provider": "azure_openai", "model": "gpt-4o"},
        "tools": [],
        "session_end_enabled": False,
        **{name: value for name, value in text.extras.items() if name != "include_default_tools"},
        "id": text.id,
        "name": text.name,
        "context": text.body,
        "last_updated": written(text.updated_at),
        "last_updated_by": text.extras.get(BY, NOBODY),
        "agent_count": sum(prompt_of(agent) == text.id for agent in agents),
        "version_number": text.extras.get(VERSION, 1),
    }


def message_row(text: Text, agents: Any) -> Json:
    """A custom message as the vendor tells it."""
    return {
        "type": "greeting",
        "preamble": None,
        "subject": None,
        "label": None,
        "rules": [],
        "edit_comments": None,
        "type_config": {},
        **{name: value for name, value in text.extras.items() if name != "restored_from_version"},
        "id": text.id,
        "name": text.name,
        "text": text.body,
        "repeat_after_language_change": bool(text.extras.get("repeat_after_language_change")),
        "updated_at": written(text.updated_at),
        "last_updated_by": text.extras.get(BY, NOBODY),
        "agent_count": sum(greeting_of(agent) == text.id for agent in agents),
        "version_number": text.extras.get(VERSION, 1),
    }
