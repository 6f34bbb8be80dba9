"""What a user of Interactive Brokers' own client does first: `python first_steps_ibapi.py ibapi 7497`."""

import logging
import sys

from ibapi.client import EClient
from ibapi.contract import Contract
from ibapi.order import Order
from ibapi.wrapper import EWrapper

logging.basicConfig(level=logging.ERROR)  # what the library complains of goes to stderr


class App(EWrapper, EClient):
    """Buys a hundred shares after twenty ticks, and leaves when it has them."""

    def __init__(self) -> None:
        EClient.__init__(self, self)
        self.stock = Contract()
        self.stock.symbol, self.stock.secType = "AAPL", "STK"
        self.stock.exchange, self.stock.currency = "SMART", "USD"
        self.next_id = 0
        self.ticks = 0
        self.status = ""

    def nextValidId(self, orderId: int) -> None:
        self.next_id = orderId
        self.reqPositions()
        self.reqMktData(1, self.stock, "", False, False, [])

    def tickPrice(self, reqId: int, tickType: int, price: float, attrib: object) -> None:
        self.ticks += 1
        if self.ticks == 20:
            order = Order()
            order.action, order.totalQuantity, order.orderType = "BUY", 100, "MKT"
            self.placeOrder(self.next_id, self.stock, order)

    def orderStatus(self, orderId: int, status: str, *rest: object) -> None:
        self.status = status

    def position(self, account: str, contract: Contract, position: float, avgCost: float) -> None:
        if position == 100:
            print(self.status, contract.symbol, int(position))
            self.disconnect()

    def error(self, reqId: int, errorCode: int, errorString: str) -> None:
        if not 2100 <= errorCode < 2200:  # those are notices
            logging.error("%s %s %s", reqId, errorCode, errorString)


app = App()
app.connect("127.0.0.1", int(sys.argv[2]), clientId=7)
app.run()
