"""A campaign's webhooks: the statuses that trigger them as events of ours, and an endpoint as the vendor shows it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from clarion.app.webhooks import EndpointDraft
from clarion.core.events import MESSAGE_EVENTS, Endpoint, EventType
from clarion.core.outcomes import Channel, FinishReason, Outcome
from clarion.core.retries import REFUSED
from clarion.surfaces.vendors.syllable.shapes import HMAC_SECRET, WebhookInput
from clarion.surfaces.vendors.syllable.words import (
    SIP,
    STOPPED,
    STOPPED_BY_LIST,
    TOLD_BY_CODE,
    UNDER_WAY,
    ChannelManagerStatus,
    attempt_status,
)

FORMAT = "syllable"
STATUSES, SIGNED = "trigger_statuses", "signed"
"""What an endpoint's extras hold: the statuses that it wants, and whether the client brought the secret."""
NOTHING = EventType.WEBHOOK_TEST
"""The event of an endpoint whose statuses nothing tells: it hears only when it is tried by hand."""


def draft_of_hook(hook: WebhookInput, *, signed: bool | None = None) -> EndpointDraft:
    """The endpoint that a webhook asks for. `signed`: whether the secret is the client's; by default what it brings."""
    events, outcomes = triggers(hook.trigger_statuses)
    return EndpointDraft(
        url=hook.url,
        method=hook.request_method,
        events=events,
        outcomes=outcomes,
        format=FORMAT,
        extras={
            STATUSES: [str(status) for status in hook.trigger_statuses],
            SIGNED: secret_of(hook) is not None if signed is None else signed,
        },
    )


def secret_of(hook: WebhookInput) -> str | None:
    """The secret that a webhook brings; None when it brings none or keeps its own."""
    return (hook.auth_values or {}).get(HMAC_SECRET)


def keeps_secret(hook: WebhookInput) -> bool:
    """Whether an update leaves the secret as it is: its key is there, without a value."""
    return HMAC_SECRET in (hook.auth_values or {}) and secret_of(hook) is None


def hook_reading(endpoint: Endpoint) -> dict[str, Any]:
    """An endpoint as the vendor shows it, without its secret."""
    return {
        "id": endpoint.id,
        "trigger_statuses": statuses_of(endpoint),
        "url": endpoint.url,
        "request_method": endpoint.method,
        "auth_value_keys": [HMAC_SECRET] if endpoint.extras.get(SIGNED) else None,
    }


def statuses_of(endpoint: Endpoint) -> list[str]:
    """The statuses that an endpoint wants; of one made by another way those that its events and outcomes amount to."""
    kept = endpoint.extras.get(STATUSES)
    if isinstance(kept, Sequence) and not isinstance(kept, str):
        return [str(status) for status in kept]
    found = [
        status
        for event, outcome, status in _tellings()
        if (not endpoint.events or event in endpoint.events)
        and (not endpoint.outcomes or outcome is None or outcome in endpoint.outcomes)
    ]
    return [str(status) for status in ChannelManagerStatus if status in found]


def triggers(statuses: Collection[ChannelManagerStatus]) -> tuple[list[str], list[str]]:
    """The events and outcomes that may tell any of these statuses: what an endpoint listens to.

    They let through a little too much (what the carrier's code tells apart, contacts finished for other reasons); the
    payload's format holds that back.
    """
    wanted = [(event, outcome) for event, outcome, status in _tellings() if status in statuses]
    events = {event for event, _ in wanted} or {NOTHING}
    by_contact = events & {EventType.CONTACT_FINISHED, EventType.CONTACT_OPTED_OUT}
    outcomes = set() if by_contact else {outcome for _, outcome in wanted if outcome is not None}
    return sorted(map(str, events)), sorted(map(str, outcomes))


def _tellings() -> list[tuple[EventType, Outcome | None, ChannelManagerStatus]]:
    """Every way in which a status is told."""
    found: list[tuple[EventType, Outcome | None, ChannelManagerStatus]] = []
    for channel in Channel:
        found.append((EventType.ATTEMPT_STARTED, None, UNDER_WAY[channel]))
        for outcome in Outcome:
            event = MESSAGE_EVENTS.get(outcome, EventType.ATTEMPT_ENDED)
            if outcome is not Outcome.REPLIED:
                found.append((event, outcome, attempt_status(channel, outcome)))
            if outcome in TOLD_BY_CODE and channel is Channel.VOICE:
                found += [(event, outcome, status) for status in SIP.values()]
    found += [(EventType.CONTACT_FINISHED, None, status) for status in STOPPED.values()]
    found.append((EventType.CONTACT_OPTED_OUT, None, ChannelManagerStatus.UNSUBSCRIBED))
    return found


def told_status(event: EventType, data: Mapping[str, Any]) -> ChannelManagerStatus | None:
    """The status that an event tells; None for one that another event tells, or that the vendor has no word for.

    `data` is the event's payload. Of `contact.opted_out` only what no attempt's end has told is left.
    """
    outcome = Outcome(data["outcome"]) if data.get("outcome") else None
    if event is EventType.CONTACT_FINISHED:
        return _stopped(FinishReason(data["finish_reason"]), outcome)
    if event is EventType.CONTACT_OPTED_OUT:
        return None if outcome in REFUSED else ChannelManagerStatus.UNSUBSCRIBED
    if "channel" not in data:
        return None
    channel = Channel(data["channel"])
    if event is EventType.ATTEMPT_STARTED:
        return UNDER_WAY[channel]
    if outcome is None or outcome is Outcome.REPLIED:
        return None
    if event is EventType.ATTEMPT_ENDED and outcome in MESSAGE_EVENTS:
        return None
    return attempt_status(channel, outcome, data.get("detail"))


def _stopped(reason: FinishReason, outcome: Outcome | None) -> ChannelManagerStatus | None:
    if reason not in STOPPED or (outcome is Outcome.CANCELLED and reason not in STOPPED_BY_LIST):
        return None
    return STOPPED[reason]
