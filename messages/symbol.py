"""Which symbols are traded, while the process runs."""

from __future__ import annotations

from attrs import frozen

from messages.event import BaseEvent

__all__ = ["AddSymbol", "LeaveSymbol", "ListSymbols", "RemoveSymbol", "SymbolAdded", "SymbolRemoved"]

Written = tuple[tuple[str, str], ...]
"""Keys of `[symbols.X]` with their values as text."""

# operator → symbols


@frozen(slots=True)
class AddSymbol:
    """Trade a symbol from now on, also after a restart; answered by a CommandOutcome.

    Without terms those of the configuration hold, if it names the symbol, else the defaults.
    """

    symbol: str
    written: Written = ()


@frozen(slots=True)
class RemoveSymbol:
    """Trade a symbol no more, not after a restart either; refused while anything is held or works. Answered by a
    CommandOutcome."""

    symbol: str


@frozen(slots=True)
class ListSymbols:
    """Answered by the effective Settings: the configuration with the symbols as they are now."""


# symbols → position


@frozen(slots=True)
class LeaveSymbol:
    """Take no entry any more and give up the market data, unless something is held or works; answered by a
    CommandOutcome."""


# symbols → journal, position, portfolio, bus


@frozen(slots=True)
class SymbolAdded(BaseEvent):
    """A symbol is traded from now on, on these terms."""

    symbol: str
    written: Written = ()


@frozen(slots=True)
class SymbolRemoved(BaseEvent):
    """A symbol is traded no more."""

    symbol: str
