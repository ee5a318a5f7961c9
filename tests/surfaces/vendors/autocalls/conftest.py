"""Customers of this API."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from autocalls_house import Customer
from vendor_house import Stage


@pytest.fixture
async def customer(stage: Stage) -> AsyncIterator[Customer]:
    """The organisation's owner, over the stage's virtual clock."""
    async with stage.client("autocalls", Accept="application/json") as client:
        yield Customer(stage, client)


@pytest.fixture
async def stranger(stage: Stage) -> AsyncIterator[Customer]:
    """The owner of another organisation."""
    async with stage.client("autocalls", await stage.another()) as client:
        yield Customer(stage, client)
