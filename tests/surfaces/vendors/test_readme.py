"""The README's code for two vendors' own clients runs as it is written, against a running server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from vendor_house import Live, until

README = Path(__file__).parents[3] / "README.md"
FREYA = "/compat/freya/api/v2/campaign"


def the_code() -> str:
    (code,) = re.findall(r"^```python\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)
    assert isinstance(code, str)
    return code


@pytest.fixture(scope="module")
def ran(live: Live) -> dict[str, Any]:
    """The names that the code leaves behind."""
    code = the_code()
    assert '"http://localhost:8080"' in code
    found: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KEY", live.key)
        exec(compile(code.replace("http://localhost:8080", live.url), str(README), "exec"), found)
    return found


def test_both_campaigns_reach_their_person(ran: dict[str, Any]) -> None:
    batch, reminders = ran["batch"], ran["reminders"]
    until(
        lambda: ran["syllable"].outbound.batches.get_by_id(batch_id=batch.batch_id).status_counts == {"COMPLETED": 1},
        "Syllable's batch is done",
    )
    until(
        lambda: ran["revox"].campaigns.retrieve(reminders.id).campaign.row_stats.completed == 1, "Revox's row is done"
    )


def test_it_is_the_same_campaign(ran: dict[str, Any], live: Live) -> None:
    with httpx.Client(base_url=live.url, headers={"Authorization": f"Bearer {live.key}"}) as client:
        one, other = client.get("/v1/campaigns").json()["items"]
        for same in ("name", "channel"):
            assert one[same] == other[same]
        weeks = [
            {day: [(span["start"], span["end"]) for span in spans] for day, spans in each["schedule"]["week"].items()}
            for each in (one, other)
        ]
        assert weeks[0] == weeks[1]
        assert one["retries"]["max_attempts"] == other["retries"]["max_attempts"] == 3
        assert one["sender_id"] == other["sender_id"]
        told = client.get(FREYA).json()["data"]["result"]["campaigns"]
        assert [(each["startTime"], each["endTime"], each["activeDays"]) for each in told] == [
            ("09:00", "17:00", [0, 1, 2, 3, 4])
        ] * 2


def test_each_is_listed_by_the_others_client(ran: dict[str, Any]) -> None:
    names = [each.campaign_name for each in ran["syllable"].outbound.campaigns.list().items]
    assert names == ["Check-up reminders"] * 2
    assert [each.name for each in ran["revox"].campaigns.list().campaigns] == ["Check-up reminders"] * 2
