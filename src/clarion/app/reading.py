"""Contact files are read beside the event loop: small ones in a thread, large ones in a process of their own.

A thread that parses for half a minute makes the event loop wait for the interpreter's lock at every socket write; a
process does not, and the database gets its rows twice as fast. It is this module, run with `-m`: chunks of the file go
in by standard input, blocks of rows come out by standard output, each with its length before it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import pickle
import struct
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from operator import attrgetter
from typing import Any, BinaryIO, Protocol

from clarion.core.contacts import Address, NewContact
from clarion.wire.contact_columns import NoColumns
from clarion.wire.contact_rows import Layout, RowBlock, read_blocks

LENGTH = struct.Struct("<I")
MAX_CHUNK = 1 << 20
SMALL = 1 << 20
"""Bytes up to which a file is not worth a process."""

Chunks = AsyncIterator[bytes] | Iterable[bytes]


class Source:
    """Chunks of a file from an iterator of either kind. A plain one, which may read a disk, is asked in a thread."""

    def __init__(self, chunks: Chunks) -> None:
        """`chunks` may be of any size."""
        self._plain = None if isinstance(chunks, AsyncIterator) else iter(chunks)
        self._async = chunks if isinstance(chunks, AsyncIterator) else None
        self.begun: list[bytes] = []
        """What `begin` has read."""

    async def begin(self, size: int) -> bool:
        """Read ahead until `size` bytes are there. False: the file ended before."""
        read = sum(map(len, self.begun))
        while read < size:
            chunk = await self._next()
            if chunk is None:
                return False
            read += len(chunk)
            self.begun.append(chunk)
        return True

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Every chunk, those read ahead first."""
        for chunk in self.begun:
            yield chunk
        self.begun.clear()
        while (following := await self._next()) is not None:
            yield following

    async def _next(self) -> bytes | None:
        if self._async is not None:
            return await anext(self._async, None)
        assert self._plain is not None
        return await asyncio.to_thread(next, self._plain, None)


class BlockReader(Protocol):
    """Blocks of rows, one after the other."""

    async def next(self) -> RowBlock | None:
        """The next block, None at the end. The first raises NoColumns when no row of the file could be used."""
        ...

    async def close(self) -> None:
        """Read no further."""
        ...


async def open_reader(source: Source, layout: Layout, resume_at: int) -> BlockReader:
    """Begin to read a file; see `read_blocks`."""
    if await source.begin(SMALL):
        return await ProcessReader.start(source, layout, resume_at)
    return ThreadReader(read_blocks(source.begun, layout, resume_at=resume_at))


class ThreadReader:
    """Reads a file that is in memory."""

    def __init__(self, blocks: Iterator[RowBlock]) -> None:
        """`blocks` from `read_blocks`."""
        self._blocks = blocks

    async def next(self) -> RowBlock | None:
        """See BlockReader."""
        return await asyncio.to_thread(next, self._blocks, None)

    async def close(self) -> None:
        """Nothing is left open."""


class ProcessReader:
    """Reads a file in a process, a block or two ahead."""

    def __init__(self, process: asyncio.subprocess.Process, feeder: asyncio.Task[None]) -> None:
        """See `start`."""
        self._process = process
        self._feeder = feeder
        self._ahead: asyncio.Task[RowBlock | None] | None = None

    @classmethod
    async def start(cls, source: Source, layout: Layout, resume_at: int) -> ProcessReader:
        """Start the process and feed it."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            __name__,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in a terminal is for the one who reads, who ends this one
        )
        assert process.stdin is not None
        order = pickle.dumps((layout, resume_at))
        return cls(process, asyncio.create_task(_feed(process.stdin, order, source)))

    async def next(self) -> RowBlock | None:
        """See BlockReader. What went wrong with the source is raised here."""
        block = await (self._ahead or asyncio.create_task(self._read()))
        self._ahead = None if block is None else asyncio.create_task(self._read())
        return block

    async def _read(self) -> RowBlock | None:
        assert self._process.stdout is not None
        try:
            (length,) = LENGTH.unpack(await self._process.stdout.readexactly(LENGTH.size))
            answer = await asyncio.to_thread(_unpacked, await self._process.stdout.readexactly(length))
        except asyncio.IncompleteReadError as error:
            await self._feeder
            raise ChildProcessError("The process that reads the file has died.") from error
        if isinstance(answer, NoColumns):
            raise answer
        if answer is None:
            await self._feeder
        return answer

    async def close(self) -> None:
        """End the process."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        tasks = [self._feeder] if self._ahead is None else [self._feeder, self._ahead]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._process.communicate()  # the process is not done for asyncio before its pipes are empty


async def _feed(pipe: asyncio.StreamWriter, order: bytes, source: Source) -> None:
    try:
        pipe.writelines((LENGTH.pack(len(order)), order))
        async for chunk in source:
            for start in range(0, len(chunk), MAX_CHUNK):
                piece = chunk[start : start + MAX_CHUNK]
                pipe.writelines((LENGTH.pack(len(piece)), piece))
                await pipe.drain()
        pipe.write(LENGTH.pack(0))
        await pipe.drain()
    except ConnectionError:
        pass  # the process ended first, and its answer says why
    finally:
        pipe.close()


# What goes through the pipes. Frozen dataclasses are slow to pickle, and there are two of them for each row.

_of_contact = attrgetter(*NewContact.__slots__)
_of_address = attrgetter(*Address.__slots__)


def _packed(answer: RowBlock | NoColumns | None) -> bytes:
    flat: list[tuple[Any, ...]] = []
    if isinstance(answer, RowBlock):
        for contact in answer.contacts:
            reference_id, address, *others = _of_contact(contact)
            flat.append((reference_id, _of_address(address), *others))
        answer = replace(answer, contacts=())
    return pickle.dumps((answer, flat), pickle.HIGHEST_PROTOCOL)


def _unpacked(message: bytes) -> RowBlock | NoColumns | None:
    answer: RowBlock | NoColumns | None
    answer, flat = pickle.loads(message)
    if isinstance(answer, RowBlock):
        contacts = (NewContact(each[0], Address(*each[1]), *each[2:]) for each in flat)
        answer = replace(answer, contacts=tuple(contacts))
    return answer


# In the process.


def serve(stdin: BinaryIO, stdout: BinaryIO) -> None:
    """Read a file from `stdin`, write its blocks to `stdout`."""
    pieces = _pieces(stdin)
    layout, resume_at = pickle.loads(next(pieces))  # from the process that started this one
    try:
        for block in read_blocks(pieces, layout, resume_at=resume_at):
            _answer(stdout, block)
        _answer(stdout, None)
    except NoColumns as error:
        _answer(stdout, error)


def _pieces(pipe: BinaryIO) -> Iterator[bytes]:
    while True:
        (length,) = LENGTH.unpack(_exactly(pipe, LENGTH.size))
        if not length:
            return
        yield _exactly(pipe, length)


def _exactly(pipe: BinaryIO, length: int) -> bytes:
    found = pipe.read(length)
    if len(found) < length:
        raise SystemExit(1)  # the process that started this one has gone, or its source failed
    return found


def _answer(pipe: BinaryIO, answer: RowBlock | NoColumns | None) -> None:
    message = _packed(answer)
    try:
        pipe.write(LENGTH.pack(len(message)))
        pipe.write(message)
        pipe.flush()
    except BrokenPipeError:
        raise SystemExit(1) from None


if __name__ == "__main__":
    gc.freeze()  # what the imports left is here to stay, and need not be looked through for every few rows
    serve(sys.stdin.buffer, sys.stdout.buffer)
