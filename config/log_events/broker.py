"""Events of the link to the broker, of symbols, signals, indicators and rules."""

from __future__ import annotations

from collections.abc import Mapping

from config.log_events.definition import Event
from config.log_events.fields import event

__all__ = ["EVENTS"]

EVENTS: Mapping[str, Event] = {
    # the link
    "broker.connected": event(
        "connected to the broker, epoch {epoch}",
        "epoch account client_id next_order_id server_version",
        about="the handshake is done; comparing follows",
    ),
    "broker.lost": event(
        "link to the broker lost: {reason?}", "epoch | reason", about="it is made anew", levels="WARNING"
    ),
    "broker.gap_opened": event(
        "from here on the broker's messages may be missing: {reason?}",
        "| reason",
        about="until the gap is closed, silence proves nothing",
        levels="WARNING",
    ),
    "broker.gap_closed": event(
        "nothing the broker said is missing any more", "seconds", about="the broker's lists have filled the gap"
    ),
    "broker.notice": event("broker says {code}: {text}", "code text", about="a message of TWS that is about no order"),
    "feed.interrupted": event(
        "ticks of {symbol} stopped: {reason?}",
        "symbol | reason",
        about="no new risk in the symbol meanwhile",
        levels="DEBUG INFO WARNING",
    ),
    "feed.resumed": event("ticks of {symbol} arrive again", "symbol", about="it has quotes again", levels="DEBUG INFO"),
    "instrument.qualified": event("{symbol} is known to the broker", "symbol con_id", about="its contract was found"),
    "instrument.unknown": event(
        "{symbol} is not known to the broker: {text?}",
        "symbol | text",
        about="nothing can be traded in it",
        levels="WARNING",
    ),
    # symbols
    "symbol.added": event(
        "{symbol} is traded from now on", "symbol | terms", about="a command, or one before the start"
    ),
    "symbol.removed": event(
        "{symbol} is traded no more {reason?}",
        "symbol | reason",
        about="no new risk in it; what is held stays managed",
        levels="INFO WARNING",
    ),
    # signals
    "signal.received": event(
        "signal {signal} {symbol} at {confidence}",
        "symbol signal_id signal confidence source",
        about="a prediction goes to the rules",
    ),
    "signal.ignored": event(
        "signal for {symbol} ignored: {reason}",
        "symbol reason | signal_id figures",
        about="nothing comes of a prediction",
    ),
    "signal.unavailable": event(
        "no signals: {reason}",
        "reason | symbol failures retry_seconds",
        about="the service does not answer",
        levels="DEBUG WARNING",
    ),
    "signal.available": event("signals come again {symbol?}", "| symbol", about="the service answers again"),
    "signal.source": event(
        "{source}: {text}", "source text", about="how a source of signals fares", levels="INFO WARNING"
    ),
    # indicators
    "indicator.known": event("{name} of {symbol} is known: {value}", "name symbol value", about="it has enough bars"),
    "indicator.unknown": event(
        "{name} of {symbol} is not known: {reason?}",
        "name symbol | reason",
        about="it has no value now",
        levels="WARNING",
    ),
    # rules
    "rule.fired": event(
        "rule {rule_id} fired for {symbol}: {outcome?}",
        "rule_id symbol | signal_id outcome",
        about="its action was carried out",
    ),
    "rule.skipped": event(
        "rule {rule_id} skipped {symbol}: {reason}",
        "rule_id symbol reason | signal_id",
        about="its event came, and it did not act",
    ),
    "rule.log": event("rule {rule_id} {symbol?}: {text}", "rule_id text | symbol", about="what a rule was told to log"),
}
