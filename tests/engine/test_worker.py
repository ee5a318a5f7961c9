"""The engine end to end on a virtual clock, on both databases."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from clarion.core.campaigns import CampaignStatus, Plan
from clarion.core.outcomes import ContactState
from clarion.core.pacing import Pacing
from clarion.core.retries import Retries


def numbers(count: int, start: int = 0) -> list[str]:
    return [f"+1312{2000000 + start + n}" for n in range(count)]


async def test_everybody_gets_an_end_and_the_campaign_completes(make_world) -> None:
    world = await make_world()
    campaign = await world.campaign(Plan(retries=Retries(max_attempts=3, delays=(timedelta(minutes=30),))))
    await world.people(campaign, numbers(300))
    await world.play()
    contacts = await world.contacts()
    assert {c.state for c in contacts} == {ContactState.FINISHED}
    assert all(c.finish_reason for c in contacts)
    attempts = await world.attempts()
    assert Counter(a.contact_id for a in attempts) == {c.id: c.tries for c in contacts if c.tries}
    assert len(attempts) > 300
    assert (await world.campaign_now(campaign)).status is CampaignStatus.COMPLETED


async def test_sixty_an_hour_is_one_a_minute(make_world) -> None:
    world = await make_world()
    campaign = await world.campaign(Plan(pacing=Pacing(per_hour=60)))
    await world.people(campaign, numbers(10))
    await world.play()
    begun = [a.begun_at for a in await world.attempts()]
    assert [b - begun[0] for b in begun] == [timedelta(minutes=n) for n in range(10)]
