"""What Interactive Brokers' own ibapi 9.81.1 makes of the paper TWS. It speaks version 157 at most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

DRIVER = "ibapi_driver"


@pytest.fixture(scope="module")
def conversation(converse: Callable[..., Any]) -> Any:
    return converse(DRIVER, "ibapi", 157)


def test_the_driver_reaches_its_end_without_a_word_on_stderr(conversation: Any) -> None:
    assert (conversation.exit_code, conversation.errors) == (0, "")


def test_the_client_finds(conversation: Any, check: str) -> None:
    wrong = conversation.checks.get(check, "it was never reached")
    if wrong:
        pytest.fail(wrong, pytrace=False)


def test_the_bytes_on_the_links_are_those_kept(conversation: Any, compare: Callable[..., None]) -> None:
    compare(conversation.transcript, "ibapi-157")
