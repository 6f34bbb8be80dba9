"""The two lines at the top: which process, how it stands, its link, its money; and the alarm line."""

from __future__ import annotations

from collections.abc import Sequence

from monitoring.board import Board
from monitoring.follow import Condition, Follower
from monitoring.terminal.cells import Cell, age, clean, clock, decimal, money, profit_cell

__all__ = ["alarm_line", "condition_words", "head_line", "money_line"]

_STATES = {"READY": "good", "HALTED": "bad", "STARTING": "warn", "STOPPING": "warn"}


def head_line(followers: Sequence[Follower], chosen: int) -> list[Cell]:
    """State, process and link."""
    follower = followers[chosen]
    board, condition = follower.board, follower.condition()
    state = str(board.process.state["state"])
    about = board.process.about
    cells: list[Cell] = []
    if condition.kind == "stopped":
        cells.append((" STOPPED ", "warn"))
    elif condition.kind == "silent":
        cells.append((" SILENT ", "bad"))
    else:
        cells.append((f" {clean(state)} ", _STATES.get(state, "warn")))
    name = clean(about.get("name") or follower.name)
    cells.append((f" {name}" + (f" ({clean(about['mode'])})" if about.get("mode") else ""), "strong"))
    if len(followers) > 1:
        cells.append((f" log {chosen + 1} of {len(followers)}", "dim"))
    words: list[Cell] = [(f"  {condition_words(condition, follower)}", "bad" if condition.kind == "silent" else "dim")]
    cells += _link(board) + words if condition.kind == "live" else words + _link(board)
    reason = board.process.state["reason"]
    if reason and condition.kind != "stopped":
        cells.append((f"  ({clean(reason)})", "warn"))
    return cells


def _link(board: Board) -> list[Cell]:
    broker = board.process.broker
    if broker is None:
        return [("  link unknown", "warn")]
    if not broker.get("connected"):
        return [("  NO LINK to the broker", "bad")]
    account, epoch = clean(broker.get("account") or "?"), clean(broker.get("epoch"))
    cells: list[Cell] = [(f"  {account} epoch {epoch}", "")]
    trip, seconds = broker.get("last_round_trip"), broker.get("round_trip_seconds")
    if trip:
        took = f" ({seconds * 1000:.0f} ms)" if isinstance(seconds, int | float) else ""
        cells.append((f"  round trip {clock(trip)}{took}", "dim"))
    return cells


def condition_words(condition: Condition, follower: Follower) -> str:
    """How the process seems to be, in words."""
    match condition.kind:
        case "empty":
            return "the log is empty, or not there yet"
        case "reading":
            return "reading the log" if (part := follower.progress) is None else f"reading the log: {part:.0%}"
        case "silent":
            return f"log silent for {age(condition.seconds)}: is the process dead?"
        case "stopped":
            return f"stopped in order {age(condition.seconds)} ago"
        case "ended":
            return f"the stream has ended {age(condition.seconds)} ago"
        case "quiet":
            return f"last line {age(condition.seconds)} ago"
        case _:
            part = follower.progress
            return clock(follower.board.last) if part is None else f"the day before this is being read: {part:.0%}"


def money_line(board: Board) -> list[Cell]:
    """Profit, fees, exposure and what the log lacks."""
    cells: list[Cell] = [(" ", "")]
    told = board.process.portfolio
    if told is None:
        cells.append(("P&L not told yet", "dim"))
    else:
        for label, name in (("realised ", "realized_pnl"), (" unrealised ", "unrealized_pnl")):
            cells += [(label, "dim"), profit_cell(told.get(name))]
        cells += [(" fees ", "dim"), (money(told.get("commission")), "")]
        state = str(told.get("state") or "ACTIVE")
        if state != "ACTIVE":
            cells.append((f"  BREAKER {clean(state)}", "bad"))
    levels = board.counts.levels
    cells.append((f"  {levels['ERROR']} errors {levels['WARNING']} warnings", "bad" if levels["ERROR"] else "dim"))
    if board.unreadable:
        cells.append((f"  unreadable lines {board.unreadable}", "warn"))
    if told is not None:
        if told.get("daily_pnl") is not None:
            cells += [(" today ", "dim"), profit_cell(told["daily_pnl"])]
        if told.get("gross_exposure") is not None:
            cells += [(" exposure ", "dim"), (money(told["gross_exposure"]), "")]
    return cells + _limits(board)


def _limits(board: Board) -> list[Cell]:
    """The limit that is used most, where the pulses tell."""
    worst: tuple[float, str] | None = None
    exposure = board.pulse.get("exposure")
    for one in exposure if isinstance(exposure, list) else ():
        used, most = decimal(one.get("used")), decimal(one.get("maximum"))
        if used is not None and most:
            worst = max(worst or (0.0, ""), (float(used / most), clean(one.get("limit"))))
    if worst is None or not worst[1]:
        return []
    return [(f"  {worst[1]} {worst[0]:.0%}", "bad" if worst[0] >= 1 else "warn" if worst[0] >= 0.8 else "dim")]


def alarm_line(board: Board) -> list[Cell]:
    """The newest alarm, and how many stand."""
    alarms = board.alarms.status()
    if not alarms:
        return [(" no alarm stands", "dim")]
    newest = alarms[-1]
    more = f" ({len(alarms)} stand: key 6)" if len(alarms) > 1 else ""
    about = f" {clean(newest['symbol'])}" if newest["symbol"] else ""
    return [
        (f" ALARM{more} ", "bad"),
        (f"{clean(newest['kind'])}{about} since {clock(newest['since'])}: {clean(newest['text'])}", "bad"),
    ]
