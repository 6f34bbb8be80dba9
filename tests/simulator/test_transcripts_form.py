"""The text of transcripts: nothing that passed on a link is lost in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.transcripts import Transcript
from simulator.transcripts.form import told, untold


@given(st.lists(st.binary(min_size=1), max_size=5))
def test_any_frames_are_read_as_they_were_written(bodies: list[bytes]) -> None:
    transcript = Transcript()
    transcript.part("Any", "Two lines,\nto be read again.")
    for body in bodies:
        transcript.add(">", 12, told(body), "unreadable")
    transcript.add("*", 0, "tick AAPL bid=1.0")
    transcript.add("x", 12, "client")
    read = Transcript.read(transcript.written())
    assert read.entries == transcript.entries
    assert [untold(entry.text) for entry in read.entries if entry.kind == ">"] == bodies


def test_fields_are_told_apart_and_readable() -> None:
    transcript = Transcript()
    transcript.add("<", 1, told(b"9\x001\x00a|b\\c\nd\xff\x00"), "nextValidId")
    assert transcript.written() == r"1< nextValidId            9|1|a\|b\\c\nd\xff|" + "\n"


@pytest.mark.parametrize("line", ["1? what", "nothing", "1>", "> 9|1|"])
def test_a_line_that_is_none_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="line 2 is no line of a transcript"):
        Transcript.read(f"1x client\n{line}\n")
