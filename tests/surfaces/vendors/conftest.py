"""A vendor's API with the engine behind it: on a virtual clock here, or on a real socket for real clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import event
from vendor_house import Live, Stage, live_server, make_stage

from clarion.store.database import Database


@pytest.fixture
async def stage(sqlite_url: str) -> AsyncIterator[Stage]:
    """On SQLite and a virtual clock: Monday 2026-11-23, 15:00 UTC."""
    ledger = Database(sqlite_url)
    event.listen(ledger.engine.sync_engine, "connect", lambda link, _: link.execute("PRAGMA synchronous = OFF"))
    await ledger.create_all()
    yield await make_stage(ledger)
    await ledger.close()


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """A running server with its engine and courier, shared by the tests of a module."""
    folder: Path = tmp_path_factory.mktemp("live")
    with live_server(folder) as server:
        yield server
