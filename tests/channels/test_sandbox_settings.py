"""The sandbox's settings: parsed whole, and every mistake named by its path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clarion.app.refusals import Invalid
from clarion.channels.sandbox.settings import Faults, SandboxSettings, parse_faults, parse_sandbox


def test_settings_are_read_from_a_table() -> None:
    parsed = parse_sandbox(
        {"seed": 7, "speed": 600, "log_dir": "/tmp/x", "faults": {"fails": 0.5}, "voice": {"answers": [0.5] * 24}}
    )
    assert (parsed.seed, parsed.speed, parsed.log_dir) == (7, 600.0, Path("/tmp/x"))
    assert parsed.faults == Faults(fails=0.5)
    assert parsed.voice.answers == (0.5,) * 24
    assert parse_sandbox({}) == SandboxSettings()


@pytest.mark.parametrize(
    ("table", "field", "code"),
    [
        ({"sped": 2}, "sandbox.sped", "unknown_field"),
        ({"speed": 0}, "sandbox.speed", "range"),
        ({"speed": "fast"}, "sandbox.speed", "type"),
        ({"seed": 1.5}, "sandbox.seed", "type"),
        ({"seed": True}, "sandbox.seed", "type"),
        ({"capacity": 0}, "sandbox.capacity", "range"),
        ({"ask_latency": -1}, "sandbox.ask_latency", "range"),
        ({"ask_latency": float("nan")}, "sandbox.ask_latency", "type"),
        ({"lookup_works": 1}, "sandbox.lookup_works", "type"),
        ({"log_dir": 3}, "sandbox.log_dir", "type"),
        ({"voice": 3}, "sandbox.voice", "type"),
        ({"voice": {"busy": 1.5}}, "sandbox.voice.busy", "range"),
        ({"voice": {"answers": [0.5]}}, "sandbox.voice.answers", "length"),
        ({"voice": {"answers": [0.5] * 23 + ["x"]}}, "sandbox.voice.answers.23", "type"),
        ({"email": {"opens": -0.1}}, "sandbox.email.opens", "range"),
    ],
)
def test_a_mistake_is_named(table: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_sandbox(table)
    assert [(p.field, p.code) for p in refusal.value.problems] == [(field, code)]


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(Invalid) as refusal:
        parse_sandbox({"speed": -1, "sms": {"dead": 2, "nope": 1}})
    assert [p.field for p in refusal.value.problems] == ["sandbox.speed", "sandbox.sms.dead", "sandbox.sms.nope"]


def test_a_trunks_faults_go_over_the_sandboxs() -> None:
    assert parse_faults({"fails": 0.2}, Faults(throttles=0.3)) == Faults(fails=0.2, throttles=0.3)
