"""A client of this API as its customers have one, and what its tests begin with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
from vendor_house import Stage

ASSISTANT = {
    "name": "Anna",
    "voice_id": 1,
    "language_id": 1,
    "type": "outbound",
    "mode": "pipeline",
    "timezone": "America/New_York",
    "initial_message": "Hello! Do you have a minute?",
    "system_prompt": "You are a friendly sales assistant.",
    "llm_model_id": 2,
    "post_call_schema": [
        {"name": "booked", "type": "bool", "description": "Whether an appointment was made."},
        {"name": "summary", "type": "string", "description": "What was said."},
    ],
}

AREAS = (312, 773, 708, 847)
"""In and around Chicago, six hours behind UTC in winter."""


def person(word: str, n: int = 0) -> str:
    """The number of somebody in Chicago who always does the same: `92` is busy, `90` reaches the goal."""
    return f"+1{AREAS[n]}55501{word}"


@dataclass
class Customer:
    """Somebody whose client speaks this API."""

    stage: Stage
    client: httpx.AsyncClient

    async def get(self, path: str, **query: Any) -> Any:
        """A 200's body."""
        return await self.expect(200, "GET", path, **({"params": query} if query else {}))

    async def post(self, path: str, body: Any, status: int = 200) -> Any:
        """The body of an answer with this status."""
        return await self.expect(status, "POST", path, json=body)

    async def put(self, path: str, body: Any, status: int = 200) -> Any:
        """The body of an answer with this status."""
        return await self.expect(status, "PUT", path, json=body)

    async def delete(self, path: str, status: int = 200) -> Any:
        """The body of an answer with this status."""
        return await self.expect(status, "DELETE", path)

    async def expect(self, status: int, method: str, path: str, **how: Any) -> Any:
        """The body of an answer with this status."""
        response = await self.client.request(method, f"/api{path}", **how)
        assert response.status_code == status, (response.status_code, response.text)
        return response.json()

    async def play(self, *acts: Any, **how: Any) -> None:
        """Let the engine run until nothing is left to happen, or for so long."""
        for worker in self.stage.world.workers:
            worker.briefing.forget()
        await self.stage.world.play(*acts, **how)

    async def assistant(self, **fields: Any) -> int:
        """A new assistant's id."""
        answer = await self.post("/user/assistant", {**ASSISTANT, **fields}, 201)
        return int(answer["data"]["id"])

    async def campaign(self, *, start: bool = False, **fields: Any) -> int:
        """A new campaign's id."""
        fields.setdefault("assistant_id", await self.assistant() if "assistant_id" not in fields else None)
        answer = await self.post("/user/campaign", {"name": "Demo", **fields}, 201)
        return int(answer["data"]["id"])

    async def lead(self, campaign_id: int, phone_number: str, **fields: Any) -> int:
        """A new lead's id."""
        body = {"campaign_id": campaign_id, "phone_number": phone_number, **fields}
        return int((await self.post("/user/lead", body))["data"]["id"])

    async def steer(self, campaign_id: int, action: str, status: int = 200) -> Any:
        """Start or stop a campaign."""
        return await self.post("/user/campaigns/update-status", {"campaign_id": campaign_id, "action": action}, status)

    async def leads(self, **query: Any) -> dict[int, Any]:
        """Leads by id."""
        page = await self.get("/user/leads", per_page=100, **query)
        assert page["total"] == len(page["data"])
        return {lead["id"]: lead for lead in page["data"]}
