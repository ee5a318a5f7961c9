"""A simulated campaign through the production engine on a virtual clock: `python bench/simulate.py --people 100000`.

The ratio to real time is the figure: how many times faster than life three weeks play.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime, timedelta

import uvloop
from sqlalchemy import func, select

from clarion.channels.sandbox.settings import SandboxSettings
from clarion.core.campaigns import Plan
from clarion.core.outcomes import ContactState
from clarion.core.pacing import Pacing
from clarion.core.retries import Retries
from clarion.core.schedule import Schedule, Span
from clarion.engine.clocks import VirtualClock
from clarion.engine.memory import settle_memory
from clarion.engine.player import play
from clarion.engine.worker import Tempo
from clarion.store import schema
from clarion.store.database import Database
from ground import fresh_url, machine, peak_mib, sandbox_worker, seed

START = datetime(2026, 11, 2, 5, 0, tzinfo=UTC)
WORKING_HOURS = ((Span(9 * 3600, 17 * 3600),),) * 5 + ((), ())
PLANNED_AHEAD = timedelta(minutes=15)


def main() -> None:
    """Play and print."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--people", type=int, default=20_000)
    flags.add_argument("--weeks", type=float, default=3.0)
    args = flags.parse_args()
    print(machine())
    with fresh_url("sqlite") as url:
        uvloop.run(simulate(url, args.people, timedelta(weeks=args.weeks)))


async def simulate(url: str, people: int, length: timedelta) -> None:
    """Seed a list and play it to its end."""
    ledger, clock = Database(url), VirtualClock(START)
    await ledger.create_all()
    plan = Plan(
        schedule=Schedule(week=WORKING_HOURS),
        pacing=Pacing(finish_by=START + length - timedelta(days=3)),
        retries=Retries(max_attempts=3, delays=(timedelta(hours=3), timedelta(days=1))),
    )
    await seed(ledger, clock, plan, people)
    worker = sandbox_worker(
        ledger,
        clock,
        speed=1.0,
        tempo=Tempo(virtual=True, ahead=PLANNED_AHEAD),
        settings=SandboxSettings(capacity=100_000),
    )
    await worker.enlist()
    settle_memory()
    start = time.perf_counter()
    end = await play(worker, clock, gather=PLANNED_AHEAD)
    took = time.perf_counter() - start
    async with ledger.read() as tx:
        attempts = int((await tx.session.execute(select(func.count()).select_from(schema.attempts))).scalar_one())
        unfinished = int(
            (
                await tx.session.execute(
                    select(func.count()).select_from(schema.queue).where(schema.queue.c.state != ContactState.FINISHED)
                )
            ).scalar_one()
        )
    await ledger.close()
    played = end - START
    print(f"{people:,} people, {attempts:,} attempts, {played} of campaign, {unfinished} unfinished")
    print(
        f"{took:.1f} s of real time: {attempts / took:,.0f} attempts/s, {played.total_seconds() / took:,.0f} times life"
    )
    print(f"peak memory {peak_mib():.0f} MiB")


if __name__ == "__main__":
    main()
