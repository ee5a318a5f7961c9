"""How this API says no. It has no one envelope: some endpoints say `message`, some `error`, one adds `success`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from clarion.app.refusals import Conflict, Forbidden, Invalid, NotFound, Refusal, Unauthenticated
from clarion.surfaces.vendors.autocalls.rules import REQUIRED, sentence_of, worded

log = structlog.get_logger("clarion.autocalls")

GIVEN_DATA = "The given data was invalid."
NO_CAMPAIGN, NO_LEAD, NO_CALL = "Campaign not found", "Lead not found", "Call not found"
NO_ASSISTANT = "Assistant not found"
NO_ASSISTANT_OF_YOURS = "Assistant not found or does not belong to the authenticated user"
NO_OUTBOUND = "Assistant not found or not an outbound assistant."
NO_CALL_OF_YOURS = "Call not found or does not belong to the authenticated user"
NO_NUMBER, NO_TRUNK = "Phone number not found.", "SIP trunk not found."
CAMPAIGN_LIMIT = "You have reached the maximum number of campaigns allowed by your plan."
BAD_NUMBER = "Invalid phone number"
BAD_CALL_NUMBER = "Invalid phone number format. Please use E.164 format (e.g. +1234567890)"

MISSING: Mapping[tuple[str, str], str] = {
    ("POST", "/api/user/campaigns/update-status"): f"{NO_CAMPAIGN}.",
    ("DELETE", "/api/user/campaign/{campaign_id}"): NO_CAMPAIGN,
    ("PUT", "/api/user/leads/{lead_id}"): NO_LEAD,
    ("PUT", "/api/leads/{lead_id}"): NO_LEAD,
    ("DELETE", "/api/user/leads/{lead_id}"): NO_LEAD,
    ("DELETE", "/api/leads/{lead_id}"): NO_LEAD,
    ("GET", "/api/user/calls/{call_id}"): NO_CALL,
    ("DELETE", "/api/user/calls/{call_id}"): NO_CALL_OF_YOURS,
    ("PUT", "/api/user/assistant/{assistant_id}"): NO_ASSISTANT,
    ("DELETE", "/api/user/assistant/{assistant_id}"): NO_ASSISTANT_OF_YOURS,
    ("PUT", "/api/user/phone-numbers/{number_id}"): NO_NUMBER,
    ("DELETE", "/api/user/phone-numbers/{number_id}"): NO_NUMBER,
    ("GET", "/api/user/phone-numbers/sip-trunks/{trunk_id}"): NO_TRUNK,
    ("PUT", "/api/user/phone-numbers/sip-trunks/{trunk_id}"): NO_TRUNK,
}
"""What an endpoint says when the thing in its path is not there, be it never made, removed, or somebody else's."""

STEERING = "/api/user/campaigns/update-status"
NUMBERS = "/api/user/phone-numbers"

FIELDS: tuple[tuple[str, str], ...] = (
    ("schedule.zone", "timezone"),
    ("schedule", "allowed_days"),
    ("pacing", "max_calls_in_parallel"),
    ("retries.delays", "retry_interval"),
    ("retries", "max_retries"),
    ("goal_variable", "goal_completion_variable"),
    ("agent_id", "assistant_id"),
    ("sender_ids", "phone_number_ids"),
    ("sender_id", "phone_number_ids"),
    ("pool_id", "phone_number_ids"),
    ("address", "phone_number"),
    ("fallbacks", "secondary_contacts"),
    ("config", "system_prompt"),
    ("voicemail", "voice_mail_message"),
    ("url", "webhook_url"),
    ("label", "nickname"),
)
"""Our name of a field, or how it begins -> theirs."""


class Answer(Exception):
    """An answer of this API that is not a success, worded where it is given."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        """The body as it is sent."""
        super().__init__(str(body))
        self.status = status
        self.body = body


def refused(message: str, status: int = 400) -> Answer:
    """The commonest form."""
    return Answer(status, {"message": message})


def invalid(field: str, sentence: str) -> Answer:
    """One field that breaks a rule."""
    return Answer(422, {"message": GIVEN_DATA, "errors": {field: [worded(field, sentence)]}})


def install(app: FastAPI) -> None:
    """Answer every refusal, HTTP error and surprise in this API's forms."""
    app.add_exception_handler(Answer, _answer)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _misshapen)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _surprise)


def _endpoint(request: Request) -> tuple[str, str]:
    return request.method, getattr(request.scope.get("route"), "path", request.url.path)


def _formed(request: Request, status: int, message: str) -> JSONResponse:
    """The message in the form that this endpoint has for its errors."""
    _, path = _endpoint(request)
    if path == STEERING:
        return JSONResponse({"message": message, "success": False}, status)
    if path.startswith(NUMBERS):
        return JSONResponse({"error": message}, status)
    return JSONResponse({"message": message}, status)


async def _answer(request: Request, answer: Exception) -> JSONResponse:
    assert isinstance(answer, Answer)
    return JSONResponse(dict(answer.body), answer.status)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    match error:
        case Unauthenticated():
            body = {"error": "Invalid API key", "message": "Unauthenticated."}
            return JSONResponse(body, 401, {"WWW-Authenticate": "Bearer"})
        case Forbidden():
            return _formed(request, 403, f"Access denied - {error}")
        case NotFound():
            return _missing(request, f"{str(error.kind).capitalize()} not found")
        case Conflict(code="campaign_limit"):
            return _formed(request, 403, CAMPAIGN_LIMIT)
        case Invalid():
            errors: dict[str, list[str]] = {}
            for problem in error.problems:
                errors.setdefault(their_field(problem.field), []).append(problem.message)
            return JSONResponse({"message": GIVEN_DATA, "errors": errors}, 422)
        case _:
            return _formed(request, 400, str(error))


def their_field(ours: str) -> str:
    """Our path of a field in their names; one that they do not have stays."""
    for begins, theirs in FIELDS:
        if ours == begins or ours.startswith(f"{begins}."):
            return theirs
    return ours


def _missing(request: Request, otherwise: str) -> JSONResponse:
    return _formed(request, 404, MISSING.get(_endpoint(request), otherwise))


async def _misshapen(request: Request, error: Exception) -> JSONResponse:
    """A bad id in the path is a thing that is not there; a body that is no object lacks every required field."""
    assert isinstance(error, RequestValidationError)
    errors: dict[str, list[str]] = {}
    for each in error.errors():
        place, *path = each["loc"]
        if place == "path":
            return _missing(request, "Not found")
        field = ".".join(str(part) for part in path)
        if place == "body" and (not path or each["type"] == "json_invalid"):
            for name in _required(request):
                errors.setdefault(name, [worded(name, REQUIRED)])
            errors = errors or {"body": [worded("body", "The :attribute must be an array.")]}
        else:
            errors.setdefault(field, []).append(worded(field, sentence_of(each)))
    return JSONResponse({"message": GIVEN_DATA, "errors": errors}, 422)


def _required(request: Request) -> list[str]:
    """The fields that the endpoint's body must have."""
    dependant = getattr(request.scope.get("route"), "dependant", None)
    shapes = [param.field_info.annotation for param in getattr(dependant, "body_params", ())]
    return [
        name
        for shape in shapes
        if isinstance(shape, type) and issubclass(shape, BaseModel)
        for name, field in shape.model_fields.items()
        if field.is_required()
    ]


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    path = request.url.path.removeprefix(request.scope.get("root_path", "")).strip("/")
    message = error.detail
    if error.status_code == 404:
        message = f"The route {path} could not be found."
    if error.status_code == 405:
        message = f"The {request.method} method is not supported for route {path}."
    return JSONResponse({"message": message}, error.status_code, error.headers)


async def _surprise(request: Request, error: Exception) -> JSONResponse:
    log.error("request failed", method=request.method, path=request.url.path, exc_info=error)
    return JSONResponse({"message": "Server Error"}, 500)
