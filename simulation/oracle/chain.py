"""The journal's chain of hashes, computed anew from its rows as docs/journal.md has it."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from simulation.oracle.records import Row

__all__ = ["broken_link"]


def broken_link(rows: Sequence[Row]) -> str:
    """Return what is wrong with the chain; "" for nothing. Where it begins is the header's affair."""
    for number, row in enumerate(rows, 1):
        if row.sequence != number:
            return f"record {row.sequence} lies where {number} should"
        if number > 1 and row.previous != rows[number - 2].hash:
            return f"record {number} does not follow from the one before"
        fields = (row.sequence, row.time, row.checkpoint, len(row.stream), row.stream, len(row.kind), row.kind)
        text = "|".join(map(str, (*fields, row.payload)))
        if sha256(row.previous + text.encode()).digest() != row.hash:
            return f"record {number} is not as it was written"
    return ""
