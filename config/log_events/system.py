"""Events of the process, its actors, the log itself, and programs that use Pitboss from Python."""

from __future__ import annotations

from collections.abc import Mapping

from config.log_events.definition import Event, Field
from config.log_events.fields import event
from config.log_events.kinds import STATUS

__all__ = ["EVENTS"]

EVENTS: Mapping[str, Event] = {
    # the process
    "system.starting": event(
        "starting {name} {version} ({mode})", "name version mode", about="the process begins; nothing of it runs yet"
    ),
    "system.started": event("started, {actors} actors", "actors", about="every actor runs"),
    "system.ready": event(
        "ready: in agreement with the broker", about="new risk is possible, for the first time or again"
    ),
    "system.entered": event(
        "the process is {state}: {reason?}",
        "state since | reason",
        about="it is STARTING or HALTED, or so for another reason: no new risk",
        shown=False,
    ),
    "system.halted": event(
        "halted: {reason}", "reason", about="no new risk until somebody allows it again", levels="WARNING"
    ),
    "system.resumed": event("resumed: {reason}", "reason", about="new risk is allowed again"),
    "breaker.moved": event(
        "breaker {before} → {after}: {trigger?} {reason}",
        "before after cause | reason trigger goal standing",
        about="the breaker is in another state",
        levels="INFO WARNING",
    ),
    "system.stopping": event("stopping: {reason}", "reason", about="the orderly stop begins"),
    "system.stopped": event("stopped", about="the last line of a process that stopped in order"),
    "system.failed": event(
        "failed: {error}",
        "error traceback",
        about="the process ends, or a command of the control socket failed",
        levels="ERROR",
    ),
    "system.command": event(
        "operator: {command} {outcome?}",
        "command | outcome request",
        about="somebody has asked for something through the control socket",
        levels="DEBUG INFO WARNING",
    ),
    "system.state": event(
        "state of {address}",
        "address state restarts mailbox oldest_seconds dropped_ticks | error inside",
        about="one actor, in answer to SIGUSR1",
    ),
    "system.snapshot": event(
        "status",
        "name version mode process_id pulse_seconds symbols status",
        about="the whole status: when the process gets ready, at the head of each file, every ten minutes, and before"
        " it stops; who reads from here on needs nothing from before",
        shown=False,
        status=Field(STATUS, "the whole of `status --json`"),
    ),
    "system.pulse": event(
        "pulse: {state}",
        "state since ticks mailboxes fsync order_latency round_trip | broker pnl exposure reconciled_at",
        about="every `log.pulse_seconds`: the process lives, and how it is",
        shown=False,
    ),
    # actors
    "actor.started": event("{actor} started", about="an actor runs"),
    "actor.crashed": event(
        "{actor} crashed: {error} on {message?}",
        "error traceback | message",
        about="its handler, task or start has raised; it is restarted",
        levels="ERROR",
    ),
    "actor.restarted": event(
        "{actor} restarted",
        "restarts seconds",
        about="it was rebuilt from the journal, and runs again",
        levels="WARNING",
    ),
    "actor.quarantined": event(
        "{actor} quarantined: {error?}",
        "restarts | error",
        about="it crashed too often and stays down: no new risk for its symbol",
        levels="ERROR",
    ),
    "actor.stopped": event("{actor} stopped", about="it has ended in order"),
    "deadletter": event(
        "dead letter for {actor}: {message} ({error?})",
        "message | error",
        about="a message that nobody will handle",
        levels="WARNING",
    ),
    # programs that use Pitboss from Python
    "subscriber.failed": event(
        "handler {handler} failed on a {event_type}: {error}",
        "handler event_type error traceback",
        about="a program's handler has raised",
        levels="ERROR",
    ),
    "subscriber.overflow": event(
        "handler {handler} is too slow: {dropped} events dropped",
        "handler dropped policy",
        about="a program's handler does not keep up",
        levels="WARNING",
    ),
    "subscriber.slow": event(
        "handler {handler} held everything up for {seconds} s",
        "handler seconds",
        about="a program's handler blocks the thread that trades",
        levels="WARNING",
    ),
    "subscriber.undelivered": event(
        "handler {handler} did not get the last {events} events",
        "handler events",
        about="the program ended before its handler was done",
        levels="WARNING",
    ),
    # the log itself
    "log.dropped": event(
        "{lines} lines were not written",
        "lines",
        about="too many waited, or the disk refused them; the process went on without",
        levels="WARNING",
    ),
}
