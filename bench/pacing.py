"""How exact the rate is, and whether a limit is ever exceeded: `python bench/pacing.py`.

Real clock, real PostgreSQL, 1 and 4 workers on one campaign. The rate's floor is arithmetic: limit x time. What was
begun is read back from the ledger and swept for the largest count in any rolling window and the most at once.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import uvloop
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from clarion.core.campaigns import Plan
from clarion.core.pacing import Pacing
from clarion.core.schedule import Schedule
from clarion.engine.clocks import RealClock
from clarion.engine.loop import run
from clarion.engine.meters import Meters
from clarion.engine.worker import Worker
from clarion.store import schema
from clarion.store.database import Database
from ground import fresh_url, machine, sandbox_worker, seed

LARGEST_CAMPAIGN = 20_000


def main() -> None:
    """Run and print a table."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--per-hour", type=int, default=36_000)
    flags.add_argument("--max-concurrent", type=int, default=25)
    flags.add_argument("--seconds", type=float, default=15.0)
    flags.add_argument("--workers", type=int, nargs="*", default=[1, 4])
    args = flags.parse_args()
    print(machine())
    for count in args.workers:
        with fresh_url("postgres") as url:
            uvloop.run(rate(url, count, args.per_hour, args.seconds))
        with fresh_url("postgres") as url:
            uvloop.run(concurrency(url, count, args.max_concurrent, args.seconds))


async def rate(url: str, workers: int, per_hour: int, seconds: float) -> None:
    """The hourly rate: error against limit x time, and the most in any rolling ten seconds."""
    begun = [at for at, _ in await attempts_of(url, workers, Pacing(per_hour=per_hour), seconds)]
    span = (begun[-1] - begun[0]).total_seconds()
    measured = (len(begun) - 1) / span * 3600
    allowed = per_hour * (10 + 5) / 3605  # ten seconds of the beat, and what a hiccup may catch up
    print(
        f"{workers} worker(s), {per_hour:,}/h: measured {measured:,.0f}/h, error {measured / per_hour - 1:+.2%}; "
        f"most in 10 s {most_within(begun, timedelta(seconds=10))} (allowed {allowed:.0f})"
    )


async def concurrency(url: str, workers: int, limit: int, seconds: float) -> None:
    """The most attempts at once, swept over their beginnings and ends."""
    spans = await attempts_of(url, workers, Pacing(max_concurrent=limit), seconds)
    edges = sorted(
        [(at, 1) for at, _ in spans] + [(end, -1) for _, end in spans if end is not None],
        key=lambda edge: (edge[0], edge[1]),
    )
    most = now = 0
    for _, step in edges:
        now += step
        most = max(most, now)
    print(f"{workers} worker(s), limit {limit} at once: most at once {most}, {len(spans):,} attempts")


async def attempts_of(
    url: str, workers: int, pacing: Pacing, seconds: float
) -> Sequence[tuple[datetime, datetime | None]]:
    """Run a campaign for a while; when its attempts began and ended."""
    clock = RealClock()
    ledgers = [Database(url, pool_size=4) for _ in range(workers)]
    await ledgers[0].create_all()
    await seed(ledgers[0], clock, Plan(schedule=Schedule(quiet_hours=False), pacing=pacing), LARGEST_CAMPAIGN)
    with tempfile.TemporaryDirectory(prefix="clarion-carrier-") as folder:
        stop = asyncio.Event()
        crew = [sandbox_worker(ledger, clock, speed=300.0, log_dir=Path(folder)) for ledger in ledgers]
        tasks = [asyncio.create_task(_run(worker, stop)) for worker in crew]
        await asyncio.sleep(seconds)
        stop.set()
        await asyncio.gather(*tasks)
    async with ledgers[0].read() as tx:
        columns = (schema.attempts.c.begun_at, schema.attempts.c.ended_at)
        rows = await tx.session.execute(select(*columns).order_by(schema.attempts.c.begun_at))
        found = [(row[0], row[1]) for row in rows]
    for ledger in ledgers:
        await ledger.close()
    return found


async def _run(worker: Worker, stop: asyncio.Event) -> None:
    await run(worker, RealClock(), Meters(CollectorRegistry()), stop)


def most_within(instants: Sequence[datetime], window: timedelta) -> int:
    """The largest number of instants in any half-open window of this length."""
    held: deque[datetime] = deque()
    most = 0
    for at in instants:
        held.append(at)
        while held[0] <= at - window:
            held.popleft()
        most = max(most, len(held))
    return most


if __name__ == "__main__":
    main()
