"""Pictures of the demo for the README: `clarion demo --no-serve --images docs/images` draws them anew."""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console, RenderableType
from rich.terminal_theme import TerminalTheme

WIDTH = 104
NIGHT = TerminalTheme(
    (13, 17, 23),
    (201, 209, 217),
    [
        (72, 79, 88),
        (255, 123, 114),
        (63, 185, 80),
        (210, 153, 34),
        (88, 166, 255),
        (188, 140, 255),
        (57, 197, 207),
        (177, 186, 196),
    ],
    [
        (110, 118, 129),
        (255, 161, 152),
        (86, 211, 100),
        (227, 179, 65),
        (121, 192, 255),
        (210, 168, 255),
        (86, 212, 221),
        (240, 246, 252),
    ],
)
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"
"""What readers have: a picture in a README may not load a font."""
FONT_FACES = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


def write_svg(path: Path, title: str, *shown: RenderableType) -> None:
    """Write what a terminal of WIDTH columns would show."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for one in shown:
        console.print(one)
    path.parent.mkdir(parents=True, exist_ok=True)
    svg = FONT_FACES.sub("", console.export_svg(title=title, theme=NIGHT))
    path.write_text(svg.replace("Fira Code, monospace", FONTS))
