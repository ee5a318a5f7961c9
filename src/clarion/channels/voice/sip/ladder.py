"""The SIP messages of a call, read from the stack's trace: one rung a message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from clarion.channels.voice.sip.endings import read_cause


@dataclass(frozen=True, slots=True)
class Rung:
    """One SIP message. `at` is in seconds of the process's monotonic clock."""

    at: float
    sent: bool
    """By us."""
    line: str
    """`INVITE sip:… SIP/2.0` or `SIP/2.0 486 Busy Here`."""
    method: str
    """Of the request, or of the one that a response is for."""
    code: int | None = None
    """None: a request."""
    q850: int | None = None
    retry_after: timedelta | None = None
    call_id: str = ""


_HEADERS = re.compile(r"^(call-id|i|cseq|reason|retry-after)\s*:\s*(.*?)\s*$", re.IGNORECASE | re.MULTILINE)


def read_trace(text: str, at: float) -> Rung | None:
    """`TX UDP 10.0.0.1:5060 -> …`, a line break and the message. None for what is no SIP message (keep-alives)."""
    head, _, message = text.partition("\n")
    if not head.startswith(("TX ", "RX ")):
        return None
    top = message.split("\r\n\r\n", 1)[0].replace("\r\n", "\n")
    line, _, rest = top.partition("\n")
    found = {name.lower(): value for name, value in reversed(_HEADERS.findall(rest))}
    call_id = found.get("call-id") or found.get("i")
    method = found.get("cseq", "").rpartition(" ")[2]
    if not call_id or not method:
        return None
    code = line[8:11] if line.startswith("SIP/2.0 ") else ""
    wait = re.match(r"\d{1,6}", found.get("retry-after", ""))
    return Rung(
        at=at,
        sent=head.startswith("TX "),
        line=line,
        method=method,
        code=int(code) if code.isdigit() else None,
        q850=read_cause(found.get("reason", "")),
        retry_after=timedelta(seconds=int(wait[0])) if wait else None,
        call_id=call_id,
    )


def heard_back(ladder: Sequence[Rung]) -> bool:
    """Whether anything answered the INVITE, be it 100 Trying."""
    return any(not rung.sent and rung.method == "INVITE" and rung.code is not None for rung in ladder)


def final_response(ladder: Sequence[Rung]) -> Rung | None:
    """The last final response to an INVITE: challenges that were answered come before it."""
    for rung in reversed(ladder):
        if not rung.sent and rung.method == "INVITE" and rung.code is not None and rung.code >= 200:
            return rung
    return None


def their_bye(ladder: Sequence[Rung]) -> Rung | None:
    """The BYE with which the far end hung up."""
    return next((rung for rung in ladder if not rung.sent and rung.method == "BYE" and rung.code is None), None)
