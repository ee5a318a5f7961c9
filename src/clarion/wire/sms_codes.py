"""SMPP message states, receipt words and command statuses as outcomes (SMPP 3.4 §5.2.28, appendix B; 5.0 §4.7.15)."""

from __future__ import annotations

from typing import NamedTuple

from clarion.core.outcomes import Outcome


class Reading(NamedTuple):
    """What a provider's word means; `final` when no other is to be expected after it."""

    outcome: Outcome
    final: bool = True


UNREADABLE = Reading(Outcome.UNSPECIFIED)
"""A word that is not in the tables."""

MESSAGE_STATES: dict[int, Reading] = {
    0: Reading(Outcome.SENT, final=False),  # SCHEDULED
    1: Reading(Outcome.SENT, final=False),  # ENROUTE
    2: Reading(Outcome.DELIVERED),
    3: Reading(Outcome.EXPIRED),
    4: Reading(Outcome.DROPPED),  # DELETED by the SMSC
    5: Reading(Outcome.UNDELIVERED),
    6: Reading(Outcome.SENT, final=False),  # ACCEPTED: somebody at the SMSC read it, the subscriber did not
    7: Reading(Outcome.DELIVERY_UNKNOWN, final=False),
    8: Reading(Outcome.REJECTED),
    9: Reading(Outcome.DROPPED),  # SKIPPED
}
"""TLV `message_state` (0x0427) and `query_sm_resp`."""

RECEIPT_WORDS: dict[str, Reading] = {
    "SCHEDUL": MESSAGE_STATES[0],
    "ENROUTE": MESSAGE_STATES[1],
    "DELIVRD": MESSAGE_STATES[2],
    "EXPIRED": MESSAGE_STATES[3],
    "DELETED": MESSAGE_STATES[4],
    "UNDELIV": MESSAGE_STATES[5],
    "ACCEPTD": MESSAGE_STATES[6],
    "UNKNOWN": MESSAGE_STATES[7],
    "REJECTD": MESSAGE_STATES[8],
    "SKIPPED": MESSAGE_STATES[9],
    # Not in the standard, seen from carriers all the same.
    "FAILED": MESSAGE_STATES[5],
    "DELIVER": MESSAGE_STATES[2],
    "UNDELIVERED": MESSAGE_STATES[5],
    "DELIVERED": MESSAGE_STATES[2],
    "ACCEPTED": MESSAGE_STATES[6],
    "REJECTED": MESSAGE_STATES[8],
}
"""`stat:` of a delivery receipt's text."""

COMMAND_STATUSES: dict[int, Outcome] = {
    0x00000000: Outcome.SENT,
    0x00000008: Outcome.SERVICE_UNAVAILABLE,  # system error
    0x0000000B: Outcome.INVALID,  # destination address
    0x00000014: Outcome.THROTTLED,  # message queue full
    0x00000045: Outcome.SERVICE_UNAVAILABLE,  # submit failed
    0x00000058: Outcome.THROTTLED,
    0x00000064: Outcome.SERVICE_UNAVAILABLE,  # receiver, temporary
    0x00000065: Outcome.UNDELIVERED,  # receiver, permanent
    0x00000066: Outcome.REJECTED,  # receiver, refused
    0x000000FE: Outcome.UNDELIVERED,
    0x000000FF: Outcome.UNSPECIFIED,
}
"""`command_status` of `submit_sm_resp`; the others say that our request or our account is wrong."""


def from_message_state(state: int) -> Reading:
    """The meaning of a `message_state`."""
    return MESSAGE_STATES.get(state, UNREADABLE)


def from_receipt_word(word: str) -> Reading:
    """The meaning of a receipt's `stat:`, which carriers write in any case and sometimes in full."""
    return RECEIPT_WORDS.get(word.strip().upper(), UNREADABLE)


def from_command_status(status: int) -> Outcome:
    """The meaning of the answer to `submit_sm`. Throttling and the SMSC's own troubles burn no attempt."""
    return COMMAND_STATUSES.get(status, Outcome.PROTOCOL_ERROR)
