"""Agents, trunks, senders and pools: what is refused, what is kept for the record, what the engine is given."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import insert

from clarion.app import agents, senders, trunks
from clarion.app.actor import Actor, Role
from clarion.app.campaign_content import CampaignContent
from clarion.app.campaigns import create_campaign
from clarion.app.keys import authenticate
from clarion.app.organizations import create_organization
from clarion.app.ports.channel import Trunk
from clarion.app.refusals import Conflict, Forbidden, Invalid, NotFound, Problem
from clarion.core.campaigns import CampaignStatus, Rotation
from clarion.core.outcomes import AttemptState, Channel
from clarion.store.schema import attempts
from clarion.wire.secrets import Seal

SEAL = Seal(Seal.new_key())


def host_problems(trunk: Trunk) -> list[Problem]:
    """A driver's check that sees the secrets in clear."""
    wrong = trunk.settings.get("host") == "nowhere" or trunk.secrets.get("password") == "guessed"
    return [Problem("settings.host", "unreachable", "No such host.")] if wrong else []


DRIVERS = {(channel, "sandbox"): host_problems for channel in Channel} | {(Channel.EMAIL, "smtp"): host_problems}


@pytest.fixture
async def owner(database, clock) -> Actor:
    """The owner of an organisation with its sandbox: trunks 1 to 3, voice senders 1 to 3."""
    _, key = await create_organization(database, clock, "Riverside", "owner@example.com")
    return await authenticate(database, clock, key)


async def mail_trunk(database, clock, owner, **changes):
    return await trunks.create_trunk(database, clock, owner, SEAL, DRIVERS, Channel.EMAIL, "Mail", "smtp", changes)


async def used(database, clock, owner, *, sender_id=None, trunk_id=None):
    """An attempt on record."""
    async with database.write() as tx:
        row = {
            "id": (await tx.new_ids("attempts"))[0],
            "organization_id": owner.organization_id,
            "campaign_id": 1,
            "batch_id": 1,
            "contact_id": 1,
            "number": 1,
            "channel": Channel.VOICE,
            "address": "+12125550147",
            "person": "p",
            "state": AttemptState.ENDED,
            "burns": True,
            "sandbox": True,
            "sender_id": sender_id,
            "trunk_id": trunk_id,
            "released_at": clock.now(),
        }
        await tx.session.execute(insert(attempts), row)


async def test_an_agent_is_kept_whole(database, clock, owner):
    config = {"prompt": "Hi {{x}}", "post_call_schema": {"type": "object"}, "future": [1, {"deep": None}]}
    made = await agents.create_agent(database, clock, owner, "Ann", config, "Europe/Berlin")
    assert (await agents.get_agent(database, owner, made.id)).config == config
    changed = await agents.change_agent(database, clock, owner, made.id, {"name": "Bea", "timezone": None})
    assert (changed.name, changed.timezone, changed.config) == ("Bea", None, config)
    assert [each.name for each in await agents.list_agents(database, owner, name="BE")] == ["Bea"]
    assert await agents.list_agents(database, owner, name="%") == []


@pytest.mark.parametrize(
    "config, timezone, field",
    [({}, "Nowhere/Land", "timezone"), ({"prompt": "x" * 300_000}, None, "config")],
)
async def test_agents_that_are_refused(database, clock, owner, config, timezone, field):
    with pytest.raises(Invalid) as refused:
        await agents.create_agent(database, clock, owner, "Ann", config, timezone)
    assert refused.value.problems[0].field == field


@pytest.mark.parametrize("status", [CampaignStatus.SCHEDULED, CampaignStatus.RUNNING, CampaignStatus.PAUSED])
async def test_an_agent_in_use_is_not_archived(database, clock, owner, status):
    agent = await agents.create_agent(database, clock, owner, "Ann", {})
    campaign = await create_campaign(
        database, clock, owner, CampaignContent(name="C", channel=Channel.VOICE, agent_id=agent.id)
    )
    async with database.write() as tx:
        await tx.campaigns.set_status(campaign.id, CampaignStatus.DRAFT, status, clock.now())
    with pytest.raises(Conflict):
        await agents.archive_agent(database, clock, owner, agent.id)
    async with database.write() as tx:
        await tx.campaigns.set_status(campaign.id, status, CampaignStatus.CANCELLED, clock.now())
    assert (await agents.archive_agent(database, clock, owner, agent.id)).archived_at == clock.now()
    assert await agents.list_agents(database, owner) == []
    assert [each.id for each in await agents.list_agents(database, owner, archived=True)] == [agent.id]
    assert (await agents.restore_agent(database, clock, owner, agent.id)).archived_at is None


async def test_trunk_secrets_are_sealed_and_change_one_by_one(database, clock, owner):
    made = await mail_trunk(database, clock, owner, secrets={"password": "hush", "token": "t1"})
    assert "hush" not in str(made) + str(dict(made.trunk.secrets))
    await trunks.change_trunk(
        database, clock, owner, SEAL, DRIVERS, made.id, {"secrets": {"token": None, "extra": "e"}, "per_second": 2.5}
    )
    async with database.read() as tx:
        [stored] = [each for each in await tx.resources.trunks(owner.organization_id) if each.id == made.id]
    assert {name: SEAL.open(sealed) for name, sealed in stored.secrets.items()} == {"password": "hush", "extra": "e"}
    assert stored.per_second == 2.5


@pytest.mark.parametrize("channel, driver", [(Channel.VOICE, "smtp"), (Channel.SMS, "carrier pigeon")])
async def test_a_driver_must_serve_the_channel(database, clock, owner, channel, driver):
    with pytest.raises(Invalid) as refused:
        await trunks.create_trunk(database, clock, owner, SEAL, DRIVERS, channel, "T", driver)
    assert refused.value.problems[0].field == "driver"


@pytest.mark.parametrize("changes", [{"settings": {"host": "nowhere"}}, {"secrets": {"password": "guessed"}}])
async def test_the_driver_checks_a_trunk_when_it_is_saved(database, clock, owner, changes):
    with pytest.raises(Invalid, match="No such host"):
        await mail_trunk(database, clock, owner, **changes)
    made = await mail_trunk(database, clock, owner)
    with pytest.raises(Invalid, match="No such host"):
        await trunks.change_trunk(database, clock, owner, SEAL, DRIVERS, made.id, changes)
    assert (await trunks.get_trunk(database, owner, made.id)).trunk == made.trunk


async def test_trunks_are_the_owners(database, clock, owner):
    with pytest.raises(Forbidden):
        await mail_trunk(database, clock, replace(owner, role=Role.OPERATOR))


async def test_a_trunk_with_senders_or_a_past_stays(database, clock, owner):
    made = await mail_trunk(database, clock, owner)
    sender = await senders.create_sender(database, clock, owner, Channel.EMAIL, "a@example.com", made.id)
    with pytest.raises(Conflict):
        await trunks.delete_trunk(database, owner, made.id)
    await senders.delete_sender(database, owner, sender.id)
    await trunks.delete_trunk(database, owner, made.id)
    with pytest.raises(NotFound):
        await trunks.get_trunk(database, owner, made.id)


@pytest.mark.parametrize(
    "channel, written, kept",
    [
        (Channel.VOICE, "(212) 555-0123", "+12125550123"),
        (Channel.SMS, "+44 20 7946 0018", "+442079460018"),
        (Channel.EMAIL, " Hello@EXAMPLE.com ", "Hello@example.com"),
    ],
)
async def test_a_sender_has_one_spelling(database, clock, owner, channel, written, kept):
    trunk = next(each for each in await trunks.list_trunks(database, owner) if each.trunk.channel is channel)
    made = await senders.create_sender(database, clock, owner, channel, written, trunk.id)
    assert made.address == kept
    with pytest.raises(Conflict):
        await senders.create_sender(database, clock, owner, channel, kept, trunk.id)


@pytest.mark.parametrize(
    "address, trunk_id, field",
    [("12", 1, "address"), ("+12125550123", 2, "trunk_id"), ("+12125550123", 99, "trunk_id")],
)
async def test_senders_that_are_refused(database, clock, owner, address, trunk_id, field):
    with pytest.raises(Invalid) as refused:
        await senders.create_sender(database, clock, owner, Channel.VOICE, address, trunk_id)
    assert refused.value.problems[0].field == field


async def test_a_sender_in_a_pool_a_campaign_or_the_record_stays(database, clock, owner):
    pool = await senders.create_pool(database, clock, owner, Channel.VOICE, "P", [1])
    with pytest.raises(Conflict):
        await senders.delete_sender(database, owner, 1)
    await senders.delete_pool(database, owner, pool.id)
    await create_campaign(database, clock, owner, CampaignContent(name="C", channel=Channel.VOICE, sender_id=2))
    with pytest.raises(Conflict):
        await senders.delete_sender(database, owner, 2)
    await used(database, clock, owner, sender_id=3)
    with pytest.raises(Conflict):
        await senders.delete_sender(database, owner, 3)
    await senders.delete_sender(database, owner, 1)


async def test_a_used_trunk_stays(database, clock, owner):
    made = await mail_trunk(database, clock, owner)
    await used(database, clock, owner, trunk_id=made.id)
    with pytest.raises(Conflict):
        await trunks.delete_trunk(database, owner, made.id)


@pytest.mark.parametrize("members, field", [([1, 1], "sender_ids.1"), ([1, 99], "sender_ids.1"), ([4], "sender_ids.0")])
async def test_pools_that_are_refused(database, clock, owner, members, field):
    """Sender 4 is for SMS."""
    with pytest.raises(Invalid) as refused:
        await senders.create_pool(database, clock, owner, Channel.VOICE, "P", members)
    assert [problem.field for problem in refused.value.problems] == [field]


async def test_a_pool_that_a_campaign_names_stays(database, clock, owner):
    pool = await senders.create_pool(database, clock, owner, Channel.VOICE, "P", [1, 2])
    await create_campaign(database, clock, owner, CampaignContent(name="C", channel=Channel.VOICE, pool_id=pool.id))
    with pytest.raises(Conflict):
        await senders.delete_pool(database, owner, pool.id)
    changed = await senders.change_pool(database, clock, owner, pool.id, {"sender_ids": [3, 1]})
    assert (changed.sender_ids, changed.rotation) == ((3, 1), Rotation.ROUND_ROBIN)


async def test_what_the_engine_is_given(database, clock, owner):
    pool = await senders.create_pool(database, clock, owner, Channel.VOICE, "P", [3, 1], Rotation.LEAST_RECENTLY_USED)

    async def given(sender_id=None, pool_id=None, channel=Channel.VOICE):
        async with database.read() as tx:
            rotation, found = await tx.resources.senders_for(owner.organization_id, channel, sender_id, pool_id)
        return rotation, [sender.id for sender in found]

    assert await given() == (Rotation.ROUND_ROBIN, [1, 2, 3])
    assert await given(sender_id=2) == (Rotation.ROUND_ROBIN, [2])
    assert await given(pool_id=pool.id) == (Rotation.LEAST_RECENTLY_USED, [3, 1])
    assert await given(pool_id=999) == (Rotation.ROUND_ROBIN, [])
    assert await given(sender_id=2, channel=Channel.SMS) == (Rotation.ROUND_ROBIN, [])
    await senders.change_sender(database, clock, owner, 3, {"enabled": False})
    assert await given(pool_id=pool.id) == (Rotation.LEAST_RECENTLY_USED, [1])
    await trunks.change_trunk(database, clock, owner, SEAL, DRIVERS, 1, {"enabled": False})
    assert await given() == (Rotation.ROUND_ROBIN, [])


async def test_an_agents_secrets_are_sealed_at_rest_and_masked_when_read(database, clock, owner):
    config = {"llm": {"api_key": "sk-secret"}, "tools": [{"headers": {"Authorization": "Bearer t"}}]}
    made = await agents.create_agent(database, clock, owner, "Ada", config, seal=SEAL)
    copy = await agents.create_agent(database, clock, owner, "Bea", made.config, seal=SEAL, copy_of=made.id)
    await agents.change_agent(database, clock, owner, made.id, {"name": "Eve", "config": made.config}, seal=SEAL)
    await agents.archive_agent(database, clock, owner, made.id)
    await agents.restore_agent(database, clock, owner, made.id)
    for agent_id in (made.id, copy.id):
        read = await agents.get_agent(database, owner, agent_id)
        assert read.config["llm"] == {"api_key": "********"}
        async with database.read() as tx:
            stored = await tx.resources.sealed_config(owner.organization_id, agent_id)
        assert "secret" not in str(stored)
        assert SEAL.open(stored["llm"]["api_key"].removeprefix("sealed:")) == "sk-secret"
