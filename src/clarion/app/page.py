"""A page of the ledger: what one transaction of the engine changes, gathered first and written together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from clarion.app.ports.ledger import Tx
from clarion.app.ports.queue import Ending, Move
from clarion.app.ports.reports import NO_OUTCOME
from clarion.core.contacts import Contact, Decision
from clarion.core.events import Endpoint, Happening, contact_finished, messages_for
from clarion.core.outcomes import ContactState, FinishReason, Outcome


@dataclass(slots=True)
class Page:
    """Moves, endings, lines, tallies and happenings. `endpoints` by organisation: who is to hear of them."""

    endpoints: Mapping[int, Sequence[Endpoint]]
    endings: dict[int, Ending] = field(default_factory=dict)
    """By attempt: later news replaces what is on the page already."""
    moves: list[Move] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    tallies: Counter[tuple[int, int, str]] = field(default_factory=Counter)
    """(campaign id, batch id, key) -> how many more."""

    def heard(self, organization_id: int) -> bool:
        """Whether anybody listens: otherwise nothing needs to be worded."""
        return bool(self.endpoints.get(organization_id))

    def finish(
        self,
        contact: Contact,
        reason: FinishReason,
        at: datetime,
        *,
        verdict: str,
        rule: str,
        inputs: Mapping[str, Any],
        agent_id: int | None = None,
    ) -> None:
        """A waiting contact is finished by a rule, without another attempt."""
        key = (contact.campaign_id, contact.batch_id)
        self.moves.append(Move.stay(contact).finished(reason))
        self.decisions.append(line(contact, at, verdict, rule, inputs={"reason": reason, **inputs}))
        self.tallies[*key, f"finished:{reason}"] += 1
        self.tallies[*key, f"skipped:{reason}"] += 1
        self.tallies[*key, ended_key(reason, contact.last_outcome)] += 1
        if contact.tries == 0:
            self.tallies[*key, "unattempted"] += 1
        if self.heard(contact.organization_id):
            ended = replace(contact, state=ContactState.FINISHED, finish_reason=reason, next_at=None)
            self.happenings.append(contact_finished(ended, at, agent_id=agent_id))

    async def write(self, tx: Tx, slot: int, now: datetime) -> None:
        """Write it all. `slot` is the worker's share of the tallies."""
        await tx.queue.end(list(self.endings.values()))
        await tx.queue.move(self.moves, now)
        await tx.queue.decide(self.decisions)
        await tx.queue.count(slot, self.tallies)
        for organization_id, endpoints in self.endpoints.items():
            theirs = [h for h in self.happenings if h.organization_id == organization_id]
            if theirs:
                await tx.outbox.put(messages_for(endpoints, theirs, now))


def ended_key(reason: FinishReason, last: Outcome | None) -> str:
    """The tally of contacts that are finished for this reason, the last of their attempts having come to `last`."""
    return f"ended:{reason}:{last or NO_OUTCOME}"


def line(
    contact: Contact,
    at: datetime,
    verdict: str,
    rule: str,
    *,
    next_at: datetime | None = None,
    inputs: Mapping[str, Any] | None = None,
) -> Decision:
    """A line in one contact's story."""
    return Decision(
        organization_id=contact.organization_id,
        campaign_id=contact.campaign_id,
        batch_id=contact.batch_id,
        contact_id=contact.id,
        at=at,
        verdict=verdict,
        rule=rule,
        next_at=next_at,
        inputs=inputs or {},
    )
