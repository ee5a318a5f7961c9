"""What happens to every request at the edge: an id, a line in the log, figures, and headers that browsers obey."""

from __future__ import annotations

import re
import time
import uuid

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clarion.surfaces.native.problems import MEDIA_TYPE, too_large

log = structlog.get_logger("clarion.api")

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

STRICT_POLICY = "default-src 'none'; frame-ancestors 'none'"


class Figures:
    """Counts and times of requests. Labels hold route templates, never a tenant's ids."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Once per registry."""
        self.requests = Counter(
            "clarion_http_requests", "Requests answered.", ("method", "route", "status"), registry=registry
        )
        self.seconds = Histogram(
            "clarion_http_request_seconds",
            "Time to the end of the answer.",
            ("method", "route"),
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
            registry=registry,
        )


class Edge:
    """ASGI middleware, outermost."""

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        """`app` is what it surrounds."""
        self._app = app
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; anything but HTTP passes through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope).get("x-request-id", "")
        request_id = asked if REQUEST_ID.fullmatch(asked) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        status = 500
        refused = too_large(request_id)
        began = time.perf_counter()

        async def send_dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                _dress(headers, request_id)
                if status == 413:  # the size limit answers in plain text
                    headers["Content-Type"] = MEDIA_TYPE
                    headers["Content-Length"] = str(len(refused))
            elif status == 413:
                message["body"] = refused
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_dressed)
            finally:
                took = time.perf_counter() - began
                route = getattr(scope.get("route"), "path", "unmatched")
                method = scope["method"] if route != "unmatched" else "ANY"
                self._figures.requests.labels(method, route, str(status)).inc()
                self._figures.seconds.labels(method, route).observe(took)
                log.info("request", method=scope["method"], route=route, status=status, ms=round(took * 1000, 1))


def _dress(headers: MutableHeaders, request_id: str) -> None:
    headers["X-Request-Id"] = request_id
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "no-referrer"
    headers.setdefault("Content-Security-Policy", STRICT_POLICY)
    headers.setdefault("Cache-Control", "no-store")
