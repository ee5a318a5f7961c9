"""Endpoints and their messages, as people handle them: checked, sealed, scoped, replayed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clarion.app import webhooks
from clarion.app.actor import Actor, Role
from clarion.app.ports.clock import Clock
from clarion.app.ports.outbox import Delivery, MessageFilters, MessageState, Verdict
from clarion.app.refusals import Conflict, Forbidden, Invalid, NotFound
from clarion.app.webhooks import EndpointDraft, EndpointRules, Issued
from clarion.core.events import EventType, Happening, messages_for
from clarion.core.outcomes import Outcome
from clarion.store import schema
from clarion.store.database import Database
from clarion.wire.secrets import Seal

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
RULES = EndpointRules()
DRAFT = EndpointDraft("https://hooks.example.com/a")
OWNER, VIEWER, STRANGER = Actor(1, 1, Role.OWNER), Actor(1, 2, Role.VIEWER), Actor(2, 3, Role.OWNER)
SEAL = Seal(Seal.new_key())
LATER = timedelta(minutes=2)


@pytest.fixture
async def ledger(database: Database) -> Database:
    """Two organisations."""
    async with database.write() as tx:
        await tx.session.insert_many(
            schema.organizations,
            [{"id": n, "name": f"o{n}", "settings": {}, "created_at": NOW} for n in (1, 2)],
        )
    return database


async def _create(ledger: Database, clock: Clock, actor: Actor = OWNER, **draft: Any) -> Issued:
    return await webhooks.create_endpoint(ledger, clock, SEAL, actor, replace(DRAFT, **draft), RULES)


async def _tell(ledger: Database, issued: Issued, *events: EventType, at: datetime = NOW) -> list[int]:
    happenings = [Happening(event, issued.endpoint.organization_id, at, 7, contact_id=70) for event in events]
    async with ledger.write() as tx:
        return list(await tx.outbox.put(messages_for([issued.endpoint], happenings, at)))


async def _settle(ledger: Database, ids: list[int], dead: bool) -> None:
    """What a courier leaves behind: delivered, or given up."""
    async with ledger.write() as tx:
        claimed = await tx.outbox.claim(
            {lane.endpoint_id: 100 for lane in await tx.outbox.lanes()}, 1, NOW + timedelta(days=9), NOW + LATER
        )
        mine = [message for message in claimed if message.id in ids]
        if dead:
            await tx.outbox.set_failed([Verdict(m.id, 11, None, "HTTP 500.", NOW + LATER) for m in mine])
        else:
            await tx.outbox.set_delivered([m.id for m in mine], NOW)
        await tx.outbox.give_back([replace(m, lease_until=NOW + LATER) for m in claimed if m.id not in ids], NOW)
        await tx.outbox.log(
            [
                Delivery(1, m.endpoint_id, m.id, NOW, 500 if dead else 200, "HTTP 500." if dead else None, 12)
                for m in mine
            ]
        )


async def test_the_secret_is_answered_once_and_sealed_at_rest(ledger: Database, clock: Clock) -> None:
    issued = await _create(ledger, clock)
    assert issued.secret.startswith("whsec_")
    assert issued.secret not in repr(issued)
    async with ledger.read() as tx:
        row = (await tx.session.execute(schema.webhook_endpoints.select())).one()
        sealed = (await tx.outbox.secrets_of([issued.endpoint.id]))[issued.endpoint.id]
    assert issued.secret.removeprefix("whsec_") not in str(row)
    assert SEAL.open(row.sealed_secret) == issued.secret
    assert row.sealed_secret not in repr(sealed)
    assert await webhooks.get_endpoint(ledger, OWNER, issued.endpoint.id) == issued.endpoint


@pytest.mark.parametrize(
    "draft, fields",
    [
        ({"url": "http://hooks.example.com/"}, ["url"]),
        ({"url": "https://10.0.0.1/"}, ["url"]),
        ({"method": "DELETE"}, ["method"]),
        ({"format": "nobody"}, ["format"]),
        ({"events": ["attempt.ended", "attempt.exploded"]}, ["events.1"]),
        ({"outcomes": ["busy", "happy", "sad"]}, ["outcomes.1", "outcomes.2"]),
        ({"url": "nonsense", "method": "GET"}, ["url", "method"]),
    ],
)
async def test_every_problem_is_named(ledger: Database, clock: Clock, draft: dict[str, Any], fields: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        await _create(ledger, clock, **draft)
    assert [problem.field for problem in refused.value.problems] == fields
    issued = await _create(ledger, clock)
    with pytest.raises(Invalid):
        await webhooks.change_endpoint(ledger, clock, OWNER, issued.endpoint.id, replace(DRAFT, **draft), RULES)
    assert await webhooks.list_endpoints(ledger, OWNER) == [issued.endpoint]


async def test_a_clients_own_secret_must_be_one(ledger: Database, clock: Clock) -> None:
    with pytest.raises(Invalid) as refused:
        await webhooks.create_endpoint(ledger, clock, SEAL, OWNER, DRAFT, RULES, secret="hunter2")
    assert refused.value.problems[0].field == "secret"
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("draft", [{"campaign_id": 99}, {"agent_id": 99}])
async def test_what_it_listens_to_must_be_there(ledger: Database, clock: Clock, draft: dict[str, Any]) -> None:
    with pytest.raises(NotFound):
        await _create(ledger, clock, **draft)


async def test_a_change_keeps_what_the_draft_does_not_say(ledger: Database, clock: Clock) -> None:
    issued = await _create(ledger, clock, events=["contact.finished"], outcomes=["busy"], extras={"x": 1})
    draft = replace(webhooks.draft_of(issued.endpoint), method="PATCH")
    await webhooks.change_endpoint(ledger, clock, OWNER, issued.endpoint.id, draft, RULES)
    read = await webhooks.get_endpoint(ledger, OWNER, issued.endpoint.id)
    assert read == replace(issued.endpoint, method="PATCH")
    assert (read.events, read.outcomes) == ({EventType.CONTACT_FINISHED}, {Outcome.BUSY})


async def test_foreign_things_look_missing(ledger: Database, clock: Clock) -> None:
    issued = await _create(ledger, clock)
    (message_id,) = await _tell(ledger, issued, EventType.ATTEMPT_ENDED)
    id_ = issued.endpoint.id
    for attempt in (
        webhooks.get_endpoint(ledger, STRANGER, id_),
        webhooks.change_endpoint(ledger, clock, STRANGER, id_, DRAFT, RULES),
        webhooks.rotate_secret(ledger, clock, SEAL, STRANGER, id_),
        webhooks.disable_endpoint(ledger, clock, STRANGER, id_),
        webhooks.enable_endpoint(ledger, clock, STRANGER, id_),
        webhooks.delete_endpoint(ledger, clock, STRANGER, id_),
        webhooks.ping_endpoint(ledger, clock, STRANGER, id_),
        webhooks.get_message(ledger, STRANGER, message_id),
        webhooks.replay_message(ledger, clock, STRANGER, message_id),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert await webhooks.list_endpoints(ledger, STRANGER) == []
    assert await webhooks.list_messages(ledger, STRANGER, MessageFilters()) == []
    assert await webhooks.list_deliveries(ledger, STRANGER, message_id=message_id) == []
    assert await webhooks.replay_messages(ledger, clock, STRANGER, MessageFilters(ids=frozenset({message_id}))) == 0


async def test_viewers_look_and_no_more(ledger: Database, clock: Clock) -> None:
    issued = await _create(ledger, clock)
    id_ = issued.endpoint.id
    for attempt in (
        webhooks.create_endpoint(ledger, clock, SEAL, VIEWER, DRAFT, RULES),
        webhooks.change_endpoint(ledger, clock, VIEWER, id_, DRAFT, RULES),
        webhooks.rotate_secret(ledger, clock, SEAL, VIEWER, id_),
        webhooks.disable_endpoint(ledger, clock, VIEWER, id_),
        webhooks.enable_endpoint(ledger, clock, VIEWER, id_),
        webhooks.delete_endpoint(ledger, clock, VIEWER, id_),
        webhooks.ping_endpoint(ledger, clock, VIEWER, id_),
        webhooks.replay_message(ledger, clock, VIEWER, 1),
        webhooks.replay_messages(ledger, clock, VIEWER, MessageFilters(endpoint_id=id_)),
    ):
        with pytest.raises(Forbidden):
            await attempt
    assert await webhooks.list_endpoints(ledger, VIEWER) == [issued.endpoint]


async def test_endpoints_are_paged_and_the_recorder_sees_only_its_own(ledger: Database, clock: Clock) -> None:
    ids = [(await _create(ledger, clock)).endpoint.id for _ in range(5)]
    foreign = await _create(ledger, clock, STRANGER)
    await webhooks.disable_endpoint(ledger, clock, OWNER, ids[0])
    first = await webhooks.list_endpoints(ledger, OWNER, limit=3)
    rest = await webhooks.list_endpoints(ledger, OWNER, after=first[-1].id, limit=3)
    assert [endpoint.id for endpoint in (*first, *rest)] == ids
    async with ledger.read() as tx:
        assert [endpoint.id for endpoint in await tx.outbox.endpoints_for(1)] == ids[1:]
        assert [endpoint.id for endpoint in await tx.outbox.endpoints_for(2)] == [foreign.endpoint.id]


async def test_rotation_keeps_the_previous_secret_unless_it_leaked(ledger: Database, clock: Clock) -> None:
    issued = await _create(ledger, clock)
    id_ = issued.endpoint.id
    second = await webhooks.rotate_secret(ledger, clock, SEAL, OWNER, id_)
    assert second.endpoint.previous_until == NOW + timedelta(hours=24)
    async with ledger.read() as tx:
        kept = (await tx.outbox.secrets_of([id_]))[id_]
    assert (SEAL.open(kept.current), SEAL.open(kept.previous or "")) == (second.secret, issued.secret)
    leaked = await webhooks.rotate_secret(ledger, clock, SEAL, OWNER, id_, keep_previous=timedelta())
    async with ledger.read() as tx:
        kept = (await tx.outbox.secrets_of([id_]))[id_]
    assert (SEAL.open(kept.current), kept.previous, leaked.endpoint.previous_until) == (leaked.secret, None, None)


async def test_a_deleted_endpoint_leaves_its_log_and_no_secret(ledger: Database, clock: Clock) -> None:
    issued = await _create(ledger, clock)
    await webhooks.rotate_secret(ledger, clock, SEAL, OWNER, issued.endpoint.id)
    (told,) = await _tell(ledger, issued, EventType.ATTEMPT_ENDED)
    await _settle(ledger, [told], dead=False)
    (pending,) = await _tell(ledger, issued, EventType.CONTACT_FINISHED)
    await webhooks.delete_endpoint(ledger, clock, OWNER, issued.endpoint.id)
    with pytest.raises(NotFound):
        await webhooks.get_endpoint(ledger, OWNER, issued.endpoint.id)
    assert await webhooks.list_endpoints(ledger, OWNER) == []
    async with ledger.read() as tx:
        row = (await tx.session.execute(schema.webhook_endpoints.select())).one()
    assert (row.sealed_secret, row.sealed_previous_secret) == ("", None)
    assert [line.message_id for line in await webhooks.list_deliveries(ledger, OWNER)] == [told]
    dead = await webhooks.get_message(ledger, OWNER, pending)
    assert (dead.state, dead.last_error) == ("dead", "The endpoint was deleted.")
    with pytest.raises(Conflict) as refused:
        await webhooks.replay_message(ledger, clock, OWNER, pending)
    assert refused.value.code == "endpoint_deleted"


async def test_a_disabled_endpoint_hears_nothing_until_it_is_enabled(ledger: Database, clock: Clock) -> None:
    issued = await _create(ledger, clock)
    (message_id,) = await _tell(ledger, issued, EventType.ATTEMPT_ENDED)
    await webhooks.disable_endpoint(ledger, clock, OWNER, issued.endpoint.id, "maintenance")
    assert (await webhooks.get_message(ledger, OWNER, message_id)).state == "dead"
    for attempt in (
        webhooks.replay_message(ledger, clock, OWNER, message_id),
        webhooks.ping_endpoint(ledger, clock, OWNER, issued.endpoint.id),
    ):
        with pytest.raises(Conflict) as refused:
            await attempt
        assert refused.value.code == "endpoint_disabled"
    everything = MessageFilters(endpoint_id=issued.endpoint.id)
    assert await webhooks.replay_messages(ledger, clock, OWNER, everything) == 0
    enabled = await webhooks.enable_endpoint(ledger, clock, OWNER, issued.endpoint.id)
    assert (enabled.disabled_at, enabled.disabled_reason) == (None, None)
    assert await webhooks.replay_messages(ledger, clock, OWNER, everything) == 1


async def test_a_ping_passes_every_filter(ledger: Database, clock: Clock) -> None:
    issued = await _create(ledger, clock, events=["contact.finished"], outcomes=["busy"])
    sent = await webhooks.ping_endpoint(ledger, clock, OWNER, issued.endpoint.id)
    assert (sent.event, sent.state, sent.next_at) == (EventType.WEBHOOK_TEST, "pending", NOW)
    assert sent.payload["data"]["endpoint_id"] == issued.endpoint.id


async def test_dead_letters_are_listed_the_newest_first_in_pages(ledger: Database, clock: Clock) -> None:
    issued = await _create(ledger, clock)
    dead = await _tell(ledger, issued, *[EventType.ATTEMPT_ENDED] * 5)
    await _settle(ledger, dead, dead=True)
    await _tell(ledger, issued, EventType.CONTACT_FINISHED)
    first = await webhooks.dead_letters(ledger, OWNER, limit=3)
    rest = await webhooks.dead_letters(ledger, OWNER, cursor=first[-1].id, limit=3)
    assert [message.id for message in (*first, *rest)] == dead[::-1]
    assert {message.last_error for message in first} == {"HTTP 500."}
    lines = await webhooks.list_deliveries(ledger, OWNER, endpoint_id=issued.endpoint.id, limit=2)
    more = await webhooks.list_deliveries(ledger, OWNER, endpoint_id=issued.endpoint.id, cursor=lines[-1].id)
    assert sorted(line.message_id for line in (*lines, *more)) == dead
    assert [line.message_id for line in await webhooks.list_deliveries(ledger, OWNER, message_id=dead[2])] == [dead[2]]


@pytest.mark.parametrize(
    "filters, expected",
    [
        (MessageFilters(events=frozenset({EventType.CONTACT_FINISHED})), [1, 3]),
        (MessageFilters(since=NOW + timedelta(hours=1)), [2, 3]),
        (MessageFilters(until=NOW + timedelta(hours=1)), [0, 1]),
        (MessageFilters(since=NOW, until=NOW), []),
        (MessageFilters(states=frozenset({MessageState.DEAD})), [0, 1]),
        (MessageFilters(states=frozenset({MessageState.DELIVERED}), contact_id=70), [2, 3]),
        (MessageFilters(campaign_id=8), []),
    ],
)
async def test_replays_by_event_range_and_state(
    ledger: Database, clock: Clock, filters: MessageFilters, expected: list[int]
) -> None:
    issued = await _create(ledger, clock)
    kinds = (EventType.ATTEMPT_ENDED, EventType.CONTACT_FINISHED)
    early = await _tell(ledger, issued, *kinds)
    await _settle(ledger, early, dead=True)
    late = await _tell(ledger, issued, *kinds, at=NOW + timedelta(hours=1))
    await _settle(ledger, late, dead=False)
    ids = [*early, *late]
    assert await webhooks.replay_messages(ledger, clock, OWNER, filters) == len(expected)
    pending = MessageFilters(states=frozenset({MessageState.PENDING}))
    again = await webhooks.list_messages(ledger, OWNER, pending)
    assert sorted(message.id for message in again) == [ids[n] for n in expected]
    assert {(m.tries, m.next_at, m.delivered_at) for m in again} <= {(0, NOW, None)}


async def test_a_replay_of_everything_by_accident_is_refused(ledger: Database, clock: Clock) -> None:
    with pytest.raises(Invalid):
        await webhooks.replay_messages(ledger, clock, OWNER, MessageFilters())


async def test_a_message_in_a_couriers_hands_is_left_there(ledger: Database, clock: Clock) -> None:
    issued = await _create(ledger, clock)
    (message_id,) = await _tell(ledger, issued, EventType.ATTEMPT_ENDED)
    async with ledger.write() as tx:
        (claimed,) = await tx.outbox.claim({issued.endpoint.id: 5}, 1, NOW, NOW + LATER)
        assert await tx.outbox.claim({issued.endpoint.id: 5}, 2, NOW, NOW + LATER) == []
    with pytest.raises(Conflict) as refused:
        await webhooks.replay_message(ledger, clock, OWNER, message_id)
    assert refused.value.code == "being_delivered"
    async with ledger.write() as tx:
        await tx.outbox.set_failed([Verdict(claimed.id, 1, NOW + timedelta(hours=5), "HTTP 500.", NOW + LATER)])
    waiting = await webhooks.get_message(ledger, OWNER, message_id)
    assert (waiting.tries, waiting.next_at) == (1, NOW + timedelta(hours=5))
    by_hand = await webhooks.replay_message(ledger, clock, OWNER, message_id)
    assert (by_hand.tries, by_hand.next_at) == (0, NOW)


async def test_lanes_hop_from_endpoint_to_endpoint(ledger: Database, clock: Clock) -> None:
    async with ledger.read() as tx:
        assert await tx.outbox.lanes() == []
    issued = [await _create(ledger, clock, actor) for actor in (OWNER, STRANGER, OWNER)]
    for n, one in ((0, issued[2]), (1, issued[0]), (2, issued[0])):
        await _tell(ledger, one, EventType.ATTEMPT_ENDED, at=NOW + timedelta(hours=n))
    async with ledger.read() as tx:
        lanes = [(lane.endpoint_id, lane.first_at) for lane in await tx.outbox.lanes()]
    assert lanes == [(issued[2].endpoint.id, NOW), (issued[0].endpoint.id, NOW + timedelta(hours=1))]


async def test_a_batch_of_five_hundred_is_one_write(ledger: Database, clock: Clock) -> None:
    issued = await _create(ledger, clock)
    ids = await _tell(ledger, issued, *[EventType.ATTEMPT_ENDED] * 500)
    assert len(set(ids)) == 500
    assert len(await webhooks.list_messages(ledger, OWNER, MessageFilters(), limit=1000)) == webhooks.LARGEST_PAGE
