"""Consents: a person's permission to be contacted, with what proves it (GDPR Art. 7(1))."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from clarion.app.actor import Actor, Role
from clarion.app.addresses import normal_address
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.suppression import EVERY_CHANNEL, Consent, suppression_key
from clarion.app.refusals import Invalid, Problem


@dataclass(frozen=True, slots=True)
class NewConsent:
    """A consent on its way in. `granted_at` None: now."""

    address: str
    source: str
    channel: str = EVERY_CHANNEL
    purpose: str = "marketing"
    granted_at: datetime | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


async def record_consents(ledger: Ledger, clock: Clock, actor: Actor, given: Sequence[NewConsent]) -> list[Consent]:
    """Keep what people agreed to: all of it, or none when one is Invalid."""
    actor.must_be(Role.OPERATOR)
    now = clock.now()
    async with ledger.write() as tx:
        country = (await tx.organizations.organization(actor.organization_id)).settings.default_country
        problems: list[Problem] = []
        consents: list[Consent] = []
        for index, (consent_id, new) in enumerate(zip(await tx.new_ids("consents", len(given)), given, strict=True)):
            granted_at = new.granted_at or now
            if granted_at > now:
                field_name = f"consents.{index}.granted_at"
                problems.append(Problem(field_name, "in_the_future", "Nobody has agreed to it yet."))
                continue
            try:
                address = normal_address(new.channel, new.address, country, f"consents.{index}.address")
            except Invalid as bad:
                problems.extend(bad.problems)
                continue
            consents.append(
                Consent(
                    id=consent_id,
                    organization_id=actor.organization_id,
                    channel=new.channel,
                    address=suppression_key(address),
                    purpose=new.purpose,
                    source=new.source,
                    granted_at=granted_at,
                    evidence=new.evidence,
                )
            )
        if problems:
            raise Invalid(problems)
        await tx.suppression.add_consents(consents)
    return consents


async def get_consent(ledger: Ledger, actor: Actor, consent_id: int) -> Consent:
    """One consent."""
    async with ledger.read() as tx:
        return await tx.suppression.consent(actor.organization_id, consent_id)


async def list_consents(
    ledger: Ledger,
    actor: Actor,
    *,
    after: int = 0,
    limit: int = 100,
    channel: str | None = None,
    address: str | None = None,
) -> list[Consent]:
    """Consents by id, revoked ones among them. `address` is looked up in any spelling."""
    async with ledger.read() as tx:
        if address is not None:
            country = (await tx.organizations.organization(actor.organization_id)).settings.default_country
            address = normal_address(channel or EVERY_CHANNEL, address, country)
        return await tx.suppression.consents(
            actor.organization_id, after=after, limit=limit, channel=channel, address=address
        )


async def revoke_consent(ledger: Ledger, clock: Clock, actor: Actor, consent_id: int) -> Consent:
    """The person has withdrawn it. Revoking twice changes nothing."""
    actor.must_be(Role.OPERATOR)
    async with ledger.write() as tx:
        await tx.suppression.consent(actor.organization_id, consent_id)
        await tx.suppression.revoke_consent(actor.organization_id, consent_id, clock.now())
        return await tx.suppression.consent(actor.organization_id, consent_id)
