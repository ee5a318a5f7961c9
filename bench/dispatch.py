"""Attempts per second through the whole loop, and how long a claim takes: `python bench/dispatch.py --waiting 1000000`.

Workers are processes with the production engine: claim, decide, sandbox attempt with the carrier's log on disk, record,
retry or finish, tallies, lines of the story. In the same run a bare loop that only claims batches with SKIP LOCKED and
marks them done shows what the database itself allows.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import sqlite3
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import uvloop
from sqlalchemy import func, select

from clarion.core.campaigns import Plan
from clarion.core.retries import Retries
from clarion.core.schedule import Schedule
from clarion.engine.clocks import RealClock
from clarion.engine.memory import settle_memory
from clarion.store import schema
from clarion.store.database import Database
from ground import add_waiting, fresh_url, machine, peak_mib, quantile, sandbox_worker, seed

PLAN = Plan(
    schedule=Schedule(quiet_hours=False),
    retries=Retries(max_attempts=2, delays=(timedelta(days=1),)),
)
BATCH = 500
CLAIMS = 200


def main() -> None:
    """Run what the flags say and print a table."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--waiting", type=int, default=100_000, help="contacts that wait at the start")
    flags.add_argument("--seconds", type=float, default=8.0, help="how long each measurement runs")
    flags.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4])
    flags.add_argument("--engine", choices=["postgres", "sqlite", "both"], default="both")
    flags.add_argument("--claims-at", type=int, nargs="*", default=None, help="waiting contacts to time claims at")
    args = flags.parse_args()
    print(machine())
    for engine in ("postgres", "sqlite") if args.engine == "both" else (args.engine,):
        with fresh_url(engine) as url:
            workers = args.workers if engine == "postgres" else [1]
            uvloop.run(run_engine(engine, url, args.waiting, args.seconds, workers, args.claims_at or [args.waiting]))


async def run_engine(
    engine: str, url: str, waiting: int, seconds: float, workers: list[int], claims_at: list[int]
) -> None:
    """One database: seed it, time claims, the loop, and the bare floor."""
    ledger, clock = Database(url), RealClock()
    await ledger.create_all()
    start = time.perf_counter()
    first = min(min(claims_at), waiting)
    campaign = await seed(ledger, clock, PLAN, first)
    seeded = first
    for level in sorted({*claims_at, waiting}):
        if level > seeded:
            async with ledger.read() as tx:
                (batch,) = await tx.campaigns.batches_of([campaign.id])
            await add_waiting(ledger, campaign, batch.id, clock.now(), level - seeded)
            seeded = level
        if ledger.is_postgres:
            async with ledger.engine.connect() as connection:
                await connection.exec_driver_sql("COMMIT")
                await connection.exec_driver_sql("ANALYZE")
        if level in claims_at:
            took = await time_claims(ledger, campaign.id)
            print(
                f"{engine}: claim of 100 with {level:>9,} waiting: "
                f"p50 {quantile(took, 0.5) * 1e3:6.2f} ms   p99 {quantile(took, 0.99) * 1e3:6.2f} ms"
            )
    print(f"{engine}: {seeded:,} seeded in {time.perf_counter() - start:.0f} s")
    await ledger.close()
    rates = {}
    for count in workers:
        rates[count] = await measure(url, count, seconds)
        print(f"{engine}: whole loop, {count} worker(s): {rates[count]:>9,.0f} attempts/s")
    floor = await bare_postgres(url, max(workers), seconds) if engine == "postgres" else await bare_sqlite(url, seconds)
    best = max(rates.values())
    print(f"{engine}: bare claim-and-mark loop:  {floor:>9,.0f} rows/s   the loop reaches {best / floor:.0%} of it")
    print(f"{engine}: peak memory of the harness {peak_mib():.0f} MiB")


async def time_claims(ledger: Database, campaign_id: int) -> list[float]:
    """Seconds that the claim statement of a release takes, rolled back each time."""
    clock = RealClock()
    took: list[float] = []
    async with ledger.read() as tx:
        (batch,) = await tx.campaigns.batches_of([campaign_id])
    for _ in range(CLAIMS):
        try:
            async with ledger.write() as tx:
                start = time.perf_counter()
                claimed = await tx.queue.due(batch.id, 10, clock.now(), 100)
                took.append(time.perf_counter() - start)
                assert len(claimed) == 100
                raise _Undo
        except _Undo:
            continue
    return took


class _Undo(Exception):
    """Takes a timed claim back."""


async def measure(url: str, workers: int, seconds: float) -> float:
    """Attempts per second of `workers` processes over `seconds`."""
    with tempfile.TemporaryDirectory(prefix="clarion-carrier-") as folder:
        context = multiprocessing.get_context("spawn")
        ready, go = context.Semaphore(0), context.Event()
        processes = [context.Process(target=work, args=(url, folder, ready, go, seconds)) for _ in range(workers)]
        for process in processes:
            process.start()
        for _ in processes:
            await asyncio.to_thread(ready.acquire)
        before, start = await ended(url), time.perf_counter()
        go.set()
        await asyncio.sleep(seconds)
        done, took = await ended(url), time.perf_counter() - start
        for process in processes:
            await asyncio.to_thread(process.join)
        return (done - before) / took


def work(url: str, folder: str, ready: Any, go: Any, seconds: float) -> None:
    """A worker process."""
    uvloop.run(_work(url, Path(folder), ready, go, seconds))


async def _work(url: str, folder: Path, ready: Any, go: Any, seconds: float) -> None:
    ledger, clock = Database(url), RealClock()
    worker = sandbox_worker(ledger, clock, speed=1e6, log_dir=folder)
    await worker.enlist()
    settle_memory()
    ready.release()
    await asyncio.to_thread(go.wait)
    end = time.perf_counter() + seconds
    beat = time.perf_counter()
    while time.perf_counter() < end:
        worker.bell.clear()
        wake = await worker.step(clock.now())
        if wake is None or wake > clock.now():
            try:
                async with asyncio.timeout(0.005):
                    await worker.bell.wait()
            except TimeoutError:
                pass
        if time.perf_counter() - beat > 3:
            await worker.heartbeat()
            beat = time.perf_counter()
    worker.drain()
    for _ in range(200):
        if worker.in_flight == 0:
            break
        await worker.step(clock.now())
        await asyncio.sleep(0.005)
    await worker.retire()
    await ledger.close()


async def ended(url: str) -> int:
    """Attempts that have an outcome in the ledger, as the tallies count them."""
    ledger = Database(url)
    async with ledger.read() as tx:
        statement = select(func.coalesce(func.sum(schema.tallies.c.n), 0)).where(schema.tallies.c.key.like("outcome:%"))
        found = int((await tx.session.execute(statement)).scalar_one())
    await ledger.close()
    return found


async def bare_postgres(url: str, workers: int, seconds: float) -> float:
    """Rows per second of loops that claim a batch with SKIP LOCKED and mark it done, and do nothing else."""
    admin = await asyncpg.connect(url)
    await admin.execute("CREATE TABLE bare (id bigint PRIMARY KEY, state text NOT NULL, next_at bigint NOT NULL)")
    rows = int(max(300_000, 60_000 * seconds))
    await admin.execute(f"INSERT INTO bare SELECT n, 'waiting', n FROM generate_series(1, {rows}) AS n")
    await admin.execute("CREATE INDEX bare_due ON bare (next_at) WHERE state = 'waiting'")
    await admin.execute("ANALYZE bare")
    await admin.close()
    end = time.perf_counter() + seconds

    async def loop() -> int:
        connection = await asyncpg.connect(url)
        done = 0
        while time.perf_counter() < end:
            claimed = await connection.fetch(
                "UPDATE bare SET state = 'released' WHERE id IN (SELECT id FROM bare WHERE state = 'waiting' "
                "ORDER BY next_at LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING id",
                BATCH,
            )
            if not claimed:
                break
            ids = [row["id"] for row in claimed]
            await connection.execute("UPDATE bare SET state = 'finished' WHERE id = ANY($1::bigint[])", ids)
            done += len(ids)
        await connection.close()
        return done

    start = time.perf_counter()
    counts = await asyncio.gather(*(loop() for _ in range(workers)))
    return sum(counts) / (time.perf_counter() - start)


async def bare_sqlite(url: str, seconds: float) -> float:
    """The same on SQLite, with its one writer and the same durability."""
    path = url.removeprefix("sqlite:///")
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE bare (id INTEGER PRIMARY KEY, state TEXT NOT NULL, next_at INTEGER NOT NULL)")
    rows = int(max(300_000, 60_000 * seconds))
    database.execute("BEGIN")
    database.executemany("INSERT INTO bare VALUES (?, 'waiting', ?)", ((n, n) for n in range(rows)))
    database.execute("CREATE INDEX bare_due ON bare (next_at) WHERE state = 'waiting'")
    database.execute("COMMIT")
    start, done = time.perf_counter(), 0
    while time.perf_counter() < start + seconds:
        database.execute("BEGIN IMMEDIATE")
        ids = database.execute(
            "SELECT id FROM bare WHERE state = 'waiting' ORDER BY next_at LIMIT ?", (BATCH,)
        ).fetchall()
        database.executemany("UPDATE bare SET state = 'released' WHERE id = ?", ids)
        database.execute("COMMIT")
        if not ids:
            break
        database.execute("BEGIN IMMEDIATE")
        database.executemany("UPDATE bare SET state = 'finished' WHERE id = ?", ids)
        database.execute("COMMIT")
        done += len(ids)
    database.close()
    return done / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
