"""Drives a paper TWS with Interactive Brokers' own client: `python -m ibapi_driver ibapi VERSION PORT`."""

import channel
from ibapi_driver import (
    account,
    conditions,
    connecting,
    contracts,
    fills,
    groups,
    history,
    market_data,
    order_types,
    reconnecting,
    refusals,
    two_clients,
)
from ibapi_driver.client import app, other, settle, unasked

PARTS = [
    *(connecting, contracts, market_data, history),
    *(order_types, fills, groups, refusals),
    *(account, two_clients, conditions, reconnecting),
]

try:
    channel.play(PARTS, unasked, settle)
finally:
    for client in (app, other):  # their reading threads keep the process alive
        if client.isConnected():
            client.stop()
