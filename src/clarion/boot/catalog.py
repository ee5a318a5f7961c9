"""The catalog: every way out and every vendor's way in, written down. Each is a folder and one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from clarion.app.ports.channel import ChannelDriver
from clarion.app.ports.clock import Clock
from clarion.app.ports.payloads import PayloadFormat
from clarion.app.trunks import Drivers, TrunkCheck
from clarion.channels.email.smtp.driver import SmtpDriver
from clarion.channels.email.smtp.settings import smtp_problems
from clarion.channels.sandbox.driver import SandboxDriver, SandboxNetwork
from clarion.channels.sandbox.settings import sandbox_problems
from clarion.core.outcomes import Channel

if TYPE_CHECKING:
    from clarion.surfaces.vendors.vendor import Vendor


@dataclass(frozen=True, slots=True)
class Means:
    """What drivers may be built from."""

    clock: Clock
    sandbox: SandboxNetwork


@dataclass(frozen=True, slots=True)
class Entry:
    """A driver: how it is built, and what it finds wrong with a trunk's settings before anybody is called over it."""

    build: Callable[[Means], ChannelDriver]
    check: TrunkCheck


def _sandbox(channel: Channel) -> Entry:
    return Entry(lambda means: SandboxDriver(channel, means.sandbox), sandbox_problems)


CATALOG: dict[tuple[Channel, str], Entry] = {
    (Channel.VOICE, "sandbox"): _sandbox(Channel.VOICE),
    (Channel.SMS, "sandbox"): _sandbox(Channel.SMS),
    (Channel.EMAIL, "sandbox"): _sandbox(Channel.EMAIL),
    (Channel.EMAIL, "smtp"): Entry(lambda means: SmtpDriver(means.clock), smtp_problems),
}


class VendorName(StrEnum):
    """Whose APIs are spoken here."""

    AUTOCALLS = "autocalls"
    FREYA = "freya"
    REVOX = "revox"
    SYLLABLE = "syllable"


@cache
def vendors() -> dict[VendorName, Vendor]:
    """Them all. Their shapes take half a second to build, so whoever serves nothing does without."""
    from clarion.surfaces.vendors.autocalls.app import VENDOR as AUTOCALLS
    from clarion.surfaces.vendors.freya.app import VENDOR as FREYA
    from clarion.surfaces.vendors.revox.app import VENDOR as REVOX
    from clarion.surfaces.vendors.syllable.app import VENDOR as SYLLABLE

    return {VendorName(vendor.name): vendor for vendor in (AUTOCALLS, FREYA, REVOX, SYLLABLE)}


def payload_formats() -> dict[str, PayloadFormat]:
    """Who words the payloads of vendors' webhooks, by format."""
    return {name: each for vendor in vendors().values() for name, each in vendor.formats.items()}


def trunk_checks() -> Drivers:
    """What the API lets a trunk be, each with its driver's check."""
    return {name: entry.check for name, entry in CATALOG.items()}
