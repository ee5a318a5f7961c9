"""A process without a worker records what it hears."""

from __future__ import annotations

import asyncio

from clarion.app.planning import Planner
from clarion.core.campaigns import Message, Plan
from clarion.core.contacts import Report
from clarion.core.outcomes import Channel, Outcome
from clarion.core.schedule import Schedule
from clarion.engine.front_desk import FrontDesk
from clarion.wire.law_files import load_law_book


async def test_news_of_a_mail_amends_its_attempt_and_keeps_the_person_from_more(make_world) -> None:
    world = await make_world()
    plan = Plan(message=Message(text="Hello", subject="Hello"), schedule=Schedule(quiet_hours=False))
    campaign = await world.campaign(plan, channel=Channel.EMAIL)
    await world.people(campaign, ["ann@example.com"])
    await world.play()
    [sent] = await world.attempts()
    desk = FrontDesk(world.database, Planner(load_law_book(), world.clock), world.clock)
    desk.hand_in([Report(sent.id, Outcome.UNSUBSCRIBED, world.clock.now(), final=False)])
    async with asyncio.timeout(10):
        while (await world.attempts())[0].outcome is not Outcome.UNSUBSCRIBED:
            await asyncio.sleep(0.01)
    async with world.database.read() as tx:
        owner = campaign.organization_id
        listed = await tx.suppression.suppressed(owner, Channel.EMAIL, ["ann@example.com"], world.clock.now())
    assert listed == {"ann@example.com": "unsubscribed"}
