"""Files inside of JSON: `{"csv": …, "filename": …}`, written as it is sent, so that a long one takes no memory.

A cell that a spreadsheet would take for a formula is given an apostrophe, which spreadsheets do not show.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterable, AsyncIterator, Sequence

import orjson
from starlette.responses import StreamingResponse

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(text: str) -> str:
    """A text as a cell. Phone numbers and other numbers are no formulas."""
    if text.startswith(FORMULA) and not text.lstrip("+-").replace(".", "", 1).isdigit():
        return "'" + text
    return text


def line(cells: Sequence[str]) -> str:
    """A line of CSV (RFC 4180)."""
    out = io.StringIO()
    csv.writer(out).writerow([cell(each) for each in cells])
    return out.getvalue()


def csv_answer(filename: str, lines: AsyncIterable[str]) -> StreamingResponse:
    """The file in its envelope."""
    return StreamingResponse(_written(filename, lines), media_type="application/json")


async def _written(filename: str, lines: AsyncIterable[str]) -> AsyncIterator[bytes]:
    yield b'{"filename":' + orjson.dumps(filename) + b',"csv":"'
    async for text in lines:
        yield orjson.dumps(text)[1:-1]
    yield b'"}'


def list_answer(name: str, pages: AsyncIterable[Sequence[object]]) -> StreamingResponse:
    """`{name: […]}`, page by page."""
    return StreamingResponse(_listed(name, pages), media_type="application/json")


async def _listed(name: str, pages: AsyncIterable[Sequence[object]]) -> AsyncIterator[bytes]:
    yield b"{" + orjson.dumps(name) + b":["
    comma = b""
    async for page in pages:
        if page:
            yield comma + orjson.dumps(page)[1:-1]
            comma = b","
    yield b"]}"
