"""Do not contact, and consents: what counts, until when, in which spelling, by whom, and by file."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from clarion.app.actor import Actor, Role
from clarion.app.consents import NewConsent, list_consents, record_consents, revoke_consent
from clarion.app.keys import authenticate
from clarion.app.organizations import create_organization
from clarion.app.ports.suppression import SuppressionReason
from clarion.app.refusals import Forbidden, Invalid, NotFound
from clarion.app.suppress import (
    NewSuppression,
    check_addresses,
    export_suppressions,
    list_suppressions,
    suppress_address,
    suppress_file,
    unsuppress,
)
from clarion.core.outcomes import Channel

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For tables whose rows do not depend on the database."""

R = SuppressionReason
ANN, BOB = "+12125550147", "+12125550148"


async def found(database, clock, name="Riverside") -> Actor:
    _, key = await create_organization(database, clock, name, "owner@example.com")
    return await authenticate(database, clock, key)


async def blocked(database, clock, actor, channel, *addresses):
    checks = await check_addresses(database, clock, actor, channel, addresses)
    return [check.reason for check in checks]


@on_sqlite
@pytest.mark.parametrize(
    "channel, address, asked_on, asked, reason",
    [
        ("*", "(212) 555-0147", Channel.VOICE, ANN, R.DO_NOT_CONTACT),
        ("*", ANN, Channel.SMS, "212-555-0147", R.DO_NOT_CONTACT),
        ("voice", ANN, Channel.SMS, ANN, None),
        ("voice", ANN, Channel.VOICE, BOB, None),
        ("*", "Ann@Example.com", Channel.EMAIL, "ann@example.COM", R.DO_NOT_CONTACT),
        ("email", "ann@example.com", Channel.EMAIL, "ANN@example.com", R.DO_NOT_CONTACT),
        ("email", "ann@example.com", Channel.EMAIL, "annn@example.com", None),
    ],
)
async def test_who_is_on_the_list(database, clock, channel, address, asked_on, asked, reason):
    owner = await found(database, clock)
    await suppress_address(database, clock, owner, NewSuppression(address, channel))
    assert await blocked(database, clock, owner, asked_on, asked) == [reason]
    assert await blocked(database, clock, await found(database, clock, "Others"), asked_on, asked) == [None]


async def test_an_entry_ends_when_it_says(database, clock):
    owner = await found(database, clock)
    until = clock.now() + timedelta(days=1)
    await suppress_address(database, clock, owner, NewSuppression(ANN, expires_at=until))
    clock.advance(timedelta(days=1) - timedelta(microseconds=1))
    assert await blocked(database, clock, owner, Channel.VOICE, ANN) == [R.DO_NOT_CONTACT]
    clock.advance(timedelta(microseconds=1))
    assert await blocked(database, clock, owner, Channel.VOICE, ANN) == [None]


@pytest.mark.parametrize(
    "first, second, kept",
    [(None, 1, None), (1, None, None), (1, 2, 2), (2, 1, 2)],
)
async def test_a_second_entry_never_ends_sooner(database, clock, first, second, kept):
    owner = await found(database, clock)

    def at(days):
        return None if days is None else clock.now() + timedelta(days=days)

    one = await suppress_address(database, clock, owner, NewSuppression(ANN, expires_at=at(first), note="first"))
    two = await suppress_address(database, clock, owner, NewSuppression(ANN, reason=R.OPTED_OUT, expires_at=at(second)))
    assert (two.id, two.reason, two.expires_at, two.note) == (one.id, R.OPTED_OUT, at(kept), "first")


async def test_an_entry_is_taken_off_once_and_by_its_own(database, clock):
    owner, other = await found(database, clock), await found(database, clock, "Others")
    entry = await suppress_address(database, clock, owner, NewSuppression(ANN))
    with pytest.raises(NotFound):
        await unsuppress(database, other, entry.id)
    with pytest.raises(Forbidden):
        await unsuppress(database, replace(owner, role=Role.VIEWER), entry.id)
    await unsuppress(database, owner, entry.id)
    assert await blocked(database, clock, owner, Channel.VOICE, ANN) == [None]
    with pytest.raises(NotFound):
        await unsuppress(database, owner, entry.id)


@on_sqlite
@pytest.mark.parametrize(
    "new, field",
    [
        (NewSuppression("nobody"), "address"),
        (NewSuppression("ann@", "email"), "address"),
        (NewSuppression(ANN, "email"), "address"),
    ],
)
async def test_entries_that_are_refused(database, clock, new, field):
    owner = await found(database, clock)
    with pytest.raises(Invalid) as refused:
        await suppress_address(database, clock, owner, new)
    assert refused.value.problems[0].field == field


FILES = {
    "header": ("address,reason,channel\r\n212 555 0147,opted_out,voice\r\nb@example.com,,email\r\n", 2, []),
    "bare": ("212-555-0147\n\n+12125550148\n", 2, []),
    "bom and quotes": ('\ufeff"address"\n"(212) 555-0147"\n', 1, []),
    "bad rows": (
        "address,channel,reason,expires_at\nfoo,,,\n212 555 0147,fax,,\n212 555 0147,,because,\n"
        "212 555 0147,,,tomorrow\n212 555 0147,,,2020-01-01T00:00:00Z\n212 555 0147,,,2030-01-01\n212 555 0147,,,\n",
        1,
        [
            (2, "not_a_number"),
            (3, "unknown_channel"),
            (4, "unknown_reason"),
            (5, "bad_instant"),
            (6, "in_the_past"),
            (7, "no_offset"),
        ],
    ),
    "short and long rows": ("address,reason\n212 555 0147\n212 555 0148,opted_out,more,and more\n", 2, []),
    "empty": ("", 0, []),
    "twice the same": ("address\n212 555 0147\n+1 212 555 0147\n", 2, []),
}


@on_sqlite
@pytest.mark.parametrize("text, accepted, rejects", FILES.values(), ids=FILES.keys())
async def test_files(database, clock, text, accepted, rejects):
    owner = await found(database, clock)
    report = await suppress_file(database, clock, owner, text)
    assert (report.accepted, report.rejected) == (accepted, len(rejects))
    assert [(bad.line, bad.code) for bad in report.rejects] == rejects
    before = await list_suppressions(database, owner)
    assert report.added == len(before)
    again = await suppress_file(database, clock, owner, text)
    assert (again.accepted, again.added) == (accepted, 0)
    assert [each.id for each in await list_suppressions(database, owner)] == [each.id for each in before]


async def test_a_long_file_and_its_export(database, clock):
    owner = await found(database, clock)
    numbers = [f"+1212{n}" for n in range(2_000_000, 2_002_500)]
    report = await suppress_file(database, clock, owner, "\n".join(numbers))
    assert report.added == 2_500
    exported = [entry.address async for entry in export_suppressions(database, owner)]
    assert exported == numbers
    assert await blocked(database, clock, owner, Channel.SMS, numbers[0], numbers[-1]) == [R.DO_NOT_CONTACT] * 2


async def test_lists_are_filtered(database, clock):
    owner = await found(database, clock)
    await suppress_address(database, clock, owner, NewSuppression(ANN, "voice"))
    await suppress_address(database, clock, owner, NewSuppression(BOB, "sms", R.OPTED_OUT))
    assert [each.address for each in await list_suppressions(database, owner, channel="sms")] == [BOB]
    assert [each.address for each in await list_suppressions(database, owner, reason=R.OPTED_OUT)] == [BOB]
    assert [each.address for each in await list_suppressions(database, owner, address="212 5550147")] == [ANN]
    first = await list_suppressions(database, owner, limit=1)
    assert [each.address for each in await list_suppressions(database, owner, after=first[0].id)] == [BOB]


async def test_a_consent_holds_from_its_grant_to_its_revocation(database, clock):
    owner = await found(database, clock)
    began = clock.now()
    evidence = {"url": "https://example.com/join", "ip": "192.0.2.7"}
    [consent] = await record_consents(
        database, clock, owner, [NewConsent("212 555 0147", "form", "sms", evidence=evidence)]
    )

    async def holds(channel, at):
        async with database.read() as tx:
            return ANN in await tx.suppression.consented(owner.organization_id, channel, [ANN, BOB], at)

    assert await holds(Channel.SMS, began)
    assert not await holds(Channel.VOICE, began)
    assert not await holds(Channel.SMS, began - timedelta(seconds=1))
    clock.advance(timedelta(days=1))
    await revoke_consent(database, clock, owner, consent.id)
    clock.advance(timedelta(days=1))
    revoked = await revoke_consent(database, clock, owner, consent.id)
    assert revoked.revoked_at == began + timedelta(days=1)
    assert await holds(Channel.SMS, began)
    assert not await holds(Channel.SMS, clock.now())
    [kept] = await list_consents(database, owner, address=ANN)
    assert kept.evidence == evidence


async def test_consents_are_recorded_all_or_none(database, clock):
    owner = await found(database, clock)
    future = clock.now() + timedelta(seconds=1)
    with pytest.raises(Invalid) as refused:
        await record_consents(
            database,
            clock,
            owner,
            [NewConsent(ANN, "form"), NewConsent("x", "form"), NewConsent(BOB, "form", granted_at=future)],
        )
    assert [p.field for p in refused.value.problems] == ["consents.1.address", "consents.2.granted_at"]
    assert await list_consents(database, owner) == []
