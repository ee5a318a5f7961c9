"""Creating and editing campaigns: every wrong field is named, and an edit makes a new plan."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

import seeding
from clarion.app.actor import Actor, Role
from clarion.app.campaign_content import CampaignContent, result_names
from clarion.app.campaigns import (
    archive_campaign,
    create_campaign,
    edit_campaign,
    get_campaign,
    list_campaigns,
    restore_campaign,
)
from clarion.app.ports.campaigns import CampaignFilters
from clarion.app.refusals import Conflict, Forbidden, Invalid, NotFound
from clarion.core.campaigns import CampaignStatus, Message, Plan, Targeting, Voicemail, VoicemailAction
from clarion.core.outcomes import Channel
from clarion.core.pacing import Pacing
from clarion.core.retries import Retries
from clarion.core.schedule import DayRule, Schedule, Span, ZonePolicy
from clarion.store import schema
from clarion.store.database import Database
from seeding import NOW
from still_clock import StillClock

ADA = Actor(1, 7, Role.OPERATOR)
EVE = Actor(2, 8, Role.OPERATOR)
HOUR = timedelta(hours=1)
CALL = CampaignContent("Spring", Channel.VOICE)
MAIL = CampaignContent("News", Channel.EMAIL, Plan(message=Message(subject="Hi {{ name }}", text="Hello {{ name }}")))


@pytest.fixture
async def ledger(database: Database) -> Database:
    await seeding.organization(database, 1)
    await seeding.organization(database, 2)
    return database


@pytest.fixture(scope="module")
def two_organizations(tmp_path_factory: pytest.TempPathFactory) -> str:
    """One file for a whole table of refusals."""
    url = f"sqlite:///{tmp_path_factory.mktemp('campaigns') / 'clarion.db'}"

    async def make() -> None:
        ledger = Database(url)
        await ledger.create_all()
        await seeding.organization(ledger, 1)
        await seeding.organization(ledger, 2)
        await ledger.close()

    asyncio.run(make())
    return url


def week(*spans: Span) -> Schedule:
    return Schedule(week=(spans, *[()] * 6))


def planned(**parts: Any) -> CampaignContent:
    return replace(CALL, plan=Plan(**parts))


async def test_a_campaign_is_a_draft_with_its_default_batch(ledger: Database, clock: StillClock) -> None:
    content = replace(
        MAIL,
        agent_id=10,
        pool_id=12,
        labels=("a", "b"),
        variables={"shop": "X"},
        start_at=NOW + HOUR,
        extras={"v": [1]},
    )
    made = await create_campaign(ledger, clock, ADA, content)
    assert CampaignContent.of(made) == content
    assert (made.status, made.plan_version, made.agent_zone) == (CampaignStatus.DRAFT, 1, "America/Chicago")
    assert await get_campaign(ledger, ADA, made.id) == made
    async with ledger.read() as tx:
        assert [batch.key for batch in await tx.campaigns.batches_of([made.id])] == [f"campaign-{made.id}"]


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        (CALL, []),
        (MAIL, []),
        (replace(CALL, name=" "), ["name"]),
        (replace(CALL, name="x" * 256), ["name"]),
        (replace(CALL, labels=("a", "")), ["labels.1"]),
        (replace(CALL, agent_id=99), ["agent_id"]),
        (replace(CALL, agent_id=20), ["agent_id"]),
        (replace(CALL, sender_id=20), ["sender_id"]),
        (replace(CALL, sender_id=11), ["sender_id"]),
        (replace(CALL, pool_id=99), ["pool_id"]),
        (replace(CALL, pool_id=12), ["pool_id"]),
        (replace(CALL, sender_id=10, pool_id=10), ["pool_id"]),
        (replace(CALL, sender_id=10), []),
        (replace(CALL, end_at=NOW), ["end_at"]),
        (replace(CALL, start_at=NOW + HOUR, end_at=NOW + HOUR), ["end_at"]),
        (replace(CALL, channel=Channel.SMS), ["message"]),
        (replace(MAIL, plan=Plan(message=Message(text="a"))), ["message.subject"]),
        (replace(MAIL, plan=Plan(message=Message(subject="a", text=" "))), ["message.text"]),
        (replace(MAIL, plan=Plan(message=Message(subject="{{", text="{% x %}"))), ["message.subject", "message.text"]),
        (planned(schedule=week(Span(9 * 3600, 8 * 3600))), ["schedule.week.monday.0.end"]),
        (planned(schedule=Schedule(zone_policy=ZonePolicy.CAMPAIGN)), ["schedule.zone"]),
        (planned(schedule=Schedule(zone_policy=ZonePolicy.AGENT)), ["schedule.zone_policy"]),
        (planned(schedule=Schedule(zone="Mars/Base", zone_policy=ZonePolicy.CAMPAIGN)), ["schedule.zone"]),
        (planned(schedule=Schedule(holidays=("US", "XX"))), ["schedule.holidays.1"]),
        (planned(schedule=week()), ["schedule"]),
        (planned(schedule=replace(week(), dates={date(2026, 12, 1): DayRule(spans=(Span(0, 60),))})), []),
        (planned(pacing=Pacing(per_hour=0)), ["pacing.per_hour"]),
        (planned(pacing=Pacing(finish_by=NOW)), ["pacing.finish_by"]),
        (planned(retries=Retries(max_attempts=0)), ["retries.max_attempts"]),
        (planned(retries=Retries(max_attempts=2, delays=(-HOUR,))), ["retries.delays.0"]),
        (planned(retries=Retries(until_goal=True)), ["goal_variable"]),
        (planned(targeting=Targeting(allowed_line_types=frozenset({"pigeon"}))), ["targeting.allowed_line_types"]),
        (planned(voicemail=Voicemail(VoicemailAction.LEAVE_MESSAGE)), ["voicemail.message"]),
        (planned(ring_timeout=timedelta(0)), ["ring_timeout"]),
        (planned(max_duration=timedelta(days=1)), ["max_duration"]),
        (planned(skip_if_late=timedelta(0)), ["skip_if_late"]),
        (replace(planned(goal_variable="sold", ring_timeout=-HOUR), name=""), ["name", "ring_timeout"]),
    ],
)
async def test_every_wrong_field_is_named(
    two_organizations: str, clock: StillClock, content: CampaignContent, fields: list[str]
) -> None:
    ledger = Database(two_organizations)
    try:
        await create_campaign(ledger, clock, ADA, content)
        found = []
    except Invalid as refusal:
        found = sorted(problem.field for problem in refusal.problems)
    finally:
        await ledger.close()
    assert found == fields


@pytest.mark.parametrize(
    ("config", "names"),
    [
        ({}, None),
        ({"post_call_schema": {"type": "object", "properties": {"sold": {}, "when": {}}}}, {"sold", "when"}),
        ({"post_call_schema": {"sold": "boolean"}}, {"sold"}),
        ({"post_call_schema": [{"name": "sold", "type": "boolean"}]}, {"sold"}),
        ({"post_call_schema": ["sold"]}, None),
        ({"post_call_schema": "sold"}, None),
    ],
)
def test_names_of_results(config: dict[str, Any], names: set[str] | None) -> None:
    assert result_names(config) == names


async def test_the_goal_must_be_among_the_agents_results(ledger: Database, clock: StillClock) -> None:
    async with ledger.write() as tx:
        agent = await tx.resources.agent(1, 10)
        await tx.resources.change_agent(replace(agent, config={"post_call_schema": {"sold": "boolean"}}))
    content = replace(planned(goal_variable="sold"), agent_id=10)
    await create_campaign(ledger, clock, ADA, content)
    with pytest.raises(Invalid, match="has no 'bought'; it has sold"):
        await create_campaign(ledger, clock, ADA, replace(content, plan=Plan(goal_variable="bought")))


async def test_what_steers_makes_a_new_version_and_a_line(ledger: Database, clock: StillClock) -> None:
    made = await create_campaign(ledger, clock, ADA, CALL)
    clock.advance(HOUR)
    faster: Callable[[CampaignContent], CampaignContent] = lambda c: replace(  # noqa: E731
        c, plan=replace(c.plan, pacing=Pacing(per_hour=60))
    )
    edited = await edit_campaign(ledger, clock, ADA, made.id, faster)
    assert (edited.plan.pacing.per_hour, edited.plan_version, edited.updated_at) == (60, 2, NOW + HOUR)
    renamed = await edit_campaign(ledger, clock, ADA, made.id, lambda c: replace(c, name="Summer", labels=("x",)))
    assert (renamed.name, renamed.plan_version, renamed.plan) == ("Summer", 2, edited.plan)
    same = await edit_campaign(ledger, clock, ADA, made.id, lambda c: c)
    assert same == renamed
    async with ledger.read() as tx:
        lines = (await tx.session.execute(schema.decisions.select().order_by("id"))).all()
    assert [(line.verdict, line.inputs["fields"]) for line in lines] == [
        ("edited", ["plan"]),
        ("edited", ["name", "labels"]),
    ]


async def test_an_edit_is_refused_as_a_whole(ledger: Database, clock: StillClock) -> None:
    made = await create_campaign(ledger, clock, ADA, CALL)
    with pytest.raises(Invalid) as refusal:
        await edit_campaign(
            ledger, clock, ADA, made.id, lambda c: replace(c, name="", channel=Channel.SMS, agent_id=99)
        )
    assert sorted(p.field for p in refusal.value.problems) == ["agent_id", "channel", "message", "name"]
    with pytest.raises(Conflict, match="version 1"):
        await edit_campaign(ledger, clock, ADA, made.id, lambda c: replace(c, name="x"), if_version=2)
    assert await get_campaign(ledger, ADA, made.id) == made


async def test_what_has_passed_may_stand_but_not_be_set(ledger: Database, clock: StillClock) -> None:
    content = replace(planned(pacing=Pacing(finish_by=NOW + HOUR)), end_at=NOW + 2 * HOUR)
    made = await create_campaign(ledger, clock, ADA, content)
    clock.advance(3 * HOUR)
    await edit_campaign(ledger, clock, ADA, made.id, lambda c: replace(c, variables={"a": 1}))
    with pytest.raises(Invalid, match="end_at"):
        await edit_campaign(ledger, clock, ADA, made.id, lambda c: replace(c, end_at=NOW + HOUR))


async def test_archiving(ledger: Database, clock: StillClock) -> None:
    made = await create_campaign(ledger, clock, ADA, CALL)
    put_away = await archive_campaign(ledger, clock, ADA, made.id)
    assert put_away.archived_at == NOW
    assert await list_campaigns(ledger, ADA, CampaignFilters()) == []
    assert [c.id for c in await list_campaigns(ledger, ADA, CampaignFilters(archived=True))] == [made.id]
    with pytest.raises(Conflict):
        await edit_campaign(ledger, clock, ADA, made.id, lambda c: replace(c, name="x"))
    assert (await restore_campaign(ledger, clock, ADA, made.id)).archived_at is None
    async with ledger.write() as tx:
        await tx.campaigns.set_status(made.id, CampaignStatus.DRAFT, CampaignStatus.PAUSED, NOW)
    with pytest.raises(Conflict, match="is paused"):
        await archive_campaign(ledger, clock, ADA, made.id)


async def test_others_and_viewers_change_nothing(ledger: Database, clock: StillClock) -> None:
    made = await create_campaign(ledger, clock, ADA, CALL)
    for ask in (
        get_campaign(ledger, EVE, made.id),
        edit_campaign(ledger, clock, EVE, made.id, lambda c: replace(c, name="x")),
        archive_campaign(ledger, clock, EVE, made.id),
    ):
        with pytest.raises(NotFound):
            await ask
    viewer = Actor(1, 9, Role.VIEWER)
    for ask in (
        create_campaign(ledger, clock, viewer, CALL),
        edit_campaign(ledger, clock, viewer, made.id, lambda c: c),
        archive_campaign(ledger, clock, viewer, made.id),
        restore_campaign(ledger, clock, viewer, made.id),
    ):
        with pytest.raises(Forbidden):
            await ask
    assert await get_campaign(ledger, viewer, made.id) == made
