"""Do not contact: put addresses on the list, take them off, look them up, read whole lists in.

An entry acts at the next claim: the releaser asks for the addresses it is about to release and finishes those that
are on the list, each with its reason.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from clarion.app.actor import Actor, Role
from clarion.app.addresses import normal_address
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.suppression import EVERY_CHANNEL, Suppression, SuppressionReason, suppression_key
from clarion.app.refusals import Invalid, NotFound, Problem
from clarion.core.contacts import BadRow
from clarion.core.outcomes import Channel

CHUNK = 1_000
SHOWN_REJECTS = 1_000
"""So many rejected rows are listed in a report; all of them are counted."""

COLUMNS = ("address", "channel", "reason", "note", "expires_at")


@dataclass(frozen=True, slots=True)
class NewSuppression:
    """An entry on its way in."""

    address: str
    channel: str = EVERY_CHANNEL
    reason: SuppressionReason = SuppressionReason.DO_NOT_CONTACT
    note: str | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SuppressionReport:
    """What became of a list. `accepted` counts rows, `added` the entries that were not there before."""

    accepted: int
    added: int
    rejected: int
    rejects: tuple[BadRow, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """May this address be contacted on this channel now? `reason` says why not."""

    address: str
    channel: Channel
    suppressed: bool
    reason: str | None


async def suppress_address(
    ledger: Ledger, clock: Clock, actor: Actor, new: NewSuppression, source: str = "api"
) -> Suppression:
    """Put one address on the list; if it is there, the entry takes the new reason and the later expiry. May be Invalid.

    Answers the entry as it is now.
    """
    actor.must_be(Role.OPERATOR)
    async with ledger.write() as tx:
        country = (await tx.organizations.organization(actor.organization_id)).settings.default_country
        entry_id = (await tx.new_ids("suppressions"))[0]
        entry = _entry(entry_id, actor, new, source, country, clock.now())
        await tx.suppression.suppress([entry])
        [kept] = await tx.suppression.suppressions(
            actor.organization_id, address=entry.address, channel=entry.channel, limit=1
        )
    return kept


async def suppress_file(
    ledger: Ledger, clock: Clock, actor: Actor, text: str, channel: str = EVERY_CHANNEL, source: str = "file"
) -> SuppressionReport:
    """Put a CSV of addresses on the list: with a header naming `address`, or one bare address a line.

    Columns: address, channel, reason, note, expires_at (ISO 8601). `channel` is that of rows that name none. A bad row
    is reported with its line and stops nothing. Reading the same file again changes nothing.
    """
    actor.must_be(Role.OPERATOR)
    async with ledger.read() as tx:
        country = (await tx.organizations.organization(actor.organization_id)).settings.default_country
    rows = _rows(text)
    accepted = added = rejected = 0
    rejects: list[BadRow] = []
    while chunk := list(islice(rows, CHUNK)):
        entries: list[Suppression] = []
        for line, row in chunk:
            try:
                entries.append(_entry(0, actor, _new(row, channel), source, country, clock.now()))
            except Invalid as bad:
                problem = bad.problems[0]
                rejected += 1
                if len(rejects) < SHOWN_REJECTS:
                    value = row.get(problem.field)
                    rejects.append(BadRow(line, problem.code, problem.message, problem.field, value))
        added += await _keep(ledger, entries)
        accepted += len(entries)
    return SuppressionReport(accepted, added, rejected, tuple(rejects))


async def _keep(ledger: Ledger, entries: Sequence[Suppression]) -> int:
    if not entries:
        return 0
    async with ledger.write() as tx:
        ids = await tx.new_ids("suppressions", len(entries))
        return await tx.suppression.suppress(
            [replace(entry, id=entry_id) for entry_id, entry in zip(ids, entries, strict=True)]
        )


async def unsuppress(ledger: Ledger, actor: Actor, suppression_id: int) -> None:
    """Take one entry off the list. Contacts that it finished stay finished."""
    actor.must_be(Role.OPERATOR)
    async with ledger.write() as tx:
        if await tx.suppression.remove_suppressions(actor.organization_id, [suppression_id]) == 0:
            raise NotFound("suppression", suppression_id)


async def get_suppression(ledger: Ledger, actor: Actor, suppression_id: int) -> Suppression:
    """One entry."""
    async with ledger.read() as tx:
        return await tx.suppression.suppression(actor.organization_id, suppression_id)


async def list_suppressions(
    ledger: Ledger,
    actor: Actor,
    *,
    after: int = 0,
    limit: int = 100,
    channel: str | None = None,
    address: str | None = None,
    reason: SuppressionReason | None = None,
) -> list[Suppression]:
    """Entries by id, expired ones among them. `address` is looked up in any spelling."""
    async with ledger.read() as tx:
        if address is not None:
            country = (await tx.organizations.organization(actor.organization_id)).settings.default_country
            address = normal_address(channel or EVERY_CHANNEL, address, country)
        return await tx.suppression.suppressions(
            actor.organization_id, after=after, limit=limit, channel=channel, address=address, reason=reason
        )


async def export_suppressions(ledger: Ledger, actor: Actor) -> AsyncIterator[Suppression]:
    """Every entry by id. Read in pages of their own transactions, so that a slow reader holds up nobody."""
    after = 0
    while True:
        async with ledger.read() as tx:
            found = await tx.suppression.suppressions(actor.organization_id, after=after, limit=CHUNK)
        for entry in found:
            yield entry
        if len(found) < CHUNK:
            return
        after = found[-1].id


async def check_addresses(
    ledger: Ledger, clock: Clock, actor: Actor, channel: Channel, addresses: Sequence[str]
) -> list[Check]:
    """For each address, in the order asked, whether it may be contacted on `channel` now. Raises Invalid."""
    async with ledger.read() as tx:
        country = (await tx.organizations.organization(actor.organization_id)).settings.default_country
        normal = [normal_address(channel, each, country, f"addresses.{n}") for n, each in enumerate(addresses)]
        reasons = await tx.suppression.suppressed(actor.organization_id, channel, normal, clock.now())
    return [Check(each, channel, each in reasons, reasons.get(each)) for each in normal]


def _entry(entry_id: int, actor: Actor, new: NewSuppression, source: str, country: str, now: datetime) -> Suppression:
    if new.expires_at is not None and new.expires_at <= now:
        raise Invalid([Problem("expires_at", "in_the_past", "An entry that has expired is of no use.")])
    return Suppression(
        id=entry_id,
        organization_id=actor.organization_id,
        channel=new.channel,
        address=suppression_key(normal_address(new.channel, new.address, country)),
        reason=new.reason,
        source=source,
        created_at=now,
        note=new.note,
        expires_at=new.expires_at,
    )


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Lines of a CSV with their numbers, 1-based; empty ones are passed over."""
    lines = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    names: Iterable[str] | None = None
    for row in lines:
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if names is None:
            header = [cell.lower() for cell in cells]
            names = header if "address" in header else COLUMNS[:1]
            if "address" in header:
                continue
        yield lines.line_num, dict(zip(names, cells, strict=False))


def _new(row: dict[str, str], channel: str) -> NewSuppression:
    channel = row.get("channel") or channel
    if channel not in (EVERY_CHANNEL, *Channel):
        raise Invalid([Problem("channel", "unknown_channel", "A channel is voice, sms, email or *.")])
    reason = row.get("reason") or SuppressionReason.DO_NOT_CONTACT
    if reason not in tuple(SuppressionReason):
        raise Invalid([Problem("reason", "unknown_reason", f"A reason is one of {', '.join(SuppressionReason)}.")])
    return NewSuppression(
        address=row.get("address", ""),
        channel=channel,
        reason=SuppressionReason(reason),
        note=row.get("note") or None,
        expires_at=_instant(row.get("expires_at")),
    )


def _instant(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as bad:
        raise Invalid([Problem("expires_at", "bad_instant", "An instant is ISO 8601 with an offset.")]) from bad
    if at.tzinfo is None:
        raise Invalid([Problem("expires_at", "no_offset", "An instant needs an offset, such as Z.")])
    return at
