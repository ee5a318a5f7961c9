"""A contact file in, contacts and bad rows out, block by block, in constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from clarion.core.contacts import BadRow, NewContact
from clarion.core.outcomes import Channel
from clarion.wire.contact_columns import ADDRESS, Columns, NoColumns, read_header
from clarion.wire.contact_drafts import ContactDraft, parse_contact, shown
from clarion.wire.csv_records import Broken, RecordReader, find_separator
from clarion.wire.mail_addresses import MailAddress, parse_mail_address
from clarion.wire.phones import Phone, parse_phone
from clarion.wire.text_lines import lines_of

BLOCK_ROWS = 5_000
BLOCK_CHARACTERS = 4_000_000
"""A block ends early when its rows are huge."""
EXCEL_HINT = "sep="
FALLBACK_SEPARATORS = str.maketrans(";|", ",,")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is to be read."""

    channel: Channel
    country: str
    """Of numbers that name none (ISO 3166)."""
    mapping: Mapping[str, str] = field(default_factory=dict)
    """Column -> field, variable name, or empty for a column to leave out; others are found by their header."""
    only_mapped: bool = False
    """Columns that the mapping does not name are variables, whatever their headers say."""
    block_rows: int = BLOCK_ROWS


@dataclass(frozen=True, slots=True)
class RowBlock:
    """Some rows of a file, in order. `line` and `digest` stand for everything up to the end of the block."""

    contacts: tuple[NewContact, ...]
    bad: tuple[BadRow, ...]
    line: int
    digest: str
    characters: int
    """Characters read so far."""


def read_blocks(chunks: Iterable[bytes], layout: Layout, *, resume_at: int = 0) -> Iterator[RowBlock]:
    """The rows of a CSV file given in chunks of bytes.

    With `resume_at` the rows up to that line are only read over; the first block is then empty and ends there, so
    that its digest tells whether the file begins like the one that was interrupted. Raises NoColumns when no row
    could be used. Rows that are empty altogether are not rows.
    """
    records = RecordReader(lines_of(chunks))
    columns, first = _begin(records, layout)
    if resume_at:
        while records.line < resume_at and next(records, None) is not None:
            pass
        first = ()
        yield RowBlock((), (), records.line, records.digest(), records.size)
    contacts: list[NewContact] = []
    bad: list[BadRow] = []
    until = records.size + BLOCK_CHARACTERS
    for record in chain(first, records):
        row = _row(record, columns, layout)
        if isinstance(row, NewContact):
            contacts.append(row)
        elif row is not None:
            bad.append(row)
        if len(contacts) + len(bad) >= layout.block_rows or records.size >= until:
            yield RowBlock(tuple(contacts), tuple(bad), records.line, records.digest(), records.size)
            contacts.clear()
            bad.clear()
            until = records.size + BLOCK_CHARACTERS
    yield RowBlock(tuple(contacts), tuple(bad), records.line, records.digest(), records.size)


Record = tuple[int, list[str]] | Broken


def _begin(records: RecordReader, layout: Layout) -> tuple[Columns, tuple[Record, ...]]:
    """Read through the header. A file that has none begins with a row, which is given back."""
    while (line := records.first_line()) and not line.strip():
        records.skip_line()
    if line[: len(EXCEL_HINT)].lower() == EXCEL_HINT and (hinted := line[len(EXCEL_HINT) :].rstrip("\r\n")):
        records.skip_line()
        records.use_separator(hinted[0])
    else:
        records.use_separator(find_separator(line))
    first = next(records, None)
    if first is None:
        raise NoColumns("empty_file", "The file has no rows.")
    if isinstance(first, Broken):
        raise NoColumns("no_header", "The first row cannot be read as a header.")
    records.width = len(first[1])
    try:
        return read_header(first[1], layout.mapping, layout.channel, only_mapped=layout.only_mapped), ()
    except NoColumns:
        columns = _without_header(first[1], layout)
        if columns is None:
            raise
        return columns, (first,)


def _without_header(first: list[str], layout: Layout) -> Columns | None:
    """Columns of a file whose first row is a contact already: the address is the first cell that can be one."""
    if layout.mapping:
        return None
    for position, cell in enumerate(first):
        if layout.channel is Channel.EMAIL:
            is_address = isinstance(parse_mail_address(cell), MailAddress)
        else:
            is_address = isinstance(parse_phone(cell, layout.country), Phone)
        if is_address:
            names = [ADDRESS if n == position else f"column_{n + 1}" for n in range(len(first))]
            return read_header(names, {name: name for name in names}, layout.channel)
    return None


def _row(record: Record, columns: Columns, layout: Layout) -> NewContact | BadRow | None:
    if isinstance(record, Broken):
        return BadRow(record.line, record.code, record.message, None, shown(record.text.rstrip("\r\n")))
    line, cells = record
    width = len(columns.names)
    if len(cells) != width:
        if not any(map(str.strip, cells)):
            return None
        if any(map(str.strip, cells[width:])):
            return BadRow(line, "too_many_fields", f"The row has {len(cells)} fields, the header {width}.")
        cells += [""] * (width - len(cells))
    variables = {name: value for n, name in columns.variables if (value := cells[n].strip())}
    fields = {name: cells[n] for name, n in columns.fields.items()}
    address = cells[columns.address]
    fallbacks: tuple[str, ...] = ()
    if columns.fallbacks:
        fallbacks = tuple(
            one for n in columns.fallbacks if cells[n] for one in cells[n].translate(FALLBACK_SEPARATORS).split(",")
        )
    if not address.strip() and not any(map(str.strip, cells)):
        return None
    if "\x00" in "".join(cells):
        return BadRow(line, "nul_character", "The row has a NUL character.", None, shown("".join(cells)))
    draft = ContactDraft(address, fallbacks=fallbacks, variables=variables, **fields)
    return parse_contact(draft, layout.channel, layout.country, line)
