"""The catalog: every way out, written down. A carrier is a folder and one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from clarion.app.ports.channel import ChannelDriver
from clarion.app.ports.clock import Clock
from clarion.channels.email.smtp.driver import SmtpDriver
from clarion.channels.sandbox.driver import SandboxDriver, SandboxNetwork
from clarion.core.outcomes import Channel


@dataclass(frozen=True, slots=True)
class Means:
    """What drivers may be built from."""

    clock: Clock
    sandbox: SandboxNetwork


CATALOG: dict[tuple[Channel, str], Callable[[Means], ChannelDriver]] = {
    (Channel.VOICE, "sandbox"): lambda means: SandboxDriver(Channel.VOICE, means.sandbox),
    (Channel.SMS, "sandbox"): lambda means: SandboxDriver(Channel.SMS, means.sandbox),
    (Channel.EMAIL, "sandbox"): lambda means: SandboxDriver(Channel.EMAIL, means.sandbox),
    (Channel.EMAIL, "smtp"): lambda means: SmtpDriver(means.clock),
}


def drivers_by_name() -> dict[str, frozenset[Channel]]:
    """Which channels each driver serves: what the API lets a trunk be."""
    names: dict[str, set[Channel]] = {}
    for channel, name in CATALOG:
        names.setdefault(name, set()).add(channel)
    return {name: frozenset(channels) for name, channels in names.items()}
