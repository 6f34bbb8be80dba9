"""The journal as the disk has it: rows of JSON, followed as they become safe."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any, Protocol

__all__ = ["GIVEN_UP", "RISKY", "Disk", "Records", "Row"]


RISKY = ("entry", "scale")
"""The roles that add risk."""
GIVEN_UP = ("NOT_SENT", "CANCELLED", "REJECTED", "EXPIRED")
"""What an order may be resolved to that is over."""


_ADOPTED = "adopted-"
"""How the id of a fill begins that `pitboss adopt` books for what the broker holds and no execution explains."""


class Row(Protocol):
    """A record as it lies on the disk."""

    @property
    def sequence(self) -> int: ...
    @property
    def time(self) -> str: ...
    @property
    def stream(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def checkpoint(self) -> int: ...
    @property
    def payload(self) -> str: ...
    @property
    def previous(self) -> bytes: ...
    @property
    def hash(self) -> bytes: ...


class Disk(Protocol):
    """What is on the disk, and how much of it a power cut would leave."""

    @property
    def rows(self) -> Sequence[Row]: ...
    @property
    def synced(self) -> int: ...
    @property
    def reserve(self) -> Sequence[Row]: ...
    @property
    def reserve_synced(self) -> int: ...


class Records:
    """What the safe records say. `read` takes in what has become safe since."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._read = self._reserve_read = 0
        self._hash = sha256()
        self.intents: dict[str, dict[str, Any]] = {}  # order_ref → the order's terms
        self.again: Counter[str] = Counter()  # order_ref → how often it was to leave once more: changed, or renumbered
        self.cancelling: set[str] = set()  # order_refs
        self.given_up: set[str] = set()  # order_refs that the process concludes are over: `Evidence` judges its proof
        self.booked: Counter[str] = Counter()  # execution id → how often
        self.fills: dict[str, dict[str, Any]] = {}  # execution id → the record
        self.adopted: list[dict[str, Any]] = []  # fills that stand for shares that came or went without a trade
        self.closed: list[dict[str, Any]] = []
        self.commissions: dict[str, Decimal] = {}  # execution id → amount
        self.kinds: Counter[str] = Counter()
        self.on_record: list[Callable[[str, str, dict[str, Any]], object]] = []  # (time, kind, payload)

    @property
    def digest(self) -> str:
        """The hash of all that is safe."""
        return self._hash.hexdigest()

    @property
    def taken(self) -> int:
        """How many have been taken in."""
        return self._read + self._reserve_read

    def enters(self, order_ref: str) -> bool:
        """Whether an order was intended to add risk."""
        order = self.intents.get(order_ref)
        return order is not None and order["role"] in RISKY

    def given(self, symbol: str) -> tuple[Decimal, Decimal]:
        """Return what came of a symbol without a trade, signed, and what that counts as having brought.

        That is what was adopted, less what a closing let go of at its average price.
        """
        quantity = cash = Decimal(0)
        for fill in self.adopted:
            if fill["symbol"] == symbol:
                signed = Decimal(fill["quantity"]) * (1 if fill["side"] == "BUY" else -1)
                quantity += signed
                cash -= signed * Decimal(fill["price"])
        for closing in self.closed:
            if closing["symbol"] == symbol and closing.get("left_at") is not None:
                left = Decimal(closing["left"])
                quantity -= left
                cash += left * Decimal(closing["left_at"])
        return quantity, cash

    def read(self) -> None:
        """Take in what is new."""
        disk = self._disk
        while self._read < disk.synced:
            row = disk.rows[self._read]
            self._read += 1
            if row.sequence != self._read:
                raise AssertionError(f"record {row.sequence} lies where {self._read} should")
            self._hash.update(row.hash)
            self._take(row.time, row.kind, json.loads(row.payload))
        # an intent in the reserve is as safe as one in the journal, where it goes at the next start
        if disk.reserve_synced < self._reserve_read:
            self._reserve_read = 0
        for row in disk.reserve[self._reserve_read : disk.reserve_synced]:
            self._intent(row.kind, json.loads(row.payload))
        self._reserve_read = disk.reserve_synced

    def _take(self, time: str, kind: str, payload: dict[str, Any]) -> None:
        self.kinds[kind] += 1
        self._intent(kind, payload)
        match kind:
            case "ExecutionBooked":
                self.booked[payload["execution"]["exec_id"]] += 1
                self.fills[payload["execution"]["exec_id"]] = payload
                if payload["execution"]["exec_id"].startswith(_ADOPTED):
                    self.adopted.append(payload["execution"])
            case "CommissionBooked" if payload["commission"]["amount"] is not None:
                self.commissions[payload["commission"]["exec_id"]] = Decimal(payload["commission"]["amount"])
            case "PositionClosed":
                self.closed.append(payload)
            case "OrderResolved" if payload["status"] in GIVEN_UP:
                self.given_up.add(payload["order_ref"])
            case "OrderResolved" | "BrokerOrder":
                self.given_up.discard(payload["order_ref"])
        for listener in self.on_record:
            listener(time, kind, payload)

    def _intent(self, kind: str, payload: dict[str, Any]) -> None:
        match kind:
            case "OrderIntended":
                self.intents[payload["order"]["order_ref"]] = payload["order"]
            case "ModifyIntended":
                self.again[payload["modify"]["order_ref"]] += 1
            case "OrderRenumbered":
                self.again[payload["order_ref"]] += 1
            case "CancelIntended":
                self.cancelling.add(payload["order_ref"])
