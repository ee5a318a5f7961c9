"""Campaigns of other services from files: what they become, what differs, and what is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from shell import Clarion

BODIES: dict[str, dict[str, Any]] = {
    "syllable": {
        "campaign_name": "Recall",
        "campaign_variables": {"clinic": "Riverside"},
        "caller_id": "+12125550100",
        "active_days": ["mon", "tue"],
        "daily_start_time": "09:00:00",
        "daily_end_time": "17:00:00",
        "hourly_rate": 25,
        "retry_count": 2,
        "retry_interval": "30m",
    },
    "autocalls": {
        "name": "Recall",
        "assistant_id": 4711,
        "timezone": "America/New_York",
        "allowed_hours_start_time": "09:00",
        "allowed_hours_end_time": "17:00",
        "allowed_days": ["monday", "tuesday"],
        "max_retries": 2,
        "retry_interval": 30,
    },
    "revox": {
        "name": "Recall",
        "assistant_id": "7d4b1f0e-1111-4222-8333-444455556666",
        "contacts": [{"to_phone_number": "+13125550143", "prompt_variables": {"name": "Ann"}}],
        "call_retry_config": {
            "allowed_days": ["monday", "tuesday"],
            "calling_windows": [
                {
                    "calling_window_start_time": "9am",
                    "calling_window_end_time": "5pm",
                    "retry_delay_seconds": 1800,
                }
            ],
            "max_retry_attempts": 3,
            "call_twice_in_a_row": False,
        },
    },
    "freya": {
        "name": "Recall",
        "assistantName": "Ada",
        "startTime": "09:00",
        "endTime": "17:00",
        "activeDays": [0, 1],
        "callRetries": 2,
        "retryDelaySeconds": 1800,
        "phoneNumbers": ["+13125550143"],
    },
}
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "syllable": ({"hourly_rate": 0}, "hourly_rate"),
    "autocalls": ({"max_retries": 9}, "max_retries"),
    "revox": ({"contacts": [{"to_phone_number": "12", "prompt_variables": {}}]}, "contacts.0"),
    "freya": ({"callRetries": 11}, "callRetries"),
}


@pytest.mark.parametrize("service", BODIES)
def test_it_becomes_a_draft_with_the_same_rules(clarion: Clarion, data: Path, tmp_path: Path, service: str) -> None:
    file = tmp_path / "theirs.json"
    file.write_text(json.dumps(BODIES[service]))
    looked = clarion("import-campaign", file, "--from", service, "--data", data, "--dry-run")
    assert (looked.code, "09:00–17:00" in looked.out, "closed" in looked.out) == (0, True, True)
    assert clarion("campaign", "list", "--data", data, "--json").json["campaigns"] == []

    made = clarion("import-campaign", file, "--from", service, "--data", data, "--json").json
    assert (made["name"], made["channel"], made["status"]) == ("Recall", "voice", "draft")
    assert made["retries"]["max_attempts"] == 3
    opened = {day: spans for day, spans in made["schedule"]["week"].items() if spans}
    assert list(opened) == ["monday", "tuesday"]
    assert {(span["start"], span["end"]) for spans in opened.values() for span in spans} == {("09:00", "17:00")}


@pytest.mark.parametrize("service", WRONG)
def test_what_is_wrong_is_named_as_its_service_names_it(
    clarion: Clarion, data: Path, tmp_path: Path, service: str
) -> None:
    change, field = WRONG[service]
    file = tmp_path / "theirs.json"
    file.write_text(json.dumps({**BODIES[service], **change}))
    refused = clarion("import-campaign", file, "--from", service, "--data", data)
    assert (refused.code, field in refused.err, "Traceback" in refused.err) == (1, True, False)
    assert clarion("campaign", "list", "--data", data, "--json").json["campaigns"] == []


def test_an_agent_that_is_not_here_is_told_of(clarion: Clarion, data: Path, tmp_path: Path) -> None:
    file = tmp_path / "theirs.json"
    file.write_text(json.dumps(BODIES["freya"]))
    said = clarion("import-campaign", file, "--from", "freya", "--data", data, "--dry-run").out
    assert "There is no agent named 'Ada' here; say --agent" in said.replace("\n", " ")
