"""Organisations, users, API keys, idempotency keys: their values, and the rows as the use cases ask for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from clarion.app.actor import Role
from clarion.core.limits import PersonLimits as PersonLimits


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for every campaign of an organisation."""

    default_country: str = "US"
    """ISO 3166 alpha-2: the country of numbers that come without one."""
    timezone: str = "UTC"
    """IANA name: the clock of campaigns and agents that name none, and of the daily caps."""
    max_concurrent: int | None = None
    """Attempts in flight at once, over all campaigns."""
    person_limits: PersonLimits = field(default_factory=PersonLimits)
    max_campaigns: int | None = None
    """Campaigns that are neither over nor archived."""
    max_parallel_calls: int | None = None
    """The largest `max_concurrent` that one campaign may ask for."""


@dataclass(frozen=True, slots=True)
class Organization:
    """A tenant. Everything else belongs to one."""

    id: int
    name: str
    settings: Settings
    created_at: datetime


@dataclass(frozen=True, slots=True)
class User:
    """A person who may hold keys. Disabled users' keys do not work."""

    id: int
    organization_id: int
    email: str
    name: str | None
    role: Role
    created_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is stored: its secret only as a digest."""

    id: int
    organization_id: int
    user_id: int
    name: str
    prefix: str
    digest: bytes = field(repr=False)
    role: Role = Role.OPERATOR
    created_at: datetime = field(kw_only=True)
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered to a request with an idempotency key. `status` None: it has not been answered yet."""

    fingerprint: str
    created_at: datetime
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


class OrganizationRows(Protocol):
    """Organisations, users, API keys, idempotency keys. Getters raise NotFound; lists are by ascending id."""

    async def add_organization(self, organization: Organization) -> None:
        """Insert."""
        ...

    async def organization(self, organization_id: int) -> Organization:
        """One organisation."""
        ...

    async def organization_ids(self) -> list[int]:
        """Every organisation of this installation: for the operator of the server, not for its users."""
        ...

    async def change_organization(self, organization: Organization) -> None:
        """Write name and settings."""
        ...

    async def lock(self, organization_id: int) -> None:
        """Wait until nobody else who locks this organisation is at work; held to the transaction's end."""
        ...

    async def add_user(self, user: User) -> None:
        """Insert; Conflict `email_taken` when the organisation has this address."""
        ...

    async def user(self, organization_id: int, user_id: int) -> User:
        """One user, disabled or not."""
        ...

    async def users(self, organization_id: int, *, after: int = 0, limit: int = 100) -> list[User]:
        """Users after the id `after`."""
        ...

    async def change_user(self, user: User) -> None:
        """Write name, role and disabled_at."""
        ...

    async def count_owners(self, organization_id: int) -> int:
        """Owners who are not disabled."""
        ...

    async def add_key(self, key: ApiKey) -> None:
        """Insert."""
        ...

    async def key_by_prefix(self, prefix: str) -> tuple[ApiKey, User] | None:
        """The key with this public part, and its user: the one lookup that is made before an organisation is known."""
        ...

    async def key(self, organization_id: int, key_id: int) -> ApiKey:
        """One key, revoked or not."""
        ...

    async def keys(
        self, organization_id: int, *, after: int = 0, limit: int = 100, user_id: int | None = None
    ) -> list[ApiKey]:
        """Keys after the id `after`."""
        ...

    async def revoke_key(self, organization_id: int, key_id: int, at: datetime) -> None:
        """Mark as revoked; the first revocation stays."""
        ...

    async def touch_key(self, organization_id: int, key_id: int, at: datetime) -> None:
        """Write when it was last used."""
        ...

    async def begin_answer(
        self, organization_id: int, key: str, fingerprint: str, now: datetime, keep: timedelta
    ) -> Answer | None:
        """Claim an idempotency key: None when it is ours now, else what is known of the request that has it.

        A claim older than `keep` is forgotten first.
        """
        ...

    async def finish_answer(self, organization_id: int, key: str, answer: Answer) -> None:
        """Keep what was answered."""
        ...

    async def drop_answer(self, organization_id: int, key: str) -> None:
        """Give the key back: nothing was done under it."""
        ...

    async def drop_answers_before(self, before: datetime) -> int:
        """Forget every claim older than this, in all organisations; answers how many there were."""
        ...
