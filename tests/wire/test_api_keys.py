"""API keys: their form, and that only the whole key proves itself."""

from __future__ import annotations

import pytest

from clarion.wire.api_keys import new_credential, parse_credential


def test_a_key_proves_itself_and_no_other():
    one, other = new_credential(), new_credential()
    assert parse_credential(one.raw) == one
    assert one.proves(one.digest)
    assert not other.proves(one.digest)
    assert one.secret not in repr(one)
    assert len(one.digest) == 32


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "clarion_",
        "clarion_0123456789ab_",
        "clarion_0123456789ab_" + "x" * 42,
        "clarion_0123456789ab_" + "x" * 44,
        "clarion_0123456789AB_" + "x" * 43,
        "clarion_0123456789ab_" + "é" * 43,
        "other_0123456789ab_" + "x" * 43,
        " clarion_0123456789ab_" + "x" * 43,
        "clarion_0123456789ab_" + "x" * 43 + "\n",
    ],
)
def test_what_has_not_the_form_of_a_key(raw: str):
    assert parse_credential(raw) is None
