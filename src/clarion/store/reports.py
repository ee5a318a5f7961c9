"""What people look at: tallies, lists, exports, stories, on SQLAlchemy Core."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, null, or_, select, update

from clarion.app.ports.reports import ERASED, NO_OUTCOME, AttemptFilters, Crowd, ExportRow, Line, Recipient, Standing
from clarion.app.refusals import NotFound
from clarion.core.campaigns import BatchStatus
from clarion.core.contacts import Attempt, Contact, Decision
from clarion.core.outcomes import AttemptState, Channel, ContactState, FinishReason
from clarion.store.newest import MERGED, newest_ids
from clarion.store.queue_columns import ATTEMPT_COLUMNS, LIVE, WAITING, attempt_of, contact_of, contacts_query
from clarion.store.schema import (
    attempts,
    batches,
    campaigns,
    consents,
    contacts,
    decisions,
    queue,
    suppressions,
    tallies,
    workers,
)
from clarion.store.session import Session

WITHOUT_RAW = tuple(null().label("raw") if column.name == "raw" else column for column in ATTEMPT_COLUMNS)
EVERY_CHANNEL = "*"


class StoredReportRows:
    """Implements `clarion.app.ports.reports.ReportRows`."""

    def __init__(self, session: Session) -> None:
        """`session` is the open transaction."""
        self._session = session

    # numbers

    async def standings(self, organization_id: int, campaign_id: int) -> Sequence[Standing]:
        """See the port."""
        mine = (batches.c.organization_id == organization_id, batches.c.campaign_id == campaign_id)
        ids = await self._session.execute(select(batches.c.id).where(*mine).order_by(batches.c.id))
        counted = {batch_id: (dict[str, int](), dict[str, int]()) for batch_id in ids.scalars()}
        sums = (
            select(tallies.c.batch_id, tallies.c.key, func.sum(tallies.c.n))
            .where(tallies.c.campaign_id == campaign_id)
            .group_by(tallies.c.batch_id, tallies.c.key)
        )
        for batch_id, key, n in await self._session.execute(sums):
            if batch_id in counted:
                counted[batch_id][1][key] = int(n)
        live = (
            select(queue.c.batch_id, queue.c.last_outcome, func.count())
            .where(LIVE, queue.c.campaign_id == campaign_id)
            .group_by(queue.c.batch_id, queue.c.last_outcome)
        )
        for batch_id, outcome, n in await self._session.execute(live):
            if batch_id in counted:
                counted[batch_id][0][str(outcome or NO_OUTCOME)] = n
        return [Standing(batch_id, *each) for batch_id, each in counted.items()]

    async def overview(self, organization_id: int) -> Mapping[int, Mapping[str, int]]:
        """See the port."""
        statement = (
            select(tallies.c.campaign_id, tallies.c.key, func.sum(tallies.c.n))
            .join(campaigns, campaigns.c.id == tallies.c.campaign_id)
            .where(campaigns.c.organization_id == organization_id)
            .group_by(tallies.c.campaign_id, tallies.c.key)
        )
        found: dict[int, dict[str, int]] = {}
        for campaign_id, key, n in await self._session.execute(statement):
            found.setdefault(campaign_id, {})[key] = int(n)
        return found

    async def live_by_campaign(self, organization_id: int) -> Mapping[int, Mapping[str, int]]:
        """See the port."""
        rows = await self._session.execute(
            select(queue.c.campaign_id, queue.c.last_outcome, func.count())
            .where(LIVE, queue.c.organization_id == organization_id)
            .group_by(queue.c.campaign_id, queue.c.last_outcome)
        )
        found: dict[int, dict[str, int]] = {}
        for campaign_id, outcome, n in rows:
            found.setdefault(campaign_id, {})[str(outcome or NO_OUTCOME)] = n
        return found

    # lists

    async def attempts(
        self, organization_id: int, filters: AttemptFilters, cursor: int | None, limit: int
    ) -> Sequence[Attempt]:
        """See the port."""
        statement = select(*ATTEMPT_COLUMNS).where(*_meant(organization_id, filters))
        if cursor is not None:
            statement = statement.where(attempts.c.id < cursor)
        rows = await self._session.execute(statement.order_by(attempts.c.id.desc()).limit(limit))
        return [attempt_of(row) for row in rows]

    async def browse_attempts(
        self, organization_id: int, filters: AttemptFilters, offset: int, limit: int
    ) -> tuple[Sequence[Attempt], int]:
        """See the port. Where only campaigns are asked for, tallies know how many there are, and indexes which."""
        mine = (*_meant(organization_id, filters), attempts.c.state != AttemptState.TAKEN_BACK)
        ids = select(attempts.c.id).where(*mine).order_by(attempts.c.id.desc())
        asked = filters.campaign_ids or ({filters.campaign_id} if filters.campaign_id is not None else frozenset())
        found: list[int]
        if not filters.erased and filters in (
            AttemptFilters(campaign_id=filters.campaign_id, channel=filters.channel, erased=filters.erased),
            AttemptFilters(campaign_ids=filters.campaign_ids, channel=filters.channel, erased=filters.erased),
        ):
            counts = await self._attempts_by_campaign(organization_id, asked, filters)
            total = sum(counts.values())
            if offset + limit <= MERGED:
                found = (await newest_ids(self._session, attempts, ids, counts, offset + limit))[offset:]
            else:
                found = list((await self._session.execute(ids.offset(offset).limit(limit))).scalars())
        else:
            total = int((await self._session.execute(select(func.count()).select_from(ids.subquery()))).scalar_one())
            found = list((await self._session.execute(ids.offset(offset).limit(limit))).scalars())
        by_id = await self._by_id(found, raw=True)
        return [by_id[attempt_id] for attempt_id in found], total

    async def _attempts_by_campaign(
        self, organization_id: int, campaign_ids: Collection[int], filters: AttemptFilters
    ) -> dict[int, int]:
        """Campaign id -> attempts made, of these campaigns or of every one; a campaign has one channel."""
        left_out = case((tallies.c.key == "attempts", tallies.c.n), else_=-tallies.c.n)
        sums = (
            select(tallies.c.campaign_id, func.sum(left_out))
            .join(campaigns, campaigns.c.id == tallies.c.campaign_id)
            .where(
                campaigns.c.organization_id == organization_id,
                tallies.c.key.in_(("attempts",) if filters.erased is None else ("attempts", "erased")),
            )
            .group_by(tallies.c.campaign_id)
        )
        if campaign_ids:
            sums = sums.where(campaigns.c.id.in_(sorted(campaign_ids)))
        if filters.channel is not None:
            sums = sums.where(campaigns.c.channel == filters.channel)
        return {campaign_id: int(n) for campaign_id, n in await self._session.execute(sums)}

    async def attempts_of(self, organization_id: int, contact_ids: Sequence[int]) -> Sequence[Attempt]:
        """See the port."""
        if not contact_ids:
            return []
        # SQLite would rather read every attempt of the organisation, so whose they are is looked at afterwards
        statement = select(*ATTEMPT_COLUMNS).where(
            self._session.among(attempts.c.contact_id, list(contact_ids)),
            attempts.c.state != AttemptState.TAKEN_BACK,
        )
        rows = await self._session.execute(statement.order_by(attempts.c.id))
        return [attempt_of(row) for row in rows if row.organization_id == organization_id]

    async def erase_attempt(self, organization_id: int, attempt_id: int) -> None:
        """See the port."""
        mine = (attempts.c.organization_id == organization_id, attempts.c.id == attempt_id)
        await self._session.execute(update(attempts).where(*mine).values(detail=ERASED, raw=None, results=None))

    async def attempt(self, organization_id: int, attempt_id: int) -> Attempt:
        """See the port."""
        mine = (attempts.c.organization_id == organization_id, attempts.c.id == attempt_id)
        row = (await self._session.execute(select(*ATTEMPT_COLUMNS).where(*mine))).first()
        if row is None:
            raise NotFound("attempt", attempt_id)
        return attempt_of(row)

    async def export_page(
        self,
        organization_id: int,
        campaign_id: int,
        *,
        batch_id: int | None,
        states: frozenset[ContactState],
        reasons: frozenset[FinishReason],
        after: int,
        limit: int,
    ) -> Sequence[ExportRow]:
        """See the port. Three statements a page, each over its ids: what was tried is found by the contact's index."""
        statement = (
            contacts_query()
            .add_columns(batches.c.key.label("batch_key"))
            .join(batches, batches.c.id == contacts.c.batch_id)
            .where(
                contacts.c.organization_id == organization_id,
                contacts.c.campaign_id == campaign_id,
                contacts.c.id > after,
            )
        )
        if batch_id is not None:
            statement = statement.where(contacts.c.batch_id == batch_id)
        if states:
            statement = statement.where(queue.c.state.in_(sorted(states)))
        if reasons:
            statement = statement.where(queue.c.finish_reason.in_(sorted(reasons)))
        page = (await self._session.execute(statement.order_by(contacts.c.id).limit(limit))).all()
        found = [(contact_of(row[:-1]), row.batch_key) for row in page]
        tried = await self._tried([contact.id for contact, _ in found])
        last = await self._by_id([newest for newest, _, _ in tried.values()])
        rows = []
        for contact, batch_key in found:
            newest, count, costs = tried.get(contact.id, (0, 0, {}))
            rows.append(ExportRow(contact, batch_key, count, costs, last.get(newest)))
        return rows

    async def _tried(self, contact_ids: Sequence[int]) -> dict[int, tuple[int, int, dict[str, int]]]:
        """Contact id -> newest attempt, number of attempts, costs by currency."""
        statement = (
            select(
                attempts.c.contact_id,
                attempts.c.currency,
                func.max(attempts.c.id),
                func.count(),
                func.sum(attempts.c.cost_micros),
            )
            .where(attempts.c.contact_id.in_(contact_ids), attempts.c.state != AttemptState.TAKEN_BACK)
            .group_by(attempts.c.contact_id, attempts.c.currency)
        )
        found: dict[int, tuple[int, int, dict[str, int]]] = {}
        for contact_id, currency, newest, count, micros in await self._session.execute(statement):
            before = found.get(contact_id, (0, 0, {}))
            costs = before[2] | ({currency: int(micros)} if currency and micros is not None else {})
            found[contact_id] = (max(before[0], newest), before[1] + count, costs)
        return found

    async def _by_id(self, attempt_ids: Sequence[int], *, raw: bool = False) -> dict[int, Attempt]:
        columns = ATTEMPT_COLUMNS if raw else WITHOUT_RAW
        rows = await self._session.execute(select(*columns).where(self._session.among(attempts.c.id, attempt_ids)))
        return {row.id: attempt_of(row) for row in rows}

    # stories

    async def contact(self, organization_id: int, contact_id: int) -> Contact:
        """See the port."""
        mine = (queue.c.organization_id == organization_id, queue.c.contact_id == contact_id)
        row = (await self._session.execute(contacts_query().where(*mine))).first()
        if row is None:
            raise NotFound("contact", contact_id)
        return contact_of(row)

    async def lines(self, contact: Contact, limit: int) -> Sequence[Line]:
        """See the port. One statement for each index that serves."""
        theirs = decisions.c.contact_id == contact.id
        regions = {contact.region_key, *(address.region_key for address in contact.fallbacks)}
        everybody = and_(
            decisions.c.contact_id.is_(None),
            decisions.c.batch_id == contact.batch_id,
            or_(decisions.c.region_key.is_(None), decisions.c.region_key.in_(sorted(regions))),
        )
        whole = and_(
            decisions.c.contact_id.is_(None),
            decisions.c.batch_id.is_(None),
            decisions.c.campaign_id == contact.campaign_id,
        )
        found: list[Line] = []
        for which in (theirs, everybody, whole):
            statement = select(decisions).where(which, decisions.c.organization_id == contact.organization_id)
            if which is not theirs and contact.created_at is not None:
                statement = statement.where(decisions.c.at >= contact.created_at)
            statement = statement.order_by(decisions.c.at.desc(), decisions.c.id.desc()).limit(limit)
            found.extend(_line(row) for row in await self._session.execute(statement))
        found.sort(key=lambda line: (line.decision.at, line.id))
        return found[-limit:]

    async def ahead(self, contact_id: int, now: datetime, most: int) -> int:
        """See the port."""
        row = (
            await self._session.execute(
                select(queue.c.batch_id, queue.c.band, queue.c.next_at).where(queue.c.contact_id == contact_id)
            )
        ).one()
        earlier = and_(
            queue.c.band == row.band,
            or_(
                queue.c.next_at < row.next_at,
                and_(queue.c.next_at == row.next_at, queue.c.contact_id < contact_id),
            ),
        )
        some = (
            select(queue.c.contact_id)
            .where(WAITING, queue.c.batch_id == row.batch_id, queue.c.next_at <= now)
            .where(or_(queue.c.band > row.band, earlier))
            .limit(most)
        )
        return int((await self._session.execute(select(func.count()).select_from(some.subquery()))).scalar_one())

    async def waiting_until(
        self, organization_id: int, campaign_id: int, instants: Sequence[datetime]
    ) -> Sequence[int]:
        """See the port."""
        lanes = [batch_id for batch_id, _ in await self._lanes(organization_id, campaign_id)]
        counts = [func.coalesce(func.sum(case((queue.c.next_at <= at, 1), else_=0)), 0) for at in instants]
        statement = select(*counts, func.count()).where(WAITING, queue.c.batch_id.in_(lanes))
        return [int(n) for n in (await self._session.execute(statement)).one()]

    async def head(self, organization_id: int, campaign_id: int) -> tuple[int, datetime] | None:
        """See the port. One look into the index for each band in use."""
        found: tuple[int, datetime] | None = None
        for batch_id, bands in await self._lanes(organization_id, campaign_id):
            for band in (band for band in range(bands.bit_length()) if bands >> band & 1):
                statement = (
                    select(queue.c.contact_id, queue.c.next_at)
                    .where(WAITING, queue.c.batch_id == batch_id, queue.c.band == band)
                    .order_by(queue.c.next_at, queue.c.contact_id)
                    .limit(1)
                )
                row = (await self._session.execute(statement)).first()
                if row is not None and (found is None or row.next_at < found[1]):
                    found = (row.contact_id, row.next_at)
        return found

    async def _lanes(self, organization_id: int, campaign_id: int) -> Sequence[tuple[int, int]]:
        """The campaign's batches with their bands in use."""
        mine = (batches.c.organization_id == organization_id, batches.c.campaign_id == campaign_id)
        rows = await self._session.execute(select(batches.c.id, batches.c.bands).where(*mine).order_by(batches.c.id))
        return [(row.id, row.bands) for row in rows]

    async def workers(self, now: datetime) -> int:
        """See the port."""
        running = (workers.c.lease_until > now, workers.c.fenced_at.is_(None), workers.c.stopped_at.is_(None))
        return int(
            (await self._session.execute(select(func.count()).select_from(workers).where(*running))).scalar_one()
        )

    # checks

    async def crowds(self, organization_id: int, campaign_id: int, channel: Channel, now: datetime) -> Sequence[Crowd]:
        """See the port. Addresses are compared in lower case, as suppressions and consents are kept.

        Each contact asks by index. Joined to the lists instead, PostgreSQL expects a handful of contacts and reads
        the whole list for every one of them.
        """
        address = func.lower(contacts.c.address)
        stopped = (
            select(suppressions.c.reason)
            .where(
                suppressions.c.organization_id == organization_id,
                suppressions.c.address == address,
                suppressions.c.channel.in_((channel.value, EVERY_CHANNEL)),
                or_(suppressions.c.expires_at.is_(None), suppressions.c.expires_at > now),
            )
            .order_by(suppressions.c.id)
            .limit(1)
            .scalar_subquery()
        )
        allowed = (
            select(consents.c.id)
            .where(
                consents.c.organization_id == organization_id,
                consents.c.address == address,
                consents.c.channel.in_((channel.value, EVERY_CHANNEL)),
                consents.c.granted_at <= now,
                or_(consents.c.revoked_at.is_(None), consents.c.revoked_at > now),
            )
            .exists()
        )
        each = _waiting(
            select(
                queue.c.batch_id,
                queue.c.region_key,
                contacts.c.line_type,
                stopped.label("reason"),
                allowed.label("consented"),
            ),
            organization_id,
            campaign_id,
        ).subquery()
        rows = await self._session.execute(select(*each.c, func.count()).group_by(*each.c))
        return [Crowd(r.batch_id, r.region_key, r.line_type, r.reason, bool(r.consented), r[-1]) for r in rows]

    async def recipients(
        self, organization_id: int, campaign_id: int, *, after: int, limit: int
    ) -> Sequence[Recipient]:
        """See the port."""
        columns = (
            contacts.c.id,
            contacts.c.batch_id,
            contacts.c.reference_id,
            contacts.c.address,
            queue.c.region_key,
            contacts.c.line_type,
            contacts.c.variables,
        )
        statement = (
            _waiting(select(*columns), organization_id, campaign_id)
            .where(contacts.c.campaign_id == campaign_id, contacts.c.id > after)
            .order_by(contacts.c.id)
            .limit(limit)
        )
        return [
            Recipient(r.id, r.batch_id, r.reference_id, r.address, r.region_key, r.line_type, r.variables or {})
            for r in await self._session.execute(statement)
        ]


def _meant(organization_id: int, filters: AttemptFilters) -> list[ColumnElement[bool]]:
    """The attempts that filters mean."""
    mine: list[ColumnElement[bool]] = [attempts.c.organization_id == organization_id]
    for name in (
        "campaign_id",
        "batch_id",
        "contact_id",
        "person",
        "address",
        "provider_id",
        "sender_id",
        "channel",
    ):
        wanted = getattr(filters, name)
        if wanted is not None:
            mine.append(attempts.c[name] == wanted)
    several: dict[str, frozenset[Any]] = {
        "state": filters.states,
        "outcome": filters.outcomes,
        "campaign_id": filters.campaign_ids,
        "contact_id": filters.contact_ids,
    }
    mine += [attempts.c[name].in_(sorted(words)) for name, words in several.items() if words]
    if filters.since is not None:
        mine.append(attempts.c.released_at >= filters.since)
    if filters.until is not None:
        mine.append(attempts.c.released_at < filters.until)
    if filters.address_part is not None:
        mine.append(attempts.c.address.contains(filters.address_part, autoescape=True))
    if filters.erased is not None:
        erased = attempts.c.detail.is_not_distinct_from(ERASED)
        mine.append(erased if filters.erased else ~erased)
    return mine


def _waiting(statement: Select[Any], organization_id: int, campaign_id: int) -> Select[Any]:
    """Contacts in the queue, in batches that will still be worked on."""
    return (
        statement.select_from(queue)
        .join(contacts, contacts.c.id == queue.c.contact_id)
        .join(batches, batches.c.id == queue.c.batch_id)
        .where(
            WAITING,
            batches.c.organization_id == organization_id,
            batches.c.campaign_id == campaign_id,
            batches.c.status.in_([BatchStatus.ACTIVE, BatchStatus.PAUSED]),
        )
    )


def _line(row: Row[Any]) -> Line:
    return Line(
        row.id,
        Decision(
            organization_id=row.organization_id,
            campaign_id=row.campaign_id,
            at=row.at,
            verdict=row.verdict,
            rule=row.rule,
            contact_id=row.contact_id,
            batch_id=row.batch_id,
            region_key=row.region_key,
            attempt_id=row.attempt_id,
            next_at=row.next_at,
            inputs=row.inputs or {},
        ),
    )
