"""An execution and what it cost as one short line of text: a tenth of the memory, and the way into a snapshot."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from attrs import frozen

from messages.order import Commission, Execution, Side

__all__ = ["BookedFill", "base_of", "fill_of", "line_of", "tells", "version_of"]

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n"})
_MEANINGS = {"\\": "\\", "t": "\t", "n": "\n"}


@frozen(slots=True)
class BookedFill:
    """The version of a fill in force, the largest quantity any version had, and what is known of its cost."""

    execution: Execution
    most: Decimal
    commissions: tuple[Commission, ...] = ()  # of its versions, in the order in which they came


def line_of(fill: BookedFill) -> str:
    """Return the line: tab-separated, beginning with the base; without line breaks whatever the texts hold."""
    execution = fill.execution
    fields = [
        execution.base, execution.exec_id, execution.order_ref, str(execution.order_id), str(execution.perm_id),
        str(execution.client_id), execution.account, execution.symbol, str(execution.con_id), execution.side.value,
        str(execution.quantity), str(execution.price), execution.time.isoformat(), str(int(execution.liquidation)),
        str(fill.most),
    ]  # fmt: skip
    for cost in fill.commissions:
        fields += _cost(cost)
    return "\t".join(_escaped(field) for field in fields)


def base_of(line: str) -> str:
    """Return the execId base of a line."""
    return _plain(line.partition("\t")[0])


def version_of(line: str) -> str:
    """Return the execId of the version that a line holds."""
    return _plain(line.split("\t", 2)[1])


def tells(line: str, commission: Commission) -> bool:
    """Whether the line holds this very report."""
    return f"{line}\t".endswith("\t".join(["", *(_escaped(field) for field in _cost(commission)), ""]))


def fill_of(line: str) -> BookedFill:
    """Return what the line was made of. Raises ValueError for anything else."""
    fields = [_plain(field) for field in line.split("\t")]
    try:
        exec_id, ref, order_id, perm, client, account, symbol, con, side, size, price, time, forced, most = fields[1:15]
        costs = fields[15:]
        commissions = tuple(
            Commission(costs[at], _decimal(costs[at + 1]), costs[at + 2], _decimal(costs[at + 3]))
            for at in range(0, len(costs), 4)
        )
        execution = Execution(
            exec_id=exec_id,
            order_ref=ref,
            order_id=int(order_id),
            perm_id=int(perm),
            client_id=int(client),
            account=account,
            symbol=symbol,
            con_id=int(con),
            side=Side(side),
            quantity=Decimal(size),
            price=Decimal(price),
            time=datetime.fromisoformat(time),
            liquidation=forced == "1",
        )
        return BookedFill(execution, Decimal(most), commissions)
    except (ArithmeticError, IndexError, KeyError) as error:
        raise ValueError(f"{line!r} is no fill") from error


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES) if "\\" in text or "\t" in text or "\n" in text else text


def _plain(text: str) -> str:
    if "\\" not in text:
        return text
    parts = iter(text)
    return "".join(_MEANINGS[next(parts)] if part == "\\" else part for part in parts)


def _cost(cost: Commission) -> list[str]:
    return [cost.exec_id, _number(cost.amount), cost.currency, _number(cost.realized_pnl)]


def _number(value: Decimal | None) -> str:
    return "" if value is None else str(value)


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if text else None
