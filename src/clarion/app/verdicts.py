"""Verdicts on contacts that are due: one question to the ledger per rule, and not per person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from clarion.app.circumstances import end_of, facts
from clarion.app.planning import Planner
from clarion.app.ports.ledger import Tx
from clarion.app.ports.organizations import Settings
from clarion.core.campaigns import Batch, Campaign, Rendered
from clarion.core.contacts import Contact
from clarion.core.eligibility import Circumstances, Go, Skip, Wait, judge
from clarion.core.limits import next_allowed
from clarion.core.targeting import filtered
from clarion.wire.templates import Compiled


class Verdicts:
    """Gives the contacts of one campaign their verdicts, inside one transaction."""

    def __init__(self, tx: Tx, planner: Planner, campaign: Campaign, settings: Settings) -> None:
        """`tx` holds the campaign's account."""
        self._tx, self._planner, self._campaign, self._settings = tx, planner, campaign, settings
        self._holds_people = False

    async def of(
        self, batch: Batch, candidates: Sequence[Contact], now: datetime
    ) -> list[tuple[Contact, Go | Skip | Wait]]:
        """A verdict for each candidate, at the earliest instant at which it may be attempted.

        Of several contacts of one person whom a limit protects only the first gets one: the next round counts its
        attempt and decides about the others.
        """
        if not candidates:
            return []
        campaign, targeting = self._campaign, self._campaign.plan.targeting
        values = [c.current_address for c in candidates]
        of_whom = (campaign.organization_id, campaign.channel)
        suppressed = await self._tx.suppression.suppressed(*of_whom, values, now)
        consented: set[str] = set()
        if targeting.require_consent:
            consented = await self._tx.suppression.consented(*of_whom, values, now)
        free = await self._free(candidates, now)
        end_at = end_of(campaign, batch)
        selects = bool(targeting.rules or targeting.allowed_line_types)
        seen: set[str] = set()
        verdicts: list[tuple[Contact, Go | Skip | Wait]] = []
        for contact, address in zip(candidates, values, strict=True):
            free_at, rule = None, ""
            if contact.id in free:
                if contact.person in seen:
                    continue
                seen.add(contact.person)
                free_at, rule = free[contact.id]
            known = Circumstances(
                hours=self._planner.hours(campaign, contact.region_key),
                end_at=end_at,
                skip_if_late=campaign.plan.skip_if_late,
                since=campaign.started_at,
                suppressed=suppressed.get(address),
                lacks_consent=targeting.require_consent and address not in consented,
                filtered=self._left_out(contact) if selects else None,
                free_at=free_at,
                limit=rule,
            )
            at = contact.next_at if contact.next_at is not None and contact.next_at > now else now
            verdicts.append((contact, judge(contact, at, known)))
        return verdicts

    def _left_out(self, contact: Contact) -> str | None:
        """The rule of the campaign's targeting that this address does not meet."""
        line_type = contact.address_at(contact.address_index).line_type
        return filtered(self._campaign.plan.targeting, facts(line_type, contact.variables))

    async def _free(self, candidates: Sequence[Contact], now: datetime) -> Mapping[int, tuple[datetime, str]]:
        """For contacts whose person a limit protects: when it allows another attempt, and the rule that says so."""
        campaign, house = self._campaign, self._settings.person_limits
        limits = {c.id: self._planner.person_limits(campaign, c.region_key, house) for c in candidates}
        memory = max((limit.memory for found in limits.values() for _, limit in found), default=None)
        if memory is None:
            return {}
        if not self._holds_people:
            await self._tx.queue.lock_accounts(None, [f"people:{campaign.organization_id}"])
            self._holds_people = True
        people = sorted({c.person for c in candidates if limits[c.id]})
        touches = await self._tx.queue.touches(campaign.organization_id, people, now - memory)
        return {
            c.id: max((next_allowed(limit, touches.get(c.person, []), now), rule) for rule, limit in limits[c.id])
            for c in candidates
            if limits[c.id]
        }


def message_for(template: Compiled | None, campaign: Campaign, contact: Contact) -> Rendered | None:
    """The message for this contact at its current address. Raises `Unrenderable`."""
    return template.render(variables_of(campaign, contact)) if template is not None else None


def variables_of(campaign: Campaign, contact: Contact) -> dict[str, Any]:
    """What templates see: the campaign's variables, over them the contact's, over them the current address's."""
    own = contact.address_at(contact.address_index).variables if contact.address_index else {}
    return {**campaign.variables, **contact.variables, **own}
