"""How well people are told from machines: `python bench/answering.py`, or with `--audio` and real speech.

`greetings.tsv` holds what answers a call; its texts are not those that the rules were written from. As text, every
greeting is played word by word with a recogniser's delay: a second for all. As audio, it is spoken by several local
voices, mixed with noise, sent through 8 kHz mu-law, and heard by a local streaming recogniser and the tone detector
(`pip install moonshine-voice==0.1.0 hibari-tts==0.2.1 numpy`, Debian's espeak-ng and flite, and for a human voice the
prompts of asterisk-core-sounds-en-wav); it takes minutes, and `--part 1/6` does a sixth of them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from clarion.core.answering import (
    Answerer,
    Event,
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

CORPUS = Path(__file__).with_name("greetings.tsv")
PAUSES = {",": 0.15, ".": 0.45, "?": 0.45, "!": 0.45, ":": 0.2, ";": 0.2}
SLASHES = {"/": 0.7, "//": 1.4}


@dataclass(frozen=True, slots=True)
class Greeting:
    """One line of the corpus."""

    kind: Answerer
    language: str
    ending: str
    text: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one greeting. `verdicts`: the first and its corrections; `begun`: when the voice began."""

    greeting: Greeting
    verdicts: tuple[Verdict, ...]
    heard: str
    begun: float
    voice: str = "text"

    @property
    def first(self) -> Verdict:
        return self.verdicts[0]

    @property
    def last(self) -> Verdict:
        return self.verdicts[-1]

    @property
    def right(self) -> bool:
        """A human was never taken for anything else; a machine was known as one in the end."""
        if self.greeting.kind is Answerer.HUMAN:
            return all(verdict.kind is Answerer.HUMAN for verdict in self.verdicts)
        return self.last.kind not in (Answerer.HUMAN, Answerer.SILENCE)


def main() -> None:
    """Run and print."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--audio", action="store_true", help="speak and recognise the greetings")
    flags.add_argument("--part", default="1/1", help="which share of them, such as 2/6")
    flags.add_argument("--seconds", type=float, default=540.0, help="stop the audio run after this long")
    flags.add_argument("--turn", type=int, default=0, help="which voice says the first greeting: 0, 1 or 2")
    flags.add_argument("--rate", type=float, default=2.7, help="words per second of the text run")
    flags.add_argument("--delay", type=float, default=0.35, help="seconds that the text run's recogniser is behind")
    args = flags.parse_args()
    part, parts = (int(number) for number in args.part.split("/"))
    greetings = corpus()
    if args.audio:
        from answering_audio import spoken  # needs what the docstring lists

        judged: Sequence[Judged] = spoken(greetings, part, parts, args.seconds, args.turn)
    else:
        judged = [as_text(greeting, args.rate, args.delay) for greeting in greetings[part - 1 :: parts]]
    report(judged)


def corpus() -> list[Greeting]:
    """Every greeting of the file."""
    lines = [line for line in CORPUS.read_text().splitlines() if line and not line.startswith("#")]
    rows = (line.split("\t") for line in lines)
    return [Greeting(Answerer(kind), language, ending, text) for kind, language, ending, text in rows]


def as_text(greeting: Greeting, rate: float, delay: float) -> Judged:
    """The greeting as a perfect transcript, word by word."""
    begun = 0.6
    return Judged(greeting, judge(text_events(greeting, begun, rate, delay)), greeting.text, begun)


def text_events(greeting: Greeting, begun: float, rate: float, delay: float) -> list[Event]:
    """What a voice detector, a recogniser `delay` seconds behind and a tone detector would say of it."""
    if not greeting.text:
        return [ToneHeard(2.0, Tone.FAX_CED), Tick(8.0)]
    events: list[Event] = []
    at, talking, said = begun, False, list[str]()
    if greeting.ending == "sit":
        events.append(ToneHeard(at + 1.1, Tone.SIT))
        at += 1.3
    for word in greeting.text.split():
        pause = SLASHES.get(word, 0.0)
        if not pause:
            if not talking:
                events.append(SpeechStarted(at))
                talking = True
            at += 1 / rate
            said.append(word)
            events.append(Transcript(at + delay, " ".join(said)))
            pause = PAUSES.get(word[-1], 0.0)
        if pause > 0.3:
            if talking:
                events.append(SpeechStopped(at + 0.2, ended_at=at))
            talking = False
            if said:
                events.append(Transcript(at + delay + 0.15, " ".join(said), final=True))
            said = []
        at += pause
    if talking:
        events.append(SpeechStopped(at + 0.2, ended_at=at))
    if said:
        events.append(Transcript(at + delay + 0.3, " ".join(said), final=True))
    if greeting.ending == "beep":
        events.append(ToneHeard(at + 1.2, Tone.BEEP))
    events.append(Tick(at + 8.0))
    return sorted(events, key=lambda event: event.at)


def judge(events: Iterable[Event]) -> tuple[Verdict, ...]:
    """The verdict and its corrections, asking again whenever the core wants to be asked."""
    listening, verdicts = begin(), list[Verdict]()
    for event in events:
        while (due := listening.ask_again_at) is not None and due < event.at:
            listening = hear(listening, Tick(due))
            if listening.verdict is not None and (not verdicts or listening.verdict is not verdicts[-1]):
                verdicts.append(listening.verdict)
        listening = hear(listening, event)
        if listening.verdict is not None and (not verdicts or listening.verdict is not verdicts[-1]):
            verdicts.append(listening.verdict)
    if not verdicts:
        listening = hear(listening, Tick(listening.policy.overall))
        assert listening.verdict is not None
        verdicts.append(listening.verdict)
    return tuple(verdicts)


def report(judged: Sequence[Judged]) -> None:
    """Accuracy, times, and every miss."""
    people = [one for one in judged if one.greeting.kind is Answerer.HUMAN]
    machines = [one for one in judged if one.greeting.kind is not Answerer.HUMAN]
    for voice in dict.fromkeys(one.voice for one in judged):
        ours = [one for one in judged if one.voice == voice]
        print(
            f"{voice}: humans {_share([one for one in ours if one in people])}, "
            f"machines {_share([one for one in ours if one in machines])}"
        )
    exact = [one for one in machines if one.last.kind is one.greeting.kind]
    at_once = [one for one in machines if one.first.kind not in (Answerer.HUMAN, Answerer.SILENCE)]
    print(f"all: humans {_share(people)}, machines {_share(machines)}")
    if machines:
        print(
            f"machines: kind right {len(exact)}/{len(machines)}, right without a correction "
            f"{len(at_once)}/{len(machines)}"
        )
    for name, ours in (("humans", people), ("machines", machines)):
        if ours:
            since_answer = [one.first.at if one.right and name == "humans" else one.last.at for one in ours]
            since_voice = [at - one.begun for at, one in zip(since_answer, ours, strict=True)]
            print(
                f"{name}: decided after the answer p50 {_quantile(since_answer, 0.5):.1f} s, p90 "
                f"{_quantile(since_answer, 0.9):.1f} s; after the first sound p50 {_quantile(since_voice, 0.5):.1f} s, "
                f"p90 {_quantile(since_voice, 0.9):.1f} s"
            )
    for one in judged:
        if not one.right or (one.greeting.kind is not Answerer.HUMAN and one.last.kind is not one.greeting.kind):
            chain = " > ".join(f"{verdict.kind} at {verdict.at:.1f} ({verdict.rule})" for verdict in one.verdicts)
            print(
                f"{'MISS' if not one.right else 'kind'} {one.voice} {one.greeting.language} {one.greeting.kind}: "
                f"{one.heard!r}: {chain}"
            )


def _share(ours: Sequence[Judged]) -> str:
    right = sum(one.right for one in ours)
    return f"{right}/{len(ours)} ({right / len(ours):.1%})" if ours else "none"


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


if __name__ == "__main__":
    main()
