"""The process as a whole: its state, its link to the broker, its money."""

from __future__ import annotations

from typing import Any

from monitoring.board.fields import Line, texts, whole, word

__all__ = ["ProcessPart"]

_NO_BREAKER: dict[str, Any] = {
    "state": "ACTIVE",
    "goal": None,
    "trigger": None,
    "reason": "",
    "since": None,
    "closing": [],
    "suspicions": [],
    "losses_in_a_row": 0,
    "rejects_in_a_row": 0,
}

_MONEY = {  # in a pulse → in the status
    "realized": "realized_pnl",
    "unrealized": "unrealized_pnl",
    "commission": "commission",
    "daily": "daily_pnl",
    "equity": "equity",
    "gross_exposure": "gross_exposure",
    "net_exposure": "net_exposure",
}


class ProcessPart:
    """Folds what `status` says of the process, and what only the log knows: name, version, the last pulse."""

    def __init__(self) -> None:
        """Nothing is known."""
        self.about: dict[str, Any] = {}  # name, version, mode, started, stopped
        self.state: dict[str, Any] = {"state": "STARTING", "reason": "", "since": None}
        self.broker: dict[str, Any] | None = None
        self.portfolio: dict[str, Any] | None = None
        self.pulse: dict[str, Any] = {}
        self.reconciled: str | None = None

    def fold(self, event: str, line: Line) -> None:
        """Take a line."""
        match event:
            case "system.starting":
                self.about = {**texts(line, "name", "version", "mode"), "started": line["ts"], "stopped": None}
                self._enter("STARTING", "not yet compared with the broker", line["ts"])
                self.broker, self.pulse = None, {}
            case "system.ready":
                self._enter("READY", "", line["ts"])
            case "system.entered":
                self.state = {
                    "state": word(line, "state") or self.state["state"],
                    "reason": word(line, "reason") or "",
                    "since": word(line, "since") or line["ts"],
                }
            case "system.halted":
                self._enter("HALTED", word(line, "reason") or "", line["ts"])
            case "system.resumed":
                if self.state["state"] == "HALTED":
                    self._enter("STARTING", "resumed", line["ts"])  # system.ready follows where it is so
            case "system.stopping":
                self._enter("STOPPING", word(line, "reason") or "", line["ts"])
            case "system.stopped":
                self.about["stopped"] = line["ts"]
            case "broker.connected":
                self.broker = self._link() | {
                    "connected": True,
                    "epoch": whole(line, "epoch"),
                    **texts(line, "account"),
                }
            case "broker.lost":
                self.broker = self._link() | {"connected": False}
                self._not_ready(word(line, "reason") or "the link is lost", line["ts"])
            case "broker.gap_opened":
                self._not_ready(word(line, "reason") or "the broker's messages may be missing", line["ts"])
            case "reconcile.finished":
                if line.get("complete") is not False:
                    self.reconciled = line["ts"]
            case "breaker.moved":
                self._breaker(line)
            case "system.pulse":
                self._pulse(line)

    def snapshot(self, line: Line) -> None:
        """Replace the picture by a snapshot's."""
        status = line["status"]
        self.about = {"started": None, **self.about, **texts(line, "name", "version", "mode"), "stopped": None}
        self.about["pulse_seconds"] = line.get("pulse_seconds")
        self.state = {
            "state": str(status["state"]),
            "reason": word(status, "reason") or "",
            "since": word(status, "since"),
        }
        broker, portfolio = status.get("broker"), status.get("portfolio")
        self.broker = dict(broker) if isinstance(broker, dict) else None
        self.portfolio = dict(portfolio) if isinstance(portfolio, dict) else None

    def dump(self) -> dict[str, Any]:
        """Return all of it, for JSON."""
        return dict(vars(self))

    def load(self, dumped: dict[str, Any]) -> None:
        """Take back what `dump` returned."""
        vars(self).update(dumped)

    def _enter(self, state: str, reason: str, moment: str) -> None:
        if state != self.state["state"] or self.state["since"] is None:
            self.state["since"] = moment
        self.state["state"], self.state["reason"] = state, reason

    def _not_ready(self, reason: str, moment: str) -> None:
        if self.state["state"] == "READY":
            self._enter("STARTING", reason, moment)

    def _link(self) -> dict[str, Any]:
        return self.broker or {"connected": False, "epoch": 0, "last_round_trip": None, "account": "", "queued": 0}

    def _money(self) -> dict[str, Any]:
        if self.portfolio is None:
            self.portfolio = {
                "state": "ACTIVE", "reason": "", "equity": None, "gross_exposure": None, "reserved": None,
                "realized_pnl": "0", "unrealized_pnl": "0", "commission": "0", "net_exposure": None,
                "exchange_rates": {}, "day": "", "daily_pnl": None, "broker_daily_pnl": None,
                "breaker": dict(_NO_BREAKER),
            }  # fmt: skip
        return self.portfolio

    def _breaker(self, line: Line) -> None:
        money = self._money()
        state, reason = word(line, "after") or "ACTIVE", word(line, "standing") or ""
        money["state"], money["reason"] = state, reason
        money["breaker"] = {
            **_NO_BREAKER,
            **(money.get("breaker") or {}),
            "state": state,
            "goal": word(line, "goal"),
            "trigger": word(line, "trigger"),
            "reason": reason,
            "since": line["ts"],
        }

    def _pulse(self, line: Line) -> None:
        before = self.pulse.get("ts")
        self.pulse = {**line, "before": before}
        state = word(line, "state")
        if state is not None:
            if state != self.state["state"]:
                self.state["reason"] = ""
            self.state["state"], self.state["since"] = state, line.get("since", self.state["since"])
        broker = line.get("broker")
        if isinstance(broker, dict):
            self.broker = self._link() | broker
        pnl = line.get("pnl")
        if isinstance(pnl, dict):
            money = self._money()
            for theirs, ours in _MONEY.items():
                if theirs in pnl and (pnl[theirs] is None or isinstance(pnl[theirs], str)):
                    money[ours] = pnl[theirs]
        self.reconciled = word(line, "reconciled_at") or self.reconciled
