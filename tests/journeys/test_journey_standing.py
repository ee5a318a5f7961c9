"""Where contacts stand by their last outcome, told from tallies while a campaign of all sorts is played."""

from __future__ import annotations

from datetime import timedelta

from clarion.app.contacts import remove_contacts
from clarion.app.report import campaign_numbers
from clarion.app.suppress import NewSuppression, suppress_address
from clarion.channels.sandbox.settings import Faults
from clarion.core.campaigns import BatchStatus, Plan
from clarion.core.contacts import Report
from clarion.core.outcomes import Outcome
from clarion.core.retries import Retries
from world import NOWHERE, magic

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def test_every_contact_stands_under_its_last_outcome(make_either) -> None:
    world = await make_either(faults=Faults(0.0, 0.0, 0.0), lookup_works=False)
    campaign = await world.campaign(Plan(retries=Retries(max_attempts=3, delays=(HOUR,))))
    await world.people(campaign, magic("92"))
    [removed] = await world.people(campaign, magic("92", start=300))
    await world.people(campaign, magic("93", start=312))
    await world.people(campaign, magic("89", 2))
    await world.people(campaign, magic("94"))
    asked_later = await world.people(campaign, magic("99", 2))
    await world.people(campaign, magic("91"), region=NOWHERE)
    paused = await world.batch(campaign, "paused", status=BatchStatus.PAUSED)
    untried = await world.people(campaign, magic("90", 2), batch=paused)

    async def standing() -> dict[tuple[str, str], int]:
        await world.balance_tallies()
        return dict((await campaign_numbers(world.database, world.actor, campaign.id)).total.standing)

    assert await standing() == {("waiting", "none"): 11}
    await world.play(until=30 * MINUTE)
    assert await standing() == {
        ("waiting", "busy"): 2,
        ("waiting", "no_answer"): 2,
        ("waiting", "none"): 2,
        ("live", "none"): 2,
        ("not_retried", "voicemail"): 2,
        ("unknown_zone", "none"): 1,
    }

    await remove_contacts(world.database, world.clock, world.actor, [removed, untried[0]])
    await suppress_address(world.database, world.clock, world.actor, NewSuppression(*magic("93", start=312)))
    await world.play(until=32 * MINUTE)
    now = await standing()
    assert now["removed", "busy"] == 1
    assert now["removed", "none"] == now["waiting", "none"] == 1
    assert now["suppressed", "no_answer"] == 1
    assert now["live", "no_answer"] == 1, "the one who answers the second time is talking"

    await world.play(until=3 * HOUR)
    assert (await standing())["unknown", "unknown"] == 2
    lost = {a.contact_id: a for a in await world.attempts() if a.outcome is Outcome.UNKNOWN}
    one, two = (lost[n] for n in asked_later)
    at = world.clock.now()
    world.workers[0].hand_in(
        [Report(one.id, Outcome.COMPLETED, at, answered_at=at), Report(two.id, Outcome.NO_ANSWER, at)]
    )
    await world.play(until=DAY)
    assert await standing() == {
        ("waiting", "none"): 1,
        ("attempts_exhausted", "busy"): 1,
        ("removed", "busy"): 1,
        ("removed", "none"): 1,
        ("suppressed", "no_answer"): 1,
        ("not_retried", "voicemail"): 2,
        ("reached", "completed"): 2,
        ("unknown", "unknown"): 1,
        ("unknown_zone", "none"): 1,
    }
    await world.balance()
