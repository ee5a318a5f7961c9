"""Tones on a line, from 16-bit mono PCM as it streams in: a voicemail's beep, a fax, a network's announcement.

A beep is one steady tone, or two at once, of 350 to 2200 Hz for 140 ms and more with hardly anything beside it and
silence after it. Voices and music glide, tremble, have overtones and go on; tones of a call's progress (dial, ringing
and busy tone) are pairs of their own. Fax tones are those of ITU-T T.30 (CNG 1100 Hz, CED 2100 Hz), the special
information tones those of ITU-T E.180 and Telcordia GR-674.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from clarion.core.answering import Tone

HOP = 0.02
"""Seconds between two looks."""
WINDOW = 0.04
"""Seconds that one look takes in."""
LOWEST, HIGHEST = 350.0, 2200.0
"""Hertz of a beep."""
SHORTEST, LONGEST = 0.14, 3.0
"""Seconds of a beep."""
PURITY = 0.8
"""Share of the energy between 200 and 3600 Hz that one or two tones have."""
QUIETEST = 90.0
"""Root mean square of samples below which nothing is looked for (about -51 dBFS)."""
STEADY_HZ, STEADY_DB = 0.012, 5.0
"""How far the frequency (as a share) and the level of one tone may stray from one look to the next."""
TREMBLE = 0.004
"""Standard deviation of a beep's frequency, as a share, edges left out: a hummed note has more."""
SETTLED = 3
"""Looks without a tone after which it is over."""
DROP_DB = 9.0
"""How much quieter than the tone it must be after a beep."""
CED_AFTER = 1.0
"""Seconds of 2100 Hz after which it is a fax."""
PROGRESS = ((350.0, 440.0), (440.0, 480.0), (480.0, 620.0), (400.0, 450.0))
"""Pairs of hertz that are a dial, ringing or busy tone."""
HIGHEST_VOICE = 420.0
"""Hertz of the pitch of speech."""
SIT = ((880.0, 1010.0), (1350.0, 1450.0), (1740.0, 1815.0))
"""Hertz of the three special information tones, of either of their two pitches."""


@dataclass(frozen=True, slots=True)
class HeardTone:
    """A tone and its times in seconds of audio fed. `hertz` has one or two frequencies, of a sequence the last."""

    tone: Tone
    started: float
    ended: float
    hertz: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Look:
    """What one window holds: the tones if there are any, and the level in decibels."""

    at: float
    hertz: tuple[float, ...]
    level: float


@dataclass(slots=True)
class _Run:
    """Looks in a row with the same tone."""

    looks: list[_Look] = field(default_factory=list)
    after: list[_Look] = field(default_factory=list)
    told: bool = False

    @property
    def started(self) -> float:
        return self.looks[0].at - WINDOW / 2

    @property
    def ended(self) -> float:
        return self.looks[-1].at + WINDOW / 2

    @property
    def lasted(self) -> float:
        """Seconds of tone: a window is known for a tone when it is more than half filled by it."""
        return self.looks[-1].at - self.looks[0].at + HOP

    @property
    def hertz(self) -> tuple[float, ...]:
        columns = zip(*(look.hertz for look in self.looks), strict=True)
        return tuple(float(np.median(column)) for column in columns)

    @property
    def level(self) -> float:
        return float(np.median([look.level for look in self.looks]))


class ToneDetector:
    """Finds tones in a stream. One per call and direction; `feed` takes any number of samples at a time.

    A beep is told 60 ms after its end, a fax's answer after a second of it. Not thread-safe.
    """

    def __init__(self, sample_rate: int = 8000) -> None:
        if sample_rate not in (8000, 16000):
            raise ValueError(f"8000 or 16000 samples per second, not {sample_rate}")
        self._rate = sample_rate
        self._hop = int(sample_rate * HOP)
        self._size = int(sample_rate * WINDOW)
        self._window: NDArray[np.float64] = np.hanning(self._size + 1)[:-1]
        self._waiting: NDArray[np.int16] = np.zeros(0, dtype=np.int16)
        self._looked = 0
        self._run: _Run | None = None
        self._ended: list[_Run] = []
        spacing = sample_rate / self._size
        self._spacing = spacing
        self._low, self._high = round(200 / spacing), round(3600 / spacing)
        self._from, self._to = int(300 / spacing), int(2300 / spacing) + 1

    def feed(self, pcm: bytes | NDArray[np.int16]) -> list[HeardTone]:
        """The tones that this audio completes. Bytes are little-endian 16-bit samples; an odd last byte is dropped."""
        samples = np.frombuffer(pcm[: len(pcm) & ~1], dtype="<i2") if isinstance(pcm, bytes) else pcm
        self._waiting = np.concatenate((self._waiting, samples.astype(np.int16, copy=False)))
        count = (len(self._waiting) - self._size) // self._hop + 1
        if count < 1:
            return []
        looks = self._looks(count)
        self._waiting = self._waiting[count * self._hop :]
        self._looked += count
        return [heard for look in looks for heard in self._step(look)]

    def _looks(self, count: int) -> Iterator[_Look]:
        views = np.lib.stride_tricks.sliding_window_view(self._waiting, self._size)[:: self._hop][:count]
        frames = views.astype(np.float64)
        frames -= frames.mean(axis=1, keepdims=True)
        rms = np.sqrt((frames**2).mean(axis=1))
        loud = rms >= QUIETEST
        power = np.abs(np.fft.rfft(frames * self._window, axis=1)) ** 2 if loud.any() else None
        levels = 20 * np.log10(np.maximum(rms, 1.0))
        begun = self._looked
        return iter(
            [
                _Look(
                    (begun + index) * HOP + WINDOW / 2,
                    self._tones(power[index]) if power is not None and loud[index] else (),
                    float(levels[index]),
                )
                for index in range(count)
            ]
        )

    def _tones(self, power: NDArray[np.float64]) -> tuple[float, ...]:
        """The frequencies of one or two tones that have nearly all the energy, else none."""
        total = float(power[self._low : self._high + 1].sum())
        if total <= 0.0:
            return ()
        band = power[self._from : self._to]
        first = int(band.argmax()) + self._from
        around = slice(max(first - 2, 0), first + 3)
        share = float(power[around].sum()) / total
        if share >= PURITY:
            return self._known(power, first)
        if share < 0.3:
            return ()
        rest = power.copy()
        rest[max(first - 2, 0) : first + 3] = 0.0
        second = int(rest[self._from : self._to].argmax()) + self._from
        also = float(rest[max(second - 2, 0) : second + 3].sum()) / total
        if share + also < PURITY or also < 0.1:
            return ()
        low, high = sorted((first, second))
        return (*self._known(power, low), *self._known(power, high))

    def _known(self, power: NDArray[np.float64], peak: int) -> tuple[float, ...]:
        """The peak's frequency, between the bins."""
        left, middle, right = (float(np.log(max(power[peak + step], 1e-12))) for step in (-1, 0, 1))
        bend = left - 2 * middle + right
        shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
        return ((peak + max(-0.5, min(0.5, shift))) * self._spacing,)

    def _step(self, look: _Look) -> Iterator[HeardTone]:
        run = self._run
        if run is not None and _goes_on(run, look):
            run.looks += [*run.after, look] if _same(run, run.after) else [look]
            run.after = []
            if not run.told and run.lasted >= CED_AFTER and _near(run.hertz, (2070.0, 2130.0)):
                run.told = True
                self._ended = []
                yield HeardTone(Tone.FAX_CED, run.started, look.at, run.hertz)
            return
        if run is not None:
            run.after.append(look)
            if len(run.after) < SETTLED and not (look.hertz and _begins(run, look)):
                return
            self._run = None
            yield from self._over(run)
        if look.hertz:
            self._run = _Run([look])
        elif self._ended and look.at - self._ended[-1].ended > 0.12:
            yield from self._alone()

    def _over(self, run: _Run) -> Iterator[HeardTone]:
        """What a run that has ended is: part of a special information tone, a beep, or nothing."""
        if run.told:
            return
        place = len(self._ended)
        if run.lasted >= SHORTEST and place < len(SIT) and _near(run.hertz, SIT[place]):
            self._ended.append(run)
            if len(self._ended) == len(SIT):
                first, last = self._ended[0], self._ended[-1]
                self._ended = []
                yield HeardTone(Tone.SIT, first.started, last.ended, last.hertz)
            return
        yield from self._alone()
        if _is_beep(run):
            yield _beep(run)

    def _alone(self) -> Iterator[HeardTone]:
        """The runs that might have begun a special information tone, and did not."""
        held, self._ended = self._ended, []
        for run in held:
            if _is_beep(run):
                yield _beep(run)


def _goes_on(run: _Run, look: _Look) -> bool:
    if len(look.hertz) != len(run.looks[-1].hertz) or not look.hertz:
        return False
    hertz = run.hertz
    steady = all(abs(now - then) <= max(STEADY_HZ * then, 8.0) for now, then in zip(look.hertz, hertz, strict=True))
    return steady and abs(look.level - run.level) <= STEADY_DB


def _same(run: _Run, looks: list[_Look]) -> bool:
    return bool(looks) and all(len(look.hertz) == len(run.looks[-1].hertz) for look in looks)


def _begins(run: _Run, look: _Look) -> bool:
    """Whether the look is a tone of its own, not the edge of the last one."""
    return len(run.after) >= 2 and look.hertz != () and look.level > run.level - DROP_DB


def _near(hertz: tuple[float, ...], band: tuple[float, float]) -> bool:
    return len(hertz) == 1 and band[0] <= hertz[0] <= band[1]


def _fell(run: _Run) -> bool:
    return bool(run.after) and run.after[-1].level <= run.level - DROP_DB


def _is_beep(run: _Run) -> bool:
    hertz = run.hertz
    if any(not LOWEST - 5 <= each <= HIGHEST for each in hertz):
        return False
    if len(hertz) == 2 and any(abs(hertz[0] - low) < 15 and abs(hertz[1] - high) < 15 for low, high in PROGRESS):
        return False
    if len(hertz) == 2 and _is_sung(*hertz):
        return False
    inner = np.array([look.hertz for look in run.looks[1:-1]])
    if len(inner) and float((inner.std(axis=0) / inner.mean(axis=0)).max()) > TREMBLE:
        return False
    return SHORTEST - HOP / 2 <= run.lasted <= LONGEST and _fell(run)


def _is_sung(low: float, high: float) -> bool:
    """Whether the two are neighbouring overtones of one voice."""
    pitch = high - low
    return pitch <= HIGHEST_VOICE and abs(low / pitch - round(low / pitch)) < 0.06


def _beep(run: _Run) -> HeardTone:
    """A beep, or the calling tone of a fax machine by its pitch and length."""
    fax = _near(run.hertz, (1062.0, 1138.0)) and 0.42 <= run.lasted <= 0.6
    return HeardTone(Tone.FAX_CNG if fax else Tone.BEEP, run.started, run.ended, run.hertz)
