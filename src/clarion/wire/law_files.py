"""The law packs that come with clarion, read from the package: the only place that knows where they lie."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from clarion.core.law import LawBook, LawRule, parse_pack


@cache
def load_law_book() -> LawBook:
    """Every rule of every pack, in the order of the files' names. Raises ValueError that names a pack with a mistake.

    Read once: a changed pack is a new version of clarion.
    """
    rules: list[LawRule] = []
    packs = files("clarion.core") / "law_packs"
    for pack in sorted((each for each in packs.iterdir() if each.name.endswith(".toml")), key=lambda each: each.name):
        try:
            rules += parse_pack(pack.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{pack.name}: {error}") from error
    return LawBook(tuple(rules))
