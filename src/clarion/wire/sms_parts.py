"""How a text travels as SMS: its encoding, its parts, and what made it expensive.

Alphabet and lengths are those of 3GPP TS 23.038 and 23.040: 160 septets or 70 UTF-16 units in one part, 153 or 67 in
each of several, because the header that joins them takes six bytes of every part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""Characters of one septet."""
GSM_EXTENDED = frozenset("\f^{}\\[~]|€")
"""Characters of two septets: an escape and a character, never in two parts."""

PLAINER = {
    "‘": "'",
    "’": "'",
    "‚": "'",
    "‛": "'",
    "′": "'",
    "`": "'",
    "´": "'",
    "“": '"',
    "”": '"',
    "„": '"',
    "‟": '"',
    "″": '"',
    "«": '"',
    "»": '"',
    "‹": "<",
    "›": ">",
    "‐": "-",
    "‑": "-",
    "‒": "-",
    "–": "-",
    "—": "-",
    "―": "-",
    "−": "-",
    "…": "...",
    "•": "*",
    "·": ".",
    "×": "x",
    "÷": "/",
    "№": "No",
    "™": "TM",
    "©": "(c)",
    "®": "(R)",
    "\t": " ",
    "\u00a0": " ",
    "\u2002": " ",
    "\u2003": " ",
    "\u2009": " ",
    "\u202f": " ",
    "\u2028": "\n",
    "\u00ad": "",
    "\u200b": "",
    "\u200d": "",
    "\ufeff": "",
    "ç": "Ç",
}
"""Characters outside the alphabet that editors put in by themselves, and what says the same inside it."""


class Encoding(StrEnum):
    """How the characters of a text are sent."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"


SINGLE = {Encoding.GSM7: 160, Encoding.UCS2: 70}
JOINED = {Encoding.GSM7: 153, Encoding.UCS2: 67}
JOINED_LONG_REFERENCE = {Encoding.GSM7: 152, Encoding.UCS2: 66}


@dataclass(frozen=True, slots=True)
class Parts:
    """A text cut for sending."""

    encoding: Encoding
    units: int
    """Septets for GSM-7, UTF-16 units for UCS-2."""
    texts: tuple[str, ...]
    """One for each part; joined they are the text. An empty text is one empty part."""
    offenders: tuple[str, ...]
    """The characters that made it UCS-2, each once, in order of appearance."""

    @property
    def count(self) -> int:
        """How many messages it costs."""
        return len(self.texts)


def parts(text: str, *, long_reference: bool = False) -> Parts:
    """Cut `text` for sending. `long_reference`: the parts are joined by a 16-bit reference, one byte longer."""
    offenders = tuple(dict.fromkeys(c for c in text if c not in GSM_BASIC and c not in GSM_EXTENDED))
    encoding = Encoding.UCS2 if offenders else Encoding.GSM7
    sizes = [_units(c, encoding) for c in text]
    units = sum(sizes)
    if units <= SINGLE[encoding]:
        return Parts(encoding, units, (text,), offenders)
    limit = (JOINED_LONG_REFERENCE if long_reference else JOINED)[encoding]
    return Parts(encoding, units, tuple(_cut(text, sizes, limit)), offenders)


def transliterate(text: str) -> str:
    """`text` with quotes, dashes, spaces and the like in their plain forms. Letters of other scripts stay."""
    return "".join(c if c in GSM_BASIC or c in GSM_EXTENDED else PLAINER.get(c, c) for c in text)


def cheaper(text: str) -> str | None:
    """What to offer the author: the transliterated text if it costs fewer parts, else None."""
    plain = transliterate(text)
    return plain if parts(plain).count < parts(text).count else None


def _units(character: str, encoding: Encoding) -> int:
    if encoding is Encoding.GSM7:
        return 2 if character in GSM_EXTENDED else 1
    return 2 if ord(character) > 0xFFFF else 1


def _cut(text: str, sizes: Sequence[int], limit: int) -> Iterator[str]:
    """Fill part after part; a character of two units that does not fit whole goes to the next one."""
    start = used = 0
    for position, size in enumerate(sizes):
        if used + size > limit:
            yield text[start:position]
            start, used = position, 0
        used += size
    yield text[start:]
