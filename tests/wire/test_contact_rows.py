"""Dirty files: each row becomes a contact or is reported with its line, and no row keeps another one out."""

from __future__ import annotations

import codecs
import csv
import io
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.core.contacts import BadRow, NewContact
from clarion.core.outcomes import Channel
from clarion.wire.contact_columns import NoColumns
from clarion.wire.contact_rows import Layout, RowBlock, read_blocks
from clarion.wire.text_lines import MAX_LINE, find_encoding

VOICE = Layout(Channel.VOICE, "US")
MAIL = Layout(Channel.EMAIL, "US")


def blocks(data: bytes | str, layout: Layout = VOICE, size: int = 97, resume_at: int = 0) -> list[RowBlock]:
    raw = data.encode() if isinstance(data, str) else data
    pieces = [raw[i : i + size] for i in range(0, len(raw), size)]
    return list(read_blocks(pieces, layout, resume_at=resume_at))


def read(data: bytes | str, layout: Layout = VOICE, size: int = 97) -> tuple[list[NewContact], list[BadRow]]:
    found = blocks(data, layout, size)
    return [c for b in found for c in b.contacts], [r for b in found for r in b.bad]


def outcome(data: bytes | str, layout: Layout = VOICE) -> dict[int | None, str]:
    """Line -> address or reason."""
    contacts, bad = read(data, layout)
    return {c.line: c.address.value for c in contacts} | {r.line: r.code for r in bad}


A, B, C = "+15125551234", "+15125551235", "+15125551236"

DIRTY: dict[str, tuple[bytes | str, dict[int, str]]] = {
    "plain": ("phone\n5125551234\n5125551235\n", {2: A, 3: B}),
    "phone only, no header": ("5125551234\n5125551235\n", {1: A, 2: B}),
    "several columns, no header": ("Ann;5125551234\nBob;5125551235\n", {1: A, 2: B}),
    "no line end at the end": ("phone\n5125551234", {2: A}),
    "carriage returns": ("phone\r\n5125551234\r\n5125551235\r\n", {2: A, 3: B}),
    "old Mac": ("phone\r5125551234\r5125551235\r", {2: A, 3: B}),
    "byte order mark": (codecs.BOM_UTF8 + b"phone\n5125551234\n", {2: A}),
    "utf-16 with a mark": ("phone\n5125551234\n".encode("utf-16"), {2: A}),
    "utf-16 without a mark": ("phone\n5125551234\n".encode("utf-16-le"), {2: A}),
    "utf-16, big end first": ("phone\n5125551234\n".encode("utf-16-be"), {2: A}),
    "semicolons": ("name;phone\nAnn;5125551234\n", {2: A}),
    "tabs": ("name\tphone\nAnn, Bob\t5125551234\n", {2: A}),
    "bars": ("name|phone\nAnn|5125551234\n", {2: A}),
    "what Excel says of its separator": ("sep=;\nname;phone\nAnn;5125551234\n", {3: A}),
    "a separator in quotes": ('phone,name\n5125551234,"Miller, Ann"\n', {2: A}),
    "a blank before the quote": ('phone,name\n5125551234, "Miller, Ann"\n', {2: A}),
    "line ends in quotes": ('phone,note\n5125551234,"a\nb\nc"\n5125551235,x\n', {2: A, 5: B}),
    "doubled quotes": ('phone,note\n5125551234,"say ""hi"""\n', {2: A}),
    "quotes inside a word": ('phone,note\n5125551234,5" pipe and 6" pipe\n', {2: A}),
    "words behind a quote": ('phone,note\n5125551234,"Ann" Miller\n5125551235,x\n', {2: A, 3: B}),
    "a quote that is never closed": (
        'phone,note\n5125551234,"oops\n5125551235,x\n5125551236,y\n',
        {2: "unclosed_quote", 3: B, 4: C},
    ),
    "a quote closed by somebody else's": (
        'phone,note\n5125551234,"oops\n5125551235,x\n5125551236,"y"\n',
        {2: "unclosed_quote", 3: B, 4: C},
    ),
    "a quote closed in a row that is too wide then": (
        'phone,note\n5125551234,"oops\n5125551235,x",\n5125551236,y\n',
        {2: "unclosed_quote", 3: B, 4: C},
    ),
    "empty rows": ("phone,name\n\n5125551234,Ann\n,\n  ,  \n5125551235,Bob\n\n", {3: A, 6: B}),
    "empty lines before the header": ("\n\nphone\n5125551234\n", {4: A}),
    "short rows": ("phone,name,zip\n5125551234\n5125551235,Bob\n", {2: A, 3: B}),
    "long rows": ("phone,name\n5125551234,Ann,,\n5125551235,Bob,x\n", {2: A, 3: "too_many_fields"}),
    "NUL bytes": (
        b"phone,name\n5125551234,An\0n\n512555\0001235,B\n5125551236,C\n",
        {2: "nul_character", 3: "nul_character", 4: C},
    ),
    "Excel": (
        "phone\n15125551234\n1.5125551235E+10\n1.5126E+10\n15125551236.0\n",
        {2: A, 3: B, 4: "digits_lost", 5: C},
    ),
    "wrong numbers": (
        "phone,name\n512,Ann\n,Bob\nn/a,Cy\n5125551234,Di\n",
        {2: "too_short", 3: "empty", 4: "not_a_number", 5: A},
    ),
    "wrong zone": (
        "phone,timezone\n5125551234,America/Nowhere\n5125551235,america/chicago\n",
        {2: "unknown_zone", 3: B},
    ),
    "wrong priority": (
        "phone,priority\n5125551234,12\n5125551235,9\n5125551236,high\n",
        {2: "bad_priority", 3: B, 4: "bad_priority"},
    ),
    "wrong fallback": ("phone,phone2\n5125551234,512\n5125551235,\n", {2: "too_short", 3: B}),
    "a long reference": (f"phone,id\n5125551234,{'r' * 300}\n5125551235,r\n", {2: "too_long", 3: B}),
    "an endless line": (f"phone,note\n5125551234,{'x' * (MAX_LINE + 1)}\n5125551235,x\n", {2: "line_too_long", 3: B}),
    "an endless line at the end": (
        f"phone,note\n5125551235,x\n5125551234,{'x' * (3 * MAX_LINE)}",
        {2: B, 3: "line_too_long"},
    ),
    "a quote round a thousand lines": (
        'phone,note\n5125551234,"' + "x\n" * 600 + "5125551235,y\n",
        {2: "unclosed_quote", **dict.fromkeys(range(3, 602), "not_a_number"), 602: B},
    ),
}


@pytest.mark.parametrize("name", DIRTY)
def test_dirty_files(name: str) -> None:
    data, expected = DIRTY[name]
    assert outcome(data) == expected


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 100_000])
def test_chunks_may_end_anywhere(size: int) -> None:
    data = 'téléphone,name\r\n5125551234,"Zoë\r\nß 漢字 😀"\r\n5125551235,x\r\n'.encode()
    contacts, bad = read(data, size=size)
    assert [(c.line, c.address.value, c.variables) for c in contacts] == [
        (2, A, {"name": "Zoë\r\nß 漢字 😀"}),
        (4, B, {"name": "x"}),
    ]
    assert not bad


@pytest.mark.parametrize(
    "encoding,name",
    [
        ("cp1252", "Zoë Müller"),
        ("latin-1", "Zoë Müller"),
        ("utf-8", "Zoë Müller"),
        ("utf-8-sig", "山田太郎"),
        ("utf-16", "山田太郎"),
        ("utf-32", "Zoë"),
        ("cp1251", "Иванов Пётр"),
        ("cp932", "山田太郎"),
    ],
)
def test_encodings(encoding: str, name: str) -> None:
    data = ("phone;name\n" + f"5125551234;{name}\n" * 60).encode(encoding)
    contacts, _ = read(data)
    assert contacts[0].variables == {"name": name}


def test_a_file_glued_together_from_two_encodings() -> None:
    data = "phone,name\n5125551234,Zoë\n".encode() + "5125551235,Zoë\n".encode("cp1252")
    contacts, _ = read(data)
    assert [c.variables["name"] for c in contacts] == ["Zoë", "Zoë"]
    assert find_encoding(b"phone\n1\n") == ("utf-8", 0)


@pytest.mark.parametrize(
    "header,layout",
    [
        ("phone", VOICE),
        ("Phone Number", VOICE),
        ("PHONE_NUMBER", VOICE),
        ("target", VOICE),
        ("mobile", VOICE),
        ("To", VOICE),
        ("Telefon", VOICE),
        ("address", VOICE),
        ("email", MAIL),
        ("E-Mail", MAIL),
        ("Email Address", MAIL),
        ("target", MAIL),
    ],
)
def test_words_for_the_address(header: str, layout: Layout) -> None:
    address = "ann@example.com" if layout is MAIL else "5125551234"
    contacts, _ = read(f"name,{header}\nAnn,{address}\n", layout)
    assert [c.address.value for c in contacts] == ["ann@example.com" if layout is MAIL else A]


def test_every_field_and_the_rest_become_variables() -> None:
    data = (
        "ID,phone,phone2,Secondary Phone,zip,tz,priority,person,First Name,email,,First Name\n"
        "r1,512-555-1234 x7,512-555-1235|5125551236,+1 512 555 1234,33139,Europe/Paris,9,p1,Ann,a@b.example,q,B\n"
    )
    contacts, bad = read(data)
    assert not bad
    (one,) = contacts
    assert (one.reference_id, one.postal_code, one.zone, one.priority, one.person, one.line) == (
        "r1", "33139", "Europe/Paris", 9, "p1", 2,
    )  # fmt: skip
    assert one.address.value == A
    assert [f.value for f in one.fallbacks] == [B, C]
    assert one.address.region_key == "Europe/Paris;US,US-FL,US-TX"
    assert one.variables == {
        "extension": "7", "First Name": "Ann", "email": "a@b.example", "column_11": "q", "First Name_2": "B",
    }  # fmt: skip


def test_a_second_phone_is_no_second_mailbox() -> None:
    data = "phone,phone_2,email,other email,second contact\n5125551234,5125551235,a@b.example,c@b.example,\n"
    (called,), _ = read(data)
    (mailed,), _ = read(data, MAIL)
    assert [f.value for f in called.fallbacks] == [B]
    assert [f.value for f in mailed.fallbacks] == ["c@b.example"]


def test_a_mapping_outranks_the_header() -> None:
    layout = Layout(Channel.VOICE, "GB", {"Rufnummer": "address", "Phone": "", "Kd-Nr": "reference_id", "X": "vorname"})
    contacts, _ = read("Phone;Rufnummer;Kd-Nr;X;id\nno;020 7946 0000;77;Ann;9\n", layout)
    assert [(c.address.value, c.reference_id, c.variables) for c in contacts] == [
        ("+442079460000", "77", {"vorname": "Ann", "id": "9"})
    ]


def test_headers_say_nothing_when_only_the_mapping_counts() -> None:
    layout = Layout(Channel.VOICE, "US", {"reference_id": "reference_id", "target": "address"}, only_mapped=True)
    contacts, _ = read("reference_id,target,phone2,zip,timezone,address\n7,5125551234,5125551235,90210,Mars,X", layout)
    assert [(c.address.value, c.reference_id, c.fallbacks, c.zone, c.postal_code) for c in contacts] == [
        (A, "7", (), None, None)
    ]
    assert contacts[0].variables == {"phone2": "5125551235", "zip": "90210", "timezone": "Mars", "address": "X"}


def test_an_empty_first_address_leaves_its_place_to_the_fallback() -> None:
    contacts, _ = read("phone,phone2\n,5125551234\n")
    assert [(c.address.value, c.fallbacks) for c in contacts] == [(A, ())]


@pytest.mark.parametrize(
    "data,mapping,code",
    [
        ("", {}, "empty_file"),
        ("\n\n", {}, "empty_file"),
        ("name,city\nAnn,Austin\n", {}, "no_address_column"),
        ("phone\n5125551234\n", {"Telefon": "address"}, "unknown_column"),
        ("a,b\n1,2\n", {"a": "address", "b": "address"}, "mapped_twice"),
    ],
)
def test_files_of_which_no_row_could_be_used(data: str, mapping: dict[str, str], code: str) -> None:
    with pytest.raises(NoColumns) as refused:
        read(data, Layout(Channel.VOICE, "US", mapping))
    assert refused.value.code == code


def test_two_hundred_columns() -> None:
    header = ",".join(["phone", *(f"v{n}" for n in range(199))])
    contacts, _ = read(f"{header}\n5125551234," + ",".join(str(n) for n in range(199)) + "\n")
    assert len(contacts[0].variables) == 199


def rows(count: int) -> Iterator[bytes]:
    yield b"phone,name\n"
    for n in range(0, count, 500):
        yield b"".join(b"512-555-%04d,%s\n" % (i % 10_000, b"x" * 80) for i in range(n, n + 500))


def test_a_long_file_takes_no_more_memory_than_a_short_one() -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        for _ in read_blocks(rows(count), Layout(Channel.VOICE, "US", block_rows=500)):
            pass
        _, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(1_000)  # tables are read once
    assert peak(10_000) < 1.5 * peak(2_000)


def test_reading_goes_on_behind_a_line_with_the_same_digest() -> None:
    data = "phone,n\n" + "".join(f"512555{n:04d},{n}\n" for n in range(1000, 1100)) + '5125559999,"a\nb"\n'
    layout = Layout(Channel.VOICE, "US", block_rows=7)
    whole = blocks(data, layout)
    for done, block in enumerate(whole[:-1], 1):
        again = blocks(data, layout, resume_at=block.line)
        assert (again[0].line, again[0].digest, again[0].contacts) == (block.line, block.digest, ())
        assert [c for b in again for c in b.contacts] == [c for b in whole[done:] for c in b.contacts]
    changed = blocks(data.replace("5125551003", "5125552003"), layout, resume_at=whole[3].line)
    assert changed[0].digest != whole[3].digest


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
phones = st.integers(0, 9_999).map(lambda n: f"512555{n:04d}") | cells


@given(
    st.lists(st.tuples(phones, cells, cells), max_size=25), st.sampled_from([",", ";", "\t", "|"]), st.integers(1, 50)
)
def test_every_row_that_a_spreadsheet_writes_is_accounted_for(
    table: list[tuple[str, str, str]], separator: str, size: int
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=separator, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(["phone", "one", "two"])
    writer.writerows(table)
    data = codecs.BOM_UTF8 + out.getvalue().encode()
    contacts, bad = read(data, size=size)
    filled = [row for row in table if any(cell.strip() for cell in row)]
    assert len(contacts) + len(bad) == len(filled)
    lines = [c.line for c in contacts] + [r.line for r in bad]
    assert len(set(lines)) == len(lines)


@given(st.binary(max_size=400), st.integers(1, 50))
def test_no_bytes_are_a_surprise(data: bytes, size: int) -> None:
    contacts, bad = read(b"phone,name\n" + data, size=size)
    assert all(c.line is not None and c.line > 1 for c in contacts)
    assert all(r.line > 1 and "\0" not in (r.value or "") for r in bad)
