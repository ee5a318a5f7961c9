"""Contacts and imports, as the use cases ask for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from clarion.core.campaigns import Batch
from clarion.core.contacts import BadRow, Contact, NewContact
from clarion.core.outcomes import ContactState, FinishReason, Outcome

DUPLICATE_ADDRESS = "duplicate_address"
DUPLICATE_REFERENCE = "duplicate_reference"


@dataclass(frozen=True, slots=True)
class Kept:
    """A contact that repeats an address, and was written as finished."""

    contact_id: int
    repeats: int
    """The contact that had the address first."""


@dataclass(frozen=True, slots=True)
class Added:
    """What became of contacts on their way in."""

    ids: tuple[int | None, ...]
    """One for each that was given, in order; None for a duplicate."""
    duplicates: tuple[BadRow, ...]
    """Each tells whom it repeats; the codes are DUPLICATE_ADDRESS and DUPLICATE_REFERENCE."""
    kept: tuple[Kept, ...] = ()
    """Duplicates that were written as finished contacts."""

    @property
    def accepted(self) -> int:
        """How many are in the ledger now, those that are finished as duplicates among them."""
        return len(self.ids) - len(self.duplicates)


@dataclass(frozen=True, slots=True)
class ContactFilters:
    """Which contacts a list shows; an empty field does not filter."""

    campaign_id: int | None = None
    batch_id: int | None = None
    states: frozenset[ContactState] = frozenset()
    finish_reasons: frozenset[FinishReason] = frozenset()
    last_outcomes: frozenset[Outcome] = frozenset()
    address: str | None = None
    """Normalised, as contacts have it."""
    reference_id: str | None = None
    campaign_ids: frozenset[int] = frozenset()
    address_part: str | None = None
    """Part of the first address."""
    created_since: datetime | None = None
    created_until: datetime | None = None
    """Both half-open."""
    min_tries: int = 0
    """Attempts that they have had at least."""
    max_tries: int | None = None
    """Attempts that they have had at most."""
    without_reasons: frozenset[FinishReason] = frozenset()
    """Not those that are finished for one of these."""
    ids: frozenset[int] | None = None
    """Of these only; an empty set is nobody."""
    text_part: str | None = None
    """Part of the first address or of the variables, in any case (SQLite knows that of ASCII letters)."""
    without_outcomes: frozenset[Outcome] = frozenset()
    """Not those whose last outcome is one of these."""
    held: bool | None = None
    """Whether they wait until somebody launches them (see `app/held.py`)."""
    due_since: datetime | None = None
    due_until: datetime | None = None
    """Waiting, and due at an instant; half-open."""
    all_of: tuple[tuple[ContactFilters, ...], ...] = ()
    """Of each group one must hold too; a group of none means nobody."""


class ImportStatus(StrEnum):
    """Where an import stands."""

    RUNNING = "running"
    """At work, or interrupted by a crash: the same file, given again, goes on behind its line."""
    FINISHED = "finished"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Import:
    """One file on its way into a batch. Every row of it up to `line` is accounted for."""

    id: int
    organization_id: int
    campaign_id: int
    batch_id: int
    filename: str | None
    head: str
    """Stands for the beginning of the file and how it is read: 32 hexadecimal digits."""
    digest: str
    """Stands for every line up to `line`."""
    status: ImportStatus
    line: int
    accepted: int
    duplicates: int
    rejected: int
    error: str | None
    created_at: datetime
    updated_at: datetime


class PeopleRows(Protocol):
    """Contacts and imports."""

    async def add(
        self,
        batch: Batch,
        given: Sequence[NewContact],
        now: datetime,
        *,
        allow_duplicates: bool,
        keep_duplicates: bool = False,
    ) -> Added:
        """Write contacts and their places in the queue, due at once; duplicates are left out and told.

        A reference is unique in its batch. An address is unique in its campaign unless `allow_duplicates`, whatever
        became of the contact that has it; with `keep_duplicates` one that comes again is written as finished. The
        caller holds the campaign's lock.
        """
        ...

    async def move_to(self, batch: Batch, contact_ids: Sequence[int], due: datetime | None, now: datetime) -> None:
        """Waiting contacts join another batch, of their campaign or of another one, due at `due` (None: when they were
        due before). The caller holds their locks, and has seen that nobody there has their references."""
        ...

    async def references(self, organization_id: int, batch_id: int, wanted: Sequence[str]) -> set[str]:
        """Which of these references somebody in the batch has."""
        ...

    async def reopen(self, contacts: Sequence[Contact], now: datetime, *, due: datetime | None = None) -> None:
        """Finished contacts wait again, due at once or at `due`, with `burned` as given; their tries so far are behind
        them. The caller has locked them."""
        ...

    async def get(self, organization_id: int, contact_id: int, *, lock: bool = False) -> Contact:
        """The contact, or NotFound. With `lock` nobody else can move it until this transaction ends."""
        ...

    async def by_reference(self, organization_id: int, batch_id: int, reference_id: str) -> Contact:
        """The contact of a batch with the client's reference, or NotFound."""
        ...

    async def lock_many(self, organization_id: int, contact_ids: Sequence[int]) -> Sequence[Contact]:
        """Those that exist, in order of id, held until this transaction ends."""
        ...

    async def page(
        self, organization_id: int, filters: ContactFilters, after: int | None, limit: int
    ) -> Sequence[Contact]:
        """In order of id, above `after`."""
        ...

    async def browse(
        self,
        organization_id: int,
        filters: ContactFilters,
        offset: int,
        limit: int,
        *,
        newest_first: bool,
        total: int | None = None,
    ) -> tuple[Sequence[Contact], int]:
        """Those on a page, in order of id, and how many there are in all, if that is not known already."""
        ...

    async def address_taken(self, organization_id: int, campaign_id: int, address: str) -> int | None:
        """The contact of a campaign that has this first address."""
        ...

    async def change(self, contact: Contact, now: datetime) -> None:
        """Write who a contact is: address, fallbacks, variables, zone, postal code, person, priority, and what the
        queue keeps of it. The caller holds the contact's lock."""
        ...

    # imports
    async def open_import(self, new: Import) -> None:
        """A new import under `new.id`, from `tx.new_ids("imports")`."""
        ...

    async def import_like(self, organization_id: int, batch_id: int, head: str) -> Import | None:
        """The latest import into the batch of a file that begins so."""
        ...

    async def advance_import(self, before: Import, after: Import, rejects: Sequence[BadRow]) -> bool:
        """Move an import on, with the rows that were not taken. False when it is not at `before.line` any more:
        somebody else is importing the same file."""
        ...

    async def get_import(self, organization_id: int, import_id: int) -> Import:
        """The import, or NotFound."""
        ...

    async def imports(self, organization_id: int, campaign_id: int, cursor: int | None, limit: int) -> Sequence[Import]:
        """The newest first; `cursor` is the id of the last one seen."""
        ...

    async def rejects(self, organization_id: int, import_id: int, after_line: int, limit: int) -> Sequence[BadRow]:
        """Rows of an import that were not taken, duplicates among them, in order of line. NotFound for no import."""
        ...

    async def reject_counts(self, import_id: int) -> Mapping[str, int]:
        """Code -> rows of an import that were not taken for that reason."""
        ...
