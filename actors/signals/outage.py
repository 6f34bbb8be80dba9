"""When a service counts as unavailable, for one symbol or for all: one alarm, not a flood. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

__all__ = ["Change", "Outages"]

_FAILURES = 3  # in a row, before there is an alarm


@frozen(slots=True)
class Change:
    """What is to be told: `symbol` None is the whole service; `over` says that it answers again."""

    symbol: str | None
    over: bool
    failures: int = 0


class Outages:
    """Counts failures in a row, for each symbol.

    As long as nothing at all has been answered since, an outage is the service's: it is told once. Where others are
    answered, it is the symbol's.
    """

    def __init__(self, symbols: Iterable[str]) -> None:
        """`symbols` are those that are asked for."""
        self._failures = dict.fromkeys(symbols, 0)
        self._told: set[str | None] = set()
        self._since_answer = 0

    @property
    def failures(self) -> dict[str, int]:
        """Failures in a row of the symbols that have any."""
        return {symbol: count for symbol, count in self._failures.items() if count}

    def failed(self, symbol: str) -> tuple[Change, ...]:
        """Note a failure; return what is to be told of it."""
        self._failures[symbol] = count = self._failures.get(symbol, 0) + 1
        self._since_answer += 1
        everything = all(self._failures.values())
        if everything and self._since_answer >= _FAILURES:
            return self._tell(None, self._since_answer)
        if count >= _FAILURES and not everything and None not in self._told:
            return self._tell(symbol, count)
        return ()

    def answered(self, symbol: str) -> tuple[Change, ...]:
        """Note an answer; return what is over by it."""
        self._failures[symbol] = 0
        self._since_answer = 0
        over = [about for about in (None, symbol) if about in self._told]
        self._told -= set(over)
        return tuple(Change(about, over=True) for about in over)

    def first(self, symbol: str) -> bool:
        """Whether the last failure of this symbol began an outage that nothing was told of yet."""
        return self._failures.get(symbol) == 1 and None not in self._told

    def _tell(self, about: str | None, count: int) -> tuple[Change, ...]:
        if about in self._told:
            return ()
        self._told.add(about)
        return (Change(about, over=False, failures=count),)
