"""Lines in, CSV records out. A quote that is never closed costs its own row, not the rest of the file."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b

from clarion.wire.text_lines import MAX_LINE, TooLong

SEPARATORS = (",", ";", "\t", "|")
MAX_RECORD_LINES = 500
"""Lines inside one quoted field beyond which a quote counts as never closed."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A line that is no record; `code` is for machines."""

    line: int
    code: str
    message: str
    text: str


class _Unclosed(Exception):
    """A record grew beyond any sensible size."""


def find_separator(line: str) -> str:
    """The separator that a header uses most outside quotes; a comma when it uses none."""
    outside = "".join(line.split('"')[::2])
    return max(SEPARATORS, key=outside.count)


class RecordReader:
    """Iterates over (line, fields), or Broken; lines are 1-based and those of a record's first line.

    Line ends inside quotes belong to their field. What was read is summed up in a digest, line by line.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        """`lines` keep their line ends, see `text_lines.lines_of`."""
        self._lines = iter(lines)
        self._again: deque[str] = deque()
        self._held: list[str] = []
        self._held_size = 0
        self._done: list[str] = []
        self._digest = blake2b(digest_size=16)
        self.separator = ","
        self.width: int | None = None
        """Fields of the header: a record over several lines that has more begins with a stray quote."""
        self.line = 0
        """The last line of the last record."""
        self.size = 0
        """Characters up to there."""
        self._reader = self._parse()

    def first_line(self) -> str:
        """The next line without taking it, empty at the end."""
        if not self._again and (line := next(self._lines, None)) is not None:
            self._again.append(line)
        return self._again[0] if self._again else ""

    def skip_line(self) -> None:
        """Take one line that is no record."""
        next(self._feed(), None)
        self._close()

    def use_separator(self, separator: str) -> None:
        """Records from here on are split by it."""
        self.separator = separator
        self._reader = self._parse()

    def digest(self) -> str:
        """32 hexadecimal digits that stand for every line of the records so far."""
        self._digest.update("".join(self._done).encode(errors="surrogatepass"))
        self._done.clear()
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[tuple[int, list[str]] | Broken]:
        """The records, in order."""
        return self

    def __next__(self) -> tuple[int, list[str]] | Broken:
        """The next record."""
        start = self.line + 1
        try:
            fields = next(self._reader)
        except (csv.Error, _Unclosed) as error:
            return self._recover(start, error)
        if len(self._held) == 1:
            astray = isinstance(self._held[0], TooLong)
        else:
            astray = self.width is not None and len(fields) > self.width
        if astray:
            return self._recover(start, _Unclosed())
        self._close()
        return start, fields

    def _parse(self) -> Iterator[list[str]]:
        return csv.reader(self._feed(), delimiter=self.separator, strict=True, skipinitialspace=True)

    def _feed(self) -> Iterator[str]:
        while True:
            if self._again:
                line = self._again.popleft()
            else:
                found = next(self._lines, None)
                if found is None:
                    return
                line = found
            self._held.append(line)
            self._held_size += len(line)
            if len(self._held) > 1 and (self._held_size > MAX_LINE or len(self._held) > MAX_RECORD_LINES):
                raise _Unclosed
            yield line

    def _close(self) -> None:
        self.line += len(self._held)
        self.size += self._held_size
        self._done += self._held
        self._held.clear()
        self._held_size = 0

    def _recover(self, start: int, error: Exception) -> tuple[int, list[str]] | Broken:
        """The first line of a record that failed is dealt with alone; those after it are read again."""
        first, *others = self._held
        self._again.extendleft(reversed(others))
        self._held, self._held_size = [first], len(first)
        self._close()
        self._reader = self._parse()
        if isinstance(first, TooLong):
            return Broken(start, "line_too_long", f"The line is longer than {MAX_LINE} characters.", first)
        lenient = _alone(first, self.separator)
        if lenient is not None:
            return start, lenient
        if others or isinstance(error, _Unclosed) or "unexpected end" in str(error):
            return Broken(start, "unclosed_quote", "A quote is opened and never closed.", first)
        return Broken(start, "malformed", "The quotes or line ends of this row do not match.", first)


def _alone(line: str, separator: str) -> list[str] | None:
    """The record that a line makes by itself when stray quotes are taken as they stand; None when one stays open."""
    if line.count('"') % 2:
        return None
    try:
        return next(csv.reader([line], delimiter=separator, skipinitialspace=True), None)
    except csv.Error:
        return None
