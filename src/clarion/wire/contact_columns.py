"""Which column of a contact file is what: by an explicit mapping, else by the words that people use in headers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from clarion.core.outcomes import Channel

ADDRESS, FALLBACK, IGNORED = "address", "fallbacks", ""

PHONE_WORDS = (
    "phone",
    "phone_number",
    "phonenumber",
    "target",
    "mobile",
    "mobile_phone",
    "mobile_number",
    "cell",
    "cell_phone",
    "cellphone",
    "telephone",
    "telephone_number",
    "tel",
    "msisdn",
    "number",
    "to",
    "contact_number",
    "recipient",
    "address",
    "telefon",
    "telefonnummer",
    "handy",
    "mobil",
    "telefono",
    "téléphone",
    "portable",
)
MAIL_WORDS = (
    "email",
    "e_mail",
    "email_address",
    "e_mail_address",
    "mail",
    "emailaddress",
    "target",
    "to",
    "recipient",
    "address",
    "e_mail_adresse",
    "correo",
    "courriel",
)
"""Names of the address column, the most telling first: a file may have several, and the first one is meant."""

FIELD_WORDS: Mapping[str, Sequence[str]] = {
    "reference_id": ("reference_id", "reference", "external_id", "contact_id", "customer_id", "lead_id", "ref", "id"),
    "timezone": ("timezone", "time_zone", "tz", "zone"),
    "postal_code": ("postal_code", "postalcode", "postcode", "post_code", "zip", "zip_code", "zipcode", "plz"),
    "country": ("country", "country_code"),
    "priority": ("priority",),
    "person": ("person", "person_id"),
}
FALLBACK_WORDS = re.compile(
    r"(?:(?:tele)?phone|mobile|cell|email|mail)(?:_number|_address)?_?[2-9]"
    r"|(?:secondary|alternate|alternative|alt|other|second|fallback|backup)(?:_?(?:phone|mobile|number|e?mail|contact)s?)*"
    r"|fallbacks|fallback_addresses"
)
OF_PHONES, OF_MAIL = re.compile("phone|mobile|cell|number"), re.compile("mail")
"""What makes a fallback column one of the other channel's."""
FIELDS = (ADDRESS, FALLBACK, *FIELD_WORDS)


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions of the fields in a row, and the variables that the other columns fill."""

    names: tuple[str, ...]
    address: int
    fields: Mapping[str, int]
    fallbacks: tuple[int, ...]
    variables: tuple[tuple[int, str], ...]


class NoColumns(Exception):
    """The header or the mapping names nothing that can be used: no row of the file could be."""

    def __init__(self, code: str, message: str, column: str | None = None) -> None:
        """`code` is for machines; `column` is the one that is wrong."""
        super().__init__(code, message, column)
        self.code, self.message, self.column = code, message, column

    def __str__(self) -> str:
        """The message."""
        return self.message


def read_header(
    header: Sequence[str], mapping: Mapping[str, str], channel: Channel, *, only_mapped: bool = False
) -> Columns:
    """What each column is. `mapping`: column -> field, variable name, or empty for a column to leave out.

    `only_mapped`: columns that the mapping does not name are variables, whatever their headers say. Raises NoColumns
    when no column can be the address, or the mapping does not fit the header.
    """
    names = _unique(header)
    targets = _mapped(names, mapping)
    single = {target: i for i, target in targets.items() if target in FIELDS and target != FALLBACK}
    words = [""] * len(names) if only_mapped else [_word(name) for name in names]
    for field, known in (
        (ADDRESS, MAIL_WORDS if channel is Channel.EMAIL else PHONE_WORDS),
        *FIELD_WORDS.items(),
    ):
        if field not in single:
            free = (words.index(word) for word in known if word in words and words.index(word) not in targets)
            found = next(free, None)
            if found is not None:
                single[field] = found
                targets[found] = field
    if ADDRESS not in single:
        kind = "an e-mail address" if channel is Channel.EMAIL else "a phone number"
        raise NoColumns("no_address_column", f"No column holds {kind}; name it in the mapping.")
    for i, word in enumerate(words):
        other = OF_PHONES if channel is Channel.EMAIL else OF_MAIL
        if i not in targets and FALLBACK_WORDS.fullmatch(word) and not other.search(word):
            targets[i] = FALLBACK
    return Columns(
        names=tuple(names),
        address=single.pop(ADDRESS),
        fields=single,
        fallbacks=tuple(i for i, target in sorted(targets.items()) if target == FALLBACK),
        variables=tuple(
            (i, targets.get(i, name))
            for i, name in enumerate(names)
            if targets.get(i, name) not in (*FIELDS, IGNORED) or (only_mapped and i not in targets)
        ),
    )


def _mapped(names: Sequence[str], mapping: Mapping[str, str]) -> dict[int, str]:
    targets: dict[int, str] = {}
    by_word = {_word(name): i for i, name in reversed(list(enumerate(names)))}
    for column, target in mapping.items():
        position = names.index(column) if column in names else by_word.get(_word(column))
        if position is None:
            raise NoColumns("unknown_column", f"The file has no column {column!r}.", column)
        target = target.strip()
        if target in FIELDS and target != FALLBACK and target in targets.values():
            raise NoColumns("mapped_twice", f"Two columns are mapped to {target}.", column)
        targets[position] = target
    return targets


def _unique(header: Sequence[str]) -> list[str]:
    """Column names without what surrounds them, each used once: an empty one is `column_3`, a repeated one `name_2`."""
    names: list[str] = []
    for position, text in enumerate(header, 1):
        name = text.replace("\x00", "").strip() or f"column_{position}"
        names.append(next(n for n in _candidates(name) if n not in names))
    return names


def _candidates(name: str) -> Iterator[str]:
    return (name if n == 1 else f"{name}_{n}" for n in count(1))


def _word(name: str) -> str:
    """`Phone Number`, `phone-number` and `PHONE_NUMBER` are the same word."""
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")
