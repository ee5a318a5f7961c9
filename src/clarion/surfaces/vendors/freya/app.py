"""Puts Freya's API together."""

from __future__ import annotations

from fastapi import FastAPI

from clarion.surfaces.reception import Api, settle_in
from clarion.surfaces.vendors.freya import agents, api_keys, calls, campaigns, errors, phone_numbers
from clarion.surfaces.vendors.freya.agent_config import REPORT
from clarion.surfaces.vendors.freya.agent_shapes import AgentChange, NewAgent
from clarion.surfaces.vendors.freya.call_shapes import NewCall, NewKey, NewNumber
from clarion.surfaces.vendors.freya.shapes import CampaignChange, NewCampaign
from clarion.surfaces.vendors.freya.translate import FREYA, read_campaign
from clarion.surfaces.vendors.freya.webhooks import CallOutcomes, CallReports
from clarion.surfaces.vendors.vendor import Vendor


def build(api: Api) -> FastAPI:
    """The application with Freya's own paths."""
    app = FastAPI(
        title="Freya Voice's API, by clarion",
        version=api.settings.version,
        openapi_url="/api/v2/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    settle_in(app, api)
    for each in (campaigns, calls, agents, phone_numbers, api_keys):
        app.include_router(each.router)
    errors.install(app)
    return app


VENDOR = Vendor(
    name=FREYA,
    title="Freya Voice",
    build=build,
    read_campaign=read_campaign,
    formats={FREYA: CallOutcomes(), REPORT: CallReports()},
    hosts=("app.freyavoice.ai", "app2.freyavoice.ai"),
    shapes=(
        ("POST /api/v2/campaign", NewCampaign),
        ("PATCH /api/v2/campaign/{campaignId}", CampaignChange),
        ("POST /api/v2/call", NewCall),
        ("POST /api/v2/agents", NewAgent),
        ("PUT /api/v2/agents/{agentId}", AgentChange),
        ("POST /api/v2/phone-numbers", NewNumber),
        ("POST /api/v2/api-keys", NewKey),
    ),
)
