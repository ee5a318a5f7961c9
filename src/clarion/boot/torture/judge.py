"""The judge: holds the ledger against the carrier's own log and the diary. Knows the rules, none of the code.

A check says how much it looked at, so that one which looked at nothing cannot pass for proof.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from clarion.boot.torture import judge_accounts as accounts
from clarion.boot.torture import judge_limits as limits
from clarion.boot.torture.evidence import Evidence

Check = Callable[[Evidence], "tuple[int, list[str]]"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: how many things it looked at, and what is wrong, in words."""

    name: str
    looked_at: int
    wrong: Sequence[str]
    needed: bool = True
    """False: there may have been nothing to look at."""

    @property
    def holds(self) -> bool:
        """Whether the check passes."""
        return not self.wrong and (self.looked_at > 0 or not self.needed)


@dataclass(frozen=True, slots=True)
class Law:
    """A check with its name in plain words."""

    name: str
    check: Check
    needed: bool = True


LAWS = (
    Law("every contact that was acknowledged is there, once", accounts.contacts_are_there_once),
    Law("every contact is finished for one reason, or waits for an instant", accounts.contacts_stand_somewhere),
    Law("every end has its line, and only one", accounts.ends_are_told_once),
    Law("every ask of the carrier has its attempt", accounts.asks_have_attempts),
    Law("no attempt was asked for twice", accounts.attempts_are_asked_once),
    Law("every attempt that ended was asked for; none that was taken back was dialled", accounts.attempts_have_asks),
    Law("attempts are numbered 1, 2, 3… and never overlap", accounts.attempts_follow_each_other),
    Law("no contact's budget is exceeded", accounts.budgets_hold),
    Law("an attempt of unknown fate is never dialled again", accounts.unknown_is_final, needed=False),
    Law("the tallies equal a recount", accounts.tallies_are_right),
    Law("one webhook message per attempt that ended", accounts.outbox_is_complete),
    Law("every message arrived", accounts.messages_arrived),
    Law("as many at once as allowed, never more", limits.concurrency),
    Law("the hourly rate, evenly", limits.hourly_rate),
    Law("the rate per second", limits.second_rate),
    Law("the daily caps", limits.daily_caps),
    Law("nobody is called outside their hours", limits.hours),
    Law("nobody is called during a pause", limits.pauses),
    Law("how often one person may be reached", limits.people),
    Law("no call comes long after its decision", limits.promptness),
)


def judge(evidence: Evidence) -> list[Finding]:
    """Every check's finding."""
    return [Finding(law.name, *law.check(evidence), needed=law.needed) for law in LAWS]
