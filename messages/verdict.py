"""What one gate said."""

from __future__ import annotations

from attrs import frozen

__all__ = ["GateVerdict"]


@frozen(slots=True)
class GateVerdict:
    """One gate on the way from a prediction to an order: whether it lets it through, and the figures that it looked at.

    `stage` is where it stands: signal, rule RULE_ID, position, portfolio, orders or gateway. A gate that could
    not look (there is no price to value the order by) says so in its figures and does not pass.
    """

    stage: str
    gate: str
    passed: bool
    figures: str = ""
