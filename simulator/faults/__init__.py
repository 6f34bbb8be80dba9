"""Faults on script: what the paper TWS does wrong, when, and to whom.

    rules     on the k-th request of a kind, or after some time: a list of verbs
    verbs     swallow, hold, drop, reset, restart, fill … — the vocabulary of `facts/incidents.md`
    filters   what verbs leave behind: messages held back, lost, repeated, altered
    engine    counts requests, applies verbs, passes messages through the filters
    script    reads rules from TOML

A rule is data. The engine stands between a session and the desks (requests) and between a session and its link
(messages); the venue's book stays the truth whatever is said.
"""

from simulator.faults.engine import FaultEngine
from simulator.faults.randomness import RandomFaults
from simulator.faults.rules import Rule
from simulator.faults.script import Script, parse_script, read_script, rule_of, verb_of

__all__ = ["FaultEngine", "RandomFaults", "Rule", "Script", "parse_script", "read_script", "rule_of", "verb_of"]
