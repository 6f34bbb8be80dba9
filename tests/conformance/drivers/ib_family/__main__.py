"""Drives a paper TWS with ib_insync or ib_async: `python -m ib_family CLIENT VERSION PORT`."""

import channel
from ib_family import connecting, contracts, history, market_data
from ib_family.library import unasked

channel.play([connecting, contracts, market_data, history], unasked)
