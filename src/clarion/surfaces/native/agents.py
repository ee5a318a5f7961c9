"""Agents over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Self, cast

from fastapi import APIRouter, Query, Response
from pydantic import ConfigDict, Field, StrictFloat
from pydantic.config import JsonDict

from clarion.app import agents as use
from clarion.app.ports.resources import Agent
from clarion.surfaces.native.dependencies import ApiDep, Caller
from clarion.surfaces.native.once import OnceRoute
from clarion.surfaces.native.problems import documented
from clarion.surfaces.native.shapes import (
    Cursor,
    Id,
    Instant,
    Limit,
    LongText,
    Name,
    NamePart,
    OpenShape,
    Page,
    PathId,
    Shape,
    Text,
    Variables,
    Zone,
    given,
    left_out,
    page,
    position,
)

router = APIRouter(prefix="/v1/agents", tags=["agents"], route_class=OnceRoute, responses=documented())

EXAMPLE: JsonDict = {
    "name": "Appointment reminder",
    "timezone": "America/New_York",
    "config": {
        "prompt": "You remind {{first_name}} of the appointment on {{date}} and offer to move it.",
        "first_sentence": "Hello {{first_name}}, this is the automated assistant of Riverside Dental.",
        "variables": {"clinic": "Riverside Dental"},
        "language": "en-US",
        "model": {"name": "gpt-4o-mini", "temperature": 0.3},
        "post_call_schema": {"type": "object", "properties": {"confirmed": {"type": "boolean"}}},
    },
}


class ModelSettings(OpenShape):
    """The language model."""

    provider: Name | None = None
    name: Name | None = None
    temperature: Annotated[StrictFloat, Field(ge=0, le=2, allow_inf_nan=False)] | None = None


class VoiceSettings(OpenShape):
    """The voice."""

    provider: Name | None = None
    name: Name | None = None
    speed: Annotated[StrictFloat, Field(gt=0, le=4, allow_inf_nan=False)] | None = None


class AgentConfig(OpenShape):
    """An agent's configuration: the fields below are checked, any others are kept as they are. 256 KiB at most."""

    prompt: LongText | None = Field(None, description="What the agent is to do; `{{variables}}` are filled in.")
    first_sentence: Text | None = Field(None, description="What it says when somebody answers.")
    variables: Variables | None = Field(None, description="Values for the prompt; a contact's own come first.")
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None = Field(
        None, description="BCP 47, such as `en-US`."
    )
    model: ModelSettings | None = None
    voice: VoiceSettings | None = None
    post_call_schema: dict[str, Any] | list[dict[str, Any]] | None = Field(
        None,
        description="What is extracted after a call: a JSON Schema, or a list of fields, each with its name and type.",
    )


class NewAgent(Shape):
    """An agent to add."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: Name
    timezone: Zone | None = Field(None, description="The agent's clock, for schedules that are read on it.")
    config: AgentConfig = Field(default_factory=lambda: AgentConfig.model_validate({}))


class AgentPatch(Shape):
    """What to change; fields left out stay. `config` replaces the whole configuration."""

    name: Name = left_out()
    timezone: Zone | None = None
    config: AgentConfig = left_out()


class AgentShape(Shape):
    """An agent."""

    id: Id
    name: str
    timezone: str | None
    config: dict[str, Any]
    created_at: Instant
    updated_at: Instant
    archived_at: Instant | None

    @classmethod
    def of(cls, agent: Agent) -> Self:
        """From the value."""
        return cls(
            id=agent.id,
            name=agent.name,
            timezone=agent.timezone,
            config=dict(agent.config),
            created_at=agent.created_at,
            updated_at=agent.updated_at,
            archived_at=agent.archived_at,
        )


@router.post("", status_code=201)
async def create(api: ApiDep, caller: Caller, body: NewAgent, response: Response) -> AgentShape:
    """Add an agent. Needs the role operator."""
    config = body.config.model_dump(exclude_unset=True)
    agent = await use.create_agent(api.ledger, api.clock, caller, body.name, config, body.timezone, seal=api.seal)
    response.headers["Location"] = f"/v1/agents/{agent.id}"
    return AgentShape.of(agent)


@router.get("")
async def list_all(
    api: ApiDep,
    caller: Caller,
    limit: Limit = 100,
    cursor: Cursor = None,
    name: NamePart = None,
    archived: Annotated[bool, Query(description="Show the archived ones instead.")] = False,
) -> Page[AgentShape]:
    """Agents by id."""
    found = await use.list_agents(
        api.ledger, caller, after=position(cursor), limit=limit + 1, archived=archived, name=name
    )
    return page(found, limit, lambda agent: agent.id, AgentShape.of)


@router.get("/{agent_id}", responses=documented(404))
async def show(api: ApiDep, caller: Caller, agent_id: PathId) -> AgentShape:
    """One agent, archived or not."""
    return AgentShape.of(await use.get_agent(api.ledger, caller, agent_id))


@router.patch("/{agent_id}", responses=documented(404))
async def change(api: ApiDep, caller: Caller, agent_id: PathId, body: AgentPatch) -> AgentShape:
    """Change an agent. Attempts that are released from now on see it. Needs the role operator."""
    changes = given(body)
    if "config" in changes:
        changes["config"] = body.config.model_dump(exclude_unset=True)
    agent = await use.change_agent(
        api.ledger, api.clock, caller, agent_id, cast(use.AgentChanges, changes), seal=api.seal
    )
    return AgentShape.of(agent)


@router.delete("/{agent_id}", responses=documented(404, 409))
async def archive(api: ApiDep, caller: Caller, agent_id: PathId) -> AgentShape:
    """Archive an agent: it stays for the record. Refused while an active campaign uses it. Needs operator."""
    return AgentShape.of(await use.archive_agent(api.ledger, api.clock, caller, agent_id))


@router.post("/{agent_id}/restore", responses=documented(404, 409))
async def restore(api: ApiDep, caller: Caller, agent_id: PathId) -> AgentShape:
    """Take an agent out of the archive. Needs the role operator."""
    return AgentShape.of(await use.restore_agent(api.ledger, api.clock, caller, agent_id))
