"""What a user of ib_insync or ib_async does first: `python first_steps_ib.py ib_async 7497`."""

import importlib
import logging
import sys

ibi = importlib.import_module(sys.argv[1])
logging.basicConfig(level=logging.WARNING)  # what the library complains of goes to stderr

ib = ibi.IB()
ib.connect("127.0.0.1", int(sys.argv[2]), clientId=7)
stock = ibi.Stock("AAPL", "SMART", "USD")
ib.qualifyContracts(stock)

ticker = ib.reqMktData(stock)
seen = 0
while seen < 20:
    ib.waitOnUpdate(timeout=5)
    seen += len(ticker.ticks)

trade = ib.placeOrder(stock, ibi.MarketOrder("BUY", 100))
while not (trade.isDone() and trade.fills[-1].commissionReport.commission and ib.positions()):
    ib.waitOnUpdate(timeout=5)
position = ib.positions()[0]
print(trade.orderStatus.status, position.contract.symbol, int(position.position))
ib.disconnect()
