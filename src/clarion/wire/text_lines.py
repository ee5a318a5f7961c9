"""Bytes of a text file in, its lines out: encoding found on the first block, memory bounded whatever the file is."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from itertools import pairwise

from charset_normalizer import from_bytes

SAMPLE = 65_536
"""Bytes that decide on the encoding."""
MAX_LINE = 120_000
"""Characters; below the csv module's own limit for a field."""

BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16's, which it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
OTHERS = ("cp1250", "cp1251", "cp1253", "cp932", "gb18030", "cp949", "big5")
ENOUGH_TO_TELL = 64
"""Bytes beyond ASCII under which guessing among code pages does worse than taking the usual one."""
WESTERN = "cp1252"

WESTERN_BYTES = "clarion-western-bytes"


def _western_bytes(error: UnicodeError) -> tuple[str, int]:
    """Reads what is not UTF-8 in a UTF-8 file as Windows' Western code page: files get glued together."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(bytes([b]).decode(WESTERN, "ignore") or chr(b) for b in wrong), error.end


codecs.register_error(WESTERN_BYTES, _western_bytes)


class TooLong(str):
    """The beginning of a line that is longer than MAX_LINE; the rest of it is dropped."""

    __slots__ = ()


def find_encoding(sample: bytes) -> tuple[str, int]:
    """The encoding of a file that begins with `sample`, and the length of its byte order mark."""
    for mark, name in BOMS:
        if sample.startswith(mark):
            return name, len(mark)
    if 0 in sample.split(b"\n", 1)[0]:
        even, odd = sample[::2].count(0), sample[1::2].count(0)
        if max(even, odd) > len(sample) // 16 and min(even, odd) * 8 < max(even, odd):
            return ("utf-16-be" if even > odd else "utf-16-le"), 0
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)  # not final: the sample may end inside a character
    except UnicodeDecodeError:
        return _code_page(sample), 0
    return "utf-8", 0


def _code_page(sample: bytes) -> str:
    beyond_ascii = sum(byte > 127 for byte in sample)
    utf8 = sample.decode("utf-8", "ignore")
    if len(sample) - len(utf8.encode()) < 0.5 * beyond_ascii:
        return "utf-8"  # most of it is; some rows come from elsewhere
    if beyond_ascii < ENOUGH_TO_TELL or _reads_western(sample.decode(WESTERN, "replace")):
        return WESTERN
    best = from_bytes(sample, cp_isolation=list(OTHERS)).best()
    return best.encoding if best else WESTERN


def _reads_western(text: str) -> bool:
    """Accented letters, and hardly two in a row: other code pages read this way show signs inside words, or nothing
    but accented letters."""
    high = [i for i, c in enumerate(text) if c > "\x7f"]
    letters = sum(text[i].isalpha() for i in high)
    runs = sum(b == a + 1 for a, b in pairwise(high))
    return letters > 0.9 * len(high) and runs < 0.3 * len(high)


def lines_of(chunks: Iterable[bytes]) -> Iterator[str]:
    """The lines of a file given in chunks of any size; each has its line end, `\\n` or `\\r\\n`. NULs stay in.

    A file of old Macs' line ends (`\\r` alone) is read too. A line beyond MAX_LINE comes as `TooLong`.
    """
    source = iter(chunks)
    sample = bytearray()
    for chunk in source:
        sample += chunk
        if len(sample) >= SAMPLE:
            break
    encoding, skip = find_encoding(bytes(sample[:SAMPLE]))
    errors = WESTERN_BYTES if encoding == "utf-8" else "replace"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    text = decoder.decode(bytes(sample[skip:]))
    old_mac = "\r" in text and "\n" not in text
    rest = ""
    overflow = False
    while True:
        if old_mac:
            text = text.replace("\r", "\n")
        first, *more = text.split("\n")
        rest += first
        for following in more:
            if not overflow:
                yield rest + "\n" if len(rest) <= MAX_LINE else TooLong(rest[:MAX_LINE])
            rest, overflow = following, False
        if len(rest) > MAX_LINE:
            if not overflow:
                yield TooLong(rest[:MAX_LINE])
            rest, overflow = "", True
        block = next(source, None)
        if block is None:
            break
        text = decoder.decode(block)
    rest += decoder.decode(b"", True)
    if rest and not overflow:
        yield rest
