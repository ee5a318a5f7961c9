"""Where a webhook may lead: public addresses in any disguise, and URLs of a plain form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.wire.private_addresses import why_refused
from clarion.wire.retry_after import parse_retry_after
from clarion.wire.webhook_urls import why_bad_url

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "address, why",
    [
        ("8.8.8.8", None),
        ("172.15.255.255", None),
        ("172.32.0.1", None),
        ("100.63.255.255", None),
        ("223.255.255.255", None),
        ("2606:4700::1111", None),
        ("::ffff:8.8.8.8", None),
        ("64:ff9b::808:808", None),
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("0.0.0.0", "this network"),
        ("10.1.2.3", "private"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "shared by a carrier"),
        ("100.100.100.200", "cloud metadata"),
        ("169.254.1.1", "link-local"),
        ("169.254.169.254", "cloud metadata"),
        ("168.63.129.16", "cloud metadata"),
        ("192.0.0.192", "protocol assignments"),
        ("192.0.2.1", "documentation"),
        ("198.19.255.255", "benchmarking"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("fec0::1", "site-local"),
        ("fd00::1", "private"),
        ("fd00:ec2::254", "cloud metadata"),
        ("ff02::1", "multicast"),
        ("2001:db8::1", "documentation"),
        ("2001:0:53aa:64c::1", "protocol assignments"),
        ("2002:7f00:1::1", "6to4"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:a00:1", "private"),
        ("::ffff:0:a9fe:a9fe", "cloud metadata"),
        ("::7f00:1", "loopback"),
        ("64:ff9b::7f00:1", "loopback"),
        ("64:ff9b::a9fe:a9fe", "cloud metadata"),
        ("64:ff9b:1::a00:1", "not globally routed"),
        ("100::1", "not globally routed"),
        ("4000::1", "not globally routed"),
    ],
)
def test_addresses(address: str, why: str | None) -> None:
    assert why_refused(address) == why


@given(st.ip_addresses(v=4))
def test_a_disguise_changes_nothing(address: IPv4Address) -> None:
    plain = why_refused(str(address))
    packed = f"{int(address) >> 16:x}:{int(address) & 0xFFFF:x}"
    assert why_refused(f"::ffff:{packed}") == plain
    assert why_refused(f"64:ff9b::{packed}") == plain


@given(st.ip_addresses(v=4))
def test_what_the_standard_library_calls_private_is_refused(address: IPv4Address) -> None:
    if address.is_private or address.is_multicast or address.is_reserved or address.is_loopback:
        assert why_refused(str(address)) is not None


def test_exceptions_reach_as_far_as_they_say() -> None:
    allowed = (ip_network("10.1.0.0/16"), ip_network("fd00::/8"))
    assert why_refused("10.1.2.3", allowed) is None
    assert why_refused("::ffff:10.1.2.3", allowed) is None
    assert why_refused("fd12::1", allowed) is None
    assert why_refused("10.2.0.1", allowed) == "private"
    assert why_refused("127.0.0.1", allowed) == "loopback"


@pytest.mark.parametrize(
    "url, allow_http, part",
    [
        ("https://hooks.example.com/a?b=c", False, None),
        ("https://hooks.example.com:8443/", False, None),
        ("https://8.8.8.8/", False, None),
        ("http://hooks.example.com/", True, None),
        ("http://hooks.example.com/", False, "plain http"),
        ("ftp://hooks.example.com/", True, "begin with https"),
        ("file:///etc/passwd", True, "begin with https"),
        ("hooks.example.com", True, "begin with https"),
        ("https://", False, "begin with https"),
        ("https://user:pw@hooks.example.com/", False, "user name"),
        ("https://hooks.example.com/#x", False, "fragment"),
        ("https://127.0.0.1/", False, "loopback"),
        ("https://[::1]/", False, "loopback"),
        ("https://[::ffff:10.0.0.1]/", False, "private"),
        ("https://example.com:99999/", False, "no port"),
        ("https://example.com:0/", False, "no port"),
        ("https://example.com/\x00", False, "no URL"),
        ("https://example.com/" + "a" * 2000, False, "longer"),
    ],
)
def test_urls(url: str, allow_http: bool, part: str | None) -> None:
    why = why_bad_url(url, allow_http=allow_http)
    assert (why is None) if part is None else (why is not None and part in why)


@pytest.mark.parametrize(
    "header, wait",
    [
        ("120", timedelta(minutes=2)),
        (" 0 ", timedelta()),
        ("Mon, 23 Nov 2026 15:01:00 GMT", timedelta(minutes=1)),
        ("Mon, 23 Nov 2026 14:00:00 GMT", timedelta()),
        ("9" * 400, timedelta(seconds=10**9)),
        ("-5", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after(header: str, wait: timedelta | None) -> None:
    assert parse_retry_after(header, NOW) == wait
