"""Assistants: make, list, change, delete; their post-call webhook; and what there is to choose from for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request

from clarion.app import agents as use
from clarion.app.actor import Actor
from clarion.app.agent_hooks import agent_hook, drop_agent_hook, set_agent_hook
from clarion.app.numbers import numbers
from clarion.app.ports.resources import Agent, Sender
from clarion.app.refusals import Conflict, Invalid, NotFound
from clarion.app.webhooks import EndpointDraft, endpoint_problems, list_endpoints
from clarion.core.events import Endpoint, EventType
from clarion.core.outcomes import Channel
from clarion.surfaces.reception import Api
from clarion.surfaces.vendors.autocalls.access import ApiDep, Body, Caller, PageText, PathId, address_of
from clarion.surfaces.vendors.autocalls.assistant_config import (
    Hook,
    config_of,
    fields_of,
    kept_of,
    settable,
    shown,
    summary,
)
from clarion.surfaces.vendors.autocalls.assistant_shapes import (
    REQUIRED_FIELDS,
    AssistantInput,
    Direction,
    Mode,
    model_field,
    modern,
    older_name,
)
from clarion.surfaces.vendors.autocalls.errors import NO_ASSISTANT, Answer, invalid, refused
from clarion.surfaces.vendors.autocalls.numbers import available
from clarion.surfaces.vendors.autocalls.offerings import (
    LANGUAGES,
    LLM_MODELS,
    MULTIMODAL_MODELS,
    SYNTHESIZERS,
    TRANSCRIBERS,
    VOICES,
    Offer,
)
from clarion.surfaces.vendors.autocalls.paginator import page_number, paginated
from clarion.surfaces.vendors.autocalls.rules import INVALID, REQUIRED, Between, Id, worded
from clarion.surfaces.vendors.autocalls.shapes import HookInput, HookOffInput
from clarion.surfaces.vendors.autocalls.translate import NAME, calls_out
from clarion.surfaces.vendors.autocalls.words import COMPLETED_CALLS

router = APIRouter(tags=["assistants"])

AGENT_PAGE = 500
HOOK_PAGE = 500


@dataclass(frozen=True, slots=True)
class Desk:
    """What every assistant is read with: the numbers that there are, and who is asking."""

    senders: Sequence[Sender]
    user_id: int

    @property
    def ids(self) -> Mapping[str, int]:
        """Caller ID -> its id."""
        return {each.address: each.id for each in self.senders}

    def address(self, number_id: object) -> str | None:
        """The caller ID with an id; none for none. Raises Answer when there is no such number."""
        if number_id is None:
            return None
        for each in self.senders:
            if each.id == number_id:
                return each.address
        raise invalid("phone_number_id", INVALID)


async def _desk(api: Api, caller: Actor) -> Desk:
    senders = [each for each in await numbers(api.ledger, caller, Channel.VOICE) if each.enabled]
    return Desk(senders, caller.user_id)


@router.post("/api/user/assistant", status_code=201)
async def create(api: ApiDep, caller: Caller, body: AssistantInput) -> Body:
    """A new assistant."""
    given = {name: value for name, value in body.given().items() if value is not None}
    fields = modern(given)
    _must_have(fields, given, [*REQUIRED_FIELDS, model_field(fields.get("mode"))])
    _must_agree(fields)
    desk, hook = await _desk(api, caller), _wanted_hook(api, fields)
    config = config_of(fields, desk.address(fields.get("phone_number_id")))
    agent = await use.create_agent(
        api.ledger, api.clock, caller, fields["name"], config, fields["timezone"], seal=api.seal
    )
    agent = await _settle(api, caller, agent, fields, desk, hook)
    data = summary(agent, fields_of(agent, desk.ids, hook))
    return {"message": "Assistant created successfully", "data": data}


def _must_have(fields: Mapping[str, Any], given: Mapping[str, Any], required: Sequence[str]) -> None:
    """Raises Answer with each required field that is missing, by the name that this client uses for it."""
    also = {"language_id": "language", "llm_model_id": "llm_model"}
    missing = [each for each in required if fields.get(each) is None and fields.get(also.get(each, each)) is None]
    names = [older_name(each, given) for each in missing]
    if names:
        errors = {name: [worded(name, REQUIRED)] for name in names}
        raise Answer(422, {"message": "The given data was invalid.", "errors": errors})


def _must_agree(fields: Mapping[str, Any]) -> None:
    if fields.get("is_webhook_active") and not fields.get("webhook_url"):
        raise invalid("webhook_url", "The :attribute field is required when is webhook active is true.")
    if fields.get("mode") in ("multimodal", "dualplex") and fields.get("allow_interruptions") is False:
        raise invalid("allow_interruptions", "Interruptions cannot be disabled in multimodal or dualplex mode.")


def _wanted_hook(api: Api, fields: Mapping[str, Any]) -> Hook:
    """The webhook that an assistant asks for. Raises Invalid for an address that is not allowed."""
    hook = Hook.wanted(fields)
    if hook.active:
        problems = endpoint_problems(_draft(hook), api.settings.endpoint_rules)
        if problems:
            raise Invalid(problems)
    return hook


def _draft(hook: Hook) -> EndpointDraft:
    return EndpointDraft(
        url=hook.url or "",
        events=[EventType.ATTEMPT_ENDED],
        outcomes=sorted(COMPLETED_CALLS) if hook.only_completed else (),
        format=NAME,
        extras={"include_recording": hook.with_recording},
    )


async def _settle(api: Api, caller: Actor, agent: Agent, fields: Mapping[str, Any], desk: Desk, hook: Hook) -> Agent:
    """Give an assistant its webhook, and keep what was said about it."""
    if hook.active:
        rules = api.settings.endpoint_rules
        await set_agent_hook(api.ledger, api.clock, api.seal, rules, caller, agent.id, _draft(hook))
    else:
        await drop_agent_hook(api.ledger, api.clock, caller, agent.id, NAME)
    config = {**agent.config, NAME: kept_of(fields, agent, desk.ids, hook)}
    return await use.change_agent(api.ledger, api.clock, caller, agent.id, {"config": config}, seal=api.seal)


@router.put("/api/user/assistant/{assistant_id}")
async def change(api: ApiDep, caller: Caller, assistant_id: PathId, body: AssistantInput) -> Body:
    """Change what is given of an assistant."""
    given = body.given()
    agent = await _change(api, caller, await agent_of(api, caller, assistant_id), given)
    desk = await _desk(api, caller)
    hook = Hook.of(await agent_hook(api.ledger, caller, agent.id, NAME))
    return {"message": "Assistant updated successfully", "data": summary(agent, fields_of(agent, desk.ids, hook))}


async def _change(api: Api, caller: Actor, agent: Agent, given: Mapping[str, Any]) -> Agent:
    changes = modern(given)
    nulled = {name for name, value in changes.items() if value is None and name in REQUIRED_FIELDS}
    _must_have(changes, given, [name for name in REQUIRED_FIELDS if name in nulled])
    desk = await _desk(api, caller)
    before = Hook.of(await agent_hook(api.ledger, caller, agent.id, NAME))
    fields = {**settable(fields_of(agent, desk.ids, before)), **changes}
    if changes.get("webhook_url", ...) is None and "is_webhook_active" not in changes:
        fields["is_webhook_active"] = False
    _must_agree(fields)
    hook = _wanted_hook(api, fields)
    if "phone_number_id" in changes:
        number = desk.address(changes["phone_number_id"])
    else:
        number = agent.config.get("from_number")
    config = config_of(fields, number, agent.config)
    what: use.AgentChanges = {"name": fields["name"], "timezone": fields["timezone"], "config": config}
    changed = await use.change_agent(api.ledger, api.clock, caller, agent.id, what, seal=api.seal)
    return await _settle(api, caller, changed, fields, desk, hook)


async def agent_of(api: Api, caller: Actor, assistant_id: int) -> Agent:
    """An assistant that has not been deleted. Raises NotFound."""
    agent = await use.get_agent(api.ledger, caller, assistant_id)
    if agent.archived_at is not None:
        raise NotFound("assistant", assistant_id)
    return agent


@router.delete("/api/user/assistant/{assistant_id}")
async def delete(api: ApiDep, caller: Caller, assistant_id: PathId) -> Body:
    """Put an assistant away that no active campaign uses."""
    agent = await agent_of(api, caller, assistant_id)
    try:
        await use.archive_agent(api.ledger, api.clock, caller, agent.id)
    except Conflict as used:
        raise refused(f"Assistant deletion failed: {used}") from used
    await drop_agent_hook(api.ledger, api.clock, caller, agent.id, NAME)
    return {"message": "Assistant deleted successfully"}


# lists


async def _shown(api: Api, caller: Actor, agents: Sequence[Agent]) -> list[Body]:
    desk, hooks = await _desk(api, caller), await _hooks(api, caller)
    return [shown(agent, desk.ids, Hook.of(hooks.get(agent.id)), desk.user_id) for agent in agents]


async def _hooks(api: Api, caller: Actor) -> Mapping[int, Endpoint]:
    """Agent's id -> its post-call webhook."""
    found: dict[int, Endpoint] = {}
    after = 0
    while page := await list_endpoints(api.ledger, caller, after=after, limit=HOOK_PAGE):
        after = page[-1].id
        found |= {each.agent_id: each for each in page if each.format == NAME and each.agent_id is not None}
    return found


@router.get("/api/user/assistants/get")
async def list_pages(
    api: ApiDep,
    caller: Caller,
    request: Request,
    per_page: Annotated[int, Between(1, 100), Query()] = 10,
    page: PageText = None,
) -> Body:
    """Assistants by page."""
    agents, number = list(reversed(await use.all_agents(api.ledger, caller))), page_number(page)
    here = agents[(number - 1) * per_page : number * per_page]
    data = await _shown(api, caller, here)
    return paginated(data, len(agents), number, per_page, address_of(request), dict(request.query_params))


@router.get("/api/user/assistants")
async def list_all(api: ApiDep, caller: Caller) -> list[Body]:
    """Every assistant: a bare array."""
    return await _shown(api, caller, list(reversed(await use.all_agents(api.ledger, caller))))


@router.get("/api/user/assistants/outbound")
async def list_outbound(api: ApiDep, caller: Caller) -> list[Body]:
    """Every assistant that makes calls: a bare array."""
    agents = [agent for agent in await use.all_agents(api.ledger, caller) if calls_out(agent)]
    return await _shown(api, caller, list(reversed(agents)))


# what there is to choose from


@router.get("/api/user/assistants/models")
async def models(caller: Caller, type: Literal["llm", "multimodal", "dualplex"] | None = None) -> list[Offer]:
    """Models that are known by an id."""
    return list(MULTIMODAL_MODELS if type in ("multimodal", "dualplex") else LLM_MODELS)


@router.get("/api/user/assistants/languages")
async def languages(caller: Caller) -> list[Offer]:
    """Languages that are known by an id."""
    return list(LANGUAGES)


@router.get("/api/user/assistants/voices")
async def voices(caller: Caller, mode: Mode | None = None, language_id: Id | None = None) -> list[Offer]:
    """Voices that are known by an id."""
    return [each for each in VOICES if language_id in (None, each["language_id"])]


@router.get("/api/user/assistants/synthesizer-providers")
async def synthesizers(caller: Caller, language_id: Id | None = None) -> list[Offer]:
    """Makers of voices."""
    return list(SYNTHESIZERS)


@router.get("/api/user/assistants/transcriber-providers")
async def transcribers(caller: Caller, language_id: Id | None = None) -> list[Offer]:
    """Listeners."""
    return list(TRANSCRIBERS)


@router.get("/api/user/assistants/phone-numbers")
async def phone_numbers(api: ApiDep, caller: Caller, type: Direction | None = None) -> list[Body]:
    """Numbers that an assistant can have: a bare array."""
    return [available(each) for each in (await _desk(api, caller)).senders]


# webhooks


async def _set_hook(api: Api, caller: Actor, assistant_id: int, changes: Mapping[str, Any], message: str) -> Body:
    try:
        agent = await agent_of(api, caller, assistant_id)
    except NotFound as missing:
        raise refused(NO_ASSISTANT, 404) from missing
    await _change(api, caller, agent, changes)
    return {"message": message, "data": []}


@router.post("/api/user/assistants/enable-webhook")
async def enable_webhook(api: ApiDep, caller: Caller, body: HookInput) -> Body:
    """Tell the calls of an assistant to an address."""
    changes = {"is_webhook_active": True, "webhook_url": body.webhook_url}
    return await _set_hook(api, caller, body.assistant_id, changes, "Webhook enabled successfully")


@router.post("/api/user/assistants/disable-webhook")
async def disable_webhook(api: ApiDep, caller: Caller, body: HookOffInput) -> Body:
    """Tell them no more."""
    changes = {"is_webhook_active": False, "webhook_url": None}
    return await _set_hook(api, caller, body.assistant_id, changes, "Webhook disabled successfully")


@router.post("/api/user/assistants/enable-inbound-webhook")
async def enable_inbound_webhook(api: ApiDep, caller: Caller, body: HookInput) -> Body:
    """Keep the address for calls that come in; none come in here."""
    changes = {"inbound_webhook_url": body.webhook_url}
    return await _set_hook(api, caller, body.assistant_id, changes, "Webhook enabled successfully")


@router.post("/api/user/assistants/disable-inbound-webhook")
async def disable_inbound_webhook(api: ApiDep, caller: Caller, body: HookOffInput) -> Body:
    """Forget the address for calls that come in."""
    changes = {"inbound_webhook_url": None}
    return await _set_hook(api, caller, body.assistant_id, changes, "Webhook disabled successfully")


@router.post("/api/user/assistants/enable-conversation-ended-webhook")
async def enable_conversation_webhook(api: ApiDep, caller: Caller, body: HookInput) -> Body:
    """Keep the address for chats that end; there are no chats here."""
    changes = {"conversation_ended_webhook_url": body.webhook_url}
    message = "Conversation ended webhook enabled successfully"
    return await _set_hook(api, caller, body.assistant_id, changes, message)


@router.post("/api/user/assistants/disable-conversation-ended-webhook")
async def disable_conversation_webhook(api: ApiDep, caller: Caller, body: HookOffInput) -> Body:
    """Forget the address for chats that end."""
    changes = {"conversation_ended_webhook_url": None}
    message = "Conversation ended webhook disabled successfully"
    return await _set_hook(api, caller, body.assistant_id, changes, message)
