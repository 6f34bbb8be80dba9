"""Orders: how each stands, and the lines of its life."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Any

from monitoring.board.fields import Line, shaped, texts, whole, word

__all__ = ["DONE", "OrdersPart"]

DONE = frozenset({"FILLED", "CANCELLED", "REJECTED", "EXPIRED", "DENIED", "NOT_SENT"})

_NEW: dict[str, Any] = {
    "order_ref": "",
    "perm_id": 0,
    "symbol": "",
    "side": "",
    "quantity": "0",
    "filled": "0",
    "type": "",
    "role": None,
    "status": "CREATED",
    "limit": None,
    "stop": None,
    "average_price": None,
    "position_id": None,
    "group": None,
    "parent": None,
    "text": "",
}
_TEXTS = ("symbol", "type", "role", "status", "limit", "stop", "average_price", "position_id", "filled")
_OWN = ("group", "parent", "text", "side", "quantity")
_MOST = 5_000  # orders, and of them the lives of the newest fifth


class OrdersPart:
    """Folds `order.*`. An order is known by its reference; one that is not ours by its permId."""

    def __init__(self) -> None:
        """No order is known."""
        self.orders: dict[str, dict[str, Any]] = {}
        self.done: OrderedDict[str, str] = OrderedDict()  # key → when it was done
        self.lives: OrderedDict[str, deque[Line]] = OrderedDict()

    def fold(self, event: str, line: Line) -> None:
        """Take a line about an order."""
        key = key_of(line)
        if not key:
            return
        self._live(key, line)
        if "status" not in line:  # a wish that was denied: it does not change the order
            return
        if not line.get("type"):  # a fill of an order that nobody has seen, of a trade by hand: `status` lists none
            return
        order = self.orders.get(key)
        if order is None:
            order = self.orders[key] = dict(_NEW, order_ref=word(line, "order_ref") or "")
            self._forget()
        order.update(texts(line, *_TEXTS))
        if event in ("order.filled", "order.corrected"):  # side and quantity are the fill's
            order.update({"quantity": line.get("order_quantity", order["quantity"])})
            order["side"] = order["side"] or word(line, "side") or ""
        else:
            order.update(texts(line, *_OWN))
        order["perm_id"] = whole(line, "perm_id") or order["perm_id"]
        if order["status"] in DONE and not order["order_ref"]:  # somebody else's: only what works of them is told
            del self.orders[key]
        elif order["status"] in DONE:
            self.done.setdefault(key, line["ts"])
        else:
            self.done.pop(key, None)

    def snapshot(self, orders: list[dict[str, Any]], moment: str) -> None:
        """Replace the picture by a snapshot's; the lives stay."""
        fresh = {key: order for one in orders if (key := key_of(order := shaped(one, _NEW)))}
        self.done = OrderedDict(
            (key, self.done.get(key, moment)) for key, order in fresh.items() if order["status"] in DONE
        )
        self.orders = fresh

    def status(self, day: str) -> list[dict[str, Any]]:
        """Those that are not done, and those that were done on the day (YYYY-MM-DD)."""
        return [dict(order) for key, order in self.orders.items() if key not in self.done or self.done[key][:10] == day]

    def working(self) -> list[dict[str, Any]]:
        """Those that are not done; not to be changed."""
        return [order for key, order in self.orders.items() if key not in self.done]

    def life(self, key: str) -> list[Line]:
        """The newest lines about an order, oldest first; nothing where they are forgotten."""
        return list(self.lives.get(key, ()))

    def dump(self) -> dict[str, Any]:
        """Return all of it, for JSON."""
        return {
            "orders": self.orders,
            "done": self.done,
            "lives": {key: list(life) for key, life in self.lives.items()},
        }

    def load(self, dumped: dict[str, Any]) -> None:
        """Take back what `dump` returned."""
        self.orders, self.done = dumped["orders"], OrderedDict(dumped["done"])
        self.lives = OrderedDict((key, deque(life, maxlen=60)) for key, life in dumped["lives"].items())

    def _live(self, key: str, line: Line) -> None:
        life = self.lives.get(key)
        if life is None:
            life = self.lives[key] = deque(maxlen=60)
            if len(self.lives) > _MOST // 5:
                self.lives.popitem(last=False)
        life.append(line)

    def _forget(self) -> None:
        if len(self.orders) > _MOST and self.done:
            oldest, _ = self.done.popitem(last=False)
            self.orders.pop(oldest, None)


def key_of(order: Line) -> str:
    """What an order is known by here: its reference, or `#` and its permId; empty where it has neither."""
    reference = word(order, "order_ref")
    if reference:
        return reference
    perm_id = whole(order, "perm_id")
    return f"#{perm_id}" if perm_id else ""
