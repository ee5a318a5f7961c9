"""What was said in a call, as its channel reported it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from clarion.core.contacts import Attempt

AGENT, PERSON = "agent", "person"
TRANSCRIPT, RECORDING, SUMMARY = "transcript", "recording_url", "summary"
"""Where a driver puts them in its raw report. The transcript is a list of `[who, text, seconds since the answer]`."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Something that one of the two said. `seconds` are counted from the answer."""

    role: str
    """`agent` or `person`."""
    text: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Conversation:
    """A call as it went. Empty when nobody answered, or when the channel keeps nothing."""

    turns: tuple[Turn, ...] = ()
    recording_url: str | None = None
    summary: str | None = None
    duration: timedelta | None = None
    """From the answer to the end; None when nobody answered."""


def conversation_of(attempt: Attempt) -> Conversation:
    """What is known of the conversation of an attempt that was read with its raw report."""
    raw = attempt.raw or {}
    answered, ended = attempt.answered_at, attempt.ended_at
    return Conversation(
        turns=tuple(Turn(str(who), str(text), float(at)) for who, text, at in raw.get(TRANSCRIPT, ())),
        recording_url=raw.get(RECORDING),
        summary=raw.get(SUMMARY),
        duration=ended - answered if answered is not None and ended is not None else None,
    )
