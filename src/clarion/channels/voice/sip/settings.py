"""A SIP trunk's settings, parsed from a trunk with every wrong field named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from clarion.app.ports.channel import Trunk
from clarion.app.refusals import Invalid, Problem


class Transport(StrEnum):
    """What SIP's messages travel by."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


class Srtp(StrEnum):
    """Whether the sound is encrypted, with keys in the SDP (SDES, RFC 4568): safe only over TLS."""

    OFF = "off"
    OFFERED = "offered"
    """In clear when the carrier does not want it."""
    REQUIRED = "required"


class Identity(StrEnum):
    """Where the number that the person sees is written."""

    FROM = "from"
    ASSERTED = "p-asserted-identity"
    """RFC 3325; `From` is the account's own name."""
    REMOTE_PARTY = "remote-party-id"


class Dtmf(StrEnum):
    """How keys are sent."""

    RTP = "rtp"
    """Telephone events, RFC 4733."""
    INFO = "info"
    AUTO = "auto"


CODECS = ("pcmu", "pcma", "g722", "opus")
DEFAULT_PORTS = {Transport.UDP: 5060, Transport.TCP: 5060, Transport.TLS: 5061}
WORDS: Mapping[str, type[StrEnum]] = {
    "transport": Transport,
    "srtp": Srtp,
    "identity": Identity,
    "dtmf": Dtmf,
}
OUR_HEADERS = frozenset(
    {
        *("via", "from", "to", "call-id", "cseq", "contact", "max-forwards", "route", "record-route", "allow"),
        *("supported", "user-agent", "content-type", "content-length", "authorization", "proxy-authorization"),
        *("p-asserted-identity", "remote-party-id"),
    }
)
"""Headers that a trunk cannot set: the call could not be set up or be told apart."""


@dataclass(frozen=True, slots=True)
class SipSettings:
    """How to reach and use one SIP trunk. Times in seconds."""

    host: str
    """A name or an address; what the carrier calls its SIP URI, domain or termination URI."""
    port: int = 0
    """0: the usual one for `transport`."""
    transport: Transport = Transport.UDP
    verify: bool = True
    """Check the carrier's certificate and that it is the host's. Holds for all trunks of a process: see `line.py`."""
    ca_file: str | None = None
    """A private authority's certificates (PEM), besides those that the system trusts."""
    proxy: str | None = None
    """Where messages are sent if not to `host`, by the same transport: `sbc.example.com`, `10.0.0.5:5070`."""
    username: str | None = None
    """The account's name, with the trunk's secret `password`."""
    auth_username: str | None = None
    """The name in digests, if it is not `username`."""
    from_domain: str | None = None
    """Right of the @ in `From`; `host` if not given."""
    identity: Identity = Identity.FROM
    register: bool = False
    register_every: int = 600
    srtp: Srtp = Srtp.OFF
    codecs: tuple[str, ...] = ("pcmu", "pcma")
    """In order of preference."""
    dtmf: Dtmf = Dtmf.RTP
    headers: Mapping[str, str] = field(default_factory=dict)
    """On every INVITE."""
    plus: bool = True
    """Numbers are dialled as +12125550123; without it, as 12125550123."""
    prefix: str = ""
    """Goes before the number: an access or routing code."""
    response_timeout: float = 8.0
    """Without any response until then the trunk counts as not there; over UDP that is four sendings."""
    rtp_timeout: float = 20.0
    """Without sound until then an answered call is hung up; 0: never."""

    @property
    def digest_name(self) -> str | None:
        """The name that digests are made with."""
        return self.auth_username or self.username

    @property
    def authority(self) -> str:
        """`host:port`, an IPv6 address in brackets."""
        host = f"[{self.host}]" if ":" in self.host and not self.host.startswith("[") else self.host
        return f"{host}:{self.port or DEFAULT_PORTS[self.transport]}"

    @property
    def proxy_uri(self) -> str | None:
        """The proxy with the trunk's transport: the stack would send to it by UDP otherwise."""
        return f"sip:{self.proxy};transport={self.transport}" if self.proxy is not None else None

    @property
    def host_uri(self) -> str:
        """The host itself: registrations go to it and not to `from_domain`."""
        return f"sip:{self.authority};transport={self.transport}"

    @property
    def by_address(self) -> bool:
        """Whether what is connected to is an IP address and no name."""
        host = self.host if self.proxy is None else re.sub(r":\d+$", "", self.proxy)
        try:
            ip_address(host.strip("[]"))
        except ValueError:
            return False
        return True

    def uri(self, number: str) -> str:
        """What is dialled for a number in E.164."""
        digits = number if self.plus else number.removeprefix("+")
        return f"sip:{self.prefix}{digits}@{self.authority};transport={self.transport}"


def parse_sip(settings: Mapping[str, Any]) -> SipSettings:
    """A trunk's settings. Raises Invalid, every problem named by its field."""
    problems: list[Problem] = []
    known = {f.name for f in fields(SipSettings)}
    values: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in known:
            problems.append(Problem(f"settings.{name}", "unknown_field", "There is no such setting."))
            continue
        wrong = _wrong(name, value)
        if wrong is not None:
            problems.append(Problem(f"settings.{name}", *wrong))
        elif value is not None:
            values[name] = _read(name, value)
    if "host" not in values and not any(p.field == "settings.host" for p in problems):
        problems.append(Problem("settings.host", "missing", "The carrier's host name is needed."))
    if values.get("register") and "username" not in values:
        problems.append(Problem("settings.register", "no_username", "Who registers needs a username."))
    if values.get("identity", Identity.FROM) is not Identity.FROM and "username" not in values:
        problems.append(Problem("settings.identity", "no_username", "From needs a username then."))
    if problems:
        raise Invalid(problems)
    parsed = SipSettings(**values)
    if parsed.transport is Transport.TLS and parsed.verify and parsed.by_address:
        raise Invalid(
            [Problem("settings.host", "needs_name", "A certificate is checked against a name: give the host's name.")]
        )
    return parsed if parsed.port else SipSettings(**{**values, "port": DEFAULT_PORTS[parsed.transport]})


def sip_problems(trunk: Trunk) -> list[Problem]:
    """What is wrong with a trunk of this channel, its secrets in clear."""
    try:
        parsed = parse_sip(trunk.settings)
    except Invalid as invalid:
        return list(invalid.problems)
    password = trunk.secrets.get("password", "")
    found = [
        Problem(f"secrets.{name}", "unknown_field", "There is no such secret.")
        for name in trunk.secrets
        if name != "password"
    ]
    if parsed.digest_name is not None and not password:
        found.append(Problem("secrets.password", "missing", "A username needs a password."))
    if any(c in '"\\' or ord(c) < 32 for c in password):
        found.append(Problem("secrets.password", "bad_characters", 'A password cannot hold " or \\ or line breaks.'))
    if parsed.ca_file is not None and not Path(parsed.ca_file).is_file():
        found.append(Problem("settings.ca_file", "not_found", "There is no such file on this machine."))
    return found


_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]+\]?")
_USER = re.compile(r"[A-Za-z0-9!$&'()*+,./=_~%-]+")
_HEADER = re.compile(r"[A-Za-z0-9!%'*+.`_~-]{1,63}")
_PROXY = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")
_TIMES = {"register_every": (30, 86_400), "response_timeout": (1, 32), "rtp_timeout": (0, 3_600)}


def _read(name: str, value: Any) -> Any:
    if name in WORDS:
        return WORDS[name](value)
    if name == "codecs":
        return tuple(value)
    return dict(value) if name == "headers" else value


def _wrong(name: str, value: object) -> tuple[str, str] | None:
    """(code, sentence) of what is wrong with a value, or None."""
    if value is None:
        optional = name in {"ca_file", "proxy", "username", "auth_username", "from_domain"}
        return None if optional else ("type", "This cannot be empty.")
    if name in WORDS:
        return None if value in tuple(WORDS[name]) else ("unknown_word", f"This is one of {', '.join(WORDS[name])}.")
    if name in {"verify", "register", "plus"}:
        return None if isinstance(value, bool) else ("type", "This is true or false.")
    if name == "port" or name in _TIMES:
        return _wrong_number(name, value)
    if name == "codecs":
        return _wrong_codecs(value)
    if name == "headers":
        return _wrong_headers(value)
    return _wrong_text(name, value)


def _wrong_number(name: str, value: object) -> tuple[str, str] | None:
    whole = name in {"port", "register_every"}
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        return "type", "This is a number."
    if name == "port":
        return None if 1 <= value <= 65535 else ("range", "A port lies between 1 and 65535.")
    low, high = _TIMES[name]
    return None if low <= value <= high else ("range", f"This lies between {low} and {high} seconds.")


def _wrong_codecs(value: object) -> tuple[str, str] | None:
    if not isinstance(value, list | tuple) or not value:
        return "type", "This is a list of codecs."
    if any(codec not in CODECS for codec in value):
        return "unknown_word", f"Codecs are {', '.join(CODECS)}."
    return None if len(set(value)) == len(value) else ("repeated", "A codec stands here twice.")


def _wrong_headers(value: object) -> tuple[str, str] | None:
    if not isinstance(value, Mapping):
        return "type", "This is an object of names and texts."
    for header, text in value.items():
        if not isinstance(header, str) or _HEADER.fullmatch(header) is None:
            return "bad_header", "A header's name has letters, digits and -."
        if header.lower() in OUR_HEADERS:
            return "reserved_header", f"{header} is written by clarion."
        if not isinstance(text, str) or len(text) > 512 or any(ord(c) < 32 or ord(c) == 127 for c in text):
            return "bad_header", f"{header} is a text of one line."
    return None


def _wrong_text(name: str, value: object) -> tuple[str, str] | None:
    if not isinstance(value, str) or any(ord(c) < 32 for c in value) or (not value.strip() and name != "prefix"):
        return "type", "This is a text of one line."
    if name in {"host", "from_domain"} and _HOST.fullmatch(value) is None:
        return "bad_host", "This is a host name or an address."
    if name == "proxy" and _PROXY.fullmatch(value) is None:
        return "bad_host", "This is a host, or a host and a port."
    if name in {"username", "auth_username"} and _USER.fullmatch(value) is None:
        return "bad_name", "A name cannot hold spaces, quotes, @, : or ;."
    if name == "prefix" and re.fullmatch(r"[0-9*#+]*", value) is None:
        return "bad_prefix", "A prefix has digits, * and #."
    return None
