"""Which of a pool's senders makes the next attempt: round robin, least recently used, or nearest to the recipient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from clarion.core.campaigns import Rotation
from clarion.core.pacing import Account

_NEVER = datetime.min.replace(tzinfo=UTC)
_NANP_AREA = 5
"""`+1` and the three digits of the area code."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sender that could make the attempt, with what its limits remember."""

    sender_id: int
    address: str
    """E.164 number or mail address."""
    account: Account
    daily_cap: int | None = None
    max_concurrent: int | None = None
    in_flight: int = 0
    picks: int = 0
    """Times chosen in the present release. It orders what was last used at the same instant."""


def choose(
    rotation: Rotation,
    candidates: Sequence[Candidate],
    recipient: str,
    *,
    now: datetime,
    local_day: date | None = None,
    last_id: int | None = None,
) -> int | None:
    """The sender for an attempt to `recipient` at `now`, or None when every candidate is at one of its caps.

    `candidates` are in the pool's order. `local_day` is the day that caps count on (None: the account's own).
    `last_id` is the pool's last choice, from which round robin goes on; without it that is the latest used.
    Ties go to the less chosen, then to the pool's order, so that the choice is the same on every machine.
    """
    free = [c for c in candidates if _is_free(c, local_day)]
    if not free:
        return None
    if rotation is Rotation.ROUND_ROBIN:
        return _next_in_turn(candidates, free, last_id).sender_id
    if rotation is Rotation.LOCAL_PRESENCE:
        return min(free, key=lambda c: (-nearness(c.address, recipient), *_rest(c))).sender_id
    return min(free, key=_rest).sender_id


def nearness(sender: str, recipient: str) -> int:
    """How local `sender` looks to `recipient`: the length of the common E.164 prefix; 0 for other addresses.

    In the North American plan only a whole area code says where a number is, so less than that counts as the country.
    """
    if not (sender.startswith("+") and recipient.startswith("+")):
        return 0
    common = next(
        (n for n, (ours, theirs) in enumerate(zip(sender, recipient, strict=False)) if ours != theirs),
        min(len(sender), len(recipient)),
    )
    if sender.startswith("+1") and recipient.startswith("+1"):
        return _NANP_AREA if common >= _NANP_AREA else 2
    return common


def _is_free(candidate: Candidate, local_day: date | None) -> bool:
    if candidate.max_concurrent is not None and candidate.in_flight >= candidate.max_concurrent:
        return False
    if candidate.daily_cap is None:
        return True
    account = candidate.account
    new_day = local_day is not None and (account.day is None or local_day > account.day)
    return (0 if new_day else account.day_all) < candidate.daily_cap


def _rest(candidate: Candidate) -> tuple[datetime, int]:
    return candidate.account.last_used or _NEVER, candidate.picks


def _next_in_turn(everyone: Sequence[Candidate], free: Sequence[Candidate], last_id: int | None) -> Candidate:
    order = {c.sender_id: place for place, c in enumerate(everyone)}
    if last_id not in order:
        used = [c for c in everyone if c.account.last_used is not None]
        if not used:
            return free[0]
        last_id = max(used, key=lambda c: (*_rest(c), order[c.sender_id])).sender_id
    last = order[last_id]
    return min(free, key=lambda c: (order[c.sender_id] - last - 1) % len(everyone))
