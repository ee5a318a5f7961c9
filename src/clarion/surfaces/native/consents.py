"""Consents over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Self

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from clarion.app import consents as use
from clarion.app.ports.suppression import Consent
from clarion.surfaces.native.dependencies import ApiDep, Caller
from clarion.surfaces.native.once import OnceRoute
from clarion.surfaces.native.problems import documented
from clarion.surfaces.native.shapes import (
    Cursor,
    Id,
    Instant,
    JsonObject,
    Limit,
    Name,
    Page,
    PathId,
    Shape,
    page,
    position,
)
from clarion.surfaces.native.suppressions import AddressPart, AddressText, AnyChannel

router = APIRouter(prefix="/v1/consents", tags=["consents"], route_class=OnceRoute, responses=documented())

EXAMPLE: JsonDict = {
    "consents": [
        {
            "address": "+12125550147",
            "channel": "sms",
            "purpose": "marketing",
            "source": "web form",
            "granted_at": "2026-10-01T09:30:00Z",
            "evidence": {"url": "https://example.com/join", "ip": "192.0.2.7", "wording": "Yes, text me offers."},
        }
    ]
}


class NewConsentShape(Shape):
    """What a person agreed to."""

    address: AddressText
    channel: AnyChannel = "*"
    purpose: Annotated[Name, Field(max_length=40)] = "marketing"
    source: Name = Field(description="Where it was given.")
    granted_at: Instant | None = Field(None, description="When it was given; now when left out.")
    evidence: JsonObject = Field(default_factory=dict, description="What proves it.")


class NewConsents(Shape):
    """Consents to record: all of them, or none when one is wrong."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    consents: Annotated[list[NewConsentShape], Field(min_length=1, max_length=1_000)]


class ConsentShape(Shape):
    """A consent."""

    id: Id
    address: str
    channel: AnyChannel
    purpose: str
    source: str
    evidence: dict[str, Any]
    granted_at: Instant
    revoked_at: Instant | None

    @classmethod
    def of(cls, consent: Consent) -> Self:
        """From the value."""
        return cls.model_validate(
            {
                "id": consent.id,
                "address": consent.address,
                "channel": consent.channel,
                "purpose": consent.purpose,
                "source": consent.source,
                "evidence": dict(consent.evidence),
                "granted_at": consent.granted_at,
                "revoked_at": consent.revoked_at,
            }
        )


class RecordedConsents(Shape):
    """The consents as they were recorded, in the order given."""

    items: list[ConsentShape]


@router.post("", status_code=201)
async def record(api: ApiDep, caller: Caller, body: NewConsents) -> RecordedConsents:
    """Record what people agreed to. Needs the role operator."""
    given = [
        use.NewConsent(new.address, new.source, new.channel, new.purpose, new.granted_at, new.evidence)
        for new in body.consents
    ]
    recorded = await use.record_consents(api.ledger, api.clock, caller, given)
    return RecordedConsents(items=[ConsentShape.of(consent) for consent in recorded])


@router.get("")
async def list_all(
    api: ApiDep,
    caller: Caller,
    limit: Limit = 100,
    cursor: Cursor = None,
    channel: Annotated[AnyChannel | None, Query()] = None,
    address: AddressPart = None,
) -> Page[ConsentShape]:
    """Consents by id, revoked ones among them."""
    found = await use.list_consents(
        api.ledger, caller, after=position(cursor), limit=limit + 1, channel=channel, address=address
    )
    return page(found, limit, lambda consent: consent.id, ConsentShape.of)


@router.get("/{consent_id}", responses=documented(404))
async def show(api: ApiDep, caller: Caller, consent_id: PathId) -> ConsentShape:
    """One consent."""
    return ConsentShape.of(await use.get_consent(api.ledger, caller, consent_id))


@router.post("/{consent_id}/revoke", responses=documented(404))
async def revoke(api: ApiDep, caller: Caller, consent_id: PathId) -> ConsentShape:
    """The person has withdrawn it. Needs the role operator."""
    return ConsentShape.of(await use.revoke_consent(api.ledger, api.clock, caller, consent_id))
