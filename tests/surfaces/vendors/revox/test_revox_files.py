"""Files in their envelope: cells that are no formulas, pages put together, JSON that stays JSON."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from clarion.surfaces.vendors.revox.files import cell, csv_answer, line, list_answer


@pytest.mark.parametrize(
    "text, safe",
    [
        ("", ""),
        ("Ann", "Ann"),
        ("+13125550190", "+13125550190"),
        ("-3.5", "-3.5"),
        ("=1+1", "'=1+1"),
        ("+1+cmd", "'+1+cmd"),
        ("-2+3", "'-2+3"),
        ("@sum", "'@sum"),
        ("\t=1", "'\t=1"),
        ("\n=1", "'\n=1"),
        ("a=1", "a=1"),
    ],
)
def test_cells(text: str, safe: str) -> None:
    assert cell(text) == safe


async def body(answer: Any) -> Any:
    return orjson.loads(b"".join([part async for part in answer.body_iterator]))


async def test_a_file() -> None:
    async def lines() -> AsyncIterator[str]:
        yield line(["a", 'say "hi", you'])
        yield line(["Zoë\\", "x\ny"])

    assert await body(csv_answer("x.csv", lines())) == {
        "filename": "x.csv",
        "csv": 'a,"say ""hi"", you"\r\nZoë\\,"x\ny"\r\n',
    }


@pytest.mark.parametrize("pages", [[], [[]], [[1, 2], [], [3]], [[], [1]]])
async def test_a_list(pages: list[list[int]]) -> None:
    async def each() -> AsyncIterator[list[int]]:
        for page in pages:
            yield page

    assert await body(list_answer("rows", each())) == {"rows": [n for page in pages for n in page]}
