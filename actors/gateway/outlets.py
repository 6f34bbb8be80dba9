"""Whom the gateway tells what."""

from __future__ import annotations

from typing import Any

from actors.bus import EventBus
from actors.runtime.system import System
from config.logging import log
from messages.event import BaseEvent
from messages.gateway import BrokerNotice
from messages.lifecycle import ClearAlarm, RaiseAlarm

__all__ = ["Outlets"]


class Outlets:
    """The addresses behind the gateway's messages, and the bus for those who want to know too. `publish` delivers a
    batch of ticks."""

    def __init__(self, system: System, bus: EventBus) -> None:
        self._system = system
        self._bus = bus
        self._orders = system.address("orders")
        self._portfolio = system.address("portfolio")
        self._alarms = system.address("alarms")
        self.publish = system.publish

    def orders(self, message: Any) -> None:
        """Tell the orders actor; it alone concludes anything about orders."""
        self._orders.tell(message)

    def portfolio(self, message: BaseEvent) -> None:
        """Tell the portfolio, and the bus."""
        self._portfolio.tell(message)
        self._bus.publish(message)

    def tell(self, address: str, message: BaseEvent) -> None:
        """Tell whoever asked, and the bus."""
        self._system.address(address).tell(message)
        self._bus.publish(message)

    def position(self, symbol: str, message: BaseEvent) -> None:
        """Tell a symbol's position, and the bus."""
        self._system.address(f"position/{symbol}").tell(message)
        self._bus.publish(message)

    def link(self, message: BaseEvent) -> None:
        """Tell orders about the link, and the bus."""
        self._orders.tell(message)
        self._bus.publish(message)

    def notice(self, code: int, text: str) -> None:
        """Pass on what the broker says about no order, and log it."""
        log("broker.notice", actor="gateway", code=code, text=text)
        self.link(BrokerNotice(code, text))

    def alarm(self, kind: str, text: str, *, symbol: str | None = None, order_ref: str | None = None) -> None:
        """Raise an alarm."""
        self._alarms.tell(RaiseAlarm(kind, text, symbol=symbol, order_ref=order_ref))

    def clear(self, kind: str) -> None:
        """Clear an alarm about the link."""
        self._alarms.tell(ClearAlarm(kind))
