"""Calls written as lines, for the tests of who answers."""

from __future__ import annotations

from clarion.core.answering import (
    Answerer,
    Event,
    Listening,
    Opinion,
    Policy,
    SpeechStarted,
    SpeechStopped,
    Tick,
    Tone,
    ToneHeard,
    Transcript,
    Verdict,
    begin,
    hear,
)


def events(call: str) -> list[Event]:
    """One event a line: `0.5 (`, `1.2 )`, `0.9 ~partial words`, `1.4 final words`, `3 [beep]`, `4 ?ivr`, `9 .`."""
    found: list[Event] = []
    for line in filter(None, (line.strip() for line in call.splitlines())):
        time, _, what = line.partition(" ")
        at = float(time)
        if what == "(":
            found.append(SpeechStarted(at))
        elif what == ")":
            found.append(SpeechStopped(at))
        elif what == ".":
            found.append(Tick(at))
        elif what.startswith("["):
            found.append(ToneHeard(at, Tone(what.strip("[]"))))
        elif what.startswith("?"):
            found.append(Opinion(at, Answerer(what[1:]) if what[1:] else None, "test"))
        elif what.startswith("~"):
            found.append(Transcript(at, what[1:]))
        else:
            found.append(Transcript(at, what, final=True))
    return found


def play(call: str | list[Event], policy: Policy | None = None) -> tuple[Listening, list[Verdict]]:
    """The state after the call, and every verdict in turn. Ticks come whenever the core asks for one."""
    listening, verdicts = begin(policy), list[Verdict]()

    def after(event: Event) -> None:
        nonlocal listening
        listening = hear(listening, event)
        if listening.verdict is not None and (not verdicts or verdicts[-1] is not listening.verdict):
            verdicts.append(listening.verdict)

    for event in events(call) if isinstance(call, str) else call:
        while listening.ask_again_at is not None and listening.ask_again_at < event.at:
            after(Tick(listening.ask_again_at))
        after(event)
    return listening, verdicts
