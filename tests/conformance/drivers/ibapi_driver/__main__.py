"""Drives a paper TWS with Interactive Brokers' own client: `python -m ibapi_driver ibapi VERSION PORT`."""

import channel
from ibapi_driver import connecting, contracts, history, market_data
from ibapi_driver.client import app, other, settle, unasked

PARTS = [connecting, contracts, market_data, history]

try:
    channel.play(PARTS, unasked, settle)
finally:
    for client in (app, other):  # their reading threads keep the process alive
        if client.isConnected():
            client.stop()
