"""The demo's data folder: made new each time, and only a folder that carries the demo's own mark is emptied."""

from __future__ import annotations

import shutil
from pathlib import Path

from clarion.app.refusals import Conflict
from clarion.boot.wiring import LOCK_FILE

MARK = ".clarion-demo"
MARK_TEXT = "`clarion demo` made this folder, and replaces everything in it the next time.\n"


def claim(folder: Path) -> None:
    """Put the mark on a folder that is new or empty; Conflict when it holds anything and has no mark."""
    if folder.exists() and not folder.is_dir():
        raise Conflict("not_a_folder", f"{folder} is not a folder.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise Conflict(
            "not_ours", f"{folder} has something in it that is not the demo's. Name another folder (--data)."
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text(MARK_TEXT)


def empty(folder: Path) -> None:
    """Delete what an earlier demo left. Call it after `claim`, while holding the folder's engine lock, which stays."""
    for entry in folder.iterdir():
        if entry.name in (MARK, LOCK_FILE):
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
