"""A world for each engine test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clarion.store.database import Database
from world import make_world as make


@pytest.fixture
def make_world(database: Database) -> Callable[..., Any]:
    """Build a world on the test's database; its start, and sandbox settings, as arguments."""

    async def build(*start: Any, **sandbox: Any) -> Any:
        return await make(database, *start, **sandbox)

    return build
