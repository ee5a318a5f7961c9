"""Every error looks the same: problem+json (RFC 9457) with the fields that are wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from clarion.app.refusals import Conflict, Forbidden, Invalid, NotFound, Problem, Refusal, Unauthenticated

log = structlog.get_logger("clarion.api")

MEDIA_TYPE = "application/problem+json"
SHOWN_ERRORS = 100


class FieldErrorShape(BaseModel):
    """One thing that is wrong with the input."""

    model_config = ConfigDict(json_schema_extra={"title": "FieldError"})

    field: str = Field(description="Path of the field: `schedule.week.monday.0.start`.")
    code: str = Field(description="The kind of error, for machines.")
    message: str = Field(description="The error, for people.")


class ProblemShape(BaseModel):
    """An error (RFC 9457)."""

    model_config = ConfigDict(json_schema_extra={"title": "Problem"})

    type: str = Field(description="The kind of problem, for machines.", examples=["urn:clarion:problem:invalid"])
    title: str = Field(description="The kind of problem, for people.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened, for people.")
    errors: list[FieldErrorShape] = Field(description="The fields that are wrong, if it is about fields.")
    request_id: str | None = Field(default=None, description="To find this request in the server's log.")


_DESCRIPTIONS = {
    400: "The body could not be read.",
    401: "The key is missing, unknown, expired or revoked.",
    403: "The key's role does not allow this.",
    404: "There is no such thing in this organisation.",
    405: "This path has other methods.",
    409: "The thing is in a state that does not allow this.",
    413: "The body is too large.",
    422: "The input is wrong; every wrong field is named.",
    500: "Something broke; nothing was half-done.",
}


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: these errors, besides the ones that every route may answer."""
    return {
        status: {
            "description": _DESCRIPTIONS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemShape"}}},
        }
        for status in sorted({400, 401, 403, 413, 422, 500, *statuses})
    }


def install(app: FastAPI) -> None:
    """Answer every refusal, HTTP error and surprise in this form."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _misshapen)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _surprise)


def problem(
    request: Request,
    status: int,
    kind: str,
    detail: str,
    errors: Sequence[Problem] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """One problem as a response. `kind` is the last word of its type."""
    body = ProblemShape(
        type=f"urn:clarion:problem:{kind}",
        title=_phrase(status),
        status=status,
        detail=detail,
        errors=[FieldErrorShape(field=p.field, code=p.code, message=p.message) for p in errors[:SHOWN_ERRORS]],
        request_id=getattr(request.state, "request_id", None),
    )
    return JSONResponse(body.model_dump(), status, dict(headers or {}), media_type=MEDIA_TYPE)


def too_large(request_id: str) -> bytes:
    """The body of a 413 for a request that is refused before it is read."""
    shape = ProblemShape(
        type="urn:clarion:problem:content_too_large",
        title=_phrase(413),
        status=413,
        detail=_DESCRIPTIONS[413],
        errors=[],
        request_id=request_id,
    )
    return shape.model_dump_json().encode()


def _phrase(status: int) -> str:
    """The name of a status in RFC 9110; older Pythons have older ones."""
    return {413: "Content Too Large", 422: "Unprocessable Content"}.get(status) or HTTPStatus(status).phrase


def refusal_status(refusal: Refusal) -> int:
    """The HTTP status of a refusal."""
    match refusal:
        case Unauthenticated():
            return 401
        case Forbidden():
            return 403
        case NotFound():
            return 404
        case Conflict():
            return 409
        case _:
            return 422


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refusal)
    status = refusal_status(error)
    match error:
        case Unauthenticated():
            headers = {"WWW-Authenticate": 'Bearer realm="clarion"'}
            return problem(request, status, "unauthenticated", str(error), headers=headers)
        case Forbidden():
            return problem(request, status, "forbidden", str(error))
        case NotFound():
            return problem(request, status, "not_found", str(error))
        case Conflict():
            return problem(request, status, error.code, str(error))
        case Invalid():
            return problem(request, status, "invalid", "The input is wrong.", error.problems)
        case _:
            return problem(request, status, "refused", str(error))


async def _misshapen(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return problem(request, 422, "invalid", "The input is wrong.", [_field_error(each) for each in error.errors()])


def _field_error(error: Mapping[str, Any]) -> Problem:
    """Pydantic's error in our words. The place `body`, `query` or `path` is dropped where a field name follows."""
    place = [str(part) for part in error["loc"] if part != "[key]"]
    if error["type"] == "json_invalid":
        return Problem("body", "json_invalid", f"This is not JSON: {error['ctx']['error']}.")
    field = ".".join(place[1:] if len(place) > 1 else place)
    if error["type"] == "extra_forbidden":
        return Problem(field, "unknown_field", "There is no such field.")
    return Problem(field, error["type"], error["msg"].removeprefix("Value error, "))


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    kind = _phrase(error.status_code).lower().replace(" ", "_")
    detail = _DESCRIPTIONS.get(error.status_code, error.detail)
    if error.status_code == 404:
        detail = "There is nothing at this path."
    return problem(request, error.status_code, kind, detail, headers=error.headers)


async def _surprise(request: Request, error: Exception) -> JSONResponse:
    log.error("request failed", method=request.method, path=request.url.path, exc_info=error)
    return problem(request, 500, "internal", _DESCRIPTIONS[500])
