"""Contacts as people write them down, and as they are answered: who, where they stand, and their story."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, PlainSerializer
from pydantic.config import JsonDict

from clarion.app.contacts import ContactChange
from clarion.app.story import Moment, Story, StoryLine
from clarion.core.contacts import BadRow, Contact
from clarion.core.outcomes import ContactState, FinishReason, Outcome
from clarion.surfaces.native.attempts import AttemptShape
from clarion.surfaces.native.shapes import Flag, Id, Instant, Scalar, Shape, Text, VariableName, given, left_out
from clarion.wire.contact_drafts import ContactDraft

Short = Annotated[Text, Field(max_length=1_000)]
Priority = Annotated[int, Field(strict=True, ge=0, le=9)]
ContactVariables = Annotated[dict[VariableName, Scalar], Field(max_length=500)]

EXAMPLE: JsonDict = {
    "contacts": [
        {
            "address": "+1 212 555 0147",
            "reference_id": "patient-1831",
            "fallbacks": ["+1 646 555 0102"],
            "variables": {"first_name": "Ann", "date": "Thursday"},
            "timezone": "America/New_York",
        },
        {"address": "617-555-0123", "postal_code": "02139", "priority": 9},
    ]
}


class NewContactShape(Shape):
    """A person to reach. What is wrong with one is reported, and keeps nobody else out."""

    address: Short = Field(description="A phone number in any spelling, or an e-mail address.")
    reference_id: Short | None = Field(None, description="Your own id, unique in the batch.")
    fallbacks: Annotated[list[Short], Field(max_length=50)] = Field(
        default_factory=list, description="Further addresses, tried when nobody is found at the one before."
    )
    variables: ContactVariables = Field(default_factory=dict)
    timezone: Short | None = Field(None, description="IANA zone; comes before postal code and number.")
    postal_code: Short | None = None
    country: Short | None = Field(None, description="ISO 3166; of a number or postal code that names none.")
    priority: Priority | None = Field(None, description="9 is reached first.")
    person: Short | None = Field(None, description="Who it is, over channels and campaigns, for limits per person.")

    def draft(self) -> ContactDraft:
        """As the use case takes it."""
        return ContactDraft(
            address=self.address,
            reference_id=self.reference_id,
            fallbacks=tuple(self.fallbacks),
            variables=self.variables,
            timezone=self.timezone,
            postal_code=self.postal_code,
            country=self.country,
            priority=self.priority,
            person=self.person,
        )


class NewContacts(Shape):
    """Contacts to add, in one transaction."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    contacts: Annotated[list[NewContactShape], Field(min_length=1, max_length=10_000)]
    batch: Annotated[Text, Field(min_length=1, max_length=255)] | None = Field(
        None, description="Key of the batch; the campaign's own when left out."
    )
    allow_duplicates: Flag = Field(False, description="Take addresses that the campaign has already.")


class ContactPatch(Shape):
    """What to change; fields left out stay. While an attempt is live, or at the end, only variables can change."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"variables": {"date": "Friday"}, "priority": 9}]})

    variables: ContactVariables = Field(
        default_factory=dict, description="Merged into those there are; null takes one away."
    )
    address: Annotated[Short, Field(min_length=1)] = left_out()
    fallbacks: Annotated[list[Short], Field(max_length=50)] = left_out("Replaces all of them.")
    timezone: Short | None = Field(None, description="null: no longer given explicitly.")
    postal_code: Short | None = None
    priority: Priority = left_out()
    person: Annotated[Short, Field(min_length=1)] = left_out()

    def change(self) -> ContactChange:
        """As the use case takes it: there an empty text clears, and None leaves alone."""
        changes: dict[str, Any] = {name: "" if value is None else value for name, value in given(self).items()}
        if "fallbacks" in changes:
            changes["fallbacks"] = tuple(self.fallbacks)
        return ContactChange(**changes)


class Removing(Shape):
    """Which contacts to remove."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"contact_ids": [1, 2, 3]}]})

    contact_ids: Annotated[list[Id], Field(min_length=1, max_length=10_000)]


class RemovalShape(Shape):
    """What became of the contacts. Foreign and missing ids are passed over."""

    removed: list[int]
    live: list[int] = Field(description="An attempt is under way: try again when it has ended.")
    finished: list[int] = Field(description="They were finished before.")


class RejectShape(Shape):
    """A contact or row that was not taken."""

    line: int = Field(description="Position in the list or line of the file, 1-based.")
    code: str
    message: str
    field: str | None
    value: str | None

    @classmethod
    def of(cls, bad: BadRow) -> Self:
        """From the value."""
        return cls(line=bad.line, code=bad.code, message=bad.message, field=bad.field, value=bad.value)


class AddedShape(Shape):
    """What became of the contacts."""

    accepted: int
    ids: list[int | None] = Field(description="One for each contact, in order; null for one that was not taken.")
    duplicates: list[RejectShape]
    rejected: list[RejectShape]


class FallbackShape(Shape):
    """A further address."""

    address: str
    line_type: str | None


class ContactShape(Shape):
    """A contact and where they stand."""

    id: Id
    campaign_id: int
    batch_id: int
    reference_id: str | None
    address: str
    line_type: str | None
    fallbacks: list[FallbackShape]
    address_index: int = Field(description="Which address is next: 0 is the first, n the n-th fallback.")
    zones: list[str] = Field(description="Every time zone where they may be; empty when it is not known.")
    jurisdictions: list[str] = Field(description="Every place whose law may apply.")
    timezone: str | None = Field(description="The zone that was given explicitly.")
    postal_code: str | None
    person: str
    priority: int
    variables: dict[str, Any]
    state: ContactState
    attempts: int = Field(description="Attempts made, carrier faults included.")
    attempts_burned: int = Field(description="Attempts that count against the budget.")
    next_at: Instant | None = Field(description="When they are due, while waiting.")
    last_outcome: Outcome | None
    finish_reason: FinishReason | None
    goal_reached: bool
    created_at: Instant | None
    updated_at: Instant | None

    @classmethod
    def of(cls, contact: Contact) -> Self:
        """From the value."""
        zones, _, places = contact.region_key.partition(";")
        return cls.model_construct(
            id=contact.id,
            campaign_id=contact.campaign_id,
            batch_id=contact.batch_id,
            reference_id=contact.reference_id,
            address=contact.address,
            line_type=contact.line_type,
            fallbacks=[FallbackShape(address=each.value, line_type=each.line_type) for each in contact.fallbacks],
            address_index=contact.address_index,
            zones=[zone for zone in zones.split(",") if zone],
            jurisdictions=[place for place in places.split(",") if place],
            timezone=contact.zone,
            postal_code=contact.postal_code,
            person=contact.person,
            priority=contact.priority,
            variables=dict(contact.variables),
            state=contact.state,
            attempts=contact.tries,
            attempts_burned=contact.burned,
            next_at=contact.next_at if contact.state is ContactState.WAITING else None,
            last_outcome=contact.last_outcome,
            finish_reason=contact.finish_reason,
            goal_reached=contact.goal_reached,
            created_at=contact.created_at,
            updated_at=contact.updated_at,
        )


LocalTime = Annotated[datetime, PlainSerializer(datetime.isoformat, return_type=str)]


class MomentShape(Shape):
    """One instant on three clocks."""

    at: Instant = Field(description="UTC.")
    campaign: LocalTime = Field(description="On the campaign's clock.")
    contact: LocalTime | None = Field(description="On the contact's; null when their place is not known.")

    @classmethod
    def of(cls, moment: Moment) -> Self:
        """From the value."""
        return cls.model_construct(at=moment.at, campaign=moment.own, contact=moment.theirs)


class StoryLineShape(Shape):
    """One thing that happened to the contact, or to everybody like them."""

    when: MomentShape
    about: str = Field(description="contact, region, batch or campaign.")
    verdict: str
    rule: str
    sentence: str
    attempt_id: int | None
    next: MomentShape | None
    inputs: dict[str, Any]

    @classmethod
    def of(cls, line: StoryLine) -> Self:
        """From the value."""
        return cls(
            when=MomentShape.of(line.moment),
            about=line.about,
            verdict=line.verdict,
            rule=line.rule,
            sentence=line.sentence,
            attempt_id=line.attempt_id,
            next=None if line.next is None else MomentShape.of(line.next),
            inputs=dict(line.inputs),
        )


class ObstacleShape(Shape):
    """A reason why the contact is not being reached now."""

    code: str = Field(description="For machines: `campaign_paused`, `window`, `rate`…")
    sentence: str
    until: Instant | None = Field(description="When it is out of the way by itself.")
    final: bool = Field(description="It never goes away by itself.")
    inputs: dict[str, Any]


class StoryShape(Shape):
    """All that can be said about one contact."""

    summary: str = Field(description="The answer in plain sentences.")
    contact: ContactShape
    campaign_zone: str
    contact_zones: list[str]
    now: MomentShape
    next: MomentShape | None = Field(description="The next instant at which every rule lets them be reached.")
    obstacles: list[ObstacleShape] = Field(description="Why they are not being reached now.")
    lines: list[StoryLineShape] = Field(description="Every decision in order.")
    attempts: list[AttemptShape]
    truncated: bool = Field(description="There were more lines; the oldest are left out.")

    @classmethod
    def of(cls, story: Story) -> Self:
        """From the value."""
        return cls(
            summary=story.summary,
            contact=ContactShape.of(story.contact),
            campaign_zone=story.campaign_zone,
            contact_zones=list(story.contact_zones),
            now=MomentShape.of(story.now),
            next=None if story.next is None else MomentShape.of(story.next),
            obstacles=[
                ObstacleShape(
                    code=each.code,
                    sentence=each.sentence,
                    until=each.until,
                    final=each.final,
                    inputs=dict(each.inputs),
                )
                for each in story.obstacles
            ],
            lines=[StoryLineShape.of(line) for line in story.lines],
            attempts=[AttemptShape.of(attempt) for attempt in story.attempts],
            truncated=story.truncated,
        )
