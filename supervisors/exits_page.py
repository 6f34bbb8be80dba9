"""How a position is left, in words."""

from __future__ import annotations

from domain.exit_words import exits_in_words
from messages.position import ExitPlan, PositionView

__all__ = ["exits_page"]


def exits_page(view: PositionView) -> str:
    """Return the plan, and where its prices stand."""
    lines = [f"{view.symbol}: {exits_in_words(view.exits or ExitPlan())}"]
    if view.stop is not None:
        moved = f", moved by {view.stop_moved}" if view.stop_moved else ""
        lines.append(f"stop    {view.stop:f}{moved}")
    for target in view.targets:
        if target.price is not None:
            left = f", {target.filled:f} left there" if target.filled else ""
            lines.append(f"target  {target.price:f} for {target.quantity:f}{left}")
    if view.leaves_at is not None:
        lines.append(f"out at  {view.leaves_at:%Y-%m-%d %H:%M:%S} UTC")
    if view.quantity and not view.protected:
        lines.append("NOT PROTECTED: the broker has not confirmed every exit")
    return "\n".join(lines)
