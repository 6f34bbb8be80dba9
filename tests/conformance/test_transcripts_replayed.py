"""The transcripts kept from conversations with real clients, and the server without them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator.faults.rules import REQUEST_KINDS
from simulator.transcripts import Transcript, replay
from simulator.wire.answer_names import ANSWER_NAMES

NAMES = ("ib_insync-176", "ib_insync-157", "ib_async-176", "ib_async-157", "ibapi-157")
UNKNOWN_TO = {
    "ibapi-157": {"reqUserInfo", "userInfo", "historicalSchedule"},
    "ib_insync-157": {"historicalSchedule"},
    "ib_async-157": {"historicalSchedule"},
}
"""transcript → what its client, or the version spoken, has no word for"""


@pytest.mark.parametrize("name", NAMES)
def test_the_server_says_what_it_said_to_the_real_client(
    name: str, stage: Any, kept: Callable[[str], Transcript]
) -> None:
    told = kept(name)
    heard = replay(told, stage.broker.tws, stage.act)
    for then, now in zip(told.entries, heard.entries, strict=False):
        assert now == then
    assert len(heard.entries) == len(told.entries)


@pytest.mark.parametrize("name", NAMES)
def test_a_transcript_read_and_written_is_the_same_text(
    name: str, kept: Callable[[str], Transcript], compare: Callable[..., None]
) -> None:
    compare(kept(name), name)


@pytest.mark.parametrize("name", NAMES)
def test_each_kind_of_message_is_in_the_transcript(name: str, kept: Callable[[str], Transcript]) -> None:
    told, asked = ({entry.name for entry in kept(name).entries if entry.kind == direction} for direction in ("<", ">"))
    unknown = UNKNOWN_TO.get(name, set())
    assert set(ANSWER_NAMES.values()) - told == unknown & set(ANSWER_NAMES.values())
    assert set(REQUEST_KINDS) - {"*", "notServed"} - asked == unknown & set(REQUEST_KINDS)
