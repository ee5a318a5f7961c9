"""Live progress of a campaign as server-sent events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from clarion.app.refusals import Refusal
from clarion.app.report import CampaignNumbers, campaign_numbers
from clarion.core.lifecycle import OVER
from clarion.surfaces.native.dependencies import ApiDep, Caller, caller_of
from clarion.surfaces.native.numbers import CampaignNumbersShape
from clarion.surfaces.native.problems import documented
from clarion.surfaces.native.shapes import PathId
from clarion.surfaces.reception import Api

router = APIRouter(prefix="/v1/campaigns", tags=["campaigns"], responses=documented())


@router.get(
    "/{campaign_id}/events",
    response_class=StreamingResponse,
    responses=documented(404)
    | {
        200: {
            "description": "`progress` whenever something changed; `end` when the campaign is over.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def events(api: ApiDep, caller: Caller, request: Request, campaign_id: PathId) -> StreamingResponse:
    """Server-sent events; the data of `progress` is that of `/numbers`. Ends with the campaign, or with the key."""
    first = await campaign_numbers(api.ledger, caller, campaign_id)
    headers = {"X-Accel-Buffering": "no"}
    return StreamingResponse(_stream(api, request, first), media_type="text/event-stream", headers=headers)


async def _stream(api: Api, request: Request, found: CampaignNumbers) -> AsyncIterator[str]:
    """Looks again and again, and speaks when something changed; the caller's key is looked at as often."""
    told = ""
    told_at = time.monotonic()
    while True:
        news = CampaignNumbersShape.of(found).model_dump_json()
        if news != told:
            told, told_at = news, time.monotonic()
            yield f"event: progress\ndata: {news}\n\n"
        elif time.monotonic() - told_at >= api.settings.heartbeat_every.total_seconds():
            told_at = time.monotonic()
            yield ": still here\n\n"
        if found.campaign.status in OVER and found.total.live == 0:
            yield f"event: end\ndata: {found.campaign.status.value}\n\n"
            return
        await asyncio.sleep(api.settings.progress_every.total_seconds())
        try:
            caller = await caller_of(request)
            found = await campaign_numbers(api.ledger, caller, found.campaign.id)
        except Refusal as refusal:
            yield f"event: end\ndata: {refusal}\n\n"
            return
