"""What a client sent comes back as it was sent, for as long as it is still true.

A vendor's field is kept as it came, beside what it read as then. When it is asked for, and still reads the same, the
client gets its own words back; when somebody changed it since by another way, the present reading.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SENT = "sent"
READ = "read"


def remember(sent: Mapping[str, Any], reading: Mapping[str, Any]) -> dict[str, Any]:
    """What to keep, under the vendor's name, in a campaign's extras or an agent's config. Both hold JSON values.

    `reading` is what the vendor's API would say of the result by itself; of it only the fields that were sent are kept.
    """
    return {SENT: dict(sent), READ: {name: reading[name] for name in sent if name in reading}}


def recall(kept: Mapping[str, Any] | None, reading: Mapping[str, Any]) -> dict[str, Any]:
    """The vendor's fields as they stand: `reading`, over it what was sent and still reads the same.

    `kept` is what `remember` gave, or None for what was made by another way.
    """
    if not kept:
        return dict(reading)
    sent, then = kept.get(SENT, {}), kept.get(READ, {})
    still = {name: value for name, value in sent.items() if name not in reading or reading[name] == then.get(name)}
    return {**reading, **still}
