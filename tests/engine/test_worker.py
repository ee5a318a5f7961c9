"""The engine end to end on a virtual clock, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clarion.core.campaigns import CampaignStatus, Plan
from clarion.core.outcomes import ContactState
from clarion.core.pacing import Pacing
from clarion.core.retries import Retries
from clarion.engine.player import StandsStill, play
from world import numbers


async def test_everybody_gets_an_end_and_the_campaign_completes(make_world) -> None:
    world = await make_world()
    plan = Plan(retries=Retries(max_attempts=3, delays=(timedelta(minutes=30),)), goal_variable="booked")
    campaign = await world.campaign(plan)
    await world.people(campaign, numbers(300))
    await world.play()
    assert {c.state for c in await world.contacts()} == {ContactState.FINISHED}
    assert len(await world.attempts()) > 300
    assert (await world.now(campaign)).status is CampaignStatus.COMPLETED
    await world.balance()


async def test_sixty_an_hour_is_one_a_minute(make_world) -> None:
    world = await make_world()
    campaign = await world.campaign(Plan(pacing=Pacing(per_hour=60)))
    await world.people(campaign, numbers(10))
    await world.play()
    begun = [a.begun_at for a in await world.attempts()]
    assert [b - begun[0] for b in begun] == [timedelta(minutes=n) for n in range(10)]
    await world.balance()


async def test_a_worker_that_does_nothing_for_ever_is_named(make_world, monkeypatch) -> None:
    world = await make_world()
    worker = await world.worker()

    async def nothing(now):
        return now

    monkeypatch.setattr(worker, "step", nothing)
    with pytest.raises(StandsStill, match="in flight"):
        await play(worker, world.clock)
