"""What the broker's position has beyond the executions that are known, from snapshot to snapshot.

Shares that others hold, or that came with a split, stand there for ever; an execution that is late shows for a moment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import TypeAlias

from domain.orders.record import OrderRecord
from messages.order import Side

__all__ = ["Offsets", "caught_up", "remember", "unexplained_moves", "within_reach"]

Offsets: TypeAlias = Mapping[str, tuple[Decimal, ...]]
"""Symbol → the broker's position less the sum of executions in the last snapshots, the latest last."""

_ZERO = Decimal(0)
_NEVER_HELD = (_ZERO,)
_REMEMBERED = 4  # snapshots


def unexplained_moves(now: Mapping[str, Decimal], before: Offsets | None) -> dict[str, Decimal]:
    """Return symbol → by how much the position has moved since the last snapshot that executions do not explain.

    `before` is None where there was none.
    """
    if before is None:
        return {}
    changes = {symbol: offset - before.get(symbol, _NEVER_HELD)[-1] for symbol, offset in now.items()}
    return {symbol: change for symbol, change in changes.items() if change}


def within_reach(moved: Mapping[str, Decimal], unseen: Iterable[OrderRecord]) -> set[str]:
    """Return the symbols in which fills of these orders that nobody has heard of may be all that is behind the move."""
    room: dict[tuple[str, bool], Decimal] = {}  # (symbol, whether it is bought) → what may still fill
    for record in unseen:
        if not record.status.done:
            key = record.symbol, record.side is Side.BUY
            room[key] = room.get(key, _ZERO) + record.most_quantity - record.filled_once
    return {symbol for symbol, change in moved.items() if abs(change) <= room.get((symbol, change > 0), _ZERO)}


def caught_up(now: Mapping[str, Decimal], before: Offsets | None) -> set[str]:
    """Return the symbols of which the position is just what executions say, or again as far from it as some snapshots
    ago: it was ahead of them meanwhile. What came before may be forgotten: the order actor has started in between."""
    return {symbol for symbol, offset in now.items() if not offset or offset in (before or {}).get(symbol, ())}


def remember(now: Mapping[str, Decimal], before: Offsets | None, undecided: Collection[str]) -> Offsets:
    """Return what the next snapshot is to be compared with: of the undecided symbols, which an order in doubt may have
    moved, only what stood before."""
    if before is None:
        return {symbol: (offset,) for symbol, offset in now.items()}
    stood = {symbol: before.get(symbol, _NEVER_HELD) for symbol in now}
    return {
        symbol: stood[symbol] if symbol in undecided else (*stood[symbol], offset)[-_REMEMBERED:]
        for symbol, offset in now.items()
    }
