"""The count before a launch: how many of the contacts will be skipped and why, and when each region can be reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from clarion.app.actor import Actor
from clarion.app.circumstances import end_of, facts
from clarion.app.planning import Planner
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.reports import Crowd
from clarion.app.refusals import Problem
from clarion.app.steer import SCAN_PAGE, MissingVariables, launch_problems, needed_of_contacts
from clarion.core.campaigns import Batch, Campaign
from clarion.core.contacts import Contact
from clarion.core.eligibility import Circumstances, Go, Skip, Wait, judge
from clarion.core.outcomes import ContactState, FinishReason
from clarion.core.targeting import filtered


@dataclass(frozen=True, slots=True)
class Skipped:
    """Contacts that the campaign will finish without an attempt, all for the same reason."""

    reason: FinishReason
    rule: str
    """What says so, in the words of the story: `suppression`, `targeting`, `region`…"""
    count: int


@dataclass(frozen=True, slots=True)
class RegionCheck:
    """One region's contacts that can be reached."""

    region_key: str
    contacts: int
    first_at: datetime
    """The first instant (UTC) at which the windows and the law let them be reached; rates come on top."""


@dataclass(frozen=True, slots=True)
class Check:
    """What a launch would do, as things stand now."""

    total: int
    """Contacts that wait."""
    skipped: Sequence[Skipped]
    """The most frequent reason first. Each contact is counted once, under the first rule that it meets."""
    regions: Sequence[RegionCheck]
    """The largest first."""
    problems: Sequence[Problem]
    """What keeps the campaign from being launched at all."""

    @property
    def will_skip(self) -> int:
        """The X of "X of Y will be skipped"."""
        return sum(each.count for each in self.skipped)


async def check_campaign(ledger: Ledger, clock: Clock, planner: Planner, actor: Actor, campaign_id: int) -> Check:
    """Judge every waiting contact by the release's own rules, without touching any; in flat memory.

    Contacts that no rule can tell apart are counted by the database. Only when the message needs variables of the
    contacts, or a targeting rule asks for them, each one is looked at.
    """
    now = clock.now()
    async with ledger.read() as tx:
        campaign = await tx.campaigns.get(actor.organization_id, campaign_id)
        batches = {batch.id: batch for batch in await tx.campaigns.batches_of([campaign_id])}
    at = max(now, campaign.start_at) if campaign.start_at is not None else now
    problems = await launch_problems(ledger, campaign, now)
    broken_message = any(problem.field.startswith("message") for problem in problems)
    missing = MissingVariables(frozenset() if broken_message else needed_of_contacts(campaign))
    skipped: Counter[tuple[FinishReason, str]] = Counter()
    regions: Counter[str] = Counter()
    first: dict[str, datetime] = {}
    async for crowd, known, lacking in _crowds(ledger, campaign, missing, now):
        verdict = _judge(planner, campaign, batches[crowd.batch_id], crowd, known, at)
        if not isinstance(verdict, Skip) and lacking:
            verdict = Skip(FinishReason.MISSING_VARIABLE, "message", {"variable": lacking[0]})
        if isinstance(verdict, Skip):
            skipped[verdict.reason, verdict.rule] += crowd.count
        else:
            regions[crowd.region_key] += crowd.count
            first[crowd.region_key] = verdict.until if isinstance(verdict, Wait) else at
    return Check(
        total=skipped.total() + regions.total(),
        skipped=[Skipped(reason, rule, n) for (reason, rule), n in skipped.most_common()],
        regions=[RegionCheck(key, n, first[key]) for key, n in regions.most_common()],
        problems=[*problems, *missing.problems()],
    )


async def _crowds(
    ledger: Ledger, campaign: Campaign, missing: MissingVariables, now: datetime
) -> AsyncIterator[tuple[Crowd, Mapping[str, str | None], tuple[str, ...]]]:
    """Crowds, what targeting may ask about them, and the variables that they lack."""
    if not missing.needed and all(rule.field == "line_type" for rule in campaign.plan.targeting.rules):
        async with ledger.read() as tx:
            crowds = await tx.reports.crowds(campaign.organization_id, campaign.id, campaign.channel, now)
        for crowd in crowds:
            yield crowd, facts(crowd.line_type, {}), ()
        return
    after = 0
    while True:
        async with ledger.read() as tx:
            page = await tx.reports.recipients(campaign.organization_id, campaign.id, after=after, limit=SCAN_PAGE)
            who = [each.address for each in page]
            suppressed = await tx.suppression.suppressed(campaign.organization_id, campaign.channel, who, now)
            consented = await tx.suppression.consented(campaign.organization_id, campaign.channel, who, now)
        for each in page:
            crowd = Crowd(
                each.batch_id,
                each.region_key,
                each.line_type,
                suppressed.get(each.address),
                each.address in consented,
            )
            yield crowd, facts(each.line_type, each.variables), missing.note(each)
        if len(page) < SCAN_PAGE:
            return
        after = page[-1].contact_id


def _judge(
    planner: Planner, campaign: Campaign, batch: Batch, crowd: Crowd, known: Mapping[str, str | None], at: datetime
) -> Go | Skip | Wait:
    anyone = Contact(
        id=0,
        organization_id=campaign.organization_id,
        campaign_id=campaign.id,
        batch_id=batch.id,
        reference_id=None,
        address="",
        region_key=crowd.region_key,
        person="",
        state=ContactState.WAITING,
        line_type=crowd.line_type,
    )
    targeting = campaign.plan.targeting
    circumstances = Circumstances(
        hours=planner.hours(campaign, crowd.region_key),
        end_at=end_of(campaign, batch),
        suppressed=crowd.suppressed,
        lacks_consent=targeting.require_consent and not crowd.consented,
        filtered=filtered(targeting, known),
    )
    return judge(anyone, at, circumstances)
