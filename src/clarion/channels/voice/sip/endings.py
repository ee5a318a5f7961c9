"""How a call ended, as a report: SIP's final response, the cause in its `Reason`, and who ended it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from clarion.app.ports.channel import Lost
from clarion.core.contacts import Report
from clarion.core.outcomes import Outcome
from clarion.wire.sip_codes import from_sip, sip_detail


class Why(StrEnum):
    """What ended a call."""

    FAR_END = "far_end"
    """A final response that is not 200, or their BYE."""
    HUNG_UP = "hung_up"
    """Our BYE or CANCEL, because somebody asked for it."""
    RING_TIMEOUT = "ring_timeout"
    """Our CANCEL: it rang and nobody answered in time."""
    MAX_DURATION = "max_duration"
    """Our BYE at the cap."""
    RTP_TIMEOUT = "rtp_timeout"
    """Our BYE: no sound came any more."""
    TRANSFERRED = "transferred"
    """The far end reported that it reached the transfer's target."""
    NO_RESPONSE = "no_response"
    """Nothing answered at all, not even with 100 Trying."""
    TRANSPORT = "transport"
    """No connection: DNS, TCP, or one that broke."""
    CERTIFICATE = "certificate"
    """TLS: the carrier could not show that it is the host."""
    NOT_DIALLED = "not_dialled"
    """This process could not place it; the carrier was not asked."""
    LINE_DEAD = "line_dead"
    """This process's user agent died with the call in it: what became of the call is not known."""


class Who(StrEnum):
    """Whose doing an end was."""

    US = "us"
    THEM = "them"
    NETWORK = "network"


WHO: Mapping[Why, Who] = {
    Why.FAR_END: Who.THEM,
    Why.TRANSFERRED: Who.THEM,
    Why.HUNG_UP: Who.US,
    Why.RING_TIMEOUT: Who.US,
    Why.MAX_DURATION: Who.US,
    Why.NOT_DIALLED: Who.US,
    Why.LINE_DEAD: Who.US,
    Why.RTP_TIMEOUT: Who.NETWORK,
    Why.NO_RESPONSE: Who.NETWORK,
    Why.TRANSPORT: Who.NETWORK,
    Why.CERTIFICATE: Who.NETWORK,
}

_NEVER_THERE = frozenset({Why.NO_RESPONSE, Why.TRANSPORT, Why.CERTIFICATE})
DETAILS: Mapping[Why, str] = {
    Why.MAX_DURATION: "hung up at the longest duration",
    Why.RTP_TIMEOUT: "no sound came any more",
    Why.NO_RESPONSE: "no response from the trunk's host",
    Why.RING_TIMEOUT: "nobody answered in time",
    Why.HUNG_UP: "hung up by us",
    Why.TRANSFERRED: "transferred",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How one call ended. Instants are UTC."""

    why: Why
    ended_at: datetime
    code: int | None = None
    """SIP's final response to the INVITE; 200 once it was answered."""
    reason: str = ""
    """The carrier's words with it, or the error's."""
    q850: int | None = None
    """ITU-T Q.850 cause of the `Reason` header of the final response or BYE (RFC 3326)."""
    retry_after: timedelta | None = None
    answered_at: datetime | None = None
    target: str | None = None
    """Where it was transferred to."""

    @property
    def who(self) -> Who:
        """Whose doing it was."""
        return WHO[self.why]

    @property
    def detail(self) -> str:
        """In short, as attempts keep it: `486 Q.850 17`, `no response from the trunk's host`."""
        if self.why in {Why.TRANSPORT, Why.CERTIFICATE, Why.NOT_DIALLED, Why.LINE_DEAD}:
            return self.reason
        if self.why is Why.FAR_END or (self.why is Why.NO_RESPONSE and self.code is not None):
            return sip_detail(self.code, self.q850)
        return DETAILS[self.why]


@dataclass(frozen=True, slots=True)
class CloseText:
    """What the stack says when a call closes, taken apart."""

    code: int | None
    reason: str
    q850: int | None


_CLOSE = re.compile(r"(?:(?P<code>[1-6]\d\d)(?: |$))?(?P<rest>.*)", re.DOTALL)
_CAUSE = re.compile(r"Q\.850\s*;(?:[^,]*;)?\s*cause\s*=\s*(\d{1,3})", re.IGNORECASE)


def read_cause(reason_header: str) -> int | None:
    """The Q.850 cause of a `Reason` header (RFC 3326), which may hold several of several protocols."""
    found = _CAUSE.search(reason_header)
    return int(found[1]) if found is not None and int(found[1]) <= 127 else None


def read_close_text(text: str) -> CloseText:
    """`486 Busy Here,Q.850;cause=17;text="User busy"` -> 486, `Busy Here`, 17; an error's text has no code."""
    found = _CLOSE.fullmatch(text)
    assert found is not None
    rest = found["rest"]
    cause = read_cause(rest)
    if cause is not None:
        rest = re.split(r",?\s*Q\.850", rest, maxsplit=1, flags=re.IGNORECASE)[0]
    return CloseText(int(found["code"]) if found["code"] else None, rest.strip(" ,"), cause)


def outcome_of(ended: Ended, heard: Outcome | None = None) -> Outcome:
    """The outcome of a call. `heard`: who or what answered, or what came of talking; None when nobody listened."""
    if ended.why is Why.LINE_DEAD:
        return Outcome.UNKNOWN
    if ended.answered_at is not None:
        return _after_answer(ended, heard)
    if ended.why is Why.NOT_DIALLED:
        return Outcome.RESOURCE_UNAVAILABLE
    if ended.why in _NEVER_THERE:
        return Outcome.NETWORK_ERROR
    if ended.code == 200:
        # Their answer crossed our CANCEL: the person heard nothing and was hung up on.
        return Outcome.ABANDONED
    return from_sip(
        ended.code,
        ended.q850,
        ring_timeout=ended.why is Why.RING_TIMEOUT,
        cancelled_by_us=ended.why in {Why.HUNG_UP, Why.MAX_DURATION},
        retry_after=ended.retry_after is not None,
    )


def _after_answer(ended: Ended, heard: Outcome | None) -> Outcome:
    if heard is not None:
        return heard
    if ended.why is Why.MAX_DURATION:
        return Outcome.EXCEEDED_MAX_DURATION
    if ended.why is Why.RTP_TIMEOUT or ended.why in _NEVER_THERE:
        return Outcome.NETWORK_ERROR
    return Outcome.COMPLETED


@dataclass(frozen=True, slots=True)
class Told:
    """What else a report of a call carries."""

    heard: Outcome | None = None
    results: Mapping[str, Any] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict)


def report_of(attempt_id: int, ended: Ended, call_id: str | None, told: Told | None = None) -> Report | Lost:
    """What became of an attempt. A call that died with our own process is Lost: it is not dialled again by itself."""
    if ended.why is Why.LINE_DEAD:
        return Lost(attempt_id, ended.ended_at, ended.detail)
    told = told or Told()
    return Report(
        attempt_id,
        outcome_of(ended, told.heard),
        ended.ended_at,
        answered_at=ended.answered_at,
        provider_id=call_id,
        detail=ended.detail,
        retry_after=ended.retry_after,
        results=told.results,
        raw={"why": str(ended.why), "who": str(ended.who), "code": ended.code, "q850": ended.q850, **told.raw},
    )
