"""Why is this contact not being reached right now? Every rule that stands in the way, and until when.

Asked of the same functions that the release asks, in the same order, without touching anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from clarion.app.add_contacts import held_key
from clarion.app.circumstances import cap_of_day, end_of, facts
from clarion.app.planning import Planner, own_zone
from clarion.app.ports.channel import Trunk
from clarion.app.ports.ledger import Tx
from clarion.app.ports.organizations import Settings
from clarion.app.ports.queue import InFlight
from clarion.app.ports.resources import Sender
from clarion.app.sender_desk import SenderDesk
from clarion.app.steer import needed_of_contacts
from clarion.app.story_words import closed_words, place_words, rule_words
from clarion.app.verdicts import variables_of
from clarion.core.campaigns import Batch, BatchStatus, Campaign, CampaignStatus, Rotation
from clarion.core.contacts import Contact
from clarion.core.eligibility import Circumstances, Skip, Wait, judge
from clarion.core.hours import Hours
from clarion.core.limits import next_allowed
from clarion.core.outcomes import ContactState, FinishReason
from clarion.core.pacing import Account, Grant, Pacing, grant, why_waiting
from clarion.core.targeting import filtered
from clarion.core.wallclock import local_instant

COUNTED_AHEAD = 1_000


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that keeps a contact from being reached now."""

    code: str
    """For machines: campaign_paused, window, rate, will_be_skipped…"""
    sentence: str
    until: datetime | None = None
    """When it is out of the way by itself (UTC); None: when somebody or something else changes."""
    final: bool = False
    """It never goes away by itself."""
    inputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Situation:
    """All that bears on one contact now, read in one snapshot."""

    now: datetime
    contact: Contact
    campaign: Campaign
    batch: Batch
    settings: Settings
    hours: Hours | FinishReason
    suppressed: str | None
    consented: bool
    free_at: datetime | None
    """When the limits on the person allow another attempt."""
    limit: str
    """The rule that says so."""
    rotation: Rotation
    senders: Sequence[Sender]
    trunks: Mapping[int, Trunk]
    accounts: Mapping[str, Account]
    flying: Sequence[InFlight]
    first_left: Mapping[str, int]
    """By scope: first attempts that are still to be made, where a finish-by needs it."""
    open_left: Mapping[str, timedelta]
    ahead: int
    workers: int


async def read_situation(
    tx: Tx, planner: Planner, contact: Contact, campaign: Campaign, batch: Batch, now: datetime
) -> Situation:
    """Ask the ledger everything that the release would ask."""
    organization_id, channel = contact.organization_id, campaign.channel
    settings = (await tx.organizations.organization(organization_id)).settings
    address = contact.address_at(contact.address_index).value
    suppressed = await tx.suppression.suppressed(organization_id, channel, [address], now)
    consented = await tx.suppression.consented(organization_id, channel, [address], now)
    limits = planner.person_limits(campaign, contact.region_key, settings.person_limits)
    free_at, rule = None, ""
    if limits:
        since = now - max(limit.memory for _, limit in limits)
        touches = (await tx.queue.touches(organization_id, [contact.person], since)).get(contact.person, [])
        free_at, rule = max((next_allowed(limit, touches, now), word) for word, limit in limits)
    rotation, senders = await tx.resources.senders_for(organization_id, channel, campaign.sender_id, campaign.pool_id)
    trunks = {trunk.id: trunk for trunk in await tx.resources.trunks(organization_id)}
    own = [f"campaign:{campaign.id}", f"batch:{batch.id}"]
    scopes = [*own, *SenderDesk(rotation, senders, trunks).scopes()]
    hours = planner.hours(campaign, contact.region_key)
    first_left, open_left = {}, {}
    batches = await tx.campaigns.batches_of([campaign.id])
    for scope, pacing, lanes in zip(own, (campaign.plan.pacing, batch.pacing), (batches, [batch]), strict=True):
        if pacing.finish_by is not None:
            keys = ["contacts", "first_attempts", "unattempted"]
            sums = await tx.queue.tally([lane.id for lane in lanes], keys)
            first_left[scope] = max(0, sum(n if key == "contacts" else -n for (_, key), n in sums.items()))
            open_left[scope] = planner.open_time(campaign, now, pacing.finish_by)
    waits = contact.state is ContactState.WAITING
    return Situation(
        now=now,
        contact=contact,
        campaign=campaign,
        batch=batch,
        settings=settings,
        hours=hours,
        suppressed=suppressed.get(address),
        consented=address in consented,
        free_at=free_at,
        limit=rule,
        rotation=rotation,
        senders=senders,
        trunks=trunks,
        accounts={scope: Account(scope) for scope in scopes} | await tx.queue.accounts(scopes),
        flying=await tx.queue.in_flight(),
        first_left=first_left,
        open_left=open_left,
        ahead=await tx.reports.ahead(contact.id, now, COUNTED_AHEAD) if waits else 0,
        workers=await tx.reports.workers(now),
    )


def obstacles(s: Situation) -> list[Obstacle]:
    """Everything in the way, the most final first. Empty: the contact is due, and the engine takes it at its next look.

    A finished or live contact has one answer; of a waiting one all are listed, so that nobody is told to resume a
    campaign only to learn then that the window is closed.
    """
    contact = s.contact
    if contact.state is ContactState.FINISHED:
        sentence = f"Finished as {contact.finish_reason}: there will be no more attempts."
        return [Obstacle("finished", sentence.replace("_", " "), final=True, inputs={"reason": contact.finish_reason})]
    if contact.state is ContactState.RELEASED:
        sentence = f"Attempt {contact.tries} is live; what follows is decided when it ends."
        return [Obstacle("live", sentence, inputs={"attempt_id": contact.attempt_id})]
    found = [*_campaign(s), *_batch(s), *_verdict(s), *_turn(s)]
    if not any(each.final for each in found):
        found += [*_pacing(s), *_senders(s), *_engine(s)]
    return found


def next_eligible(s: Situation, found: Sequence[Obstacle]) -> datetime | None:
    """The first instant (UTC) at which every rule with a time lets the contact be reached, were the campaign running.

    Later if it is paused, if others are ahead, or if live attempts have to end first. None: never, or live now.
    """
    if s.contact.state is not ContactState.WAITING or any(each.final for each in found):
        return None
    if isinstance(s.hours, FinishReason):
        return None
    at = max([s.now, *(each.until for each in found if each.until is not None)])
    opening = s.hours.next_open(at)
    end = end_of(s.campaign, s.batch)
    return None if opening is None or (end is not None and opening >= end) else opening


def _campaign(s: Situation) -> Iterator[Obstacle]:
    campaign = s.campaign
    if campaign.archived_at is not None:
        yield Obstacle("campaign_archived", "The campaign is archived.", final=True)
    match campaign.status:
        case CampaignStatus.DRAFT:
            yield Obstacle("campaign_draft", "The campaign has not been launched.")
        case CampaignStatus.SCHEDULED:
            yield Obstacle("campaign_scheduled", "The campaign has not started yet.", campaign.start_at)
        case CampaignStatus.PAUSED:
            yield Obstacle("campaign_paused", "The campaign is paused.")
        case CampaignStatus.COMPLETED | CampaignStatus.CANCELLED:
            sentence = f"The campaign is {campaign.status}; the contact is about to be finished."
            yield Obstacle("campaign_over", sentence, final=True)


def _batch(s: Situation) -> Iterator[Obstacle]:
    batch = s.batch
    if batch.deleted_at is not None or batch.status is BatchStatus.CANCELLED:
        yield Obstacle(
            "batch_cancelled", f"The batch was called off: {batch.deleted_reason or 'no reason'}.", final=True
        )
    elif batch.status is BatchStatus.EXPIRED:
        yield Obstacle("batch_expired", "The batch has expired; the contact is about to be finished.", final=True)
    elif batch.key == held_key(batch.campaign_id):
        yield Obstacle("held", "It is held back until somebody launches it.")
    elif batch.status is BatchStatus.PAUSED:
        yield Obstacle("batch_paused", f"The batch {batch.key!r} is paused.")


def _verdict(s: Situation) -> Iterator[Obstacle]:
    """What the release would say of the contact itself, now and at the next opening."""
    contact, campaign = s.contact, s.campaign
    address = contact.address_at(contact.address_index)
    targeting = campaign.plan.targeting
    known = Circumstances(
        hours=s.hours,
        end_at=end_of(campaign, s.batch),
        skip_if_late=campaign.plan.skip_if_late,
        since=campaign.started_at,
        suppressed=s.suppressed,
        lacks_consent=targeting.require_consent and not s.consented,
        filtered=filtered(targeting, facts(address.line_type, contact.variables)),
        free_at=s.free_at,
        limit=s.limit,
    )
    verdict = judge(contact, s.now, known)
    missing = needed_of_contacts(campaign) - variables_of(campaign, contact).keys()
    if isinstance(verdict, Skip):
        sentence = f"It will be skipped as {verdict.reason.replace('_', ' ')}: {rule_words(verdict.rule)}."
        inputs = {"reason": verdict.reason, "rule": verdict.rule, **verdict.inputs}
        yield Obstacle("will_be_skipped", sentence, final=True, inputs=inputs)
    elif missing:
        sentence = f"It will be skipped: the message needs {', '.join(sorted(missing))}."
        inputs = {"reason": FinishReason.MISSING_VARIABLE, "rule": "message", "variables": sorted(missing)}
        yield Obstacle("will_be_skipped", sentence, final=True, inputs=inputs)
    if isinstance(verdict, Wait) and verdict.whole_region and isinstance(s.hours, Hours):
        why = s.hours.why_closed(s.now)
        sentence = f"Closed in {place_words(contact.region_key)} now: {closed_words(why)}."
        yield Obstacle("window", sentence, verdict.until, inputs={"why": why})
    if not isinstance(verdict, Skip) and s.free_at is not None and s.free_at > s.now:
        sentence = f"This person was contacted too recently or too often: {rule_words(s.limit)}."
        yield Obstacle("person_limit", sentence, s.free_at, inputs={"rule": s.limit})


def _turn(s: Situation) -> Iterator[Obstacle]:
    """The instant that a rule gave this contact."""
    contact = s.contact
    if contact.not_before is not None and contact.not_before > s.now:
        outcome = f" after {contact.last_outcome.replace('_', ' ')}" if contact.last_outcome else ""
        sentence = f"It waits for its next try{outcome}."
        yield Obstacle("retry_wait", sentence, contact.not_before, inputs={"last_outcome": contact.last_outcome})
    elif contact.next_at is not None and contact.next_at > s.now and not isinstance(s.hours, FinishReason):
        yield Obstacle("deferred", "A rule put it off; its story says which.", contact.next_at)


def _pacing(s: Situation) -> Iterator[Obstacle]:
    organization = sum(f.count for f in s.flying if f.organization_id == s.contact.organization_id)
    if s.settings.max_concurrent is not None and organization >= s.settings.max_concurrent:
        sentence = f"The organisation has {organization} attempts live, as many as it may."
        yield Obstacle("organization_concurrency", sentence, inputs={"live": organization})
    for whose, scope, pacing in (
        ("campaign", f"campaign:{s.campaign.id}", s.campaign.plan.pacing),
        ("batch", f"batch:{s.batch.id}", s.batch.pacing),
    ):
        granted = _grant(s, scope, pacing)
        places = granted.max_retry if s.contact.tries else granted.max_first
        if granted.slots and places:
            continue
        sentence = f"The {whose}'s limits: {why_waiting(granted)}"
        inputs = {"limit": granted.limited_by, "of": whose}
        until = granted.next_at or (_tomorrow(s) if granted.limited_by == "daily_cap" else None)
        yield Obstacle(granted.limited_by, sentence, until, inputs=inputs)


def _grant(s: Situation, scope: str, pacing: Pacing) -> Grant:
    whole = scope.startswith("campaign:")
    live = sum(f.count for f in s.flying if (f.campaign_id if whole else f.batch_id) == int(scope.partition(":")[2]))
    return grant(
        pacing,
        s.accounts[scope],
        now=s.now,
        until=s.now,
        local_day=_today(s),
        in_flight=live,
        first_waiting=True,
        retry_waiting=True,
        room=1,
        day_cap=cap_of_day(s.campaign, _today(s)) if whole else None,
        first_left=s.first_left.get(scope),
        open_left=s.open_left.get(scope),
    )


def _senders(s: Situation) -> Iterator[Obstacle]:
    if not s.senders:
        yield Obstacle("no_sender", "There is no enabled sender that the campaign could use.")
        return
    desk = SenderDesk(s.rotation, s.senders, s.trunks)
    desk.open(s.accounts, s.flying, s.now, s.now, _today(s))
    if desk.pick(s.contact, s.now) is None:
        until = desk.next_at or (_tomorrow(s) if desk.limited_by == "daily_cap" else None)
        sentence = f"No sender or trunk has a place free: {desk.limited_by.replace('_', ' ')}."
        yield Obstacle("sender_limit", sentence, until, inputs={"limit": desk.limited_by})


def _engine(s: Situation) -> Iterator[Obstacle]:
    if s.workers == 0:
        yield Obstacle("no_worker", "No worker is running: nobody is being contacted.")
    if s.ahead:
        count = f"{s.ahead} or more" if s.ahead >= COUNTED_AHEAD else str(s.ahead)
        sentence = f"{count} contacts of its batch are due before it."
        yield Obstacle("queue", sentence, inputs={"ahead": s.ahead})


def _today(s: Situation) -> date:
    return s.now.astimezone(own_zone(s.campaign)).date()


def _tomorrow(s: Situation) -> datetime:
    return local_instant(_today(s) + timedelta(days=1), 0, own_zone(s.campaign))
