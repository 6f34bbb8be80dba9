"""Which verbs there are, where each is, and what it does in a line: what `pitboss --help` lists.

A module is imported when its verb is used, so that `status` need not load a broker's client; a verb's own `--help` is
its docstring.
"""

from __future__ import annotations

from attrs import frozen

__all__ = ["FAMILIES", "GROUPS", "Family", "Verb"]


@frozen
class Verb:
    """A verb: its name, the function (`module:name`), and a line for the list."""

    name: str
    place: str
    about: str


@frozen
class Family:
    """Verbs with a first word in common."""

    name: str
    about: str
    verbs: tuple[Verb, ...]


GROUPS: dict[str, tuple[Verb, ...]] = {
    "Start": (
        Verb("demo", "supervisors.verbs_demo:demo", "Trade a small portfolio against a paper TWS on this machine."),
        Verb("run", "supervisors.verbs_run:run", "Trade as the configuration says, until Ctrl-C."),
        Verb("check", "supervisors.verbs_configuration:check", "Validate a configuration and tell it in words."),
        Verb("doctor", "supervisors.verbs_doctor:doctor", "Look whether this machine is fit to trade."),
        Verb("simulator", "supervisors.verbs_simulator:simulator", "Serve any IB API client like a TWS on paper."),
        Verb("soak", "simulation.verb:soak_verb", "Put the whole system through storms, drawn from seeds."),
    ),
    "Trade": (
        Verb("buy", "supervisors.verbs_control:buy", "Open or enlarge a long position, reduce a short one."),
        Verb("sell", "supervisors.verbs_control:sell", "Open or enlarge a short position, reduce a long one."),
        Verb("oco", "supervisors.verbs_groups:oco", "Place entries of which one is to fill."),
        Verb("exits", "supervisors.verbs_care:change_exits", "Show or change how an open position is left."),
        Verb("cancel", "supervisors.verbs_control:cancel", "Cancel a working order."),
        Verb("close", "supervisors.verbs_control:close", "Close a position at the market."),
        Verb("adopt", "supervisors.verbs_care:adopt", "Take a holding under management, with exits."),
        Verb("settle", "supervisors.verbs_care:settle", "Say how an order ended that the broker tells no more of."),
        Verb("release", "supervisors.verbs_care:release", "Manage a position no longer; the holding stays."),
    ),
    "Stop": (
        Verb("halt", "supervisors.verbs_control:halt", "Allow no new risk; exits go on."),
        Verb("resume", "supervisors.verbs_control:resume", "Allow new risk again after a halt."),
        Verb("flatten", "supervisors.verbs_control:flatten", "Close everything, or one symbol."),
        Verb("rearm", "supervisors.verbs_control:rearm", "Allow new risk again after the breaker or flatten."),
    ),
    "Look": (
        Verb("status", "supervisors.verbs_control:status", "Show state, positions, orders, actors and alarms."),
        Verb("alarms", "supervisors.verbs_care:alarms", "List the alarms that stand, or clear one."),
        Verb("monitor", "supervisors.verbs_monitor:monitor", "Watch a process in the terminal, from its log."),
        Verb("web", "supervisors.verbs_web:web", "The same in a browser, and metrics for Prometheus."),
        Verb("report", "supervisors.verbs_report:report", "Tell what a day came to."),
        Verb("why", "supervisors.verbs_why:why", "Tell the whole life of an order."),
        Verb("whynot", "supervisors.verbs_why:whynot", "Tell what stood in the way of a prediction."),
        Verb("runbook", "supervisors.verbs_alerts:runbook", "Say what an alarm means and what to do."),
    ),
}  # fmt: skip

FAMILIES = (
    Family(
        "alerts",
        "Watch a log and tell people by mail, Telegram, Slack, desktop.",
        (
            Verb("run", "supervisors.verbs_alerts:run", "Watch, until Ctrl-C."),
            Verb("check", "supervisors.verbs_alerts:check", "Say which rules are in force, and who is told."),
            Verb("test", "supervisors.verbs_alerts:try_", "Send a test message on each channel."),
            Verb("list", "supervisors.verbs_alerts:list_", "List the alerts that stand."),
        ),
    ),
    Family(
        "journal",
        "Check a journal, print it as JSON lines, summarise it, or copy it.",
        (
            Verb("verify", "supervisors.verbs_journal:verify", "Look whether a record is missing or altered."),
            Verb("dump", "supervisors.verbs_journal:dump", "Print records as JSON lines."),
            Verb("stats", "supervisors.verbs_journal:stats", "Count records by stream and kind."),
            Verb("backup", "supervisors.verbs_journal:backup", "Copy it while it is written."),
        ),
    ),
    Family(
        "log",
        "What the lines of the log are, and whether a file keeps to it.",
        (
            Verb("schema", "supervisors.verbs_log:print_schema", "Print the JSON schema."),
            Verb("events", "supervisors.verbs_log:events", "List the events with their fields."),
            Verb("check", "supervisors.verbs_log:check", "Hold a file's lines against the schema."),
        ),
    ),
    Family(
        "rules",
        "Try the rules of a configuration on signals; nothing is sent.",
        (Verb("test", "supervisors.verbs_rules:try_", "Say what each rule would do with the signals of a file."),),
    ),
    Family(
        "symbol",
        "Add a symbol to a running process, take one away, or list them.",
        (
            Verb("add", "supervisors.verbs_symbol:add", "Trade one more."),
            Verb("remove", "supervisors.verbs_symbol:remove", "Trade one no longer."),
            Verb("list", "supervisors.verbs_symbol:list_", "Show which there are."),
        ),
    ),
)
