"""What ib_insync makes of the paper TWS, at the version it asks for and at the oldest that is served."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

DRIVER = "ib_family"


@pytest.fixture(scope="module", params=[176, 157], ids=["v176", "v157"])
def version(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture(scope="module")
def conversation(converse: Callable[..., Any], version: int) -> Any:
    return converse(DRIVER, "ib_insync", version)


def test_the_driver_reaches_its_end_without_a_word_on_stderr(conversation: Any) -> None:
    assert (conversation.exit_code, conversation.errors) == (0, "")


def test_the_client_finds(conversation: Any, check: str) -> None:
    wrong = conversation.checks.get(check, "it was never reached")
    if wrong:
        pytest.fail(wrong, pytrace=False)


def test_the_bytes_on_the_links_are_those_kept(conversation: Any, version: int, compare: Callable[..., None]) -> None:
    compare(conversation.transcript, f"ib_insync-{version}")
