"""Routes that honour the `Idempotency-Key` header: a repeated POST is answered, not done again."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from clarion.app.actor import Actor
from clarion.app.idempotency import claim_request, keep_answer, release_request
from clarion.app.ports.organizations import Answer
from clarion.app.refusals import Invalid, Problem, Refusal
from clarion.surfaces.native.dependencies import caller_of
from clarion.surfaces.reception import api_of

HEADER = "Idempotency-Key"
KEY = re.compile(r"[!-~]{1,255}")
KEPT_HEADERS = ("content-type", "location")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class OnceRoute(APIRoute):
    """A route whose POST is done once per idempotency key. The body is read whole, so not for uploads."""

    def get_route_handler(self) -> Handler:
        """FastAPI's handler with the claim before it and the answer kept after it."""
        handle = super().get_route_handler()

        async def handle_once(request: Request) -> Response:
            key = request.headers.get(HEADER)
            if request.method != "POST" or key is None:
                return await handle(request)
            return await _once(request, key, handle)

        return handle_once


async def _once(request: Request, key: str, handle: Handler) -> Response:
    if not KEY.fullmatch(key):
        raise Invalid([Problem(HEADER, "bad_key", "A key is 1 to 255 visible ASCII characters.")])
    api = api_of(request)
    actor = await caller_of(request)
    fingerprint = _fingerprint(request, actor, await request.body())
    known = await claim_request(api.ledger, api.clock, actor, key, fingerprint)
    if known is not None:
        body = api.seal.open(known.body.decode()).encode()
        return Response(body, known.status or 200, {**known.headers, "Idempotency-Replayed": "true"})
    try:
        response = await handle(request)
    except (Refusal, RequestValidationError, HTTPException):
        await release_request(api.ledger, actor, key)
        raise
    answer = Answer(
        fingerprint=fingerprint,
        created_at=api.clock.now(),
        status=response.status_code,
        headers={name: response.headers[name] for name in KEPT_HEADERS if name in response.headers},
        body=api.seal.seal(bytes(response.body).decode()).encode(),  # sealed: it may show a new secret
    )
    await keep_answer(api.ledger, actor, key, answer)
    return response


def _fingerprint(request: Request, actor: Actor, body: bytes) -> str:
    """Of the whole request. The caller's API key is part of it: an answer is shown to nobody else."""
    digest = hashlib.sha256()
    for part in (
        str(actor.key_id),
        request.method,
        request.url.path,
        request.url.query,
        request.headers.get("content-type", ""),
    ):
        digest.update(part.encode() + b"\n")
    digest.update(body)
    return digest.hexdigest()
