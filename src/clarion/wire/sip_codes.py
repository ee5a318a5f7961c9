"""SIP response codes and Q.850 causes as outcomes (RFC 3261, RFC 3326, RFC 3398, RFC 8197, RFC 8688, ITU-T Q.850)."""

from __future__ import annotations

from clarion.core.outcomes import Outcome

SIP_OUTCOMES: dict[int, Outcome] = {
    200: Outcome.COMPLETED,
    400: Outcome.PROTOCOL_ERROR,
    401: Outcome.PROTOCOL_ERROR,
    402: Outcome.PROTOCOL_ERROR,
    # A carrier says 403 when it does not let this trunk call there or show that caller ID: for the operator to mend.
    403: Outcome.PROTOCOL_ERROR,
    404: Outcome.INVALID,
    405: Outcome.PROTOCOL_ERROR,
    406: Outcome.PROTOCOL_ERROR,
    407: Outcome.PROTOCOL_ERROR,
    408: Outcome.TIMEOUT,
    410: Outcome.INVALID,
    413: Outcome.PROTOCOL_ERROR,
    414: Outcome.PROTOCOL_ERROR,
    415: Outcome.PROTOCOL_ERROR,
    416: Outcome.INVALID,
    420: Outcome.PROTOCOL_ERROR,
    421: Outcome.PROTOCOL_ERROR,
    423: Outcome.PROTOCOL_ERROR,
    428: Outcome.PROTOCOL_ERROR,
    430: Outcome.UNREACHABLE,
    433: Outcome.REJECTED,
    436: Outcome.PROTOCOL_ERROR,
    437: Outcome.PROTOCOL_ERROR,
    438: Outcome.PROTOCOL_ERROR,
    480: Outcome.UNREACHABLE,
    481: Outcome.PROTOCOL_ERROR,
    482: Outcome.PROTOCOL_ERROR,
    483: Outcome.PROTOCOL_ERROR,
    484: Outcome.INVALID,
    485: Outcome.INVALID,
    486: Outcome.BUSY,
    # Not asked for by us: some proxy's own ring timeout.
    487: Outcome.NO_ANSWER,
    488: Outcome.PROTOCOL_ERROR,
    491: Outcome.PROTOCOL_ERROR,
    493: Outcome.PROTOCOL_ERROR,
    500: Outcome.SERVICE_UNAVAILABLE,
    501: Outcome.SERVICE_UNAVAILABLE,
    502: Outcome.NETWORK_ERROR,
    503: Outcome.SERVICE_UNAVAILABLE,
    504: Outcome.TIMEOUT,
    505: Outcome.PROTOCOL_ERROR,
    513: Outcome.PROTOCOL_ERROR,
    600: Outcome.BUSY,
    603: Outcome.REJECTED,
    604: Outcome.INVALID,
    606: Outcome.PROTOCOL_ERROR,
    607: Outcome.UNWANTED,
    608: Outcome.REJECTED,
}
"""Final responses; what is not listed is UNSPECIFIED."""

Q850_OUTCOMES: dict[int, Outcome] = {
    1: Outcome.INVALID,
    2: Outcome.INVALID,
    3: Outcome.NETWORK_ERROR,
    17: Outcome.BUSY,
    18: Outcome.NO_ANSWER,
    19: Outcome.NO_ANSWER,
    20: Outcome.UNREACHABLE,
    21: Outcome.REJECTED,
    22: Outcome.INVALID,
    26: Outcome.INVALID,
    27: Outcome.UNREACHABLE,
    28: Outcome.INVALID,
    29: Outcome.SERVICE_UNAVAILABLE,
    31: Outcome.UNREACHABLE,
    34: Outcome.RESOURCE_UNAVAILABLE,
    38: Outcome.NETWORK_ERROR,
    41: Outcome.NETWORK_ERROR,
    42: Outcome.RESOURCE_UNAVAILABLE,
    44: Outcome.RESOURCE_UNAVAILABLE,
    47: Outcome.RESOURCE_UNAVAILABLE,
    55: Outcome.REJECTED,
    57: Outcome.REJECTED,
    58: Outcome.RESOURCE_UNAVAILABLE,
    63: Outcome.SERVICE_UNAVAILABLE,
    65: Outcome.PROTOCOL_ERROR,
    70: Outcome.PROTOCOL_ERROR,
    79: Outcome.SERVICE_UNAVAILABLE,
    87: Outcome.REJECTED,
    88: Outcome.PROTOCOL_ERROR,
    95: Outcome.PROTOCOL_ERROR,
    96: Outcome.PROTOCOL_ERROR,
    97: Outcome.PROTOCOL_ERROR,
    98: Outcome.PROTOCOL_ERROR,
    99: Outcome.PROTOCOL_ERROR,
    100: Outcome.PROTOCOL_ERROR,
    101: Outcome.PROTOCOL_ERROR,
    102: Outcome.TIMEOUT,
    111: Outcome.PROTOCOL_ERROR,
    127: Outcome.UNSPECIFIED,
}
"""Causes of a call that did not come about. 16, normal clearing, says nothing and is left out."""

_VAGUE = frozenset({31, 127})
"""Causes that mean "none of the others": a SIP code that says more comes before them."""
_FIRM = frozenset({200, 486, 600, 603, 604, 607, 608})
"""Codes that a `Reason` cannot contradict: the person's or the network's own last word."""

CREDENTIALS_REFUSED = frozenset({401, 407})
"""After these the trunk stops: no call will go out until somebody mends its password."""


def from_sip(
    code: int | None,
    q850: int | None = None,
    *,
    cancelled_by_us: bool = False,
    ring_timeout: bool = False,
    retry_after: bool = False,
) -> Outcome:
    """The outcome of a call that ended with this final response and this cause of its `Reason` header.

    `code` is None when there was no SIP response at all (transport, TLS or DNS failed, or no timer was answered).
    `ring_timeout`: we cancelled because nobody answered in time; `cancelled_by_us`: for any other reason.
    `retry_after`: a 503 said when to come back. 200 is COMPLETED; who or what answered is for others to find out.
    """
    if code == 200:
        return Outcome.COMPLETED
    if ring_timeout:
        return Outcome.NO_ANSWER
    if cancelled_by_us:
        return Outcome.CANCELLED
    by_code = SIP_OUTCOMES.get(code) if code is not None else None
    by_cause = Q850_OUTCOMES.get(q850) if q850 is not None else None
    if by_cause is not None and not (by_code is not None and (code in _FIRM or q850 in _VAGUE)):
        return by_cause
    if code == 503 and retry_after:
        return Outcome.RESOURCE_UNAVAILABLE
    if code is None:
        return Outcome.NETWORK_ERROR
    return by_code or Outcome.UNSPECIFIED


def sip_detail(code: int | None, q850: int | None = None) -> str:
    """The carrier's word in short, as attempts keep it: `486`, `480 Q.850 19`, `no response`."""
    said = str(code) if code is not None else "no response"
    return said if q850 is None else f"{said} Q.850 {q850}"
