"""Webhooks over real sockets: taken, refused, slow, gone, crashed, doubled, replayed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from webhook_receiver import Answer, Receiver

from clarion.app.actor import Actor, Role
from clarion.app.deliver import Parcel, Reply
from clarion.app.ports.ledger import Tx
from clarion.app.ports.outbox import Delivery, Message, MessageFilters, MessageState
from clarion.app.webhooks import (
    EndpointDraft,
    EndpointRules,
    Issued,
    change_endpoint,
    create_endpoint,
    delete_endpoint,
    draft_of,
    get_endpoint,
    list_deliveries,
    list_messages,
    replay_message,
    rotate_secret,
)
from clarion.core.backoff import DELAYS
from clarion.core.events import EventType, Happening, messages_for
from clarion.core.outcomes import Outcome
from clarion.engine.courier import Courier, CourierLimits, Post
from clarion.engine.webhook_post import WebhookPost
from clarion.store import schema
from clarion.store.database import Database
from clarion.wire.secrets import Seal

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
LOCAL = (ip_network("127.0.0.0/8"),)
RULES = EndpointRules(
    allow_http=True, allow_private=LOCAL, formats=frozenset({"native", "shouting", "choosy", "broken"})
)
ACTOR = Actor(1, 1, Role.OWNER)


@dataclass
class At:
    """A clock that a test sets."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


class Wall:
    """The receivers' clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class World:
    """An organisation, a receiver, and couriers to it."""

    ledger: Database
    receiver: Receiver
    seal: Seal
    clock: At
    post: WebhookPost

    async def endpoint(self, path: str = "/hook", **draft: Any) -> Issued:
        """An endpoint at the receiver."""
        url = draft.pop("url", self.receiver.url(path))
        return await create_endpoint(self.ledger, self.clock, self.seal, ACTOR, EndpointDraft(url, **draft), RULES)

    async def tell(self, *issued: Issued, count: int = 1) -> None:
        """`count` attempts ended, and are told to these endpoints."""
        now = self.clock.at
        ended = [
            Happening(EventType.ATTEMPT_ENDED, 1, now, 7, 70, n, n, outcome=Outcome.BUSY, data={"attempt_number": 1})
            for n in range(count)
        ]
        async with self.ledger.write() as tx:
            await tx.outbox.put(messages_for([one.endpoint for one in issued], ended, now))

    def courier(self, post: Post | None = None, worker_id: int = 1, **limits: Any) -> Courier:
        """A courier of its own."""
        return Courier(
            self.ledger,
            self.seal,
            Wall(),
            worker_id,
            post or self.post,
            formats={"shouting": Shouting(), "choosy": Choosy(), "broken": Broken()},
            limits=replace(CourierLimits(), **limits),
        )

    async def run(self, courier: Courier, now: datetime | None = None) -> datetime | None:
        """Step until nothing more is to be done at `now`; when the next is due."""
        self.clock.at = now or self.clock.at
        for _ in range(2000):
            next_at = await courier.step(self.clock.at)
            if next_at is None or next_at > self.clock.at:
                return next_at
        raise AssertionError("the courier never rests")

    async def messages(self) -> list[Message]:
        """All messages, the first first."""
        return (await list_messages(self.ledger, ACTOR, MessageFilters(), limit=500))[::-1]

    async def deliveries(self) -> list[Delivery]:
        """The log, the first first."""
        return (await list_deliveries(self.ledger, ACTOR, limit=500))[::-1]


class Shouting:
    """A vendor's format."""

    async def bodies(self, tx: Tx, messages: Sequence[Message]) -> Sequence[bytes]:
        return [json.dumps({"EVENT": message.event.upper()}).encode() for message in messages]


class Choosy:
    """A vendor's format that has nothing to say of most messages."""

    async def bodies(self, tx: Tx, messages: Sequence[Message]) -> Sequence[bytes | None]:
        return [b"{}" if message.attempt_id == 1 else None for message in messages]


class Broken:
    """A vendor's format with a bug."""

    async def bodies(self, tx: Tx, messages: Sequence[Message]) -> Sequence[bytes]:
        raise KeyError("lead")


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async with database.write() as tx:
        await tx.session.insert_many(schema.organizations, [{"id": 1, "name": "o", "settings": {}, "created_at": NOW}])
    receiver = Receiver()
    await receiver.start()
    post = WebhookPost(allow_private=LOCAL, timeout=timedelta(seconds=1))
    yield World(database, receiver, Seal(Seal.new_key()), At(), post)
    await post.close()
    await receiver.stop()


async def test_a_message_arrives_signed(world: World) -> None:
    issued = await world.endpoint(method="PUT")
    await world.tell(issued)
    assert await world.run(world.courier()) is None
    (got,) = world.receiver.got
    assert (got.method, got.path, got.headers["content-type"]) == ("PUT", "/hook", "application/json")
    assert got.headers["host"] == f"127.0.0.1:{world.receiver.port}"
    body = Webhook(issued.secret).verify(got.body, got.headers)
    assert (body["type"], body["timestamp"]) == ("attempt.ended", "2026-11-23T15:00:00+00:00")
    assert body["data"] == {
        "attempt_number": 1,
        "organization_id": 1,
        "campaign_id": 7,
        "batch_id": 70,
        "contact_id": 0,
        "attempt_id": 0,
        "outcome": "busy",
    }
    (message,) = await world.messages()
    assert (message.state, message.tries, message.next_at, message.delivered_at) == ("delivered", 1, None, NOW)
    assert got.headers["webhook-id"] == f"msg_{message.id}"
    (line,) = await world.deliveries()
    assert (line.message_id, line.status, line.error, line.at) == (message.id, 200, None, NOW)


async def test_a_refused_message_comes_again_with_the_same_id(world: World) -> None:
    world.receiver.script["/hook"] = [Answer(500), Answer(200)]
    await world.tell(await world.endpoint())
    courier = world.courier()
    next_at = await world.run(courier)
    assert next_at is not None
    assert timedelta(seconds=5) <= next_at - NOW <= timedelta(seconds=6)
    assert [m.last_error for m in await world.messages()] == ["HTTP 500."]
    assert await world.run(courier, next_at) is None
    assert len(world.receiver.ids()) == 2
    assert len(set(world.receiver.ids())) == 1
    assert [(line.status, line.error) for line in await world.deliveries()] == [(500, "HTTP 500."), (200, None)]
    assert [(m.state, m.tries) for m in await world.messages()] == [("delivered", 2)]


async def test_a_receiver_that_is_busy_says_when_to_come_back(world: World) -> None:
    world.receiver.script["/hook"] = [Answer(429, (("Retry-After", "600"),))]
    await world.tell(await world.endpoint())
    assert await world.run(world.courier()) == NOW + timedelta(minutes=10)


async def test_gone_disables_the_endpoint(world: World) -> None:
    world.receiver.script["/hook"] = [Answer(410)]
    issued = await world.endpoint()
    await world.tell(issued, count=20)
    courier = world.courier(per_endpoint=1, ahead=2)
    assert await world.run(courier) is None
    endpoint = await get_endpoint(world.ledger, ACTOR, issued.endpoint.id)
    assert (endpoint.disabled_at, endpoint.disabled_reason) == (NOW, "The receiver answered 410 Gone.")
    assert {m.state for m in await world.messages()} == {"dead"}
    assert len(world.receiver.got) < 20
    async with world.ledger.read() as tx:
        assert await tx.outbox.endpoints_for(1) == []


@pytest.mark.parametrize(
    "answer, error",
    [
        (Answer(hang=True), "No answer within 1 s."),
        (Answer(302, (("Location", "/secret"),)), "HTTP 302: redirects are not followed."),
        (Answer(307, (("Location", "http://169.254.169.254/"),)), "HTTP 307: redirects are not followed."),
        (Answer(404), "HTTP 404."),
        (Answer(500, endless=True), "HTTP 500."),
    ],
)
async def test_what_is_not_taken_is_tried_again(world: World, answer: Answer, error: str) -> None:
    world.receiver.script["/hook"] = [answer]
    await world.tell(await world.endpoint())
    next_at = await world.run(world.courier())
    assert next_at is not None
    assert [(m.state, m.last_error) for m in await world.messages()] == [("pending", error)]
    assert [got.path for got in world.receiver.got] == ["/hook"]


async def test_an_endless_answer_is_cut_off(world: World) -> None:
    world.receiver.script["/hook"] = [Answer(200, endless=True)]
    await world.tell(await world.endpoint())
    assert await world.run(world.courier()) is None
    assert [m.state for m in await world.messages()] == ["delivered"]
    await asyncio.sleep(0.05)
    assert world.receiver.sent_bytes < 20_000_000


async def test_nobody_listens(world: World) -> None:
    url = world.receiver.url()
    await world.receiver.stop()
    await world.tell(await world.endpoint(url=url))
    await world.run(world.courier())
    ((state, error),) = [(m.state, m.last_error) for m in await world.messages()]
    assert state == "pending"
    assert error


async def test_a_private_address_is_refused_when_connecting(world: World) -> None:
    url = world.receiver.url().replace("127.0.0.1", "localhost")
    await world.tell(await world.endpoint(url=url))
    strict = WebhookPost()
    await world.run(world.courier(strict))
    await strict.close()
    assert world.receiver.got == []
    (message,) = await world.messages()
    assert "Refused: localhost leads to" in (message.last_error or "")
    assert "127.0.0.1 (loopback)" in (message.last_error or "")


async def test_every_try_fails_then_it_is_dead_and_a_replay_brings_it_back(world: World) -> None:
    world.receiver.script["/hook"] = [Answer(503)] * (len(DELAYS) + 1) + [Answer(200)]
    await world.tell(await world.endpoint())
    courier = world.courier()
    next_at: datetime | None = NOW
    while next_at is not None:
        next_at = await world.run(courier, next_at)
    (message,) = await world.messages()
    assert (message.state, message.tries) == (MessageState.DEAD, len(DELAYS) + 1)
    assert timedelta(days=3) <= world.clock.at - NOW <= timedelta(days=4)
    again = await replay_message(world.ledger, world.clock, ACTOR, message.id)
    assert (again.state, again.tries) == ("pending", 0)
    assert await world.run(courier) is None
    assert [m.state for m in await world.messages()] == ["delivered"]
    assert len(set(world.receiver.ids())) == 1
    assert len(await world.deliveries()) == len(DELAYS) + 2


async def test_a_crash_between_claim_and_record_means_the_same_message_again(world: World) -> None:
    await world.tell(await world.endpoint())

    async def deliver_and_die(parcel: Parcel, at: datetime) -> Reply:
        await world.post(parcel, at)
        await asyncio.Event().wait()
        raise AssertionError

    crashed = world.courier(deliver_and_die, worker_id=1)
    assert await crashed.step(NOW) == NOW
    assert len(world.receiver.got) == 1
    survivor = world.courier(worker_id=2)
    lease_end = await world.run(survivor, NOW + timedelta(seconds=60))
    assert lease_end == NOW + CourierLimits().lease
    assert len(world.receiver.got) == 1
    assert await world.run(survivor, lease_end) is None
    assert len(world.receiver.got) == 2
    assert len(set(world.receiver.ids())) == 1
    assert [m.state for m in await world.messages()] == ["delivered"]
    await crashed.close(lease_end, timedelta())


async def test_a_courier_whose_claim_ran_out_cannot_fail_the_message(world: World) -> None:
    await world.tell(await world.endpoint())
    finish = asyncio.Event()

    async def fail_late(parcel: Parcel, at: datetime) -> Reply:
        await finish.wait()
        return Reply(parcel.message, parcel.endpoint.url, 500, "HTTP 500.")

    late = world.courier(fail_late)
    await late.step(NOW)
    world.receiver.script["/hook"] = [Answer(503)]
    other = world.courier(worker_id=2)
    after_lease = NOW + CourierLimits().lease
    due = await world.run(other, after_lease)
    finish.set()
    await late.step(after_lease)
    await late.step(after_lease)
    assert [(m.tries, m.next_at, m.last_error) for m in await world.messages()] == [(1, due, "HTTP 503.")]
    assert len(await world.deliveries()) == 2


async def test_closing_gives_back_what_was_not_sent(world: World) -> None:
    await world.tell(await world.endpoint(), count=10)

    async def never(parcel: Parcel, at: datetime) -> Reply:
        await asyncio.Event().wait()
        raise AssertionError

    closing = world.courier(never, per_endpoint=2)
    await closing.step(NOW)
    await closing.close(NOW, timedelta())
    assert await world.run(world.courier(worker_id=2)) is None
    assert {m.state for m in await world.messages()} == {"delivered"}
    assert len(world.receiver.got) == 10


async def test_rotation_signs_with_both_secrets_for_a_day(world: World) -> None:
    old = await world.endpoint()
    new = await rotate_secret(world.ledger, world.clock, world.seal, ACTOR, old.endpoint.id)
    assert new.secret != old.secret
    courier = world.courier()
    for hours in (0, 23, 25):
        world.clock.at = NOW + timedelta(hours=hours)
        await world.tell(new)
        await world.run(courier)
    first, second, third = world.receiver.got
    for got in (first, second):
        Webhook(old.secret).verify(got.body, got.headers)
        Webhook(new.secret).verify(got.body, got.headers)
    Webhook(new.secret).verify(third.body, third.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old.secret).verify(third.body, third.headers)


async def test_slow_receivers_starve_nobody(world: World) -> None:
    world.receiver.script |= {f"/slow{n}": [Answer(hang=True)] for n in range(5)}
    slow = [await world.endpoint(f"/slow{n}") for n in range(5)]
    quick = await world.endpoint("/quick")
    patient = WebhookPost(allow_private=LOCAL, timeout=timedelta(seconds=2))
    courier = world.courier(patient, at_once=4, per_endpoint=2, patience=timedelta(milliseconds=20))
    await world.tell(*slow, count=40)
    while sum(1 for line in await world.deliveries() if line.status is None) < 6:  # by now it knows who is slow
        await courier.step(NOW)
    await world.tell(quick, count=40)
    started = time.monotonic()
    while len(world.receiver.ids("/quick")) < 40:
        await courier.step(NOW)
        assert time.monotonic() - started < 0.5, "the quick receiver waits for the slow ones"
    await courier.close(NOW, timedelta())
    await patient.close()


async def test_two_couriers_deliver_each_message_once(world: World) -> None:
    endpoints = [await world.endpoint(f"/{n}") for n in range(3)]
    await world.tell(*endpoints, count=60)
    patient = WebhookPost(allow_private=LOCAL, timeout=timedelta(seconds=20))
    await asyncio.gather(*(world.run(world.courier(patient, worker_id=n, ahead=7)) for n in (1, 2)))
    await patient.close()
    ids = [got.headers["webhook-id"] for got in world.receiver.got]
    assert len(ids) == len(set(ids)) == 180
    assert {m.state for m in await world.messages()} == {"delivered"}


async def test_a_vendor_words_its_own_payload_and_a_broken_one_harms_only_itself(world: World) -> None:
    loud = await world.endpoint("/loud", format="shouting")
    broken = await world.endpoint("/broken", format="broken")
    plain = await world.endpoint("/plain")
    await world.tell(loud, broken, plain)
    await world.run(world.courier())
    bodies = {got.path: json.loads(got.body) for got in world.receiver.got}
    assert bodies["/loud"] == {"EVENT": "ATTEMPT.ENDED"}
    assert bodies["/plain"]["type"] == "attempt.ended"
    by_endpoint = {m.endpoint_id: m for m in await world.messages()}
    assert by_endpoint[broken.endpoint.id].state == "pending"
    assert "KeyError: 'lead'" in (by_endpoint[broken.endpoint.id].last_error or "")


async def test_a_secret_sealed_with_another_key_harms_only_its_endpoint(world: World) -> None:
    stranger = await create_endpoint(
        world.ledger, world.clock, Seal(Seal.new_key()), ACTOR, EndpointDraft(world.receiver.url("/a")), RULES
    )
    await world.tell(stranger, await world.endpoint("/b"))
    await world.run(world.courier())
    assert [got.path for got in world.receiver.got] == ["/b"]
    assert [m.state for m in await world.messages()] == ["pending", "delivered"]


async def test_messages_written_while_an_endpoint_is_deleted_die(world: World) -> None:
    issued = await world.endpoint()
    await world.tell(issued)
    await delete_endpoint(world.ledger, world.clock, ACTOR, issued.endpoint.id)
    await world.tell(issued)  # by a recorder that still remembers the endpoint
    assert await world.run(world.courier()) is None
    assert world.receiver.got == []
    assert {m.state for m in await world.messages()} == {"dead"}


async def test_a_changed_url_is_where_old_messages_go(world: World) -> None:
    issued = await world.endpoint("/old")
    await world.tell(issued)
    draft = replace(draft_of(issued.endpoint), url=world.receiver.url("/new"))
    await change_endpoint(world.ledger, world.clock, ACTOR, issued.endpoint.id, draft, RULES)
    await world.run(world.courier())
    assert [got.path for got in world.receiver.got] == ["/new"]


async def test_while_something_is_in_the_air_a_virtual_clock_stands_still(world: World) -> None:
    world.receiver.script["/hook"] = [Answer(hang=True)]
    await world.tell(await world.endpoint())
    courier = world.courier(patience=timedelta(milliseconds=10))
    assert await courier.step(NOW) == NOW
    assert await courier.step(NOW) == NOW
    next_at = await world.run(courier)
    assert next_at is not None
    assert next_at > NOW


async def test_a_clock_that_leaps_over_the_lease_sends_nothing_twice(world: World) -> None:
    world.receiver.script["/hook"] = [Answer(hang=True)]
    await world.tell(await world.endpoint())
    courier = world.courier(patience=timedelta(milliseconds=10))
    await courier.step(NOW)
    for minutes in (2, 4, 6):
        await courier.step(NOW + timedelta(minutes=minutes))
    assert len(world.receiver.got) == 1
    await courier.close(NOW, timedelta())


async def test_what_waited_too_long_behind_others_is_claimed_anew(world: World) -> None:
    await world.tell(await world.endpoint(), count=3)
    begun: list[int] = []

    async def slow(parcel: Parcel, at: datetime) -> Reply:
        begun.append(parcel.message.id)
        await asyncio.sleep(0.25)
        return Reply(parcel.message, parcel.endpoint.url, 200, None)

    courier = world.courier(slow, at_once=1, lease=timedelta(seconds=0.4), patience=timedelta(seconds=2))
    await courier.step(NOW)
    assert len(begun) == 1
    await world.run(courier)
    assert len(begun) == len(set(begun)) == 3
    assert {m.state for m in await world.messages()} == {"delivered"}


async def test_a_virtual_year_later_the_signature_is_of_this_very_moment(world: World) -> None:
    issued = await world.endpoint()
    world.clock.at = NOW + timedelta(days=365)
    await world.tell(issued)
    await world.run(world.courier())
    (got,) = world.receiver.got
    body = Webhook(issued.secret).verify(got.body, got.headers)
    assert body["timestamp"].startswith("2027-11-23T15:00:00")


async def test_what_a_format_does_not_tell_is_not_sent(world: World) -> None:
    await world.tell(await world.endpoint("/choosy", format="choosy"), count=4)
    await world.run(world.courier())
    assert [got.body for got in world.receiver.got] == [b"{}"]
    assert {m.state for m in await world.messages()} == {"delivered"}
    assert len(await world.deliveries()) == 1
