"""API keys: make one (its secret is shown this once), look at them, revoke them, and tell who a key belongs to."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from clarion.app.actor import RANK, Actor, Role
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.ports.organizations import ApiKey, User
from clarion.app.refusals import Conflict, Invalid, Problem, Unauthenticated
from clarion.wire.api_keys import new_credential, parse_credential

TOUCH_EVERY = timedelta(minutes=1)
"""`last_used_at` is written at most this often."""

CACHE_FOR = timedelta(seconds=5)
CACHE_SIZE = 10_000


async def create_key(
    ledger: Ledger,
    clock: Clock,
    actor: Actor,
    name: str,
    role: Role,
    *,
    user_id: int | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A new key for a user (the caller when none is named), and its raw form, which nobody can show again.

    Owners only. The role is at most the user's. Raises Invalid, NotFound, or Conflict for a disabled user.
    """
    actor.must_be(Role.OWNER)
    now = clock.now()
    if expires_at is not None and expires_at <= now:
        raise Invalid([Problem("expires_at", "in_the_past", "A key that has expired is of no use.")])
    async with ledger.write() as tx:
        user = await tx.organizations.user(actor.organization_id, user_id or actor.user_id)
        if user.disabled_at is not None:
            raise Conflict("user_disabled", f"{user.email} is disabled.")
        if RANK[role] > RANK[user.role]:
            raise Invalid([Problem("role", "above_user", f"{user.email} is {user.role}, so the key cannot be {role}.")])
        return await new_key(tx, user, name, role, now, expires_at)


async def new_key(
    tx: Tx, user: User, name: str, role: Role, now: datetime, expires_at: datetime | None
) -> tuple[ApiKey, str]:
    """Write a key inside the caller's transaction."""
    credential = new_credential()
    key = ApiKey(
        id=(await tx.new_ids("api_keys"))[0],
        organization_id=user.organization_id,
        user_id=user.id,
        name=name,
        prefix=credential.prefix,
        digest=credential.digest,
        role=role,
        created_at=now,
        expires_at=expires_at,
    )
    await tx.organizations.add_key(key)
    return key, credential.raw


async def get_key(ledger: Ledger, actor: Actor, key_id: int) -> ApiKey:
    """One key. Owners only."""
    actor.must_be(Role.OWNER)
    async with ledger.read() as tx:
        return await tx.organizations.key(actor.organization_id, key_id)


async def list_keys(
    ledger: Ledger, actor: Actor, *, after: int = 0, limit: int = 100, user_id: int | None = None
) -> list[ApiKey]:
    """Keys by id, revoked ones among them. Owners only."""
    actor.must_be(Role.OWNER)
    async with ledger.read() as tx:
        return await tx.organizations.keys(actor.organization_id, after=after, limit=limit, user_id=user_id)


async def revoke_key(ledger: Ledger, clock: Clock, actor: Actor, key_id: int) -> ApiKey:
    """End a key. Owners only. Revoking twice changes nothing."""
    actor.must_be(Role.OWNER)
    async with ledger.write() as tx:
        await tx.organizations.key(actor.organization_id, key_id)
        await tx.organizations.revoke_key(actor.organization_id, key_id, clock.now())
        return await tx.organizations.key(actor.organization_id, key_id)


async def authenticate(ledger: Ledger, clock: Clock, raw_key: str) -> Actor:
    """Whose key this is. Raises Unauthenticated, with the same words whatever is wrong with the key."""
    refused = Unauthenticated("The API key is missing, unknown, expired or revoked.")
    credential = parse_credential(raw_key)
    if credential is None:
        raise refused
    async with ledger.read() as tx:
        found = await tx.organizations.key_by_prefix(credential.prefix)
    if found is None:
        raise refused
    key, user = found
    now = clock.now()
    expired = key.expires_at is not None and key.expires_at <= now
    if not credential.proves(key.digest) or expired or key.revoked_at is not None or user.disabled_at is not None:
        raise refused
    if key.last_used_at is None or now - key.last_used_at >= TOUCH_EVERY:
        async with ledger.write() as tx:
            await tx.organizations.touch_key(key.organization_id, key.id, now)
    role = min(key.role, user.role, key=RANK.__getitem__)
    return Actor(key.organization_id, key.user_id, role, key.id)


class KeyRing:
    """Authenticates, and remembers for five seconds whom it let in: a revoked key works no longer than that."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        """One per process."""
        self._ledger = ledger
        self._clock = clock
        self._known: dict[bytes, tuple[Actor, datetime]] = {}

    async def authenticate(self, raw_key: str) -> Actor:
        """See `authenticate`."""
        digest = hashlib.sha256(raw_key.encode()).digest()
        now = self._clock.now()
        known = self._known.get(digest)
        if known is not None and now < known[1]:
            return known[0]
        actor = await authenticate(self._ledger, self._clock, raw_key)
        if len(self._known) >= CACHE_SIZE:
            self._known.clear()
        self._known[digest] = (actor, now + CACHE_FOR)
        return actor

    def forget(self) -> None:
        """Ask the ledger again for every key: one was revoked, or a user changed, in this process."""
        self._known.clear()
