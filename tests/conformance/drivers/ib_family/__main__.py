"""Drives a paper TWS with ib_insync or ib_async: `python -m ib_family CLIENT VERSION PORT`."""

import channel
from ib_family import (
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
from ib_family.library import settle, unasked

PARTS = [
    *(connecting, contracts, market_data, history),
    *(order_types, fills, groups, refusals),
    *(account, two_clients, conditions, reconnecting),
]

channel.play(PARTS, unasked, settle)
