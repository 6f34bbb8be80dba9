"""How a driver talks to the stage it plays on: JSON lines on stdout, an answer on stdin to what it asks for."""

import json
import sys
import traceback
from collections.abc import Callable, Iterable
from types import ModuleType

_checks: dict[str, list[Callable[[], None]]] = {}


def check(function: Callable[[], None]) -> Callable[[], None]:
    """Register a check; it fails by an exception. Checks run in the order in which they are written."""
    _checks.setdefault(function.__module__, []).append(function)
    return function


def do(act: str) -> None:
    """Let something happen at the broker, and return when it has."""
    _ask(do=act)


def play(parts: Iterable[ModuleType], unasked: Callable[[], list[str]], settle: Callable[[], None]) -> None:
    """Run the checks of each part; a part's docstring heads its piece of the transcript.

    `settle` returns when nothing is on its way. `unasked` returns what the client has complained of since it was
    asked last; a complaint that a check has not taken for itself makes it fail.
    """
    for part in parts:
        settle()
        title, _, explanation = (part.__doc__ or part.__name__).strip().partition("\n")
        _ask(part=title.rstrip("."), explanation=explanation.strip())
        for function in _checks[part.__name__]:
            wrong = None
            try:
                function()
                complaints = unasked()
                if complaints:
                    wrong = "the client complained: " + "; ".join(complaints)
            except Exception as error:  # noqa: BLE001 - whatever goes wrong in a check is its result
                # from the check on; what led to it is the same for all
                frames = error.__traceback__.tb_next if error.__traceback__ else None
                told = traceback.TracebackException(type(error), error, frames, limit=3, capture_locals=True)
                wrong = "".join(told.format(chain=False))
                unasked()
            _say(check=function.__name__, wrong=wrong)


def _ask(**words: object) -> None:
    _say(**words)
    answer = sys.stdin.readline()
    if answer != "done\n":
        raise RuntimeError(f"{words} was answered with {answer!r}")


def _say(**words: object) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()
