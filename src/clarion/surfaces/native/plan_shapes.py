"""A campaign's plan as people write it, and back: pacing, retries, voicemail, message, targeting, and the rest."""

from __future__ import annotations

from typing import Annotated, Any, Self, TypeVar

from pydantic import Field, StrictFloat

from clarion.core.campaigns import Message, Plan, Targeting, TargetRule, Voicemail, VoicemailAction
from clarion.core.outcomes import Outcome
from clarion.core.pacing import CapCounts, Pacing, RampUp
from clarion.core.retries import DEFAULT_RETRIED, DelayMode, Retries
from clarion.core.targeting import Op
from clarion.surfaces.native.schedule_shapes import ScheduleShape
from clarion.surfaces.native.shapes import (
    Count,
    Duration,
    Flag,
    Instant,
    JsonObject,
    LongText,
    Name,
    Rate,
    Shape,
    Text,
    Whole,
)

DEFAULTS = Plan()

Fraction = Annotated[StrictFloat, Field(gt=0, le=1, allow_inf_nan=False)]


class RampUpShape(Shape):
    """Start slowly and grow evenly to the whole rate and concurrency."""

    start_fraction: Fraction = Field(description="Share of the rate to start with.", examples=[0.1])
    over: Duration = Field(description="How long it takes.")

    def value(self) -> RampUp:
        """As the core has it."""
        return RampUp(self.start_fraction, self.over)

    @classmethod
    def of(cls, ramp: RampUp) -> Self:
        """From the value."""
        return cls(start_fraction=ramp.start_fraction, over=ramp.over)


class PacingShape(Shape):
    """How fast and how many. Null is no limit of its own."""

    per_hour: Rate | None = Field(None, description="Attempts per hour, evenly spaced.")
    per_second: Rate | None = None
    max_concurrent: Count | None = Field(None, description="Attempts in flight at once.")
    daily_cap: Count | None = Field(None, description="Attempts per day.")
    daily_cap_counts: CapCounts = Field(CapCounts.ALL_ATTEMPTS, description="What the daily cap counts.")
    finish_by: Instant | None = Field(None, description="Spread the first attempts so that they end at this instant.")
    ramp_up: RampUpShape | None = None

    def value(self) -> Pacing:
        """As the core has it."""
        return Pacing(
            per_hour=self.per_hour,
            per_second=self.per_second,
            max_concurrent=self.max_concurrent,
            daily_cap=self.daily_cap,
            daily_cap_counts=self.daily_cap_counts,
            finish_by=self.finish_by,
            ramp_up=None if self.ramp_up is None else self.ramp_up.value(),
        )

    @classmethod
    def of(cls, pacing: Pacing) -> Self:
        """From the value."""
        return cls.model_construct(
            per_hour=pacing.per_hour,
            per_second=pacing.per_second,
            max_concurrent=pacing.max_concurrent,
            daily_cap=pacing.daily_cap,
            daily_cap_counts=pacing.daily_cap_counts,
            finish_by=pacing.finish_by,
            ramp_up=None if pacing.ramp_up is None else RampUpShape.of(pacing.ramp_up),
        )


class RetriesShape(Shape):
    """Whether, when and how often a contact is tried again. One budget, whatever rule fired."""

    max_attempts: Annotated[Count, Field(le=100)] = Field(1, description="All attempts together; 1 is no retry.")
    mode: DelayMode = DelayMode.FIXED
    delays: Annotated[list[Duration], Field(min_length=1, max_length=100)] = Field(
        default_factory=lambda: list(DEFAULTS.retries.delays),
        description="Delay after the first, second… attempt; the last one repeats.",
        examples=[["30m", "2h"]],
    )
    on: Annotated[list[Outcome], Field(max_length=100)] = Field(
        default_factory=lambda: sorted(DEFAULT_RETRIED), description="Outcomes that are tried again."
    )
    until_goal: Flag = Field(False, description="Try again after a conversation that did not reach the goal.")
    twice_in_a_row: Flag = Field(False, description="The second attempt follows at once when nobody was reached.")
    honour_callbacks: Flag = Field(True, description="A time that the person asked for replaces the delay.")
    max_faults: Whole = Field(10, description="Carrier faults in a row that a contact may meet.")
    fault_delay: Duration = Field(DEFAULTS.retries.fault_delay, description="Delay after a carrier's fault.")
    fault_as_miss: Flag = Field(False, description="After a carrier's fault wait as after a miss, not `fault_delay`.")

    def value(self) -> Retries:
        """As the core has it."""
        return Retries(
            max_attempts=self.max_attempts,
            mode=self.mode,
            delays=tuple(self.delays),
            on=frozenset(self.on),
            until_goal=self.until_goal,
            twice_in_a_row=self.twice_in_a_row,
            honour_callbacks=self.honour_callbacks,
            max_faults=self.max_faults,
            fault_delay=self.fault_delay,
            fault_as_miss=self.fault_as_miss,
        )

    @classmethod
    def of(cls, retries: Retries) -> Self:
        """From the value."""
        return cls.model_construct(
            max_attempts=retries.max_attempts,
            mode=retries.mode,
            delays=list(retries.delays),
            on=sorted(retries.on),
            until_goal=retries.until_goal,
            twice_in_a_row=retries.twice_in_a_row,
            honour_callbacks=retries.honour_callbacks,
            max_faults=retries.max_faults,
            fault_delay=retries.fault_delay,
            fault_as_miss=retries.fault_as_miss,
        )


class VoicemailShape(Shape):
    """What to do when a machine answers."""

    action: VoicemailAction = VoicemailAction.HANG_UP
    message: Text | None = Field(None, description="What to leave; the agent decides when it is left out.")
    detection: JsonObject | None = Field(None, description="Settings of the detector, timeouts in seconds.")

    def value(self) -> Voicemail:
        """As the core has it."""
        return Voicemail(self.action, self.message, self.detection)

    @classmethod
    def of(cls, voicemail: Voicemail) -> Self:
        """From the value."""
        detection = None if voicemail.detection is None else dict(voicemail.detection)
        return cls.model_construct(action=voicemail.action, message=voicemail.message, detection=detection)


class MessageShape(Shape):
    """An SMS or e-mail: templates over the contact's, campaign's and agent's variables."""

    text: LongText = Field("", examples=["Hello {{ first_name }}, your parcel comes on {{ day }}."])
    subject: Text | None = Field(None, description="E-mail only.")
    html: LongText | None = Field(None, description="E-mail only.")
    session_ttl: Duration | None = Field(None, description="How long a reply still belongs to this message.")

    def value(self) -> Message:
        """As the core has it."""
        return Message(self.text, self.subject, self.html, self.session_ttl)

    @classmethod
    def of(cls, message: Message) -> Self:
        """From the value."""
        return cls.model_construct(
            text=message.text, subject=message.subject, html=message.html, session_ttl=message.session_ttl
        )


class TargetRuleShape(Shape):
    """A condition on what is known of an address or its contact."""

    field: Name = Field(examples=["line_type"])
    op: Op
    values: Annotated[list[Text], Field(max_length=1_000)] = Field(default_factory=list)

    def value(self) -> TargetRule:
        """As the core has it."""
        return TargetRule(self.field, self.op.value, tuple(self.values))

    @classmethod
    def of(cls, rule: TargetRule) -> Self:
        """From the value."""
        return cls.model_construct(field=rule.field, op=Op(rule.op), values=list(rule.values))


class TargetingShape(Shape):
    """Which addresses may be reached at all."""

    allowed_line_types: Annotated[list[Name], Field(max_length=20)] = Field(
        default_factory=list, description="mobile, landline, voip, toll_free, premium; all when empty."
    )
    include_unknown_line_types: Flag = True
    match_all: Flag = Field(True, description="All rules have to be met; else any.")
    include_unknown: Flag = Field(True, description="A rule about something that is not known is met.")
    rules: Annotated[list[TargetRuleShape], Field(max_length=100)] = Field(default_factory=list)
    require_consent: Flag = Field(False, description="Reach only addresses with a recorded consent.")

    def value(self) -> Targeting:
        """As the core has it."""
        return Targeting(
            allowed_line_types=frozenset(self.allowed_line_types),
            include_unknown_line_types=self.include_unknown_line_types,
            match_all=self.match_all,
            include_unknown=self.include_unknown,
            rules=tuple(rule.value() for rule in self.rules),
            require_consent=self.require_consent,
        )

    @classmethod
    def of(cls, targeting: Targeting) -> Self:
        """From the value."""
        return cls.model_construct(
            allowed_line_types=sorted(targeting.allowed_line_types),
            include_unknown_line_types=targeting.include_unknown_line_types,
            match_all=targeting.match_all,
            include_unknown=targeting.include_unknown,
            rules=[TargetRuleShape.of(rule) for rule in targeting.rules],
            require_consent=targeting.require_consent,
        )


class PlanFields(Shape):
    """The fields of a campaign that decide how it runs."""

    schedule: ScheduleShape = Field(default_factory=lambda: ScheduleShape.of(DEFAULTS.schedule))
    pacing: PacingShape = Field(default_factory=lambda: PacingShape.of(DEFAULTS.pacing))
    retries: RetriesShape = Field(default_factory=lambda: RetriesShape.of(DEFAULTS.retries))
    voicemail: VoicemailShape = Field(default_factory=lambda: VoicemailShape.of(DEFAULTS.voicemail))
    message: MessageShape | None = Field(None, description="What an SMS or e-mail campaign sends.")
    targeting: TargetingShape = Field(default_factory=lambda: TargetingShape.of(DEFAULTS.targeting))
    goal_variable: Name | None = Field(None, description="A boolean of the agent's post-call schema: the goal is met.")
    complete_when_empty: Flag = Field(True, description="Complete when nobody waits any more; else wait for contacts.")
    skip_if_late: Duration | None = Field(
        None, description="Skip a contact whose first attempt could not be made within this time of its plan."
    )
    ring_timeout: Duration = DEFAULTS.ring_timeout
    max_duration: Duration = DEFAULTS.max_duration
    record: Flag = Field(False, description="Record conversations.")

    def plan(self) -> Plan:
        """As the core has it."""
        return Plan(
            schedule=self.schedule.value(),
            pacing=self.pacing.value(),
            retries=self.retries.value(),
            voicemail=self.voicemail.value(),
            message=None if self.message is None else self.message.value(),
            targeting=self.targeting.value(),
            goal_variable=self.goal_variable,
            complete_when_empty=self.complete_when_empty,
            skip_if_late=self.skip_if_late,
            ring_timeout=self.ring_timeout,
            max_duration=self.max_duration,
            record=self.record,
        )


def plan_fields(plan: Plan) -> dict[str, Any]:
    """The values of PlanFields for a plan."""
    return {
        "schedule": ScheduleShape.of(plan.schedule),
        "pacing": PacingShape.of(plan.pacing),
        "retries": RetriesShape.of(plan.retries),
        "voicemail": VoicemailShape.of(plan.voicemail),
        "message": None if plan.message is None else MessageShape.of(plan.message),
        "targeting": TargetingShape.of(plan.targeting),
        "goal_variable": plan.goal_variable,
        "complete_when_empty": plan.complete_when_empty,
        "skip_if_late": plan.skip_if_late,
        "ring_timeout": plan.ring_timeout,
        "max_duration": plan.max_duration,
        "record": plan.record,
    }


def changed_plan(plan: Plan, changes: PlanFields) -> Plan:
    """A plan with what `changes` names: inside schedule, pacing, retries… too, only the fields that are named."""
    now = PlanFields.model_construct(**plan_fields(plan))
    return merged(now, changes).plan()


S = TypeVar("S", bound=Shape)


def merged(old: S, changes: Shape) -> S:
    """`old` with the fields that `changes` names; shapes inside shapes are merged as well, lists are replaced."""
    updates: dict[str, Any] = {}
    for name in changes.model_fields_set & set(type(old).model_fields):
        before, after = getattr(old, name), getattr(changes, name)
        both = isinstance(before, Shape) and isinstance(after, Shape)
        updates[name] = merged(before, after) if both else after
    return old.model_copy(update=updates)
