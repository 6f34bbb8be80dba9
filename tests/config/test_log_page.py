"""docs/log.md and docs/log.schema.json show the events as they are defined.

To make them anew: `python tests/config/test_log_page.py`.
"""

from __future__ import annotations

import json
from pathlib import Path

from config.log_events import EVENTS, FIELDS
from config.log_events.page import event_tables, field_table
from config.log_events.schema import schema

DOCS = Path(__file__).parents[2] / "docs"
PAGE, SCHEMA = DOCS / "log.md", DOCS / "log.schema.json"
PARTS = {"events": event_tables, "fields": field_table}


def remade(page: str) -> str:
    for name, make in PARTS.items():
        begin = f"<!-- {name}: made from config/log_events by tests/config/test_log_page.py -->\n"
        before, _, rest = page.partition(begin)
        end = f"<!-- end of {name} -->"
        page = before + begin + make() + end + rest.partition(end)[2]
    return page


def test_the_page_shows_every_event_and_field_as_it_is_defined() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == remade(page)
    assert all(f"| `{name}`" in page for name in (*EVENTS, *FIELDS))


def test_the_schema_in_the_folder_is_the_one_that_the_verb_prints() -> None:
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == schema()


def test_no_field_is_defined_that_no_event_has() -> None:
    used = {name for event in EVENTS.values() for name in (*event.required, *event.optional)}
    assert used >= FIELDS.keys(), FIELDS.keys() - used


if __name__ == "__main__":
    PAGE.write_text(remade(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    SCHEMA.write_text(json.dumps(schema(), indent=1) + "\n", encoding="utf-8")
