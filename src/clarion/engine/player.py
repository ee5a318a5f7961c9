"""Plays the real engine on a virtual clock: weeks in seconds, for the demo, tests and forecasts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from clarion.engine.clocks import VirtualClock
from clarion.engine.worker import Worker

PATIENCE = 50
"""Steps at one instant without anything done, after which playing is given up."""


class StandsStill(RuntimeError):
    """The worker asks to be stepped again and again, and does nothing: a fault of ours, named by its agenda."""


async def play(
    worker: Worker,
    clock: VirtualClock,
    *,
    until: datetime | None = None,
    gather: timedelta = timedelta(0),
    between: Callable[[datetime], Awaitable[None]] | None = None,
) -> datetime:
    """Step from instant to instant until nothing is left to happen, or `until`. The last instant.

    `gather` lets that much virtual time pass between steps at least: reports are then written together, each with its
    own instant. `between` is awaited after each step (a live view, a scripted hand). Raises StandsStill.
    """
    idle, worked = 0, -1
    while True:
        now = clock.now()
        wake = await worker.step(now)
        if between is not None:
            await between(now)
        if wake is None:
            return now
        if wake <= now:
            idle = idle + 1 if worker.worked == worked else 0
            worked = worker.worked
            if idle > PATIENCE:
                raise StandsStill(f"at {now}: {worker.agenda()}")
            continue
        idle = 0
        wake = max(wake, now + gather)
        if until is not None and wake >= until:
            clock.advance_to(until)
            return until
        clock.advance_to(wake)
