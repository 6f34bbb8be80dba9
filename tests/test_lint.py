"""Rules of the house that no linter knows: clock and chance are injected, nothing is swallowed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = (
    "messages",
    "domain",
    "storage",
    "actors",
    "supervisors",
    "config",
    "simulator",
    "monitoring",
    "pitboss",
    "simulation",
)
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

# module → names that take time, randomness or identity from the machine
FORBIDDEN = {
    "time": {
        "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "sleep", "localtime",
    },
    "datetime": {"now", "utcnow", "today"},
    "random": {
        "random", "randint", "randrange", "choice", "choices", "shuffle", "sample", "uniform", "gauss", "seed",
        "getrandbits", "SystemRandom", "expovariate", "normalvariate", "triangular", "betavariate",
    },
    "uuid": {"uuid1", "uuid3", "uuid4", "uuid5"},
    "secrets": {"token_hex", "token_bytes", "token_urlsafe", "randbits", "choice", "randbelow"},
    "os": {"urandom", "getrandom"},
}  # fmt: skip
# random.Random(seed) is a generator of its own and allowed
THE_ONE_PLACE = ROOT / "config" / "environment.py"


def offences(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Uses of the machine's clock and chance: through a module, a class of datetime, or an imported name."""
    modules: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in FORBIDDEN:
                    modules[alias.asname or alias.name] = alias.name
        elif isinstance(node, ast.ImportFrom) and node.module in FORBIDDEN:
            for alias in node.names:
                if alias.name in FORBIDDEN[node.module]:
                    yield node.lineno, f"from {node.module} import {alias.name}"
                elif node.module == "datetime" and alias.name in ("datetime", "date"):
                    modules[alias.asname or alias.name] = "datetime"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _forbidden(node, modules):
            yield node.lineno, ast.unparse(node)


def _forbidden(node: ast.Attribute, modules: dict[str, str]) -> bool:
    base = node.value
    if isinstance(base, ast.Attribute) and base.attr in ("datetime", "date"):
        base = base.value  # datetime.datetime.now
    return isinstance(base, ast.Name) and node.attr in FORBIDDEN.get(modules.get(base.id, ""), set())


def swallowed(tree: ast.AST) -> Iterator[int]:
    """Handlers in which an exception leaves no trace at all."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            catches_much = node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
            body = [
                item for item in node.body if not (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant))
            ]
            if catches_much and all(isinstance(item, ast.Pass | ast.Continue) for item in body):
                yield node.lineno


def parsed(path: Path) -> ast.AST:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@pytest.mark.parametrize(
    "source",
    [
        "import time\ntime.time()",
        "import time as t\nt.monotonic()",
        "from time import perf_counter",
        "from datetime import datetime\ndatetime.now()",
        "import datetime\ndatetime.datetime.utcnow()",
        "from datetime import date as d\nd.today()",
        "import random\nrandom.shuffle([])",
        "import uuid\nuuid.uuid4()",
        "import os\nos.urandom(8)",
        "from secrets import token_hex",
    ],
)
def test_the_lint_sees_each_way_to_the_machine_s_clock_and_chance(source: str) -> None:
    assert len(list(offences(ast.parse(source)))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "import random\nrandom.Random(1).random()",
        "from datetime import datetime\ndatetime.fromtimestamp(0)",
        "import trio\ntrio.current_time()",
        "self.environment.now()",
        "self._random.choice([1])",
    ],
)
def test_the_lint_leaves_what_is_injected(source: str) -> None:
    assert not list(offences(ast.parse(source)))


def test_time_randomness_and_ids_come_from_the_environment_alone() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in SOURCES
        if path != THE_ONE_PLACE
        for line, text in offences(parsed(path))
    ]
    assert not found, "\n".join(found)


def test_no_exception_is_swallowed() -> None:
    assert list(swallowed(ast.parse("try:\n    x\nexcept Exception:\n    pass"))) == [3]
    found = [f"{path.relative_to(ROOT)}:{line}" for path in SOURCES for line in swallowed(parsed(path))]
    assert not found, "\n".join(found)


def test_no_module_is_a_collection_of_odds_and_ends() -> None:
    assert not [path for path in SOURCES if path.stem in ("utils", "util", "helpers", "common", "misc")]
