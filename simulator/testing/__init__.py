"""The paper TWS as a library for tests: a broker whose market, faults and books a test holds in its hand.

    threaded   in a thread of its own, for tests that are plain functions, whatever loop their client runs
    in_trio    as a task of the test's own trio run
    virtual    in memory and in virtual time: hours pass in a moment, the same in every run

`simulator.pytest_plugin` makes fixtures of them. Nothing here needs pytest.
"""

from simulator.testing.book import Book
from simulator.testing.faults import Faults
from simulator.testing.in_trio import TrioPaper, open_paper
from simulator.testing.options import DEFAULTS, settings_of
from simulator.testing.paper import Paper
from simulator.testing.threaded import ThreadedPaper
from simulator.testing.virtual import VirtualPaper, run_virtual

__all__ = [
    "DEFAULTS",
    "Book",
    "Faults",
    "Paper",
    "ThreadedPaper",
    "TrioPaper",
    "VirtualPaper",
    "open_paper",
    "run_virtual",
    "settings_of",
]
