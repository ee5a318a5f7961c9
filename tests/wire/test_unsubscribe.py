"""Unsubscribe tokens and one-click posts, as bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.core.campaigns import Message
from clarion.wire.templates import compile_message
from clarion.wire.unsubscribe import (
    PLACEHOLDER,
    Ticket,
    UnsubscribeTokens,
    is_one_click,
    unsubscribe_headers,
    unsubscribe_url,
)

TOKENS = UnsubscribeTokens([b"one secret"])
ids = st.integers(0, 2**63 - 1)


@given(ids, ids, ids)
def test_a_token_is_read_back_and_is_safe_in_a_url(organization: int, contact: int, attempt: int) -> None:
    ticket = Ticket(organization, contact, attempt)
    token = TOKENS.make(ticket)
    assert TOKENS.read(token) == ticket
    assert TOKENS.make(ticket) == token
    assert len(token) == 54
    assert set(token) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")


@given(st.integers(0, 53), st.integers(1, 63))
def test_a_changed_token_is_nobodys(place: int, by: int) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = TOKENS.make(Ticket(1, 2, 3))
    other = alphabet[(alphabet.index(token[place]) + by) % 64]
    changed = token[:place] + other + token[place + 1 :]
    # The last character has spare bits: two spellings of the same bytes are the same token.
    assert TOKENS.read(changed) is None or place == 53


@pytest.mark.parametrize("token", ["", "x", "a" * 54, "é" * 54, "a" * 10_000, "=" * 54, "../..", "%00", "a b"])
def test_no_token_at_all(token: str) -> None:
    assert TOKENS.read(token) is None


@given(st.text(max_size=120))
def test_any_text_may_be_read(token: str) -> None:
    assert TOKENS.read(token) is None


def test_neighbours_have_nothing_in_common_and_secrets_can_be_rotated() -> None:
    one, two = TOKENS.make(Ticket(1, 2, 3)), TOKENS.make(Ticket(1, 2, 4))
    assert sum(a == b for a, b in zip(one, two, strict=True)) < 12
    newer = UnsubscribeTokens([b"new secret", b"one secret"])
    assert newer.read(one) == Ticket(1, 2, 3)
    assert TOKENS.read(newer.make(Ticket(1, 2, 3))) is None
    for none in ([], [b""]):
        with pytest.raises(ValueError, match="secret"):
            UnsubscribeTokens(none)


def test_the_headers_are_those_of_rfc_8058() -> None:
    url = unsubscribe_url("https://mail.example.com/", "abc")
    assert url == "https://mail.example.com/u/abc"
    assert unsubscribe_headers(url) == {
        "List-Unsubscribe": "<https://mail.example.com/u/abc>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


FORM = "application/x-www-form-urlencoded"
MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="other"\r\n\r\n1\r\n'
    b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
)


@pytest.mark.parametrize(
    ("content_type", "body", "asks"),
    [
        (FORM, b"List-Unsubscribe=One-Click", True),
        (FORM + "; charset=utf-8", b"a=b&List-Unsubscribe=One-Click", True),
        (FORM.upper(), b"List-Unsubscribe=One-Click", True),
        (FORM, b"List-Unsubscribe=One%2DClick", True),
        ("multipart/form-data; boundary=x", MULTIPART, True),
        ('multipart/form-data; boundary="x"', MULTIPART, True),
        (FORM, b"", False),
        (FORM, b"List-Unsubscribe=No", False),
        (FORM, b"list-unsubscribe=one-click", False),
        (FORM, b"&".join(b"a=b" for _ in range(1000)), False),
        (FORM, b"\xff\xfe", False),
        ("text/plain", b"List-Unsubscribe=One-Click", False),
        ("", b"List-Unsubscribe=One-Click", False),
        ("multipart/form-data", MULTIPART, False),
        ("multipart/form-data; boundary=y", MULTIPART, False),
        ("multipart/form-data; boundary=x", MULTIPART.replace(b"One-Click", b"Two-Click"), False),
        ("multipart/form-data; boundary=x\r\nX: y", MULTIPART, False),
    ],
)
def test_what_asks_to_unsubscribe(content_type: str, body: bytes, asks: bool) -> None:
    assert is_one_click(content_type, body) is asks


@given(st.sampled_from([FORM, "multipart/form-data; boundary=x", "é", "multipart/form-data; boundary=é"]), st.binary())
def test_any_body_is_read(content_type: str, body: bytes) -> None:
    assert is_one_click(content_type, body) in (True, False)


def test_every_message_may_say_its_link() -> None:
    compiled = compile_message(Message("Stop: {{ unsubscribe_url }}", html='<a href="{{ unsubscribe_url }}">stop</a>'))
    assert compiled.needed == frozenset()
    rendered = compiled.render({"unsubscribe_url": "https://evil.example"})
    assert rendered.text == f"Stop: {PLACEHOLDER}"
    assert rendered.html == f'<a href="{PLACEHOLDER}">stop</a>'
