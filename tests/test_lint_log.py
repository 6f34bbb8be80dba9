"""What the code logs is what config/log_events defines: each `log(…)` of the source, without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import frozen

from config.log_events import EVENTS, Event
from config.log_events.kinds import DECIMAL, FLAG, NUMBER, TEXT, WHOLE

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path
    for folder in (
        "actors",
        "config",
        "domain",
        "monitoring",
        "pitboss",
        "simulation",
        "simulator",
        "storage",
        "supervisors",
    )
    for path in (ROOT / folder).rglob("*.py")
)
_MADE_BY = {"str": TEXT, "int": WHOLE, "len": WHOLE, "float": NUMBER, "round": NUMBER, "bool": FLAG, "Decimal": DECIMAL}


@frozen
class Call:
    line: int
    event: str
    given: dict[str, ast.expr]
    more: bool  # whether fields may come that cannot be read off


def log_calls(tree: ast.Module) -> Iterator[Call]:
    """Each call of `log`, also where a function hands on the event that it is called with."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    within = {id(node): function for function in functions for node in ast.walk(function)}
    dictionaries = {function.name: keys for function in functions if (keys := _returned_keys(function)) is not None}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "log"):
            continue
        first = node.args[0]
        if isinstance(first, ast.Constant):
            yield _call(node, str(first.value), dictionaries)
        elif isinstance(first, ast.Name) and first.id in _parameters(within[id(node)]):
            for event in _handed(tree, within[id(node)], first.id):
                yield _call(node, event, dictionaries)
        elif not (isinstance(first, ast.JoinedStr) and ast.unparse(first).startswith("f'log.{")):
            yield Call(node.lineno, f"an event that cannot be told: {ast.unparse(first)}", {}, more=True)


def _call(node: ast.Call, event: str, dictionaries: dict[str, set[str]]) -> Call:
    given = {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg is not None}
    more = False
    for keyword in node.keywords:
        if keyword.arg is None:
            value = keyword.value
            function = value.func if isinstance(value, ast.Call) else None
            keys = dictionaries.get(function.id) if isinstance(function, ast.Name) else None
            more |= keys is None
            given |= {key: ast.Name("of a function") for key in keys or ()}
    return Call(node.lineno, event, given, more)


def _returned_keys(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str] | None:
    """The keys of the dictionary that a function returns, where they can be read off."""
    returns = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
    if len(returns) != 1 or not isinstance(returns[0], ast.Dict):
        return None
    keys = [key for key in returns[0].keys if key is not None]
    return (
        {str(key.value) for key in keys if isinstance(key, ast.Constant)} if len(keys) == len(returns[0].keys) else None
    )


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    return [argument.arg for argument in function.args.args]


def _handed(tree: ast.Module, function: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> Iterator[str]:
    position = [argument for argument in _parameters(function) if argument != "self"].index(name)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == function.name:
            argument = node.args[position]
            yield str(argument.value) if isinstance(argument, ast.Constant) else ast.unparse(argument)


def offences(call: Call) -> Iterator[str]:
    event = EVENTS.get(call.event)
    if event is None:
        yield f"{call.event} is not in config/log_events"
        return
    if not call.more:
        yield from (f"{call.event} lacks {name}" for name in event.required if name not in call.given)
    for name, value in call.given.items():
        if name == "level":
            yield from (f"{call.event} at {level}" for level in _constants(value) if level not in event.levels)
        elif name != "actor":
            yield from _of_field(call.event, event, name, value)
    if "level" not in call.given and "INFO" not in event.levels:
        yield f"{call.event} without a level, which means INFO"


def _of_field(name_of_event: str, event: Event, name: str, value: ast.expr) -> Iterator[str]:
    field = event.field(name)
    if field is None:
        yield f"{name_of_event} with {name}, which is not defined"
        return
    for constant in _constants(value):
        if constant is None:
            if name in event.required:
                yield f"{name_of_event} with {name} = None, which it must have"
        elif not field.kind.accepts(constant):
            yield f"{name_of_event} with {name} = {constant!r}, which is no {field.kind.words}"
    if isinstance(value, ast.JoinedStr) and field.kind is not TEXT:
        yield f"{name_of_event} with text in {name}, which is {field.kind.words}"
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name):
        made = _MADE_BY.get(value.func.id)
        if made not in (None, field.kind) and (made, field.kind) != (WHOLE, NUMBER):
            yield f"{name_of_event} with {value.func.id}(…) in {name}, which is {field.kind.words}"


def _constants(value: ast.expr) -> Iterator[object]:
    """The constants that an expression may be."""
    if isinstance(value, ast.IfExp):
        yield from _constants(value.body)
        yield from _constants(value.orelse)
    elif isinstance(value, ast.Constant):
        yield value.value


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("log('order.vanished')", "order.vanished is not in config/log_events"),
        ("log('rule.log', rule_id='one')", "rule.log lacks text"),
        ("log('rule.log', rule_id='one', text='x', symbl='AAPL')", "rule.log with symbl, which is not defined"),
        ("log('rule.log', rule_id='one', text=5)", "rule.log with text = 5, which is no text"),
        ("log('rule.log', rule_id=len(x), text='x')", "rule.log with len(…) in rule_id, which is text"),
        ("log('system.started', actors=f'{x}')", "system.started with text in actors, which is whole number"),
        ("log('rule.log', rule_id='one', text=None)", "rule.log with text = None, which it must have"),
        ("log('rule.log', rule_id='one', text='x', level='ERROR')", "rule.log at ERROR"),
        ("log('broker.gap_opened')", "broker.gap_opened without a level, which means INFO"),
        (
            "def f():\n return {'text': 'x', 'a': 1}\nlog('rule.log', rule_id='one', **f())",
            "rule.log with a, which is not defined",
        ),
        (
            "class A:\n def f(self, e):\n  log(e)\n def g(self):\n  self.f('order.vanished')",
            "order.vanished is not in config/log_events",
        ),
        ("log(choose())", "an event that cannot be told: choose() is not in config/log_events"),
    ],
)
def test_the_lint_sees(source: str, problem: str) -> None:
    assert [found for call in log_calls(ast.parse(source)) for found in offences(call)] == [problem]


def test_the_lint_leaves_what_is_right() -> None:
    source = "log('rule.log', actor='rules', rule_id='one', text=x.y, symbol=None)\nlog('rule.log', **fields)"
    calls = list(log_calls(ast.parse(source)))
    assert len(calls) == 2
    assert not [found for call in calls for found in offences(call)]


def test_what_the_code_logs_is_as_it_is_defined_and_what_is_defined_is_logged() -> None:
    found, logged = [], set()
    for path in SOURCES:
        for call in log_calls(ast.parse(path.read_text(encoding="utf-8"), str(path))):
            found += [f"{path.relative_to(ROOT)}:{call.line}: {problem}" for problem in offences(call)]
            logged.add(call.event)
    assert not found, "\n".join(found)
    # written by the log itself, without a call of `log`
    assert EVENTS.keys() - logged == {"log.dropped"}
