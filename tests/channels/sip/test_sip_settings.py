"""A SIP trunk's settings: every mistake is named by its field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clarion.app.ports.channel import Trunk
from clarion.app.refusals import Invalid
from clarion.channels.voice.sip.line import LineConfig
from clarion.channels.voice.sip.settings import Srtp, Transport, parse_sip, sip_problems
from clarion.core.outcomes import Channel


@pytest.mark.parametrize(
    "settings, port",
    [
        ({}, 5060),
        ({"transport": "tcp"}, 5060),
        ({"transport": "tls"}, 5061),
        ({"transport": "tls", "port": 5099}, 5099),
    ],
)
def test_the_usual_port_follows_from_the_transport(settings: dict[str, Any], port: int) -> None:
    parsed = parse_sip({"host": "sip.example.com", **settings})
    assert parsed.port == port
    assert parsed.transport is Transport(settings.get("transport", "udp"))


@pytest.mark.parametrize(
    "settings, number, uri",
    [
        ({}, "+12125550123", "sip:+12125550123@sip.example.com:5060;transport=udp"),
        ({"plus": False}, "+12125550123", "sip:12125550123@sip.example.com:5060;transport=udp"),
        ({"prefix": "9#", "plus": False}, "+12125550123", "sip:9#12125550123@sip.example.com:5060;transport=udp"),
        ({"host": "::1", "port": 7}, "+1", "sip:+1@[::1]:7;transport=udp"),
    ],
)
def test_what_is_dialled(settings: dict[str, Any], number: str, uri: str) -> None:
    assert parse_sip({"host": "sip.example.com", **settings}).uri(number) == uri


@pytest.mark.parametrize(
    "settings, field, code",
    [
        ({"host": ""}, "settings.host", "type"),
        ({"host": None}, "settings.host", "type"),
        ({"host": "a b"}, "settings.host", "bad_host"),
        ({"host": "x@y"}, "settings.host", "bad_host"),
        ({"host": "a\r\nb"}, "settings.host", "type"),
        ({"host": "192.0.2.7", "transport": "tls"}, "settings.host", "needs_name"),
        ({"host": "2001:db8::7", "transport": "tls"}, "settings.host", "needs_name"),
        ({"port": 0}, "settings.port", "range"),
        ({"port": "5060"}, "settings.port", "type"),
        ({"port": True}, "settings.port", "type"),
        ({"transport": "sctp"}, "settings.transport", "unknown_word"),
        ({"verify": 1}, "settings.verify", "type"),
        ({"srtp": True}, "settings.srtp", "unknown_word"),
        ({"dtmf": "inband"}, "settings.dtmf", "unknown_word"),
        ({"codecs": []}, "settings.codecs", "type"),
        ({"codecs": "pcmu"}, "settings.codecs", "type"),
        ({"codecs": ["g729"]}, "settings.codecs", "unknown_word"),
        ({"codecs": ["pcmu", "pcmu"]}, "settings.codecs", "repeated"),
        ({"headers": ["X-A: b"]}, "settings.headers", "type"),
        ({"headers": {"X A": "b"}}, "settings.headers", "bad_header"),
        ({"headers": {"X-A": "b\r\nEvil: c"}}, "settings.headers", "bad_header"),
        ({"headers": {"Call-ID": "b"}}, "settings.headers", "reserved_header"),
        ({"username": "a;b"}, "settings.username", "bad_name"),
        ({"auth_username": "a b"}, "settings.auth_username", "bad_name"),
        ({"from_domain": "<x>"}, "settings.from_domain", "bad_host"),
        ({"proxy": "sip:x"}, "settings.proxy", "bad_host"),
        ({"proxy": "sbc.example.com;transport=udp"}, "settings.proxy", "bad_host"),
        ({"proxy": "192.0.2.7:5061", "transport": "tls"}, "settings.host", "needs_name"),
        ({"prefix": "abc"}, "settings.prefix", "bad_prefix"),
        ({"register": True}, "settings.register", "no_username"),
        ({"identity": "p-asserted-identity"}, "settings.identity", "no_username"),
        ({"register_every": 5}, "settings.register_every", "range"),
        ({"response_timeout": 0}, "settings.response_timeout", "range"),
        ({"rtp_timeout": -1}, "settings.rtp_timeout", "range"),
        ({"rtp_timeout": "20"}, "settings.rtp_timeout", "type"),
        ({"colour": "red"}, "settings.colour", "unknown_field"),
    ],
)
def test_each_mistake_is_named(settings: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_sip({"host": "sip.example.com", **settings})
    assert [(p.field, p.code) for p in refused.value.problems] == [(field, code)]


def test_every_mistake_is_named_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        parse_sip({"port": -1, "srtp": "maybe", "colour": "red"})
    assert {p.field for p in refused.value.problems} == {
        *("settings.port", "settings.srtp", "settings.colour", "settings.host")
    }


def test_everything_given() -> None:
    parsed = parse_sip(
        {
            "host": "acme.pstn.example.com",
            "transport": "tls",
            "srtp": "required",
            "codecs": ["opus", "pcmu"],
            "headers": {"X-Account": "7"},
            "username": "acme",
            "proxy": "sbc.example.com:5070",
            "prefix": "",
            "rtp_timeout": 0,
        }
    )
    assert parsed.srtp is Srtp.REQUIRED
    assert parsed.codecs == ("opus", "pcmu")
    assert parsed.digest_name == "acme"
    assert parsed.rtp_timeout == 0
    assert parsed.proxy_uri == "sip:sbc.example.com:5070;transport=tls"


@pytest.mark.parametrize(
    "settings, secrets, fields",
    [
        ({}, {}, []),
        ({"username": "acme"}, {"password": "x"}, []),
        ({"username": "acme"}, {}, ["secrets.password"]),
        ({"auth_username": "acme"}, {"password": ""}, ["secrets.password"]),
        ({"username": "acme"}, {"password": 'a"b'}, ["secrets.password"]),
        ({"username": "acme"}, {"password": "a\\b"}, ["secrets.password"]),
        ({}, {"token": "x"}, ["secrets.token"]),
        ({"transport": "tls", "ca_file": "/no/such/file.pem"}, {}, ["settings.ca_file"]),
        ({"host": ""}, {}, ["settings.host"]),
    ],
)
def test_a_trunks_problems(settings: dict[str, Any], secrets: dict[str, str], fields: list[str]) -> None:
    given = {"host": "sip.example.com", **settings}
    trunk = Trunk(1, 1, Channel.VOICE, "a trunk", "sip", given, secrets)
    assert [p.field for p in sip_problems(trunk)] == fields


def test_a_lines_config_is_as_strict_as_its_strictest_trunk(tmp_path: Path) -> None:
    tls = {"host": "sip.example.com", "transport": "tls"}
    lax = parse_sip({**tls, "verify": False})
    strict = parse_sip({**tls, "ca_file": str(tmp_path / "ca.pem")})
    plain = parse_sip({"host": "sip.example.com", "verify": False})
    assert LineConfig.for_trunks([]).verify
    assert LineConfig.for_trunks([plain]).verify
    assert not LineConfig.for_trunks([lax, plain]).verify
    both = LineConfig.for_trunks([lax, strict, plain], max_calls=7)
    assert (both.verify, both.ca_files, both.max_calls) == (True, (str(tmp_path / "ca.pem"),), 7)
