"""A connection that breaks at the worst instant: the ledger has kept a release, and the engine does not hear of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from clarion.core.outcomes import ContactState
from clarion.engine.worker import Tempo
from clarion.store.database import IDLE_SECONDS, Database
from world import make_world, numbers


class Fragile:
    """A ledger whose connection breaks: `after_writing` n more transactions were kept, or before the n-th read."""

    def __init__(self, ledger: Database) -> None:
        self._ledger = ledger
        self.after_a_release = False
        self.before_the_read_after = False
        self._released = False

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Any]:
        async with self._ledger.write() as tx:
            yield tx
        self._released = (await self._live()) > 0
        if self._released and self.after_a_release:
            self.after_a_release = False
            raise ConnectionResetError("cut while the commit was being answered")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Any]:
        if self._released and self.before_the_read_after:
            self.before_the_read_after = False
            raise ConnectionResetError("cut")
        async with self._ledger.read() as tx:
            yield tx

    async def _live(self) -> int:
        async with self._ledger.read() as tx:
            return sum(one.count for one in await tx.queue.in_flight())


@pytest.mark.parametrize("where", ["after_a_release", "before_the_read_after"])
async def test_what_a_lost_answer_left_on_disk_is_found_while_the_worker_lives(database: Database, where: str) -> None:
    world = await make_world(database)
    campaign = await world.campaign()
    await world.people(campaign, numbers(3))
    ledger = Fragile(database)
    worker = await world.worker(Tempo(), database=ledger, alone=False)  # type: ignore[arg-type]
    setattr(ledger, where, True)
    failures = 0
    for _ in range(120):
        try:
            await worker.step(world.clock.now())
        except ConnectionResetError:
            failures += 1
            worker.briefing.forget()
        await worker.carriers.finish_asking()
        world.clock.advance_to(world.clock.now() + timedelta(seconds=2))
        await worker.heartbeat()
    assert failures == 1
    assert {c.state for c in await world.contacts()} == {ContactState.FINISHED}


@pytest.mark.postgres
async def test_who_stands_still_in_a_transaction_does_not_hold_up_the_others(postgres_url: str) -> None:
    ledger = Database(postgres_url)
    try:
        for _ in range(2):  # a connection that is used again has it as well
            async with ledger.write() as tx:
                found = (await tx.session.execute(text("SHOW idle_in_transaction_session_timeout"))).scalar_one()
            assert found == f"{IDLE_SECONDS}s"
    finally:
        await ledger.close()
