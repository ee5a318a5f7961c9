"""Tones in generated audio, through mu-law and noise; voices, music and a call's progress are none."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from clarion.agents.tones import HeardTone, ToneDetector
from clarion.core.answering import Tone

Samples = NDArray[np.float64]
RATES = (8000, 16000)


def tone(hertz: Sequence[float], seconds: float, rate: int, peak: float = 6000.0) -> Samples:
    times = np.arange(int(seconds * rate)) / rate
    return peak / len(hertz) * sum((np.sin(2 * np.pi * each * times) for each in hertz), np.zeros(len(times)))


def quiet(seconds: float, rate: int) -> Samples:
    return np.zeros(int(seconds * rate))


def mulaw(samples: Samples) -> NDArray[np.int16]:
    """Through G.711's companding curve in 8 bits and back."""
    level = np.clip(samples / 32768, -1, 1)
    steps = np.round(np.sign(level) * np.log1p(255 * np.abs(level)) / math.log(256) * 127) / 127
    return np.asarray(np.sign(steps) * (256 ** np.abs(steps) - 1) / 255 * 32767, dtype=np.int16)


def voice(seconds: float, rate: int, seed: int) -> Samples:
    """Syllables: a gliding, trembling pitch with overtones under moving formants, between hisses and gaps."""
    dice = np.random.default_rng(seed)
    pieces, length = [], 0.0
    while length < seconds:
        span = dice.uniform(0.08, 0.35)
        times = np.arange(int(span * rate)) / rate
        pitch = dice.uniform(90, 260) * (1 + dice.uniform(-0.25, 0.25) * times / span)
        phase = 2 * np.pi * np.cumsum(pitch * (1 + 0.01 * np.sin(2 * np.pi * 5 * times))) / rate
        formant, width = dice.uniform(300, 900), dice.uniform(80, 200)
        shape = sum(
            (np.sin(k * phase) * np.exp(-(((k * pitch - formant) / width) ** 2) / 8) for k in range(1, 16)),
            np.zeros(len(times)),
        )
        envelope = np.sin(np.pi * times / span)
        hiss = dice.normal(0, 300, int(dice.uniform(0.02, 0.1) * rate))
        pieces += [5000 * shape * envelope, hiss]
        length += span + len(hiss) / rate
    return np.concatenate(pieces)


def heard(parts: Sequence[Samples], rate: int, noise: float = 60.0, chunk: int = 320) -> list[HeardTone]:
    """What the detector says, fed `chunk` bytes at a time."""
    dice = np.random.default_rng(7)
    samples = np.concatenate(parts)
    pcm = mulaw(samples + dice.normal(0, noise, len(samples))).tobytes()
    detector = ToneDetector(rate)
    return [each for at in range(0, len(pcm), chunk) for each in detector.feed(pcm[at : at + chunk])]


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("noise", [0.0, 100.0, 800.0])
@pytest.mark.parametrize("seconds", [0.14, 0.2, 0.5, 1.5])
@pytest.mark.parametrize(
    "hertz", [(350,), (425,), (440,), (620,), (850,), (1000,), (1400,), (2000,), (2180,), (770, 1336), (500, 900)]
)
def test_a_beep_is_heard_once_with_its_times(hertz: tuple[float, ...], seconds: float, noise: float, rate: int) -> None:
    (beep,) = heard([quiet(1, rate), tone(hertz, seconds, rate), quiet(1, rate)], rate, noise)
    assert beep.tone is Tone.BEEP
    assert beep.started == pytest.approx(1.0, abs=0.04)
    assert beep.ended == pytest.approx(1.0 + seconds, abs=0.06)
    assert beep.hertz == pytest.approx(hertz, rel=0.01, abs=12)


@pytest.mark.parametrize("chunk", [2, 33, 160, 320, 4001, 1_000_000])
def test_how_the_audio_is_cut_does_not_matter(chunk: int) -> None:
    parts = [quiet(0.5, 8000), tone((1000,), 0.3, 8000), quiet(0.5, 8000), tone((440,), 0.4, 8000), quiet(0.5, 8000)]
    if chunk % 2:
        chunk += 1
    assert heard(parts, 8000, chunk=chunk) == heard(parts, 8000)
    assert [each.tone for each in heard(parts, 8000, chunk=chunk)] == [Tone.BEEP, Tone.BEEP]


@pytest.mark.parametrize("peak", [400, 2000, 30000])
def test_quiet_and_loud_beeps(peak: float) -> None:
    (beep,) = heard([quiet(0.5, 8000), tone((1000,), 0.3, 8000, peak), quiet(0.5, 8000)], 8000, noise=20)
    assert beep.tone is Tone.BEEP


def test_a_beep_right_after_a_voice() -> None:
    spoken = heard([voice(4, 8000, 3), tone((1000,), 0.4, 8000), quiet(0.5, 8000)], 8000)
    assert [each.tone for each in spoken] == [Tone.BEEP]


@pytest.mark.parametrize("rate", RATES)
def test_fax(rate: int) -> None:
    (calling,) = heard([quiet(1, rate), tone((1100,), 0.5, rate), quiet(1, rate)], rate)
    assert calling.tone is Tone.FAX_CNG
    (answering,) = heard([quiet(1, rate), tone((2100,), 3.0, rate), quiet(1, rate)], rate)
    assert answering.tone is Tone.FAX_CED
    assert answering.ended == pytest.approx(2.0, abs=0.05)
    turns = np.concatenate([(-1) ** turn * tone((2100,), 0.45, rate) for turn in range(7)])
    (modem,) = heard([quiet(1, rate), turns, quiet(1, rate)], rate)
    assert modem.tone is Tone.FAX_CED


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("low", [(985.2, 0.38), (913.8, 0.276)])
@pytest.mark.parametrize("middle", [(1428.5, 0.38), (1370.6, 0.276)])
@pytest.mark.parametrize("last", [0.276, 0.38])
@pytest.mark.parametrize("gap", [0.0, 0.03])
def test_special_information_tones(
    low: tuple[float, float], middle: tuple[float, float], last: float, gap: float, rate: int
) -> None:
    tones = [tone((low[0],), low[1], rate), quiet(gap, rate), tone((middle[0],), middle[1], rate), quiet(gap, rate)]
    (sit,) = heard([quiet(0.5, rate), *tones, tone((1776.7,), last, rate), quiet(1, rate)], rate)
    assert sit.tone is Tone.SIT


def test_a_beep_of_the_first_information_tone_is_a_beep() -> None:
    (beep,) = heard([quiet(0.5, 8000), tone((950,), 0.4, 8000), quiet(1, 8000)], 8000)
    assert beep.tone is Tone.BEEP


@pytest.mark.parametrize(
    "name, parts",
    [
        ("ringing", [tone((440, 480), 2.0, 8000), quiet(1, 8000)] * 2),
        ("busy", [tone((480, 620), 0.5, 8000), quiet(0.5, 8000)] * 4),
        ("dial", [tone((350, 440), 4.0, 8000), quiet(1, 8000)]),
        ("too short", [tone((1000,), 0.08, 8000), quiet(1, 8000)]),
        ("too low", [tone((200,), 0.5, 8000), quiet(1, 8000)]),
        ("too high", [tone((2600,), 0.5, 8000), quiet(1, 8000)]),
        ("too long", [tone((1000,), 5.0, 8000), quiet(1, 8000)]),
        ("a melody", [tone((note,), 0.25, 8000) for note in (523, 587, 659, 698, 784, 880, 988)] + [voice(1, 8000, 1)]),
        ("chords", [tone((262, 330, 392, 523), 0.5, 8000), tone((294, 370, 440, 587), 0.5, 8000), quiet(1, 8000)]),
        ("a siren", [np.sin(2 * np.pi * np.cumsum(np.linspace(500, 1500, 8000)) / 8000) * 6000, quiet(1, 8000)]),
        ("silence", [quiet(3, 8000)]),
    ],
)
def test_what_is_no_beep(name: str, parts: list[Samples]) -> None:
    assert heard([quiet(0.5, 8000), *parts], 8000) == [], name


@pytest.mark.parametrize("seed", range(6))
def test_a_voice_is_no_beep(seed: int) -> None:
    assert heard([voice(20, 8000, seed), quiet(0.5, 8000)], 8000) == []
    assert heard([voice(5, 16000, seed), quiet(0.5, 16000)], 16000) == []


def test_noise_is_no_beep() -> None:
    assert heard([quiet(30, 8000)], 8000, noise=3000) == []


def test_other_rates_are_refused() -> None:
    with pytest.raises(ValueError, match="44100"):
        ToneDetector(44100)
