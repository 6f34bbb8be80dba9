"""Makes the venue's order out of the fields of placeOrder."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from simulator.model import Contract, Order
from simulator.wire.fields import INFINITE, is_unset
from simulator.wire.order_layout import CONTRACT

__all__ = ["build_order"]

_LIMITED = frozenset({"LMT", "STP LMT", "TRAIL LIMIT", "LIT", "LOC", "MIDPRICE", "REL", "PASSV REL", "PEG MID"})
_CONTRACT_NAMES = frozenset(name for name, _ in CONTRACT)


def build_order(
    fields: Mapping[str, str], contract: Contract, *, client_id: int, order_id: int, default_account: str
) -> Order:
    """Return the order. The fields have been checked by the reader; all of them are kept in `extra`."""
    order_type = fields["orderType"].upper()
    limit = _decimal(fields["lmtPrice"])
    if limit == 0 and order_type not in _LIMITED:
        limit = None  # clients write 0 where there is no limit
    action = fields["action"].upper()
    return Order(
        order_id=order_id,
        client_id=client_id,
        account=fields["account"] or default_account,
        contract=contract,
        side="SELL" if action in ("SSHORT", "SLONG") else action,
        quantity=_decimal(fields["totalQuantity"]) or Decimal(0),
        order_type=order_type,
        limit=limit,
        stop=_decimal(fields["auxPrice"]) or None,
        tif=fields["tif"].upper() or "DAY",
        order_ref=fields["orderRef"],
        oca_group=fields["ocaGroup"],
        oca_type=_integer(fields["ocaType"]),
        parent_id=_integer(fields["parentId"]),
        transmit=fields["transmit"] != "0",
        outside_rth=fields["outsideRth"] == "1",
        trail_stop=_decimal(fields["trailStopPrice"]),
        trailing_percent=_decimal(fields["trailingPercent"]) or None,
        good_till=fields["goodTillDate"],
        good_after=fields["goodAfterTime"],
        what_if=fields["whatIf"] == "1",
        extra={name: value for name, value in fields.items() if value and name not in _CONTRACT_NAMES},
    )


def _decimal(written: str) -> Decimal | None:
    return None if is_unset(written) or written == INFINITE else Decimal(written)


def _integer(written: str) -> int:
    return 0 if is_unset(written) else int(written)
