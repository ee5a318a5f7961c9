"""Release: contacts that are due become attempts, inside every limit, in one transaction per campaign.

The campaign's account is locked first, so limits hold to the unit over all workers. The attempt is on disk before any
carrier is asked; asking is the engine's business, after this transaction is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from clarion.app.sender_desk import Pick, SenderDesk
from clarion.app.planning import Planner
from clarion.app.ports.channel import Trunk
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.ports.organizations import Settings
from clarion.app.ports.queue import InFlight, Live, Move
from clarion.app.ports.resources import Sender
from clarion.core.campaigns import Batch, BatchStatus, Campaign, CampaignStatus, Rendered, Rotation
from clarion.core.contacts import Attempt, Contact, Decision
from clarion.core.eligibility import Circumstances, Go, Skip, Wait, judge
from clarion.core.limits import next_allowed
from clarion.core.outcomes import AttemptState, FinishReason
from clarion.core.pacing import Account, Grant, Pacing, grant, spend
from clarion.core.targeting import filtered
from clarion.wire.templates import Compiled, Unrenderable

MOST = 500
"""Contacts in one transaction: long enough to be fast, short enough that nobody waits."""
DEFER_MOST = 5_000
WEEK = timedelta(days=7)
EVERY_BAND = (1 << 20) - 1
RETRY_BANDS = 0xAAAAA


@dataclass(frozen=True, slots=True)
class Offer:
    """What one campaign may use in this round."""

    campaign: Campaign
    batches: Sequence[Batch]
    settings: Settings
    rotation: Rotation
    senders: Sequence[Sender]
    trunks: Mapping[int, Trunk]
    message: Compiled | None
    room: int
    """Free places at the channel, and the campaign's share of limits that it has in common with others."""
    sandbox: frozenset[int] = frozenset()
    """Trunks that are simulated."""


@dataclass(frozen=True, slots=True)
class Ready:
    """An attempt that is on disk and may now be asked of its carrier."""

    live: Live
    at: datetime
    """When to ask: now, or the planned instant on a virtual clock (UTC)."""
    campaign: Campaign
    sender: Sender
    trunk: Trunk
    message: Rendered | None


@dataclass(frozen=True, slots=True)
class Round:
    """What a release did. `next_at`: when to come again for this campaign; None: when something changes."""

    ready: Sequence[Ready] = ()
    next_at: datetime | None = None
    limited_by: str = ""
    touched: int = 0
    """Contacts looked at."""
    open_lanes: Mapping[int, int] = field(default_factory=dict)
    """Batches (id -> bands) that no limit keeps from releasing more: their next contact decides when to come again."""


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A contact that will be attempted, from whom, when and with what."""

    contact: Contact
    pick: Pick
    message: Rendered | None


@dataclass(slots=True)
class _Work:
    """What one transaction has gathered so far."""

    ready: list[Ready] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    tallies: Counter[tuple[int, int, str]] = field(default_factory=Counter)
    touched: int = 0
    next_at: datetime | None = None
    limited_by: str = ""

    def come_again(self, at: datetime | None) -> None:
        if at is not None and (self.next_at is None or at < self.next_at):
            self.next_at = at


async def release(
    ledger: Ledger, planner: Planner, offer: Offer, worker_id: int, slot: int, now: datetime, until: datetime
) -> Round:
    """Release what is due for a campaign until `until` (`now`, but for a virtual clock). Instants are UTC."""
    if offer.room <= 0 or not offer.senders:
        return Round(limited_by="room")
    campaign = offer.campaign
    desk = SenderDesk(offer.rotation, offer.senders, offer.trunks)
    lead = f"campaign:{campaign.id}"
    batch_scopes = {b.id: f"batch:{b.id}" for b in offer.batches if b.pacing != Pacing()}
    async with ledger.write() as tx:
        accounts = await tx.queue.lock_accounts(
            lead, [*batch_scopes.values(), *desk.scopes(), *_shared_scopes(offer)]
        )
        if accounts is None:
            return Round(next_at=now + timedelta(milliseconds=20), limited_by="lock")
        heads = await tx.queue.heads(campaign.id)
        if heads.status is not CampaignStatus.RUNNING or heads.plan_version != campaign.plan_version:
            return Round(next_at=now, limited_by="changed")
        flying = await tx.queue.in_flight() if _counts_concurrency(offer) else []
        day = _local_day(campaign, offer.settings, now)
        desk.open(accounts, flying, now, until, day)
        room = min(offer.room, MOST, _free(offer.settings.max_concurrent, flying, campaign.organization_id))
        whole = await _grant(tx, planner, campaign, None, offer.batches, accounts[lead], flying, room, now, until, day)
        work = _Work()
        lanes: dict[int, int] = {}
        used: list[tuple[datetime, bool]] = []
        for batch in offer.batches:
            if heads.batches.get(batch.id) is not BatchStatus.ACTIVE or _expired(batch, now):
                continue
            scope = batch_scopes.get(batch.id)
            lane = whole
            if scope is not None:
                room_left = len(whole.slots) - len(used)
                lane = await _grant(
                    tx, planner, campaign, batch, [batch], accounts[scope], flying, room_left, now, until, day
                )
            taken = await _work_lane(tx, planner, offer, batch, desk, whole, lane, used, work, worker_id, now, until)
            used.extend(taken)
            if scope is not None:
                accounts[scope] = _spend(batch.pacing, accounts[scope], taken, day, now)
            lanes[batch.id] = _open_bands(batch.bands, lane, taken)
            if lanes[batch.id] != batch.bands:
                work.come_again(_after_limit(lane, campaign, offer.settings, now))
        accounts[lead] = _spend(campaign.plan.pacing, accounts[lead], used, day, now)
        mask = _open_bands(EVERY_BAND, whole, used)
        if mask != EVERY_BAND:
            work.limited_by = whole.limited_by
            work.come_again(now if room == MOST and whole.limited_by == "room" else _after_limit(whole, campaign, offer.settings, now))
        if desk.limited_by:
            mask, work.limited_by = 0, desk.limited_by
            work.come_again(desk.next_at or _next_day(campaign, offer.settings, now))
        lanes = {n: bands & mask for n, bands in lanes.items() if bands & mask}
        touched = {lead, *batch_scopes.values()} if used else set()
        await tx.queue.save_accounts([accounts[s] for s in sorted(touched)] + desk.changed())
        await _keep(tx, work, slot, now)
    return Round(work.ready, work.next_at, work.limited_by, work.touched, lanes)


async def _work_lane(
    tx: Tx,
    planner: Planner,
    offer: Offer,
    batch: Batch,
    desk: SenderDesk,
    whole: Grant,
    lane: Grant,
    used_before: Sequence[tuple[datetime, bool]],
    work: _Work,
    worker_id: int,
    now: datetime,
    until: datetime,
) -> list[tuple[datetime, bool]]:
    """Claim from a batch's bands, best first, until a limit binds. (instant, was a first attempt) of each release."""
    used: list[tuple[datetime, bool]] = []
    first_before = sum(first for _, first in used_before)
    for band in _bands(batch.bands):
        is_retry = bool(band & 1)
        so_far = len(used_before) + len(used)
        left = min(len(whole.slots) - so_far, len(lane.slots) - len(used))
        firsts = sum(first for _, first in used)
        if is_retry:
            left = min(left, whole.max_retry - (so_far - first_before - firsts), lane.max_retry - (len(used) - firsts))
        else:
            left = min(left, whole.max_first - first_before - firsts, lane.max_first - firsts)
        if left <= 0:
            continue
        candidates = await tx.queue.due(batch.id, band, until, left)
        work.touched += len(candidates)
        if not candidates:
            continue
        verdicts = await _judge_all(tx, planner, offer, batch, candidates, now)
        waits: dict[str, Wait] = {}
        chosen: list[_Chosen] = []
        shift = timedelta(0)
        for contact, verdict in verdicts:
            if isinstance(verdict, Skip):
                _skip(work, contact, verdict, now)
                continue
            if isinstance(verdict, Wait):
                if verdict.whole_region:
                    waits[contact.region_key] = verdict
                else:
                    _postpone(work, contact, verdict, now)
                continue
            place = so_far + len(chosen)
            slot = max(whole.slots[place], lane.slots[len(used) + len(chosen)]) + shift
            at = max(slot, contact.next_at or slot)
            shift += at - slot
            if at > until:
                work.come_again(at)
                break
            if at > now:
                again = _look(planner, offer, batch, contact, at)
                if not isinstance(again, Go):
                    work.come_again(at)
                    continue
            try:
                message = offer.message.render(_variables(offer.campaign, contact)) if offer.message else None
            except Unrenderable as missing:
                skip = Skip(FinishReason.MISSING_VARIABLE, "message", {"variable": missing.name})
                _skip(work, contact, skip, now)
                continue
            pick = desk.pick(contact, at)
            if pick is None:
                break
            shift += pick.at - at
            chosen.append(_Chosen(contact, pick, message))
        for region_key, wait in waits.items():
            await _defer_region(tx, work, batch, region_key, wait, now, until)
        await _write(tx, offer, batch, chosen, work, worker_id)
        used.extend((c.pick.at, not is_retry) for c in chosen)
    return used


async def _judge_all(
    tx: Tx, planner: Planner, offer: Offer, batch: Batch, candidates: Sequence[Contact], now: datetime
) -> list[tuple[Contact, Go | Skip | Wait]]:
    """A verdict for each candidate, with one question to the ledger per rule and not per person."""
    campaign = offer.campaign
    addresses = {c.id: c.address_at(c.address_index) for c in candidates}
    values = [a.value for a in addresses.values()]
    suppressed = await tx.suppression.suppressed(campaign.organization_id, campaign.channel, values, now)
    consented: set[str] | None = None
    if campaign.plan.targeting.require_consent:
        consented = await tx.suppression.consented(campaign.organization_id, campaign.channel, values, now)
    free: dict[str, tuple[datetime, str]] = {}
    limits = {c.id: planner.person_limits(campaign, c.region_key, offer.settings.person_limits) for c in candidates}
    if any(limits.values()):
        await tx.queue.lock_accounts(None, [f"people:{campaign.organization_id}"])
        people = sorted({c.person for c in candidates if limits[c.id]})
        touches = await tx.queue.touches(campaign.organization_id, people, now - WEEK)
        for contact in candidates:
            for rule, limit in limits[contact.id]:
                at = next_allowed(limit, touches.get(contact.person, []), now)
                if at > now and (contact.person not in free or at > free[contact.person][0]):
                    free[contact.person] = (at, rule)
    seen: set[str] = set()
    verdicts: list[tuple[Contact, Go | Skip | Wait]] = []
    for contact in candidates:
        address = addresses[contact.id]
        if limits[contact.id]:
            if contact.person in seen:
                continue  # one attempt per person and round, so that the limits count it; the next round decides
            seen.add(contact.person)
        free_at, rule = free.get(contact.person, (None, ""))
        known = Circumstances(
            hours=planner.hours(campaign, contact.region_key),
            end_at=_end(campaign, batch),
            skip_if_late=campaign.plan.skip_if_late,
            suppressed=suppressed.get(address.value),
            lacks_consent=consented is not None and address.value not in consented,
            filtered=filtered(campaign.plan.targeting, {"line_type": address.line_type, **_known(contact)}),
            free_at=free_at,
            limit=rule,
        )
        verdicts.append((contact, judge(contact, now, known)))
    return verdicts


def _look(planner: Planner, offer: Offer, batch: Batch, contact: Contact, at: datetime) -> Go | Skip | Wait:
    """The part of the verdict that time alone can change between `now` and a planned instant."""
    hours = planner.hours(offer.campaign, contact.region_key)
    return judge(contact, at, Circumstances(hours=hours, end_at=_end(offer.campaign, batch)))


async def _grant(
    tx: Tx,
    planner: Planner,
    campaign: Campaign,
    batch: Batch | None,
    batches: Sequence[Batch],
    account: Account,
    flying: Sequence[InFlight],
    room: int,
    now: datetime,
    until: datetime,
    day: date,
) -> Grant:
    pacing = batch.pacing if batch else campaign.plan.pacing
    holding = sum(
        f.count for f in flying if (f.batch_id == batch.id if batch is not None else f.campaign_id == campaign.id)
    )
    first_left: int | None = None
    open_left: timedelta | None = None
    if pacing.finish_by is not None:
        sums = await tx.queue.tally([b.id for b in batches], ["contacts", "first_attempts", "unattempted"])
        counted = Counter({key: 0 for key in ("contacts", "first_attempts", "unattempted")})
        for (_, key), n in sums.items():
            counted[key] += n
        first_left = max(0, counted["contacts"] - counted["first_attempts"] - counted["unattempted"])
        open_left = planner.open_time(campaign, now, pacing.finish_by)
    return grant(
        pacing,
        account,
        now=now,
        until=until,
        local_day=day,
        in_flight=holding,
        first_waiting=True,
        retry_waiting=True,
        room=room,
        day_cap=_cap_of_day(campaign, day) if batch is None else None,
        first_left=first_left,
        open_left=open_left,
    )


async def _write(
    tx: Tx,
    offer: Offer,
    batch: Batch,
    chosen: Sequence[_Chosen],
    work: _Work,
    worker_id: int,
) -> None:
    if not chosen:
        return
    campaign = offer.campaign
    ids = await tx.new_ids("attempts", len(chosen))
    attempts: list[Attempt] = []
    firsts = 0
    for n, one in zip(ids, chosen, strict=True):
        contact, at, sender, trunk = one.contact, one.pick.at, one.pick.sender, one.pick.trunk
        address = contact.address_at(contact.address_index)
        attempt = Attempt(
            id=n,
            organization_id=campaign.organization_id,
            campaign_id=campaign.id,
            batch_id=batch.id,
            contact_id=contact.id,
            number=contact.tries + 1,
            channel=campaign.channel,
            address=address.value,
            person=contact.person,
            state=AttemptState.BEGUN,
            sender_id=sender.id,
            trunk_id=trunk.id,
            sandbox=trunk.id in offer.sandbox,
            worker_id=worker_id,
            released_at=at,
            begun_at=at,
        )
        firsts += contact.tries == 0
        attempts.append(attempt)
        work.ready.append(Ready(Live(attempt, contact), at, campaign, sender, trunk, one.message))
    await tx.queue.release(attempts)
    work.tallies[campaign.id, batch.id, "attempts"] += len(attempts)
    work.tallies[campaign.id, batch.id, "first_attempts"] += firsts
    work.tallies[campaign.id, batch.id, "retries"] += len(attempts) - firsts


async def _keep(tx: Tx, work: _Work, slot: int, now: datetime) -> None:
    await tx.queue.move(work.moves, now)
    await tx.queue.decide(work.decisions)
    await tx.queue.count(slot, work.tallies)


def _skip(work: _Work, contact: Contact, verdict: Skip, now: datetime) -> None:
    work.moves.append(
        Move.stay(contact).finished(verdict.reason)
    )
    work.decisions.append(_line(contact, now, "skipped", verdict.rule, None, verdict.inputs))
    key = (contact.campaign_id, contact.batch_id)
    work.tallies[*key, f"finished:{verdict.reason}"] += 1
    work.tallies[*key, f"skipped:{verdict.reason}"] += 1
    work.tallies[*key, "unattempted"] += contact.tries == 0


def _postpone(work: _Work, contact: Contact, verdict: Wait, now: datetime) -> None:
    work.moves.append(replace(Move.stay(contact), next_at=verdict.until))
    work.decisions.append(_line(contact, now, "deferred", verdict.rule, verdict.until, verdict.inputs))
    work.come_again(verdict.until)


async def _defer_region(
    tx: Tx, work: _Work, batch: Batch, region_key: str, wait: Wait, now: datetime, until: datetime
) -> None:
    """A closed window closes for everybody in the region: one statement and one line, not one per person."""
    count = await tx.queue.defer(batch.id, region_key, until, wait.until, DEFER_MOST, now)
    work.decisions.append(
        Decision(
            organization_id=batch.organization_id,
            campaign_id=batch.campaign_id,
            batch_id=batch.id,
            region_key=region_key,
            at=now,
            verdict="deferred",
            rule=wait.rule,
            next_at=wait.until,
            inputs={"contacts": count},
        )
    )
    work.touched += count
    work.come_again(wait.until)


def _line(
    contact: Contact, now: datetime, verdict: str, rule: str, next_at: datetime | None, inputs: Mapping[str, Any]
) -> Decision:
    return Decision(
        organization_id=contact.organization_id,
        campaign_id=contact.campaign_id,
        batch_id=contact.batch_id,
        contact_id=contact.id,
        at=now,
        verdict=verdict,
        rule=rule,
        next_at=next_at,
        inputs=inputs,
    )


def _spend(
    pacing: Pacing, account: Account, used: Sequence[tuple[datetime, bool]], day: date, now: datetime
) -> Account:
    firsts = sum(first for _, first in used)
    return spend(
        pacing,
        account,
        used=[at for at, _ in used],
        first=firsts,
        retry=len(used) - firsts,
        local_day=day,
        now=now,
    )


def _open_bands(mask: int, granted: Grant, used: Sequence[tuple[datetime, bool]]) -> int:
    """The bands that the grant still has something for."""
    firsts = sum(first for _, first in used)
    if len(used) >= len(granted.slots):
        return 0
    if firsts >= granted.max_first:
        mask &= RETRY_BANDS
    if len(used) - firsts >= granted.max_retry:
        mask &= ~RETRY_BANDS
    return mask


def _after_limit(granted: Grant, campaign: Campaign, settings: Settings, now: datetime) -> datetime | None:
    """When a limit that binds lets go by time alone: with the rate's next slot, or with a new day."""
    if granted.next_at is None and granted.limited_by == "daily_cap":
        return _next_day(campaign, settings, now)
    return granted.next_at


def _next_day(campaign: Campaign, settings: Settings, now: datetime) -> datetime:
    """The start of the next day that caps are counted by (UTC)."""
    zone = ZoneInfo(_cap_zone(campaign, settings))
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, datetime.min.time(), zone).astimezone(UTC)


def _cap_zone(campaign: Campaign, settings: Settings) -> str:
    return campaign.plan.schedule.zone or campaign.agent_zone or settings.timezone


def _counts_concurrency(offer: Offer) -> bool:
    return (
        offer.campaign.plan.pacing.max_concurrent is not None
        or offer.settings.max_concurrent is not None
        or any(b.pacing.max_concurrent is not None for b in offer.batches)
        or any(t.max_concurrent is not None for t in offer.trunks.values())
    )


def _shared_scopes(offer: Offer) -> list[str]:
    """Limits over campaigns: whoever releases under one holds its account, so that two never count the same place."""
    organization = f"organization:{offer.campaign.organization_id}"
    return [organization] if offer.settings.max_concurrent is not None else []


def _free(limit: int | None, flying: Iterable[InFlight], organization_id: int) -> int:
    if limit is None:
        return MOST
    return max(0, limit - sum(f.count for f in flying if f.organization_id == organization_id))


def _local_day(campaign: Campaign, settings: Settings, now: datetime) -> date:
    """The day that caps are counted by: on the campaign's clock, else its agent's, else the organisation's."""
    return now.astimezone(ZoneInfo(_cap_zone(campaign, settings))).date()


def _cap_of_day(campaign: Campaign, day: date) -> int | None:
    """A date's cap, else the weekday's, else the campaign's own (None)."""
    schedule = campaign.plan.schedule
    for rule in (schedule.dates.get(day), schedule.weekdays.get(day.weekday())):
        if rule is not None and rule.daily_cap is not None:
            return rule.daily_cap
    return None


def _end(campaign: Campaign, batch: Batch) -> datetime | None:
    return min((at for at in (campaign.end_at, batch.expires_at) if at is not None), default=None)


def _expired(batch: Batch, now: datetime) -> bool:
    return batch.expires_at is not None and now >= batch.expires_at


def _bands(mask: int) -> list[int]:
    """The bands of a batch, best first."""
    return [n for n in range(mask.bit_length() - 1, -1, -1) if mask >> n & 1]


def _variables(campaign: Campaign, contact: Contact) -> dict[str, Any]:
    """What templates see: the campaign's variables, over them the contact's, over them the current address's."""
    address = contact.address_at(contact.address_index)
    return {**campaign.variables, **contact.variables, **address.variables}


def _known(contact: Contact) -> dict[str, str]:
    """What targeting rules may ask about: facts that came with the contact."""
    return {key: str(value) for key, value in contact.variables.items() if isinstance(value, str | int | float | bool)}
