"""Pages and instants, in the framework's own forms."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from clarion.surfaces.vendors.autocalls.dates import day_begins, day_ends, stamp, wall
from clarion.surfaces.vendors.autocalls.paginator import page_number, paginated

PATH = "https://calls.example/api/user/leads"


def test_the_recorded_form() -> None:
    page = paginated([{"id": n} for n in range(15)], 40, 2, 15, PATH, {"status": "created", "page": "2"})
    assert page == {
        "current_page": 2,
        "data": [{"id": n} for n in range(15)],
        "first_page_url": f"{PATH}?status=created&page=1",
        "from": 16,
        "last_page": 3,
        "last_page_url": f"{PATH}?status=created&page=3",
        "links": [
            {"url": f"{PATH}?status=created&page=1", "label": "&laquo; Previous", "active": False},
            {"url": f"{PATH}?status=created&page=1", "label": "1", "active": False},
            {"url": f"{PATH}?status=created&page=2", "label": "2", "active": True},
            {"url": f"{PATH}?status=created&page=3", "label": "3", "active": False},
            {"url": f"{PATH}?status=created&page=3", "label": "Next &raquo;", "active": False},
        ],
        "next_page_url": f"{PATH}?status=created&page=3",
        "path": PATH,
        "per_page": 15,
        "prev_page_url": f"{PATH}?status=created&page=1",
        "to": 30,
        "total": 40,
    }


def test_an_empty_list_has_one_page() -> None:
    page = paginated([], 0, 1, 15, PATH, {})
    assert (page["from"], page["to"], page["last_page"], page["total"]) == (None, None, 1, 0)
    assert page["first_page_url"] == page["last_page_url"] == f"{PATH}?page=1"
    assert page["next_page_url"] is page["prev_page_url"] is None
    assert [link["label"] for link in page["links"]] == ["&laquo; Previous", "1", "Next &raquo;"]


@pytest.mark.parametrize(
    "page, last, labels",
    [
        (1, 13, "1 2 3 4 5 6 7 8 9 10 11 12 13"),
        (1, 14, "1 2 3 4 5 6 7 8 9 10 ... 13 14"),
        (7, 20, "1 2 3 4 5 6 7 8 9 10 ... 19 20"),
        (8, 20, "1 2 ... 5 6 7 8 9 10 11 ... 19 20"),
        (13, 20, "1 2 ... 10 11 12 13 14 15 16 ... 19 20"),
        (14, 20, "1 2 ... 11 12 13 14 15 16 17 18 19 20"),
        (20, 20, "1 2 ... 11 12 13 14 15 16 17 18 19 20"),
    ],
)
def test_links_leave_pages_out(page: int, last: int, labels: str) -> None:
    links = paginated([{}], last, page, 1, PATH, {})["links"][1:-1]
    assert [link["label"] for link in links] == labels.split()
    assert [link["label"] for link in links if link["active"]] == [str(page)]
    assert all((link["url"] is None) == (link["label"] == "...") for link in links)


@pytest.mark.parametrize(
    "text, number", [(None, 1), ("3", 3), ("0", 1), ("-2", 1), ("x", 1), ("", 1), ("9" * 20, 10**12), ("9" * 21, 1)]
)
def test_page_numbers(text: str | None, number: int) -> None:
    assert page_number(text) == number


def test_instants() -> None:
    at = datetime(2026, 2, 23, 11, 0, 5, 120, tzinfo=timezone(timedelta(hours=1)))
    assert stamp(at) == "2026-02-23T10:00:05.000120Z"
    assert wall(at) == "2026-02-23 10:00:05"
    assert stamp(None) is wall(None) is None


def test_days_are_whole() -> None:
    assert day_begins(date(2026, 2, 23)) == datetime(2026, 2, 23, tzinfo=UTC)
    assert day_ends(date(2026, 2, 28)) == datetime(2026, 3, 1, tzinfo=UTC)
    assert day_ends(date.max) is day_ends(None) is day_begins(None) is None
