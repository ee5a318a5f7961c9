"""Is it alive, can it take work, and how is it doing: for load balancers, supervisors and Prometheus."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from pydantic import BaseModel, Field

from clarion.surfaces.reception import Readiness

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """The process answers."""

    status: str = Field(examples=["ok"])


class ReadinessShape(BaseModel):
    """Whether it can take work, and what keeps it from it."""

    ready: bool
    reasons: list[str] = Field(examples=[["The database does not answer."]])


def _readiness(request: Request) -> Readiness:
    readiness: Readiness = request.app.state.readiness
    return readiness


def _registry(request: Request) -> CollectorRegistry:
    registry: CollectorRegistry = request.app.state.registry
    return registry


@router.get("/healthz")
async def health() -> Health:
    """Answers 200 as long as the process lives."""
    return Health(status="ok")


@router.get("/readyz", responses={503: {"description": "Not ready.", "model": ReadinessShape}})
async def readiness(check: Annotated[Readiness, Depends(_readiness)]) -> ReadinessShape:
    """Answers 200 when it can take work, 503 with the reasons when it cannot."""
    reasons = list(await check())
    answer = ReadinessShape(ready=not reasons, reasons=reasons)
    return answer if answer.ready else JSONResponse(answer.model_dump(), 503)  # type: ignore[return-value]


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(registry: Annotated[CollectorRegistry, Depends(_registry)]) -> Response:
    """Figures for Prometheus, over all organisations; none of a tenant's data."""
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
