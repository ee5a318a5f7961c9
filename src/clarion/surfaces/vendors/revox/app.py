"""Revox's API as an application, and what the catalog needs to know of it."""

from __future__ import annotations

from fastapi import FastAPI

from clarion.surfaces.reception import Api, settle_in
from clarion.surfaces.vendors.revox import account, assistants, calls, campaigns, errors, phone_numbers, rows, voices
from clarion.surfaces.vendors.revox.assistant_config import REVOX
from clarion.surfaces.vendors.revox.assistant_shapes import AssistantChange, NewAssistant
from clarion.surfaces.vendors.revox.call_shapes import NewCall, PhoneNumberChange
from clarion.surfaces.vendors.revox.campaign_shapes import (
    CallExport,
    CallSearch,
    CampaignChange,
    Launch,
    NewCampaign,
    RowsToAdd,
)
from clarion.surfaces.vendors.revox.translate import read_campaign
from clarion.surfaces.vendors.revox.webhooks import CallPayloads
from clarion.surfaces.vendors.vendor import Vendor

ROUTERS = (
    campaigns.router,
    rows.router,
    assistants.router,
    calls.router,
    phone_numbers.router,
    account.router,
    voices.router,
)


def build(api: Api) -> FastAPI:
    """The application, with the paths that follow the host name in the vendor's own documentation."""
    app = FastAPI(title="Revox", openapi_url="/api/openapi.json", docs_url=None, redoc_url=None)
    settle_in(app, api)
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router)
    return app


VENDOR = Vendor(
    name=REVOX,
    title="Revox",
    build=build,
    read_campaign=read_campaign,
    formats={REVOX: CallPayloads()},
    hosts=("www.getrevox.com",),
    shapes=(
        ("Create a campaign", NewCampaign),
        ("Change a campaign", CampaignChange),
        ("Add rows", RowsToAdd),
        ("Launch calls", Launch),
        ("Create an assistant", NewAssistant),
        ("Change an assistant", AssistantChange),
        ("Make a call", NewCall),
        ("Search calls", CallSearch),
        ("Export calls", CallExport),
        ("Change a phone number", PhoneNumberChange),
    ),
)
