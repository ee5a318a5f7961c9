"""Organisations and their users: found one, change its settings, say who may do what."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TypedDict

from clarion.app.actor import Actor, Role
from clarion.app.keys import new_key
from clarion.app.ports.channel import Trunk
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.ports.organizations import Organization, PersonLimits, Settings, User
from clarion.app.ports.resources import KeptTrunk, Sender
from clarion.app.refusals import Conflict, Invalid, Problem
from clarion.app.zones import zone_problems
from clarion.core.outcomes import Channel

SANDBOX_SENDERS = {
    Channel.VOICE: ("+12125550100", "+12125550101", "+12125550102"),
    Channel.SMS: ("+12125550110", "+12125550111"),
    Channel.EMAIL: ("sandbox@example.com",),
}
"""Numbers that are reserved for fiction (212-555-01xx) and a domain that is reserved for examples (RFC 2606)."""

EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,253}")
COUNTRY = re.compile(r"[A-Z]{2}")


class SettingsChanges(TypedDict, total=False):
    """What can be changed of an organisation's settings. `person_limits` replaces all three."""

    default_country: str
    timezone: str
    max_concurrent: int | None
    max_campaigns: int | None
    max_parallel_calls: int | None
    person_limits: PersonLimits


class UserChanges(TypedDict, total=False):
    """What can be changed of a user."""

    name: str | None
    role: Role
    disabled: bool


async def create_organization(
    ledger: Ledger, clock: Clock, name: str, owner_email: str, settings: Settings | None = None
) -> tuple[Organization, str]:
    """Found an organisation with its owner, sandbox trunks and senders, and a key of the owner's, shown this once.

    For the operator of the server: it needs no actor. Raises Invalid.
    """
    now = clock.now()
    settings = settings or Settings()
    _refuse(_name_problems(name) + _email_problems("owner_email", owner_email) + settings_problems(settings))
    async with ledger.write() as tx:
        organization = Organization((await tx.new_ids("organizations"))[0], name, settings, now)
        await tx.organizations.add_organization(organization)
        owner = User((await tx.new_ids("users"))[0], organization.id, owner_email.lower(), None, Role.OWNER, now)
        await tx.organizations.add_user(owner)
        await _add_sandbox(tx, clock, organization.id)
        _, raw = await new_key(tx, owner, "first key", Role.OWNER, now, None)
    return organization, raw


async def _add_sandbox(tx: Tx, clock: Clock, organization_id: int) -> None:
    now = clock.now()
    for channel, addresses in SANDBOX_SENDERS.items():
        trunk_id = (await tx.new_ids("trunks"))[0]
        trunk = Trunk(trunk_id, organization_id, channel, f"Sandbox {channel}", "sandbox")
        await tx.resources.add_trunk(KeptTrunk(trunk, now, now))
        for sender_id, address in zip(await tx.new_ids("senders", len(addresses)), addresses, strict=True):
            sender = Sender(
                sender_id, organization_id, channel, address, trunk_id, "Sandbox", None, None, True, now, now
            )
            await tx.resources.add_sender(sender)


async def get_organization(ledger: Ledger, actor: Actor) -> Organization:
    """The caller's own organisation."""
    async with ledger.read() as tx:
        return await tx.organizations.organization(actor.organization_id)


async def change_organization(
    ledger: Ledger, actor: Actor, *, name: str | None = None, changes: SettingsChanges | None = None
) -> Organization:
    """Rename it, or change the settings that are named. Owners only. Raises Invalid."""
    actor.must_be(Role.OWNER)
    async with ledger.write() as tx:
        await tx.organizations.lock(actor.organization_id)
        old = await tx.organizations.organization(actor.organization_id)
        settings = replace(old.settings, **(changes or {}))
        changed = replace(old, name=old.name if name is None else name, settings=settings)
        _refuse(_name_problems(changed.name) + settings_problems(settings))
        await tx.organizations.change_organization(changed)
    return changed


async def create_user(
    ledger: Ledger, clock: Clock, actor: Actor, email: str, role: Role, name: str | None = None
) -> User:
    """Add a user. Owners only. Raises Invalid, or Conflict when the address is taken."""
    actor.must_be(Role.OWNER)
    _refuse(_email_problems("email", email))
    async with ledger.write() as tx:
        user_id = (await tx.new_ids("users"))[0]
        user = User(user_id, actor.organization_id, email.lower(), name, role, clock.now())
        await tx.organizations.add_user(user)
    return user


async def get_user(ledger: Ledger, actor: Actor, user_id: int) -> User:
    """One user of the caller's organisation."""
    async with ledger.read() as tx:
        return await tx.organizations.user(actor.organization_id, user_id)


async def list_users(ledger: Ledger, actor: Actor, *, after: int = 0, limit: int = 100) -> list[User]:
    """Users by id."""
    async with ledger.read() as tx:
        return await tx.organizations.users(actor.organization_id, after=after, limit=limit)


async def change_user(ledger: Ledger, clock: Clock, actor: Actor, user_id: int, changes: UserChanges) -> User:
    """Rename, promote, demote, disable or enable a user. Owners only; the last owner stays one (Conflict)."""
    actor.must_be(Role.OWNER)
    async with ledger.write() as tx:
        await tx.organizations.lock(actor.organization_id)
        old = await tx.organizations.user(actor.organization_id, user_id)
        disabled_at = old.disabled_at
        if "disabled" in changes:
            disabled_at = (old.disabled_at or clock.now()) if changes["disabled"] else None
        user = replace(
            old, name=changes.get("name", old.name), role=changes.get("role", old.role), disabled_at=disabled_at
        )
        await tx.organizations.change_user(user)
        if await tx.organizations.count_owners(actor.organization_id) == 0:
            raise Conflict("last_owner", "An organisation needs an owner who is not disabled.")
    return user


def settings_problems(settings: Settings) -> list[Problem]:
    """What is wrong with an organisation's settings."""
    problems = zone_problems("settings.timezone", settings.timezone)
    if not COUNTRY.fullmatch(settings.default_country):
        message = "A country is two capital letters (ISO 3166), such as US."
        problems.append(Problem("settings.default_country", "bad_country", message))
    limits = settings.person_limits
    counts = {
        "settings.max_concurrent": settings.max_concurrent,
        "settings.max_campaigns": settings.max_campaigns,
        "settings.max_parallel_calls": settings.max_parallel_calls,
        "settings.person_limits.per_day": limits.per_day,
        "settings.person_limits.per_week": limits.per_week,
    }
    problems += [
        Problem(field, "too_small", "This must be at least 1; leave it out for no limit.")
        for field, value in counts.items()
        if value is not None and value < 1
    ]
    if limits.min_gap is not None and limits.min_gap < timedelta(0):
        problems.append(Problem("settings.person_limits.min_gap", "too_small", "A gap cannot be negative."))
    return problems


def _name_problems(name: str) -> list[Problem]:
    return [] if name.strip() else [Problem("name", "blank", "A name is needed.")]


def _email_problems(field: str, email: str) -> list[Problem]:
    return [] if EMAIL.fullmatch(email) else [Problem(field, "bad_email", "This is not an e-mail address.")]


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise Invalid(problems)
