"""What Prometheus reads, and what asks for it."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitoring.board import Board
from monitoring.metrics import METRICS, exposition, readings

ROOT = Path(__file__).parents[3]
NAME = re.compile(r"\bpitboss_[a-z_]+\b")
SUFFIXES = ("_bucket", "_sum", "_count")


def board_of(*logs):
    board = Board()
    for log in logs:
        for line in log.path.read_text().splitlines():
            board.fold(json.loads(line))
    return board


def read(*boards):
    text, kind = exposition([readings(f"desk-{number}", board) for number, board in enumerate(boards)])
    assert kind.startswith("text/plain; version=")
    values = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            labels = {name: value for name, value in sample.labels.items() if name != "process"}
            key = (sample.name, sample.labels["process"], *sorted(labels.items()))
            assert key not in values
            values[key] = sample.value
    return values


def test_the_metrics_say_what_the_log_says(log):
    log.trading()
    log.order("order.rejected", "pb-x", "MSFT", status="REJECTED", reason="no")
    log.order("order.denied", "pb-y", "MSFT", reason="limit")
    log.write("actor.crashed", actor="position/MSFT", message="M", error="E", traceback="T", level="ERROR")
    log.write("actor.restarted", actor="position/MSFT", restarts=1)
    log.write("alarm.raised", id="a1", kind="protection.missing", text="x", symbol="MSFT")
    values = read(board_of(log))
    expected = {
        ("pitboss_state", ("state", "READY")): 1,
        ("pitboss_state", ("state", "HALTED")): 0,
        ("pitboss_broker_connected",): 1,
        ("pitboss_ticks_total",): 1234,
        ("pitboss_orders_intended_total", ("role", "stop")): 1,
        ("pitboss_orders_sent_total", ("role", "entry")): 1,
        ("pitboss_orders_rejected_total", ("role", "entry")): 1,
        ("pitboss_orders_denied_total",): 1,
        ("pitboss_orders_working", ("role", "stop")): 1,
        ("pitboss_orders_working", ("role", "entry")): 0,
        ("pitboss_fills_total", ("role", "entry")): 1,
        ("pitboss_actor_crashes_total", ("actor", "position/MSFT")): 1,
        ("pitboss_actor_restarts_total", ("actor", "position/MSFT")): 1,
        ("pitboss_actor_mailbox_messages", ("actor", "orders")): 3,
        ("pitboss_alarms", ("kind", "protection.missing")): 1,
        ("pitboss_positions_open",): 1,
        ("pitboss_positions_unprotected",): 0,
        ("pitboss_realized_pnl",): 120.5,
        ("pitboss_unrealized_pnl",): -20.25,
        ("pitboss_limit_used", ("limit", "gross exposure")): 15010,
        ("pitboss_limit_maximum", ("limit", "gross exposure")): 50000,
        ("pitboss_position_last_price", ("symbol", "AAPL")): 150.6,
        ("pitboss_position_stop_price", ("symbol", "AAPL")): 145.6,
        ("pitboss_reconciled_timestamp_seconds",): 1795186801,
        ("pitboss_position_naked_seconds_bucket", ("le", "0.01")): 0,
        ("pitboss_position_naked_seconds_bucket", ("le", "0.05")): 1,
        ("pitboss_position_naked_seconds_sum",): 0.02,
    }
    for name in ("order_latency", "journal_fsync", "broker_round_trip"):
        expected |= {
            (f"pitboss_{name}_seconds_bucket", ("le", "0.001")): 3,
            (f"pitboss_{name}_seconds_bucket", ("le", "0.01")): 9,
            (f"pitboss_{name}_seconds_bucket", ("le", "+Inf")): 10,
            (f"pitboss_{name}_seconds_count",): 10,
            (f"pitboss_{name}_seconds_sum",): 0.042,
        }
    for (name, *labels), value in expected.items():
        assert values[(name, "desk-0", *labels)] == pytest.approx(value), name


def test_what_is_not_known_is_left_out_rather_than_0():
    values = read(Board())
    names = {name for name, *_ in values}
    assert "pitboss_realized_pnl" not in names
    assert "pitboss_ticks_total" not in names
    assert "pitboss_reconciled_timestamp_seconds" not in names
    assert "pitboss_order_latency_seconds_count" not in names


def test_lines_of_other_versions_break_nothing(log):
    log.trading()
    nonsense = {"bounds": [1], "counts": "x", "sum": None}
    log.pulse(ticks="many", fsync=nonsense, pnl="none", exposure=["x", {"limit": 3, "used": "NaN"}], reconciled_at=5)
    log.trading('"} evil 1\n# HELP')
    log.write("actor.started", actor="x" * 5_000)
    values = read(board_of(log))
    assert ("pitboss_fills_total", "desk-0", ("role", "entry")) in values
    assert ("pitboss_position_last_price", "desk-0", ("symbol", '"} evil 1\n# HELP')) in values
    assert not [name for name, *_ in values if name == "evil"]


def test_several_processes_are_told_apart(log):
    log.trading()
    values = read(board_of(log), Board())
    assert values["pitboss_log_lines_total", "desk-0"] > values["pitboss_log_lines_total", "desk-1"] == 0


def exposed(log):
    """The names of everything that there is where all of it is known."""
    log.trading()
    for event in ("rejected", "denied", "unknown", "expired"):
        log.order(f"order.{event}", "pb-x", status=event.upper(), reason="x")
    for event in ("actor.crashed", "actor.restarted", "deadletter"):
        log.write(event, actor="rules", message="M", error="E", traceback="T")
    log.write("alarm.raised", id="a", kind="journal.slow", text="x")
    money = {"equity": "1000", "gross_exposure": "1", "net_exposure": "1", "state": "ACTIVE"}
    board = board_of(log)
    board.process.portfolio = {**(board.process.portfolio or {}), **money}
    text, _ = exposition([readings("desk", board)])
    families = text_string_to_metric_families(text.decode())
    return {sample.name for family in families for sample in family.samples}


def test_every_metric_of_the_catalogue_is_exposed_where_it_is_known(log):
    missing = set(METRICS) - {name.removesuffix("_count") for name in exposed(log)}
    assert not missing


def queries():
    dashboard = json.loads(files("monitoring.grafana").joinpath("pitboss.json").read_text())
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]
    for variable in dashboard["templating"]["list"]:
        yield variable["name"], variable.get("definition", "")
    for annotation in dashboard["annotations"]["list"]:
        yield annotation["name"], annotation["expr"]


def test_the_dashboard_asks_for_names_and_labels_that_there_are(log):
    there = exposed(log)
    for title, query in queries():
        for name in NAME.findall(query):
            assert name in there, title
            base = next((name.removesuffix(one) for one in SUFFIXES if name.removesuffix(one) in METRICS), name)
            if METRICS[base].kind == "counter":
                assert re.search(rf"\b(rate|increase)\({name}\b", query), f"{title}: {name} only grows"
        for labels in re.findall(r"by \(([a-z_, ]+)\)", query):
            known = {"process", "le", *(label for metric in METRICS.values() for label in metric.labels)}
            assert set(labels.split(", ")) <= known, title


def test_the_dashboard_shows_what_issue_and_documentation_promise():
    asked = " ".join(query for _, query in queries())
    for what in (
        "ticks", "orders_sent", "fills", "order_latency", "orders_rejected", "actor_restarts", "actor_mailbox",
        "journal_fsync", "position_naked", "reconciled", "realized_pnl", "limit_used", "limit_maximum",
    ):  # fmt: skip
        assert f"pitboss_{what}" in asked, what


def test_the_documentation_names_each_metric_with_its_labels():
    rows = {}
    for line in (ROOT / "docs/metrics.md").read_text().splitlines():
        if match := re.match(r"\| `(pitboss_[a-z_]+)` \| (\w+) \| (.*?) \| (.*) \|$", line):
            rows[match[1]] = (match[2], match[3], match[4])
    expected = {
        name: (metric.kind, ", ".join(f"`{label}`" for label in metric.labels), metric.words)
        for name, metric in METRICS.items()
    }
    assert rows == expected


def test_prometheus_is_shown_how_to_scrape():
    text = files("monitoring.grafana").joinpath("prometheus.yml").read_text()
    assert "metrics_path: /metrics" in text
    assert "type: Bearer" in text
