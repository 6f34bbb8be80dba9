"""Drives a paper TWS with Interactive Brokers' own client: `python -m ibapi_driver ibapi VERSION PORT`."""

import channel
from ibapi_driver import connecting
from ibapi_driver.client import app, other, settle, unasked

try:
    channel.play([connecting], unasked, settle)
finally:
    for client in (app, other):  # their reading threads keep the process alive
        if client.isConnected():
            client.stop()
