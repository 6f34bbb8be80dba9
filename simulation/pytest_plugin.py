"""The fixture `storm`: a user's own rules, signal sources and invariants, put through storms from seeds.

    @pytest.mark.storm(minutes=8, symbols={"AAPL": 100.0})
    def test_my_rules_survive(storm):
        storm("pitboss.toml", rules=my_rules, checks=[never_more_than_200_shares])

Each seed is a test of its own: `pytest --pitboss-seeds 200`. pytest finds this once Pitboss is installed;
`docs/testing.md` describes it, `examples/test_storm_rule.py` and its neighbours show it.

This module is loaded in every pytest run, so it imports the storms only in a test that asks for one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from simulation.own_storms import OwnStorm

_MARK = "storm"
_WHICH = "_pitboss_storm"  # the fixture below it, which only our `storm` asks for: a test may have one of its own
_SEEDS = 10  # of a test, where neither it nor the command line says
_SHRUNK = pytest.StashKey[set[str]]()  # tests of which a storm has been shrunk: one of each will do


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the storms."""
    group = parser.getgroup("pitboss", "storms of Pitboss (docs/testing.md)")
    group.addoption("--pitboss-seeds", type=_count, metavar="N", help="how many storms each test has")
    group.addoption("--pitboss-first", type=int, default=1, metavar="SEED", help="the seed of the first (1)")
    group.addoption("--pitboss-seed", type=int, metavar="SEED", help="only the storm of this seed")
    group.addoption("--pitboss-scenario", type=Path, metavar="FILE", help="only the storm of this file")
    group.addoption(
        "--pitboss-shrink",
        type=int,
        default=200,
        metavar="N",
        help="how many storms the search for the smallest that fails may take (200); 0: do not look for it",
    )
    group.addoption(
        "--pitboss-into",
        type=Path,
        metavar="FOLDER",
        help="where the scenarios of storms that failed are written (.pitboss-storms beside the configuration)",
    )


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and refuse options that cannot be."""
    text = "storm(minutes=…, symbols=…, seeds=…, …): how rough the storms of this test are (Pitboss: docs/testing.md)"
    config.addinivalue_line("markers", text)
    scenario = config.getoption("--pitboss-scenario")
    if scenario is None:
        return
    if config.getoption("--pitboss-seed") is not None:
        raise pytest.UsageError("--pitboss-seed and --pitboss-scenario each name a storm: give one of them")
    from simulation.scenario import ScenarioError, read_scenario

    try:
        read_scenario(scenario)
    except ScenarioError as error:
        raise pytest.UsageError(str(error)) from None
    except OSError as error:
        raise pytest.UsageError(f"--pitboss-scenario: {scenario} cannot be read: {error.strerror}") from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each seed."""
    if _WHICH not in metafunc.fixturenames:
        return
    option = metafunc.config.getoption
    storms: list[int | Path]
    if option("--pitboss-scenario") is not None:
        storms = [option("--pitboss-scenario")]
    elif option("--pitboss-seed") is not None:
        storms = [option("--pitboss-seed")]
    else:
        first, seeds = option("--pitboss-first"), option("--pitboss-seeds") or _options(metafunc.definition)[1]
        storms = list(range(first, first + seeds))
    names = [one.stem if isinstance(one, Path) else f"seed{one}" for one in storms]
    metafunc.parametrize(_WHICH, storms, indirect=True, ids=names)


def _options(node: pytest.Item) -> tuple[dict[str, Any], int]:
    """Return what all markers of a test say, the nearest winning: the options of its storms, and how many there are."""
    options: dict[str, Any] = {}
    for mark in reversed(list(node.iter_markers(_MARK))):
        if mark.args:
            raise pytest.UsageError(f"{node.nodeid}: the options of storm have names: minutes=8, not {mark.args}")
        options |= mark.kwargs
    return options, options.pop("seeds", _SEEDS)


@pytest.fixture
def _pitboss_storm(request: pytest.FixtureRequest) -> int | Path:
    which: int | Path = request.param
    return which


@pytest.fixture
def storm(request: pytest.FixtureRequest, _pitboss_storm: int | Path) -> OwnStorm:
    """The storm of one seed: call it with settings, rules, sources and checks. Raises StormFailed."""
    from simulation.own_storms import OwnStorm, StormOptions

    node, config = request.node, request.config
    options, _ = _options(node)
    try:
        how = StormOptions(**options)
    except TypeError as error:
        raise pytest.UsageError(f"{node.nodeid}: @pytest.mark.storm: {str(error).rpartition('() ')[2]}") from None
    test = node.nodeid.partition("[")[0]
    shrunk = config.stash.setdefault(_SHRUNK, set())

    def tell(timeline: str) -> None:
        shrunk.add(test)
        node.add_report_section("call", "timeline of the smallest storm", timeline)

    return OwnStorm(
        _pitboss_storm,
        how,
        test=test,
        into=config.getoption("--pitboss-into") or config.rootpath / ".pitboss-storms",
        shrink=0 if test in shrunk else config.getoption("--pitboss-shrink"),
        tell=tell,
    )
