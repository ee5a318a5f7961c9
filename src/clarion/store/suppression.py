"""Do-not-contact entries and consents, on SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from clarion.app.ports.suppression import (
    EVERY_CHANNEL,
    Consent,
    Suppression,
    SuppressionReason,
    suppression_key,
)
from clarion.app.refusals import NotFound
from clarion.core.outcomes import Channel
from clarion.store.schema import consents, suppressions
from clarion.store.session import Session


class StoredSuppressionRows:
    """Implements `clarion.app.ports.suppression.SuppressionRows`."""

    def __init__(self, session: Session) -> None:
        """`session` is the open transaction."""
        self._session = session

    async def suppressed(
        self, organization_id: int, channel: Channel, addresses: Sequence[str], now: datetime
    ) -> dict[str, str]:
        """See the port."""
        rows = await self._session.execute(
            select(suppressions.c.address, suppressions.c.reason)
            .where(
                suppressions.c.organization_id == organization_id,
                self._session.among(suppressions.c.address, [suppression_key(each) for each in addresses]),
                suppressions.c.channel.in_((channel.value, EVERY_CHANNEL)),
                or_(suppressions.c.expires_at.is_(None), suppressions.c.expires_at > now),
            )
            .order_by(suppressions.c.id.desc())
        )
        reasons = {row.address: row.reason for row in rows}
        return {each: reasons[key] for each in addresses if (key := suppression_key(each)) in reasons}

    async def consented(
        self, organization_id: int, channel: Channel, addresses: Sequence[str], now: datetime
    ) -> set[str]:
        """See the port."""
        rows = await self._session.execute(
            select(consents.c.address).where(
                consents.c.organization_id == organization_id,
                self._session.among(consents.c.address, [suppression_key(each) for each in addresses]),
                consents.c.channel.in_((channel.value, EVERY_CHANNEL)),
                consents.c.granted_at <= now,
                or_(consents.c.revoked_at.is_(None), consents.c.revoked_at > now),
            )
        )
        held = set(rows.scalars())
        return {each for each in addresses if suppression_key(each) in held}

    async def suppress(self, entries: Sequence[Suppression]) -> int:
        """See the port."""
        by_place = {(entry.organization_id, entry.address, entry.channel): entry for entry in entries}
        known = 0
        for organization_id in {entry.organization_id for entry in entries}:
            known += await self._known(organization_id, by_place)
        if by_place:
            await self._session.connection.execute(
                self._upsert(), [_suppression_row(entry) for entry in by_place.values()]
            )
        return len(by_place) - known

    async def _known(self, organization_id: int, places: Iterable[tuple[int, str, str]]) -> int:
        mine = {(address, channel) for owner, address, channel in places if owner == organization_id}
        rows = await self._session.execute(
            select(suppressions.c.address, suppressions.c.channel).where(
                suppressions.c.organization_id == organization_id,
                self._session.among(suppressions.c.address, [address for address, _ in mine]),
            )
        )
        return sum((row.address, row.channel) in mine for row in rows)

    def _upsert(self) -> Any:
        build = postgresql.insert if self._session.is_postgres else sqlite.insert
        statement = build(suppressions)
        new, old = statement.excluded, suppressions.c
        forever = or_(old.expires_at.is_(None), new.expires_at.is_(None))
        later = case((forever, None), (new.expires_at > old.expires_at, new.expires_at), else_=old.expires_at)
        return statement.on_conflict_do_update(
            index_elements=["organization_id", "address", "channel"],
            set_={
                "reason": new.reason,
                "source": new.source,
                "note": func.coalesce(new.note, old.note),
                "campaign_id": func.coalesce(new.campaign_id, old.campaign_id),
                "expires_at": later,
            },
        )

    async def suppression(self, organization_id: int, suppression_id: int) -> Suppression:
        """See the port."""
        mine = suppressions.c.organization_id == organization_id
        rows = await self._session.execute(select(suppressions).where(mine, suppressions.c.id == suppression_id))
        row = rows.one_or_none()
        if row is None:
            raise NotFound("suppression", suppression_id)
        return _suppression(row)

    async def suppressions(
        self,
        organization_id: int,
        *,
        after: int = 0,
        limit: int = 100,
        channel: str | None = None,
        address: str | None = None,
        reason: SuppressionReason | None = None,
    ) -> list[Suppression]:
        """See the port."""
        query = select(suppressions).where(suppressions.c.organization_id == organization_id, suppressions.c.id > after)
        if channel is not None:
            query = query.where(suppressions.c.channel == channel)
        if address is not None:
            query = query.where(suppressions.c.address == suppression_key(address))
        if reason is not None:
            query = query.where(suppressions.c.reason == reason.value)
        rows = await self._session.execute(query.order_by(suppressions.c.id).limit(limit))
        return [_suppression(row) for row in rows]

    async def remove_suppressions(self, organization_id: int, ids: Sequence[int]) -> int:
        """See the port."""
        mine = suppressions.c.organization_id == organization_id
        gone = await self._session.execute(
            delete(suppressions).where(mine, suppressions.c.id.in_(ids)).returning(suppressions.c.id)
        )
        return len(gone.all())

    async def add_consents(self, given: Sequence[Consent]) -> None:
        """See the port."""
        await self._session.insert_many(consents, [_consent_row(each) for each in given])

    async def consent(self, organization_id: int, consent_id: int) -> Consent:
        """See the port."""
        mine = consents.c.organization_id == organization_id
        row = (await self._session.execute(select(consents).where(mine, consents.c.id == consent_id))).one_or_none()
        if row is None:
            raise NotFound("consent", consent_id)
        return _consent(row)

    async def consents(
        self,
        organization_id: int,
        *,
        after: int = 0,
        limit: int = 100,
        channel: str | None = None,
        address: str | None = None,
    ) -> list[Consent]:
        """See the port."""
        query = select(consents).where(consents.c.organization_id == organization_id, consents.c.id > after)
        if channel is not None:
            query = query.where(consents.c.channel == channel)
        if address is not None:
            query = query.where(consents.c.address == suppression_key(address))
        rows = await self._session.execute(query.order_by(consents.c.id).limit(limit))
        return [_consent(row) for row in rows]

    async def revoke_consent(self, organization_id: int, consent_id: int, at: datetime) -> None:
        """See the port."""
        mine = consents.c.organization_id == organization_id
        await self._session.execute(
            update(consents)
            .where(mine, consents.c.id == consent_id, consents.c.revoked_at.is_(None))
            .values(revoked_at=at)
        )


def _suppression(row: Row[Any]) -> Suppression:
    values = dict(row._mapping)
    return Suppression(**values | {"reason": SuppressionReason(values["reason"])})


def _suppression_row(entry: Suppression) -> dict[str, Any]:
    return {
        "id": entry.id,
        "organization_id": entry.organization_id,
        "channel": entry.channel,
        "address": suppression_key(entry.address),
        "reason": entry.reason.value,
        "source": entry.source,
        "note": entry.note,
        "campaign_id": entry.campaign_id,
        "created_at": entry.created_at,
        "expires_at": entry.expires_at,
    }


def _consent(row: Row[Any]) -> Consent:
    values = dict(row._mapping)
    return Consent(**values | {"evidence": values["evidence"] or {}})


def _consent_row(consent: Consent) -> dict[str, Any]:
    return {
        "id": consent.id,
        "organization_id": consent.organization_id,
        "channel": consent.channel,
        "address": suppression_key(consent.address),
        "purpose": consent.purpose,
        "source": consent.source,
        "evidence": consent.evidence,
        "granted_at": consent.granted_at,
        "revoked_at": consent.revoked_at,
    }
