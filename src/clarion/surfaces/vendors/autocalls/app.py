"""Autocalls' API as an application, and what the catalog needs to know of it."""

from __future__ import annotations

from fastapi import FastAPI

from clarion.surfaces.reception import Api, settle_in
from clarion.surfaces.vendors.autocalls import assistants, calls, campaigns, errors, leads, numbers, user
from clarion.surfaces.vendors.autocalls.assistant_shapes import AssistantInput
from clarion.surfaces.vendors.autocalls.shapes import (
    CallInput,
    CampaignInput,
    HookInput,
    HookOffInput,
    LeadChange,
    LeadInput,
    NicknameInput,
    PurchaseInput,
    StatusInput,
)
from clarion.surfaces.vendors.autocalls.translate import NAME, read_campaign
from clarion.surfaces.vendors.autocalls.webhooks import PostCall
from clarion.surfaces.vendors.vendor import Vendor

ROUTERS = (campaigns.router, leads.router, calls.router, assistants.router, numbers.router, user.router)


def build(api: Api) -> FastAPI:
    """The application, with the paths that follow the host name in the vendor's own documentation."""
    app = FastAPI(title="Autocalls", openapi_url="/api/openapi.json", docs_url=None, redoc_url=None)
    settle_in(app, api)
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router)
    return app


VENDOR = Vendor(
    name=NAME,
    title="Autocalls",
    build=build,
    read_campaign=read_campaign,
    formats={NAME: PostCall()},
    hosts=("app.autocalls.ai", "app.famulor.de", "portal.intellixent.ai", "app.robocallz.ai"),
    shapes=(
        ("Create a campaign", CampaignInput),
        ("Start or stop a campaign", StatusInput),
        ("Create a lead", LeadInput),
        ("Change a lead", LeadChange),
        ("Make a call", CallInput),
        ("Create or change an assistant", AssistantInput),
        ("Turn a webhook on", HookInput),
        ("Turn a webhook off", HookOffInput),
        ("Rename a phone number", NicknameInput),
        ("Buy a phone number", PurchaseInput),
    ),
)
