"""Mailboxes as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.app.addresses import normal_address
from clarion.core.outcomes import Channel
from clarion.wire.mail_addresses import BadMailAddress, MailAddress, parse_mail_address


@pytest.mark.parametrize(
    "text,value",
    [
        ("ann@example.com", "ann@example.com"),
        ("  Ann@Example.COM ", "Ann@example.com"),
        ("Ann Miller <ann@example.com>", "ann@example.com"),
        ('"Miller, Ann" <ann@example.com>', "ann@example.com"),
        ("mailto:ann@example.com", "ann@example.com"),
        ("ann+news@sub.example.co.uk", "ann+news@sub.example.co.uk"),
        ("ann@example.com.", "ann@example.com"),
        ("ann@münchen.example", "ann@xn--mnchen-3ya.example"),
        ("jürgen@example.com", "jürgen@example.com"),
    ],
)
def test_addresses_that_are_read(text: str, value: str) -> None:
    assert parse_mail_address(text) == MailAddress(value)
    if "<" not in text and "mailto:" not in text:  # suppressions find contacts by the same spelling
        assert normal_address(Channel.EMAIL, text, "US") == value


@pytest.mark.parametrize(
    "text,code",
    [
        ("", "empty"),
        ("<>", "empty"),
        ("ann", "not_an_address"),
        ("@example.com", "bad_local_part"),
        ("a b@example.com", "bad_local_part"),
        ("a..b@example.com", "bad_local_part"),
        (".a@example.com", "bad_local_part"),
        ("a@b@example.com", "bad_local_part"),
        (f"{'a' * 65}@example.com", "bad_local_part"),
        ("ann@localhost", "bad_domain"),
        ("ann@example", "bad_domain"),
        ("ann@-example.com", "bad_domain"),
        ("ann@exa mple.com", "bad_domain"),
        ("ann@127.0.0.1", "bad_domain"),
        ("ann@example.com\nBcc: x@example.com", "bad_local_part"),
        (f"ann@{'a.' * 130}com", "too_long"),
    ],
)
def test_addresses_that_are_refused_with_the_reason(text: str, code: str) -> None:
    bad = parse_mail_address(text)
    assert isinstance(bad, BadMailAddress), bad
    assert bad.code == code


@given(st.text(max_size=60), st.text(max_size=60))
def test_what_is_read_is_one_line_with_one_at(local: str, domain: str) -> None:
    found = parse_mail_address(f"{local}@{domain}")
    if isinstance(found, MailAddress):
        assert found.value.count("@") == 1
        assert not set(found.value) & set(" \r\n\t\0,;<>")
        assert parse_mail_address(found.value) == found
