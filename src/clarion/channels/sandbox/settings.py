"""What the simulated public is like and how its carriers fail: all of it settings, parsed with the field named."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from clarion.app.ports.channel import Trunk
from clarion.app.refusals import Invalid, Problem

S = TypeVar("S")

ANSWERS_BY_HOUR = (
    *(0.04, 0.03, 0.03, 0.03, 0.03, 0.05, 0.10, 0.20),
    *(0.28, 0.33, 0.36, 0.36, 0.40, 0.36, 0.34, 0.35),
    *(0.40, 0.46, 0.52, 0.54, 0.50, 0.38, 0.20, 0.08),
)
"""How likely a person picks up, by the hour of their own day (0 first). Evenings are best."""


@dataclass(frozen=True, slots=True)
class VoicePublic:
    """People with phones. Every number is a share of 1.

    The first five say what a number is, for good; the others what happens in one call. `busy`, `rejects` and
    `unreachable` are shares of the calls that nobody answers, the rest of them shares of the answered calls.
    """

    answers: tuple[float, ...] = ANSWERS_BY_HOUR
    dead: float = 0.03
    fax: float = 0.006
    ivr: float = 0.012
    blocks: float = 0.006
    screening: float = 0.08
    voicemail: float = 0.62
    mailbox_full: float = 0.05
    busy: float = 0.10
    rejects: float = 0.05
    unreachable: float = 0.07
    silence: float = 0.02
    hangs_up: float = 0.05
    opts_out: float = 0.02
    asks_callback: float = 0.06
    reaches_goal: float = 0.45


@dataclass(frozen=True, slots=True)
class SmsPublic:
    """People with handsets. Shares of all messages, but for `dead` (a number, for good) and the replies (of those
    delivered)."""

    dead: float = 0.03
    undelivered: float = 0.02
    failed: float = 0.01
    expired: float = 0.01
    opts_out: float = 0.015
    replies: float = 0.09
    reaches_goal: float = 0.5
    """Of the replies."""


@dataclass(frozen=True, slots=True)
class MailPublic:
    """People with mailboxes. `dead` is a mailbox for good; the others are shares of messages, `opens` of those
    accepted, `clicks` of those opened, `reaches_goal` of those clicked."""

    dead: float = 0.02
    full: float = 0.01
    greylists: float = 0.01
    refuses: float = 0.005
    bounces_late: float = 0.005
    opens: float = 0.38
    clicks: float = 0.16
    complains: float = 0.002
    unsubscribes: float = 0.01
    reaches_goal: float = 0.5


@dataclass(frozen=True, slots=True)
class Faults:
    """How carriers fail, as shares of the asks. A trunk's own settings may override them (`faults`)."""

    fails: float = 0.006
    throttles: float = 0.004
    times_out: float = 0.0
    """The carrier takes the order and its answer is lost."""


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """All of the sandbox. The same seed plays the same campaign identically."""

    seed: int = 1
    speed: float = 1.0
    """How many times faster than real people these live: 600 makes a two-minute call last 0.2 s."""
    capacity: int = 5000
    """Orders at a time per channel and process."""
    ask_latency: float = 0.0
    """Real seconds that one `begin` takes, half of them before the carrier writes the asks down."""
    lookup_works: bool = True
    """False: the carrier cannot say what became of an attempt."""
    magic: bool = True
    """Whether magic numbers and addresses (see `magic`) behave as written there."""
    log_dir: Path | None = None
    """Where the carrier keeps its own log, `carrier.db`. None: in memory, for this process only."""
    faults: Faults = field(default_factory=Faults)
    voice: VoicePublic = field(default_factory=VoicePublic)
    sms: SmsPublic = field(default_factory=SmsPublic)
    email: MailPublic = field(default_factory=MailPublic)


def parse_sandbox(settings: Mapping[str, Any]) -> SandboxSettings:
    """Settings from a mapping as a TOML table gives it.

    Raises:
        Invalid: every unknown field, wrong type and number out of range is named by its path (`sandbox.voice.busy`).
    """
    return _parse(SandboxSettings(), settings, "sandbox")


def parse_faults(settings: Mapping[str, Any], base: Faults) -> Faults:
    """A trunk's own `faults` over the sandbox's. Raises Invalid like `parse_sandbox`."""
    return _parse(base, settings, "faults")


def sandbox_problems(trunk: Trunk) -> list[Problem]:
    """What is wrong with a sandbox trunk's settings: it has `faults` of its own, and nothing else."""
    problems = [
        Problem(f"settings.{name}", "unknown_field", "there is no such setting")
        for name in trunk.settings
        if name != "faults"
    ]
    try:
        parse_faults(trunk.settings.get("faults", {}), Faults())
    except Invalid as invalid:
        problems += [Problem(f"settings.{p.field}", p.code, p.message) for p in invalid.problems]
    return problems


def _parse(base: S, settings: Mapping[str, Any], path: str) -> S:
    problems: list[Problem] = []
    parsed = _overlay(base, settings, path, problems)
    if problems:
        raise Invalid(problems)
    return parsed


def _overlay(base: S, settings: object, path: str, problems: list[Problem]) -> S:
    if not isinstance(settings, Mapping):
        problems.append(Problem(path, "type", "must be a table of settings"))
        return base
    known = {f.name for f in fields(base)}  # type: ignore[arg-type]  # always called with a dataclass
    changes: dict[str, Any] = {}
    for name, value in settings.items():
        where = f"{path}.{name}"
        if name not in known:
            problems.append(Problem(where, "unknown_field", "there is no such setting"))
            continue
        default = getattr(base, name)
        if is_dataclass(default):
            changes[name] = _overlay(default, value, where, problems)
        else:
            changes[name] = _value(name, default, value, where, problems)
    return base if problems else replace(base, **changes)  # type: ignore[type-var]


def _value(name: str, default: object, value: Any, where: str, problems: list[Problem]) -> Any:
    """`value` if it is fit to replace `default`; what is wrong with it goes to `problems`."""

    def no(code: str, message: str) -> None:
        problems.append(Problem(where, code, message))

    if isinstance(default, bool):
        return value if isinstance(value, bool) else no("type", "must be true or false")
    if name == "log_dir":
        return Path(value) if isinstance(value, str | Path) and str(value) else no("type", "must be a directory")
    if isinstance(default, tuple):
        if not isinstance(value, list | tuple) or len(value) != 24:
            return no("length", "must have 24 shares, one for each hour")
        return tuple(_value("share", 0.0, v, f"{where}.{hour}", problems) for hour, v in enumerate(value))
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return no("type", "must be a number")
    if isinstance(default, int):
        if not isinstance(value, int):
            return no("type", "must be a whole number")
        return value if value >= 1 or name == "seed" else no("range", "must be at least 1")
    if name == "speed":
        return float(value) if value > 0 else no("range", "must be more than 0")
    if name == "ask_latency":
        return float(value) if value >= 0 else no("range", "must not be negative")
    return float(value) if 0 <= value <= 1 else no("range", "must lie between 0 and 1")
