"""A mail trunk's settings: every mistake is named by its field."""

from __future__ import annotations

from typing import Any

import pytest

from clarion.app.ports.channel import Trunk
from clarion.app.refusals import Invalid
from clarion.channels.email.smtp.settings import Tls, parse_smtp, smtp_problems
from clarion.core.outcomes import Channel


@pytest.mark.parametrize(
    ("settings", "port"),
    [({}, 587), ({"tls": "none"}, 25), ({"tls": "implicit"}, 465), ({"tls": "starttls", "port": 2525}, 2525)],
)
def test_the_usual_port_follows_from_the_encryption(settings: dict[str, Any], port: int) -> None:
    parsed = parse_smtp({"host": "mail.example.com", **settings})
    assert parsed.port == port
    assert parsed.tls is Tls(settings.get("tls", "starttls"))


@pytest.mark.parametrize(
    ("settings", "field", "code"),
    [
        ({"host": ""}, "settings.host", "type"),
        ({"host": None}, "settings.host", "type"),
        ({"host": "a\r\nb"}, "settings.host", "type"),
        ({"port": 0}, "settings.port", "range"),
        ({"port": 70_000}, "settings.port", "range"),
        ({"port": "25"}, "settings.port", "type"),
        ({"tls": "ssl"}, "settings.tls", "unknown_word"),
        ({"verify": 1}, "settings.verify", "type"),
        ({"max_connections": 0}, "settings.max_connections", "range"),
        ({"max_connections": 1.5}, "settings.max_connections", "type"),
        ({"timeout": -1}, "settings.timeout", "range"),
        ({"reply_to": "nobody"}, "settings.reply_to", "bad_address"),
        ({"verp": True}, "settings.verp", "no_bounce_address"),
        ({"pasword": "x"}, "settings.pasword", "unknown_field"),
    ],
)
def test_a_mistake_is_named(settings: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_smtp({"host": "mail.example.com", **settings})
    assert [(p.field, p.code) for p in refusal.value.problems] == [(field, code)]


def test_a_username_needs_a_password() -> None:
    trunk = Trunk(1, 1, Channel.EMAIL, "t", "smtp", {"host": "h", "username": "u"})
    assert [p.field for p in smtp_problems(trunk)] == ["secrets.password"]
    assert [p.field for p in smtp_problems(Trunk(1, 1, Channel.EMAIL, "t", "smtp"))] == ["settings.host"]
    assert smtp_problems(Trunk(1, 1, Channel.EMAIL, "t", "smtp", trunk.settings, {"password": "p"})) == []
