"""Puts Syllable's API together."""

from __future__ import annotations

from fastapi import FastAPI

from clarion.surfaces.reception import Api, settle_in
from clarion.surfaces.vendors.syllable import (
    agents,
    batches,
    campaigns,
    errors,
    numbers,
    requests,
    sessions,
    targets,
    texts,
)
from clarion.surfaces.vendors.syllable.agent_shapes import (
    AgentInput,
    AgentUpdate,
    MessageInput,
    MessageUpdate,
    PromptInput,
    PromptUpdate,
)
from clarion.surfaces.vendors.syllable.channel_shapes import NumberInput, NumberUpdate, TargetInput, TargetUpdate
from clarion.surfaces.vendors.syllable.hooks import FORMAT
from clarion.surfaces.vendors.syllable.reading import NAME
from clarion.surfaces.vendors.syllable.shapes import BatchInput, BatchUpdate, CampaignInput, RequestInput
from clarion.surfaces.vendors.syllable.translate import read_campaign
from clarion.surfaces.vendors.syllable.webhooks import SyllablePayload
from clarion.surfaces.vendors.vendor import Vendor


def build(api: Api) -> FastAPI:
    """The application with Syllable's own paths, some of which end in a slash."""
    app = FastAPI(
        title="Syllable's API, by clarion",
        version=api.settings.version,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    settle_in(app, api)
    for each in (campaigns, batches, requests, agents, targets, numbers, sessions):
        app.include_router(each.router)
    app.include_router(texts.prompts)
    app.include_router(texts.messages)
    errors.install(app)
    return app


VENDOR = Vendor(
    name=NAME,
    title="Syllable",
    build=build,
    read_campaign=read_campaign,
    formats={FORMAT: SyllablePayload()},
    hosts=("api.syllable.cloud",),
    shapes=(
        ("POST /api/v1/outbound/campaigns, PUT /api/v1/outbound/campaigns/{campaign_id}", CampaignInput),
        ("POST /api/v1/outbound/batches", BatchInput),
        ("PUT /api/v1/outbound/batches/{batch_id}", BatchUpdate),
        ("POST /api/v1/outbound/batches/{batch_id}/requests", RequestInput),
        ("POST /api/v1/agents/", AgentInput),
        ("PUT /api/v1/agents/", AgentUpdate),
        ("POST /api/v1/prompts/", PromptInput),
        ("PUT /api/v1/prompts/", PromptUpdate),
        ("POST /api/v1/custom_messages/", MessageInput),
        ("PUT /api/v1/custom_messages/", MessageUpdate),
        ("POST /api/v1/channels/{channel_id}/targets", TargetInput),
        ("PUT /api/v1/channels/{channel_id}/targets/{target_id}", TargetUpdate),
        ("POST /api/v1/channels/twilio/{channel_id}/numbers", NumberInput),
        ("PUT /api/v1/channels/twilio/{channel_id}/numbers", NumberUpdate),
    ),
)
