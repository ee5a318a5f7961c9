"""What the tortured house has to do: four campaigns over shared senders, their edits, and the people who come in.

Everything goes over the HTTP API, and into the diary before it is asked for.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from clarion.boot.torture.client import Operator, Refused
from clarion.boot.torture.diary import Diary, Hours, Pause, Sent, Setting, clock, now_us
from clarion.boot.torture.plan import CAMPAIGNS, Plan

ROUND_ZONES = ("UTC", "America/New_York", "America/Los_Angeles", "Europe/Berlin", "Asia/Tokyo", "Pacific/Auckland")
ODD_ZONES = ("Asia/Kolkata", "Asia/Kathmandu", "Australia/Adelaide", "America/St_Johns", "Pacific/Marquesas")
"""Clocks that are half or a quarter of an hour off."""
WORLD = (
    *("America/Chicago", "America/Sao_Paulo", "Europe/London", "Africa/Nairobi", "Asia/Dubai", "Asia/Kolkata"),
    *("Asia/Shanghai", "Asia/Tokyo", "Australia/Sydney", "Pacific/Auckland", "Pacific/Honolulu", "America/Denver"),
)
"""Where the people of the campaign on recipients' clocks are; it is night for some of them at any time."""
AREA_CODES = ("212", "312", "415", "617", "206", "303", "404", "503")
EXCHANGES = ("234", "267", "345", "478", "522", "634", "726", "834", "943")
DAY = 86_400
MOST_SPANS = 24
FIRST_CONTACTS = 40
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
RETRIED = (
    *("busy", "no_answer", "unreachable", "voicemail", "silence", "timeout", "throttled", "network_error"),
    *("resource_unavailable", "service_unavailable", "undelivered"),
)
LANE = "lane"
"""A batch of the steady campaign with a limit of its own."""
LAST_EDITED = "windows"
"""The campaign that is left paused at the end, with people who wait."""


def number(place: int) -> str:
    """The phone number of person `place`: valid, and no two alike."""
    place, area = divmod(place, len(AREA_CODES))
    line, exchange = divmod(place, len(EXCHANGES))
    return f"+1{AREA_CODES[area]}{EXCHANGES[exchange]}{2000 + line:04d}"


def noonish(zones: tuple[str, ...]) -> str:
    """The zone where it is nearest to noon, so that no run meets midnight there."""
    return min(zones, key=lambda zone: abs(clock(now_us(), zone) - DAY / 2))


def flicker(zone: str, seconds_open: int, seconds_closed: int) -> Hours:
    """Windows that open and close all the time, from a moment ago on."""
    start = int(clock(now_us(), zone)) - 2
    step = seconds_open + seconds_closed
    starts = (start + step * turn for turn in range(MOST_SPANS))
    return Hours(zone, tuple((at, at + seconds_open) for at in starts if at >= 0 and at + seconds_open < DAY))


def _clock(seconds: int) -> str:
    return "24:00" if seconds == DAY else f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _schedule(hours: Hours) -> dict[str, Any]:
    spans = [{"start": _clock(start), "end": _clock(end)} for start, end in hours.spans]
    policy = "recipient" if hours.zone is None else "campaign"
    return {
        "week": dict.fromkeys(WEEKDAYS, spans),
        "zone_policy": policy,
        "quiet_hours": False,
        **({"zone": hours.zone} if hours.zone else {}),
    }


@dataclass(slots=True)
class Scene:
    """The organisation's campaigns, as the operator sees them."""

    operator: Operator
    diary: Diary
    plan: Plan
    _places: Counter[str] = field(default_factory=Counter)
    _steering: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    _editing: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def set_up(self, receiver_port: int) -> None:
        """Limits, trunks, senders, the endpoint, the campaigns with their first contacts; and launch them."""
        post = self.operator.call
        organization_id = (await self.operator.get("/v1/me"))["organization"]["id"]
        self.diary.organization_id = organization_id
        await self._set(
            f"organization:{organization_id}",
            {"max_concurrent": 16, "per_day": 8, "min_gap": 2},
            "/v1/organization",
            {"settings": {"max_concurrent": 16, "person_limits": {"per_day": 8, "min_gap": "2s"}}},
        )
        voice_pool = await self._ways_out("voice", trunks=2, senders=4)
        sms_pool = await self._ways_out("sms", trunks=1, senders=2)
        made = await post(
            "POST",
            "/v1/webhooks",
            {"url": f"http://127.0.0.1:{receiver_port}/hook", "events": ["attempt.ended", "contact.finished"]},
        )
        self.diary.endpoint_id = made.body["endpoint"]["id"]
        for name in CAMPAIGNS:
            await self._campaign(name, sms_pool if name == "texts" else voice_pool)

    async def add(self, name: str, count: int) -> None:
        """People come in; those that the API took are in the diary."""
        places = [self._next_place(name) for _ in range(count)]
        campaign_id = self.diary.campaigns[name]
        contacts = [self._contact(name, place) for place in places]
        lane = self._lane() if name == "steady" and count % 2 else None
        answered = await self.operator.call(
            "POST", f"/v1/campaigns/{campaign_id}/contacts", {"contacts": contacts, **({"batch": lane} if lane else {})}
        )
        if answered.body["rejected"]:
            raise Refused(f"contacts were rejected: {answered.body['rejected']}")
        for contact in contacts:
            self.diary.sent.append(
                Sent(campaign_id, contact["reference_id"], contact["address"], contact.get("timezone"))
            )

    async def pause(self, name: str, seconds: float) -> bool:
        """Pause and resume; False when the campaign was completed just then."""
        async with self._steering[name]:
            pause = await self.stop(name)
            if pause is None:
                return False
            await asyncio.sleep(seconds)
            pause.resumed = now_us()
            await self.operator.call("POST", f"/v1/campaigns/{pause.campaign_id}/resume")
            return True

    async def stop(self, name: str) -> Pause | None:
        """Pause for good; None when the campaign was completed."""
        campaign_id = self.diary.campaigns[name]
        try:
            answered = await self.operator.call("POST", f"/v1/campaigns/{campaign_id}/pause")
        except Refused as refused:
            if "wrong_status" in str(refused):
                return None
            raise
        pause = Pause(campaign_id, answered.acked)
        self.diary.pauses.append(pause)
        return pause

    async def complete(self, name: str) -> None:
        """End a campaign by hand: whoever waits is finished as expired."""
        await self.operator.call("POST", f"/v1/campaigns/{self.diary.campaigns[name]}/complete")

    async def edit(self, name: str, choice: int) -> None:
        """Change limits or hours of a running campaign."""
        dice = random.Random(f"{self.plan.seed} {name} {choice}")
        async with self._editing[name]:
            limits: dict[str, Any]
            hours: Hours | None = None
            match name:
                case "steady":
                    limits = {"per_hour": dice.choice((3600, 7200, 14400)), "max_concurrent": dice.randint(2, 6)}
                case "windows":
                    limits = {"max_concurrent": dice.randint(2, 6)}
                    hours = flicker(noonish(ODD_ZONES), dice.randint(6, 14), dice.randint(3, 6))
                case "world":
                    limits = {"per_second": dice.randint(2, 5)}
                    hours = Hours(None, ((dice.randint(8, 10) * 3600, dice.randint(16, 19) * 3600),))
                case _:
                    limits = {"per_second": dice.randint(2, 6), "max_concurrent": dice.randint(2, 8)}
            campaign_id = self.diary.campaigns[name]
            body: dict[str, Any] = {"pacing": limits}
            if hours is not None:
                body["schedule"] = _schedule(hours)
                limits = {**limits, "hours": hours}
            await self._set(f"campaign:{campaign_id}", limits, f"/v1/campaigns/{campaign_id}", body)

    async def _ways_out(self, channel: str, *, trunks: int, senders: int) -> int:
        """Trunks that fail and lose answers each in its own way, senders with caps, and a pool of them; its id."""
        trunk_ids, sender_ids = [], []
        for place in range(trunks):
            faults = {"times_out": 0.06 if place == 0 else 0.02, "fails": 0.01 + 0.04 * place, "throttles": 0.01}
            limits: dict[str, Any] = {"per_second": 8 + 4 * place, "max_concurrent": 6 + 2 * place}
            made = await self.operator.call(
                "POST",
                "/v1/trunks",
                {
                    "channel": channel,
                    "name": f"{channel} {place}",
                    "driver": "sandbox",
                    "settings": {"faults": faults},
                    **limits,
                },
            )
            trunk_ids.append(made.body["id"])
            self._note(f"trunk:{made.body['id']}", limits, made.sent, made.acked)
        for place in range(senders):
            limits = {"per_second": 4, **({"daily_cap": 150} if place == 0 else {})}
            made = await self.operator.call(
                "POST",
                "/v1/senders",
                {
                    "channel": channel,
                    "address": f"+1646555{(110 if channel == 'voice' else 120) + place:04d}",
                    "trunk_id": trunk_ids[place % trunks],
                    **limits,
                },
            )
            sender_ids.append(made.body["id"])
            self._note(f"sender:{made.body['id']}", limits, made.sent, made.acked)
        pool = await self.operator.call(
            "POST", "/v1/pools", {"channel": channel, "name": f"{channel} pool", "sender_ids": sender_ids}
        )
        return int(pool.body["id"])

    async def _campaign(self, name: str, pool_id: int) -> None:
        hours, limits, others = self._character(name)
        budget = 1 if name == "texts" else 3
        body = {
            "name": name,
            "channel": "sms" if name == "texts" else "voice",
            "pool_id": pool_id,
            "schedule": _schedule(hours),
            "pacing": limits,
            "retries": {
                "max_attempts": budget,
                "delays": ["2s", "4s"],
                "fault_delay": "1s",
                "on": list(RETRIED),
            },
            "goal_variable": "confirmed",
            **others,
        }
        made = await self.operator.call("POST", "/v1/campaigns", body)
        campaign_id = int(made.body["id"])
        self.diary.campaigns[name] = campaign_id
        known = {**limits, "hours": hours, "max_attempts": budget}
        self._note(f"campaign:{campaign_id}", known, made.sent, made.acked)
        if name == "steady":
            limits = {"max_concurrent": 1, "daily_cap": 120}
            lane = await self.operator.call(
                "POST", f"/v1/campaigns/{campaign_id}/batches", {"key": self._lane(), "pacing": limits}
            )
            self._note(f"batch:{lane.body['id']}", limits, lane.sent, lane.acked)
        await self.add(name, FIRST_CONTACTS)
        await self.operator.call("POST", f"/v1/campaigns/{campaign_id}/launch")

    def _character(self, name: str) -> tuple[Hours, dict[str, Any], dict[str, Any]]:
        """A campaign's first hours, its limits, and what else is special about it."""
        match name:
            case "steady":
                return Hours(noonish(ROUND_ZONES), ((0, DAY),)), {"per_hour": 7200, "max_concurrent": 5}, {}
            case "windows":
                return (
                    flicker(noonish(ODD_ZONES), 10, 4),
                    {"max_concurrent": 4, "daily_cap": 200 + 20 * self.plan.kills},
                    {"complete_when_empty": False},
                )
            case "world":
                return Hours(None, ((9 * 3600, 17 * 3600),)), {"per_second": 4}, {}
            case _:
                zone = noonish(ROUND_ZONES)
                return (
                    Hours(zone, ((0, DAY),)),
                    {"per_second": 4, "max_concurrent": 6},
                    {"message": {"text": "Hello {{ first_name }}, this is a test."}},
                )

    def _next_place(self, name: str) -> int:
        self._places[name] += 1
        return self._places[name]

    def _contact(self, name: str, place: int) -> dict[str, Any]:
        """Person `place` of a campaign. Many of the last two are people of the steady campaign too."""
        shared = {"world": place % 2 == 1, "texts": place % 3 > 0}.get(name, False)
        offset = 0 if shared else {"steady": 0, "windows": 20_000, "world": 40_000, "texts": 60_000}[name]
        contact = {
            "address": number(offset + place),
            "reference_id": f"{name}-{place}",
            "variables": {"first_name": f"P{place}"},
            "priority": place % 3 + 4,
        }
        if name == "world":
            contact["timezone"] = WORLD[place % len(WORLD)]
        return contact

    def _lane(self) -> str:
        return f"{LANE}-{self.plan.seed}"

    def _note(self, scope: str, known: dict[str, Any], sent: int, acked: int) -> None:
        for name, value in known.items():
            self.diary.setting(scope, name, value, sent, acked)

    async def _set(self, scope: str, known: dict[str, Any], path: str, body: dict[str, Any]) -> None:
        """PATCH something whose values the judge has to know: in doubt from now on, in force when it is answered."""
        settings = [Setting(scope, name, value, now_us()) for name, value in known.items()]
        self.diary.settings += settings
        answered = await self.operator.call("PATCH", path, body)
        for each in settings:
            each.acked = answered.acked
