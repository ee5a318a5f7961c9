"""Campaigns over HTTP: write, look up, launch, pause, resume, cancel, complete, reopen, archive, check."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import APIRouter, Query, Response

from clarion.app import campaigns as use
from clarion.app import steer
from clarion.app.check_campaign import Check, check_campaign
from clarion.app.ports.campaigns import CampaignFilters
from clarion.core.campaigns import CampaignStatus
from clarion.core.outcomes import Channel, FinishReason
from clarion.surfaces.native.campaign_shapes import CampaignPatch, CampaignShape, NewCampaign
from clarion.surfaces.native.dependencies import ApiDep, Caller
from clarion.surfaces.native.once import OnceRoute
from clarion.surfaces.native.problems import FieldErrorShape, documented
from clarion.surfaces.native.shapes import (
    MAX_ID,
    Cursor,
    Instant,
    Limit,
    NamePart,
    Page,
    PathId,
    Shape,
    newest,
    page,
)

router = APIRouter(prefix="/v1/campaigns", tags=["campaigns"], route_class=OnceRoute, responses=documented())


class SkippedShape(Shape):
    """Contacts that would be finished without an attempt, for one reason."""

    reason: FinishReason
    rule: str
    count: int


class RegionShape(Shape):
    """Contacts of one region that can be reached."""

    zones: list[str]
    jurisdictions: list[str]
    contacts: int
    first_at: Instant


class CheckShape(Shape):
    """What a launch would do."""

    total: int
    will_skip: int
    skipped: list[SkippedShape]
    regions: list[RegionShape]
    problems: list[FieldErrorShape]

    @classmethod
    def of(cls, check: Check) -> Self:
        """From the value."""
        regions = []
        for each in check.regions:
            zones, _, places = each.region_key.partition(";")
            regions.append(
                RegionShape(
                    zones=[zone for zone in zones.split(",") if zone],
                    jurisdictions=[place for place in places.split(",") if place],
                    contacts=each.contacts,
                    first_at=each.first_at,
                )
            )
        return cls(
            total=check.total,
            will_skip=check.will_skip,
            skipped=[SkippedShape(reason=each.reason, rule=each.rule, count=each.count) for each in check.skipped],
            regions=regions,
            problems=[FieldErrorShape(field=p.field, code=p.code, message=p.message) for p in check.problems],
        )


@router.post("", status_code=201)
async def create(api: ApiDep, caller: Caller, body: NewCampaign, response: Response) -> CampaignShape:
    """Create a campaign, as a draft: nothing is sent until it is launched. Needs the role operator."""
    campaign = await use.create_campaign(api.ledger, api.clock, caller, body.content())
    response.headers["Location"] = f"/v1/campaigns/{campaign.id}"
    return CampaignShape.of(campaign)


@router.get("")
async def list_all(
    api: ApiDep,
    caller: Caller,
    limit: Limit = 50,
    cursor: Cursor = None,
    status: Annotated[list[CampaignStatus] | None, Query(description="Any of these.")] = None,
    channel: Annotated[Channel | None, Query()] = None,
    agent_id: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    label: Annotated[str | None, Query(max_length=100, pattern=r"^[^\x00]+$")] = None,
    name: NamePart = None,
    archived: Annotated[bool, Query(description="Show the archived ones instead.")] = False,
) -> Page[CampaignShape]:
    """Campaigns, the newest first."""
    filters = CampaignFilters(
        statuses=frozenset(status or ()),
        channel=channel,
        agent_id=agent_id,
        label=label,
        name=name,
        archived=archived,
    )
    found = await use.list_campaigns(api.ledger, caller, filters, cursor=newest(cursor), limit=limit + 1)
    return page(found, limit, lambda campaign: campaign.id, CampaignShape.of)


@router.get("/{campaign_id}", responses=documented(404))
async def show(api: ApiDep, caller: Caller, campaign_id: PathId) -> CampaignShape:
    """One campaign."""
    return CampaignShape.of(await use.get_campaign(api.ledger, caller, campaign_id))


@router.patch("/{campaign_id}", responses=documented(404, 409))
async def change(
    api: ApiDep,
    caller: Caller,
    campaign_id: PathId,
    body: CampaignPatch,
    if_version: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="Refuse with 409 when the campaign has another version.")
    ] = None,
) -> CampaignShape:
    """Edit a campaign. A running one is planned anew for all that has not been sent. Needs the role operator."""
    campaign = await use.edit_campaign(api.ledger, api.clock, caller, campaign_id, body.onto, if_version=if_version)
    return CampaignShape.of(campaign)


@router.delete("/{campaign_id}", responses=documented(404, 409))
async def archive(api: ApiDep, caller: Caller, campaign_id: PathId) -> CampaignShape:
    """Archive a campaign that is not active: it is listed no more and keeps its records. Needs the role operator."""
    return CampaignShape.of(await use.archive_campaign(api.ledger, api.clock, caller, campaign_id))


@router.post("/{campaign_id}/restore", responses=documented(404, 409))
async def restore(api: ApiDep, caller: Caller, campaign_id: PathId) -> CampaignShape:
    """Take a campaign out of the archive. Needs the role operator."""
    return CampaignShape.of(await use.restore_campaign(api.ledger, api.clock, caller, campaign_id))


@router.get("/{campaign_id}/check", responses=documented(404))
async def check(api: ApiDep, caller: Caller, campaign_id: PathId) -> CheckShape:
    """What a launch would do: how many contacts would be skipped and why, when each region can be reached first."""
    return CheckShape.of(await check_campaign(api.ledger, api.clock, api.planner, caller, campaign_id))


@router.post("/{campaign_id}/launch", responses=documented(404, 409))
async def launch(api: ApiDep, caller: Caller, campaign_id: PathId) -> CampaignShape:
    """Let a draft run, or wait for its start. Launching what was launched changes nothing. Needs the role operator."""
    return CampaignShape.of(await steer.launch_campaign(api.ledger, api.clock, caller, campaign_id))


@router.post("/{campaign_id}/pause", responses=documented(404, 409))
async def pause(api: ApiDep, caller: Caller, campaign_id: PathId) -> CampaignShape:
    """Begin nothing new until it is resumed; conversations that run go on. Needs the role operator."""
    return CampaignShape.of(await steer.pause_campaign(api.ledger, api.clock, caller, campaign_id))


@router.post("/{campaign_id}/resume", responses=documented(404, 409))
async def resume(api: ApiDep, caller: Caller, campaign_id: PathId) -> CampaignShape:
    """Go on after a pause. Needs the role operator."""
    return CampaignShape.of(await steer.resume_campaign(api.ledger, api.clock, caller, campaign_id))


@router.post("/{campaign_id}/cancel", responses=documented(404, 409))
async def cancel(api: ApiDep, caller: Caller, campaign_id: PathId) -> CampaignShape:
    """Call it off for good: who waits is finished as cancelled. Needs the role operator."""
    return CampaignShape.of(await steer.cancel_campaign(api.ledger, api.clock, caller, campaign_id))


@router.post("/{campaign_id}/complete", responses=documented(404, 409))
async def complete(api: ApiDep, caller: Caller, campaign_id: PathId) -> CampaignShape:
    """End it now: who still waits is finished as expired. It can be reopened. Needs the role operator."""
    return CampaignShape.of(await steer.complete_campaign(api.ledger, api.clock, caller, campaign_id))


@router.post("/{campaign_id}/reopen", responses=documented(404, 409))
async def reopen(api: ApiDep, caller: Caller, campaign_id: PathId) -> CampaignShape:
    """Let a completed campaign run again, for contacts that come in from now on. Needs the role operator."""
    return CampaignShape.of(await steer.reopen_campaign(api.ledger, api.clock, caller, campaign_id))


@router.post("/{campaign_id}/unschedule", responses=documented(404, 409))
async def unschedule(api: ApiDep, caller: Caller, campaign_id: PathId) -> CampaignShape:
    """Make a scheduled campaign a draft again. Needs the role operator."""
    return CampaignShape.of(await steer.unschedule_campaign(api.ledger, api.clock, caller, campaign_id))
