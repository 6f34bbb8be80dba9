"""What can go wrong for a program that uses Pitboss; each says why, and a refusal gives the figures."""

from __future__ import annotations

__all__ = [
    "BrokerUnreachableError",
    "EmitRefusedError",
    "NoAnswerError",
    "NotRunningError",
    "OrderRefusedError",
    "PitbossError",
    "PositionRefusedError",
    "RefusedError",
    "RuleRefusedError",
    "StartError",
    "SystemFailedError",
    "UnknownOrderError",
    "UnknownPositionError",
]


class PitbossError(Exception):
    """The root of all of them."""


class NotRunningError(PitbossError):
    """There is no running system: what was called needs an enclosing `async with pitboss.open_system()`."""


class StartError(PitbossError):
    """The system did not start; nothing of it runs any more. `exit_code` is that of `pitboss run`."""

    def __init__(self, text: str, exit_code: int = 1) -> None:
        super().__init__(text)
        self.exit_code = exit_code


class BrokerUnreachableError(StartError):
    """Nothing that speaks as TWS does answers there, it refuses, or the system does not agree with it in time."""


class SystemFailedError(PitbossError):
    """The running system ended by itself (a safe halt); what rests at the broker stays there."""


class NoAnswerError(PitbossError):
    """An actor did not answer in time: whether the command was carried out is not known. Look before asking again."""


class RefusedError(PitbossError):
    """Nothing was done. `reason` says why, `figures` are the numbers behind it ("" where there are none)."""

    def __init__(self, reason: str, figures: str = "", symbol: str = "") -> None:
        of_what = f"{symbol}: " if symbol else ""
        super().__init__(f"{of_what}{reason} ({figures})" if figures else f"{of_what}{reason}")
        self.reason = reason
        self.figures = figures
        self.symbol = symbol


class PositionRefusedError(RefusedError):
    """A command about a position was refused."""


class OrderRefusedError(RefusedError):
    """A command about an order was refused."""


class RuleRefusedError(RefusedError):
    """A rule was not registered, or not taken out."""


class EmitRefusedError(RefusedError):
    """An event that only the system may state: orders, positions, the link, the portfolio."""


class UnknownPositionError(PitbossError, KeyError):
    """No position has this id."""

    def __str__(self) -> str:
        return f"no position has the id {self.args[0]!r}"


class UnknownOrderError(PitbossError, KeyError):
    """No order has this id."""

    def __str__(self) -> str:
        return f"no order has the id {self.args[0]!r}"
