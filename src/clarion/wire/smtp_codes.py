"""SMTP replies, enhanced status codes and delivery reports as outcomes (RFC 5321, 3463, 5248, 7504, 7505, 3464)."""

from __future__ import annotations

import re

from clarion.core.outcomes import Outcome

NOBODY_THERE = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10"})
"""The address itself is dead: bounced, and never to be mailed again."""

_OUR_SENDER = frozenset({"5.1.7", "5.1.8", "5.7.8", "5.7.9", "5.7.11", "5.7.13", "5.7.14"})
"""Our sender address or our credentials are refused: for the operator, not the recipient's doing."""
_DOUBTFUL_ADDRESS = frozenset({"5.1.0", "5.1.4", "5.1.5", "5.1.9", "5.2.0", "5.2.1"})

ENHANCED_OUTCOMES: dict[str, Outcome] = {
    "5.2.2": Outcome.MAILBOX_FULL,
    "5.2.3": Outcome.UNDELIVERED,
    "5.3.4": Outcome.UNDELIVERED,
    "5.4.7": Outcome.EXPIRED,
    "4.4.7": Outcome.EXPIRED,
}
"""Codes that say more than their class; those of `NOBODY_THERE` come first."""

REPLY_OUTCOMES: dict[int, Outcome] = {
    421: Outcome.DEFERRED,
    450: Outcome.DEFERRED,
    451: Outcome.DEFERRED,
    452: Outcome.DEFERRED,
    454: Outcome.THROTTLED,
    500: Outcome.PROTOCOL_ERROR,
    501: Outcome.PROTOCOL_ERROR,
    502: Outcome.PROTOCOL_ERROR,
    503: Outcome.PROTOCOL_ERROR,
    504: Outcome.PROTOCOL_ERROR,
    521: Outcome.INVALID,
    530: Outcome.PROTOCOL_ERROR,
    534: Outcome.PROTOCOL_ERROR,
    535: Outcome.PROTOCOL_ERROR,
    538: Outcome.PROTOCOL_ERROR,
    550: Outcome.INVALID,
    551: Outcome.INVALID,
    552: Outcome.MAILBOX_FULL,
    553: Outcome.INVALID,
    554: Outcome.REJECTED,
    555: Outcome.PROTOCOL_ERROR,
    556: Outcome.INVALID,
}
"""Replies without an enhanced code. 550 alone is no proof of a dead address, so it is not BOUNCED."""

DSN_ACTIONS: dict[str, Outcome] = {
    "delivered": Outcome.DELIVERED,
    "relayed": Outcome.SENT,
    "expanded": Outcome.SENT,
    "delayed": Outcome.DEFERRED,
}
"""`Action` of a delivery status notification; `failed` is read by its `Status`."""

_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?!\.?\d)")


def enhanced_code(text: str) -> str | None:
    """The enhanced status code in a reply's text, as `5.1.1`; None when the server sends none."""
    found = _ENHANCED.search(text)
    return found.group(1) if found else None


def from_smtp(code: int, enhanced: str | None = None) -> Outcome:
    """The outcome of a reply. BOUNCED alone asks for suppression; a refusal by policy (x.7.x) never does.

    A temporary reply (4xx) burns no attempt; throttling is told apart, so that the pace can follow.
    """
    if 200 <= code < 400:
        return Outcome.SENT
    if 400 <= code < 500:
        return REPLY_OUTCOMES.get(code, Outcome.DEFERRED)
    if not 500 <= code < 600:
        return Outcome.UNSPECIFIED
    if enhanced is not None and enhanced.startswith("5."):
        return _from_permanent(enhanced)
    return REPLY_OUTCOMES.get(code, Outcome.REJECTED)


def from_dsn(action: str, status: str | None = None) -> Outcome:
    """The outcome that a delivery report tells (RFC 3464), an hour or days after the mail was taken."""
    outcome = DSN_ACTIONS.get(action.strip().lower())
    if outcome is not None:
        return outcome
    if action.strip().lower() != "failed" or status is None:
        return Outcome.UNSPECIFIED
    if status.startswith("5."):
        return _from_permanent(status)
    return ENHANCED_OUTCOMES.get(status, Outcome.UNDELIVERED)


def suppresses(outcome: Outcome) -> bool:
    """Whether the address goes on the do-not-contact list after it."""
    return outcome is Outcome.BOUNCED


def _from_permanent(enhanced: str) -> Outcome:
    if enhanced in NOBODY_THERE:
        return Outcome.BOUNCED
    if enhanced in _OUR_SENDER:
        return Outcome.PROTOCOL_ERROR
    if enhanced in ENHANCED_OUTCOMES:
        return ENHANCED_OUTCOMES[enhanced]
    if enhanced in _DOUBTFUL_ADDRESS:
        return Outcome.INVALID
    subject = enhanced.split(".")[1]
    return {"3": Outcome.UNDELIVERED, "4": Outcome.UNDELIVERED, "5": Outcome.PROTOCOL_ERROR}.get(
        subject, Outcome.REJECTED
    )
