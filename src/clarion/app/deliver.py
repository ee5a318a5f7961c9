"""Hand due webhook messages to the courier, and write down what became of those that it brought to their receivers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.ports.outbox import Delivery, Lane, Message, SealedSecrets, Verdict
from clarion.app.ports.payloads import PayloadFormat
from clarion.app.ports.seal import Seal
from clarion.core.backoff import next_try
from clarion.core.events import Endpoint
from clarion.wire.secrets import SealBroken
from clarion.wire.webhook_payloads import native_body

NATIVE = "native"
GONE = 410
"""A receiver that answers so wants no more messages (Standard Webhooks 1.0)."""

Share = Callable[[Sequence[Lane]], Mapping[int, int]]
"""How many messages of each due lane the courier can take now."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claimed message with all that is needed to deliver it. `secrets` are opened, the newest first."""

    message: Message
    endpoint: Endpoint
    body: bytes
    secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one try. `error` is None exactly when the receiver took the message."""

    message: Message
    url: str
    status: int | None
    """None when no answer came."""
    error: str | None
    duration: timedelta = timedelta()
    retry_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Handover:
    """What the courier leaves with."""

    parcels: Sequence[Parcel] = ()
    spoilt: Sequence[Reply] = ()
    """Claimed, but there is nothing to send: no one words its format, the secret cannot be opened, or (without an
    error, so that they count as taken) its format has nothing to say of them."""
    next_at: datetime | None = None
    """When something else is due; None when nothing is known to be."""


async def exchange(
    ledger: Ledger,
    seal: Seal,
    formats: Mapping[str, PayloadFormat],
    worker_id: int,
    *,
    replies: Sequence[Reply],
    returned: Sequence[Message],
    share: Share,
    now: datetime,
    lease: timedelta,
) -> Handover:
    """Record `replies`, take back what was `returned` unopened, and claim what `share` asks for, in one transaction.

    What is claimed belongs to the courier until `now + lease`; should it never come back, another gets it then.
    """
    if not replies and not returned:
        async with ledger.read() as tx:
            lanes = await tx.outbox.lanes()
        if not share(_due(lanes, now)):
            return Handover(next_at=_next_at(lanes, now))
    async with ledger.write() as tx:
        await _record(tx, replies, now)
        await tx.outbox.give_back(returned, now)
        lanes = await tx.outbox.lanes()
        wishes = share(_due(lanes, now))
        endpoints = await tx.outbox.endpoints_by_id(wishes) if wishes else {}
        deaf = [id_ for id_ in wishes if id_ not in endpoints or endpoints[id_].disabled_at is not None]
        if deaf:
            await tx.outbox.kill_pending(deaf, "The endpoint is disabled.")
        wishes = {id_: count for id_, count in wishes.items() if id_ not in deaf}
        messages = await tx.outbox.claim(wishes, worker_id, now, now + lease)
        secrets = await tx.outbox.secrets_of(wishes) if messages else {}
    handover = await _packed(ledger, seal, formats, messages, endpoints, secrets, now)
    return Handover(handover.parcels, handover.spoilt, _next_at(lanes, now))


def _due(lanes: Sequence[Lane], now: datetime) -> list[Lane]:
    return [lane for lane in lanes if lane.first_at <= now]


def _next_at(lanes: Sequence[Lane], now: datetime) -> datetime | None:
    return min((lane.first_at for lane in lanes if lane.first_at > now), default=None)


async def _record(tx: Tx, replies: Sequence[Reply], now: datetime) -> None:
    verdicts: list[Verdict] = []
    gone: dict[int, str] = {}
    for reply in replies:
        message = reply.message
        if reply.error is None or message.lease_until is None:
            continue
        tries = message.tries + 1
        next_at = next_try(tries, now, key=message.id, retry_after=reply.retry_after)
        if reply.status == GONE:
            gone[message.endpoint_id] = reply.url
            next_at = None
        verdicts.append(Verdict(message.id, tries, next_at, reply.error, message.lease_until))
    await tx.outbox.set_delivered([reply.message.id for reply in replies if reply.error is None], now)
    await tx.outbox.set_failed(verdicts)
    for endpoint_id, url in gone.items():
        await tx.outbox.disable(endpoint_id, url, "The receiver answered 410 Gone.", now)
    await tx.outbox.log(
        [
            Delivery(
                organization_id=reply.message.organization_id,
                endpoint_id=reply.message.endpoint_id,
                message_id=reply.message.id,
                at=now,
                status=reply.status,
                error=reply.error,
                duration_ms=reply.duration // timedelta(milliseconds=1),
            )
            for reply in replies
            if reply.status is not None or reply.error is not None
        ]
    )


async def _packed(
    ledger: Ledger,
    seal: Seal,
    formats: Mapping[str, PayloadFormat],
    messages: Sequence[Message],
    endpoints: Mapping[int, Endpoint],
    secrets: Mapping[int, SealedSecrets],
    now: datetime,
) -> Handover:
    """Claimed messages as parcels. What spoils one endpoint's messages leaves the others' alone."""
    parcels: list[Parcel] = []
    spoilt: list[Reply] = []
    opened: dict[int, tuple[str, ...] | None] = {}
    by_format: defaultdict[str, list[Message]] = defaultdict(list)
    for message in messages:
        endpoint = endpoints[message.endpoint_id]
        if endpoint.id not in opened:
            opened[endpoint.id] = _opened(seal, secrets[endpoint.id], endpoint, now)
        if opened[endpoint.id] is None:
            spoilt.append(Reply(message, endpoint.url, None, "The endpoint's secret cannot be opened with this key."))
        else:
            by_format[endpoint.format].append(message)
    for name, group in by_format.items():
        try:
            bodies = await _bodies(ledger, formats, name, group)
        except Exception as trouble:  # noqa: BLE001 - a vendor's wording must not stop the others' messages
            error = f"The format {name} could not word the payload: {type(trouble).__name__}: {trouble}"
            spoilt += [Reply(message, endpoints[message.endpoint_id].url, None, error) for message in group]
            continue
        for message, body in zip(group, bodies, strict=True):
            endpoint = endpoints[message.endpoint_id]
            if body is None:
                spoilt.append(Reply(message, endpoint.url, None, None))
            else:
                parcels.append(Parcel(message, endpoint, body, opened[endpoint.id] or ()))
    return Handover(parcels, spoilt)


async def _bodies(
    ledger: Ledger, formats: Mapping[str, PayloadFormat], name: str, messages: Sequence[Message]
) -> Sequence[bytes | None]:
    if name == NATIVE:
        return [native_body(message.payload) for message in messages]
    if name not in formats:
        raise LookupError("nobody words it")
    async with ledger.read() as tx:
        return await formats[name].bodies(tx, messages)


def _opened(seal: Seal, secrets: SealedSecrets, endpoint: Endpoint, now: datetime) -> tuple[str, ...] | None:
    """The secrets to sign with: the current one, and for a while after a rotation the previous one."""
    try:
        current = seal.open(secrets.current)
        if secrets.previous is None or endpoint.previous_until is None or endpoint.previous_until <= now:
            return (current,)
        return (current, seal.open(secrets.previous))
    except SealBroken:
        return None
