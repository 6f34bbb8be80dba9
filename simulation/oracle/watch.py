"""What must not last: something held without protection, or a difference, without an alarm that says so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from math import inf
from typing import Any

from simulation.oracle.heard import Heard
from simulation.oracle.truth import Truth

__all__ = ["Watch"]

NAKED_SECONDS = 15.0  # risk.naked_seconds is 5; then the link may be dead, which takes another five to find out
HEARSAY_SECONDS = 30.0  # what is not told is found out at the next reconciliation, every 20 s here
APART_SECONDS = 150.0  # a difference between both positions, with everything up, and nothing said about it
_APART = "position of "
# alarms that say that something held may be without protection, or that nobody knows
EXPOSED = (
    "protection.",
    "position.",
    "broker.",
    "reconcile.",
    "order.",
    "journal.",
    "actor.",
    "breaker.",
    "instrument.",
    "stop.",
    "symbol.",
)


class Watch:
    """Remembers since when. Its questions return what is wrong."""

    def __init__(
        self, truth: Truth, clock: Callable[[], float], alive_since: Callable[[], float], heard: Heard
    ) -> None:
        self._truth, self._clock, self._alive_since, self._heard = truth, clock, alive_since, heard
        self._naked: dict[str, float] = {}
        self._declared: dict[str, float] = {}  # symbol → when an alarm last said so
        self._unheard: dict[str, float] = {}  # symbol → when the process last had not been told of something
        self._since: dict[str, float] = {}
        self.longest_naked = 0.0

    @property
    def waits(self) -> bool:
        """Whether something goes on that must not last."""
        return bool(self._naked or self._since)

    def protection(self) -> None:
        """See who is without a stop now."""
        for symbol in {one.contract.symbol for one in self._truth.venue.positions()} | set(self._naked):
            if abs(self._truth.held(symbol)) <= self._truth.covered(symbol):
                if symbol in self._naked:
                    since = max(self._naked.pop(symbol), self._alive_since())
                    self.longest_naked = max(self.longest_naked, self._clock() - since)
            else:
                self._naked.setdefault(symbol, self._clock())

    def look(self, status: Mapping[str, Any]) -> Iterable[str]:
        """Compare a status with the book."""
        self.protection()
        alarms = status["alarms"]
        named = [(alarm["kind"], alarm["symbol"]) for alarm in alarms or () if alarm["kind"].startswith(EXPOSED)]
        # the status itself says of a symbol in quarantine that it does not answer, also once the alarm was seen
        silent = (text.partition(" ")[0] for text in status["unanswered"])
        said = {symbol for _, symbol in named} | {name.removeprefix("position/") for name in silent}
        everything = alarms is None or None in said
        yield from self._look_naked(said, everything, named)
        yield from self._look_apart(status, said, everything)

    def lasting(self, key: str, wrong: str, seconds: float = APART_SECONDS) -> str:
        """Return `wrong` once it has been so for that long, of a process's life; "" as long as it has not."""
        now = self._clock()
        if not wrong:
            self._since.pop(key, None)
            return ""
        since = max(self._since.setdefault(key, now), self._alive_since())
        return f"{wrong}, for {now - since:.0f} s" if now - since > seconds else ""

    def _look_naked(
        self, said: set[str | None], everything: bool, named: list[tuple[str, str | None]]
    ) -> Iterable[str]:
        now = self._clock()
        for symbol, since in self._naked.items():
            alive = max(since, self._alive_since())
            self.longest_naked = max(self.longest_naked, now - alive)
            # where the alarm has just ended, as with `adopt`, protection is on its way and has its time again
            if everything or symbol in said:
                self._declared[symbol] = now
            start = max(alive, self._declared.get(symbol, -inf))
            late = HEARSAY_SECONDS + NAKED_SECONDS
            disturbed = self._truth.disturbed(symbol, inf if self._heard.misled(symbol) else late)
            if disturbed or (now - start <= late and not self._heard.all_of(symbol)):
                self._unheard[symbol] = now
            seconds = now - max(start, self._unheard.get(symbol, -inf))
            if seconds > NAKED_SECONDS:
                yield f"{symbol} has been naked for {seconds:.1f} s, and no alarm says so: {named}"

    def _look_apart(self, status: Mapping[str, Any], said: set[str | None], everything: bool) -> Iterable[str]:
        ours = {row["symbol"]: Decimal(row["quantity"]) for row in status["positions"]}
        # what is held nowhere any more is not apart
        before = {key.removeprefix(_APART) for key in self._since if key.startswith(_APART)}
        for symbol in {one.contract.symbol for one in self._truth.venue.positions()} | set(ours) | before:
            here, there = ours.get(symbol, Decimal(0)), self._truth.held(symbol)
            declared = everything or symbol in said
            text = "" if declared or here == there else f"{symbol}: {here} here, {there} at the broker, and no alarm"
            if wrong := self.lasting(f"{_APART}{symbol}", text):
                yield wrong
