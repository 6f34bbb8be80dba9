"""How positions are left, as `[defaults]`, `[symbols.X]` and `[[rules]]` say it beyond plain percentages."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any

from attrs import frozen

from config.expectations import Expectation, Flag, Number
from domain.exit_words import NONE, read_after, read_step, read_steps, read_targets, with_words
from domain.time_exits import time_of_day
from messages.position import ExitPlan

__all__ = ["ExitSettings", "Written", "written_exits"]


@frozen
class Written(Expectation):
    """An exit as people write it; kept as it was written, `none` for no such exit."""

    text: str
    reader: Callable[[str], object]

    def __str__(self) -> str:
        return self.text

    def read(self, value: Any) -> str:
        if not isinstance(value, str):
            raise self.refuse()
        if value.strip().lower() in (*NONE, ""):
            return "none"
        try:
            self.reader(value)
        except ValueError:
            raise self.refuse() from None
        return str(value)


Multiple = Annotated[Decimal, Number("a multiple of the ATR")]
BreakEven = Annotated[str, Written('a profit, or a profit and an offset, such as "2%" or "1r:0.05"', read_step)]
Steps = Annotated[str, Written('profits and where the stop goes then, such as "1r:0, 2r:1r"', read_steps)]
ScaleOut = Annotated[str, Written('parts and prices, such as "25%@2%, 25%@4%"', read_targets)]
After = Annotated[str, Written('a time such as "90m", or bars such as "12x5m"', read_after)]
At = Annotated[str, Written('a time of day such as "15:45"', time_of_day)]


@frozen(slots=True, kw_only=True)
class ExitSettings:
    """What is None is taken from the next: a rule's from the symbol, a symbol's from the defaults."""

    stop_loss_atr: Multiple | None = None
    take_profit_atr: Multiple | None = None
    trailing_stop_atr: Multiple | None = None
    break_even: BreakEven | None = None
    stop_steps: Steps | None = None
    scale_out: ScaleOut | None = None
    exit_after: After | None = None
    exit_at: At | None = None
    trail_here: Annotated[bool, Flag()] | None = None


def written_exits(plan: ExitPlan, *sources: object) -> ExitPlan:
    """Return the plan with what the first of the sources that says something has of the exits in words."""
    said: dict[str, Any] = {}
    for name in ("break_even", "stop_steps", "scale_out", "exit_after", "exit_at", "trail_here"):
        values = (getattr(source, name, None) for source in sources)
        said[name] = next((value for value in values if value is not None), None)
    return with_words(plan, **said)
