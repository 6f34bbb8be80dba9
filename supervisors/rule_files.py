"""The rules in Python files that a configuration names."""

from __future__ import annotations

from config.problems import Problem, SettingsError
from config.rules import RuleSettingsError, load_rule_file
from config.settings import Settings
from domain.rules import Rule

__all__ = ["rules_from_files"]


def rules_from_files(settings: Settings) -> tuple[Rule, ...]:
    """Run the files and return their rules in order. Raises SettingsError, also for a rule's id that is taken."""
    taken = {rule.id for rule in settings.rules}
    rules: list[Rule] = []
    for number, path in enumerate(settings.process.rule_files):
        try:
            found = load_rule_file(path)
        except RuleSettingsError as error:
            raise SettingsError([Problem(f"process.rule_files[{number}]", str(error))]) from error
        for rule in found:
            if rule.rule_id in taken:
                raise SettingsError(
                    [Problem(f"process.rule_files[{number}]", f'{path}: the id "{rule.rule_id}" is taken')]
                )
            taken.add(rule.rule_id)
            rules.append(rule)
    return tuple(rules)
