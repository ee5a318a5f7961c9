"""Sealed secrets: opened by the keys that sealed them, over a rotation, and by nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.wire.secrets import Seal, SealBroken

SEAL = Seal(Seal.new_key())


@given(st.text())
def test_what_is_sealed_can_be_opened_and_not_read(text: str):
    sealed = SEAL.seal(text)
    assert SEAL.open(sealed) == text
    assert len(text) < 8 or text not in sealed


def test_a_new_key_on_top_opens_what_the_old_one_sealed():
    old, new = Seal.new_key(), Seal.new_key()
    sealed = Seal(old).seal("secret")
    both = Seal(new + old)
    assert both.open(sealed) == "secret"
    with pytest.raises(SealBroken):
        Seal(old).open(both.seal("secret"))


@pytest.mark.parametrize("change", [lambda text: text[:-4] + "AAA=", lambda text: "", lambda text: "nonsense"])
def test_what_was_changed_is_not_opened(change):
    with pytest.raises(SealBroken):
        SEAL.open(change(SEAL.seal("secret")))


@pytest.mark.parametrize("keys", [b"", b"\n\n", b"too short\n"])
def test_a_key_file_needs_a_key(keys: bytes):
    with pytest.raises(ValueError):
        Seal(keys)
