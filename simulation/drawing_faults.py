"""What goes wrong in a storm, how often each is drawn, and the terms that it is drawn with."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from simulation.terms import Draw, Terms, nothing, one_symbol

__all__ = ["DEATHS", "FAULTS"]

# what TWS says of orders, and what ends its lists
_ABOUT_ORDERS = ("openOrder", "orderStatus", "execDetails", "commissionReport", "error", "position")
_ENDS = ("openOrderEnd", "execDetailsEnd", "positionEnd", "completedOrdersEnd", "completedOrder")
_LISTED = ("openOrder", "completedOrder", "execDetails")
_REQUESTS = (
    "placeOrder",
    "placeOrder",
    "placeOrder",
    "cancelOrder",
    "reqExecutions",
    "reqAllOpenOrders",
    "reqPositions",
)
_ACTORS = (
    "supervisor",
    "orders",
    "orders",
    "portfolio",
    "gateway",
    "journal",
    "rules",
    "alarms",
    "signals/options-flow",
    "position",
)
DEATHS = ("now", "write", "sync", "synced", "send", "sending", "sent")


def _some(dice: Random, kinds: tuple[str, ...]) -> list[str]:
    return sorted(set(dice.choices(kinds, k=dice.randint(1, 3))))


def _messages(dice: Random, symbols: list[str]) -> Terms:
    return {"messages": _some(dice, (*_ABOUT_ORDERS, *_ENDS)), "seconds": round(dice.expovariate(1 / 8.0) + 0.2, 3)}


def _order_messages(dice: Random, symbols: list[str]) -> Terms:
    return {"messages": _some(dice, _ABOUT_ORDERS), "seconds": round(dice.expovariate(1 / 8.0) + 0.2, 3)}


def _delay(dice: Random, symbols: list[str]) -> Terms:
    return {**_order_messages(dice, symbols), "by": round(dice.uniform(0.01, 12.0), 3)}


def _reorder(dice: Random, symbols: list[str]) -> Terms:
    size = dice.randint(2, 5)
    return {**_order_messages(dice, symbols), "order": dice.sample(range(size), size)}


def _request(dice: Random, symbols: list[str]) -> Terms:
    return {"on": dice.choice(_REQUESTS), "times": dice.choice((1, 1, 2, 4)), "after": dice.choice((1, 1, 2, 3))}


def _cut(dice: Random, symbols: list[str]) -> Terms:
    return {"bytes": dice.randint(0, 1500), "direction": dice.choice(("in", "out"))}


def _hole(dice: Random, symbols: list[str]) -> Terms:
    return {"seconds": round(dice.expovariate(1 / 12.0) + 0.5, 3), "then": dice.choice(("flow", "reset"))}


def _restart(dice: Random, symbols: list[str]) -> Terms:
    return {
        "next_id": dice.choice((None, None, 1)),
        "seconds": round(dice.choice((0.0, 2.0, 30.0)) * dice.random(), 3),
        "how": dice.choice(("reset", "close")),
        "forgets": dice.choice((0.0, 0.0, 0.0, 0.3, 1.0)),  # so much of the orders that are open, without a word
    }


def _connectivity(dice: Random, symbols: list[str]) -> Terms:
    terms = {"seconds": round(dice.expovariate(1 / 15.0) + 0.1, 3), "ends": dice.choice(("kept", "dropped"))}
    # what TWS cannot ask its servers for is missing in its lists, which end all the same
    return {**terms, "lacks": _some(dice, _LISTED)} if dice.random() < 0.5 else terms


def _twofold(dice: Random, symbols: list[str]) -> Terms:
    return {"after": dice.choice((1, 1, 2, 3)), "times": dice.choice((1, 1, 2))}


def _kill(dice: Random, symbols: list[str]) -> Terms:
    terms = {
        "at": dice.choice(DEATHS),
        "after": dice.choice((0, 0, 0, 1, 2, 5)),  # so many more of these points go by
        "lost": dice.random() < 0.5,  # what is on its way to the broker
        "kept": dice.choice((0, 0, 1, 5)),  # transactions that reached the disk unsynced
        "seconds": round(dice.choice((0.5, 3.0, 40.0)) * dice.random() + 0.05, 3),
        "again": dice.choice((-1, -1, dice.randint(0, 60))),  # dies again at this point of its next life
    }
    torn = dice.choice(("", "in part", "sectors"))  # how what the disk had not synced is torn
    return {**terms, "torn": torn} if torn else terms


def _crash(dice: Random, symbols: list[str]) -> Terms:
    actor = dice.choice(_ACTORS)
    return {
        "actor": f"position/{dice.choice(symbols)}" if actor == "position" else actor,
        "times": dice.choice((1, 1, 1, 2, 5, 12)),
        "after": dice.choice((0, 0, 1, 2, 3, 5, 8)),  # messages that it handles before
    }


def _disk(dice: Random, symbols: list[str]) -> Terms:
    steps = dice.choice(
        (("write",), ("sync",), ("write", "sync"), ("write", "sync", "reserve write"), ("read",), ("write", "read"))
    )
    seconds = round(dice.expovariate(1 / 20.0) + 0.5, 3)
    terms = {"steps": list(steps), "seconds": seconds}
    dies = dice.choice((None, None, 0, 1, 4))  # so many writes into the reserve are safe, and it dies in the next
    return terms if dies is None else {**terms, "dies": dies}


def _slow(dice: Random, symbols: list[str]) -> Terms:
    return {"sync_seconds": round(dice.expovariate(1 / 1.5), 3), "seconds": round(dice.expovariate(1 / 15.0) + 0.5, 3)}


def _clock(dice: Random, symbols: list[str]) -> Terms:
    return {"by": round(dice.choice((-1, 1)) * dice.choice((0.5, 5.0, 90.0, 3700.0)) * dice.random(), 3)}


def _signals(dice: Random, symbols: list[str]) -> Terms:
    how = dice.choice(("down", "garbage", "stale", "repeat", "hang", "limit"))
    return {"how": how, "seconds": round(dice.expovariate(1 / 30.0) + 5.0, 3)}


def _pause(dice: Random, symbols: list[str]) -> Terms:
    return {"seconds": round(dice.choice((2.0, 8.0, 40.0, 180.0)) * dice.random() + 0.1, 3)}


def _correction(dice: Random, symbols: list[str]) -> Terms:
    return {"how": dice.choice(("price", "price", "less", "bust")), "back": dice.choice((1, 1, 1, 2, 5))}


def _commissions(dice: Random, symbols: list[str]) -> Terms:
    how = dice.choice(("late", "never", "unset"))
    return {"how": how, "seconds": round(dice.expovariate(1 / 30.0) + 1.0, 3)}


def _trading_halt(dice: Random, symbols: list[str]) -> Terms:
    seconds = round(dice.choice((10.0, 60.0, 300.0)) * dice.random() + 1.0, 3)
    jump = round(dice.choice((0.0, -0.06, 0.06, -0.15)) * dice.random(), 4)
    return {"symbol": dice.choice(symbols), "seconds": seconds, "kind": dice.choice((1, 2)), "jump": jump}


def _still(dice: Random, symbols: list[str]) -> Terms:
    return {"symbol": dice.choice(symbols), "seconds": round(dice.expovariate(1 / 30.0) + 2.0, 3)}


def _split(dice: Random, symbols: list[str]) -> Terms:
    seconds = round(dice.expovariate(1 / 60.0) + 20.0, 3)
    return {"symbol": dice.choice(symbols), "ratio": dice.choice((2, 3, 10)), "seconds": seconds}


def _rot(dice: Random, symbols: list[str]) -> Terms:
    return {"seconds": round(dice.uniform(10.0, 40.0), 3), "back": dice.choice((0, 0, 1, 3, 10, 30))}


def _nightly(dice: Random, symbols: list[str]) -> Terms:
    return {"seconds": round(dice.uniform(30.0, 300.0), 3), "how": dice.choice(("reset", "close"))}


FAULTS: Mapping[str, tuple[float, Draw]] = {
    "drop": (2.0, _messages),
    "duplicate": (1.5, _order_messages),
    "delay": (2.0, _delay),
    "reorder": (2.0, _reorder),
    "hold": (2.0, _order_messages),
    "swallow": (2.0, _request),
    "silent": (1.5, _request),  # carried out, and nothing is said of it
    "twofold": (0.7, _twofold),  # a change of an order becomes a second order beside it
    "cut": (2.0, _cut),
    "black_hole": (2.0, _hole),
    "reset": (1.5, nothing),
    "close_link": (0.7, nothing),
    "restart": (1.5, _restart),
    "connectivity": (1.5, _connectivity),
    "silence": (0.7, one_symbol),
    "broker_cancel": (1.5, nothing),  # the broker cancels an order by itself: a stop, too
    "correction": (1.5, _correction),  # of an execution; a bust too
    "commissions": (1.0, _commissions),
    "trading_halt": (1.0, _trading_halt),
    "still": (0.7, _still),  # no tick comes from the exchange
    "locate": (0.7, _still),  # short sales wait until shares are found
    "liquidation": (0.4, nothing),
    "split": (0.3, _split),
    "pause": (1.5, _pause),  # the process is stopped, and goes on
    "kill": (5.0, _kill),
    "crash": (4.0, _crash),
    "disk": (1.0, _disk),
    "slow_disk": (1.0, _slow),
    "clock": (1.0, _clock),
    "signals": (1.0, _signals),
    "rot": (0.0, _rot),  # a record that was safe is not as it was written: in the storms of mutants alone
    "nightly": (0.0, _nightly),  # the gateway's restart of each night: simulation.days
}
