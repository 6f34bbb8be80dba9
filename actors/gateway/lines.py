"""Market data lines: IB streams so many symbols at a time and no more; who has one, and who waits for one."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from math import inf

from attrs import frozen

from messages.market import Need

__all__ = ["Grant", "Lines"]


@frozen(slots=True)
class Grant:
    """A line goes to a symbol; `instead_of` has to give its own up for that."""

    symbol: str
    instead_of: str | None = None


class Lines:
    """Gives out at most `limit` lines. What is held comes first, then what is about to be decided on; the rest takes
    turns of `turn_seconds`, or with 0 whoever came first keeps the line and others get none, decision or not.

    Instants are trio's. IB allows 100 lines to begin with (tws-api, market data lines); 101 says that fewer are left.
    """

    def __init__(self, limit: int, turn_seconds: float) -> None:
        self.limit = limit
        self._turn_seconds = turn_seconds
        self._needs: dict[str, Need] = {}
        self._held: dict[str, float] = {}  # symbol → since when; the longest first
        self._waiting: dict[str, None] = {}  # in the order of asking

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._held

    @property
    def waiting(self) -> Collection[str]:
        """The symbols that wait, in the order of asking."""
        return self._waiting.keys()

    def starved(self) -> list[str]:
        """Return what is held at the broker and has no line, since everything that has one is held too."""
        return [symbol for symbol in self._waiting if self._needs.get(symbol) is Need.HOLDING]

    def ask(self, symbol: str) -> None:
        """Want a line."""
        if symbol not in self._held:
            self._waiting[symbol] = None

    def need(self, symbol: str, need: Need) -> None:
        """Note how much depends on a symbol's ticks."""
        if need is Need.NOTHING:
            self._needs.pop(symbol, None)
        else:
            self._needs[symbol] = need

    def release(self, symbol: str) -> None:
        """Want a line no more."""
        self._held.pop(symbol, None)
        self._waiting.pop(symbol, None)
        self._needs.pop(symbol, None)

    def reset(self) -> None:
        """All lines are gone, with the connection or by TWS's word. Who needs them is still known."""
        self._held.clear()
        self._waiting.clear()

    def refused(self, symbol: str) -> None:
        """TWS gave no line (error 101): there are fewer than was thought."""
        if self._held.pop(symbol, None) is not None:
            self.limit = max(1, min(self.limit, len(self._held)))
            self._waiting[symbol] = None

    def turn(self, now: float) -> list[Grant]:
        """Decide who gets a line now. Whoever gives one up waits behind the others."""
        grants = []
        victims = {need: self._givers(need, now) for need in Need}
        for symbol in sorted(self._waiting, key=self._rank, reverse=True):
            if len(self._held) < self.limit:
                giver = None
            elif (giver := self._giver(self._rank(symbol), victims)) is None:
                break
            else:
                del self._held[giver]
                self._waiting[giver] = None
            del self._waiting[symbol]
            self._held[symbol] = now
            grants.append(Grant(symbol, giver))
        return grants

    def due(self, now: float) -> float:
        """Return the seconds until somebody's turn is over while another waits; inf if nobody waits or takes turns."""
        if not self._waiting or not self._turn_seconds:
            return inf
        rank = max(map(self._rank, self._waiting))
        since = min((since for symbol, since in self._held.items() if self._rank(symbol) <= rank), default=inf)
        # a little more, or rounding could find the turn not quite over, again and again in the same instant
        return max(0.0, since + self._turn_seconds - now) + 0.001 if rank < Need.HOLDING else inf

    def _rank(self, symbol: str) -> Need:
        need = self._needs.get(symbol, Need.NOTHING)
        return Need.NOTHING if need is Need.DECISION and not self._turn_seconds else need

    def _givers(self, need: Need, now: float) -> Iterator[tuple[str, bool]]:
        """Yield who has a line with that need, the longest first, and whether its turn is over."""
        for symbol, since in list(self._held.items()):
            if self._rank(symbol) is need:
                yield symbol, bool(self._turn_seconds) and now - since >= self._turn_seconds

    def _giver(self, rank: Need, givers: dict[Need, Iterator[tuple[str, bool]]]) -> str | None:
        for need in Need:
            if need > rank or need is Need.HOLDING:
                return None
            found = next(givers[need], None)
            if found is not None and (need < rank or found[1]):
                return found[0]
        return None
