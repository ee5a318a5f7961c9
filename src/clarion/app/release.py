"""Release: contacts that are due become attempts, inside every limit, in one transaction per campaign.

The campaign's account is locked first, so limits hold to the unit over all workers. The attempt is on disk before any
carrier is asked; asking is the engine's business, after this transaction is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from clarion.app.circumstances import cap_of_day, end_of
from clarion.app.page import Page, line
from clarion.app.planning import Planner, own_zone
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.ports.queue import InFlight, Live, Move
from clarion.app.quota import Quota
from clarion.app.rounds import Offer, Ready, Round, Told
from clarion.app.sender_desk import Pick, SenderDesk
from clarion.app.verdicts import Verdicts, message_for
from clarion.core.campaigns import Batch, BatchStatus, CampaignStatus, Rendered
from clarion.core.contacts import Attempt, Contact, Decision
from clarion.core.eligibility import Circumstances, Go, Skip, Wait, closed_now, judge
from clarion.core.outcomes import AttemptState, FinishReason
from clarion.core.pacing import Account, Pacing
from clarion.core.wallclock import find_zone, local_instant
from clarion.wire.templates import Unrenderable

MOST = 500
"""Contacts in one transaction: long enough to be fast, short enough that nobody waits."""
DEFER_MOST = 5_000
BUSY = timedelta(milliseconds=20)
"""When to come again for what another worker holds."""
EVERY_BAND = (1 << 20) - 1
MICROSECOND = timedelta(microseconds=1)
NEVER = datetime.min.replace(tzinfo=UTC)


class _Chosen(NamedTuple):
    """A contact that will be attempted, from whom, when and with what."""

    contact: Contact
    pick: Pick
    message: Rendered | None


async def release(
    ledger: Ledger,
    planner: Planner,
    offer: Offer,
    worker_id: int,
    slot: int,
    clock: Clock,
    ahead: timedelta,
    told: Told,
) -> Round:
    """Release what is due for a campaign by now, or `ahead` of it on a virtual clock, each for its own instant.

    The clock is read when the limits are held: time may pass while another worker holds them.
    """
    if offer.room <= 0 or not offer.senders:
        return Round(limited_by="room")
    async with ledger.write() as tx:
        release = _Release(tx, planner, offer, worker_id, told)
        refusal = await release.open(clock, ahead)
        if refusal is not None:
            return refusal
        for batch, band in release.lanes():
            await release.serve(batch, band)
        return await release.close(slot)


class _Release:
    """One release under way: its transaction, what its limits leave, and the page that it writes."""

    def __init__(self, tx: Tx, planner: Planner, offer: Offer, worker_id: int, told: Told) -> None:
        self._tx, self._planner, self._offer, self._worker_id = tx, planner, offer, worker_id
        self._campaign = offer.campaign
        self._told, self._telling = told, dict[tuple[int, str, datetime], datetime]()
        self._desk = SenderDesk(offer.rotation, offer.senders, offer.trunks)
        self._lead = f"campaign:{offer.campaign.id}"
        self._batches: list[Batch] = []
        self._quotas: dict[str, Quota] = {}
        self._verdicts = Verdicts(tx, planner, offer.campaign, offer.settings)
        self._page = Page({offer.campaign.organization_id: offer.endpoints})
        self._ready: list[Ready] = []
        self._room = 0
        self._touched = self._changed = self._released = 0
        self._next_at: datetime | None = None

    async def open(self, clock: Clock, ahead: timedelta) -> Round | None:
        """Lock the limits and find out what they leave. A round when there is nothing to be done now."""
        tx, offer, campaign = self._tx, self._offer, self._campaign
        own = [_scope(b) for b in offer.batches if b.pacing != Pacing()]
        house = f"organization:{campaign.organization_id}"
        shared = [house] if offer.settings.max_concurrent is not None else []
        accounts = await tx.queue.lock_accounts(self._lead, [*own, *shared, *self._desk.scopes()])
        if accounts is None:
            return Round(next_at=clock.now() + BUSY, limited_by="lock")
        heads = await tx.queue.heads(campaign.id)
        if heads.status is not CampaignStatus.RUNNING or heads.plan_version != campaign.plan_version:
            return Round(next_at=clock.now(), limited_by="changed")
        flying = await tx.queue.in_flight() if self._counts_concurrency() else []
        self._set_time(clock.now(), ahead)
        self._batches = [
            b
            for b in offer.batches
            if heads.batches.get(b.id) is BatchStatus.ACTIVE and (b.expires_at is None or self._now < b.expires_at)
        ]
        free = MOST
        if offer.settings.max_concurrent is not None:
            live = sum(f.count for f in flying if f.organization_id == campaign.organization_id)
            free = max(0, offer.settings.max_concurrent - live)
        self._room = min(offer.room, MOST, free)
        self._desk.open(accounts, flying, self._now, self._until, self._house_day[0], self._room)
        self._quotas[self._lead] = whole = await self._quota(None, accounts[self._lead], flying, self._room)
        for batch in self._batches:
            if batch.pacing != Pacing():
                scope = _scope(batch)
                self._quotas[scope] = await self._quota(batch, accounts[scope], flying, whole.left)
        return None

    def _set_time(self, now: datetime, ahead: timedelta) -> None:
        """Whoever was counted as live is, and whoever ended did so before `now`."""
        self._now = now
        self._own_day = _day(own_zone(self._campaign), now)
        self._house_day = _day(find_zone(self._offer.settings.timezone) or ZoneInfo("UTC"), now)
        self._until = min(now + ahead, self._own_day[1] - MICROSECOND, self._house_day[1] - MICROSECOND)

    def lanes(self) -> Iterator[tuple[Batch, int]]:
        """Batches and bands, best band first; within a band batches take turns at being first."""
        turn = self._offer.turn % len(self._batches) if self._batches else 0
        for band in range(EVERY_BAND.bit_length() - 1, -1, -1):
            for batch in (*self._batches[turn:], *self._batches[:turn]):
                if batch.bands >> band & 1:
                    yield batch, band

    async def serve(self, batch: Batch, band: int) -> None:
        """Claim from a band of a batch until a limit binds, and give everybody claimed their decision."""
        first = not band & 1
        quotas = self._limits_of(batch)
        places = min(quota.places(first=first) for quota in quotas)
        if places <= 0 or self._desk.limited_by:
            return
        candidates = await self._tx.queue.due(batch.id, band, self._until, places)
        self._touched += len(candidates)
        chosen: list[_Chosen] = []
        somebody_closed = False
        for contact, verdict in await self._verdicts.of(batch, candidates, self._now):
            if isinstance(verdict, Skip):
                self._skip(contact, verdict)
            elif isinstance(verdict, Wait) and verdict.whole_region:
                somebody_closed = True
            elif isinstance(verdict, Wait):
                self._postpone(contact, verdict)
            elif not self._choose(batch, contact, quotas, chosen, first=first):
                break
        if somebody_closed:
            await self._defer_closed(batch, band)
        await self._write(batch, chosen)

    async def close(self, slot: int) -> Round:
        """Write everything, and find out when to come again."""
        spent = [q.spent(self._own_day[0], self._now) for _, q in sorted(self._quotas.items()) if q.used]
        await self._tx.queue.save_accounts(spent + self._desk.changed())
        await self._page.write(self._tx, slot, self._now)
        limited_by = ""
        whole = self._quotas[self._lead]
        mask = whole.open_bands(EVERY_BAND)
        if mask != EVERY_BAND and whole.granted.limited_by == "room" and self._room == MOST:
            self._come_again(self._now)
        elif mask != EVERY_BAND:
            limited_by = whole.granted.limited_by
            self._come_again_after(whole)
        if self._desk.limited_by:
            mask, limited_by = 0, self._desk.limited_by
            self._come_again(self._desk.next_at or (self._house_day[1] if limited_by == "daily_cap" else None))
        open_lanes: dict[int, int] = {}
        for batch in self._batches:
            bands = batch.bands & mask
            if _scope(batch) in self._quotas:
                own = self._quotas[_scope(batch)]
                bands = own.open_bands(bands)
                if own.open_bands(batch.bands) != batch.bands:
                    self._come_again_after(own)
            if bands:
                open_lanes[batch.id] = bands
        return Round(
            ready=self._ready,
            next_at=self._next_at,
            limited_by=limited_by,
            touched=self._touched,
            changed=self._changed,
            released=self._released,
            open_lanes=open_lanes,
            told=self._telling,
        )

    # limits

    def _counts_concurrency(self) -> bool:
        return (
            self._campaign.plan.pacing.max_concurrent is not None
            or self._offer.settings.max_concurrent is not None
            or any(b.pacing.max_concurrent is not None for b in self._offer.batches)
            or self._desk.counts_concurrency
        )

    def _limits_of(self, batch: Batch) -> list[Quota]:
        return [self._quotas[scope] for scope in (self._lead, _scope(batch)) if scope in self._quotas]

    async def _quota(self, batch: Batch | None, account: Account, flying: Sequence[InFlight], room: int) -> Quota:
        """What the campaign's own limits leave, or those of a batch."""
        pacing = batch.pacing if batch is not None else self._campaign.plan.pacing
        first_left: int | None = None
        open_left: timedelta | None = None
        if pacing.finish_by is not None:
            lanes = [batch] if batch is not None else self._offer.batches
            sums = await self._tx.queue.tally([b.id for b in lanes], ["contacts", "first_attempts", "unattempted"])
            first_left = max(0, sum(n if key == "contacts" else -n for (_, key), n in sums.items()))
            open_left = self._planner.open_time(self._campaign, self._now, pacing.finish_by)
            if account.last_first is not None:
                open_left *= first_left / (first_left + 1)  # the last one is made before the end, not at it
        mine = [f for f in flying if f.campaign_id == self._campaign.id and (batch is None or f.batch_id == batch.id)]
        return Quota.ask(
            pacing,
            account,
            now=self._now,
            until=self._until,
            day=self._own_day[0],
            in_flight=sum(f.count for f in mine),
            room=room,
            day_cap=cap_of_day(self._campaign, self._own_day[0]) if batch is None else None,
            first_left=first_left,
            open_left=open_left,
        )

    def _come_again(self, at: datetime | None) -> None:
        if at is not None and (self._next_at is None or at < self._next_at):
            self._next_at = at

    def _come_again_after(self, quota: Quota) -> None:
        """When a limit that binds lets go by time alone: with the rate's next slot, or with a new day."""
        new_day = self._own_day[1] if quota.granted.limited_by == "daily_cap" else None
        self._come_again(quota.granted.next_at or new_day)

    # contacts

    def _choose(
        self, batch: Batch, contact: Contact, quotas: Sequence[Quota], chosen: list[_Chosen], *, first: bool
    ) -> bool:
        """Find a slot and a sender; False when there is none for anybody."""
        at = max(self._now, contact.next_at or self._now)
        for quota in quotas:
            at = quota.earliest(at)
        pick = self._desk.pick(contact, at)
        if pick is None:
            return False
        if pick.at > self._until:
            self._come_again(pick.at)
            return False
        if pick.at > self._now and not self._still_may(batch, contact, pick.at):
            self._come_again(pick.at)
            return True
        try:
            message = message_for(self._offer.message, self._campaign, contact)
        except Unrenderable as missing:
            self._skip(contact, Skip(FinishReason.MISSING_VARIABLE, "message", {"variable": missing.name}))
            return True
        self._desk.take(pick)
        for quota in quotas:
            quota.use(pick.at, first=first)
        chosen.append(_Chosen(contact, pick, message))
        return True

    def _still_may(self, batch: Batch, contact: Contact, at: datetime) -> bool:
        """Whether time alone changes the verdict between now and a planned instant."""
        known = Circumstances(
            hours=self._planner.hours(self._campaign, contact.region_key),
            end_at=end_of(self._campaign, batch),
            skip_if_late=self._campaign.plan.skip_if_late,
            since=self._campaign.started_at,
        )
        return isinstance(judge(contact, at, known), Go)

    def _skip(self, contact: Contact, verdict: Skip) -> None:
        self._changed += 1
        self._page.finish(
            contact,
            verdict.reason,
            self._now,
            verdict="skipped",
            rule=verdict.rule,
            inputs=verdict.inputs,
            agent_id=self._campaign.agent_id,
        )

    def _postpone(self, contact: Contact, verdict: Wait) -> None:
        self._changed += 1
        self._page.moves.append(Move.stay(contact)._replace(next_at=verdict.until))
        said = line(contact, self._now, "deferred", verdict.rule, next_at=verdict.until, inputs=verdict.inputs)
        self._page.decisions.append(said)
        self._come_again(verdict.until)

    async def _defer_closed(self, batch: Batch, band: int) -> None:
        """A closed window closes for everybody in the region: put off all who are due, with one line for them all."""
        end_at = end_of(self._campaign, batch)
        openings: list[tuple[int, datetime]] = []
        newest: dict[tuple[int, str, datetime], datetime] = {}
        verdicts: dict[str, Skip | Wait | None] = {}
        for due in await self._tx.queue.due_regions(batch.id, band, self._until, DEFER_MOST):
            at = max(self._now, due.next_at)
            if at > self._now or due.region_key not in verdicts:
                hours = self._planner.hours(self._campaign, due.region_key)
                verdict = None if isinstance(hours, FinishReason) else closed_now(hours, at, end_at)
                if at == self._now:
                    verdicts[due.region_key] = verdict
            else:
                verdict = verdicts[due.region_key]
            if isinstance(verdict, Wait):
                openings.append((due.contact_id, verdict.until))
                key = (batch.id, due.region_key, verdict.until)
                newest[key] = max(newest.get(key, NEVER), due.not_before or NEVER)
        await self._tx.queue.defer(openings, self._now)
        self._touched += len(openings)
        self._changed += len(openings)
        for key, came in newest.items():
            self._come_again(key[2])
            said = self._telling.get(key) or self._told.get(key)
            if said is not None and came <= said:
                continue
            self._telling[key] = self._now
            self._page.decisions.append(
                Decision(
                    organization_id=batch.organization_id,
                    campaign_id=batch.campaign_id,
                    batch_id=batch.id,
                    region_key=key[1],
                    at=self._now,
                    verdict="deferred",
                    rule="window",
                    next_at=key[2],
                )
            )

    async def _write(self, batch: Batch, chosen: Sequence[_Chosen]) -> None:
        """Put the attempts on disk: from here on they may be asked for."""
        if not chosen:
            return
        offer, campaign = self._offer, self._campaign
        attempts: list[Attempt] = []
        firsts = 0
        for attempt_id, one in zip(await self._tx.new_ids("attempts", len(chosen)), chosen, strict=True):
            contact, pick = one.contact, one.pick
            pulled = pick.trunk.id in offer.pulled
            attempt = Attempt(
                id=attempt_id,
                organization_id=campaign.organization_id,
                campaign_id=campaign.id,
                batch_id=batch.id,
                contact_id=contact.id,
                number=contact.tries + 1,
                channel=campaign.channel,
                address=contact.current_address,
                person=contact.person,
                state=AttemptState.RELEASED if pulled else AttemptState.BEGUN,
                sender_id=pick.sender.id,
                trunk_id=pick.trunk.id,
                sandbox=pick.trunk.id in offer.sandbox,
                worker_id=self._worker_id,
                released_at=pick.at,
                begun_at=None if pulled else pick.at,
            )
            firsts += contact.tries == 0
            attempts.append(attempt)
            if not pulled:
                self._ready.append(
                    Ready(Live(attempt, contact), pick.at, campaign, pick.sender, pick.trunk, one.message)
                )
        await self._tx.queue.release(attempts)
        self._changed += len(attempts)
        self._released += len(attempts)
        tallies = self._page.tallies
        tallies[campaign.id, batch.id, "attempts"] += len(attempts)
        tallies[campaign.id, batch.id, "first_attempts"] += firsts
        tallies[campaign.id, batch.id, "retries"] += len(attempts) - firsts


def _scope(batch: Batch) -> str:
    return f"batch:{batch.id}"


def _day(zone: ZoneInfo, at: datetime) -> tuple[date, datetime]:
    """The day of a clock that caps are counted by, and the instant at which the next one begins (UTC)."""
    today = at.astimezone(zone).date()
    return today, local_instant(today + timedelta(days=1), 0, zone)
