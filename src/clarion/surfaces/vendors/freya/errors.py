"""Freya's envelope, for answers and for everything that goes wrong.

`{"success": true, "data": {"message", "result"}}` is theirs. What an error looks like they show nowhere, so it follows
from that: `{"success": false, "data": {"message", "errors": [{"field", "message"}]}}`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from clarion.app.refusals import Conflict, Forbidden, Invalid, NotFound, Problem, Refusal, Unauthenticated

log = structlog.get_logger("clarion.freya")

SHOWN_ERRORS = 100
NOUNS: Mapping[str, str] = {
    "campaign": "Campaign",
    "agent": "Assistant",
    "contact": "Call",
    "attempt": "Call",
    "call": "Call",
    "sender": "Phone number",
    "user": "User",
    "batch": "Campaign",
}
"""What a thing of ours is called there."""

FIELDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"agent_id", "assistantId"),
        (r"(number|sender_id|pool_id)", "phoneNumber"),
        (r"webhooks\.\d+\..*", "webhookUrl"),
        (r"contacts\.(\d+)\.address", r"customers.\1.phoneNumber"),
        (r"contacts\.(\d+)\.variables.*", r"customers.\1.properties"),
        (r"contacts\.(\d+)(\..*)?", r"customers.\1"),
        (r"address", "phoneNumber"),
        (r"variables.*", "properties"),
        (r"start_at", "startDate"),
        (r"schedule\.zone.*", "timezone"),
        (r"schedule.*", "daySchedules"),
        (r"retries\.max_attempts", "callRetries"),
        (r"retries\.(delays|fault_delay).*", "retryDelaySeconds"),
        (r"retries\.on.*", "retryConditions"),
        (r"(url|webhook)", "webhookUrl"),
        (r"expires_at", "expiresAt"),
        (r"role", "permissions"),
    )
)
"""Our names of fields, and Freya's."""


def answer(message: str, result: Mapping[str, Any], status: int = 200) -> Response:
    """What went well."""
    body = {"success": True, "data": {"message": message, "result": result}}
    return Response(orjson.dumps(body, default=str), status, media_type="application/json")


def fault(
    status: int, message: str, errors: Sequence[Problem] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """What did not."""
    told = [{"field": each.field, "message": each.message} for each in errors[:SHOWN_ERRORS]]
    body = {"success": False, "data": {"message": message, "errors": told}}
    # json escapes what a client may have put into the name of a field and UTF-8 has no place for
    return Response(json.dumps(body), status, dict(headers or {}), media_type="application/json")


def install(app: FastAPI) -> None:
    """Answer every refusal, HTTP error and surprise in Freya's envelope."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _misshapen)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _surprise)


def their_name(field: str) -> str:
    """A field's name of ours as Freya's client knows it."""
    for pattern, name in FIELDS:
        found = pattern.fullmatch(field)
        if found:
            return found.expand(name)
    return field


async def _refused(_request: Request, error: Exception) -> Response:
    match error:
        case Unauthenticated():
            return fault(401, "Unauthorized", headers={"WWW-Authenticate": "Bearer"})
        case Forbidden():
            return fault(403, f"Forbidden: {error}")
        case NotFound():
            return fault(404, f"{NOUNS.get(error.kind, error.kind.capitalize())} not found")
        case Conflict():
            return fault(409, str(error))
        case Invalid():
            told = [Problem(their_name(each.field), each.code, each.message) for each in error.problems]
            return fault(422, "Validation failed", told)
        case _:
            return fault(422, str(error))


async def _misshapen(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    told = []
    for each in error.errors():
        place = [str(part) for part in each["loc"] if part != "[key]"]
        if each["type"] == "json_invalid":
            return fault(400, "The body is not valid JSON", [Problem("body", "json_invalid", each["ctx"]["error"])])
        told.append(Problem(".".join(place[1:] if len(place) > 1 else place), each["type"], each["msg"]))
    return fault(422, "Validation failed", told)


async def _http_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = "Not found" if error.status_code == 404 else HTTPStatus(error.status_code).phrase
    if error.status_code == 400:
        message = str(error.detail)
    return fault(error.status_code, message, headers=error.headers)


async def _surprise(request: Request, error: Exception) -> Response:
    log.error("request failed", method=request.method, path=request.url.path, exc_info=error)
    return fault(500, "Internal server error")
