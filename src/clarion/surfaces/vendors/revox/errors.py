"""How Revox's API says no: `{"error": {"code", "message", "details"}}`.

Its own bodies are not published; its SDK keeps whatever comes and goes by the status alone. That SDK repeats a request
that is answered with 408, 409, 429 or 5xx, so what is in the wrong state is answered with 400.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from clarion.app.refusals import Conflict, Forbidden, Invalid, NotFound, Problem, Refusal, Unauthenticated
from clarion.surfaces.vendors.revox.answers import Answer
from clarion.surfaces.vendors.revox.translate import problem_of

log = structlog.get_logger("clarion.api.revox")

SHOWN = 100
FIELDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(ours), theirs)
    for ours, theirs in (
        (r"^contacts\.(\d+)\.(?:address|fallbacks).*", r"contacts.\1.to_phone_number"),
        (r"^contacts\.(\d+)\.variables", r"contacts.\1.prompt_variables"),
        (r"^schedule\.zone(_policy)?$", "call_retry_config.timezone"),
        (r"^schedule(\.|$).*", "call_retry_config.calling_windows"),
        (r"^retries\.max_attempts$", "call_retry_config.max_retry_attempts"),
        (r"^retries(\.|$).*", "call_retry_config"),
        (r"^pacing(\.|$).*", "max_concurrent_calls"),
        (r"^(sender_id|pool_id|number)$", "from_phone_number"),
        (r"^agent_id$", "assistant_id"),
        (r"^(start_at|end_at)$", "scheduled_at"),
        (r"^address$", "phone_number"),
        (r"^variables", "prompt_variables"),
        (r"^(webhooks\.\d+\.)?url$", "webhook_url"),
        (r"^max_duration$", "max_call_duration_secs"),
        (r"^voicemail\.message$", "voicemail_message"),
    )
)
"""Our names of fields, and what Revox's clients call them. The first that fits."""


def install(app: FastAPI) -> None:
    """Answer every refusal, HTTP error and surprise in this form."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(RequestValidationError, _misshapen)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _surprise)


def their_field(field: str) -> str:
    """What Revox's clients call a field of ours."""
    for ours, theirs in FIELDS:
        if ours.search(field):
            return ours.sub(theirs, field, count=1)
    return field


def error(
    status: int, code: str, message: str, problems: Sequence[Problem] = (), headers: dict[str, str] | None = None
) -> Answer:
    """One error as an answer."""
    body: dict[str, object] = {"code": code, "message": message}
    if problems:
        body["details"] = [
            {"field": their_field(problem.field), "code": problem.code, "message": problem.message}
            for problem in problems[:SHOWN]
        ]
    return Answer({"error": body}, status, headers)


async def _refused(_request: Request, refusal: Exception) -> Answer:
    match refusal:
        case Unauthenticated():
            return error(401, "unauthorized", str(refusal), headers={"WWW-Authenticate": "Bearer"})
        case Forbidden():
            return error(403, "forbidden", str(refusal))
        case NotFound(kind=kind):
            return error(404, "not_found", f"{KINDS.get(kind, kind.capitalize())} not found")
        case Conflict():
            return error(400, refusal.code, str(refusal))
        case Invalid():
            said = "; ".join(f"{their_field(p.field)}: {p.message}" for p in refusal.problems[:3])
            return error(422, "validation_error", said, refusal.problems)
        case _:
            return error(400, "refused", str(refusal))


KINDS = {"agent": "Assistant", "contact": "Call", "sender": "Phone number", "campaign": "Campaign"}
"""What Revox calls the things that are not there."""


async def _misshapen(_request: Request, wrong: Exception) -> Answer:
    assert isinstance(wrong, RequestValidationError)
    errors = wrong.errors()
    if errors and errors[0]["type"] == "json_invalid":
        return error(400, "invalid_json", f"This is not JSON: {errors[0]['ctx']['error']}.")
    problems = [problem_of(each, skip=1) for each in errors]
    said = "; ".join(f"{problem.field}: {problem.message}" for problem in problems[:3])
    return error(422, "validation_error", said, problems)


async def _http_error(_request: Request, wrong: Exception) -> Answer:
    assert isinstance(wrong, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}.get(wrong.status_code, "refused")
    message = "There is nothing at this path." if wrong.status_code == 404 else str(wrong.detail)
    return error(wrong.status_code, code, message, headers=dict(wrong.headers or {}))


async def _surprise(request: Request, trouble: Exception) -> Answer:
    log.error("request failed", method=request.method, path=request.url.path, exc_info=trouble)
    return error(500, "internal", "Something broke; nothing was half-done.")
