"""Hours and limits of a campaign's contacts, compiled once per region and kept for release, record and stories."""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from clarion.app.ports.clock import Clock
from clarion.core.campaigns import Campaign
from clarion.core.hours import Hours, hours_for
from clarion.core.law import LawBook
from clarion.core.limits import PersonLimits
from clarion.core.outcomes import Channel, FinishReason
from clarion.core.schedule import Region
from clarion.core.wallclock import find_zone
from clarion.wire.holidays import holiday_dates

KEPT = 4_096
"""Compiled regions in all; one takes a few kilobytes."""

Plan = tuple[int, int, str | None, int]
"""Campaign, plan version, agent's zone, first year of the holidays: what hours follow from beside the region."""

Limits = tuple[tuple[str, PersonLimits], ...]
"""Limits on how often one person is tried, each with its rule's word for the story: `person_limit`, `law:US-FL`."""


class Planner:
    """Answers for one process. What it keeps follows from its key alone, so nothing needs to be told of an edit."""

    def __init__(self, law: LawBook, clock: Clock) -> None:
        """The clock says which years' holidays matter: the last one's, this one's and the next two's."""
        self._law = law
        self._clock = clock
        self._kept: OrderedDict[tuple[Plan, str], Hours | FinishReason] = OrderedDict()
        self._regions: dict[Plan, set[str]] = {}
        self._day: date | None = None
        self._limits: dict[tuple[Channel, str, PersonLimits | None], Limits] = {}
        """Today's, so that a law counts from its first day on."""

    def hours(self, campaign: Campaign, region_key: str) -> Hours | FinishReason:
        """When people in a region may be reached for this campaign, or why they never can be."""
        plan = self._plan(campaign)
        key = (plan, region_key)
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = self._compile(campaign, region_key, plan[-1])
            self._regions.setdefault(plan, set()).add(region_key)
            if len(self._kept) > KEPT:
                (old, region), _ = self._kept.popitem(last=False)
                self._regions[old].discard(region)
                if not self._regions[old]:
                    del self._regions[old]
        else:
            self._kept.move_to_end(key)
        return found

    def open_time(self, campaign: Campaign, start: datetime, end: datetime) -> timedelta:
        """How much of [start, end) is open: the mean over the regions met so far that have any of it left.

        Before the first region is met, the whole of it. Good enough for pacing, which asks again at each release.
        """
        plan = self._plan(campaign)
        met = [self._kept[plan, region] for region in self._regions.get(plan, ())]
        open_left = [each.open_time(start, end) for each in met if isinstance(each, Hours)]
        open_left = [each for each in open_left if each > timedelta(0)]
        if not open_left:
            return max(timedelta(0), end - start) if not met else timedelta(0)
        return sum(open_left, timedelta(0)) / len(open_left)

    def person_limits(self, campaign: Campaign, region_key: str, house: PersonLimits | None) -> Limits:
        """Every limit that holds today: the organisation's own (`house`), and the law's where the person may be."""
        today = self._clock.now().date()
        if today != self._day:
            self._day, self._limits = today, {}
        key = (campaign.channel, region_key, house)
        found = self._limits.get(key)
        if found is None:
            found = self._limits[key] = self._find_limits(*key, today)
        return found

    def local_hour(self, campaign: Campaign, region_key: str, at: datetime) -> int:
        """The hour, 0 to 23, on the recipient's clock: of several candidates the first, of none the campaign's own."""
        zones = zones_of(region_key)
        zone = find_zone(zones[0]) if zones else None
        return at.astimezone(zone or own_zone(campaign)).hour

    def _plan(self, campaign: Campaign) -> Plan:
        return (campaign.id, campaign.plan_version, campaign.agent_zone, self._clock.now().year)

    def _compile(self, campaign: Campaign, region_key: str, year: int) -> Hours | FinishReason:
        region = Region.parse(region_key)
        schedule = campaign.plan.schedule
        codes = self._law.holiday_codes(region.jurisdictions, campaign.channel).union(schedule.holidays)
        return hours_for(
            schedule,
            region,
            channel=campaign.channel,
            agent_zone=campaign.agent_zone,
            law=self._law,
            holidays=holiday_dates(codes, range(year - 1, year + 3)),
            since=datetime(year, 1, 1, tzinfo=UTC),
        )

    def _find_limits(self, channel: Channel, region_key: str, house: PersonLimits | None, day: date) -> Limits:
        found = [("person_limit", house)] if house is not None and house.memory else []
        for most, window, place in self._law.attempt_limits(Region.parse(region_key).jurisdictions, channel, day):
            found.append((f"law:{place}", PersonLimits(windows=((most, window),))))
        return tuple(found)


def own_zone(campaign: Campaign) -> ZoneInfo:
    """The campaign's own clock: its zone, else its agent's or the organisation's, else UTC."""
    return find_zone(campaign.plan.schedule.zone) or find_zone(campaign.agent_zone) or ZoneInfo("UTC")


@lru_cache(maxsize=KEPT)
def zones_of(region_key: str) -> tuple[str, ...]:
    """Where people of a region may be: the candidate zones that exist. Empty when the place is not known."""
    return tuple(name for name in Region.parse(region_key).zones if find_zone(name) is not None)
