"""Steer a campaign: launch, pause, resume, cancel, complete, reopen. What users expect to repeat may be repeated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from clarion.app.actor import Actor, Role
from clarion.app.campaign_content import CampaignContent, steering_problems
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger, Tx
from clarion.app.ports.reports import Recipient
from clarion.app.refusals import Conflict, Invalid, Problem
from clarion.app.report import added_up
from clarion.core.campaigns import Campaign, CampaignStatus
from clarion.core.contacts import Decision
from clarion.core.events import campaign_changed, messages_for
from clarion.core.lifecycle import Action, after, may
from clarion.core.outcomes import Channel
from clarion.wire.templates import variables_needed

SCAN_PAGE = 2_000
EXAMPLES = 3


async def launch_campaign(ledger: Ledger, clock: Clock, actor: Actor, campaign_id: int) -> Campaign:
    """Let a draft run, or wait for its start if that lies ahead. Launching what was launched changes nothing.

    Raises Invalid with everything that keeps it from running: its content, no enabled sender, nobody to reach (unless
    it waits for contacts: `complete_when_empty` False), variables of the message that contacts do not have.
    """
    actor.must_be(Role.OPERATOR)
    async with ledger.read() as tx:
        campaign = await tx.campaigns.get(actor.organization_id, campaign_id)
    if campaign.status in (CampaignStatus.SCHEDULED, CampaignStatus.RUNNING) and campaign.archived_at is None:
        return campaign
    now = clock.now()
    action = launching(campaign, now)
    _must(campaign, action)
    problems = await launch_problems(ledger, campaign, now)
    if not any(problem.field.startswith("message") for problem in problems):
        problems += (await _missing_variables(ledger, campaign)).problems()
    if problems:
        raise Invalid(problems)
    async with ledger.write() as tx:
        locked = await tx.campaigns.lock(actor.organization_id, campaign_id)
        if (locked.plan_version, locked.status) != (campaign.plan_version, campaign.status):
            raise Conflict("changed", f"Campaign {campaign_id} was changed meanwhile; look again and launch it.")
        return await turn(tx, locked, action, now, {"user_id": actor.user_id})


def launching(campaign: Campaign, now: datetime) -> Action:
    """Whether a launch lets a campaign run, or wait for its start."""
    return Action.SCHEDULE if campaign.start_at is not None and campaign.start_at > now else Action.LAUNCH


async def launch_problems(ledger: Ledger, campaign: Campaign, now: datetime) -> list[Problem]:
    """What keeps a campaign from being launched, but for variables that its contacts lack (see MissingVariables)."""
    async with ledger.read() as tx:
        content = CampaignContent.of(campaign)
        problems = await steering_problems(tx, campaign.organization_id, content, now)
        standing = added_up(await tx.reports.standings(campaign.organization_id, campaign.id))
        return problems + await means_problems(tx, campaign, standing.waiting + standing.live)


async def means_problems(tx: Tx, campaign: Campaign, people: int) -> list[Problem]:
    """What a campaign lacks to run that is not written in it: somebody to call from, and some `people` to call."""
    problems: list[Problem] = []
    _, senders = await tx.resources.senders_for(
        campaign.organization_id, campaign.channel, campaign.sender_id, campaign.pool_id
    )
    if not senders:
        which = "pool_id" if campaign.pool_id is not None else "sender_id"
        message = f"There is no enabled sender for {campaign.channel}, with an enabled trunk, that it could use."
        problems.append(Problem(which, "no_sender", message))
    if people == 0 and campaign.plan.complete_when_empty:
        message = "There is nobody to reach. Add contacts first, or let it wait for them (complete_when_empty: false)."
        problems.append(Problem("contacts", "none", message))
    return problems


def needed_of_contacts(campaign: Campaign) -> frozenset[str]:
    """The variables that each contact must have for the message: those that the campaign does not give itself."""
    if campaign.plan.message is None or campaign.channel is Channel.VOICE:
        return frozenset()
    return variables_needed(campaign.plan.message) - campaign.variables.keys()


@dataclass(slots=True)
class MissingVariables:
    """Which variables of the message how many contacts do not have, with the first few of them."""

    needed: frozenset[str]
    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def note(self, recipient: Recipient) -> tuple[str, ...]:
        """Count what this contact lacks; answers the names."""
        lacking = tuple(sorted(self.needed - recipient.variables.keys()))
        for name in lacking:
            self.counts[name] += 1
            if self.counts[name] <= EXAMPLES:
                self.examples.setdefault(name, []).append(recipient.reference_id or recipient.address)
        return lacking

    def problems(self) -> list[Problem]:
        """One for each name."""
        return [
            Problem(
                f"message.variables.{name}",
                "missing_variable",
                f"{n} of the contacts have no {name!r}, such as {', '.join(self.examples[name])}.",
            )
            for name, n in sorted(self.counts.items())
        ]


async def _missing_variables(ledger: Ledger, campaign: Campaign) -> MissingVariables:
    """Looks at each waiting contact only if the message needs them to have variables; page by page, in flat memory."""
    found = MissingVariables(needed_of_contacts(campaign))
    after_id = 0
    while found.needed:
        async with ledger.read() as tx:
            page = await tx.reports.recipients(campaign.organization_id, campaign.id, after=after_id, limit=SCAN_PAGE)
        for recipient in page:
            found.note(recipient)
        if len(page) < SCAN_PAGE:
            break
        after_id = page[-1].contact_id
    return found


async def pause_campaign(ledger: Ledger, clock: Clock, actor: Actor, campaign_id: int) -> Campaign:
    """Release nobody until it is resumed; conversations that run go on. Pausing a paused one changes nothing."""
    return await _steer(ledger, clock, actor, campaign_id, Action.PAUSE)


async def resume_campaign(ledger: Ledger, clock: Clock, actor: Actor, campaign_id: int) -> Campaign:
    """Go on after a pause. Resuming a running campaign changes nothing. Invalid when its end has passed."""
    return await _steer(ledger, clock, actor, campaign_id, Action.RESUME)


async def cancel_campaign(ledger: Ledger, clock: Clock, actor: Actor, campaign_id: int) -> Campaign:
    """Call it off for good: who waits is finished as cancelled, by the engine, in chunks."""
    return await _steer(ledger, clock, actor, campaign_id, Action.CANCEL)


async def complete_campaign(ledger: Ledger, clock: Clock, actor: Actor, campaign_id: int) -> Campaign:
    """End it by hand: who still waits is finished as expired. It can be reopened."""
    return await _steer(ledger, clock, actor, campaign_id, Action.COMPLETE)


async def reopen_campaign(ledger: Ledger, clock: Clock, actor: Actor, campaign_id: int) -> Campaign:
    """Let a completed campaign run again, for contacts that come in from now on. Invalid when its end has passed."""
    return await _steer(ledger, clock, actor, campaign_id, Action.REOPEN)


async def unschedule_campaign(ledger: Ledger, clock: Clock, actor: Actor, campaign_id: int) -> Campaign:
    """Make a scheduled campaign a draft again."""
    return await _steer(ledger, clock, actor, campaign_id, Action.UNSCHEDULE)


TARGET = {
    Action.PAUSE: CampaignStatus.PAUSED,
    Action.RESUME: CampaignStatus.RUNNING,
    Action.CANCEL: CampaignStatus.CANCELLED,
    Action.COMPLETE: CampaignStatus.COMPLETED,
    Action.REOPEN: CampaignStatus.RUNNING,
    Action.UNSCHEDULE: CampaignStatus.DRAFT,
}
"""Where an action is done already, it changes nothing."""

STOPPING = frozenset({Action.PAUSE, Action.CANCEL, Action.COMPLETE})
STARTING = frozenset({Action.RESUME, Action.REOPEN})


async def _steer(ledger: Ledger, clock: Clock, actor: Actor, campaign_id: int, action: Action) -> Campaign:
    actor.must_be(Role.OPERATOR)
    now = clock.now()
    async with ledger.write() as tx:
        campaign = await tx.campaigns.lock(actor.organization_id, campaign_id)
        if campaign.status is TARGET[action] and campaign.archived_at is None:
            return campaign
        _must(campaign, action)
        if action in STARTING and campaign.end_at is not None and campaign.end_at <= now:
            raise Invalid([Problem("end_at", "past", "The campaign's end has passed; set another one first.")])
        return await turn(tx, campaign, action, now, {"user_id": actor.user_id})


def _must(campaign: Campaign, action: Action) -> None:
    if campaign.archived_at is not None:
        raise Conflict("archived", f"Campaign {campaign.id} is archived; restore it first.")
    if not may(campaign.status, action):
        raise Conflict("wrong_status", f"Campaign {campaign.id} is {campaign.status}: it cannot {action}.")


async def turn(
    tx: Tx, campaign: Campaign, action: Action, now: datetime, inputs: Mapping[str, Any], rule: str = "by_hand"
) -> Campaign:
    """Do `action` to a campaign that is locked: its status, its line, its webhooks, and what was released comes back.

    For use cases that change a status along with something else (adding contacts reopens). Raises ValueError when the
    life of a campaign does not allow it.
    """
    status = after(campaign.status, action)
    if not await tx.campaigns.set_status(campaign.id, campaign.status, status, now):
        raise Conflict("changed", f"Campaign {campaign.id} is not {campaign.status} any more.")
    taken_back = await tx.queue.take_back(campaign.id, now) if action in STOPPING else 0
    changed = await tx.campaigns.get(campaign.organization_id, campaign.id)
    line = Decision(
        organization_id=campaign.organization_id,
        campaign_id=campaign.id,
        at=now,
        verdict=str(status),
        rule=rule,
        next_at=changed.start_at if status is CampaignStatus.SCHEDULED else None,
        inputs={"action": action, "from": campaign.status, **inputs}
        | ({"taken_back": taken_back} if taken_back else {}),
    )
    await tx.queue.decide([line])
    happenings = campaign_changed(campaign.status, changed, now, rule)
    endpoints = await tx.outbox.endpoints_for(campaign.organization_id)
    await tx.outbox.put(messages_for(endpoints, happenings, now))
    return changed
