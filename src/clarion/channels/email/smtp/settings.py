"""A mail host's settings, parsed from a trunk with every wrong field named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from clarion.app.ports.channel import Trunk
from clarion.app.refusals import Invalid, Problem
from clarion.wire.mail_addresses import MailAddress, parse_mail_address


class Tls(StrEnum):
    """How a connection is encrypted."""

    NONE = "none"
    STARTTLS = "starttls"
    """From port 25 or 587 on, by command; without it nothing is sent."""
    IMPLICIT = "implicit"
    """From the first byte, port 465."""


DEFAULT_PORTS = {Tls.NONE: 25, Tls.STARTTLS: 587, Tls.IMPLICIT: 465}


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """How to reach and use one mail host. Times in seconds."""

    host: str
    port: int = 0
    """0: the usual one for `tls`."""
    tls: Tls = Tls.STARTTLS
    verify: bool = True
    """Check the host's certificate."""
    ca_file: str | None = None
    """A private authority's certificate."""
    username: str | None = None
    """With the trunk's secret `password`."""
    from_address: str | None = None
    """The sender of orders that name none."""
    from_name: str | None = None
    reply_to: str | None = None
    bounce_address: str | None = None
    """Envelope sender. With `verp`, `bounces@example.com` becomes `bounces+77@example.com` for attempt 77."""
    verp: bool = False
    local_hostname: str | None = None
    """What EHLO says; this machine's name if not given."""
    max_connections: int = 4
    messages_per_connection: int = 100
    connect_timeout: float = 15.0
    timeout: float = 60.0
    """For the reply to a command."""
    data_timeout: float = 600.0
    """For the reply to a whole mail: RFC 5321, 4.5.3.2.6 asks for ten minutes."""
    idle_timeout: float = 30.0
    """How long an unused connection is kept."""


def parse_smtp(settings: Mapping[str, Any]) -> SmtpSettings:
    """A trunk's settings. Raises Invalid, every problem named by its field."""
    problems: list[Problem] = []
    known = {f.name: f for f in fields(SmtpSettings)}
    values: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in known:
            problems.append(Problem(f"settings.{name}", "unknown_field", "There is no such setting."))
            continue
        wrong = _wrong(name, known[name].default, value)
        if wrong is not None:
            problems.append(Problem(f"settings.{name}", *wrong))
        elif value is not None:
            values[name] = Tls(value) if name == "tls" else value
    if "host" not in values and not any(p.field == "settings.host" for p in problems):
        problems.append(Problem("settings.host", "missing", "The mail host's name is needed."))
    if values.get("verp") and "bounce_address" not in values:
        problems.append(
            Problem("settings.verp", "no_bounce_address", "This needs a bounce_address to put the id into.")
        )
    if problems:
        raise Invalid(problems)
    parsed = SmtpSettings(**values)
    return parsed if parsed.port else SmtpSettings(**{**values, "port": DEFAULT_PORTS[parsed.tls]})


def smtp_problems(trunk: Trunk) -> list[Problem]:
    """What is wrong with a trunk of this channel, its secrets in clear."""
    try:
        parsed = parse_smtp(trunk.settings)
    except Invalid as invalid:
        return list(invalid.problems)
    if parsed.username is not None and not trunk.secrets.get("password"):
        return [Problem("secrets.password", "missing", "A username needs a password.")]
    return []


ADDRESSES = ("from_address", "reply_to", "bounce_address")


def _wrong(name: str, default: object, value: object) -> tuple[str, str] | None:
    """(code, sentence) of what is wrong with a value, or None."""
    if value is None:
        return None if default is None else ("type", "This cannot be empty.")
    if name == "tls":
        return None if value in tuple(Tls) else ("unknown_word", f"This is one of {', '.join(Tls)}.")
    if isinstance(default, bool):
        return None if isinstance(value, bool) else ("type", "This is true or false.")
    if isinstance(default, int | float):
        if isinstance(value, bool) or not isinstance(value, int if isinstance(default, int) else int | float):
            return "type", "This is a number."
        if name == "port":
            return None if 1 <= value <= 65535 else ("range", "A port lies between 1 and 65535.")
        return None if 0 < value < 100_000 else ("range", "This must be more than 0.")
    if not isinstance(value, str) or not value.strip() or any(ord(c) < 32 for c in value):
        return "type", "This is a text of one line."
    if name in ADDRESSES and not isinstance(parse_mail_address(value), MailAddress):
        return "bad_address", "This is not an e-mail address."
    return None
