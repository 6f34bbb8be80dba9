"""The transcripts kept from conversations with real clients, and the server without them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from simulator.transcripts import Transcript, replay

NAMES = ("ib_insync-176", "ib_insync-157", "ib_async-176", "ib_async-157", "ibapi-157")


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
