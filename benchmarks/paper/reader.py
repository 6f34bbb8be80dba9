"""A process of clients that subscribe and read: `python -m benchmarks.paper.reader PORT CLIENTS SYMBOL…`.

Says `ready`, then the clock when each client has read the last tick. With CLIENTS below 0 it only connects, to whatever
listens there. It reads raw bytes and decodes nothing, so that it costs the machine little.
"""

from __future__ import annotations

import selectors
import socket
import sys
import time
from collections.abc import Sequence

from ib_insync import Stock

from benchmarks.paper.link import connect, subscriptions

__all__ = ["LAST_PRICE", "LAST_TICK", "read_all"]

LAST_PRICE = 98765.43
LAST_TICK = str(LAST_PRICE).encode()


def read_all(links: Sequence[socket.socket]) -> float:
    """Read until the last tick has come on each link; returns the time of that."""
    tails = dict.fromkeys(links, b"")
    with selectors.DefaultSelector() as selector:
        for one in links:
            selector.register(one, selectors.EVENT_READ, one)
        while tails:
            for key, _ in selector.select():
                link: socket.socket = key.data
                data = link.recv(1 << 20)
                if not data:
                    raise EOFError("the server has ended a link")
                if LAST_TICK in tails[link] + data[-200:]:
                    del tails[link]
                    selector.unregister(link)
                else:
                    tails[link] = data[-200:]
    return time.perf_counter()


def main(port: int, clients: int, symbols: Sequence[str]) -> None:
    """Connect, say so, read, say when it was done."""
    if clients < 0:
        links = [socket.create_connection(("127.0.0.1", port)) for _ in range(-clients)]
    else:
        links = [connect(port, number) for number in range(1, clients + 1)]
        wanted = subscriptions([Stock(symbol, "SMART", "USD") for symbol in symbols])
        for link in links:
            link.sendall(wanted)
    print("ready", flush=True)
    print(read_all(links), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
