"""Flags come before the environment, which comes before the file; what is wrong is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from clarion.app.refusals import Invalid
from clarion.boot.settings import LogFormat, ServeRole, read_settings


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "flag, variable, in_file, expected",
    [
        (None, None, None, 8080),
        (None, None, "port = 1", 1),
        (None, "2", None, 2),
        (None, "2", "port = 1", 2),
        (None, "", "port = 1", 1),
        (3, None, "port = 1", 3),
        (3, "2", "port = 1", 3),
    ],
)
def test_flags_over_environment_over_file(
    flag: int | None,
    variable: str | None,
    in_file: str | None,
    expected: int,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    if variable is not None:
        monkeypatch.setenv("CLARION_PORT", variable)
    if in_file is not None:
        write(tmp_path / "clarion.toml", in_file)
    assert read_settings(port=flag).port == expected


def test_a_named_file_is_read_instead_of_the_folders_own(tmp_path: Path) -> None:
    write(tmp_path / "clarion.toml", 'port = 1\nhost = "::1"')
    named = write(tmp_path / "other.toml", 'port = 2\nrole = "worker"\nlog_format = "json"')
    settings = read_settings(named)
    assert (settings.port, settings.host) == (2, "127.0.0.1")
    assert (settings.role, settings.log_format) == (ServeRole.WORKER, LogFormat.JSON)
    with pytest.raises(FileNotFoundError, match=r"none\.toml"):
        read_settings(tmp_path / "none.toml")


def test_the_sandbox_is_put_together_from_all_three(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write(
        tmp_path / "clarion.toml",
        "[sandbox]\nseed = 1\nspeed = 2.0\nmagic = false\n[sandbox.voice]\nbusy = 0.1\nfax = 0",
    )
    monkeypatch.setenv("CLARION_SANDBOX__SPEED", "600")
    monkeypatch.setenv("CLARION_SANDBOX__VOICE__BUSY", "0.5")
    monkeypatch.setenv("CLARION_SANDBOX__LOOKUP_WORKS", "false")
    assert read_settings(sandbox={"seed": 7}).sandbox == {
        "seed": 7,
        "speed": 600,
        "magic": False,
        "lookup_works": False,
        "voice": {"busy": 0.5, "fax": 0},
    }


def test_a_text_stays_a_text_in_a_file(tmp_path: Path) -> None:
    """Only the environment has nothing but texts."""
    write(tmp_path / "clarion.toml", '[sandbox]\nspeed = "600"')
    assert read_settings().sandbox == {"speed": "600"}


@pytest.mark.parametrize(
    "text, place",
    [
        ("prt = 1", ("prt",)),
        ("port = 70000", ("port",)),
        ('port = "many"', ("port",)),
        ('role = "boss"', ("role",)),
        ('log_level = "loud"', ("log_level",)),
        ('database = "mysql://localhost/x"', ("database",)),
        ('webhooks_allow_private = ["10.0.0.0/33"]', ("webhooks_allow_private", 0)),
        ("sandbox = 3", ("sandbox",)),
    ],
)
def test_what_is_wrong_is_named(text: str, place: tuple[Any, ...], tmp_path: Path) -> None:
    write(tmp_path / "clarion.toml", text)
    with pytest.raises(ValidationError) as caught:
        read_settings()
    assert {error["loc"][: len(place)] for error in caught.value.errors()} == {place}


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    write(tmp_path / "clarion.toml", "port = ")
    with pytest.raises(Invalid) as caught:
        read_settings()
    assert caught.value.problems[0].field == "clarion.toml"


def test_the_database_is_a_file_of_the_data_folder_unless_said(tmp_path: Path) -> None:
    assert read_settings(data=tmp_path).database_url == f"sqlite:///{tmp_path / 'clarion.db'}"
    assert read_settings(database="postgresql://h/d").database_url == "postgresql://h/d"
