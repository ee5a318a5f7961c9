"""What flags and files say about a campaign, as the native API's shape."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clarion.app.refusals import Invalid
from clarion.boot.cli.campaign_file import (
    nested,
    new_campaign,
    overlaid,
    read_days,
    read_file,
    read_pairs,
    read_week,
    words,
)

MORNING, DAY = {"start": "09:00", "end": "12:00"}, {"start": "09:00", "end": "17:00"}
ALWAYS = {"start": "00:00", "end": "24:00"}


@pytest.mark.parametrize(
    "text, expected",
    [
        ("mon", "mon"),
        ("mon-fri", "mon tue wed thu fri"),
        ("Monday, WED", "mon wed"),
        ("sat-sun,mon", "sat sun mon"),
        ("fri-mon", "fri sat sun mon"),
        ("sun-sat", "sun mon tue wed thu fri sat"),
        ("mon,mon-tue", "mon tue"),
    ],
)
def test_days(text: str, expected: str) -> None:
    assert [day[:3] for day in read_days(text)] == expected.split()


@pytest.mark.parametrize("text", ["", "mon-", "m", "xyz", "mon;tue", "mon-tue-wed"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_days(text)
    assert caught.value.problems[0].field == "days"


@pytest.mark.parametrize(
    "windows, days, expected",
    [
        ([], None, None),
        (["09:00-17:00"], "mon,tue", {"monday": [DAY], "tuesday": [DAY]}),
        (["09:00-12:00", "09:00-17:00"], "mon", {"monday": [MORNING, DAY]}),
        (["09:00-17:00", "sat 09:00-12:00"], "fri", {"friday": [DAY], "saturday": [MORNING]}),
        (["sat,sun 09:00-12:00"], None, {"saturday": [MORNING], "sunday": [MORNING]}),
        ([], "sun", {"sunday": [ALWAYS]}),
    ],
)
def test_week(windows: list[str], days: str | None, expected: Any) -> None:
    assert read_week(windows, days) == expected


def test_windows_without_days_are_those_of_every_day() -> None:
    week = read_week(["09:00-17:00"], None)
    assert week is not None
    assert list(week.values()) == [[DAY]] * 7


def test_a_window_without_an_end_is_refused() -> None:
    with pytest.raises(Invalid, match="09:00"):
        read_week(["09:00"], None)


def test_what_is_said_last_counts_and_tables_are_merged() -> None:
    file = {"name": "a", "pacing": {"per_hour": 1, "max_concurrent": 2}, "labels": ["x"], "retries": 3}
    flags = {"name": "b", "pacing": {"per_hour": 9}, "labels": ["y"], "retries": {"on": []}}
    assert overlaid(file, flags) == {
        "name": "b",
        "pacing": {"per_hour": 9, "max_concurrent": 2},
        "labels": ["y"],
        "retries": {"on": []},
    }


def test_paths_become_tables_and_what_was_not_said_is_left_out() -> None:
    assert nested({"a.b": 1, "a.c": None, "d": [], "e": {}, "f": 0, "g": ""}) == {"a": {"b": 1}, "f": 0, "g": ""}


def test_pairs_and_words() -> None:
    assert read_pairs("var", ["a=1", "b = x=y", "c="]) == {"a": "1", "b": "x=y", "c": ""}
    assert words(["30m,2h", " 1d ", ","]) == ["30m", "2h", "1d"]
    with pytest.raises(Invalid, match="NAME=VALUE"):
        read_pairs("var", ["alone"])


TOML = """
name = "Recall"
channel = "voice"
end_at = 2099-01-01T00:00:00Z
[schedule]
closed_dates = [2026-12-25]
week.monday = [{start = "09:00", end = "17:00"}]
[pacing]
per_hour = 300
"""
JSON = '{"name": "Recall", "channel": "voice", "pacing": {"per_hour": 300}}'


@pytest.mark.parametrize("name, text", [("c.toml", TOML), ("c.json", JSON), ("c", JSON), ("c.txt", TOML)])
def test_files_in_either_language(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    content = new_campaign(read_file(tmp_path / name)).content()
    assert (content.name, content.plan.pacing.per_hour) == ("Recall", 300.0)


@pytest.mark.parametrize("name, text", [("c.toml", "= 1"), ("c.json", "{"), ("c.json", "[1]"), ("c.toml", "\x00")])
def test_a_file_in_neither_is_refused_by_its_name(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(Invalid) as caught:
        read_file(tmp_path / name)
    assert caught.value.problems[0].field.endswith(name)


@pytest.mark.parametrize(
    "content, fields",
    [
        ({}, {"name", "channel"}),
        ({"name": "a", "channel": "fax"}, {"channel"}),
        ({"name": "a", "channel": "sms", "pacing": {"per_hour": 0}}, {"pacing.per_hour"}),
        ({"name": "a", "channel": "sms", "pacing": {"max_concurrent": 0}}, {"pacing.max_concurrent"}),
        ({"name": "a", "channel": "sms", "schedule": {"zone": "Mars/Base"}}, {"schedule.zone"}),
        ({"name": "a", "channel": "sms", "color": 1}, {"color"}),
        (
            {"name": "a", "channel": "sms", "schedule": {"week": {"monday": [{"start": "25:00", "end": "26:00"}]}}},
            {"schedule.week.monday.0.start", "schedule.week.monday.0.end"},
        ),
    ],
)
def test_every_wrong_field_is_named(content: dict[str, Any], fields: set[str]) -> None:
    with pytest.raises(Invalid) as caught:
        new_campaign(content)
    assert {problem.field for problem in caught.value.problems} == fields
