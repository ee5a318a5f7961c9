"""What happens when the sandbox texts somebody: one encounter in, the receipt and whatever they write back out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clarion.channels.sandbox.encounter import Encounter
from clarion.channels.sandbox.magic import Trick
from clarion.core.contacts import Report
from clarion.core.outcomes import Outcome


def _word(outcome: Outcome, detail: str, **raw: Any) -> tuple[Outcome, str, Mapping[str, Any]]:
    return outcome, detail, {"sandbox": True, **raw}


FAILURES = (
    _word(Outcome.NETWORK_ERROR, "connection reset", smpp=None),
    _word(Outcome.SERVICE_UNAVAILABLE, "ESME_RSYSERR", smpp=0x08),
)
"""What a failing SMS trunk answers."""
THROTTLE = _word(Outcome.THROTTLED, "ESME_RTHROTTLED", smpp=0x58)
"""What a trunk answers that is asked too fast."""

DELIVERED = {"sandbox": True, "stat": "DELIVRD"}
REPLIES = ("Yes please", "Who is this?", "Sounds good, thanks", "Not now", "Ok", "Call me tomorrow")
STOP_WORDS = ("STOP", "Stop", "UNSUBSCRIBE", "stop texting me", "QUIT", "Cancel")

FATES: Mapping[Trick, tuple[Outcome, str, float, float]] = {
    Trick.DEAD: (Outcome.INVALID, "UNDELIV err:001", 1, 5),
    Trick.UNREACHABLE: (Outcome.UNDELIVERED, "UNDELIV err:027", 10, 60),
    Trick.REJECTS: (Outcome.FAILED, "REJECTD err:008", 1, 4),
    Trick.NO_ANSWER: (Outcome.EXPIRED, "EXPIRED", 3600, 7200),
    Trick.BUSY: (Outcome.UNDELIVERED, "UNDELIV err:031", 10, 60),
}
"""Messages that do not arrive: outcome, the receipt's words, and between how many seconds it comes."""


def course(meeting: Encounter) -> tuple[Report, ...]:
    """How this message fares: the receipt, which is final, then what the person does with it, which is not."""
    trick = meeting.trick or _behaviour(meeting)
    dice = meeting.dice
    if trick in FATES:
        outcome, words, soonest, latest = FATES[trick]
        return (meeting.report(outcome, dice.between(soonest, latest), words, {"sandbox": True, "stat": words}),)
    arrived = dice.between(2, 60)
    receipt = meeting.report(Outcome.DELIVERED, arrived, "DELIVRD", DELIVERED)
    if trick is Trick.TALK:
        return (receipt,)
    read = arrived + dice.between(20, 1800)
    if trick is Trick.OPTS_OUT:
        text = STOP_WORDS[int(dice.roll() * len(STOP_WORDS))]
        return receipt, meeting.report(Outcome.OPTED_OUT, read, text, {"sandbox": True, "text": text}, final=False)
    text = REPLIES[int(dice.roll() * len(REPLIES))]
    goal = meeting.trick is not None or dice.roll() < meeting.settings.sms.reaches_goal
    results = {meeting.ask.goal: goal} if meeting.ask.goal is not None else None
    reply = meeting.report(Outcome.REPLIED, read, text, {"sandbox": True, "text": text}, final=False, results=results)
    return receipt, reply


def _behaviour(meeting: Encounter) -> Trick:
    """What the handset, and the person at it, do this time. GOAL replies; TALK only receives."""
    public, dice = meeting.settings.sms, meeting.dice
    if meeting.person.roll() < public.dead:
        return Trick.DEAD
    luck = dice.roll()
    for share, trick in (
        (public.undelivered, Trick.UNREACHABLE),
        (public.failed, Trick.REJECTS),
        (public.expired, Trick.NO_ANSWER),
    ):
        if luck < share:
            return trick
        luck -= share
    mood = dice.roll()
    if mood < public.opts_out:
        return Trick.OPTS_OUT
    return Trick.GOAL if mood < public.opts_out + public.replies else Trick.TALK
