"""How often each rule has acted for each symbol: cooldowns, daily counts, and what goes into a checkpoint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from attrs import define

from domain.rules.rule import Rule
from messages.signal import RuleUsage
from messages.verdict import GateVerdict

__all__ = ["Usage", "UsageBook"]


@define(slots=True)
class Usage:
    """One rule and one symbol."""

    last: datetime | None = None
    day: date | None = None
    count: int = 0
    signal_id: str | None = None  # the prediction that it acted on last
    busy: bool = False
    faulty: bool = False
    standing: bool = False  # it has acted, and its condition has not become false since


_NONE = Usage()


class UsageBook:
    """(rule id, symbol) → usage. Pure: time is given."""

    def __init__(self, zone: ZoneInfo) -> None:
        """`zone` is the exchange's: daily limits count its calendar days."""
        self._zone = zone
        self._usages: dict[tuple[str, str], Usage] = {}

    def known(self, rule_id: str, symbol: str) -> Usage:
        """Return what is known, to look at only."""
        return self._usages.get((rule_id, symbol), _NONE)

    def of(self, rule_id: str, symbol: str) -> Usage:
        """Return the usage, to change."""
        return self._usages.setdefault((rule_id, symbol), Usage())

    def fired(self, rule_id: str, symbol: str, time: datetime, signal_id: str | None) -> None:
        """The action did something: start the cooldown, count the day."""
        usage = self.of(rule_id, symbol)
        day = time.astimezone(self._zone).date()
        usage.count = usage.count + 1 if usage.day == day else 1
        usage.day, usage.last, usage.standing = day, time, True
        usage.signal_id = signal_id if signal_id is not None else usage.signal_id

    def verdicts(self, rule: Rule, symbol: str, now: datetime, signal_id: str | None) -> tuple[GateVerdict, ...]:
        """Return the verdicts on how often the rule may act."""
        usage, stage = self.known(rule.rule_id, symbol), f"rule {rule.rule_id}"
        left = self._left(rule, usage, now)
        limit, used = rule.max_executions_per_day, self._used(usage, now)
        busy = "its last action for this symbol is not answered yet"
        again = signal_id is not None and usage.signal_id == signal_id
        return (
            GateVerdict(stage, "answered", not usage.busy, busy if usage.busy else "no action outstanding"),
            GateVerdict(stage, "prediction", not again, "acted on already" if again else "not acted on before"),
            GateVerdict(stage, "cooldown", left <= 0, f"{left:.0f} s left of {rule.cooldown_seconds:g} s"),
            GateVerdict(stage, "daily limit", limit is None or used < limit, f"{used} of {limit or 'any number'} used"),
        )

    def obstacle(self, rule: Rule, symbol: str, now: datetime, signal_id: str | None) -> str:
        """Return why the rule must not act now, "" where nothing stands against it."""
        usage = self.known(rule.rule_id, symbol)
        free = (
            not usage.busy
            and (signal_id is None or usage.signal_id != signal_id)
            and self._left(rule, usage, now) <= 0
            and (rule.max_executions_per_day is None or self._used(usage, now) < rule.max_executions_per_day)
        )
        if free:
            return ""
        against = next(gate for gate in self.verdicts(rule, symbol, now, signal_id) if not gate.passed)
        return against.figures if against.gate == "answered" else f"{against.gate}: {against.figures}"

    def restore(self, usages: Iterable[RuleUsage]) -> None:
        """Take up a checkpoint in place of everything known."""
        self._usages.clear()
        for one in usages:
            usage = self.of(one.rule_id, one.symbol)
            usage.last, usage.count, usage.signal_id = one.last, one.count, one.signal_id
            usage.day = date.fromisoformat(one.day) if one.day else None
            usage.standing = one.last is not None

    def checkpoint(self) -> Iterator[RuleUsage]:
        """Yield what a restart must know."""
        for (rule_id, symbol), usage in self._usages.items():
            if usage.day is not None:
                yield RuleUsage(rule_id, symbol, usage.last, usage.day.isoformat(), usage.count, usage.signal_id)

    @staticmethod
    def _left(rule: Rule, usage: Usage, now: datetime) -> float:
        if usage.last is None:
            return 0.0
        return max(rule.cooldown_seconds - (now - usage.last).total_seconds(), 0.0)

    def _used(self, usage: Usage, now: datetime) -> int:
        return usage.count if usage.day == now.astimezone(self._zone).date() else 0
