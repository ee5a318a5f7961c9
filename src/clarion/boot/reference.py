"""Writes the reference pages of the vendors' surfaces: `python -m clarion.boot.reference docs/reference`."""

from __future__ import annotations

import sys
from pathlib import Path

from clarion.boot.catalog import vendors
from clarion.surfaces.vendors.reference import render


def pages() -> dict[str, str]:
    """File name -> text."""
    return {f"{vendor.name}.md": render(vendor) for vendor in vendors().values()}


def main() -> None:
    """Write every page into the folder that is named."""
    folder = Path(sys.argv[1])
    for name, text in pages().items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    main()
