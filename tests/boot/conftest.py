"""The command line, called in this process, with a ledger that was set up once."""

from __future__ import annotations

import logging
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from shell import Clarion, Said

from clarion.boot.cli import main


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No settings but the test's own, and the logging as it was."""
    for name in [name for name in os.environ if name.startswith("CLARION_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def clarion(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Clarion:
    """Call the console script's entry point."""

    def call(*arguments: str | Path | int) -> Said:
        monkeypatch.setattr(sys, "argv", ["clarion", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as stopped:
            code = stopped.code if isinstance(stopped.code, int) else int(bool(stopped.code))
        printed = capsys.readouterr()
        return Said(code, printed.out, printed.err)

    return call


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the data folder that tests copy is made."""
    return tmp_path_factory.mktemp("founded") / "data"


@pytest.fixture
def data(template: Path, tmp_path: Path, clarion: Clarion) -> Path:
    """A data folder of its own with one organisation."""
    if not template.exists():
        assert clarion("init", "--data", template).code == 0
    mine = tmp_path / "data"
    shutil.copytree(template, mine)
    return mine
