"""Organisations, users, API keys, idempotency keys, on SQLAlchemy Core."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Table, delete, func, insert, select, update

from clarion.app.actor import Role
from clarion.app.ports.organizations import Answer, ApiKey, Organization, PersonLimits, Settings, User
from clarion.app.refusals import Conflict, NotFound
from clarion.store.schema import api_keys, idempotency, organizations, users
from clarion.store.session import Session


class StoredOrganizationRows:
    """Implements `clarion.app.ports.organizations.OrganizationRows`."""

    def __init__(self, session: Session) -> None:
        """`session` is the open transaction."""
        self._session = session
        self._known: dict[int, Organization] = {}

    async def add_organization(self, organization: Organization) -> None:
        """See the port."""
        await self._session.execute(
            insert(organizations),
            {
                "id": organization.id,
                "name": organization.name,
                "settings": _settings_row(organization.settings),
                "created_at": organization.created_at,
            },
        )

    async def organization(self, organization_id: int) -> Organization:
        """See the port. Read once in a transaction: one use case asks another, and each asks for the settings."""
        known = self._known.get(organization_id)
        if known is None:
            known = self._known[organization_id] = await self._read(organization_id)
        return known

    async def _read(self, organization_id: int) -> Organization:
        query = select(organizations).where(organizations.c.id == organization_id)
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            raise NotFound("organization", organization_id)
        return Organization(row.id, row.name, _settings(row.settings), row.created_at)

    async def organization_ids(self) -> list[int]:
        """See the port."""
        return list((await self._session.execute(select(organizations.c.id).order_by(organizations.c.id))).scalars())

    async def change_organization(self, organization: Organization) -> None:
        """See the port."""
        self._known.pop(organization.id, None)
        await self._session.execute(
            update(organizations)
            .where(organizations.c.id == organization.id)
            .values(name=organization.name, settings=_settings_row(organization.settings))
        )

    async def lock(self, organization_id: int) -> None:
        """See the port. SQLite has one writer, and needs no lock."""
        self._known.pop(organization_id, None)
        query = select(organizations.c.id).where(organizations.c.id == organization_id)
        await self._session.execute(query.with_for_update(key_share=True))

    async def add_user(self, user: User) -> None:
        """See the port."""
        added = await self._session.execute(
            self._session.insert_or_ignore(users).returning(users.c.id),
            {
                "id": user.id,
                "organization_id": user.organization_id,
                "email": user.email,
                "name": user.name,
                "role": user.role.value,
                "created_at": user.created_at,
                "disabled_at": user.disabled_at,
            },
        )
        if added.one_or_none() is None:
            raise Conflict("email_taken", f"There is a user with the address {user.email} already.")

    async def user(self, organization_id: int, user_id: int) -> User:
        """See the port."""
        return _user(await self._one(users, organization_id, user_id, "user"))

    async def users(self, organization_id: int, *, after: int = 0, limit: int = 100) -> list[User]:
        """See the port."""
        query = select(users).where(users.c.organization_id == organization_id, users.c.id > after)
        return [_user(row) for row in await self._session.execute(query.order_by(users.c.id).limit(limit))]

    async def change_user(self, user: User) -> None:
        """See the port."""
        await self._session.execute(
            update(users)
            .where(users.c.organization_id == user.organization_id, users.c.id == user.id)
            .values(name=user.name, role=user.role.value, disabled_at=user.disabled_at)
        )

    async def count_owners(self, organization_id: int) -> int:
        """See the port."""
        query = select(func.count()).where(
            users.c.organization_id == organization_id,
            users.c.role == Role.OWNER.value,
            users.c.disabled_at.is_(None),
        )
        return int((await self._session.execute(query)).scalar_one())

    async def add_key(self, key: ApiKey) -> None:
        """See the port."""
        await self._session.execute(
            insert(api_keys),
            {
                "id": key.id,
                "organization_id": key.organization_id,
                "user_id": key.user_id,
                "name": key.name,
                "prefix": key.prefix,
                "digest": key.digest,
                "role": key.role.value,
                "created_at": key.created_at,
                "expires_at": key.expires_at,
                "last_used_at": key.last_used_at,
                "revoked_at": key.revoked_at,
            },
        )

    async def key_by_prefix(self, prefix: str) -> tuple[ApiKey, User] | None:
        """See the port."""
        row = (await self._session.execute(select(api_keys).where(api_keys.c.prefix == prefix))).one_or_none()
        if row is None:
            return None
        key = _key(row)
        return key, await self.user(key.organization_id, key.user_id)

    async def key(self, organization_id: int, key_id: int) -> ApiKey:
        """See the port."""
        return _key(await self._one(api_keys, organization_id, key_id, "key"))

    async def keys(
        self, organization_id: int, *, after: int = 0, limit: int = 100, user_id: int | None = None
    ) -> list[ApiKey]:
        """See the port."""
        query = select(api_keys).where(api_keys.c.organization_id == organization_id, api_keys.c.id > after)
        if user_id is not None:
            query = query.where(api_keys.c.user_id == user_id)
        return [_key(row) for row in await self._session.execute(query.order_by(api_keys.c.id).limit(limit))]

    async def revoke_key(self, organization_id: int, key_id: int, at: datetime) -> None:
        """See the port."""
        mine = api_keys.c.organization_id == organization_id
        await self._session.execute(
            update(api_keys).where(mine, api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None)).values(revoked_at=at)
        )

    async def touch_key(self, organization_id: int, key_id: int, at: datetime) -> None:
        """See the port."""
        mine = api_keys.c.organization_id == organization_id
        await self._session.execute(update(api_keys).where(mine, api_keys.c.id == key_id).values(last_used_at=at))

    async def begin_answer(
        self, organization_id: int, key: str, fingerprint: str, now: datetime, keep: timedelta
    ) -> Answer | None:
        """See the port."""
        place = (idempotency.c.organization_id == organization_id, idempotency.c.key == key)
        await self._session.execute(delete(idempotency).where(*place, idempotency.c.created_at <= now - keep))
        claimed = await self._session.execute(
            self._session.insert_or_ignore(idempotency).returning(idempotency.c.key),
            {"organization_id": organization_id, "key": key, "fingerprint": fingerprint, "created_at": now},
        )
        if claimed.one_or_none() is not None:
            return None
        row = (await self._session.execute(select(idempotency).where(*place))).one_or_none()
        if row is None:  # given back between the two statements: as if it were still being answered
            return Answer(fingerprint, now)
        return Answer(row.fingerprint, row.created_at, row.status, row.headers or {}, row.body or b"")

    async def finish_answer(self, organization_id: int, key: str, answer: Answer) -> None:
        """See the port."""
        await self._session.execute(
            update(idempotency)
            .where(idempotency.c.organization_id == organization_id, idempotency.c.key == key)
            .values(status=answer.status, headers=answer.headers, body=answer.body)
        )

    async def drop_answer(self, organization_id: int, key: str) -> None:
        """See the port."""
        mine = idempotency.c.organization_id == organization_id
        await self._session.execute(delete(idempotency).where(mine, idempotency.c.key == key))

    async def drop_answers_before(self, before: datetime) -> int:
        """See the port."""
        gone = delete(idempotency).where(idempotency.c.created_at < before).returning(idempotency.c.key)
        return len((await self._session.execute(gone)).all())

    async def _one(self, table: Table, organization_id: int, row_id: int, kind: str) -> Row[Any]:
        query = select(table).where(table.c.organization_id == organization_id, table.c.id == row_id)
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            raise NotFound(kind, row_id)
        return row


def _user(row: Row[Any]) -> User:
    values = dict(row._mapping)
    return User(**values | {"role": Role(values["role"])})


def _key(row: Row[Any]) -> ApiKey:
    values = dict(row._mapping)
    return ApiKey(**values | {"role": Role(values["role"])})


def _settings(row: dict[str, Any]) -> Settings:
    limits = row["person_limits"]
    gap = limits["min_gap_seconds"]
    return Settings(
        default_country=row["default_country"],
        timezone=row["timezone"],
        max_concurrent=row["max_concurrent"],
        max_campaigns=row.get("max_campaigns"),
        max_parallel_calls=row.get("max_parallel_calls"),
        person_limits=PersonLimits(
            limits["per_day"], limits["per_week"], None if gap is None else timedelta(seconds=gap)
        ),
    )


def _settings_row(settings: Settings) -> dict[str, Any]:
    limits = settings.person_limits
    return {
        "default_country": settings.default_country,
        "timezone": settings.timezone,
        "max_concurrent": settings.max_concurrent,
        "max_campaigns": settings.max_campaigns,
        "max_parallel_calls": settings.max_parallel_calls,
        "person_limits": {
            "per_day": limits.per_day,
            "per_week": limits.per_week,
            "min_gap_seconds": None if limits.min_gap is None else limits.min_gap.total_seconds(),
        },
    }
