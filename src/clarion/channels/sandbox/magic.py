"""Magic numbers and addresses: people who always do the same, for tests and demos.

A phone number is magic when it ends in 555 01xx with xx from 80 to 99 (fictional numbers in North America); a mail
address when its local part ends in `+word`. The table below has both. `trick, later` is what the first attempt meets
and what every later one meets.
"""

from __future__ import annotations

from enum import StrEnum

from clarion.core.outcomes import Channel


class Trick(StrEnum):
    """What a magic address does. Each channel plays the tricks that it knows; the others pass for GOAL there."""

    GOAL = "goal"
    TALK = "talk"
    HANGS_UP = "hangs-up"
    SILENT = "silent"
    UNREACHABLE = "unreachable"
    IVR = "ivr"
    FAX = "fax"
    OPTS_OUT = "opts-out"
    CALLBACK = "callback"
    REJECTS = "rejects"
    DEAD = "dead"
    SCREENING = "screening"
    VOICEMAIL = "voicemail"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    COMPLAINS = "complains"
    BOUNCES_LATE = "bounces-late"
    TRUNK_FAILS = "trunk-fails"
    THROTTLED = "throttled"
    TIMES_OUT = "times-out"


SPELLS: dict[str, tuple[Trick, Trick]] = {
    "80": (Trick.HANGS_UP, Trick.HANGS_UP),
    "81": (Trick.UNREACHABLE, Trick.UNREACHABLE),
    "82": (Trick.IVR, Trick.IVR),
    "83": (Trick.FAX, Trick.FAX),
    "84": (Trick.OPTS_OUT, Trick.OPTS_OUT),
    "85": (Trick.CALLBACK, Trick.GOAL),
    "86": (Trick.REJECTS, Trick.REJECTS),
    "87": (Trick.DEAD, Trick.DEAD),
    "88": (Trick.SCREENING, Trick.SCREENING),
    "89": (Trick.VOICEMAIL, Trick.VOICEMAIL),
    "90": (Trick.GOAL, Trick.GOAL),
    "91": (Trick.TALK, Trick.TALK),
    "92": (Trick.BUSY, Trick.BUSY),
    "93": (Trick.NO_ANSWER, Trick.NO_ANSWER),
    "94": (Trick.NO_ANSWER, Trick.GOAL),
    "95": (Trick.THROTTLED, Trick.GOAL),
    "96": (Trick.TRUNK_FAILS, Trick.GOAL),
    "97": (Trick.THROTTLED, Trick.THROTTLED),
    "98": (Trick.TRUNK_FAILS, Trick.TRUNK_FAILS),
    "99": (Trick.TIMES_OUT, Trick.TIMES_OUT),
}
"""By the last two digits of 555 01xx."""

WORDS: dict[str, tuple[Trick, Trick]] = {trick.value: (trick, trick) for trick in Trick} | {
    "busy-once": (Trick.BUSY, Trick.GOAL),
    "trunk-fails-once": (Trick.TRUNK_FAILS, Trick.GOAL),
    "throttled-once": (Trick.THROTTLED, Trick.GOAL),
}
"""By the tag of a mail address: `ann+bounces-late@example.com`."""


def trick_of(channel: Channel, address: str, number: int) -> Trick | None:
    """What a magic address does at attempt `number` (1-based); None for everybody else."""
    if channel is Channel.EMAIL:
        local, _, _ = address.rpartition("@")
        spell = WORDS.get(local.rpartition("+")[2]) if "+" in local else None
    else:
        spell = SPELLS.get(address[-2:]) if address[-7:-2] == "55501" else None
    return None if spell is None else spell[0 if number <= 1 else 1]
