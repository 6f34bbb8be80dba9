"""Rules at work: events in, commands out."""

from actors.rules.actor import RulesActor
from actors.rules.book import RegisterRule, RuleBook, UnregisterRule

__all__ = ["RegisterRule", "RuleBook", "RulesActor", "UnregisterRule"]
