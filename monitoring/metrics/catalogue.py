"""Every metric that Pitboss exposes: its kind, its labels besides `process`, and what it says.

Names follow Prometheus: seconds as the unit of time, `_total` for what only grows, a time as `_timestamp_seconds`,
from which an age is `time() - …`. Money is in the account's currency, prices in the instrument's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from attrs import frozen

__all__ = ["METRICS", "Metric"]

Kind = Literal["counter", "gauge", "histogram"]


@frozen(slots=True)
class Metric:
    """One of them; a counter's name ends in `_total`."""

    kind: Kind
    words: str
    labels: tuple[str, ...] = ()


METRICS: Mapping[str, Metric] = {
    # the log, and through it whether anybody still writes
    "pitboss_log_lines_total": Metric("counter", "Lines of the log that were read."),
    "pitboss_log_unreadable_lines_total": Metric("counter", "Lines that were damaged or of another version."),
    "pitboss_log_messages_total": Metric("counter", "Lines of level WARNING and ERROR.", ("level",)),
    "pitboss_log_last_line_timestamp_seconds": Metric(
        "gauge", "Time of the newest line. A process that lives writes one every few seconds."
    ),
    # the process
    "pitboss_info": Metric("gauge", "1, with the version and the mode as labels.", ("version", "mode")),
    "pitboss_start_timestamp_seconds": Metric("gauge", "When the process started."),
    "pitboss_state": Metric(
        "gauge", "1 for the state that the process is in: STARTING, READY, HALTED, STOPPING, STOPPED.", ("state",)
    ),
    "pitboss_breaker_state": Metric("gauge", "1 for the state that the breaker is in.", ("state",)),
    "pitboss_alarms": Metric("gauge", "Alarms that stand.", ("kind",)),
    "pitboss_alarms_raised_total": Metric("counter", "Alarms that were raised.", ("kind",)),
    # the link
    "pitboss_broker_connected": Metric("gauge", "1 while there is a connection to TWS or IB Gateway."),
    "pitboss_broker_connections_total": Metric("counter", "Connections that were made."),
    "pitboss_broker_losses_total": Metric("counter", "Connections that were lost."),
    "pitboss_broker_last_round_trip_timestamp_seconds": Metric("gauge", "When the broker last answered a question."),
    "pitboss_broker_round_trip_seconds": Metric("histogram", "From a question to the broker until its answer."),
    "pitboss_ticks_total": Metric("counter", "Ticks that reached an actor, since the process started."),
    # signals and rules
    "pitboss_signals_received_total": Metric("counter", "Predictions that came."),
    "pitboss_signals_ignored_total": Metric("counter", "Predictions that were not acted on."),
    "pitboss_rules_fired_total": Metric("counter", "Times that a rule acted."),
    "pitboss_rules_skipped_total": Metric("counter", "Times that a rule would have acted, and did not."),
    # orders
    "pitboss_orders_intended_total": Metric("counter", "Orders written ahead in the journal.", ("role",)),
    "pitboss_orders_sent_total": Metric("counter", "Orders and modifications given to the broker.", ("role",)),
    "pitboss_orders_accepted_total": Metric("counter", "Orders that the broker has confirmed."),
    "pitboss_orders_cancelled_total": Metric("counter", "Orders that were cancelled."),
    "pitboss_orders_rejected_total": Metric("counter", "Orders that the broker refused.", ("role",)),
    "pitboss_orders_denied_total": Metric("counter", "Orders that Pitboss itself refused, by a limit or a gate."),
    "pitboss_orders_expired_total": Metric("counter", "Orders that ended without being sent, or by their time."),
    "pitboss_orders_unknown_total": Metric("counter", "Times that nobody knew where an order stood."),
    "pitboss_orders_working": Metric("gauge", "Orders that may still fill.", ("role",)),
    "pitboss_fills_total": Metric("counter", "Executions that were booked.", ("role",)),
    "pitboss_order_latency_seconds": Metric("histogram", "From an order's arrival until its bytes have left."),
    # actors
    "pitboss_actors": Metric("gauge", "Actors by state.", ("state",)),
    "pitboss_actor_crashes_total": Metric("counter", "Crashes.", ("actor",)),
    "pitboss_actor_restarts_total": Metric("counter", "Restarts.", ("actor",)),
    "pitboss_actor_mailbox_messages": Metric("gauge", "Messages that wait in the mailbox.", ("actor",)),
    "pitboss_dead_letters_total": Metric("counter", "Messages that could not be handled.", ("actor",)),
    # safety
    "pitboss_journal_fsync_seconds": Metric("histogram", "Until records are durable on the disk."),
    "pitboss_position_naked_seconds": Metric("histogram", "From the first fill until the exits are confirmed."),
    "pitboss_positions_open": Metric("gauge", "Symbols that are held."),
    "pitboss_positions_unprotected": Metric("gauge", "Symbols that are held without confirmed exits."),
    "pitboss_reconciled_timestamp_seconds": Metric("gauge", "When everything was last compared with the broker."),
    "pitboss_reconciliations_total": Metric("counter", "Comparisons that came to their end."),
    "pitboss_reconcile_differences_total": Metric("counter", "Symbols of which the broker held something else."),
    # money
    "pitboss_realized_pnl": Metric("gauge", "Realised profit and loss."),
    "pitboss_unrealized_pnl": Metric("gauge", "Unrealised profit and loss of what is held."),
    "pitboss_commission": Metric("gauge", "Commission paid."),
    "pitboss_equity": Metric("gauge", "Net liquidation value of the account."),
    "pitboss_gross_exposure": Metric("gauge", "Value of all that is held, long and short added."),
    "pitboss_net_exposure": Metric("gauge", "Value of what is held long, less what is held short."),
    "pitboss_limit_used": Metric("gauge", "How far a limit is used up, working orders counted.", ("limit",)),
    "pitboss_limit_maximum": Metric("gauge", "The limit.", ("limit",)),
    # positions
    "pitboss_position_quantity": Metric("gauge", "Shares or units held; below 0 when short.", ("symbol",)),
    "pitboss_position_average_price": Metric("gauge", "Average price of the entry.", ("symbol",)),
    "pitboss_position_last_price": Metric("gauge", "The last price that was seen.", ("symbol",)),
    "pitboss_position_stop_price": Metric("gauge", "Where the stop stands.", ("symbol",)),
    "pitboss_position_target_price": Metric("gauge", "Where the target stands.", ("symbol",)),
    "pitboss_position_unrealized_pnl": Metric("gauge", "Unrealised profit and loss.", ("symbol",)),
}
