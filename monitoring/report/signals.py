"""What became of each signal of a day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal

from messages.decision import EntryWeighed, RuleSkipped, RulesWeighed
from messages.gateway import OrderNotSent
from messages.signal import PredictionSignalEvent, SignalIgnored, SignalReceived
from monitoring.report.model import Reason, Signal

__all__ = ["Fates", "reasons"]

_ZERO = Decimal(0)


class Fates:
    """Signals and what the rules, the gates and the broker made of them."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[datetime, str, PredictionSignalEvent | None]] = {}  # id → when, symbol, itself
        self._reasons: dict[str, str] = {}
        self._skipped: dict[str, str] = {}  # by the rule that would have acted on it: says more than any other reason
        self._orders: dict[str, tuple[str, ...]] = {}  # id → entries that were let through
        self._unsent: dict[str, str] = {}  # order_ref → reason
        self._sources: dict[str, str] = {}

    def source_of(self, signal_id: str | None) -> str:
        """Where a signal came from; "" without one."""
        return self._sources.get(signal_id or "", "")

    def take(self, time: datetime, fact: object) -> None:
        """Take the next record's payload."""
        match fact:
            case SignalReceived(event=event):
                self._saw(event.signal_id, event.received, event.symbol, event)
            case SignalIgnored():
                received = time if fact.event is None else fact.event.received
                self._saw(fact.signal_id, received, fact.symbol, fact.event)
                self._reasons[fact.signal_id] = f"not given to the rules: {fact.reason}"
            case RulesWeighed():
                against = [one.figures for one in fact.verdicts if one.gate == "condition" and not one.passed]
                if against:
                    self._reasons.setdefault(fact.signal_id, "no rule matches")
            case RuleSkipped():
                self._skipped[fact.signal_id] = f"rule {fact.rule_id} skipped: {fact.reason}"
            case EntryWeighed() if fact.signal_id is not None:
                if fact.outcome:
                    self._reasons[fact.signal_id] = fact.outcome
                else:
                    known = self._orders.get(fact.signal_id, ())
                    self._orders[fact.signal_id] = (*known, *fact.order_refs)
            case OrderNotSent():
                self._unsent[fact.order_ref] = fact.reason

    def of_day(self, day: str, day_of: Callable[[datetime], str], filled: Mapping[str, Decimal]) -> tuple[Signal, ...]:
        """Return the day's signals in the order in which they came; `filled` is order_ref → quantity."""
        found = []
        for signal_id, (time, symbol, event) in self._seen.items():
            if day_of(time) != day:
                continue
            refs = self._orders.get(signal_id, ())
            taken = sum((filled.get(ref, _ZERO) for ref in refs), _ZERO)
            found.append(
                Signal(
                    time=time,
                    signal_id=signal_id,
                    symbol=symbol,
                    signal="" if event is None else str(event.signal),
                    confidence=None if event is None else event.confidence,
                    strategy=self.source_of(signal_id),
                    taken=taken,
                    order_refs=refs,
                    reason="" if taken else self._why(signal_id, refs),
                )
            )
        return tuple(found)

    def _why(self, signal_id: str, refs: tuple[str, ...]) -> str:
        if refs:
            unsent = sorted({self._unsent[ref] for ref in refs if ref in self._unsent})
            return "; ".join(unsent) or "the order did not fill"
        return self._skipped.get(signal_id) or self._reasons.get(signal_id, "not judged yet")

    def _saw(self, signal_id: str, time: datetime, symbol: str, event: PredictionSignalEvent | None) -> None:
        # the first time counts: what is ignored as repeated was received before
        self._seen.setdefault(signal_id, (time, symbol, event))
        if event is not None:
            self._sources[signal_id] = event.source


def reasons(signals: tuple[Signal, ...]) -> tuple[Reason, ...]:
    """Return the reasons why signals were not traded, the most frequent first; symbols and figures left out."""
    counted = Counter(signal.reason for signal in signals if not signal.taken)
    return tuple(Reason(text, count) for text, count in counted.most_common())
