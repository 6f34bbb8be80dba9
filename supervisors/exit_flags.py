"""The flags that say how a position is left, for each verb that takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from cyclopts import Parameter

from supervisors.levels import EXITS

__all__ = ["NO_EXITS", "ExitFlags", "Exits"]

Stop = Annotated[
    str | None, Parameter(help="Stop loss: 3% of the average entry, 6atr, or a price such as 95.00, or none.")
]
Target = Annotated[str | None, Parameter(help="Take profit: 8% of the average entry, 4atr, or a price, or none.")]
Trail = Annotated[
    str | None, Parameter(help="Trailing stop: 2% behind the best price, or 3atr, or an amount, or none.")
]
TrailHere = Annotated[
    str | None, Parameter(help="yes: the trailing stop is a plain stop at the broker that Pitboss moves.")
]
BreakEven = Annotated[
    str | None,
    Parameter(help="After this profit the stop goes to the entry: 2%, 1r, 1.50 or 2atr; 2%:0.1% to 0.1% beyond it."),
]
Steps = Annotated[str | None, Parameter(help='Profits and where the stop goes then: "1r:0, 2r:1r".')]
ScaleOut = Annotated[str | None, Parameter(help='Parts of the position and where they are left: "25%@2%, 25%@105.00".')]
ExitAfter = Annotated[
    str | None, Parameter(help="Out after this time: 90m, 3h, or 12x5m for twelve bars of five minutes.")
]
ExitAt = Annotated[str | None, Parameter(help="Out at this time of day on the exchange's clock: 15:45.")]


@dataclass(frozen=True, kw_only=True)
class ExitFlags:
    """What was written; None was not."""

    stop: Stop = None
    target: Target = None
    trail: Trail = None
    trail_here: TrailHere = None
    break_even: BreakEven = None
    steps: Steps = None
    scale_out: ScaleOut = None
    exit_after: ExitAfter = None
    exit_at: ExitAt = None

    def written(self) -> dict[str, str]:
        """Return the flags that were written."""
        values = {name: getattr(self, name) for name in EXITS}
        return {name: value for name, value in values.items() if value is not None}


Exits = Annotated[ExitFlags, Parameter(name="*")]
NO_EXITS = ExitFlags()
