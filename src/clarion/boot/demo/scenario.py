"""What is played: a clinic that reminds its patients by phone, texts those whom it did not reach, and mails them all.

Everything is made by the same use cases as the API's, in the virtual present.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from clarion.app.actor import Actor
from clarion.app.agents import create_agent
from clarion.app.campaign_content import CampaignContent
from clarion.app.campaigns import create_campaign
from clarion.app.import_contacts import ImportReport, import_csv
from clarion.app.organizations import create_organization
from clarion.app.ports.organizations import Settings as OrganizationSettings
from clarion.app.refusals import Invalid, Refusal
from clarion.app.report import export_rows
from clarion.app.senders import create_pool, create_sender
from clarion.app.steer import launch_campaign
from clarion.app.suppress import suppress_file
from clarion.app.trunks import create_trunk
from clarion.app.webhooks import EndpointDraft, EndpointRules, create_endpoint
from clarion.boot.catalog import trunk_checks
from clarion.boot.demo.people import Person, as_csv, do_not_contact, fictional_people
from clarion.boot.demo.receiver import Receiver
from clarion.boot.operator import operator
from clarion.boot.wiring import House
from clarion.core.campaigns import Campaign, Message, Plan, Rotation, Targeting, Voicemail, VoicemailAction
from clarion.core.events import EventType
from clarion.core.limits import PersonLimits
from clarion.core.outcomes import Channel, ContactState, Outcome
from clarion.core.pacing import CapCounts, Pacing
from clarion.core.retries import DEFAULT_RETRIED, NOT_THERE, Retries
from clarion.core.schedule import Schedule, Span
from clarion.engine.clocks import VirtualClock

CLINIC = "Lakeside Dental"
TOLD = (
    EventType.CAMPAIGN_STARTED,
    EventType.CAMPAIGN_COMPLETED,
    EventType.CONTACT_FINISHED,
    EventType.CONTACT_OPTED_OUT,
    EventType.MESSAGE_REPLIED,
    EventType.MESSAGE_CLICKED,
)
"""What the clinic's own system wants to hear."""
HOME = ZoneInfo("America/Chicago")
GOAL = "confirmed"
SENDER_AREAS = ("312", "305", "303", "415", "206", "713", "617", "404")
"""The clinic's branches: local presence shows the nearest one's number."""
TEXTS_AFTER = timedelta(days=1, hours=10)
"""After the first midnight: Tuesday at ten in Chicago, the texts go to whom the phone did not reach."""

NOON = 12 * 3600
VOICE_HOURS = (Span(9 * 3600, NOON), Span(NOON + 3600, 20 * 3600))
"""Nobody is called at lunch."""
SMS_HOURS = (Span(10 * 3600, 18 * 3600),)
MAIL_HOURS = (Span(8 * 3600, 19 * 3600),)
CLOSED: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """How long and how much."""

    monday: date
    days: int
    seed: int
    people: int
    list_path: Path | None = None

    @property
    def starts_at(self) -> datetime:
        """Monday, an hour before the first phones on the American East coast may ring (UTC)."""
        return datetime.combine(self.monday, time(8), ZoneInfo("America/New_York")).astimezone(UTC)

    @property
    def ends_at(self) -> datetime:
        """The last evening, when the windows have closed in Honolulu too (UTC)."""
        return datetime.combine(self.monday + timedelta(days=self.days), time(6), UTC)

    @property
    def texts_at(self) -> datetime | None:
        """When those whom the phone did not reach are texted; None when it is over before."""
        at = datetime.combine(self.monday, time(0), HOME).astimezone(UTC) + TEXTS_AFTER
        return at if at < self.ends_at and self.list_path is None else None


@dataclass(slots=True)
class Stage:
    """What was set up, and what came of the files."""

    house: House
    clock: VirtualClock
    script: Script
    actor: Actor
    key: str
    campaigns: list[Campaign] = field(default_factory=list)
    imports: list[tuple[Campaign, ImportReport]] = field(default_factory=list)
    people: Sequence[Person] = ()
    listed: int = 0
    """Entries of the do-not-contact list that the clinic brought along."""
    unreadable: list[str] = field(default_factory=list)
    """Channels that the user's file has nothing for, in words."""
    texted: bool = False


async def set_stage(house: House, clock: VirtualClock, script: Script, receiver: Receiver) -> Stage:
    """An organisation, its senders, the webhook, the lists and the campaigns, launched.

    Raises Invalid when the user's list has neither phone numbers nor mail addresses.
    """
    rules = OrganizationSettings(timezone=HOME.key, person_limits=PersonLimits(per_day=4))
    _, key = await create_organization(house.database, clock, CLINIC, "owner@example.com", rules)
    stage = Stage(house, clock, script, await operator(house, None), key)
    endpoint = await create_endpoint(
        house.database,
        clock,
        house.seal,
        stage.actor,
        EndpointDraft(receiver.url, events=TOLD),
        EndpointRules(allow_http=True, allow_private=house.settings.webhooks_allow_private),
    )
    receiver.secret = endpoint.secret
    if script.list_path is None:
        stage.people = fictional_people(script.people, script.seed, script.monday)
        content, name = as_csv(stage.people), "patients.csv"
        listed = do_not_contact(stage.people, script.seed)
        stage.listed = (await suppress_file(house.database, clock, stage.actor, listed, source="clinic's list")).added
        size = script.people
    else:
        content, name = script.list_path.read_bytes(), script.list_path.name
        size = max(1, content.count(b"\n"))
    drafts = [await _voice(stage, size), _mail(stage, size)]
    for draft in drafts:
        campaign = await create_campaign(house.database, clock, stage.actor, draft)
        try:
            await _bring_in(stage, campaign, content, name)
            stage.campaigns.append(await launch_campaign(house.database, clock, stage.actor, campaign.id))
        except Invalid as refusal:
            if script.list_path is None:
                raise
            stage.unreadable.append(f"{campaign.channel}: {refusal}")
    if not stage.campaigns:
        raise Refusal("Nobody in this list can be reached. " + " ".join(stage.unreadable))
    return stage


async def _bring_in(stage: Stage, campaign: Campaign, content: bytes, name: str) -> None:
    report = await import_csv(stage.house.database, stage.clock, stage.actor, campaign.id, [content], filename=name)
    stage.imports.append((campaign, report))


async def text_the_unreached(stage: Stage) -> None:
    """Text everybody whom the phone has tried and not found, as a campaign of its own. Done once."""
    stage.texted = True
    ledger = stage.house.database
    voice = next(campaign for campaign in stage.campaigns if campaign.channel is Channel.VOICE)
    missed: set[str] = set()
    async for row in export_rows(ledger, stage.actor, voice.id, states=frozenset(ContactState)):
        if row["last_outcome"] in NOT_THERE and not row["goal_reached"]:
            missed.add(row["reference_id"])
    rows = [person for person in stage.people if person.reference in missed]
    if not rows:
        return
    campaign = await create_campaign(ledger, stage.clock, stage.actor, _text(stage, len(rows)))
    await _bring_in(stage, campaign, as_csv(rows), "not-reached-by-phone.csv")
    stage.campaigns.insert(1, await launch_campaign(ledger, stage.clock, stage.actor, campaign.id))


async def _voice(stage: Stage, size: int) -> CampaignContent:
    ledger, clock, actor, script = stage.house.database, stage.clock, stage.actor, stage.script
    agent = await create_agent(
        ledger,
        clock,
        actor,
        "Robin",
        {
            "prompt": f"You are Robin of {CLINIC}. Remind {{{{first_name}}}} of the visit and ask whether it suits.",
            "first_message": f"Hello, this is Robin from {CLINIC}. Am I speaking with {{{{first_name}}}}?",
            "post_call_schema": {"properties": {GOAL: {"type": "boolean"}}},
        },
        HOME.key,
    )
    trunk = await create_trunk(
        ledger,
        clock,
        actor,
        stage.house.seal,
        trunk_checks(),
        Channel.VOICE,
        "Sandbox voice, a shaky one",
        "sandbox",
        {"settings": {"faults": {"fails": 0.05}}, "max_concurrent": 30},
    )
    senders = [
        await create_sender(ledger, clock, actor, Channel.VOICE, f"+1{area}5550100", trunk.trunk.id)
        for area in SENDER_AREAS
    ]
    async with ledger.read() as tx:
        own = await tx.resources.senders(actor.organization_id, channel=Channel.VOICE)
    pool = await create_pool(
        ledger,
        clock,
        actor,
        Channel.VOICE,
        "Branches",
        [sender.id for sender in {s.id: s for s in [*own, *senders]}.values()],
        Rotation.LOCAL_PRESENCE,
    )
    plan = Plan(
        schedule=_week(VOICE_HOURS),
        pacing=Pacing(
            per_hour=max(30.0, round(size * 0.09)),
            max_concurrent=max(5, size // 40),
            daily_cap=_daily(script, size),
            daily_cap_counts=CapCounts.FIRST_ATTEMPTS,
        ),
        retries=Retries(
            max_attempts=4,
            delays=(timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5)),
            on=DEFAULT_RETRIED | {Outcome.VOICEMAIL, Outcome.CALL_SCREENING},
        ),
        voicemail=Voicemail(VoicemailAction.LEAVE_MESSAGE, f"This is {CLINIC} about your visit. Please call us back."),
        goal_variable=GOAL,
    )
    return CampaignContent(
        name="Visit reminders",
        channel=Channel.VOICE,
        plan=plan,
        agent_id=agent.id,
        pool_id=pool.id,
        labels=("demo",),
        end_at=script.ends_at,
    )


def _text(stage: Stage, size: int) -> CampaignContent:
    message = Message(
        text=f"Hi {{{{ first_name }}}}, {CLINIC} here: see you {{{{ visit }}}}? Reply YES, or STOP for no more texts."
    )
    plan = Plan(
        schedule=_week(SMS_HOURS),
        pacing=Pacing(per_hour=max(30.0, round(size * 0.2))),
        retries=Retries(max_attempts=2, delays=(timedelta(hours=3),)),
        message=message,
        targeting=Targeting(allowed_line_types=frozenset({"mobile", "voip"})),
        goal_variable=GOAL,
    )
    return CampaignContent(
        name="Texts to the unreached",
        channel=Channel.SMS,
        plan=plan,
        labels=("demo",),
        end_at=stage.script.ends_at,
    )


def _mail(stage: Stage, size: int) -> CampaignContent:
    named = stage.script.list_path is None
    message = Message(
        subject="Your visit on {{ visit }}" if named else "Your next visit",
        text=("Dear {{ first_name }}," if named else "Hello,")
        + f"\n\nwe look forward to seeing you at {CLINIC}.\n\nNo more of these: {{{{ unsubscribe_url }}}}\n",
    )
    plan = Plan(
        schedule=_week(MAIL_HOURS),
        pacing=Pacing(
            per_hour=max(30.0, round(size * 0.05)), daily_cap=-(-size // 5) * 2 if stage.script.days > 1 else None
        ),
        retries=Retries(max_attempts=3, delays=(timedelta(hours=1),)),
        message=message,
        goal_variable=GOAL,
    )
    return CampaignContent(
        name="Visit letters", channel=Channel.EMAIL, plan=plan, labels=("demo",), end_at=stage.script.ends_at
    )


def _week(hours: tuple[Span, ...]) -> Schedule:
    """These hours on weekdays, on the recipient's own clock."""
    return Schedule(week=(hours,) * 5 + (CLOSED,) * 2)


def _daily(script: Script, size: int) -> int | None:
    """Two fifths a day, so that three days are needed; everybody on the only one."""
    return -(-size // 5) * 2 if script.days > 1 else None
