"""Errors as this vendor words them: `{"detail": [{loc, msg, type}]}` for fields, `{"detail": "…"}` for the rest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from clarion.app.refusals import Conflict, Forbidden, Invalid, NotFound, Problem, Refusal, Unauthenticated

log = structlog.get_logger("clarion.api")

SHOWN = 100
STATUSES: Mapping[type[Refusal], int] = {Unauthenticated: 401, Forbidden: 403, NotFound: 404, Conflict: 409}


WEBHOOK: Mapping[str, str] = {"method": "request_method", "secret": "auth_values"}


class BadRequest(Exception):
    """A request that the vendor answers with 400 and a sentence."""


def install(app: FastAPI) -> None:
    """Answer every refusal, HTTP error and surprise in the vendor's form."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(BadRequest, _bad_request)
    app.add_exception_handler(RequestValidationError, _misshapen)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _surprise)


@contextmanager
def worded(fields: Mapping[str, str], prefix: str = "") -> Iterator[None]:
    """Inside, a refusal names the vendor's fields. `fields`: beginnings of our paths -> theirs, the longest counts."""
    try:
        yield
    except Invalid as refused:
        raise Invalid([_renamed(each, fields, prefix) for each in refused.problems]) from refused


def _renamed(problem: Problem, fields: Mapping[str, str], prefix: str) -> Problem:
    names = problem.field.split(".")
    if names[0] == "webhooks":
        return Problem(prefix + ".".join(WEBHOOK.get(name, name) for name in names), problem.code, problem.message)
    begins = [ours for ours in fields if problem.field == ours or problem.field.startswith(f"{ours}.")]
    if not begins:
        return problem
    ours = max(begins, key=len)
    return Problem(prefix + fields[ours] + problem.field[len(ours) :], problem.code, problem.message)


def detail(status: int, text: str) -> JSONResponse:
    """An error that is a sentence."""
    return JSONResponse({"detail": _sayable(text)}, status)


def _fields(problems: Sequence[tuple[Sequence[Any], str, str]]) -> JSONResponse:
    found = [
        {"loc": [_sayable(part) for part in loc], "msg": _sayable(message), "type": kind}
        for loc, message, kind in problems[:SHOWN]
    ]
    return JSONResponse({"detail": found}, 422)


def _sayable(text: Any) -> Any:
    """What a client sent may hold half of a surrogate pair, which no answer can."""
    return text.encode(errors="replace").decode() if isinstance(text, str) else text


def _loc(field: str) -> list[str | int]:
    return ["body", *(int(part) if part.isascii() and part.isdigit() else part for part in field.split(".") if part)]


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, Invalid):
        return _fields([(_loc(each.field), each.message, each.code) for each in error.problems])
    return detail(STATUSES.get(type(error), 400), str(error))  # type: ignore[arg-type]  # handlers are by type


async def _bad_request(_request: Request, error: Exception) -> JSONResponse:
    return detail(400, str(error))


async def _misshapen(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return _fields([(each["loc"], each["msg"], each["type"]) for each in error.errors()])


async def _http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return JSONResponse({"detail": error.detail}, error.status_code, error.headers)


async def _surprise(request: Request, error: Exception) -> JSONResponse:
    log.error("request failed", method=request.method, path=request.url.path, exc_info=error)
    return detail(500, "Internal Server Error")
