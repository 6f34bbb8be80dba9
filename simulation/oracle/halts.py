"""What an operator has been told: which halt stands, by the commands and their answers alone."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["Halts"]

_ENDS = {"halt": ("resume", "rearm"), "flatten": ("rearm",)}


class Halts:
    """Commands count in the order in which they were given; their answers may come in another. A halt that is answered
    after a resume does not stand where the resume was given behind it."""

    def __init__(self) -> None:
        self._given = 0  # commands
        self._under_way: list[tuple[int, Mapping[str, str]]] = []
        self._ended = dict.fromkeys(_ENDS, 0)  # each halt → the number of the last command that ends it
        self._stood: dict[str, int] = {}  # halt → the number of the last one that was taken up

    @property
    def standing(self) -> str:
        """Which command that was answered forbids new risk; "" for none, and while one that ends it is on its way: it
        may have been carried out, or not."""
        if any(request["command"] in _ENDS["halt"] for _, request in self._under_way):
            return ""
        stand = [command for command, number in self._stood.items() if number > self._ended[command]]
        return "flatten" if "flatten" in stand else "".join(stand)

    def asked(self, request: Mapping[str, str]) -> None:
        """A command of an operator is on its way."""
        self._given += 1
        self._under_way.append((self._given, request))

    def answered(self, request: Mapping[str, str], accepted: bool) -> None:
        """A command that was asked was answered, or will not be."""
        number = next(number for number, one in self._under_way if one is request)
        self._under_way = [(each, one) for each, one in self._under_way if one is not request]
        if not accepted:
            return
        command = request["command"]
        for halt, ends in _ENDS.items():
            if command in ends:
                self._ended[halt] = max(number, self._ended[halt])
        if command in _ENDS and "symbol" not in request:
            self._stood[command] = max(number, self._stood.get(command, 0))
