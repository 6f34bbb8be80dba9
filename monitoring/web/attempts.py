"""How often somebody may show a wrong token."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable

__all__ = ["Attempts"]

MOST = 10
WITHIN_SECONDS = 60.0
_ADDRESSES = 1_000  # remembered; the one not heard of for longest is forgotten


class Attempts:
    """Counts wrong tokens of each address. Sessions that are open do not pass here, so nobody is locked out of them."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives seconds that only grow: trio's."""
        self._clock = clock
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_seconds(self, address: str) -> float:
        """Return how long no token of this address is looked at; 0 where one may be shown now."""
        times = self._wrong.get(address)
        if times is None or len(times) < MOST:
            return 0.0
        return max(0.0, times[0] + WITHIN_SECONDS - self._clock())

    def wrong(self, address: str) -> None:
        """Count one."""
        times = self._wrong.setdefault(address, deque(maxlen=MOST))
        times.append(self._clock())
        self._wrong.move_to_end(address)
        if len(self._wrong) > _ADDRESSES:
            self._wrong.popitem(last=False)

    def right(self, address: str) -> None:
        """Forget what was wrong before."""
        self._wrong.pop(address, None)
