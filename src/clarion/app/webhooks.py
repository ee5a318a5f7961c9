"""Webhook endpoints for people: make, change, rotate, try, disable, delete; look at what was sent and send it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from clarion.app.actor import Actor, Role
from clarion.app.deliver import NATIVE
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.ports.outbox import Delivery, Message, MessageFilters, MessageState, SealedSecrets
from clarion.app.ports.seal import Seal
from clarion.app.refusals import Conflict, Invalid, NotFound, Problem
from clarion.core.events import Endpoint, EventType, NewMessage, payload, trial_of
from clarion.core.outcomes import Outcome
from clarion.wire.private_addresses import Network
from clarion.wire.webhook_signatures import can_sign, is_secret, new_secret
from clarion.wire.webhook_urls import why_bad_url

METHODS = ("POST", "PUT", "PATCH")
KEEP_PREVIOUS = timedelta(hours=24)
"""How long messages are signed with the previous secret too after a rotation."""
LARGEST_PAGE = 500


@dataclass(frozen=True, slots=True)
class EndpointRules:
    """What the installation allows. Plain http and private networks are for tests and intranets."""

    allow_http: bool = False
    allow_private: tuple[Network, ...] = ()
    formats: frozenset[str] = frozenset({NATIVE})
    """The formats that somebody words."""


@dataclass(frozen=True, slots=True)
class EndpointDraft:
    """An endpoint as a person describes it. Words are not checked yet."""

    url: str
    method: str = "POST"
    campaign_id: int | None = None
    agent_id: int | None = None
    events: Sequence[str] = ()
    outcomes: Sequence[str] = ()
    format: str = NATIVE
    extras: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Issued:
    """An endpoint with its fresh secret: the one time that it is shown."""

    endpoint: Endpoint
    secret: str = field(repr=False)


def draft_of(endpoint: Endpoint) -> EndpointDraft:
    """An endpoint as a draft again: change a field of it and hand it to `change_endpoint`."""
    return EndpointDraft(
        url=endpoint.url,
        method=endpoint.method,
        campaign_id=endpoint.campaign_id,
        agent_id=endpoint.agent_id,
        events=sorted(endpoint.events),
        outcomes=sorted(endpoint.outcomes),
        format=endpoint.format,
        extras=endpoint.extras,
    )


async def create_endpoint(
    ledger: Ledger,
    clock: Clock,
    seal: Seal,
    actor: Actor,
    draft: EndpointDraft,
    rules: EndpointRules,
    *,
    secret: str | None = None,
) -> Issued:
    """A new endpoint. `secret`: the client's own; else one is made. It is never answered again."""
    actor.must_be(Role.OPERATOR)
    problems = endpoint_problems(draft, rules, secret)
    if problems:
        raise Invalid(problems)
    async with ledger.write() as tx:
        return await add_endpoint(tx, seal, actor, draft, clock.now(), secret)


async def add_endpoint(
    tx: Tx, seal: Seal, actor: Actor, draft: EndpointDraft, now: datetime, secret: str | None = None
) -> Issued:
    """An endpoint whose draft has no problems, inside the caller's transaction."""
    await _must_exist(tx, actor, draft)
    chosen = secret or new_secret()
    (id_,) = await tx.new_ids("webhook_endpoints")
    blank = Endpoint(id=id_, organization_id=actor.organization_id, url=draft.url, created_at=now)
    endpoint = replace(_drawn(blank, draft), updated_at=now)
    await tx.outbox.add_endpoint(endpoint, SealedSecrets(seal.seal(chosen)))
    return Issued(endpoint, chosen)


async def change_endpoint(
    ledger: Ledger, clock: Clock, actor: Actor, endpoint_id: int, draft: EndpointDraft, rules: EndpointRules
) -> Endpoint:
    """Make an endpoint what the draft says. Messages already written go to the new URL."""
    actor.must_be(Role.OPERATOR)
    problems = _problems(draft, rules)
    if problems:
        raise Invalid(problems)
    async with ledger.write() as tx:
        before = await tx.outbox.endpoint(actor.organization_id, endpoint_id)
        return await redraw_endpoint(tx, actor, before, draft, clock.now())


async def redraw_endpoint(tx: Tx, actor: Actor, before: Endpoint, draft: EndpointDraft, now: datetime) -> Endpoint:
    """An endpoint as a draft without problems says, inside the caller's transaction."""
    await _must_exist(tx, actor, draft)
    after = replace(_drawn(before, draft), updated_at=now)
    await tx.outbox.change_endpoint(after)
    return after


async def get_endpoint(ledger: Ledger, actor: Actor, endpoint_id: int) -> Endpoint:
    """One endpoint, without its secret."""
    async with ledger.read() as tx:
        return await tx.outbox.endpoint(actor.organization_id, endpoint_id)


async def list_endpoints(
    ledger: Ledger, actor: Actor, *, campaign_id: int | None = None, after: int = 0, limit: int = 100
) -> list[Endpoint]:
    """Endpoints by ascending id, after the id `after`."""
    async with ledger.read() as tx:
        return await tx.outbox.endpoints(
            actor.organization_id, campaign_id=campaign_id, after=after, limit=min(limit, LARGEST_PAGE)
        )


async def rotate_secret(
    ledger: Ledger,
    clock: Clock,
    seal: Seal,
    actor: Actor,
    endpoint_id: int,
    *,
    secret: str | None = None,
    keep_previous: timedelta = KEEP_PREVIOUS,
) -> Issued:
    """A new secret. Messages carry signatures of both until `keep_previous` is over (zero: the old one leaked)."""
    actor.must_be(Role.OPERATOR)
    now = clock.now()
    async with ledger.write() as tx:
        before = await tx.outbox.endpoint(actor.organization_id, endpoint_id)
        problems = _secret_problems(secret, before.format)
        if problems:
            raise Invalid(problems)
        chosen = secret or new_secret()
        kept = (await tx.outbox.secrets_of([endpoint_id]))[endpoint_id].current if keep_previous else None
        after = replace(before, previous_until=now + keep_previous if keep_previous else None, updated_at=now)
        await tx.outbox.change_secrets(after, SealedSecrets(seal.seal(chosen), kept))
    return Issued(after, chosen)


async def disable_endpoint(
    ledger: Ledger, clock: Clock, actor: Actor, endpoint_id: int, reason: str = "Disabled by hand."
) -> Endpoint:
    """Send it nothing more. What is pending for it dies, and can be replayed when it is enabled again."""
    actor.must_be(Role.OPERATOR)
    now = clock.now()
    async with ledger.write() as tx:
        before = await tx.outbox.endpoint(actor.organization_id, endpoint_id)
        after = replace(before, disabled_at=before.disabled_at or now, disabled_reason=reason, updated_at=now)
        await tx.outbox.change_endpoint(after)
        await tx.outbox.kill_pending([endpoint_id], "The endpoint is disabled.")
    return after


async def enable_endpoint(ledger: Ledger, clock: Clock, actor: Actor, endpoint_id: int) -> Endpoint:
    """Send to it again what happens from now on."""
    actor.must_be(Role.OPERATOR)
    async with ledger.write() as tx:
        before = await tx.outbox.endpoint(actor.organization_id, endpoint_id)
        after = replace(before, disabled_at=None, disabled_reason=None, updated_at=clock.now())
        await tx.outbox.change_endpoint(after)
    return after


async def delete_endpoint(ledger: Ledger, clock: Clock, actor: Actor, endpoint_id: int) -> None:
    """Delete it with its secrets. Its messages and delivery log stay to be read."""
    actor.must_be(Role.OPERATOR)
    async with ledger.write() as tx:
        await tx.outbox.delete_endpoint(actor.organization_id, endpoint_id, clock.now())


async def ping_endpoint(ledger: Ledger, clock: Clock, actor: Actor, endpoint_id: int) -> Message:
    """Send a `webhook.test` message, whatever the endpoint listens to; its tries show in the delivery log."""
    actor.must_be(Role.OPERATOR)
    now = clock.now()
    async with ledger.write() as tx:
        endpoint = await _enabled(tx, actor, endpoint_id)
        happening = trial_of(endpoint, now)
        (id_,) = await tx.outbox.put(
            [NewMessage(endpoint.organization_id, endpoint.id, happening.type, payload(happening), now)]
        )
        return await tx.outbox.message(actor.organization_id, id_)


async def get_message(ledger: Ledger, actor: Actor, message_id: int) -> Message:
    """One message with its payload and state."""
    async with ledger.read() as tx:
        return await tx.outbox.message(actor.organization_id, message_id)


async def list_messages(
    ledger: Ledger, actor: Actor, filters: MessageFilters, *, cursor: int | None = None, limit: int = 100
) -> list[Message]:
    """Messages, the newest first; `cursor` is the id of the last one seen."""
    async with ledger.read() as tx:
        return await tx.outbox.messages(actor.organization_id, filters, cursor, min(limit, LARGEST_PAGE))


async def dead_letters(
    ledger: Ledger,
    actor: Actor,
    filters: MessageFilters = MessageFilters(),
    *,
    cursor: int | None = None,
    limit: int = 100,
) -> list[Message]:
    """Messages that were given up, the newest first."""
    dead = replace(filters, states=frozenset({MessageState.DEAD}))
    return await list_messages(ledger, actor, dead, cursor=cursor, limit=limit)


async def list_deliveries(
    ledger: Ledger,
    actor: Actor,
    *,
    message_id: int | None = None,
    endpoint_id: int | None = None,
    cursor: int | None = None,
    limit: int = 100,
) -> list[Delivery]:
    """The delivery log, the newest try first: all of it, or that of a message or an endpoint."""
    async with ledger.read() as tx:
        return await tx.outbox.deliveries(
            actor.organization_id,
            message_id=message_id,
            endpoint_id=endpoint_id,
            cursor=cursor,
            limit=min(limit, LARGEST_PAGE),
        )


async def replay_message(ledger: Ledger, clock: Clock, actor: Actor, message_id: int) -> Message:
    """Send one message again now, under the same `webhook-id`, whatever its state; a pending one is not waited for.

    Conflict when its endpoint is disabled or deleted, or when it is being delivered this moment.
    """
    actor.must_be(Role.OPERATOR)
    async with ledger.write() as tx:
        message = await tx.outbox.message(actor.organization_id, message_id)
        try:
            await _enabled(tx, actor, message.endpoint_id)
        except NotFound as gone:
            raise Conflict("endpoint_deleted", "The endpoint of this message was deleted.") from gone
        chosen = MessageFilters(ids=frozenset({message_id}))
        if not await tx.outbox.replay(actor.organization_id, chosen, clock.now()):
            raise Conflict("being_delivered", "This message is being delivered at this moment.")
        return await tx.outbox.message(actor.organization_id, message_id)


async def replay_messages(ledger: Ledger, clock: Clock, actor: Actor, filters: MessageFilters) -> int:
    """Send again every message that the filter means (ids, range, events, endpoint, state…); how many they are.

    Those of disabled endpoints and those being delivered are left alone. A filter that filters nothing is refused.
    """
    actor.must_be(Role.OPERATOR)
    if filters == MessageFilters():
        raise Invalid([Problem("filters", "required", "Say which messages: by id, range, event, endpoint or state.")])
    async with ledger.write() as tx:
        return await tx.outbox.replay(actor.organization_id, filters, clock.now())


async def _enabled(tx: Tx, actor: Actor, endpoint_id: int) -> Endpoint:
    endpoint = await tx.outbox.endpoint(actor.organization_id, endpoint_id)
    if endpoint.disabled_at is not None:
        raise Conflict("endpoint_disabled", f"The endpoint is disabled: {endpoint.disabled_reason}")
    return endpoint


async def _must_exist(tx: Tx, actor: Actor, draft: EndpointDraft) -> None:
    """NotFound when the campaign or agent is not the organisation's."""
    if draft.campaign_id is not None:
        await tx.campaigns.get(actor.organization_id, draft.campaign_id)
    if draft.agent_id is not None:
        await tx.resources.agent(actor.organization_id, draft.agent_id)


def _drawn(endpoint: Endpoint, draft: EndpointDraft) -> Endpoint:
    return replace(
        endpoint,
        url=draft.url,
        method=draft.method,
        campaign_id=draft.campaign_id,
        agent_id=draft.agent_id,
        events=frozenset(EventType(word) for word in draft.events),
        outcomes=frozenset(Outcome(word) for word in draft.outcomes),
        format=draft.format,
        extras=draft.extras,
    )


def endpoint_problems(draft: EndpointDraft, rules: EndpointRules, secret: str | None = None) -> list[Problem]:
    """What is wrong with an endpoint that somebody asks for, its own secret included."""
    return _problems(draft, rules) + _secret_problems(secret, draft.format)


def _problems(draft: EndpointDraft, rules: EndpointRules) -> list[Problem]:
    problems = []
    bad_url = why_bad_url(draft.url, allow_http=rules.allow_http, allowed=rules.allow_private)
    if bad_url:
        problems.append(Problem("url", "bad_url", bad_url))
    if draft.method not in METHODS:
        problems.append(Problem("method", "unknown", f"The method is one of {', '.join(METHODS)}."))
    if draft.format not in rules.formats:
        problems.append(Problem("format", "unknown", f"The format is one of {', '.join(sorted(rules.formats))}."))
    problems += _unknown_words("events", draft.events, [event.value for event in EventType])
    problems += _unknown_words("outcomes", draft.outcomes, [outcome.value for outcome in Outcome])
    return problems


def _unknown_words(name: str, words: Sequence[str], known: Sequence[str]) -> list[Problem]:
    return [
        Problem(f"{name}.{n}", "unknown", f"There is no {word!r}; known are: {', '.join(known)}.")
        for n, word in enumerate(words)
        if word not in known
    ]


def _secret_problems(secret: str | None, format_: str) -> list[Problem]:
    if secret is None or is_secret(secret) or (format_ != NATIVE and can_sign(secret)):
        return []
    return [Problem("secret", "bad_secret", "The secret is whsec_ followed by 24 to 64 bytes in base64.")]
