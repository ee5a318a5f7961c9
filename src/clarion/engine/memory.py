"""The garbage collector, set for a long-lived process that makes many small values by the batch."""

from __future__ import annotations

import gc

YOUNG = 50_000
"""A batch makes tens of thousands of values and drops them all; collecting every 700 of them finds nothing."""


def settle_memory() -> None:
    """Call once when everything is loaded: what exists now is never looked at again, and the rest less often.

    Measured on the dispatch benchmark: a seventh less CPU per attempt, and no pause of 100 ms for a full collection
    while calls are in flight.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 100)
