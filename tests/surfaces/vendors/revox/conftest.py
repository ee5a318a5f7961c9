"""A client of Revox's API on the stage."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from revox_house import Revox
from vendor_house import Stage


@pytest.fixture
async def revox(stage: Stage) -> AsyncIterator[Revox]:
    async with stage.client("revox") as http:
        yield Revox(stage, http)
    await stage.world.balance(over=False)
