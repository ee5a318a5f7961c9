"""What is heard of a call and what is found: events, policy, verdict, all values. core/answering.py decides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from clarion.core.answering_rules import Answerer
from clarion.core.outcomes import Outcome


class Tone(StrEnum):
    """A tone on the line."""

    BEEP = "beep"
    FAX_CNG = "fax_cng"
    """1100 Hz for half a second; after a greeting it is a beep like any other."""
    FAX_CED = "fax_ced"
    """2100 Hz for a second and more: a fax or modem answers."""
    SIT = "sit"
    """Three rising tones before a network's announcement."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was recognised. A partial replaces the partial before it; a final one closes the utterance."""

    at: float
    text: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The voice detector hears a voice."""

    at: float


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    """The voice detector hears none any more. `ended_at` is when it ended, if the detector took its time to say so."""

    at: float
    ended_at: float | None = None


@dataclass(frozen=True, slots=True)
class ToneHeard:
    """A tone has ended, or has lasted long enough to be known."""

    at: float
    tone: Tone


@dataclass(frozen=True, slots=True)
class Opinion:
    """A language model's answer to a question. `kind` None: it does not know."""

    at: float
    kind: Answerer | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passes."""

    at: float


Event = Transcript | SpeechStarted | SpeechStopped | ToneHeard | Opinion | Tick


@dataclass(frozen=True, slots=True)
class Policy:
    """How long to listen, in seconds."""

    overall: float = 30.0
    """A verdict has fallen by then."""
    pre_speech: float = 3.5
    """Nothing said for so long is silence: the agent speaks first, and what is said later corrects it. 0: never."""
    post_speech: float = 1.75
    """The pause that decides on words that either could say, and the most that a transcript is waited for."""
    pause: float = 1.0
    """The pause after short words that no rule knows: a human."""
    hello_pause: float = 0.75
    """The pause after a bare "hello"."""
    short_pause: float = 0.4
    """The pause after words that only a person says."""
    long_speech: float = 4.0
    """Who talks for longer than this gets the longer pause, and a question to the model."""
    model: float | None = None
    """How long to wait for a language model's opinion; None: there is no model to ask."""
    takeover: float = 90.0
    """Until when a person may take over from a machine, and a mailbox from call screening."""
    message_silence: float = 2.0
    """A message starts after so much silence when no beep comes."""
    message_cap: float = 30.0
    """A message starts at the latest so long after the verdict."""


def policy_of(detection: Mapping[str, Any] | None, *, model: float | None = None) -> Policy:
    """The policy that a campaign's `voicemail.detection` asks for (Syllable's names, seconds); the rest by default.

    Mode v2 has a pre-speech timeout of its own. A value that is no number, or negative, is as good as absent.
    """
    asked = detection or {}

    def seconds(name: str, default: float) -> float:
        value = asked.get(f"voicemail_detection_{name}")
        known = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 600
        return float(value) if known else default  # type: ignore[arg-type]

    usual = Policy()
    pre_speech = seconds("pre_speech_timeout", usual.pre_speech)
    if asked.get("mode") == "v2":
        pre_speech = seconds("v2_pre_speech_timeout", pre_speech)
    post_speech = seconds("post_speech_timeout", usual.post_speech)
    return Policy(
        overall=seconds("overall_timeout", usual.overall),
        pre_speech=pre_speech,
        post_speech=post_speech,
        pause=min(usual.pause, post_speech),
        hello_pause=min(usual.hello_pause, post_speech),
        short_pause=min(usual.short_pause, post_speech),
        model=model,
    )


class Confidence(StrEnum):
    """How much a verdict is to be trusted."""

    SURE = "sure"
    LIKELY = "likely"
    DOUBT = "doubt"
    """Time ran out; human, or silence, because nothing says otherwise."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who took the call, by which rule, when it was known, and what it corrects."""

    kind: Answerer
    rule: str
    at: float
    confidence: Confidence
    corrects: Answerer | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Words that no rule decides on, for a language model."""

    transcript: str
    at: float


OUTCOMES: Mapping[Answerer, Outcome] = {
    Answerer.HUMAN: Outcome.COMPLETED,
    Answerer.VOICEMAIL: Outcome.VOICEMAIL,
    Answerer.CALL_SCREENING: Outcome.CALL_SCREENING,
    Answerer.IVR: Outcome.IVR,
    Answerer.FAX: Outcome.FAX,
    Answerer.MAILBOX_FULL: Outcome.MAILBOX_FULL,
    Answerer.UNAVAILABLE: Outcome.UNREACHABLE,
    Answerer.SILENCE: Outcome.SILENCE,
}
"""What the attempt came to, unless the conversation says more."""


@dataclass(frozen=True, slots=True)
class Listening:
    """All that was heard of one call so far. `begin` makes the first, `hear` the next."""

    policy: Policy = Policy()
    now: float = 0.0
    verdict: Verdict | None = None
    question: Question | None = None
    """Set until its answer comes or it has waited too long."""
    finals: tuple[str, ...] = ()
    partial: str = ""
    words_at: float | None = None
    """When the transcript last changed."""
    speaking_since: float | None = None
    quiet_since: float | None = None
    """End of the last speech; None while there is speech, or before any."""
    first_speech: float | None = None
    spoken: float = 0.0
    """Seconds of speech that has ended."""
    beep_at: float | None = None
    tones: tuple[Tone, ...] = ()
    marked: int = 0
    """Words that had been heard at the last verdict."""
    turn: tuple[float, int] | None = None
    """When a voice last began after a pause, and the words that had been heard before it."""
    asked_words: int = 0
    asked_at: float | None = None
    due: float | None = field(default=None, repr=False)

    @property
    def transcript(self) -> str:
        """Everything recognised so far."""
        return " ".join(text for text in (*self.finals, self.partial) if text)

    @property
    def ask_again_at(self) -> float | None:
        """When to send a Tick unless something happens before; None: only what is heard can change the verdict."""
        return self.due
