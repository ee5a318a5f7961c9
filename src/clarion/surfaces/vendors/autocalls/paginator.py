"""Pages as the framework makes them: the numbers, the addresses of the neighbours, and a row of links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

EACH_SIDE = 3
WINDOW = EACH_SIDE + 4
PREVIOUS, NEXT, GAP = "&laquo; Previous", "Next &raquo;", "..."
LAST_PAGE = 10**12
"""A page beyond this is as empty as this one."""


def page_number(text: str | None) -> int:
    """The page that is asked for; what is no page number means the first one."""
    if text is None or not (text.isascii() and text.isdigit() and len(text) <= 20):
        return 1
    return min(max(1, int(text)), LAST_PAGE)


def paginated(
    items: Sequence[Mapping[str, Any]], total: int, page: int, per_page: int, path: str, query: Mapping[str, str]
) -> dict[str, Any]:
    """A page of `items`. `path` is the full address; `query` has the filters, which the links keep."""
    last = max(1, -(-total // per_page))
    filters = {name: value for name, value in query.items() if name != "page"}

    def url(number: int) -> str:
        return f"{path}?{urlencode({**filters, 'page': number})}"

    before = url(page - 1) if page > 1 else None
    behind = url(page + 1) if page < last else None
    numbers = [
        {"url": None, "label": GAP, "active": False}
        if number is None
        else {"url": url(number), "label": str(number), "active": number == page}
        for number in _numbers(page, last)
    ]
    return {
        "current_page": page,
        "data": list(items),
        "first_page_url": url(1),
        "from": (page - 1) * per_page + 1 if items else None,
        "last_page": last,
        "last_page_url": url(last),
        "links": [
            {"url": before, "label": PREVIOUS, "active": False},
            *numbers,
            {"url": behind, "label": NEXT, "active": False},
        ],
        "next_page_url": behind,
        "path": path,
        "per_page": per_page,
        "prev_page_url": before,
        "to": (page - 1) * per_page + len(items) if items else None,
        "total": total,
    }


def _numbers(page: int, last: int) -> list[int | None]:
    """The pages that get a link, None where some are left out."""
    if last < EACH_SIDE * 2 + 8:
        return list(range(1, last + 1))
    first, final = [1, 2], [last - 1, last]
    if page <= WINDOW:
        return [*range(1, WINDOW + EACH_SIDE + 1), None, *final]
    if page > last - WINDOW:
        return [*first, None, *range(last - (WINDOW + EACH_SIDE - 1), last + 1)]
    return [*first, None, *range(page - EACH_SIDE, page + EACH_SIDE + 1), None, *final]
