"""The position of one symbol: opened, protected, closed, accounted for."""

from actors.position.actor import PositionActor

__all__ = ["PositionActor"]
