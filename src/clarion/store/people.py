"""Contacts and imports, on SQLAlchemy Core."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    ColumnElement,
    Row,
    Text,
    and_,
    cast,
    false,
    func,
    insert,
    or_,
    select,
    type_coerce,
    update,
)

from clarion.app.ports.people import (
    DUPLICATE_ADDRESS,
    DUPLICATE_REFERENCE,
    Added,
    ContactFilters,
    Import,
    ImportStatus,
    Kept,
)
from clarion.app.refusals import NotFound
from clarion.core.campaigns import Batch
from clarion.core.contacts import Address, BadRow, Contact, NewContact, band
from clarion.core.outcomes import ContactState
from clarion.store.columns import dump, to_micros
from clarion.store.copying import copy_in
from clarion.store.newest import MERGED, newest_ids
from clarion.store.queue_columns import contact_of, contacts_query
from clarion.store.schema import batches, campaigns, contacts, import_rejects, imports, queue
from clarion.store.session import Session

CONTACT_NAMES = (
    "id",
    "organization_id",
    "campaign_id",
    "batch_id",
    "reference_id",
    "address",
    "line_type",
    "region_key",
    "fallbacks",
    "variables",
    "zone",
    "postal_code",
    "person",
    "priority",
    "created_at",
)
QUEUE_NAMES = (
    "contact_id",
    "organization_id",
    "campaign_id",
    "batch_id",
    "state",
    "band",
    "region_key",
    "address_index",
    "next_at",
    "not_before",
    "tries",
    "burned",
    "faults",
    "finish_reason",
    "goal_reached",
    "updated_at",
)

MANY = 200
"""Rows that are worked through beside the event loop."""


class StoredPeopleRows:
    """Implements `clarion.app.ports.people.PeopleRows`."""

    def __init__(self, session: Session) -> None:
        """`session` is the open transaction."""
        self._session = session

    # contacts

    async def add(
        self,
        batch: Batch,
        given: Sequence[NewContact],
        now: datetime,
        *,
        allow_duplicates: bool,
        keep_duplicates: bool = False,
    ) -> Added:
        """See the port."""
        known = await self._known(batch, given, allow_duplicates)
        sifted = await _off_loop(
            len(given), lambda: _sift(given, *known, allow_duplicates=allow_duplicates, keep=keep_duplicates)
        )
        duplicates, repeated = tuple(sifted.duplicates), sifted.repeated
        written = sorted([*sifted.new, *repeated])
        if not written:
            return Added((None,) * len(given), duplicates)
        ids = dict(zip(written, await self._session.new_ids("contacts", len(written)), strict=True))
        people, places = await _off_loop(
            len(written),
            lambda: _rows(batch, [(ids[place], given[place], place in repeated) for place in written], to_micros(now)),
        )
        await copy_in(self._session, contacts, CONTACT_NAMES, people)
        await copy_in(self._session, queue, QUEUE_NAMES, places)
        return Added(
            tuple(map(ids.get, range(len(given)))),
            duplicates,
            tuple(Kept(ids[place], first.contact_id or ids[first.place]) for place, first in repeated.items()),
        )

    async def references(self, organization_id: int, batch_id: int, wanted: Sequence[str]) -> set[str]:
        """See the port."""
        if not wanted:
            return set()
        among = self._session.among(contacts.c.reference_id, list(wanted))
        found = await self._session.execute(
            select(contacts.c.reference_id).where(
                contacts.c.organization_id == organization_id, contacts.c.batch_id == batch_id, among
            )
        )
        return set(found.scalars())

    async def move_to(self, batch: Batch, contact_ids: Sequence[int], due: datetime | None, now: datetime) -> None:
        """See the port."""
        ids = list(contact_ids)
        await self._session.execute(
            update(contacts)
            .where(self._session.among(contacts.c.id, ids))
            .values(batch_id=batch.id, campaign_id=batch.campaign_id)
        )
        instants = {} if due is None else {"next_at": due, "not_before": due}
        await self._session.execute(
            update(queue)
            .where(self._session.among(queue.c.contact_id, ids), queue.c.state == ContactState.WAITING)
            .values(batch_id=batch.id, campaign_id=batch.campaign_id, updated_at=now, **instants)
        )

    async def reopen(self, contacts: Sequence[Contact], now: datetime, *, due: datetime | None = None) -> None:
        """See the port."""
        await self._session.update_many(
            queue,
            [
                {
                    "contact_id": one.id,
                    "state": ContactState.WAITING,
                    "finish_reason": None,
                    "band": band(one.priority, retry=one.tries > 0),
                    "burned": one.burned,
                    "faults": 0,
                    "fresh_from": one.tries,
                    "next_at": due or now,
                    "not_before": due or now,
                    "updated_at": now,
                }
                for one in contacts
            ],
            key=["contact_id"],
            guard="t.state = 'finished'",
        )

    async def _known(
        self, batch: Batch, given: Sequence[NewContact], allow_duplicates: bool
    ) -> tuple[dict[str, _First], dict[str, _First]]:
        """Who in the ledger has one of these references or addresses already."""
        references = list({c.reference_id for c in given if c.reference_id is not None})
        by_reference: dict[str, _First] = {}
        if references:
            among = self._session.among(contacts.c.reference_id, references)
            statement = select(contacts.c.reference_id, contacts.c.id).where(contacts.c.batch_id == batch.id, among)
            by_reference = {reference: _First(n) for reference, n in await self._session.execute(statement)}
        by_address: dict[str, _First] = {}
        if not allow_duplicates and given:
            statement = select(contacts.c.address, contacts.c.id).where(
                contacts.c.organization_id == batch.organization_id,
                contacts.c.campaign_id == batch.campaign_id,
                self._session.among(contacts.c.address, list({c.address.value for c in given})),
            )
            found = await self._session.execute(statement.order_by(contacts.c.id.desc()))
            by_address = {address: _First(n) for address, n in found}
        return by_reference, by_address

    async def get(self, organization_id: int, contact_id: int, *, lock: bool = False) -> Contact:
        """See the port."""
        statement = contacts_query().where(queue.c.organization_id == organization_id, queue.c.contact_id == contact_id)
        if lock:
            statement = statement.with_for_update(of=queue)
        row = (await self._session.execute(statement)).first()
        if row is None:
            raise NotFound("contact", contact_id)
        return contact_of(row)

    async def by_reference(self, organization_id: int, batch_id: int, reference_id: str) -> Contact:
        """See the port."""
        mine = (
            contacts.c.organization_id == organization_id,
            contacts.c.batch_id == batch_id,
            contacts.c.reference_id == reference_id,
        )
        row = (await self._session.execute(contacts_query().where(*mine))).first()
        if row is None:
            raise NotFound("contact", reference_id)
        return contact_of(row)

    async def lock_many(self, organization_id: int, contact_ids: Sequence[int]) -> Sequence[Contact]:
        """See the port."""
        statement = (
            contacts_query()
            .where(queue.c.organization_id == organization_id, self._session.among(queue.c.contact_id, contact_ids))
            .order_by(queue.c.contact_id)
            .with_for_update(of=queue)
        )
        return [contact_of(row) for row in await self._session.execute(statement)]

    async def page(
        self, organization_id: int, filters: ContactFilters, after: int | None, limit: int
    ) -> Sequence[Contact]:
        """See the port."""
        statement = contacts_query().where(*_meant(organization_id, filters))
        if after is not None:
            statement = statement.where(contacts.c.id > after)
        rows = await self._session.execute(statement.order_by(contacts.c.id).limit(limit))
        return [contact_of(row) for row in rows]

    async def browse(
        self,
        organization_id: int,
        filters: ContactFilters,
        offset: int,
        limit: int,
        *,
        newest_first: bool,
        total: int | None = None,
    ) -> tuple[Sequence[Contact], int]:
        """See the port. Who is counted or passed over is looked at in the index; rows are read for the page alone, and
        those of the queue besides when a filter asks for where people stand."""
        mine = _meant(organization_id, filters)
        source = contacts.join(queue, queue.c.contact_id == contacts.c.id) if _stands(filters) else contacts
        count = select(func.count()).select_from(source).where(*mine)
        if total is None:
            total = int((await self._session.execute(count)).scalar_one())
        order = contacts.c.id.desc() if newest_first else contacts.c.id
        ids = select(contacts.c.id).select_from(source).where(*mine).order_by(order)
        found: list[int] = []
        if total > offset and newest_first and len(filters.campaign_ids) > 1 and offset + limit <= MERGED:
            found = (await newest_ids(self._session, contacts, ids, filters.campaign_ids, offset + limit))[offset:]
        elif total > offset:
            found = list((await self._session.execute(ids.offset(offset).limit(limit))).scalars())
        page = contacts_query().where(self._session.among(queue.c.contact_id, found))
        by_id = {row[0]: contact_of(row) for row in await self._session.execute(page)} if found else {}
        return [by_id[contact_id] for contact_id in found], total

    async def address_taken(self, organization_id: int, campaign_id: int, address: str) -> int | None:
        """See the port."""
        statement = select(contacts.c.id).where(
            contacts.c.organization_id == organization_id,
            contacts.c.campaign_id == campaign_id,
            contacts.c.address == address,
        )
        return (await self._session.execute(statement.limit(1))).scalar()

    async def change(self, contact: Contact, now: datetime) -> None:
        """See the port."""
        mine = contacts.c.organization_id == contact.organization_id, contacts.c.id == contact.id
        await self._session.execute(
            update(contacts)
            .where(*mine)
            .values(
                address=contact.address,
                line_type=contact.line_type,
                region_key=contact.home_region_key,
                fallbacks=[_fallback(one) for one in contact.fallbacks] or None,
                variables=contact.variables or None,
                zone=contact.zone,
                postal_code=contact.postal_code,
                person=contact.person,
                priority=contact.priority,
            )
        )
        place: dict[str, Any] = {
            "region_key": contact.region_key,
            "address_index": contact.address_index,
            "updated_at": now,
        }
        if contact.state is ContactState.WAITING:
            place["band"] = band(contact.priority, retry=contact.tries > 0)
            place["next_at"] = contact.next_at
        await self._session.execute(update(queue).where(queue.c.contact_id == contact.id).values(place))

    # imports

    async def open_import(self, new: Import) -> None:
        """See the port."""
        await self._session.execute(insert(imports).values(_import_row(new)))

    async def import_like(self, organization_id: int, batch_id: int, head: str) -> Import | None:
        """See the port."""
        statement = select(imports).where(
            imports.c.organization_id == organization_id,
            imports.c.batch_id == batch_id,
            imports.c.digest.startswith(head, autoescape=True),
        )
        row = (await self._session.execute(statement.order_by(imports.c.id.desc()).limit(1))).first()
        return None if row is None else _import(row)

    async def advance_import(self, before: Import, after: Import, rejects: Sequence[BadRow]) -> bool:
        """See the port."""
        moved = await self._session.execute(
            update(imports)
            .where(imports.c.id == before.id, imports.c.line == before.line, imports.c.status == before.status)
            .values(_import_row(after))
            .returning(imports.c.id)
        )
        if moved.first() is None:
            return False
        names = ("import_id", "line", "code", "field", "value", "message")
        rows = [(after.id, r.line, r.code, r.field, r.value, r.message) for r in rejects]
        await copy_in(self._session, import_rejects, names, rows)
        return True

    async def get_import(self, organization_id: int, import_id: int) -> Import:
        """See the port."""
        statement = select(imports).where(imports.c.organization_id == organization_id, imports.c.id == import_id)
        row = (await self._session.execute(statement)).first()
        if row is None:
            raise NotFound("import", import_id)
        return _import(row)

    async def imports(self, organization_id: int, campaign_id: int, cursor: int | None, limit: int) -> Sequence[Import]:
        """See the port."""
        statement = select(imports).where(
            imports.c.organization_id == organization_id, imports.c.campaign_id == campaign_id
        )
        if cursor is not None:
            statement = statement.where(imports.c.id < cursor)
        rows = await self._session.execute(statement.order_by(imports.c.id.desc()).limit(limit))
        return [_import(row) for row in rows]

    async def rejects(self, organization_id: int, import_id: int, after_line: int, limit: int) -> Sequence[BadRow]:
        """See the port."""
        await self.get_import(organization_id, import_id)
        statement = (
            select(import_rejects)
            .where(import_rejects.c.import_id == import_id, import_rejects.c.line > after_line)
            .order_by(import_rejects.c.line)
            .limit(limit)
        )
        rows = await self._session.execute(statement)
        return [BadRow(row.line, row.code, row.message, row.field, row.value) for row in rows]

    async def reject_counts(self, import_id: int) -> Mapping[str, int]:
        """See the port."""
        statement = (
            select(import_rejects.c.code, func.count())
            .where(import_rejects.c.import_id == import_id)
            .group_by(import_rejects.c.code)
        )
        return {row[0]: row[1] for row in await self._session.execute(statement)}


def _stands(filters: ContactFilters) -> dict[ColumnElement[Any], frozenset[Any]]:
    """What filters ask of where people stand."""
    several: dict[ColumnElement[Any], frozenset[Any]] = {
        queue.c.state: filters.states,
        queue.c.finish_reason: filters.finish_reasons,
        queue.c.last_outcome: filters.last_outcomes,
    }
    asked = {column: words for column, words in several.items() if words}
    more = (filters.max_tries, filters.due_since, filters.due_until, filters.all_of or None)
    if filters.min_tries or filters.without_reasons or filters.without_outcomes or any(x is not None for x in more):
        asked.setdefault(queue.c.tries, frozenset())
    return asked


def _whose(organization_id: int, filters: ContactFilters) -> list[ColumnElement[bool]]:
    """Whose contacts. Campaigns are asked for their organisation: so their contacts are found in an index alone."""
    theirs = select(campaigns.c.id).where(campaigns.c.organization_id == organization_id)
    found: list[ColumnElement[bool]] = []
    if filters.campaign_ids:
        found.append(contacts.c.campaign_id.in_(theirs.where(campaigns.c.id.in_(sorted(filters.campaign_ids)))))
    if filters.campaign_id is not None:
        found.append(contacts.c.campaign_id == filters.campaign_id)
        found.append(theirs.where(campaigns.c.id == filters.campaign_id).exists())
    return found or [contacts.c.organization_id == organization_id]


def _meant(organization_id: int, filters: ContactFilters) -> list[ColumnElement[bool]]:
    """The contacts that filters mean."""
    mine = _whose(organization_id, filters)
    plain: dict[ColumnElement[Any], Any] = {
        contacts.c.batch_id: filters.batch_id,
        contacts.c.address: filters.address,
        contacts.c.reference_id: filters.reference_id,
    }
    mine += [column == wanted for column, wanted in plain.items() if wanted is not None]
    mine += [column.in_(sorted(words)) for column, words in _stands(filters).items() if words]
    if filters.address_part is not None:
        mine.append(contacts.c.address.contains(filters.address_part, autoescape=True))
    if filters.created_since is not None:
        mine.append(contacts.c.created_at >= filters.created_since)
    if filters.created_until is not None:
        mine.append(contacts.c.created_at < filters.created_until)
    if filters.min_tries:
        mine.append(queue.c.tries >= filters.min_tries)
    if filters.max_tries is not None:
        mine.append(queue.c.tries <= filters.max_tries)
    if filters.without_reasons:
        reasons = sorted(filters.without_reasons)
        mine.append(or_(queue.c.finish_reason.is_(None), queue.c.finish_reason.not_in(reasons)))
    return [*mine, *_more_meant(organization_id, filters)]


def _more_meant(organization_id: int, filters: ContactFilters) -> list[ColumnElement[bool]]:
    mine: list[ColumnElement[bool]] = []
    if filters.ids is not None:
        mine.append(contacts.c.id.in_(sorted(filters.ids)))
    if filters.text_part is not None:
        columns = (contacts.c.address, type_coerce(contacts.c.variables, Text))
        mine.append(or_(*(column.icontains(filters.text_part, autoescape=True) for column in columns)))
    if filters.without_outcomes:
        outcomes = sorted(filters.without_outcomes)
        mine.append(or_(queue.c.last_outcome.is_(None), queue.c.last_outcome.not_in(outcomes)))
    if filters.held is not None:
        key = "campaign-" + cast(batches.c.campaign_id, Text) + "-held"
        held = select(batches.c.id).where(batches.c.organization_id == organization_id, batches.c.key == key)
        mine.append(contacts.c.batch_id.in_(held) if filters.held else contacts.c.batch_id.not_in(held))
    if filters.due_since is not None or filters.due_until is not None:
        mine.append(queue.c.state == ContactState.WAITING)
    if filters.due_since is not None:
        mine.append(queue.c.next_at >= filters.due_since)
    if filters.due_until is not None:
        mine.append(queue.c.next_at < filters.due_until)
    for group in filters.all_of:
        mine.append(or_(false(), *(and_(*_meant(organization_id, each)) for each in group)))
    return mine


class _First(NamedTuple):
    """Who had a reference or an address first: a contact of the ledger, else one of those that come in now."""

    contact_id: int | None
    place: int = 0
    line: int = 0

    def __str__(self) -> str:
        return f"line {self.line}" if self.contact_id is None else f"contact {self.contact_id}"


@dataclass(slots=True)
class _Sifted:
    """Contacts on their way in, told apart by their places."""

    new: list[int] = field(default_factory=list)
    duplicates: list[BadRow] = field(default_factory=list)
    repeated: dict[int, _First] = field(default_factory=dict)
    """Those that repeat an address and are kept."""


def _sift(
    given: Sequence[NewContact],
    by_reference: dict[str, _First],
    by_address: dict[str, _First],
    *,
    allow_duplicates: bool,
    keep: bool,
) -> _Sifted:
    """Tell apart who is new from who repeats somebody in the ledger or somebody before them here."""
    sifted = _Sifted()
    for place, contact in enumerate(given):
        line, address, reference = contact.line or place + 1, contact.address.value, contact.reference_id
        if reference is not None and (first := by_reference.get(reference)):
            told = f"The batch has this reference already: {first}."
            sifted.duplicates.append(BadRow(line, DUPLICATE_REFERENCE, told, "reference_id", reference))
            continue
        repeats = None if allow_duplicates else by_address.get(address)
        if repeats is not None and not keep:
            told = f"The campaign has this address already: {repeats}."
            sifted.duplicates.append(BadRow(line, DUPLICATE_ADDRESS, told, "address", address))
            continue
        here = _First(None, place, line)
        if reference is not None:
            by_reference[reference] = here
        if repeats is not None:
            sifted.repeated[place] = repeats
        else:
            sifted.new.append(place)
            by_address[address] = here
    return sifted


def _rows(
    batch: Batch, new: Sequence[tuple[int, NewContact, bool]], now: int
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Rows of the tables `contacts` and `queue`, as the database keeps their values; duplicates are finished."""
    organization_id, campaign_id, batch_id = batch.organization_id, batch.campaign_id, batch.id
    people: list[tuple[Any, ...]] = []
    places: list[tuple[Any, ...]] = []
    for contact_id, c, repeats in new:
        address, region_key = c.address.value, c.address.region_key
        people.append(
            (
                contact_id,
                organization_id,
                campaign_id,
                batch_id,
                c.reference_id,
                address,
                c.address.line_type,
                region_key,
                dump([_fallback(one) for one in c.fallbacks]) if c.fallbacks else None,
                dump(c.variables) if c.variables else None,
                c.zone,
                c.postal_code,
                c.person or address,
                c.priority,
                now,
            )
        )
        lane = band(c.priority, retry=False)
        places.append(
            (
                contact_id,
                organization_id,
                campaign_id,
                batch_id,
                "finished" if repeats else "waiting",
                lane,
                region_key,
                0,
                None if repeats else now,
                None if repeats else now,
                0,
                0,
                0,
                "duplicate" if repeats else None,
                False,
                now,
            )
        )
    return people, places


T = TypeVar("T")


async def _off_loop(rows: int, work: Callable[[], T]) -> T:
    """Work that would hold up the event loop when there are many rows."""
    return await asyncio.to_thread(work) if rows > MANY else work()


def _fallback(address: Address) -> dict[str, Any]:
    return {name: getattr(address, name) for name in Address.__slots__}


def _import_row(one: Import) -> dict[str, Any]:
    row = {name: getattr(one, name) for name in Import.__slots__}
    head = row.pop("head")
    return row | {"digest": head + one.digest, "status": one.status.value}


def _import(row: Row[Any]) -> Import:
    values = dict(row._mapping)
    both = values.pop("digest")
    half = len(both) // 2
    return replace(Import(**values, head=both[:half], digest=both[half:]), status=ImportStatus(row.status))
