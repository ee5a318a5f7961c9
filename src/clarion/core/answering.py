"""Human or machine: what took a call, from 200 OK on. Events in, verdict out; corrections while there is new evidence.

    listening = begin(policy)
    listening = hear(listening, Transcript(1.4, "you've reached"))     # for every event
    listening.verdict        # None, or who it is; a later one may correct it
    listening.ask_again_at   # send a Tick then, if nothing else has happened
    listening.question       # a transcript for a language model; its answer is an Opinion

All instants are seconds since 200 OK. In doubt it is a human: a person who hears nothing, or a message meant for a
machine, is worse than a few seconds of talk to a voicemail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from clarion.core.answering_rules import Answerer, Match, Weight, is_hello, match, picked_up, plain_words
from clarion.core.answering_values import (
    OUTCOMES,
    Confidence,
    Event,
    Listening,
    Opinion,
    Policy,
    Question,
    SpeechStarted,
    SpeechStopped,
    Tick,
    Tone,
    ToneHeard,
    Transcript,
    Verdict,
    policy_of,
)

__all__ = [
    "OUTCOMES",
    "Answerer",
    "Confidence",
    "Event",
    "Listening",
    "Opinion",
    "Policy",
    "Question",
    "Speak",
    "SpeechStarted",
    "SpeechStopped",
    "Tick",
    "Tone",
    "ToneHeard",
    "Transcript",
    "Verdict",
    "Wait",
    "begin",
    "hear",
    "message_start",
    "policy_of",
]


def begin(policy: Policy | None = None) -> Listening:
    """The state at 200 OK."""
    return _timed(Listening(policy or Policy()))


def hear(listening: Listening, event: Event) -> Listening:
    """The state after the event. An event from the past counts as happening now; times of ticks do not matter, since
    whatever fell due before the event is settled first, at the instant when it was due."""
    at = max(event.at, listening.now)
    for _ in range(_MOST_DUE):
        due = listening.due
        if due is None or due > at:
            break
        listening = _timed(_decided(replace(listening, now=max(due, listening.now))))
        if listening.due is not None and listening.due <= due:
            break
    return _timed(_decided(_noted(replace(listening, now=at), event)))


_MOST_DUE = 16
"""Deadlines that one event may find passed; each call has only a handful."""
_BLIP = 0.25
"""Seconds of voice without words that are a click or a breath."""
_MORE_WORDS = 8
"""So many new words are worth another question."""
_GREETING = 1.5
"""Seconds of talk before a beep that make it a greeting."""
_BEEP_FOLLOWS = 4.0
"""Seconds within which a beep belongs to the greeting before it."""
_ANY_TONE = "after the tone"
"""A rule for voicemail that call screening's own words fit too: a name is said after a tone."""
_ROUNDING = 1e-6


def _noted(state: Listening, event: Event) -> Listening:
    """The state with the event written down; no decision yet."""
    now = state.now
    match event:
        case Transcript(text=text, final=final):
            said = " ".join(text.split())
            if final:
                finals = (*state.finals, said) if said else state.finals
                changed = plain_words(said) != plain_words(state.partial)
                state = replace(state, finals=finals, partial="")
            else:
                changed = said != state.partial
                state = replace(state, partial=said)
            if changed and said:
                first = now if state.first_speech is None else state.first_speech
                state = replace(state, words_at=now, first_speech=first)
        case SpeechStarted():
            if state.beep_at is not None and now > state.beep_at:
                state = replace(state, beep_at=None)
            if state.speaking_since is None:
                first = now if state.first_speech is None else state.first_speech
                if state.quiet_since is not None and now - state.quiet_since >= state.policy.pause:
                    state = replace(state, turn=(now, len(_all_words(state))))
                state = replace(state, speaking_since=now, quiet_since=None, first_speech=first)
        case SpeechStopped(ended_at=ended_at):
            if state.speaking_since is not None:
                ended = now if ended_at is None else min(max(ended_at, state.speaking_since), now)
                spoken = state.spoken + ended - state.speaking_since
                state = replace(state, speaking_since=None, quiet_since=ended, spoken=spoken)
                if spoken < _BLIP and not state.transcript and state.verdict is None:
                    state = replace(state, quiet_since=None, first_speech=None)
        case ToneHeard(tone=tone):
            state = replace(state, tones=(*state.tones, tone))
            if tone in (Tone.BEEP, Tone.FAX_CNG):
                state = replace(state, beep_at=now)
            state = _by_tone(state, tone)
        case Opinion(kind=kind, reason=reason):
            state = replace(state, question=None)
            if kind is not None and kind is not Answerer.SILENCE:
                state = _find(state, kind, f"model: {reason}" if reason else "model", Confidence.LIKELY)
        case Tick():
            pass
    return state


def _decided(state: Listening) -> Listening:
    """The state with the verdict that its evidence allows now."""
    state = _by_words(state)
    if state.verdict is None or state.verdict.kind is Answerer.SILENCE:
        state = _by_time(state)
    return state


def _by_tone(state: Listening, tone: Tone) -> Listening:
    """The verdict by a tone that has just been heard. A short greeting and a beep may be a person with another call
    waiting, so that the silence after them decides."""
    opened = bool(state.transcript) or state.spoken >= _BLIP or state.speaking_since is not None
    if tone is Tone.FAX_CED or (tone is Tone.FAX_CNG and not opened):
        return _find(state, Answerer.FAX, "fax tone", Confidence.SURE)
    if tone is Tone.SIT:
        return _find(state, Answerer.UNAVAILABLE, "network's announcement tones", Confidence.SURE)
    found = match(state.transcript)
    person = found is not None and found.weight is Weight.PERSON
    if not opened or person or (found is None and _length(state) < _GREETING):
        return state
    verdict = state.verdict
    if verdict is None or verdict.kind is Answerer.SILENCE:
        return _find(state, Answerer.VOICEMAIL, "beep", Confidence.LIKELY)
    ended = max(state.quiet_since or 0.0, state.words_at or 0.0)
    if verdict.kind is Answerer.HUMAN and (state.speaking_since is not None or state.now - ended <= _BEEP_FOLLOWS):
        return _find(state, Answerer.VOICEMAIL, "beep", Confidence.LIKELY)
    return state


def _by_words(state: Listening) -> Listening:
    verdict = state.verdict
    if verdict is None or verdict.kind in (Answerer.HUMAN, Answerer.SILENCE):
        took_over = verdict is not None and verdict.corrects not in (None, Answerer.SILENCE)
        found = match(_fresh(state) if took_over else state.transcript)
        if found is not None and found.weight is Weight.SURE and found.kind is not None:
            return _find(state, found.kind, found.rule, Confidence.SURE)
        return state
    fresh = _fresh(state)
    if not fresh:
        return state
    found = match(fresh)
    if verdict.kind is not Answerer.CALL_SCREENING:
        whole = match(state.transcript)
        if whole is not None and whole.weight is Weight.SURE and whole.kind in _STRONGER.get(verdict.kind, ()):
            found = whole
    still_screening = verdict.kind is Answerer.CALL_SCREENING and found is not None and found.rule == _ANY_TONE
    if found is not None and found.weight is Weight.SURE and found.kind is not None and not still_screening:
        return _find(state, found.kind, found.rule, Confidence.SURE)
    pause, turn = _pause(state), state.turn
    if turn is None or turn[0] < verdict.at or pause is None or pause < state.policy.pause:
        return state
    beeped = verdict.kind is Answerer.VOICEMAIL and Tone.BEEP in state.tones
    rule = picked_up(" ".join(_all_words(state)[max(turn[1], state.marked) :]))
    if rule is not None and not beeped and state.now <= state.policy.takeover:
        return _find(state, Answerer.HUMAN, rule, Confidence.LIKELY)
    return state


def _by_time(state: Listening) -> Listening:
    """Pauses and timeouts decide, on what the words lean to."""
    policy, now = state.policy, state.now
    pause, found, text = _pause(state), match(state.transcript), state.transcript
    asked = state.question is not None
    if asked and not _waits_for_model(state):
        state, asked = replace(state, question=None), False
    if now >= policy.overall:
        return _at_last(state, found)
    if pause is None or (not text and state.spoken < _BLIP):
        if state.first_speech is None and policy.pre_speech and now >= policy.pre_speech and state.verdict is None:
            if state.beep_at is not None:
                return _find(state, Answerer.VOICEMAIL, "a beep and no voice", Confidence.LIKELY)
            return _find(state, Answerer.SILENCE, "nobody spoke", Confidence.DOUBT)
        return _asked(state) if _talks_on(state) and _worth_asking(state, found) else state
    if pause >= policy.short_pause and _worth_asking(state, found):
        state = _asked(state)
    if pause < _needed(state, found) or state.question is not None:
        return state
    if found is not None and found.weight is Weight.LEAN and found.kind is not None:
        return _find(state, found.kind, found.rule, Confidence.LIKELY)
    if found is not None and found.weight is Weight.PERSON:
        return _find(state, Answerer.HUMAN, found.rule, Confidence.LIKELY)
    if state.beep_at is not None and state.beep_at >= (state.quiet_since or 0.0):
        return _find(state, Answerer.VOICEMAIL, "a few words, a beep and silence", Confidence.LIKELY)
    short = _length(state) <= policy.long_speech
    if text and short and found is None:
        return _find(state, Answerer.HUMAN, "a few words and a pause", Confidence.LIKELY)
    return _find(state, Answerer.HUMAN, "no rule says machine" if text else "spoke, no words known", Confidence.DOUBT)


def _at_last(state: Listening, found: Match | None) -> Listening:
    if state.verdict is not None:
        return state
    if found is not None and found.weight is Weight.LEAN and found.kind is not None:
        return _find(state, found.kind, found.rule, Confidence.DOUBT)
    if state.first_speech is None:
        return _find(state, Answerer.SILENCE, "nobody spoke", Confidence.DOUBT)
    return _find(state, Answerer.HUMAN, "time is up", Confidence.DOUBT)


def _needed(state: Listening, found: Match | None) -> float:
    """The pause, in seconds, that decides on what was heard."""
    policy = state.policy
    if not state.transcript:
        return policy.post_speech
    if found is not None and found.weight is Weight.PERSON:
        return policy.short_pause
    if _length(state) > policy.long_speech or state.beep_at is not None:
        return policy.post_speech
    if found is None or found.weight is Weight.HINT:
        return policy.hello_pause if is_hello(state.transcript) else policy.pause
    return policy.post_speech


def _pause(state: Listening) -> float | None:
    """Seconds since the voice ended; None while it goes on or before any. Words that no longer come are a pause too,
    since music or a noisy room may keep a voice detector busy for ever."""
    since = state.quiet_since
    if since is None:
        if state.words_at is None:
            return None
        allowance = state.policy.post_speech if state.speaking_since is not None else 0.0
        since = state.words_at + allowance
    return state.now - since + _ROUNDING if state.now >= since else None


def _length(state: Listening) -> float:
    """Seconds from the first voice to the last."""
    if state.first_speech is None:
        return 0.0
    if state.speaking_since is not None:
        return state.now - state.first_speech
    last = state.quiet_since if state.quiet_since is not None else state.words_at
    return (last or state.first_speech) - state.first_speech


def _talks_on(state: Listening) -> bool:
    return state.first_speech is not None and state.now - state.first_speech > state.policy.long_speech


def _worth_asking(state: Listening, found: Match | None) -> bool:
    """Whether a model's opinion is wanted: the rules do not know, and there is more to judge than before."""
    if state.policy.model is None or state.question is not None:
        return False
    if found is not None and found.weight is Weight.PERSON:
        return False
    if found is None and _length(state) <= state.policy.long_speech:
        return False
    count = len(state.transcript.split())
    return count >= (state.asked_words + _MORE_WORDS if state.asked_at is not None else 2)


def _asked(state: Listening) -> Listening:
    text = state.transcript
    return replace(state, question=Question(text, state.now), asked_at=state.now, asked_words=len(text.split()))


def _waits_for_model(state: Listening) -> bool:
    waits = state.policy.model or 0.0
    return state.question is not None and state.now < state.question.at + waits


_STRONGER: Mapping[Answerer, tuple[Answerer, ...]] = {
    Answerer.VOICEMAIL: (Answerer.MAILBOX_FULL, Answerer.FAX),
    Answerer.IVR: (Answerer.MAILBOX_FULL, Answerer.VOICEMAIL),
    Answerer.UNAVAILABLE: (Answerer.MAILBOX_FULL, Answerer.VOICEMAIL),
}
"""What a machine's further words may show it to be, whole transcript considered."""

_AFTER: Mapping[Answerer, frozenset[Answerer]] = {
    Answerer.SILENCE: frozenset(Answerer) - {Answerer.SILENCE},
    Answerer.HUMAN: frozenset(Answerer) - {Answerer.SILENCE, Answerer.HUMAN},
    Answerer.CALL_SCREENING: frozenset(
        {Answerer.HUMAN, Answerer.VOICEMAIL, Answerer.MAILBOX_FULL, Answerer.UNAVAILABLE}
    ),
    Answerer.IVR: frozenset({Answerer.HUMAN, Answerer.VOICEMAIL, Answerer.MAILBOX_FULL, Answerer.FAX}),
    Answerer.VOICEMAIL: frozenset({Answerer.HUMAN, Answerer.MAILBOX_FULL, Answerer.FAX}),
    Answerer.UNAVAILABLE: frozenset({Answerer.HUMAN, Answerer.VOICEMAIL, Answerer.MAILBOX_FULL}),
    Answerer.FAX: frozenset(),
    Answerer.MAILBOX_FULL: frozenset(),
}
"""Which verdict may follow which."""
_LOOSE = frozenset({Answerer.CALL_SCREENING, Answerer.IVR, Answerer.UNAVAILABLE})
"""What voicemail by less than a machine's own words may still turn out to be."""


def _find(state: Listening, kind: Answerer, rule: str, confidence: Confidence) -> Listening:
    """The state with this verdict, if it may follow the one that stands."""
    old = state.verdict
    if old is not None and not _may_follow(state, old, kind, rule):
        return state
    verdict = Verdict(kind, rule, state.now, confidence, None if old is None else old.kind)
    return replace(state, verdict=verdict, question=None, marked=len(_all_words(state)))


def _may_follow(state: Listening, old: Verdict, kind: Answerer, rule: str) -> bool:
    if kind is old.kind:
        return False
    if old.kind is Answerer.HUMAN:
        by_model = rule.startswith("model")
        return (
            kind in _AFTER[old.kind]
            and state.now <= state.policy.overall
            and (not by_model or old.confidence is Confidence.DOUBT)
        )
    if old.kind is Answerer.VOICEMAIL and old.confidence is not Confidence.SURE and kind in _LOOSE:
        return True
    return kind in _AFTER[old.kind]


def _fresh(state: Listening) -> str:
    """The words since the last verdict."""
    return " ".join(_all_words(state)[state.marked :])


def _all_words(state: Listening) -> list[str]:
    return [word for text in (*state.finals, state.partial) for word in plain_words(text).split()]


def _timed(state: Listening) -> Listening:
    """The state with the next instant at which time alone may change it."""
    due = [at for at in _deadlines(state) if at > state.now]
    return replace(state, due=min(due, default=None))


def _deadlines(state: Listening) -> list[float]:
    policy, verdict = state.policy, state.verdict
    paused = state.quiet_since
    if paused is None and state.words_at is not None:
        paused = state.words_at + (policy.post_speech if state.speaking_since is not None else 0.0)
    if verdict is not None and verdict.kind not in (Answerer.SILENCE, Answerer.HUMAN, Answerer.FAX):
        return [paused + policy.pause] if paused is not None and _fresh(state) else []
    if verdict is not None and verdict.kind is not Answerer.SILENCE:
        return []
    due = [] if verdict is not None else [policy.overall]
    if state.first_speech is None:
        if policy.pre_speech and verdict is None:
            due.append(policy.pre_speech)
    elif policy.model is not None:
        due.append(state.first_speech + policy.long_speech + 0.01)
    if paused is not None:
        due += [
            paused + policy.short_pause,
            paused + policy.hello_pause,
            paused + policy.pause,
            paused + policy.post_speech,
        ]
    if state.question is not None and policy.model is not None:
        due.append(state.question.at + policy.model)
    return due


@dataclass(frozen=True, slots=True)
class Speak:
    """Start the message now."""

    why: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Not yet; look again at this instant, or at the next event."""

    until: float


def message_start(listening: Listening) -> Speak | Wait | None:
    """When a message may start on voicemail; None when there is no voicemail to leave it on.

    After the beep (unless a voice went on after it), else after `message_silence` without a voice, else at the cap.
    """
    verdict, policy, now = listening.verdict, listening.policy, listening.now
    if verdict is None or verdict.kind is not Answerer.VOICEMAIL:
        return None
    beep, since = listening.beep_at, listening.speaking_since
    if beep is not None and (since is None or since <= beep):
        return Speak("beep")
    cap = verdict.at + policy.message_cap
    if now >= cap:
        return Speak("cap")
    if since is not None:
        return Wait(cap)
    quiet = max(listening.quiet_since or 0.0, listening.words_at or 0.0)
    silent = min(quiet + policy.message_silence, cap)
    return Speak("silence") if now >= silent else Wait(silent)
