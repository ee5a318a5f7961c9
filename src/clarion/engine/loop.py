"""Drives a worker and the courier on the real clock until told to stop, and survives a database that comes and goes."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from clarion.app.ports.clock import Clock
from clarion.engine.meters import Meters
from clarion.engine.worker import Worker

log = structlog.get_logger(__name__)

HEARTBEAT_SECONDS = 3.0
LONGEST_NAP = 0.25
"""Seconds between two looks when nothing rings: what other processes changed is seen this soon."""
SHORTEST_NAP = 0.002
DRAIN_SECONDS = 20.0
LONGEST_PAUSE = 5.0
"""Seconds between tries while the database does not answer."""


class Carrier(Protocol):
    """The webhook courier, as the loop drives it."""

    async def step(self, now: datetime) -> datetime | None:
        """Do what is due; when to come again."""
        ...

    async def close(self, now: datetime) -> None:
        """Let what is in the air end and give the rest back."""
        ...


async def run(worker: Worker, clock: Clock, meters: Meters, stop: asyncio.Event) -> None:
    """Run until `stop` is set, then let what is in flight end, for DRAIN_SECONDS at most, and retire."""
    if worker.id == 0:
        await worker.enlist()
    log.info("worker_started", worker=worker.id)
    beat = asyncio.create_task(_beat(worker, meters))
    waiter = asyncio.create_task(_ring_on(stop, worker))
    try:
        pause = 0.0
        drained_by: float | None = None
        loop = asyncio.get_running_loop()
        while not worker.fenced:
            if stop.is_set():
                if drained_by is None:
                    worker.drain()
                    drained_by = loop.time() + DRAIN_SECONDS
                if worker.in_flight == 0 or loop.time() > drained_by:
                    break
            worker.bell.clear()
            now = clock.now()
            try:
                wake = await worker.step(now)
                pause = 0.0
            except Exception:
                meters.trouble.inc()
                pause = min(LONGEST_PAUSE, max(0.1, pause * 2)) * random.uniform(0.5, 1.0)
                log.exception("step_failed", again_in=round(pause, 2))
                worker.briefing.forget()
                await asyncio.sleep(pause)
                continue
            await _nap(worker, clock, wake)
        if worker.fenced:
            log.error("worker_fenced", worker=worker.id)
    finally:
        beat.cancel()
        waiter.cancel()
        await asyncio.gather(beat, waiter, return_exceptions=True)
        await _retire(worker)


async def _nap(worker: Worker, clock: Clock, wake: datetime | None) -> None:
    seconds = LONGEST_NAP if wake is None else (wake - clock.now()) / timedelta(seconds=1)
    if seconds <= 0:
        await asyncio.sleep(0)
        return
    try:
        async with asyncio.timeout(min(LONGEST_NAP, max(SHORTEST_NAP, seconds))):
            await worker.bell.wait()
    except TimeoutError:
        return


async def _beat(worker: Worker, meters: Meters) -> None:
    """Keep the lease. A database that does not answer is asked again: without a lease no carrier is."""
    while True:
        await asyncio.sleep(HEARTBEAT_SECONDS)
        try:
            if not await worker.heartbeat():
                return
        except Exception:
            meters.trouble.inc()
            log.exception("heartbeat_failed")


async def deliver(courier: Carrier, clock: Clock, meters: Meters, stop: asyncio.Event) -> None:
    """Step the webhook courier until `stop`, then let what is in the air end."""
    while not stop.is_set():
        try:
            wake = await courier.step(clock.now())
        except Exception:
            meters.trouble.inc()
            log.exception("courier_failed")
            wake = clock.now() + timedelta(seconds=1)
        seconds = LONGEST_NAP if wake is None else (wake - clock.now()) / timedelta(seconds=1)
        await asyncio.sleep(min(LONGEST_NAP, max(0.0, seconds)))
    await courier.close(clock.now())


async def _ring_on(stop: asyncio.Event, worker: Worker) -> None:
    await stop.wait()
    worker.bell.set()


async def _retire(worker: Worker) -> None:
    try:
        async with asyncio.timeout(10):
            await worker.retire()
    except Exception:
        log.exception("retire_failed", worker=worker.id)
