"""Who calls in these tests: a plan for a far end, a clock, and certificates' paths."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from far_end import HOST, FarEnd

from clarion.channels.voice.sip.line import CallPlan
from clarion.channels.voice.sip.settings import SipSettings, Transport


class WallClock:
    """The real time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def plan_for(far: FarEnd, **changes: Any) -> CallPlan:
    """A call to this far end; words of the trunk's settings and of the plan in one."""
    trunk = {name: changes.pop(name) for name in list(changes) if name in SipSettings.__dataclass_fields__}
    given: dict[str, Any] = {"host": HOST, "port": far.tls_port or far.port, "transport": Transport(far.transport)}
    if far.tls_port:
        given |= {"transport": Transport.TLS, "host": "localhost"}
    what: dict[str, Any] = {"number": "+12125550123", "caller_id": "+12025550000"}
    what["ring_timeout"] = timedelta(seconds=changes.pop("ring", 3.0))
    what["max_duration"] = timedelta(seconds=changes.pop("longest", 20.0))
    return CallPlan(1, SipSettings(**{**given, **trunk}), **{**what, **changes})


@dataclass(frozen=True)
class Papers:
    """An authority and certificates, made by openssl."""

    authority: Path
    good: tuple[Path, Path]
    """For 127.0.0.1 and localhost."""
    other_name: tuple[Path, Path]
    """By the same authority, for another host."""
    own: tuple[Path, Path]
    """Signed by itself."""
    expired: tuple[Path, Path]
