"""Files come in whole, in pieces, interrupted, again, grown and changed: nobody is lost, nobody is doubled."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from clarion.app import reading
from clarion.app.actor import Actor, Role
from clarion.app.import_contacts import ImportProgress, ImportReport, import_csv
from clarion.app.ports.organizations import Organization, Settings
from clarion.app.ports.people import ImportStatus
from clarion.app.refusals import Conflict, Forbidden, Invalid
from clarion.core.campaigns import Campaign, CampaignStatus, Plan
from clarion.core.outcomes import Channel
from clarion.store import schema
from clarion.store.database import Database

ACTOR = Actor(1, 1, Role.OPERATOR)
BLOCK = 20


@pytest.fixture
async def ledger(database: Database, clock: Any) -> Database:
    """An organisation; campaigns 1 to 9 (voice, drafts)."""
    now = clock.now()
    async with database.write() as tx:
        await tx.organizations.add_organization(Organization(1, "o", Settings(), now))
        for n in range(1, 10):
            campaign = Campaign(
                n, 1, f"c{n}", Channel.VOICE, CampaignStatus.DRAFT, Plan(), 1, created_at=now, updated_at=now
            )
            await tx.campaigns.insert(campaign)
    return database


def file(count: int, first: int = 0) -> bytes:
    """`count` rows, the first one after a header; every 10th repeats a number, every 25th is wrong."""
    lines = ["phone,reference_id,name\n"] if not first else []
    for n in range(first, first + count):
        number = f"512-555-{n - 1 if n % 10 == 9 else n:04d}" if n % 25 != 24 else "512"
        lines.append(f'{number},r{n},"Ann\n{n}"\n')
    return "".join(lines).encode()


def chunks(data: bytes, size: int = 333) -> Iterator[bytes]:
    return (data[i : i + size] for i in range(0, len(data), size))


async def asynchronous(data: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks(data):
        yield chunk


async def run(ledger: Database, clock: Any, data: bytes, campaign_id: int = 1, **more: Any) -> ImportReport:
    more.setdefault("block_rows", BLOCK)
    return await import_csv(ledger, clock, ACTOR, campaign_id, chunks(data), **more)


async def people(ledger: Database, campaign_id: int = 1) -> list[Any]:
    """Everything about a campaign's contacts but their ids."""
    contacts, queue = schema.contacts.c, schema.queue.c
    columns = [c for c in contacts if c.name not in ("id", "batch_id", "campaign_id")]
    places = [c for c in queue if c.name not in ("contact_id", "batch_id", "campaign_id")]
    statement = (
        select(*columns, *places)
        .join_from(schema.contacts, schema.queue, queue.contact_id == contacts.id)
        .where(contacts.campaign_id == campaign_id)
        .order_by(contacts.id)
    )
    async with ledger.read() as tx:
        return [tuple(row) for row in await tx.session.execute(statement)]


async def books(ledger: Database, report: ImportReport) -> Any:
    """What an import has written beside the contacts."""
    one = report.imported
    async with ledger.read() as tx:
        rejects = await tx.people.rejects(1, one.id, 0, 10_000)
        counted = select(schema.tallies.c.key, schema.tallies.c.n).where(
            schema.tallies.c.campaign_id == one.campaign_id
        )
        tallies = [tuple(row) for row in await tx.session.execute(counted)]
        bands = select(schema.batches.c.bands).where(schema.batches.c.campaign_id == one.campaign_id)
        lanes = [tuple(row) for row in await tx.session.execute(bands)]
    told = [(r.line, r.code, r.field, r.value) for r in rejects]
    totals = (one.status, one.line, one.digest, one.accepted, one.duplicates, one.rejected)
    return totals, dict(report.codes), told, tallies, lanes


async def test_each_row_is_accepted_or_kept_with_its_line_and_reason(ledger: Database, clock: Any) -> None:
    seen: list[ImportProgress] = []
    report = await run(ledger, clock, file(100), filename="people.csv", progress=seen.append)
    one = report.imported
    assert (one.accepted, one.duplicates, one.rejected) == (88, 8, 4)
    assert (one.status, one.filename, one.line, report.resumed_at) == (ImportStatus.FINISHED, "people.csv", 201, None)
    assert report.codes == {"duplicate_address": 8, "too_short": 4}
    assert len(await people(ledger)) == 88
    async with ledger.read() as tx:
        rejects = await tx.people.rejects(1, one.id, 0, 1000)
        later = await tx.people.rejects(1, one.id, rejects[4].line, 3)
        assert await tx.people.get_import(1, one.id) == one
        assert await tx.people.imports(1, 1, None, 10) == [one]
    assert [r.line for r in rejects] == sorted(r.line for r in rejects)
    assert (rejects[0].line, rejects[0].code, rejects[0].value) == (20, "duplicate_address", "+15125550008")
    assert later == rejects[5:8]
    assert [p.line for p in seen] == sorted(p.line for p in seen)
    assert seen[-1].accepted == 88


async def test_a_large_file_is_read_in_its_own_process_with_the_same_result(
    ledger: Database, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = file(3_000)
    small = await run(ledger, clock, data, campaign_id=1, block_rows=700)
    monkeypatch.setattr(reading, "SMALL", 10_000)
    large = await import_csv(ledger, clock, ACTOR, 2, asynchronous(data), block_rows=700)
    assert await people(ledger, 1) == await people(ledger, 2)
    assert await books(ledger, small) == await books(ledger, large)


class Broken(Exception):
    """The connection to the client is gone."""


@pytest.mark.parametrize("in_process", [False, True])
async def test_an_interrupted_import_goes_on_and_leaves_the_same_ledger(
    ledger: Database, clock: Any, monkeypatch: pytest.MonkeyPatch, in_process: bool
) -> None:
    data = file(5_000) if in_process else file(300)
    rows = 400 if in_process else BLOCK
    if in_process:
        monkeypatch.setattr(reading, "SMALL", 70_000)
    whole = await run(ledger, clock, data, block_rows=rows)
    blocks = 0

    def stop(_: ImportProgress) -> None:
        nonlocal blocks
        blocks += 1
        if blocks % 3 == 0:
            raise Broken

    for _ in range(4):
        with pytest.raises(Broken):
            await run(ledger, clock, data, campaign_id=2, block_rows=rows, progress=stop)
    async with ledger.read() as tx:
        (stopped,) = await tx.people.imports(1, 2, None, 10)
    assert stopped.status is ImportStatus.FAILED
    assert 0 < stopped.line < whole.imported.line
    mended = await run(ledger, clock, data, campaign_id=2, block_rows=rows)
    assert mended.resumed_at == stopped.line
    assert await people(ledger, 2) == await people(ledger, 1)
    assert await books(ledger, mended) == await books(ledger, whole)


async def test_a_source_that_breaks_off_is_told_and_goes_on(
    ledger: Database, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SMALL", 70_000)
    data = file(5_000)

    async def half() -> AsyncIterator[bytes]:
        yield data[: len(data) * 2 // 3]
        raise Broken

    with pytest.raises(Broken):
        await import_csv(ledger, clock, ACTOR, 1, half(), block_rows=500)
    async with ledger.read() as tx:
        (stopped,) = await tx.people.imports(1, 1, None, 10)
    assert (stopped.status, stopped.error) == (ImportStatus.FAILED, "Broken: ")
    assert stopped.accepted > 0
    await run(ledger, clock, data, block_rows=500)
    await run(ledger, clock, data, campaign_id=2, block_rows=500)
    assert await people(ledger, 1) == await people(ledger, 2)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
async def test_any_rows_add_up_and_any_interruption_can_be_repeated(ledger: Database, clock: Any, data: Any) -> None:
    numbers = st.integers(0, 30).map(lambda n: f"512-555-{n:04d}")
    rows = data.draw(
        st.lists(st.tuples(numbers | st.sampled_from(["", "512", "x"]), st.sampled_from(["", "a", "b", "c"])))
    )
    text = "phone,id,k\n" + "".join(f"{number},{reference},v\n" for number, reference in rows)
    allow = data.draw(st.booleans())
    async with ledger.write() as tx:
        for table in (
            schema.contacts,
            schema.queue,
            schema.tallies,
            schema.import_rejects,
            schema.imports,
            schema.batches,
        ):
            await tx.session.execute(table.delete())
    more = {"allow_duplicates": allow, "block_rows": data.draw(st.integers(1, 8))}
    whole = await run(ledger, clock, text.encode(), **more)
    one = whole.imported
    assert one.accepted + one.duplicates + one.rejected == len(rows)
    assert one.accepted == len(await people(ledger))
    last = data.draw(st.integers(0, 6))

    def stop(progress: ImportProgress) -> None:
        if progress.line > last:
            raise Broken

    try:
        repeated = await run(ledger, clock, text.encode(), campaign_id=2, progress=stop, **more)
    except Broken:
        repeated = await run(ledger, clock, text.encode(), campaign_id=2, **more)
    assert await people(ledger, 2) == await people(ledger, 1)
    assert await books(ledger, repeated) == await books(ledger, whole)


@pytest.mark.parametrize("allow_duplicates", [False, True])
async def test_the_same_file_again_adds_nothing(ledger: Database, clock: Any, allow_duplicates: bool) -> None:
    first = await run(ledger, clock, file(100), allow_duplicates=allow_duplicates)
    before = await people(ledger)
    again = await run(ledger, clock, file(100), allow_duplicates=allow_duplicates)
    assert again.imported == first.imported
    assert await people(ledger) == before


async def test_a_file_that_grew_adds_what_is_new(ledger: Database, clock: Any) -> None:
    long = file(4_000)  # more than is looked at to know a file again
    first = await run(ledger, clock, long, block_rows=1_000)
    grown = await run(ledger, clock, long + file(50, first=4_000), block_rows=1_000)
    assert (grown.imported.id, grown.resumed_at) == (first.imported.id, first.imported.line)
    assert grown.imported.accepted == first.imported.accepted + 44
    assert grown.imported.status is ImportStatus.FINISHED


async def test_a_file_that_was_changed_is_not_taken_for_the_old_one(ledger: Database, clock: Any) -> None:
    long = file(4_000)
    await run(ledger, clock, long, block_rows=1_000)
    at = long.index(b"512-555-3800")
    changed = long[:at] + b"212-555-3800" + long[at + 12 :]
    with pytest.raises(Conflict, match="differs"):
        await run(ledger, clock, changed, block_rows=1_000)
    report = await run(ledger, clock, changed, block_rows=1_000, resume=False)
    # 3,800 and its repetition 3,799 -> 3,800 have other references already, so nobody is called twice
    assert report.imported.accepted + report.imported.duplicates + report.imported.rejected == 4_000
    assert report.imported.accepted <= 2


async def test_the_slower_of_two_at_the_same_file_is_refused(ledger: Database, clock: Any) -> None:
    data = file(200)

    def stop(_: ImportProgress) -> None:
        raise Broken

    with pytest.raises(Broken):
        await run(ledger, clock, data, progress=stop)
    async with ledger.read() as tx:
        (old,) = await tx.people.imports(1, 1, None, 1)
    await run(ledger, clock, data)
    async with ledger.write() as tx:
        assert not await tx.people.advance_import(old, old, [])


async def test_files_that_cannot_be_used_leave_nothing(ledger: Database, clock: Any) -> None:
    for data, mapping, field in (
        (b"name\nAnn\n", None, "file"),
        (b"", None, "file"),
        (b"phone\n1\n", {"Telefon": "address"}, "mapping.Telefon"),
    ):
        with pytest.raises(Invalid) as refused:
            await run(ledger, clock, data, mapping=mapping)
        assert [problem.field for problem in refused.value.problems] == [field]
    async with ledger.read() as tx:
        assert await tx.people.imports(1, 1, None, 10) == []
    with pytest.raises(Forbidden):
        await import_csv(ledger, clock, Actor(1, 1, Role.VIEWER), 1, chunks(file(1)))


async def test_two_hundred_columns_and_a_phone_only_list(ledger: Database, clock: Any) -> None:
    wide = ",".join(["phone", *(f"v{n}" for n in range(199))]) + "\n"
    wide += "".join(f"512-555-{n:04d}," + ",".join("x" * 199) + "\n" for n in range(50))
    assert (await run(ledger, clock, wide.encode())).imported.accepted == 50
    bare = "".join(f"512555{n:04d}\n" for n in range(100, 150))
    assert (await run(ledger, clock, bare.encode())).imported.accepted == 50
