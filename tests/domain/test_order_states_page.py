"""docs/orders.md shows the state table as it is. To draw it anew: `python tests/domain/test_order_states_page.py`."""

from __future__ import annotations

from pathlib import Path

from domain.order_states import TRANSITIONS

PAGE = Path(__file__).parents[2] / "docs" / "orders.md"
BEGIN, END = "<!-- table: drawn from domain/order_states.py -->\n", "<!-- end of table -->"


def drawn() -> str:
    lines = ["| status | becomes |", "|---|---|"]
    for status, row in TRANSITIONS.items():
        into: dict[str, list[str]] = {}
        for event, new in row.items():
            into.setdefault(new, []).append(event)
        cells = "; ".join(f"**{new}** on {', '.join(events)}" for new, events in into.items())
        lines.append(f"| {status}{' (done)' if status.done else ''} | {cells or 'stays for good'} |")
    return "\n".join(lines) + "\n"


def redrawn(page: str) -> str:
    before, _, rest = page.partition(BEGIN)
    return before + BEGIN + drawn() + END + rest.partition(END)[2]


def test_the_page_shows_the_table_as_it_is() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == redrawn(page)


if __name__ == "__main__":
    PAGE.write_text(redrawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
