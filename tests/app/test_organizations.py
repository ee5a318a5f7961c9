"""Organisations, users and keys: founding, settings, roles, the last owner, and whom a key lets in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from clarion.app.actor import Actor, Role
from clarion.app.keys import KeyRing, authenticate, create_key, list_keys, revoke_key
from clarion.app.organizations import (
    SANDBOX_SENDERS,
    SettingsChanges,
    change_organization,
    change_user,
    create_organization,
    create_user,
    get_organization,
    list_users,
    settings_problems,
)
from clarion.app.ports.organizations import Settings
from clarion.app.refusals import Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from clarion.core.limits import PersonLimits
from clarion.store.schema import organizations


async def found(database, clock, name="Riverside") -> Actor:
    _, key = await create_organization(database, clock, name, "owner@example.com")
    return await authenticate(database, clock, key)


async def test_founding_gives_an_owner_a_key_and_a_sandbox(database, clock):
    organization, key = await create_organization(database, clock, "Riverside", "Owner@Example.com")
    actor = await authenticate(database, clock, key)
    assert (actor.organization_id, actor.role) == (organization.id, Role.OWNER)
    [owner] = await list_users(database, actor)
    assert owner.email == "owner@example.com"
    async with database.read() as tx:
        for channel, addresses in SANDBOX_SENDERS.items():
            _, senders = await tx.resources.senders_for(organization.id, channel, None, None)
            assert [sender.address for sender in senders] == list(addresses)
        assert {trunk.driver for trunk in await tx.resources.trunks(organization.id)} == {"sandbox"}


@pytest.mark.parametrize("name, email, field", [(" ", "a@b.example", "name"), ("A", "nobody", "owner_email")])
async def test_founding_with_nonsense_leaves_nothing(database, clock, name, email, field):
    with pytest.raises(Invalid) as refused:
        await create_organization(database, clock, name, email)
    assert [problem.field for problem in refused.value.problems] == [field]
    async with database.read() as tx:
        assert await tx.organizations.organization_ids() == []


@pytest.mark.parametrize(
    "change, field",
    [
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": "../etc/passwd"}, "timezone"),
        ({"default_country": "usa"}, "default_country"),
        ({"max_concurrent": 0}, "max_concurrent"),
        ({"max_campaigns": 0}, "max_campaigns"),
        ({"max_parallel_calls": -1}, "max_parallel_calls"),
        ({"person_limits": PersonLimits(per_day=0)}, "person_limits.per_day"),
        ({"person_limits": PersonLimits(per_week=-1)}, "person_limits.per_week"),
        ({"person_limits": PersonLimits(min_gap=timedelta(seconds=-1))}, "person_limits.min_gap"),
    ],
)
def test_settings_that_cannot_be(change, field):
    assert [problem.field for problem in settings_problems(replace(Settings(), **change))] == [f"settings.{field}"]


async def test_settings_come_back_as_they_were_written(database, clock):
    owner = await found(database, clock)
    limits = PersonLimits(2, 5, timedelta(minutes=90))
    await change_organization(database, owner, changes={"person_limits": limits, "timezone": "Asia/Kolkata"})
    bounds: SettingsChanges = {"max_concurrent": 7, "max_campaigns": 3, "max_parallel_calls": 5}
    await change_organization(database, owner, name="Renamed", changes=bounds)
    organization = await get_organization(database, owner)
    assert organization.name == "Renamed"
    assert organization.settings == Settings(timezone="Asia/Kolkata", person_limits=limits, **bounds)


async def test_settings_of_an_earlier_release_have_no_bounds_on_campaigns(database, clock):
    owner = await found(database, clock)
    async with database.write() as tx:
        stored = (await tx.session.execute(select(organizations.c.settings))).scalar_one()
        kept = {name: value for name, value in stored.items() if not name.startswith(("max_campaigns", "max_par"))}
        await tx.session.execute(update(organizations).values(settings=kept))
    settings = (await get_organization(database, owner)).settings
    assert (settings.max_campaigns, settings.max_parallel_calls) == (None, None)


async def test_only_owners_manage(database, clock):
    owner = await found(database, clock)
    for role in (Role.OPERATOR, Role.VIEWER):
        lesser = replace(owner, role=role)
        with pytest.raises(Forbidden):
            await change_organization(database, lesser, name="Mine")
        with pytest.raises(Forbidden):
            await create_user(database, clock, lesser, "x@example.com", Role.VIEWER)
        with pytest.raises(Forbidden):
            await create_key(database, clock, lesser, "k", Role.VIEWER)
        with pytest.raises(Forbidden):
            await list_keys(database, lesser)


async def test_an_address_is_used_once(database, clock):
    owner = await found(database, clock)
    await create_user(database, clock, owner, "sam@example.com", Role.VIEWER)
    with pytest.raises(Conflict):
        await create_user(database, clock, owner, "SAM@example.com", Role.OPERATOR)


@pytest.mark.parametrize("changes", [{"role": Role.OPERATOR}, {"disabled": True}])
async def test_the_last_owner_stays(database, clock, changes):
    owner = await found(database, clock)
    with pytest.raises(Conflict):
        await change_user(database, clock, owner, owner.user_id, changes)
    assert [user.role for user in await list_users(database, owner)] == [Role.OWNER]
    other = await create_user(database, clock, owner, "two@example.com", Role.OWNER)
    await change_user(database, clock, owner, owner.user_id, changes)
    with pytest.raises(Conflict):
        await change_user(database, clock, owner, other.id, changes)


async def test_a_key_is_at_most_its_user(database, clock):
    owner = await found(database, clock)
    user = await create_user(database, clock, owner, "op@example.com", Role.OPERATOR)
    with pytest.raises(Invalid):
        await create_key(database, clock, owner, "too much", Role.OWNER, user_id=user.id)
    _, raw = await create_key(database, clock, owner, "fits", Role.OPERATOR, user_id=user.id)
    assert (await authenticate(database, clock, raw)).role is Role.OPERATOR
    await change_user(database, clock, owner, user.id, {"role": Role.VIEWER})
    assert (await authenticate(database, clock, raw)).role is Role.VIEWER


async def test_keys_that_do_not_let_in(database, clock):
    owner = await found(database, clock)
    user = await create_user(database, clock, owner, "op@example.com", Role.OPERATOR)
    revoked, raw_revoked = await create_key(database, clock, owner, "a", Role.VIEWER)
    await revoke_key(database, clock, owner, revoked.id)
    _, raw_expired = await create_key(
        database, clock, owner, "b", Role.VIEWER, expires_at=clock.now() + timedelta(minutes=1)
    )
    _, raw_disabled = await create_key(database, clock, owner, "c", Role.VIEWER, user_id=user.id)
    await change_user(database, clock, owner, user.id, {"disabled": True})
    _, good = await create_key(database, clock, owner, "d", Role.VIEWER)
    clock.advance(timedelta(minutes=1))
    swapped = good.rsplit("_", 1)[0] + "_" + "x" * 43
    said = set()
    for raw in (raw_revoked, raw_expired, raw_disabled, swapped, "nonsense", ""):
        with pytest.raises(Unauthenticated) as refused:
            await authenticate(database, clock, raw)
        said.add(str(refused.value))
    assert len(said) == 1
    assert (await authenticate(database, clock, good)).role is Role.VIEWER


async def test_the_ledger_holds_no_secret(database, clock):
    owner = await found(database, clock)
    key, raw = await create_key(database, clock, owner, "k", Role.VIEWER)
    assert raw not in repr(key)
    assert raw.rsplit("_", 1)[1].encode() not in key.digest
    with pytest.raises(Conflict):
        user = await create_user(database, clock, owner, "gone@example.com", Role.VIEWER)
        await change_user(database, clock, owner, user.id, {"disabled": True})
        await create_key(database, clock, owner, "k", Role.VIEWER, user_id=user.id)


async def test_last_use_is_written_to_the_minute(database, clock):
    owner = await found(database, clock)
    key, raw = await create_key(database, clock, owner, "k", Role.VIEWER)
    began = clock.now()
    for seconds, expected in ((0, 0), (30, 0), (29, 0), (1, 60)):
        clock.advance(timedelta(seconds=seconds))
        await authenticate(database, clock, raw)
        kept = next(each for each in await list_keys(database, owner) if each.id == key.id)
        assert kept.last_used_at == began + timedelta(seconds=expected)


async def test_a_ring_forgets_a_revoked_key_in_five_seconds(database, clock):
    owner = await found(database, clock)
    key, raw = await create_key(database, clock, owner, "k", Role.VIEWER)
    ring = KeyRing(database, clock)
    await ring.authenticate(raw)
    await revoke_key(database, clock, owner, key.id)
    clock.advance(timedelta(seconds=4.9))
    await ring.authenticate(raw)
    clock.advance(timedelta(seconds=0.1))
    with pytest.raises(Unauthenticated):
        await ring.authenticate(raw)
    with pytest.raises(Unauthenticated):
        await ring.authenticate(raw)


async def test_foreign_users_and_keys_look_missing(database, clock):
    owner = await found(database, clock)
    other = await found(database, clock, "Others")
    key, _ = await create_key(database, clock, owner, "k", Role.VIEWER)
    with pytest.raises(NotFound):
        await revoke_key(database, clock, other, key.id)
    with pytest.raises(NotFound):
        await change_user(database, clock, other, owner.user_id, {"name": "Theirs"})
    with pytest.raises(NotFound):
        await create_key(database, clock, other, "k", Role.VIEWER, user_id=owner.user_id)
