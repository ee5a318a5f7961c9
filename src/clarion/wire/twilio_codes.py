"""Twilio's message and call statuses, answering verdicts and error codes as outcomes (www.twilio.com/docs)."""

from __future__ import annotations

from clarion.core.outcomes import Outcome
from clarion.wire.sms_codes import UNREADABLE, Reading

MESSAGE_STATUSES: dict[str, Reading] = {
    "accepted": Reading(Outcome.SENT, final=False),
    "scheduled": Reading(Outcome.SENT, final=False),
    "queued": Reading(Outcome.SENT, final=False),
    "sending": Reading(Outcome.SENT, final=False),
    "sent": Reading(Outcome.SENT, final=False),
    "delivered": Reading(Outcome.DELIVERED),
    "undelivered": Reading(Outcome.UNDELIVERED),
    "failed": Reading(Outcome.FAILED),
    "canceled": Reading(Outcome.CANCELLED),
    # Some parts arrived: sending it again would double them.
    "partially_delivered": Reading(Outcome.DELIVERY_UNKNOWN),
    "read": Reading(Outcome.OPENED),
}

ERROR_CODES: dict[int, Outcome] = {
    20003: Outcome.PROTOCOL_ERROR,  # credentials
    20429: Outcome.THROTTLED,
    21211: Outcome.INVALID,
    21214: Outcome.INVALID,
    21217: Outcome.INVALID,
    21408: Outcome.PROTOCOL_ERROR,  # no permission for the region
    21606: Outcome.PROTOCOL_ERROR,  # our sender is not theirs
    21610: Outcome.OPTED_OUT,
    21611: Outcome.THROTTLED,  # queue full
    21614: Outcome.INVALID,  # not a mobile number
    30001: Outcome.THROTTLED,  # queue overflow
    30002: Outcome.PROTOCOL_ERROR,  # account suspended
    30003: Outcome.UNREACHABLE,
    30004: Outcome.REJECTED,  # blocked by the recipient or the carrier
    30005: Outcome.INVALID,  # unknown handset
    30006: Outcome.INVALID,  # landline or unreachable carrier
    30007: Outcome.REJECTED,  # filtered
    30008: Outcome.UNDELIVERED,
    30010: Outcome.PROTOCOL_ERROR,  # price above the account's limit
    30022: Outcome.THROTTLED,
    30023: Outcome.THROTTLED,
    30034: Outcome.PROTOCOL_ERROR,  # sender not registered (A2P 10DLC)
}
"""Codes that say more than the status that they come with."""

CALL_STATUSES: dict[str, Reading] = {
    "queued": Reading(Outcome.SENT, final=False),
    "initiated": Reading(Outcome.SENT, final=False),
    "ringing": Reading(Outcome.SENT, final=False),
    "in-progress": Reading(Outcome.SENT, final=False),
    "completed": Reading(Outcome.COMPLETED),
    "busy": Reading(Outcome.BUSY),
    "no-answer": Reading(Outcome.NO_ANSWER),
    "canceled": Reading(Outcome.CANCELLED),
    "failed": Reading(Outcome.FAILED),
}
"""`failed` is better read by `from_sip` when the callback carries `SipResponseCode`."""

ANSWERED_BY: dict[str, Outcome] = {
    "human": Outcome.COMPLETED,
    "machine_start": Outcome.VOICEMAIL,
    "machine_end_beep": Outcome.VOICEMAIL,
    "machine_end_silence": Outcome.VOICEMAIL,
    "machine_end_other": Outcome.VOICEMAIL,
    "fax": Outcome.FAX,
    "unknown": Outcome.COMPLETED,
}
"""What a `completed` call reached: a machine's greeting ends as `completed` too."""


def from_message_status(status: str, error_code: int | None = None) -> Reading:
    """The meaning of a message's status callback."""
    reading = MESSAGE_STATUSES.get(status.strip().lower(), UNREADABLE)
    if error_code in ERROR_CODES and reading.outcome in (Outcome.FAILED, Outcome.UNDELIVERED, Outcome.UNSPECIFIED):
        return Reading(ERROR_CODES[error_code])
    return reading


def from_call_status(status: str, answered_by: str | None = None) -> Reading:
    """The meaning of a call's status callback."""
    reading = CALL_STATUSES.get(status.strip().lower(), UNREADABLE)
    if reading.outcome is Outcome.COMPLETED and answered_by:
        return Reading(ANSWERED_BY.get(answered_by, Outcome.COMPLETED))
    return reading
