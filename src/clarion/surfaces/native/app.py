"""Puts the native API together: its routers, its edge, its errors, its description."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware.body_limit import RequestBodyLimitMiddleware

from clarion.app.idempotency import forget_answers
from clarion.surfaces.native import (
    agents,
    attempts,
    batches,
    campaigns,
    consents,
    contacts,
    deliveries,
    health,
    imports,
    keys,
    numbers,
    organizations,
    pools,
    progress,
    senders,
    suppressions,
    trunks,
    users,
    webhooks,
)
from clarion.surfaces.native.docs import install_docs
from clarion.surfaces.native.edge import Edge, Figures
from clarion.surfaces.native.once import HEADER
from clarion.surfaces.native.problems import ProblemShape, install
from clarion.surfaces.reception import Api, ApiDependencies, open_reception, settle_in

log = structlog.get_logger("clarion.api")

HOUSEKEEPING_SECONDS = 3_600

OPENAPI_URL = "/v1/openapi.json"

DESCRIPTION = """\
Outbound campaigns over phone, SMS and e-mail.

* **Keys.** `Authorization: Bearer clarion_…` (or `X-API-Key`). A key belongs to one organisation and sees only it.
  Roles: `viewer` looks, `operator` runs campaigns, `owner` also manages users, keys, trunks and settings.
* **Lists** come in pages: `{"items": […], "next_cursor": …}`. Pass `next_cursor` as `cursor` until it is null.
* **Repeats.** Send an `Idempotency-Key` header with any POST: within 24 hours the same request with the same key is
  answered with the first answer, and not done again.
* **Errors** are `application/problem+json`; every wrong field is named. Unknown fields are refused.
* **Instants** have an offset and are answered in UTC; **durations** are `90s`, `30m`, `12h`, `7d` or seconds.
"""

TAGS = [
    {"name": "campaigns", "description": "What to say, to whom, when, how fast and how often."},
    {"name": "batches", "description": "Lanes of a campaign with their own pause, rate and expiry."},
    {"name": "contacts", "description": "The people to reach, and why each was or was not reached."},
    {"name": "imports", "description": "Files of contacts: accepted row by row, each rejected one with its reason."},
    {"name": "attempts", "description": "Every try to reach somebody, with its outcome."},
    {"name": "agents", "description": "Who speaks in a conversation."},
    {"name": "trunks", "description": "Accounts with carriers and mail hosts."},
    {"name": "senders", "description": "Phone numbers and e-mail addresses that contacts see, and pools of them."},
    {"name": "suppressions", "description": "Addresses that are not to be contacted."},
    {"name": "consents", "description": "Permissions, with their evidence."},
    {"name": "webhooks", "description": "Signed messages to your servers, and what became of them."},
    {"name": "organization", "description": "The organisation, its users and their API keys."},
    {"name": "health", "description": "For load balancers and Prometheus."},
]

ROUTERS = (
    campaigns.router,
    numbers.router,
    progress.router,
    batches.router,
    contacts.router,
    imports.router,
    attempts.router,
    webhooks.router,
    deliveries.router,
    deliveries.log_router,
    agents.router,
    trunks.router,
    senders.router,
    pools.router,
    suppressions.router,
    consents.router,
    organizations.router,
    users.router,
    keys.router,
    health.router,
)


def create_app(dependencies: ApiDependencies) -> FastAPI:
    """The API as an ASGI application."""
    settings = dependencies.settings
    api = open_reception(dependencies)
    app = FastAPI(
        title="clarion",
        version=settings.version,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        openapi_url=OPENAPI_URL,
        docs_url=None,
        redoc_url=None,
        lifespan=_housekeeping,
    )
    settle_in(app, api)
    app.state.readiness = dependencies.readiness
    app.state.registry = dependencies.registry
    for router in ROUTERS:
        app.include_router(router)
    install_docs(app, OPENAPI_URL)
    install(app)
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=settings.max_body)
    app.add_middleware(Edge, figures=Figures(dependencies.registry))
    app.openapi = lambda: _describe(app)  # type: ignore[method-assign]
    return app


@contextlib.asynccontextmanager
async def _housekeeping(app: FastAPI) -> AsyncIterator[None]:
    """While it runs, answers kept for repeats are dropped when their day is over."""
    api: Api = app.state.api

    async def sweep() -> None:
        while True:
            try:
                await forget_answers(api.ledger, api.clock)
            except Exception:
                log.exception("old answers could not be dropped")
            await asyncio.sleep(HOUSEKEEPING_SECONDS)

    task = asyncio.create_task(sweep())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _describe(app: FastAPI) -> dict[str, Any]:
    """FastAPI's OpenAPI document with what it cannot know: the form of errors, and the idempotency key."""
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = ProblemShape.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs")
    schemas["ProblemShape"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path, operations in document["paths"].items():
        if "post" in operations and "/imports" not in path:
            operations["post"].setdefault("parameters", []).append(
                {
                    "name": HEADER,
                    "in": "header",
                    "required": False,
                    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
                    "description": "The same request with the same key within 24 hours is not done again.",
                }
            )
    app.openapi_schema = document
    return document
