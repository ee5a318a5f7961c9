"""What happens when the sandbox calls somebody: one encounter in, the call's one report out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clarion.channels.sandbox.encounter import Encounter
from clarion.channels.sandbox.magic import Trick
from clarion.core.contacts import Report
from clarion.core.outcomes import Outcome


def _word(outcome: Outcome, detail: str, **raw: Any) -> tuple[Outcome, str, Mapping[str, Any]]:
    return outcome, detail, {"sandbox": True, **raw}


BUSY = _word(Outcome.BUSY, "486 Q.850 17", sip=486, q850=17)
OUR_TIMEOUT = _word(Outcome.NO_ANSWER, "487 ring timeout", sip=487)
NO_ANSWER = _word(Outcome.NO_ANSWER, "480 Q.850 19", sip=480, q850=19)
UNREACHABLE = _word(Outcome.UNREACHABLE, "480 Q.850 20", sip=480, q850=20)
REJECTED = _word(Outcome.REJECTED, "603 Q.850 21", sip=603, q850=21)
UNWANTED = _word(Outcome.UNWANTED, "607", sip=607)
INVALID = _word(Outcome.INVALID, "404 Q.850 1", sip=404, q850=1)
FAX = _word(Outcome.FAX, "200 fax", sip=200, answered_by="fax")
IVR = _word(Outcome.IVR, "200 menu", sip=200, answered_by="ivr")
SCREENING = _word(Outcome.CALL_SCREENING, "200 call screening", sip=200, answered_by="screening")
VOICEMAIL = _word(Outcome.VOICEMAIL, "200 voicemail", sip=200, answered_by="machine")
MAILBOX_FULL = _word(Outcome.MAILBOX_FULL, "200 mailbox full", sip=200, answered_by="machine")
SILENCE = _word(Outcome.SILENCE, "200 silence", sip=200, answered_by="unknown")
HUNG_UP = _word(Outcome.ABANDONED, "200 hung up", sip=200, answered_by="human")
OPTED_OUT = _word(Outcome.OPTED_OUT, "200 asked not to be called", sip=200, answered_by="human")
CALLBACK = _word(Outcome.CALLBACK_REQUESTED, "200 asked to be called back", sip=200, answered_by="human")
COMPLETED = _word(Outcome.COMPLETED, "200", sip=200, answered_by="human")
TOO_LONG = _word(Outcome.EXCEEDED_MAX_DURATION, "200 cut at the longest duration", sip=200, answered_by="human")

GREETING = ("agent", "Hello, this is a call from the sandbox.", 0.5)
LINES: Mapping[Outcome, tuple[tuple[str, str, float], ...]] = {
    Outcome.COMPLETED: (
        ("person", "Hello?", 0.0),
        GREETING,
        ("person", "Yes, that is me.", 4.0),
        ("agent", "Thank you. Goodbye.", 12.0),
    ),
    Outcome.CALLBACK_REQUESTED: (("person", "Hello?", 0.0), GREETING, ("person", "Please call me back later.", 5.0)),
    Outcome.OPTED_OUT: (("person", "Hello?", 0.0), GREETING, ("person", "Please stop calling me.", 4.0)),
    Outcome.ABANDONED: (("person", "Hello?", 0.0), GREETING),
    Outcome.VOICEMAIL: (("person", "Please leave a message after the tone.", 0.0),),
}
"""What is said in a call: who, what, and how many seconds after it was answered. One list for all calls."""

FAILURES = (
    _word(Outcome.SERVICE_UNAVAILABLE, "500", sip=500),
    _word(Outcome.RESOURCE_UNAVAILABLE, "503", sip=503),
    _word(Outcome.TIMEOUT, "504 Q.850 102", sip=504, q850=102),
    _word(Outcome.NETWORK_ERROR, "502 Q.850 38", sip=502, q850=38),
)
"""What a failing voice trunk answers."""
THROTTLE = _word(Outcome.THROTTLED, "503 Q.850 42", sip=503, q850=42)
"""What a trunk answers that is asked too fast."""


def course(meeting: Encounter) -> tuple[Report, ...]:
    """How this call goes."""
    return (_call(meeting, meeting.trick or _behaviour(meeting)),)


def _behaviour(meeting: Encounter) -> Trick:
    """What the called number, and the person at it, do this time."""
    public, person, dice = meeting.settings.voice, meeting.person, meeting.dice
    number = person.roll()
    for share, trick in ((public.dead, Trick.DEAD), (public.fax, Trick.FAX), (public.ivr, Trick.IVR)):
        if number < share:
            return trick
        number -= share
    if number < public.blocks:
        return Trick.REJECTS
    screens, has_voicemail = person.roll() < public.screening, person.roll() < public.voicemail
    if dice.roll() >= public.answers[meeting.hour]:
        why = dice.roll()
        for share, trick in ((public.busy, Trick.BUSY), (public.rejects, Trick.REJECTS)):
            if why < share:
                return trick
            why -= share
        if screens:
            return Trick.SCREENING
        if has_voicemail:
            return Trick.VOICEMAIL
        return Trick.UNREACHABLE if why < public.unreachable else Trick.NO_ANSWER
    mood = dice.roll()
    for share, trick in (
        (public.silence, Trick.SILENT),
        (public.hangs_up, Trick.HANGS_UP),
        (public.opts_out, Trick.OPTS_OUT),
        (public.asks_callback, Trick.CALLBACK),
    ):
        if mood < share:
            return trick
        mood -= share
    return Trick.GOAL if dice.roll() < public.reaches_goal else Trick.TALK


def _call(meeting: Encounter, trick: Trick) -> Report:
    """The call played out, with its times."""
    ask, dice, settings = meeting.ask, meeting.dice, meeting.settings
    match trick:
        case Trick.DEAD:
            return meeting.report(*_at(INVALID, dice.between(0.5, 3)))
        case Trick.BUSY:
            return meeting.report(*_at(BUSY, dice.between(1, 5)))
        case Trick.UNREACHABLE:
            return meeting.report(*_at(UNREACHABLE, dice.between(4, 10)))
        case Trick.REJECTS:
            word = UNWANTED if dice.roll() < 0.1 else REJECTED
            return meeting.report(*_at(word, dice.between(3, 14)))
        case Trick.NO_ANSWER:
            gives_up = dice.between(45, 60)
            if ask.ring_s < gives_up:
                return meeting.report(*_at(OUR_TIMEOUT, ask.ring_s))
            return meeting.report(*_at(NO_ANSWER, gives_up))
    machine = trick in (Trick.FAX, Trick.IVR, Trick.SCREENING)
    answered = dice.between(1, 6) if machine else dice.between(15, 30) * (0.95 if trick is Trick.VOICEMAIL else 0.6)
    if answered >= ask.ring_s:
        return meeting.report(*_at(OUR_TIMEOUT, ask.ring_s))
    results: dict[str, Any] | None = None
    callback: float | None = None
    match trick:
        case Trick.FAX:
            word, talk = FAX, dice.between(4, 8)
        case Trick.IVR:
            word, talk = IVR, dice.between(15, 60)
        case Trick.SCREENING:
            word, talk = SCREENING, dice.between(10, 25)
        case Trick.VOICEMAIL if dice.roll() < settings.voice.mailbox_full and meeting.trick is None:
            word, talk = MAILBOX_FULL, dice.between(8, 15)
        case Trick.VOICEMAIL:
            word, talk = VOICEMAIL, 25.0 if ask.leaves_message else dice.between(3, 6)
        case Trick.SILENT:
            word, talk = SILENCE, dice.between(8, 12)
        case Trick.HANGS_UP:
            word, talk = HUNG_UP, dice.between(1, 6)
        case Trick.OPTS_OUT:
            word, talk = OPTED_OUT, dice.between(10, 30)
        case Trick.CALLBACK:
            word, talk = CALLBACK, dice.between(20, 50)
            callback = answered + talk + 900 * int(dice.between(2, 24))
        case _:
            word, talk = COMPLETED, dice.between(20, 240)
            if ask.goal is not None:
                results = {ask.goal: trick is not Trick.TALK}
    if talk > ask.max_s:
        word, talk, results, callback = TOO_LONG, ask.max_s, None, None
    outcome, detail, raw = word
    said = {"transcript": LINES[outcome]} if outcome in LINES else {}
    return meeting.report(
        outcome,
        answered + talk,
        detail,
        {**raw, "talk_s": round(talk, 1), **said},
        answered_s=answered,
        callback_s=callback,
        results=results,
    )


def _at(word: tuple[Outcome, str, Mapping[str, Any]], seconds: float) -> tuple[Outcome, float, str, Mapping[str, Any]]:
    outcome, detail, raw = word
    return outcome, seconds, detail, raw
