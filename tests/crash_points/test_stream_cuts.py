"""The link is cut after any message of a bracket's life, either way, and at any byte of the messages that open it.

The suite takes a sample; `CRASH_POINTS=all pytest -s tests/crash_points` takes every cut and prints the counts.
"""

from __future__ import annotations

import os
import struct
from collections import Counter
from itertools import accumulate
from random import Random

import pytest

ALL = os.environ.get("CRASH_POINTS") == "all"
SEED = 4
PLACE_ORDER, ORDER_STATUS, OPEN_ORDER = b"3", b"3", b"5"


def frames(pieces):
    """The messages in a stream of bytes, each with its length prefix."""
    stream, found = b"".join(pieces), []
    while stream:
        (length,) = struct.unpack_from(">I", stream)
        found.append(stream[: 4 + length])
        stream = stream[4 + length :]
    return found


def ends(messages):
    return [0, *accumulate(map(len, messages))]


def kind(message):
    return message[4:].split(b"\0")[0]


def cuts(chosen, direction, trials, script="target"):
    return [trials[0](script, cut=(number, direction)) for number in chosen]


def report(what, lived):
    raised = Counter(kind for it in lived for kind in it.raised())
    epochs = Counter(len(it.links) for it in lived)
    print(f"\n{what}: {len(lived)} cuts, connections {dict(epochs)}, alarms {dict(raised)}")
    # the last boundary lies behind everything that the life says
    assert sum(len(it.links) > 1 for it in lived) >= len(lived) - 1


@pytest.mark.parametrize("script", ["target", "close", "short"])
@pytest.mark.parametrize("direction", ["in", "out"])
def test_the_stream_may_be_cut_at_any_message_boundary(ordeal, survive, trials, script, direction):
    clean = ordeal(trials[0](script))
    chosen = ends(frames(clean.written if direction == "in" else clean.heard))
    if not ALL:
        chosen = chosen[:: 2 if direction == "in" else 12]
    report(f"{script} {direction}", survive(cuts(chosen, direction, trials, script)))


def test_the_stream_may_be_cut_at_any_byte_of_the_bracket_that_is_placed(ordeal, survive, trials):
    sent = frames(ordeal(trials[0]("target")).written)
    first = next(number for number, message in enumerate(sent) if kind(message) == PLACE_ORDER)
    assert [kind(message) for message in sent[first : first + 3]] == [PLACE_ORDER] * 3
    begin, end = ends(sent)[first], ends(sent)[first + 3]
    chosen = range(begin, end + 1) if ALL else sorted(Random(SEED).sample(range(begin, end + 1), 30))
    report("placeOrder", survive(cuts(chosen, "in", trials)))


def test_the_stream_may_be_cut_at_any_byte_of_the_first_answers(ordeal, survive, trials):
    heard = frames(ordeal(trials[0]("target")).heard)
    kinds = [kind(message) for message in heard]
    first = kinds.index(OPEN_ORDER)
    last = kinds.index(ORDER_STATUS, first)
    begin, end = ends(heard)[first], ends(heard)[last + 1]
    chosen = range(begin, end + 1) if ALL else sorted(Random(SEED).sample(range(begin, end + 1), 20))
    report("openOrder and orderStatus", survive(cuts(chosen, "out", trials)))
