"""A single call as Revox's clients ask for it, and what they may change of a phone number."""

from __future__ import annotations

from typing import Any

from clarion.surfaces.vendors.revox.assistant_shapes import InlineAssistant
from clarion.surfaces.vendors.revox.bodies import InstantText, Shape, rule


class Concurrency(Shape):
    """A group of calls."""

    key: str = rule("kept with the call; a group has no limit of its own here, the organisation's holds", min_length=1)


class NewCall(Shape):
    """A call to be made."""

    phone_number: str = rule("the contact's number")
    assistant_id: str | None = rule("the agent that speaks", default=None)
    assistant: InlineAssistant | None = rule("the agent, when assistant_id names none", default=None)
    from_phone_number: str | None = rule(
        "the sender; left out: the assistant's number, else the organisation's first", default=None
    )
    prompt_variables: dict[str, Any] = rule("the contact's variables", default={})
    metadata: dict[str, str] = rule("kept with the call and answered", default={})
    scheduled_at: InstantText | None = rule("not before this instant", default=None)
    skip_calling_window: bool = rule(
        "no window of the assistant's holds; the law's calling hours do in any case", default=False
    )
    concurrency: Concurrency | None = rule("a group of calls: kept", default=None)


class PhoneNumberChange(Shape):
    """What is to be different about a number."""

    label: str | None = rule("the sender's label", default=None, max_length=255)
    inbound_assistant_id: str | None = rule(
        "kept with the number: the agent for calls that come in; null takes it away", default=None
    )
