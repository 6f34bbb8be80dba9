"""What waits to be written, most urgent first."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator

from attrs import define

from messages.gateway import Priority

__all__ = ["SendQueue", "Unit"]


@define(slots=True, eq=False)
class Unit:
    """Messages that are written together, or not at all.

    One of `write` and `refuse(reason)` is called, once. `write` returns how many messages it wrote, at most `size`: it
    may still decide against it. `alive` says that it may leave only after a recent round trip. Instants are trio's.
    """

    priority: Priority
    size: int
    write: Callable[[], int]
    refuse: Callable[[str], None]
    label: str
    deadline: float = math.inf
    alive: bool = False


class SendQueue:
    """Units by priority, first come first served within each. Nothing overtakes a more urgent unit."""

    def __init__(self) -> None:
        self._lanes: dict[Priority, deque[Unit]] = {priority: deque() for priority in sorted(Priority)}
        # no unit has an earlier deadline; it may lie before all of them until the next search
        self._earliest = math.inf

    def __len__(self) -> int:
        return sum(len(lane) for lane in self._lanes.values())

    def put(self, unit: Unit) -> None:
        """Append a unit to those of its priority."""
        self._lanes[unit.priority].append(unit)
        self._earliest = min(self._earliest, unit.deadline)

    def first(self) -> Unit | None:
        """Return the unit that goes next, and leave it there."""
        for lane in self._lanes.values():
            if lane:
                return lane[0]
        return None

    def take(self) -> Unit:
        """Remove the unit that goes next. Raises IndexError where there is none."""
        for lane in self._lanes.values():
            if lane:
                return lane.popleft()
        raise IndexError("the queue is empty")

    def take_expired(self, now: float) -> list[Unit]:
        """Remove the units whose deadline has come, most urgent first."""
        if now < self._earliest:
            return []
        expired = [unit for unit in self if unit.deadline <= now]
        for priority, lane in self._lanes.items():
            self._lanes[priority] = deque(unit for unit in lane if unit.deadline > now)
        self._earliest = min((unit.deadline for unit in self), default=math.inf)
        return expired

    def take_all(self) -> list[Unit]:
        """Remove every unit."""
        units = list(self)
        for lane in self._lanes.values():
            lane.clear()
        self._earliest = math.inf
        return units

    def next_deadline(self) -> float:
        """Return the instant at which to call `take_expired`, at the latest; infinity for never."""
        return self._earliest

    def __iter__(self) -> Iterator[Unit]:
        for lane in self._lanes.values():
            yield from lane
