"""Single calls, phone numbers and keys as Freya's clients write them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from clarion.surfaces.vendors.freya.agent_shapes import USER, WORKSPACE
from clarion.surfaces.vendors.freya.forms import Form, Name, Number, Object, Properties, Short
from clarion.surfaces.vendors.reference import acts


class NewCall(Form):
    """`POST /call`, with the field names of both of Freya's hosts."""

    model_config = ConfigDict(populate_by_name=True)

    phoneNumber: Number | None = Field(None, json_schema_extra=acts("contact: the number that is dialled"))
    dest: Number | None = Field(None, json_schema_extra=acts("contact: the older name of phoneNumber"))
    workspaceId: Short | None = Field(None, json_schema_extra=WORKSPACE)
    callerNumber: Number | None = Field(
        None, json_schema_extra=acts("sender: the caller ID; a campaign's call has the campaign's")
    )
    from_: Number | None = Field(None, alias="from", json_schema_extra=acts("sender: the older name of callerNumber"))
    campaignId: Short | None = Field(
        None, json_schema_extra=acts("contact: joins this campaign and follows its windows and retries")
    )
    properties: Properties = Field(
        default_factory=dict, json_schema_extra=acts("contact variables: the prompt's placeholders")
    )
    externalCallId: Annotated[Short, Field(min_length=1, max_length=255)] | None = Field(
        None, json_schema_extra=acts("call: answered with the call as externalCallId")
    )
    assistantId: Short | None = Field(
        None, json_schema_extra=acts("agent: who speaks; a campaign's call must name the campaign's own")
    )
    entityVersionId: Short | None = Field(
        None, json_schema_extra=acts("none: agents have no versions here, the agent speaks as it is now")
    )
    skipE164Normalization: bool | None = Field(
        None, json_schema_extra=acts("contact: true refuses a number that is not in E.164 already")
    )
    agentExt: Short | None = Field(
        None, json_schema_extra=acts("refused: a call is spoken by an agent, no extension is rung first")
    )
    gateway: Short | None = Field(None, json_schema_extra=acts("none: the caller ID's own trunk carries the call"))


class SipHeader(Form):
    """A header of outgoing calls."""

    key: Short | None = Field(None, json_schema_extra=acts("never kept: the sender's trunk has its own settings"))
    value: Short | None = Field(None, json_schema_extra=acts("never kept: the sender's trunk has its own settings"))


class SipOutbound(Form):
    """How calls leave."""

    enabled: bool | None = Field(None, json_schema_extra=acts("sender enabled: calls go out by this number or not"))
    endpoint: Short | None = Field(None, json_schema_extra=acts("never kept: the sender's trunk has its own settings"))
    port: int | None = Field(None, json_schema_extra=acts("never kept: the sender's trunk has its own settings"))
    username: Short | None = Field(None, json_schema_extra=acts("never kept: the sender's trunk has its own settings"))
    password: Short | None = Field(None, json_schema_extra=acts("never kept: the sender's trunk has its own settings"))
    transportProtocol: Literal["UDP", "TCP", "TLS"] | None = Field(
        None, json_schema_extra=acts("never kept: the sender's trunk has its own settings")
    )
    headers: list[SipHeader] | None = Field(
        None, json_schema_extra=acts("never kept: the sender's trunk has its own settings")
    )


class NumberConfig(Form):
    """Who speaks at a number, and how calls leave by it."""

    outboundAgentId: Short | None = Field(
        None, json_schema_extra=acts("sender's agent: speaks in campaigns and calls that name none")
    )
    inboundAgentId: Short | None = Field(
        None, json_schema_extra=acts("none yet: kept for when calls come in; clarion only calls out")
    )
    sipOutbound: SipOutbound | None = Field(None, json_schema_extra=acts("sender: each field by its own rule"))


class NewNumber(Form):
    """`POST /phone-numbers`: a number of the organisation, known from now on by these names."""

    number: Number = Field(json_schema_extra=acts("sender: found by its number; made where all trunks are sandboxes"))
    friendlyName: Annotated[Short, Field(max_length=255)] | None = Field(None, json_schema_extra=acts("sender label"))
    workspaceId: Short | None = Field(None, json_schema_extra=WORKSPACE)
    userId: Short | None = Field(None, json_schema_extra=USER)
    config: NumberConfig | None = Field(None, json_schema_extra=acts("sender: see its fields"))


class NewKey(Form):
    """`POST /api-keys`, for owners."""

    name: Name = Field(json_schema_extra=acts("key name"))
    userId: Annotated[Short, Field(min_length=1)] = Field(json_schema_extra=acts("key: whose it is"))
    expiresAt: Annotated[Short, Field(min_length=1)] | None = Field(
        None, json_schema_extra=acts("key: refused from then on")
    )
    permissions: list[Short] | None = Field(
        None,
        json_schema_extra=acts(
            "key role: viewer when all of them only read, else operator; the user's own when left out"
        ),
    )
    rateLimit: Object | None = Field(None, json_schema_extra=acts("none: clarion does not limit requests per key"))
