"""The count before a launch: X of Y will be skipped and why, counted by the database or looked at one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import seeding
from clarion.app import check_campaign as module
from clarion.app.actor import Actor, Role
from clarion.app.check_campaign import Check, RegionCheck, check_campaign
from clarion.app.planning import Planner
from clarion.app.ports.suppression import Consent, Suppression, SuppressionReason
from clarion.app.refusals import NotFound
from clarion.core.campaigns import BatchStatus, CampaignStatus, Message, Plan, Targeting, TargetRule
from clarion.core.outcomes import Channel
from clarion.core.schedule import Schedule, Span
from clarion.store.database import Database
from clarion.wire.law_files import load_law_book
from seeding import LOS_ANGELES, NEW_YORK, NOW, NOWHERE
from still_clock import StillClock

ADA = Actor(1, 7, Role.VIEWER)
DRAFT = CampaignStatus.DRAFT
TEN_TO_FIVE = Schedule(week=((Span(10 * 3600, 17 * 3600),),) * 7)


@pytest.fixture
async def ledger(database: Database) -> Database:
    await seeding.organization(database)
    return database


async def check(ledger: Database, clock: StillClock) -> Check:
    return await check_campaign(ledger, clock, Planner(load_law_book(), clock), ADA, 1)


def reasons(found: Check) -> dict[str, int]:
    return {f"{each.reason}/{each.rule}": each.count for each in found.skipped}


async def test_regions_have_their_first_instant(ledger: Database, clock: StillClock) -> None:
    async with ledger.write() as tx:
        mine = await seeding.campaign(tx, status=DRAFT, plan=Plan(schedule=TEN_TO_FIVE))
        for n in range(1, 4):
            await seeding.person(tx, mine, n)
        await seeding.person(tx, mine, 4, region_key=LOS_ANGELES)
        await seeding.person(tx, mine, 5, region_key=NOWHERE)
        await seeding.tallies(tx, mine, {"contacts": 5})
    found = await check(ledger, clock)
    assert (found.total, found.will_skip, found.problems) == (5, 1, [])
    assert reasons(found) == {"unknown_zone/region": 1}
    assert found.regions == [
        RegionCheck(NEW_YORK, 3, NOW),
        RegionCheck(LOS_ANGELES, 1, datetime(2026, 11, 23, 18, 0, tzinfo=UTC)),
    ]


async def test_what_lies_ahead_is_judged_at_the_start(ledger: Database, clock: StillClock) -> None:
    start = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    async with ledger.write() as tx:
        mine = await seeding.campaign(tx, status=DRAFT, plan=Plan(schedule=TEN_TO_FIVE), start_at=start)
        await seeding.person(tx, mine, 1)
        await seeding.batch(tx, mine, 11, "ends before", expires_at=start + timedelta(hours=1))
        await seeding.person(tx, mine, 2, batch_id=11)
        await seeding.batch(tx, mine, 12, "called off", status=BatchStatus.CANCELLED)
        await seeding.person(tx, mine, 3, batch_id=12)
        await seeding.tallies(tx, mine, {"contacts": 3})
    found = await check(ledger, clock)
    assert found.regions == [RegionCheck(NEW_YORK, 1, datetime(2026, 11, 24, 15, 0, tzinfo=UTC))]
    assert reasons(found) == {"expired/window_after_end": 1}


RULE = TargetRule("vip", "eq", ("yes",))


@pytest.mark.parametrize(
    ("message", "rules"),
    [
        (Message("Hello"), ()),
        (Message("Hello {{ name }}"), ()),
        (Message("Hello"), (RULE,)),
    ],
    ids=["counted", "looked at for variables", "looked at for targeting"],
)
async def test_every_reason_is_counted_once(
    ledger: Database, clock: StillClock, monkeypatch: pytest.MonkeyPatch, message: Message, rules: Any
) -> None:
    monkeypatch.setattr(module, "SCAN_PAGE", 3)
    targeting = Targeting(
        allowed_line_types=frozenset({"mobile"}), require_consent=True, rules=rules, include_unknown=False
    )
    plan = Plan(message=message, targeting=targeting)
    async with ledger.write() as tx:
        sms = await seeding.campaign(tx, status=DRAFT, channel=Channel.SMS, plan=plan)
        for n in range(1, 9):
            kind = "landline" if n in (4, 5, 6) else "mobile"
            region = NOWHERE if n in (6, 7) else NEW_YORK
            variables = {"name": "Zoë", "vip": "yes"} if n != 8 else {"other": 1}
            await seeding.person(tx, sms, n, line_type=kind, region_key=region, variables=variables)
        await seeding.tallies(tx, sms, {"contacts": 8})
        for n, reason in ((1, SuppressionReason.BOUNCED), (2, SuppressionReason.DO_NOT_CONTACT)):
            await tx.suppression.suppress([Suppression(n, 1, "*", f"+1212555{n:04d}", reason, "test", NOW)])
        await tx.suppression.add_consents(
            [Consent(n, 1, "sms", f"+1212555{n:04d}", "any", "form", NOW) for n in range(1, 9) if n != 3]
        )
    found = await check(ledger, clock)
    expected = {
        "prior_bounced/suppression": 1,
        "suppressed/suppression": 1,
        "no_consent/consent": 1,
        "line_type/targeting": 3,
        "unknown_zone/region": 1,
    }
    if rules:
        expected["line_type/targeting"] += 1
    elif "name" in message.text:
        expected["missing_variable/message"] = 1
    assert reasons(found) == expected
    assert found.total == 8
    assert sum(region.contacts for region in found.regions) == 8 - found.will_skip
    assert [problem.field for problem in found.problems] == (
        ["message.variables.name"] if "name" in message.text else []
    )


async def test_what_keeps_it_from_being_launched_is_named(ledger: Database, clock: StillClock) -> None:
    async with ledger.write() as tx:
        await seeding.campaign(tx, status=DRAFT, end_at=NOW)
    found = await check(ledger, clock)
    assert (found.total, found.will_skip) == (0, 0)
    assert sorted(problem.field for problem in found.problems) == ["contacts", "end_at"]
    with pytest.raises(NotFound):
        await check_campaign(ledger, clock, Planner(load_law_book(), clock), Actor(2, 1, Role.OWNER), 1)
