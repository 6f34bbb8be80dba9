"""What checks do at the broker, in step with the clients, and how they ask and order."""

from typing import Any

import channel
from ibapi.contract import Contract
from ibapi.order import Order
from ibapi_driver.client import Client, app, settle


def tick(symbol: str, **prices: float) -> None:
    """Move the market: bid=, ask=, last=, size=."""
    _do(f"tick {symbol} " + " ".join(f"{name}={value}" for name, value in prices.items()))


def clock(seconds: float) -> None:
    """Let time pass."""
    _do(f"clock {seconds}")


def fault(client_id: int, verbs: str) -> None:
    """Let the broker misbehave towards a client; verbs as in a fault script."""
    _do(f"fault {client_id}: {verbs}")


def cut_off(client_id: int) -> None:
    """Break a client's link off."""
    settle()
    channel.do(f'fault {client_id}: "reset"')


def pace(per_second: int, breaches: int) -> None:
    """Limit the messages of links that come from now on; 0 takes the limit off."""
    _do(f"pace {per_second} {breaches}")


def master(client_id: int) -> None:
    """Make a client id the master's."""
    _do(f"master {client_id}")


def connected(*client_ids: int) -> None:
    """Wait until the server knows just these clients."""
    channel.do("await " + " ".join(str(one) for one in client_ids))


def _do(act: str) -> None:
    settle()
    channel.do(act)
    settle()


def contract(symbol: str, sec_type: str = "STK", exchange: str = "SMART", currency: str = "USD", **rest: Any) -> Any:
    """Return a contract."""
    made = Contract()
    made.symbol, made.secType, made.exchange, made.currency = symbol, sec_type, exchange, currency
    for name, value in rest.items():
        setattr(made, name, value)
    return made


def order(action: str, quantity: float, order_type: str, **rest: Any) -> Any:
    """Return an order."""
    made = Order()
    made.action, made.totalQuantity, made.orderType = action, quantity, order_type
    for name, value in rest.items():
        setattr(made, name, value)
    return made


AAPL = contract("AAPL")
MSFT = contract("MSFT")
GME = contract("GME")
NOSUCH = contract("NOSUCH")


def placed(what: Any, where: Any = AAPL, order_id: int = 0, client: Client = app) -> int:
    """Send an order, or a change of the one with this id; return the id when the server has answered."""
    order_id = order_id or client.new_id()
    client.placeOrder(order_id, where, what)
    client.settle()
    return order_id


def cancelled(order_id: int) -> None:
    """Cancel an order; assert that it is."""
    since = app.mark()
    app.cancelOrder(order_id)
    assert app.wait("orderStatus", since, orderId=order_id, status="Cancelled").remaining >= 0
    assert app.error_code(order_id, since) == 202


def status(order_id: int, client: Client = app) -> Any:
    """Return the last status told of an order."""
    client.settle()
    return client.every("orderStatus", orderId=order_id)[-1]


def codes(answered_on: int, since: int = 0) -> list[int]:
    """Take the errors about a request or an order, and return their codes."""
    app.settle()
    found = app.every("error", since, reqId=answered_on)
    app.forget(found)
    return [one.errorCode for one in found]
