"""A Revox client, with short ways to make an assistant and a campaign, and people who always do the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from vendor_house import Stage

from clarion.app.aftermath import DISPOSITIONS
from clarion.store import schema

WINDOWS = [{"calling_window_start_time": "00:00", "calling_window_end_time": "24:00", "retry_delay_seconds": 600}]
EVERY_DAY = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def retry_config(**fields: Any) -> dict[str, Any]:
    """Every hour of every day on one clock, three attempts, ten minutes apart."""
    return {
        "allowed_days": EVERY_DAY,
        "call_twice_in_a_row": False,
        "calling_windows": WINDOWS,
        "max_retry_attempts": 3,
        "timezone": None,
        **fields,
    }


def window(start: str, end: str, delay: int = 600) -> dict[str, Any]:
    return {"calling_window_start_time": start, "calling_window_end_time": end, "retry_delay_seconds": delay}


def number(word: str, area: int = 312) -> str:
    """The number of somebody in Chicago who always does the same (see the sandbox's magic numbers)."""
    return f"+1{area}55501{word}"


REACHED, TALKS, HANGS_UP, OPTS_OUT, CALLBACK = (number(word) for word in ("90", "91", "80", "84", "85"))
BUSY, NO_ANSWER, VOICEMAIL, IVR, SCREENING = (number(word) for word in ("92", "93", "89", "82", "88"))


def people(*numbers: str) -> list[dict[str, Any]]:
    return [{"to_phone_number": number, "prompt_variables": {}} for number in numbers]


EVERYBODY = {
    "filters": {"assignee_ids": [], "directions": [], "outcomes": [], "results": [], "statuses": []},
    "rows": {"call_ids": [], "mode": "all_except"},
}


@dataclass
class Revox:
    """A client of the API."""

    stage: Stage
    http: httpx.AsyncClient

    async def ask(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        """The answer's body, of the status that is expected."""
        response = await self.http.request(method, f"/api{path}", json=body)
        assert response.status_code == status, (response.status_code, response.text)
        return response.json()

    async def play(self, until: timedelta | None = None) -> None:
        """Play to the end, or for so long, with a fresh view of what was changed."""
        for worker in self.stage.world.workers:
            worker.briefing.forget()
        await self.stage.world.play(until=until)

    async def tell(self, outcomes: Mapping[str, str]) -> None:
        """Let the agents of conversations have told these business outcomes, by number."""
        world = self.stage.world
        async with world.database.write() as tx:
            for attempt in await world.attempts():
                said = outcomes.get(attempt.address)
                if said is None:
                    continue
                statement = schema.attempts.update().where(schema.attempts.c.id == attempt.id)
                await tx.session.execute(statement.values(results={"outcome": said}))
                if said in DISPOSITIONS:
                    key = (attempt.campaign_id, attempt.batch_id, f"told:{attempt.outcome}:{said}")
                    await tx.queue.count(0, {key: 1})

    async def assistant(self, **fields: Any) -> str:
        """The id of a new assistant."""
        made = await self.ask("POST", "/assistants", {"name": "Ann", "prompt": "Hi", **fields})
        return str(made["assistant"]["id"])

    async def campaign(self, *numbers: str, **fields: Any) -> dict[str, Any]:
        """A new campaign, launched unless `fields` say otherwise."""
        body = {
            "assistant_id": fields.pop("assistant_id", None) or await self.assistant(),
            "contacts": people(*numbers),
            "name": "Leads",
            "launch": True,
            "call_retry_config": retry_config(),
            **fields,
        }
        made: dict[str, Any] = (await self.ask("POST", "/campaigns", {k: v for k, v in body.items() if v is not None}))[
            "campaign"
        ]
        return made

    async def call(self, number: str, **fields: Any) -> dict[str, Any]:
        """A new single call."""
        made: dict[str, Any] = (await self.ask("POST", "/call", {"phone_number": number, **fields}))["call"]
        return made

    async def show(self, campaign: dict[str, Any]) -> dict[str, Any]:
        """The campaign as it is now."""
        found: dict[str, Any] = (await self.ask("GET", f"/campaigns/{campaign['id']}"))["campaign"]
        return found

    async def rows(self, campaign: dict[str, Any]) -> list[dict[str, Any]]:
        """Its rows."""
        found: list[dict[str, Any]] = (await self.ask("GET", f"/campaigns/{campaign['id']}/rows"))["rows"]
        return found

    async def stats(self, campaign: dict[str, Any]) -> dict[str, int]:
        """Its row_stats that are not 0, but for the total."""
        stats = (await self.show(campaign))["row_stats"]
        assert stats["total"] == sum(stats.values()) - stats["total"]
        return {name: n for name, n in stats.items() if n and name != "total"}
