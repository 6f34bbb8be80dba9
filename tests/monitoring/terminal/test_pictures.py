"""The pictures in the documentation show what the view shows."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from monitoring.terminal.picture import picture

PICTURES = Path(__file__).parents[3] / "docs" / "pictures"


def words(drawn: str) -> list[str]:
    """The texts of a picture, whatever their fonts and colours."""
    return [html.unescape(text).replace("\xa0", " ") for text in re.findall(r"<text[^>]*>([^<]*)</text>", drawn)]


@pytest.mark.parametrize(
    ("name", "size", "keys"),
    [
        ("monitor-80x24", (80, 24), ()),
        ("monitor-200x50", (200, 50), ()),
        ("monitor-life", (100, 16), ("tab", "home", "down", "enter")),
    ],
)
def test_a_picture_is_what_the_view_draws_of_the_log_beside_it(
    name: str, size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    """Draw anew: `python -m monitoring.terminal.picture docs/pictures/demo.log.jsonl.gz 80x24 FILE.svg [KEY …]`."""
    kept = (PICTURES / f"{name}.svg").read_text()
    assert words(picture(PICTURES / "demo.log.jsonl.gz", size, keys)) == words(kept)
