"""What was said in a call, read from its channel's report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from clarion.app.conversations import Conversation, Turn, conversation_of
from clarion.core.contacts import Attempt
from clarion.core.outcomes import AttemptState, Channel
from seeding import NOW

MINUTE = timedelta(minutes=1)
TALK = {
    "transcript": [["person", "Hello?", 0], ["agent", "Hello, this is Ada.", 0.5]],
    "recording_url": "https://example.com/1.wav",
    "summary": "They said hello.",
}


def call(raw: Mapping[str, Any], *, answered: bool) -> Attempt:
    begun = Attempt(1, 1, 1, 1, 1, 1, Channel.VOICE, "+12125550147", "p", AttemptState.ENDED, begun_at=NOW - MINUTE)
    times = {"answered_at": NOW if answered else None, "ended_at": NOW + MINUTE}
    return Attempt(**{name: getattr(begun, name) for name in Attempt.__slots__} | times | {"raw": raw})


@pytest.mark.parametrize(
    ("attempt", "conversation"),
    [
        (
            call(TALK, answered=True),
            Conversation(
                (Turn("person", "Hello?", 0.0), Turn("agent", "Hello, this is Ada.", 0.5)),
                "https://example.com/1.wav",
                "They said hello.",
                MINUTE,
            ),
        ),
        (call({"sip": 200}, answered=True), Conversation(duration=MINUTE)),
        (call({"sip": 486}, answered=False), Conversation()),
        (call({}, answered=False), Conversation()),
    ],
)
def test_a_report_as_a_conversation(attempt: Attempt, conversation: Conversation) -> None:
    assert conversation_of(attempt) == conversation
