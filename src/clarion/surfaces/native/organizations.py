"""The caller's own organisation, and who the caller is, over HTTP."""

from __future__ import annotations

from typing import Annotated, Self, cast

from fastapi import APIRouter
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from clarion.app import organizations as use
from clarion.app.actor import Role
from clarion.app.ports.organizations import Organization, PersonLimits, Settings
from clarion.surfaces.native.dependencies import ApiDep, Caller
from clarion.surfaces.native.once import OnceRoute
from clarion.surfaces.native.problems import documented
from clarion.surfaces.native.shapes import Count, Duration, Id, Instant, Name, Shape, Zone, given, left_out
from clarion.surfaces.native.users import UserShape

router = APIRouter(prefix="/v1", tags=["organization"], route_class=OnceRoute, responses=documented())

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", examples=["US"])]

EXAMPLE: JsonDict = {
    "settings": {
        "default_country": "US",
        "timezone": "America/New_York",
        "max_concurrent": 50,
        "person_limits": {"per_day": 2, "per_week": 5, "min_gap": "2h"},
    }
}


class PersonLimitsShape(Shape):
    """How often one person may be contacted, over all campaigns and channels. Null is no limit."""

    per_day: Count | None = None
    per_week: Count | None = None
    min_gap: Duration | None = None


class SettingsShape(Shape):
    """What holds for every campaign of the organisation."""

    default_country: Country = Field(description="Country of numbers that come without one (ISO 3166).")
    timezone: Zone = Field(description="The clock of daily caps, and of agents and campaigns that name none.")
    max_concurrent: Count | None = Field(description="Attempts in flight, over all campaigns.")
    max_campaigns: Count | None = Field(description="Campaigns that are neither over nor archived.")
    max_parallel_calls: Count | None = Field(description="The largest `max_concurrent` of one campaign.")
    person_limits: PersonLimitsShape

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """From the value."""
        limits = settings.person_limits
        return cls(
            default_country=settings.default_country,
            timezone=settings.timezone,
            max_concurrent=settings.max_concurrent,
            max_campaigns=settings.max_campaigns,
            max_parallel_calls=settings.max_parallel_calls,
            person_limits=PersonLimitsShape(per_day=limits.per_day, per_week=limits.per_week, min_gap=limits.min_gap),
        )


class SettingsPatch(Shape):
    """What to change; fields left out stay."""

    default_country: Country = left_out()
    timezone: Zone = left_out()
    max_concurrent: Count | None = None
    max_campaigns: Count | None = None
    max_parallel_calls: Count | None = None
    person_limits: PersonLimitsShape = left_out("Replaces all three.")

    def changes(self) -> use.SettingsChanges:
        """As the use case takes them."""
        changes = given(self)
        if "person_limits" in changes:
            limits = self.person_limits
            changes["person_limits"] = PersonLimits(limits.per_day, limits.per_week, limits.min_gap)
        return cast(use.SettingsChanges, changes)


class OrganizationPatch(Shape):
    """What to change; fields left out stay."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    name: Name = left_out()
    settings: SettingsPatch = left_out()


class OrganizationShape(Shape):
    """An organisation."""

    id: Id
    name: str
    settings: SettingsShape
    created_at: Instant

    @classmethod
    def of(cls, organization: Organization) -> Self:
        """From the value."""
        return cls(
            id=organization.id,
            name=organization.name,
            settings=SettingsShape.of(organization.settings),
            created_at=organization.created_at,
        )


class MeShape(Shape):
    """Who the caller is."""

    organization: OrganizationShape
    user: UserShape
    role: Role = Field(description="What the key allows: the lower one of its own role and its user's.")
    key_id: int | None


@router.get("/me")
async def me(api: ApiDep, caller: Caller) -> MeShape:
    """Who the key belongs to."""
    return MeShape(
        organization=OrganizationShape.of(await use.get_organization(api.ledger, caller)),
        user=UserShape.of(await use.get_user(api.ledger, caller, caller.user_id)),
        role=caller.role,
        key_id=caller.key_id,
    )


@router.get("/organization")
async def show(api: ApiDep, caller: Caller) -> OrganizationShape:
    """The caller's organisation."""
    return OrganizationShape.of(await use.get_organization(api.ledger, caller))


@router.patch("/organization")
async def change(api: ApiDep, caller: Caller, body: OrganizationPatch) -> OrganizationShape:
    """Rename it or change its settings. Needs the role owner."""
    settings = body.settings.changes() if "settings" in body.model_fields_set else None
    return OrganizationShape.of(await use.change_organization(api.ledger, caller, name=body.name, changes=settings))
