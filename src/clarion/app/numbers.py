"""Numbers as clients write them, and the senders that they name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clarion.app.actor import Actor, Role
from clarion.app.addresses import normal_address
from clarion.app.ports.channel import Trunk
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.ports.resources import Sender
from clarion.app.refusals import Invalid, Problem
from clarion.core.outcomes import Channel

SANDBOX = "sandbox"
MOST = 10_000
SEPARATORS = str.maketrans("", "", "+ ().-")
E164_DIGITS = re.compile(r"[1-9][0-9]{6,14}")


async def number_of(ledger: Ledger, clock: Clock, actor: Actor, channel: Channel, written: str) -> Sender:
    """The sender that a client means by a number (or, by e-mail, an address) in any spelling.

    A number that the organisation does not have is refused (Invalid, field `number`): a caller ID that is not one's own
    is spoofing. Where every trunk of the channel is a sandbox nothing leaves the machine, and the number is made.
    """
    async with ledger.read() as tx:
        country = (await tx.organizations.organization(actor.organization_id)).settings.default_country
        try:
            address = normal_address(channel, written, country, "number")
        except Invalid:
            fictional = _fictional(channel, written)
            if fictional is None or not await _sandbox_trunks(tx, actor, channel):
                raise
            address = fictional
        found = await tx.resources.senders(actor.organization_id, channel=channel, address=address, limit=1)
    if found:
        return found[0]
    actor.must_be(Role.OPERATOR)
    async with ledger.write() as tx:
        await tx.organizations.lock(actor.organization_id)
        found = await tx.resources.senders(actor.organization_id, channel=channel, address=address, limit=1)
        return found[0] if found else await _make(tx, clock, actor, channel, address)


async def numbers(ledger: Ledger, actor: Actor, channel: Channel | None = None) -> Sequence[Sender]:
    """Every sender of the organisation by id, or those of a channel."""
    async with ledger.read() as tx:
        return await tx.resources.senders(actor.organization_id, channel=channel, limit=MOST)


def _fictional(channel: Channel, written: str) -> str | None:
    """A number that no numbering plan has, as examples in vendors' pages are: E.164 by its form alone."""
    digits = written.strip().translate(SEPARATORS)
    if channel is Channel.EMAIL or not E164_DIGITS.fullmatch(digits):
        return None
    return f"+{digits}"


async def _sandbox_trunks(tx: Tx, actor: Actor, channel: Channel) -> Sequence[Trunk]:
    """The channel's enabled trunks if all of them are sandboxes."""
    trunks = [trunk for trunk in await tx.resources.trunks(actor.organization_id) if trunk.channel is channel]
    return trunks if all(trunk.driver == SANDBOX for trunk in trunks) else []


async def _make(tx: Tx, clock: Clock, actor: Actor, channel: Channel, address: str) -> Sender:
    trunks = await _sandbox_trunks(tx, actor, channel)
    if not trunks:
        message = f"{address} is not a number of this organisation; add it as a sender on one of its trunks first."
        raise Invalid([Problem("number", "unknown", message)])
    now = clock.now()
    sender = Sender(
        id=(await tx.new_ids("senders"))[0],
        organization_id=actor.organization_id,
        channel=channel,
        address=address,
        trunk_id=trunks[0].id,
        label="Sandbox",
        daily_cap=None,
        per_second=None,
        enabled=True,
        created_at=now,
        updated_at=now,
    )
    await tx.resources.add_sender(sender)
    return sender
