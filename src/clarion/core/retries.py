"""Whether, when and how a contact is tried again: one budget, whatever rule fired."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from clarion.core.outcomes import CARRIER_FAULTS, FinishReason, Outcome
from clarion.core.schedule import Span

MOST_ATTEMPTS = 100
LONGEST_DELAY = timedelta(days=365)


class DelayMode(StrEnum):
    """How the instant of the next try is found."""

    FIXED = "fixed"
    """`delays[n]` after attempt n ended; the last one repeats."""
    PER_WINDOW = "per_window"
    """The delay of the window in which the attempt was made, else `delays`."""
    NEXT_DAY = "next_day"
    """The first window of the next open day."""


DEFAULT_RETRIED = frozenset(
    {
        Outcome.BUSY,
        Outcome.NO_ANSWER,
        Outcome.UNREACHABLE,
        Outcome.TIMEOUT,
        Outcome.NETWORK_ERROR,
        Outcome.RESOURCE_UNAVAILABLE,
        Outcome.SERVICE_UNAVAILABLE,
        Outcome.THROTTLED,
        Outcome.DEFERRED,
        Outcome.SILENCE,
        Outcome.UNDELIVERED,
    }
)


@dataclass(frozen=True, slots=True)
class Retries:
    """A campaign's retry rules. `max_attempts` is the whole budget: 1 is no retry."""

    max_attempts: int = 1
    mode: DelayMode = DelayMode.FIXED
    delays: tuple[timedelta, ...] = (timedelta(hours=1),)
    on: frozenset[Outcome] = DEFAULT_RETRIED
    """Outcomes that are retried; add VOICEMAIL to retry on voicemail."""
    until_goal: bool = False
    """Retry a completed conversation whose goal variable is not true."""
    twice_in_a_row: bool = False
    """Attempt 2 follows at once when attempt 1 reached no human."""
    honour_callbacks: bool = True
    """A time that the person asked for replaces the delay (windows and law still hold)."""
    max_faults: int = 10
    """How many carrier faults in a row a contact may meet before it is finished as FAILED."""
    fault_delay: timedelta = timedelta(minutes=2)
    """After a carrier's fault when no other trunk is left; a Retry-After from the carrier replaces it."""
    fault_as_miss: bool = False
    """A carrier's fault waits as long as a miss does, in `mode`, instead of `fault_delay`; it still burns nothing."""


LONGEST_FAULT_DELAY = timedelta(hours=1)
"""Where the doubling of `fault_delay` stops; a carrier's own Retry-After is cut at `CALLBACK_HORIZON`."""
CALLBACK_HORIZON = timedelta(days=60)
"""A callback asked for later than this is not kept: a year misheard is likelier than a wish."""

REFUSED = frozenset({Outcome.OPTED_OUT, Outcome.UNWANTED, Outcome.SPAM_REPORT, Outcome.UNSUBSCRIBED})
"""The person wants no more of this: finished, and for the caller to suppress."""
ARRIVED = frozenset({Outcome.SENT, Outcome.DELIVERED, Outcome.OPENED, Outcome.CLICKED, Outcome.REPLIED})
"""A message did what it can."""
TALKED = frozenset({Outcome.COMPLETED, Outcome.EXCEEDED_MAX_DURATION})
"""A conversation took place."""
DEAD_ADDRESS = frozenset({Outcome.INVALID, Outcome.BOUNCED})
"""This address reaches nobody, ever; it is not tried again whatever a campaign lists."""
NOT_THERE = frozenset(
    {
        Outcome.BUSY,
        Outcome.NO_ANSWER,
        Outcome.UNREACHABLE,
        Outcome.VOICEMAIL,
        Outcome.MAILBOX_FULL,
        Outcome.FAX,
        Outcome.IVR,
        Outcome.SILENCE,
        Outcome.UNDELIVERED,
        Outcome.EXPIRED,
    }
)
"""The person was not found at this address, so the next one is worth trying at once."""
_HUMAN = (
    TALKED
    | (REFUSED - {Outcome.UNWANTED})
    | {Outcome.CALLBACK_REQUESTED, Outcome.ABANDONED, Outcome.CLICKED, Outcome.REPLIED}
)
_FREE = CARRIER_FAULTS | DEAD_ADDRESS | {Outcome.CANCELLED}


def burns(outcome: Outcome, *, answered: bool = False) -> bool:
    """Whether an attempt counts against the contact's budget.

    Not the carrier's faults, dead addresses and our own cancelling (FIELD 1.2); but whatever was answered counts, a
    line that broke in mid-conversation among it, since the person's phone did ring.
    """
    return answered or outcome not in _FREE


def reached_human(outcome: Outcome) -> bool:
    """Whether a person, not a machine, was on the other end, as far as the outcome tells."""
    return outcome in _HUMAN


def success(outcome: Outcome) -> bool:
    """Whether the attempt did what it was made for: a conversation, or a message on its way or better."""
    return outcome in TALKED or outcome in ARRIVED or outcome is Outcome.CALLBACK_REQUESTED


class WindowsView(Protocol):
    """A contact's hours, as a retry asks for them."""

    def next_open(self, at: datetime) -> datetime | None:
        """The first open instant not before `at`; None when there is none."""
        ...

    def next_day_open(self, at: datetime) -> datetime | None:
        """The first open instant of the next open local day after that of `at`."""
        ...

    def span_at(self, at: datetime) -> Span | None:
        """The window that `at` lies in."""
        ...


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that the decision after an attempt looks at. Instants are UTC."""

    outcome: Outcome
    ended_at: datetime
    windows: WindowsView
    burned: int
    """Attempts of the budget that are used, this one included when it `burns`."""
    tries: int
    """Attempts made in all since the contact came in or was opened again, this one included."""
    faults: int = 0
    """Carrier faults in a row, this one included."""
    has_goal: bool = False
    goal_reached: bool | None = None
    """None: not known."""
    answered: bool = False
    address_index: int = 0
    fallback_count: int = 0
    begun_at: datetime | None = None
    callback_at: datetime | None = None
    """When the person asked to be called again."""
    retry_after: timedelta | None = None
    """What the carrier asked for, from the attempt's end."""
    trunks_left: int = 0
    """Other trunks that this contact's present fault has not been tried on."""
    end_at: datetime | None = None
    """The earlier of the campaign's and the batch's end: nothing is begun at or after it."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again at `at`, inside a window. `not_before` is what the rule asked for before windows."""

    at: datetime
    not_before: datetime
    rule: str
    address_index: int
    other_trunk: bool = False
    """Prefer a trunk that has not failed this contact just now."""


@dataclass(frozen=True, slots=True)
class Finish:
    """No more attempts, for this reason; `rule` says which rule came to it."""

    reason: FinishReason
    rule: str


def decide(retries: Retries, case: Case) -> Retry | Finish:
    """What follows from an ended attempt. Total: every outcome has an answer, and every retry is inside the budget."""
    outcome = case.outcome
    if outcome is Outcome.UNKNOWN:
        return Finish(FinishReason.UNKNOWN, "unknown_is_never_redialled")
    if outcome in REFUSED:
        return Finish(FinishReason.OPTED_OUT, f"refused:{outcome}")
    if case.has_goal and case.goal_reached:
        return Finish(FinishReason.GOAL_REACHED, "goal_reached")
    if retries.honour_callbacks and _wants_callback(case):
        return _call_back(retries, case)
    if outcome in CARRIER_FAULTS and not case.answered:
        return _after_fault(retries, case)
    if outcome in DEAD_ADDRESS:
        return _after_dead_address(retries, case)
    if outcome in ARRIVED:
        return Finish(FinishReason.DELIVERED, f"arrived:{outcome}")
    if outcome in TALKED and case.has_goal and retries.until_goal:
        return _after_delay(retries, case, "until_goal")
    if outcome not in retries.on or outcome is Outcome.COMPLETED:
        return Finish(_reason_without_retry(outcome), f"not_retried:{outcome}")
    return _after_miss(retries, case)


def _wants_callback(case: Case) -> bool:
    return case.outcome is Outcome.CALLBACK_REQUESTED or (case.callback_at is not None and reached_human(case.outcome))


def _call_back(retries: Retries, case: Case) -> Retry | Finish:
    """At the time that was asked for; with none, or one that has passed, after the usual delay."""
    if case.callback_at is None or case.callback_at <= case.ended_at:
        return _after_delay(retries, case, "callback_without_time")
    if case.callback_at > case.ended_at + CALLBACK_HORIZON:
        return Finish(FinishReason.REACHED, "callback_too_far_ahead")
    return _retry(retries, case, case.callback_at, "callback")


def _after_fault(retries: Retries, case: Case) -> Retry | Finish:
    """Another trunk at once while one is left, then waiting with doubling delays or as long as the carrier asks."""
    if case.outcome not in retries.on:
        return Finish(FinishReason.FAILED, f"fault_not_retried:{case.outcome}")
    if case.faults >= retries.max_faults and not (retries.fault_as_miss and case.trunks_left > 0):
        return Finish(FinishReason.FAILED, "max_faults")
    # DEFERRED is said by the recipient's own server: asking it again by another way would only anger it.
    if case.trunks_left > 0 and case.outcome is not Outcome.DEFERRED:
        return _retry(retries, case, case.ended_at, "fault:other_trunk", other_trunk=True)
    if case.retry_after is not None:
        wait = max(timedelta(0), min(case.retry_after, CALLBACK_HORIZON))
        return _retry(retries, case, case.ended_at + wait, "fault:retry_after")
    if retries.fault_as_miss:
        return _after_delay(retries, case, "fault:as_miss")
    doubled = retries.fault_delay * 2 ** min(max(case.faults - 1, 0), 16)
    wait = max(retries.fault_delay, min(doubled, LONGEST_FAULT_DELAY))
    return _retry(retries, case, case.ended_at + wait, "fault:delay")


def _after_dead_address(retries: Retries, case: Case) -> Retry | Finish:
    """The next fallback at once; after the last one back to the first if some address did ring before."""
    if case.address_index < case.fallback_count:
        return _retry(retries, case, case.ended_at, "fallback:dead_address", address_index=case.address_index + 1)
    if case.fallback_count and case.burned:
        return _after_delay(retries, case, "fallback:round_again", address_index=0)
    return Finish(FinishReason.INVALID_ADDRESS, f"dead_address:{case.outcome}")


def _after_miss(retries: Retries, case: Case) -> Retry | Finish:
    """An attempt that the campaign retries: at once, at the next address, or after the delay."""
    if retries.twice_in_a_row and case.burned == 1 and not reached_human(case.outcome):
        return _retry(retries, case, case.ended_at, "twice_in_a_row")
    if case.fallback_count and case.outcome in NOT_THERE:
        if case.address_index < case.fallback_count:
            return _retry(retries, case, case.ended_at, "fallback:next", address_index=case.address_index + 1)
        return _after_delay(retries, case, "fallback:round_again", address_index=0)
    return _after_delay(retries, case, retries.mode.value)


def _after_delay(retries: Retries, case: Case, rule: str, *, address_index: int | None = None) -> Retry | Finish:
    """After the delay that the campaign's mode gives."""
    if retries.mode is DelayMode.NEXT_DAY:
        opening = case.windows.next_day_open(case.ended_at)
        if opening is None:
            return _out_of_budget(retries, case) or Finish(FinishReason.NO_WINDOW, rule)
        not_before = opening
    else:
        not_before = case.ended_at + _delay(retries, case)
    if case.retry_after is not None:
        not_before = max(not_before, case.ended_at + min(case.retry_after, CALLBACK_HORIZON))
    return _retry(retries, case, not_before, rule, address_index=address_index)


def _delay(retries: Retries, case: Case) -> timedelta:
    if retries.mode is DelayMode.PER_WINDOW:
        span = case.windows.span_at(case.begun_at or case.ended_at)
        if span is not None and span.retry_delay is not None:
            return span.retry_delay
    if not retries.delays:
        return timedelta(0)
    return retries.delays[min(max(case.burned, 1), len(retries.delays)) - 1]


def _retry(
    retries: Retries,
    case: Case,
    not_before: datetime,
    rule: str,
    *,
    address_index: int | None = None,
    other_trunk: bool = False,
) -> Retry | Finish:
    """The retry that `rule` asks for, if the budget, the windows and the campaign's end leave it an instant."""
    spent = _out_of_budget(retries, case)
    if spent is not None:
        return spent
    at = case.windows.next_open(not_before)
    if at is None:
        return Finish(FinishReason.NO_WINDOW, rule)
    if case.end_at is not None and at >= case.end_at:
        return Finish(FinishReason.EXPIRED, rule)
    index = case.address_index if address_index is None else address_index
    return Retry(at, not_before, rule, index, other_trunk)


def _out_of_budget(retries: Retries, case: Case) -> Finish | None:
    """The one budget. What does not burn is bounded as well, or a cancelled or dead address could come for ever."""
    if case.burned >= retries.max_attempts:
        return Finish(FinishReason.ATTEMPTS_EXHAUSTED, "max_attempts")
    if case.tries >= (retries.max_attempts + 1) * (retries.max_faults + 1) * (case.fallback_count + 1):
        return Finish(FinishReason.FAILED, "too_many_tries")
    return None


def _reason_without_retry(outcome: Outcome) -> FinishReason:
    if outcome in TALKED or outcome in (Outcome.CALLBACK_REQUESTED, Outcome.ABANDONED):
        return FinishReason.REACHED
    if outcome is Outcome.CANCELLED:
        return FinishReason.CANCELLED
    if outcome is Outcome.FAILED or outcome in CARRIER_FAULTS:
        return FinishReason.FAILED
    return FinishReason.NOT_RETRIED


def retries_problems(retries: Retries) -> list[tuple[str, str, str]]:
    """What is wrong with retry rules that somebody asks for: `(field, code, message)`."""
    problems: list[tuple[str, str, str]] = []
    if not 1 <= retries.max_attempts <= MOST_ATTEMPTS:
        message = f"The whole budget, the first attempt included: 1 (no retry) to {MOST_ATTEMPTS}."
        problems.append(("max_attempts", "out_of_range", message))
    if not 0 <= retries.max_faults <= MOST_ATTEMPTS:
        problems.append(("max_faults", "out_of_range", f"0 to {MOST_ATTEMPTS}."))
    if not retries.delays and retries.mode is not DelayMode.NEXT_DAY:
        problems.append(("delays", "missing", "At least one delay."))
    delays = [(f"delays.{place}", delay) for place, delay in enumerate(retries.delays)]
    for field, delay in [*delays, ("fault_delay", retries.fault_delay)]:
        if not timedelta(0) <= delay <= LONGEST_DELAY:
            problems.append((field, "out_of_range", f"0 to {LONGEST_DELAY.days} days."))
    for outcome in sorted(retries.on & (REFUSED | {Outcome.UNKNOWN})):
        problems.append(("on", "not_allowed", f"{outcome} is never retried, whatever a campaign lists."))
    return problems
