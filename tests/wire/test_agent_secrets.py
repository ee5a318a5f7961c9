"""Which parts of an agent's configuration are secrets, and that a mask stands for what is there."""

from __future__ import annotations

from typing import Any

import pytest

from clarion.wire.agent_secrets import MASK, NoSeal, masked, sealed


class Backwards:
    """Seals by turning round: to be seen in a test."""

    def seal(self, text: str) -> str:
        return text[::-1]


@pytest.mark.parametrize(
    "config, hidden",
    [
        ({"llm": {"api_key": "abc", "model": "m"}}, {"llm": {"api_key": MASK, "model": "m"}}),
        ({"tts": [{"apiKey": "abc"}]}, {"tts": [{"apiKey": MASK}]}),
        (
            {"tools": [{"headers": {"Authorization": "abc", "Accept": "json"}}]},
            {"tools": [{"headers": {"Authorization": MASK, "Accept": "json"}}]},
        ),
        (
            {"headers": [{"key": "X-Api-Key", "value": "abc"}, {"key": "Accept", "value": "json"}]},
            {"headers": [{"key": "X-Api-Key", "value": MASK}, {"key": "Accept", "value": "json"}]},
        ),
        ({"tool_headers": {"x-token": "abc"}}, {"tool_headers": {"x-token": MASK}}),
        ({"api_key": "", "prompt": "Ask for the api_key."}, {"api_key": "", "prompt": "Ask for the api_key."}),
        ({"api_key": None, "headers": None, "n": 1}, {"api_key": None, "headers": None, "n": 1}),
    ],
)
def test_secrets_are_sealed_and_masked_and_nothing_else(config: dict[str, Any], hidden: dict[str, Any]) -> None:
    stored = sealed(config, Backwards(), None)
    assert "abc" not in str(stored)
    assert masked(stored) == hidden
    assert sealed(hidden, Backwards(), stored) == stored, "a mask that comes back changes nothing"


def test_a_new_secret_replaces_the_old_one() -> None:
    stored = sealed({"api_key": "abc"}, Backwards(), None)
    assert sealed({"api_key": "xyz"}, Backwards(), stored) == {"api_key": "sealed:zyx"}
    assert sealed({}, Backwards(), stored) == {}


def test_without_a_seal_a_secret_is_refused() -> None:
    assert sealed({"prompt": "Hi"}, None, None) == {"prompt": "Hi"}
    with pytest.raises(NoSeal):
        sealed({"api_key": "abc"}, None, None)
