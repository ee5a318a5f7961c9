"""The console script as processes of their own: what scripts rely on, kill -9, and several processes on PostgreSQL."""

from __future__ import annotations

import json
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from shell import PATIENCE, Clarion, free_port, running, until, when_ready

from clarion.channels.sandbox.log import read_log

pytestmark = pytest.mark.slow

PER_HOUR = 36_000
"""Ten a second: a campaign of seventy can be met in its middle."""
PEOPLE = 70


def test_what_scripts_rely_on(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    with running("init", "--data", data, "--json") as first:
        printed, _ = first.communicate(timeout=PATIENCE)
    founded = json.loads(printed)
    assert printed.count("\n") == 1
    assert (first.returncode, list(founded)) == (0, ["organization_id", "api_key"])

    with running("serve", "--data", data, "--host", "127.0.0.1", "--port", port, "--sandbox-speed", "600") as server:
        with when_ready(port, server) as api, running("serve", "--data", data, "--port", free_port()) as second:
            _, complaint = second.communicate(timeout=PATIENCE)
            assert (second.returncode, "Another clarion works on" in complaint) == (1, True)
            assert "Traceback" not in complaint
            assert api.get("/v1/campaigns").status_code == 401
            key = {"Authorization": f"Bearer {founded['api_key']}"}
            assert api.get("/v1/campaigns", headers=key).json()["items"] == []
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=8) == 0
        _, log = server.communicate()
    assert "Traceback" not in log


@pytest.fixture
def campaign(clarion: Clarion, data: Path, tmp_path: Path) -> int:
    """By voice, without retries, with seventy people, launched."""
    made: int = clarion(
        *("campaign", "create", "--data", data, "--json", "--name", "Recall", "--channel", "voice"),
        *("--rate", PER_HOUR, "--file", tmp_path / "plan.json"),
    ).json["id"]
    file = tmp_path / "people.csv"
    file.write_text("phone\n" + "".join(f"+1212555{n:04d}\n" for n in range(1_000, 1_000 + PEOPLE)))
    assert clarion("import", file, "--campaign", made, "--data", data, "--json").json["imported"]["accepted"] == PEOPLE
    assert clarion("campaign", "launch", made, "--data", data).code == 0
    return made


@pytest.fixture(autouse=True)
def plan(tmp_path: Path) -> dict[str, Any]:
    """A campaign that neither the hours nor the carrier's faults hold up for long, whenever the test runs."""
    content = {
        "schedule": {"quiet_hours": False, "zone_policy": "campaign", "zone": "UTC"},
        "retries": {"fault_delay": "1s"},
    }
    (tmp_path / "plan.json").write_text(json.dumps(content))
    return content


def test_killed_in_the_middle_everybody_is_called_once(clarion: Clarion, data: Path, campaign: int) -> None:
    carrier = data / "sandbox"

    def asked() -> int:
        return sum(ask.dialled for ask in read_log(carrier)) if (carrier / "carrier.db").exists() else 0

    serve = ("serve", "--data", data, "--port", free_port(), "--sandbox-speed", "60")
    with running(*serve) as first:
        until(lambda: asked() >= PEOPLE // 5 or first.poll() is not None, "a fifth is dialled")
        first.kill()
        first.wait(timeout=PATIENCE)
    assert PEOPLE // 5 <= asked() < PEOPLE
    with running(*serve), running("campaign", "watch", campaign, "--data", data, "--json") as watcher:
        lines, _ = watcher.communicate(timeout=PATIENCE)
    total = json.loads(lines.splitlines()[-1])["total"]
    assert (total["contacts"], total["finished"], total["live"]) == (PEOPLE, PEOPLE, 0)
    dialled = Counter(ask.address for ask in read_log(carrier) if ask.dialled)
    assert len(dialled) == PEOPLE
    assert set(dialled.values()) == {1}


@pytest.mark.postgres
def test_an_api_and_a_worker_on_postgresql(
    clarion: Clarion, data: Path, postgres_url: str, plan: dict[str, Any]
) -> None:
    ledger = ("--data", data, "--database", postgres_url)
    key = clarion("init", *ledger, "--json").json["api_key"]
    port = free_port()
    with (
        running("serve", *ledger, "--role", "worker", "--sandbox-speed", "600") as worker,
        running("serve", *ledger, "--role", "api", "--port", port) as server,
        when_ready(port, worker, server) as api,
    ):
        api.headers["Authorization"] = f"Bearer {key}"

        def post(path: str, body: Any = None) -> Any:
            answer = api.post(path, json=body)
            assert answer.is_success, answer.text
            return answer.json()

        made = post("/v1/campaigns", {"name": "Recall", "channel": "voice", **plan})["id"]
        people = [{"address": f"+1212555{n}"} for n in range(2_000, 2_020)]
        assert post(f"/v1/campaigns/{made}/contacts", {"contacts": people})["accepted"] == len(people)
        post(f"/v1/campaigns/{made}/launch")

        def over() -> Any:
            numbers = api.get(f"/v1/campaigns/{made}/numbers").json()
            return numbers["status"] == "completed" and numbers["total"]

        total = until(over, "the campaign is completed")
        assert (total["finished"], total["first_attempts"]) == (len(people), len(people))
        assert sum(total["outcomes"].values()) == total["attempts"]
        for process in (worker, server):
            process.send_signal(signal.SIGTERM)
        assert [process.wait(timeout=8) for process in (worker, server)] == [0, 0]
