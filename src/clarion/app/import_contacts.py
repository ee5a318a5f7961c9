"""Import a contact file: each row is accepted or kept with its line and reason, and an interrupted import goes on.

The file streams through in blocks. A block is one transaction that also moves the import's line, so whatever stops
an import, every row up to that line is in the ledger once and no row behind it is. The same file, given again, is
known by its beginning, read over up to the line, and compared there by digest before anything is added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import orjson

from clarion.app.actor import Actor, Role
from clarion.app.add_contacts import admit, enter
from clarion.app.ports.clock import Clock
from clarion.app.ports.ledger import Ledger
from clarion.app.ports.people import Import, ImportStatus
from clarion.app.reading import BlockReader, Chunks, Source, open_reader
from clarion.app.refusals import Conflict, Invalid, Problem
from clarion.core.campaigns import Batch
from clarion.wire.contact_columns import NoColumns
from clarion.wire.contact_rows import Layout, RowBlock

HEAD = 65_536
"""Bytes by which a file is known again."""
MAX_ERROR = 1_000


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import is. Every row up to `line` is accounted for."""

    import_id: int
    line: int
    characters: int
    """Read in this run."""
    accepted: int
    duplicates: int
    rejected: int


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What came of a file, over all the runs that it took."""

    imported: Import
    codes: Mapping[str, int]
    """Reason -> rows that were not taken, duplicates among them; each one is kept with its line."""
    resumed_at: int | None
    """The line behind which this run went on; None when it began the file."""


async def import_csv(
    ledger: Ledger,
    clock: Clock,
    actor: Actor,
    campaign_id: int,
    chunks: Chunks,
    *,
    mapping: Mapping[str, str] | None = None,
    only_mapped: bool = False,
    batch_key: str | None = None,
    filename: str | None = None,
    allow_duplicates: bool = False,
    resume: bool = True,
    block_rows: int | None = None,
    progress: Callable[[ImportProgress], None] | None = None,
) -> ImportReport:
    """Import a CSV file, given in chunks of any size, into a batch (None: the campaign's default one).

    `mapping`: column -> field or variable name, see `wire.contact_columns`; with `only_mapped` every other column is a
    variable, and no column is found by its header. A file that was imported before adds only what is new behind its
    last line; `resume` False takes it as a new one. Raises Invalid when no column can be the address, Conflict when the
    campaign or the batch is over, when somebody else is importing the same file (`import_taken`), or when it begins
    like an earlier one and then differs (`import_differs`).
    """
    actor.must_be(Role.OPERATOR)
    async with ledger.write() as tx:
        campaign, batch = await enter(tx, actor.organization_id, campaign_id, batch_key, clock.now())
        country = (await tx.organizations.organization(actor.organization_id)).settings.default_country
    layout = Layout(campaign.channel, country, mapping or {}, only_mapped)
    if block_rows is not None:
        layout = replace(layout, block_rows=block_rows)
    source = Source(chunks)
    await source.begin(HEAD)
    head = _head(b"".join(source.begun), layout, allow_duplicates)
    before: Import | None = None
    if resume:
        async with ledger.read() as tx:
            before = await tx.people.import_like(actor.organization_id, batch.id, head)
    run = _Run(ledger, clock, actor, batch, allow_duplicates, progress)
    return await run.through(before, filename, head, source, layout)


@dataclass(frozen=True, slots=True)
class _Run:
    """One run over a file."""

    ledger: Ledger
    clock: Clock
    actor: Actor
    batch: Batch
    allow_duplicates: bool
    progress: Callable[[ImportProgress], None] | None

    async def through(
        self, before: Import | None, filename: str | None, head: str, source: Source, layout: Layout
    ) -> ImportReport:
        blocks = await open_reader(source, layout, before.line if before else 0)
        try:
            block = await _first(blocks)
            if before is None:
                state = await self._open(filename, head)
            else:
                if before.line:
                    _must_match(before, block)
                    block = await blocks.next()
                state = before
            try:
                while block is not None:
                    state = await self._take(state, block)
                    self._tell(state, block)
                    block = await blocks.next()
                state = await self._move(state, replace(state, status=ImportStatus.FINISHED, error=None))
            except BaseException as error:  # whatever it was, the import can be seen to have stopped, and goes on later
                await self._stop(state, error)
                raise
        finally:
            await blocks.close()
        async with self.ledger.read() as tx:
            codes = await tx.people.reject_counts(state.id)
        return ImportReport(state, codes, before.line if before and before.line else None)

    async def _open(self, filename: str | None, head: str) -> Import:
        now = self.clock.now()
        async with self.ledger.write() as tx:
            new = Import(
                id=(await tx.new_ids("imports"))[0],
                organization_id=self.batch.organization_id,
                campaign_id=self.batch.campaign_id,
                batch_id=self.batch.id,
                filename=filename,
                head=head,
                digest=blake2b(digest_size=16).hexdigest(),
                status=ImportStatus.RUNNING,
                line=0,
                accepted=0,
                duplicates=0,
                rejected=0,
                error=None,
                created_at=now,
                updated_at=now,
            )
            await tx.people.open_import(new)
        return new

    async def _take(self, state: Import, block: RowBlock) -> Import:
        """One block, one transaction."""
        if block.line == state.line:
            return state
        now = self.clock.now()
        async with self.ledger.write() as tx:
            lane = await enter(tx, self.batch.organization_id, self.batch.campaign_id, self.batch.key, now)
            added = await admit(tx, self.actor, *lane, block.contacts, now, allow_duplicates=self.allow_duplicates)
            after = replace(
                state,
                status=ImportStatus.RUNNING,
                error=None,
                line=block.line,
                digest=block.digest,
                accepted=state.accepted + added.accepted,
                duplicates=state.duplicates + len(added.duplicates),
                rejected=state.rejected + len(block.bad),
                updated_at=now,
            )
            if not await tx.people.advance_import(state, after, [*added.duplicates, *block.bad]):
                raise Conflict("import_taken", "Somebody else is importing this file.")
        return after

    def _tell(self, state: Import, block: RowBlock) -> None:
        if self.progress is not None:
            self.progress(
                ImportProgress(state.id, state.line, block.characters, state.accepted, state.duplicates, state.rejected)
            )

    async def _move(self, before: Import, after: Import) -> Import:
        if after == before:
            return before
        after = replace(after, updated_at=self.clock.now())
        async with self.ledger.write() as tx:
            if not await tx.people.advance_import(before, after, []):
                raise Conflict("import_taken", "Somebody else is importing this file.")
        return after

    async def _stop(self, state: Import, error: BaseException) -> None:
        failed = replace(state, status=ImportStatus.FAILED, error=f"{type(error).__name__}: {error}"[:MAX_ERROR])
        async with self.ledger.write() as tx:
            await tx.people.advance_import(state, replace(failed, updated_at=self.clock.now()), [])


async def _first(blocks: BlockReader) -> RowBlock | None:
    try:
        return await blocks.next()
    except NoColumns as error:
        field = "file" if error.column is None else f"mapping.{error.column}"
        raise Invalid([Problem(field, error.code, str(error))]) from error


def _must_match(before: Import, block: RowBlock | None) -> None:
    if block is None or (block.line, block.digest) != (before.line, before.digest):
        raise Conflict(
            "import_differs",
            f"The file begins like that of import {before.id}, and differs before its line {before.line}. "
            "Import it as a new file to add what is new in it.",
        )


def _head(beginning: bytes, layout: Layout, allow_duplicates: bool) -> str:
    """What a file is known by: its beginning, and how it is read."""
    how: list[Any] = [layout.channel, layout.country, sorted(layout.mapping.items()), allow_duplicates]
    if layout.only_mapped:
        how.append("only_mapped")
    return blake2b(
        beginning[:HEAD], digest_size=16, key=blake2b(orjson.dumps(how), digest_size=16).digest()
    ).hexdigest()
