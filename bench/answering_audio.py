"""The greetings as sound: local voices, noise, 8 kHz mu-law, a streaming recogniser and the tone detector."""

from __future__ import annotations

import math
import subprocess
import tempfile
import time
import wave
from pathlib import Path

import numpy as np
from moonshine_voice import ModelArch, Transcriber, get_model_path
from numpy.typing import NDArray

from answering import Greeting, Judged
from clarion.agents.tones import ToneDetector
from clarion.core.answering import (
    Answerer,
    Confidence,
    Event,
    Listening,
    SpeechStarted,
    SpeechStopped,
    Tick,
    ToneHeard,
    Transcript,
    Verdict,
    begin,
    hear,
)

RATE = 8000
STEP = 0.1
"""Seconds of audio heard at a time."""
EVERY = 0.4
"""Seconds between two looks of the recogniser."""
BEFORE = 0.6
"""Seconds between the answer and the voice."""
VOICES = ("hibari", "flite slt", "espeak-ng")
PROMPTS = Path("/usr/share/asterisk/sounds/en")
PROMPT_CALLS = (
    (Answerer.VOICEMAIL, "beep", ("vm-intro",)),
    (Answerer.VOICEMAIL, "beep", ("vm-theperson", "digits/4", "digits/1", "digits/7", "vm-isunavail", "vm-intro")),
    (Answerer.VOICEMAIL, "beep", ("vm-theperson", "digits/2", "digits/0", "digits/9", "vm-isonphone", "vm-intro")),
    (Answerer.VOICEMAIL, "quiet", ("vm-theperson", "digits/3", "digits/8", "digits/5", "vm-isunavail")),
    (Answerer.UNAVAILABLE, "quiet", ("ss-noservice",)),
    (Answerer.UNAVAILABLE, "quiet", ("cannot-complete-as-dialed", "check-number-dial-again")),
    (Answerer.IVR, "go on", ("queue-thankyou",)),
    (Answerer.IVR, "go on", ("queue-youarenext",)),
    (Answerer.IVR, "go on", ("pls-hold-while-try",)),
    (Answerer.CALL_SCREENING, "go on", ("priv-recordintro",)),
    (Answerer.IVR, "go on", ("dir-welcome",)),
)
"""A person's recorded voice (Debian's asterisk-core-sounds-en-wav) as the machines that it was recorded for."""

Samples = NDArray[np.float64]


def spoken(greetings: list[Greeting], part: int, parts: int, seconds: float, turn: int) -> list[Judged]:
    """Every English greeting of this part, each by one of the voices in turn, until the time is up."""
    transcriber = Transcriber(str(get_model_path("tiny-en")), ModelArch.TINY, update_interval=1e9)
    calls = [(greeting, VOICES[(index + turn) % len(VOICES)]) for index, greeting in enumerate(greetings)]
    ours = [call for call in calls if call[0].language == "en"][part - 1 :: parts]
    prompts = [Greeting(kind, "en", ending, " ".join(files)) for kind, ending, files in PROMPT_CALLS]
    ours = [(greeting, "prompts") for greeting in prompts[part - 1 :: parts]] + ours
    judged, until = list[Judged](), time.monotonic() + seconds
    for index, (greeting, voice) in enumerate(ours):
        if time.monotonic() > until:
            print(f"time is up after {index} of {len(ours)}")
            break
        judged.append(_heard(transcriber, greeting, voice, seed=index * parts + part))
    return judged


def _heard(transcriber: Transcriber, greeting: Greeting, voice: str, seed: int) -> Judged:
    """One call, in the audio's own time."""
    dice = np.random.default_rng(seed)
    audio = _line(_call(greeting, voice), dice)
    stream = transcriber.create_stream(update_interval=1e9)
    stream.start()
    tones, ears, listening = ToneDetector(RATE), _Ears(), begin()
    verdicts, closed, partial, looked, at = list[Verdict](), set[int](), "", 0.0, 0.0
    size = int(STEP * RATE)
    for start in range(0, len(audio), size):
        chunk = audio[start : start + size]
        at = (start + len(chunk)) / RATE
        events: list[Event] = [*ears.feed(chunk), *(ToneHeard(at, heard.tone) for heard in tones.feed(chunk))]
        stream.add_audio((chunk / 32768).tolist(), RATE)
        if at - looked >= EVERY:
            looked = at
            for line in stream.update_transcription().lines:
                if line.is_complete and line.line_id not in closed:
                    closed.add(line.line_id)
                    events.append(Transcript(at, line.text, final=True))
                    partial = ""
                elif not line.is_complete and line.text != partial:
                    partial = line.text
                    events.append(Transcript(at, line.text))
        for event in [*events, Tick(at)]:
            listening = hear(listening, event)
            if listening.verdict is not None and (not verdicts or listening.verdict is not verdicts[-1]):
                verdicts.append(listening.verdict)
        if verdicts and _settled(listening, greeting):
            break
    if not verdicts:
        listening = hear(listening, Tick(max(at, listening.policy.overall)))
        verdicts = [listening.verdict] if listening.verdict is not None else []
    stream.close()
    return Judged(greeting, tuple(verdicts), listening.transcript or "", BEFORE, voice)


def _settled(listening: Listening, greeting: Greeting) -> bool:
    """Whether listening on would change nothing that is counted, so that the run is shorter."""
    verdict = listening.verdict
    return verdict is not None and verdict.kind is greeting.kind and verdict.confidence is Confidence.SURE


class _Ears:
    """A voice detector by loudness: enough for voices over even noise."""

    def __init__(self) -> None:
        self._floor = 300.0
        self._at = 0.0
        self._talking = False
        self._loud_at = 0.0

    def feed(self, chunk: NDArray[np.int16]) -> list[Event]:
        events: list[Event] = []
        for start in range(0, len(chunk) - 159, 160):
            frame = chunk[start : start + 160].astype(np.float64)
            self._at += 0.02
            level = math.sqrt(float((frame**2).mean()))
            if level > self._floor * 2.5:
                self._loud_at = self._at
                if not self._talking:
                    self._talking = True
                    events.append(SpeechStarted(self._at))
            else:
                self._floor = max(20.0, 0.95 * self._floor + 0.05 * level)
                if self._talking and self._at - self._loud_at >= 0.2:
                    self._talking = False
                    events.append(SpeechStopped(self._at, ended_at=self._loud_at))
        return events


def _call(greeting: Greeting, voice: str) -> Samples:
    """What the line carries from the answer on."""
    parts = [np.zeros(int(BEFORE * RATE))]
    times = np.arange(int(3 * RATE)) / RATE
    if greeting.ending == "sit":
        for hertz in (985.2, 1428.5, 1776.7):
            parts.append(5000 * np.sin(2 * np.pi * hertz * times[: int(0.38 * RATE)]))
    if greeting.ending == "fax":
        parts.append(5000 * np.sin(2 * np.pi * 2100 * times))
    elif voice == "prompts":
        parts += [_read(PROMPTS / f"{name}.wav") for name in greeting.text.split()]
    else:
        for piece in _pieces(greeting.text):
            parts.append(np.zeros(int(piece * RATE)) if isinstance(piece, float) else _say(piece, voice))
    if greeting.ending == "beep":
        parts += [np.zeros(int(0.8 * RATE)), 5000 * np.sin(2 * np.pi * 1000 * times[: int(0.4 * RATE)])]
    parts.append(np.zeros(int(2.6 * RATE)))
    return np.concatenate(parts)


def _pieces(text: str) -> list[str | float]:
    pieces: list[str | float] = []
    for index, long in enumerate(text.split(" // ")):
        pieces += [1.4] if index else []
        for place, short in enumerate(long.split(" / ")):
            pieces += [0.7] if place else []
            pieces.append(short)
    return pieces


_hibari = None


def _say(text: str, voice: str) -> Samples:
    global _hibari
    if voice == "hibari":
        if _hibari is None:
            from hibari import Hibari

            _hibari = Hibari()
        return _level(_resampled(np.asarray(_hibari(text), dtype=np.float64), 24000))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        if voice == "espeak-ng":
            command = ["espeak-ng", "-v", "en-us", "-s", "160", "-w", str(path), text]
        else:
            command = ["flite", "-voice", "slt", "-t", text, "-o", str(path)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return _level(_read(path))


def _read(path: Path) -> Samples:
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(np.float64)
        return _resampled(samples, file.getframerate())


def _resampled(samples: Samples, rate: int) -> Samples:
    """To 8 kHz: what lies above the telephone's band is cut off in the spectrum, then the samples are interpolated."""
    if rate == RATE:
        return samples
    spectrum = np.fft.rfft(samples)
    spectrum[np.fft.rfftfreq(len(samples), 1 / rate) > 3600] = 0
    clean = np.fft.irfft(spectrum, len(samples))
    return np.interp(np.arange(int(len(samples) * RATE / rate)) / RATE, np.arange(len(samples)) / rate, clean)


def _level(samples: Samples) -> Samples:
    loudest = float(np.abs(samples).max()) if len(samples) else 0.0
    return samples * (9000 / loudest) if loudest else samples


def _line(samples: Samples, dice: np.random.Generator) -> NDArray[np.int16]:
    """With noise at 20 to 30 dB below the voice, through G.711's curve and back."""
    noisy = samples + dice.normal(0, 10 ** dice.uniform(1.6, 2.1), len(samples))
    level = np.clip(noisy / 32768, -1, 1)
    steps = np.round(np.sign(level) * np.log1p(255 * np.abs(level)) / math.log(256) * 127) / 127
    return np.asarray(np.sign(steps) * (256 ** np.abs(steps) - 1) / 255 * 32767, dtype=np.int16)
