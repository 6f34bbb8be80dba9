"""When a fault happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs
from attrs import field, frozen

from simulator.faults.verbs import Verb
from simulator.wire.fields import text
from simulator.wire.requests import ContractQuery, PlaceOrder, Request

__all__ = ["REQUEST_KINDS", "Rule", "request_fields", "request_kind"]


@frozen(slots=True, kw_only=True)
class Rule:
    """Verbs for a request or a time.

    Either `on`, the IB name of a request (`placeOrder`, `reqExecutions`, …, `connect` for startApi, `*` for any), or
    `after`, seconds since the engine began. `where` compares fields of the request by their IB names, as text;
    `isModify` = "1" is true of a placeOrder that changes a live order. `nth` counts the requests that fit, from 1;
    without it every one is meant. `times` is for how many in a row from the nth on.
    """

    do: Sequence[Verb] = field(converter=tuple[Verb, ...])
    on: str = ""
    after: float | None = None
    nth: int | None = None
    times: int = 1
    where: Mapping[str, str] = field(factory=dict)
    client: int | None = None

    def __attrs_post_init__(self) -> None:
        """Raises ValueError for a rule that could never, or always, mean something else than it says."""
        if bool(self.on) == (self.after is not None):
            raise ValueError("a rule needs either `on` or `after`")
        if self.nth is not None and self.nth < 1:
            raise ValueError(f"nth counts from 1, not {self.nth}")
        if self.times < 1 or (self.times > 1 and self.nth is None):
            raise ValueError("times is at least 1, and only with nth")
        if not self.do:
            raise ValueError("a rule without verbs does nothing")

    def fits(self, kind: str, client_id: int, fields: Mapping[str, str]) -> bool:
        """Whether a request is one that this rule counts."""
        return (
            self.on in (kind, "*")
            and self.client in (None, client_id)
            and all(fields.get(name, "") == value for name, value in self.where.items())
        )

    def fires(self, count: int) -> bool:
        """Whether the `count`-th request that fits is meant."""
        return self.nth is None or self.nth <= count < self.nth + self.times


def _kind(name: str) -> str:
    return "connect" if name == "StartApi" else name[0].lower() + name[1:]


REQUEST_KINDS = frozenset({"*", *(_kind(one.__name__) for one in Request.__subclasses__())})
"""what `on` can be"""


def request_kind(request: Request) -> str:
    """Return the IB name of a request."""
    return _kind(type(request).__name__)


def request_fields(request: Request, *, modifies: bool) -> dict[str, str]:
    """Return the fields that `where` can name."""
    if isinstance(request, PlaceOrder):
        return dict(request.fields) | {"orderId": str(request.order_id), "isModify": "1" if modifies else ""}
    values: dict[str, object] = attrs.asdict(request, recurse=False)
    contract = values.pop("contract", None)
    named = {_camel(name): text(value) for name, value in values.items()}
    if isinstance(contract, ContractQuery):
        named |= {"symbol": contract.symbol, "conId": str(contract.con_id)}
    return named


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
