"""Unsubscribing by a mail's own link: the address goes on the do-not-contact list, and the attempt hears of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from clarion.app.ports.channel import Order
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.suppression import Suppression, SuppressionReason, suppression_key
from clarion.app.refusals import NotFound
from clarion.core.contacts import Report
from clarion.core.outcomes import Channel, Outcome
from clarion.wire.unsubscribe import PLACEHOLDER, Ticket, UnsubscribeTokens, unsubscribe_headers, unsubscribe_url

SOURCE = "one-click"

Deliver = Callable[[Sequence[Report]], None]
"""Takes reports to whoever records them: the engine of this process. What it loses, the list still holds."""


async def unsubscribe(ledger: Ledger, clock: Clock, tokens: UnsubscribeTokens, deliver: Deliver, token: str) -> None:
    """Act on a link. Doing it again changes nothing.

    The entry on the list is committed before this returns; the report amends the attempt a moment later.

    Raises:
        NotFound: the token is nobody's, or its attempt is no more.
    """
    ticket = tokens.read(token)
    if ticket is None:
        raise NotFound("unsubscribe link", token)
    now = clock.now()
    async with ledger.write() as tx:
        attempt = await tx.reports.attempt(ticket.organization_id, ticket.attempt_id)
        (entry_id,) = await tx.new_ids("suppressions")
        await tx.suppression.suppress(
            [
                Suppression(
                    id=entry_id,
                    organization_id=ticket.organization_id,
                    channel=Channel.EMAIL,
                    address=suppression_key(attempt.address),
                    reason=SuppressionReason.UNSUBSCRIBED,
                    source=SOURCE,
                    created_at=now,
                    campaign_id=attempt.campaign_id,
                )
            ]
        )
    deliver([Report(ticket.attempt_id, Outcome.UNSUBSCRIBED, now, final=False, detail=SOURCE)])


def with_unsubscribe(order: Order, tokens: UnsubscribeTokens, public_url: str | None) -> Order:
    """A mail's order with its own link: in the headers, and wherever the text says `{{ unsubscribe_url }}`.

    Without a public URL there is no link to give; a text that asks for one stays as it is, and the mail channel refuses
    to send it.
    """
    message = order.message
    if order.channel is not Channel.EMAIL or message is None or public_url is None:
        return order
    ticket = Ticket(order.organization_id, order.contact_id, order.attempt_id)
    url = unsubscribe_url(public_url, tokens.make(ticket))
    linked = replace(
        message,
        text=message.text.replace(PLACEHOLDER, url),
        html=None if message.html is None else message.html.replace(PLACEHOLDER, url),
        headers={**unsubscribe_headers(url), **message.headers},
    )
    return replace(order, message=linked)
