"""A trace for a person: what was asked for, what became of it, and the timeline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from messages.verdict import GateVerdict
from monitoring.trace.life import Line, OrderOutcome, PositionOutcome, Trace
from monitoring.trace.refused import RefusedEntry
from monitoring.trace.words import plain, time_of_day

__all__ = ["gates_page", "life_page", "refused_page"]

_STYLES = {
    "alarm": "bold red",
    "denied": "red",
    "fill": "bold green",
    "result": "bold green",
    "intent": "bold",
    "process": "yellow",
    "broker": "cyan",
}
_MARGIN = " " * 24


def life_page(trace: Trace) -> Iterator[Text]:
    """Yield the whole life, line by line; the caller decides on width and colour."""
    yield from _head(trace)
    yield Text()
    day = ""
    for line in trace.lines:
        date = line.record.time.date().isoformat()
        if date != day:
            day = date
            yield Text(f"{date} UTC", style="bold")
        yield from _timeline(line, several=len(trace.subject.order_refs) > 1)


def gates_page(trace: Trace) -> Iterator[Text]:
    """Yield what stood in the way: every gate with its figures, and the words of those who decided."""
    yield from _head(trace)
    yield from _gates([verdict for line in trace.lines for verdict in line.words.verdicts])
    decided = [line for line in trace.lines if line.words.stage in ("signal", "rules", "gates", "denied", "sent")]
    if decided:
        yield Text()
        yield Text("decided", style="bold")
    for line in decided:
        yield Text(f"  {time_of_day(line.record.time)}  {line.words.text}")


def refused_page(refused: Sequence[RefusedEntry]) -> Iterator[Text]:
    """Yield the entries that somebody asked for in vain: the newest with every gate, the others with what refused."""
    for one in reversed(refused):
        yield Text()
        yield Text.assemble(
            ("refused ", "bold"), f"{one.time.date()} {time_of_day(one.time)} UTC, asked by {one.source}: ", one.reason
        )
        if one is refused[-1]:
            yield from _gates(one.verdicts)
            continue
        for verdict in one.verdicts:
            if not verdict.passed:
                yield from _gate(verdict, "  ", stage=True)


def _gates(verdicts: Sequence[GateVerdict]) -> Iterator[Text]:
    if not verdicts:
        yield Text("No gate's verdict is in the journal.")
    stage = ""
    for verdict in verdicts:
        if verdict.stage != stage:
            stage = verdict.stage
            yield Text()
            yield Text(stage, style="bold")
        yield from _gate(verdict, "  ")


def _head(trace: Trace) -> Iterator[Text]:
    subject = trace.subject
    yield Text.assemble((f"{subject.kind} ", "bold"), subject.id, f" in {subject.symbol}")
    for outcome in trace.orders:
        yield _order(outcome)
    for position in trace.positions:
        yield _position(position)
    if not trace.traded:
        yield Text("  nothing was traded", style="yellow")


def _order(outcome: OrderOutcome) -> Text:
    view = outcome.view
    text = Text(f"  {view.role or 'order'} {view.order_ref}: {view.side} {plain(view.quantity)} {view.order_type}")
    for name, price in (("limit", view.limit_price), ("stop", view.stop_price)):
        if price is not None:
            text.append(f" {name} {plain(price)}")
    text.append(f", {'UNKNOWN' if outcome.doubt else view.status}", "bold")
    if view.filled and view.average_price is not None:
        text.append(f", {plain(view.filled)} filled at {plain(round(view.average_price, 6))}")
        text.append(f", commission {plain(outcome.commission)}")
    if outcome.perm_ids:
        text.append(f", permId {', '.join(map(str, outcome.perm_ids))}")
    if outcome.doubt or view.text:
        text.append(f" ({outcome.doubt or view.text})")
    return text


def _position(outcome: PositionOutcome) -> Text:
    text = Text(f"  position {outcome.position_id}: ")
    if outcome.closed:
        text.append(f"closed by {outcome.closed}")
    else:
        at = "" if outcome.average_price is None else f" at {plain(outcome.average_price)}"
        text.append(f"open, {plain(outcome.quantity)} held{at}")
    text.append(f", realised P&L {plain(outcome.realized_pnl)}, commission {plain(outcome.commission)}, net ")
    net = outcome.net_pnl
    return text.append(plain(net), "green" if net > 0 else "red" if net < 0 else "")


def _timeline(line: Line, *, several: bool) -> Iterable[Text]:
    words = line.words
    text = Text(f"{time_of_day(line.record.time)}  ")
    text.append(f"{words.stage:<10}  ", _STYLES.get(words.stage, ""))
    if several and line.order_ref:
        text.append(f"{line.order_ref}  ")
    text.append(words.text)
    if line.status:
        text.append(f"  → {line.status}", "bold")
    yield text
    for detail in words.details:
        yield Text(f"{_MARGIN}  {detail}")
    for verdict in words.verdicts:
        yield from _gate(verdict, f"{_MARGIN}  ", stage=True)


def _gate(verdict: GateVerdict, margin: str, *, stage: bool = False) -> Iterable[Text]:
    text = Text(margin)
    text.append("ok  " if verdict.passed else "NO  ", "green" if verdict.passed else "bold red")
    text.append(f"{verdict.stage}: {verdict.gate}" if stage else verdict.gate)
    if verdict.figures:
        text.append(f": {verdict.figures}")
    yield text
