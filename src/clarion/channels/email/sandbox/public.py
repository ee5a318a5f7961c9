"""What happens when the sandbox mails somebody: the mail host's reply at once, then what comes of it over hours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clarion.channels.sandbox.encounter import Encounter
from clarion.channels.sandbox.magic import Trick
from clarion.core.contacts import Report
from clarion.core.outcomes import Outcome

SANDBOX: Mapping[str, Any] = {"sandbox": True}


def _word(outcome: Outcome, detail: str) -> tuple[Outcome, str, Mapping[str, Any]]:
    return outcome, detail, {"sandbox": True, "reply": detail}


FAILURES = (
    _word(Outcome.NETWORK_ERROR, "connection reset before DATA"),
    _word(Outcome.SERVICE_UNAVAILABLE, "421 4.3.2"),
)
"""What a failing mail host answers."""
THROTTLE = _word(Outcome.THROTTLED, "454 4.7.0")
"""What a mail host answers that is asked too fast."""

REFUSALS: Mapping[Trick, tuple[Outcome, str, float | None]] = {
    Trick.DEAD: (Outcome.BOUNCED, "550 5.1.1", None),
    Trick.REJECTS: (Outcome.DROPPED, "550 5.7.1", None),
    Trick.BUSY: (Outcome.DEFERRED, "452 4.2.2", 3600.0),
    Trick.UNREACHABLE: (Outcome.DEFERRED, "451 4.7.1", 600.0),
}
"""Replies other than 250: outcome, the reply, and after how many seconds it is worth another try."""


def course(meeting: Encounter) -> tuple[Report, ...]:
    """How this mail fares: the host's reply, at the instant of asking and final, then news that is not."""
    trick = meeting.trick or _behaviour(meeting)
    if trick in REFUSALS:
        outcome, reply, retry = REFUSALS[trick]
        return (meeting.report(outcome, 0, reply, {"sandbox": True, "reply": reply}, retry_s=retry),)
    sent = meeting.report(Outcome.SENT, 0, "250 2.0.0", {"sandbox": True, "reply": "250 2.0.0"})
    return sent, *_news(meeting, trick)


def _news(meeting: Encounter, trick: Trick) -> tuple[Report, ...]:
    """What comes after the mail was taken."""
    public, dice, ask = meeting.settings.email, meeting.dice, meeting.ask
    if trick is Trick.BOUNCES_LATE:
        return (meeting.report(Outcome.BOUNCED, dice.between(30, 1800), "5.1.1 DSN", SANDBOX, final=False),)
    if trick is Trick.NO_ANSWER:
        return ()
    opened = 60.0 * 480.0 ** dice.roll()
    news = [meeting.report(Outcome.OPENED, opened, "opened", SANDBOX, final=False)]
    acts = opened + dice.between(10, 300)
    if trick is Trick.COMPLAINS:
        news.append(meeting.report(Outcome.SPAM_REPORT, acts, "ARF abuse", SANDBOX, final=False))
    elif trick is Trick.OPTS_OUT:
        news.append(meeting.report(Outcome.UNSUBSCRIBED, acts, "one-click", SANDBOX, final=False))
    elif trick is not Trick.TALK:
        goal = meeting.trick is not None or dice.roll() < public.reaches_goal
        results = {ask.goal: goal} if ask.goal is not None else None
        news.append(meeting.report(Outcome.CLICKED, acts, "clicked", SANDBOX, final=False, results=results))
    return tuple(news)


def _behaviour(meeting: Encounter) -> Trick:
    """What the mail host, and the person behind it, do this time. TALK opens; GOAL opens and clicks."""
    public, dice = meeting.settings.email, meeting.dice
    if meeting.person.roll() < public.dead:
        return Trick.DEAD
    luck = dice.roll()
    for share, trick in (
        (public.full, Trick.BUSY),
        (public.greylists, Trick.UNREACHABLE),
        (public.refuses, Trick.REJECTS),
        (public.bounces_late, Trick.BOUNCES_LATE),
        (public.complains, Trick.COMPLAINS),
        (public.unsubscribes, Trick.OPTS_OUT),
    ):
        if luck < share:
            return trick
        luck -= share
    if dice.roll() >= public.opens:
        return Trick.NO_ANSWER
    return Trick.GOAL if dice.roll() < public.clicks else Trick.TALK
