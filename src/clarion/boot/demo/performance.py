"""Plays the stage: the real engine and the real courier on a virtual clock, watched from real time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from clarion.boot.demo.scenario import Stage, text_the_unreached
from clarion.engine.courier import Courier
from clarion.engine.player import play
from clarion.engine.worker import Tempo

AHEAD = timedelta(minutes=5)
"""The engine releases so far ahead, each attempt for its own instant."""
GATHER = timedelta(seconds=160)
"""Virtual time between two steps at least. Two of them are a little more than AHEAD and one beat of the calls."""
LONGEST_BEAT = timedelta(minutes=5)
"""Longer stretches in which nothing happens are leapt over, not waited for."""
OPEN_HOURS = 15
"""Of a day, from Florida's morning to Hawaii's evening."""
REST = 0.1
"""Real seconds between two looks of the courier."""

Watch = Callable[[datetime], Awaitable[None]]


class Metronome:
    """Holds the virtual clock back where it would run faster than anybody can watch."""

    def __init__(self, stage: Stage, seconds: float) -> None:
        """The whole is to take `seconds` of real time at least; 0 is as fast as it goes."""
        self._begun = time.monotonic()
        self._last = stage.clock.now()
        self._played = timedelta(0)
        self._pace = seconds / (stage.script.days * OPEN_HOURS * 3600)

    async def beat(self, now: datetime) -> None:
        """Wait until real time has caught up with `now`."""
        self._played += min(now - self._last, LONGEST_BEAT)
        self._last = now
        early = self._played.total_seconds() * self._pace - (time.monotonic() - self._begun)
        await asyncio.sleep(max(0.0, early))


async def perform(stage: Stage, seconds: float, watch: Watch) -> float:
    """Play to the end, in `seconds` of real time at least; `watch` is awaited after each step. The seconds it took."""
    house, clock, script = stage.house, stage.clock, stage.script
    worker = house.worker(clock=clock, tempo=Tempo(virtual=True, ahead=AHEAD))
    await worker.enlist()
    courier = house.courier(worker.id)
    assert courier is not None  # the key was made with the folder
    begun = time.monotonic()
    metronome = Metronome(stage, seconds)

    async def between(now: datetime) -> None:
        await metronome.beat(now)
        await watch(now)

    carrying = asyncio.create_task(_carry(courier, stage))
    try:
        if script.texts_at is not None:
            await play(worker, clock, until=script.texts_at, gather=GATHER, between=between)
            await text_the_unreached(stage)
            worker.briefing.forget()  # it looks for new campaigns once in a real second: half a virtual hour
        await play(worker, clock, gather=GATHER, between=between)
    finally:
        carrying.cancel()
        await asyncio.gather(carrying, return_exceptions=True)
        await worker.retire()
    await _bring_the_rest(courier, stage)
    return time.monotonic() - begun


async def _carry(courier: Courier, stage: Stage) -> None:
    """Deliver webhooks beside the engine, as `serve` does."""
    while True:
        await courier.step(stage.clock.now())
        await asyncio.sleep(REST)


async def _bring_the_rest(courier: Courier, stage: Stage) -> None:
    """After the last act the clock moves on until no message waits for another try."""
    while (wake := await courier.step(stage.clock.now())) is not None:
        stage.clock.advance_to(wake)
    await courier.close(stage.clock.now())
