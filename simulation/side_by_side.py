"""The timeline of a storm in columns: actors, journal, messages and the broker's book, with people and faults across.

What Pitboss does goes from left to right through one row: an actor decides, the journal has it, it leaves, the broker
has it. What comes back begins a new row. Orders have names (AAPL.entry.1) in place of their references.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from textwrap import wrap

from simulation.plan import Plan
from simulation.storm import Outcome
from simulation.timeline import Moment

__all__ = ["names_of", "page", "rows"]

COLUMNS = ("actors", "journal", "messages", "broker's truth")
_COLUMN = {"actors": 0, "warning": 0, "journal": 1, "wire >": 2, "wire <": 2, "broker": 3}
_ACROSS = {"people": "people", "fault": "FAULT", "machine": "machine", "storm": "storm"}
_SIGNS = {"warning": "! ", "wire >": "→ ", "wire <": "← "}
_TIME = 9
_LINES = 4  # of a cell
_INTENDED = re.compile(r"^\d+ OrderIntended (pb-\w+) (\S+) (\w+)")
_LONG = re.compile(r"\bpb-\w+")

Cells = tuple[str, list[list[str]]]
"""the time, and what stands in each column; one that goes across has a single column"""


def names_of(timeline: Sequence[Moment]) -> dict[str, str]:
    """Return an order's reference → its name: symbol, role and number."""
    counts: Counter[str] = Counter()
    names: dict[str, str] = {}
    for _, who, what in timeline:
        if who == "journal" and (found := _INTENDED.match(what)):
            reference, symbol, role = found.groups()
            if reference not in names:
                counts[f"{symbol}.{role}"] += 1
                names[reference] = f"{symbol}.{role}.{counts[f'{symbol}.{role}']}"
    return names


def _named(text: str, names: Mapping[str, str]) -> str:
    return _LONG.sub(lambda found: names.get(found[0], found[0]), text)


def _cells(timeline: Sequence[Moment]) -> Iterator[Cells]:
    """Yield rows. A thing goes into the row of the one before if it is of the same moment and further right."""
    names = names_of(timeline)
    row: list[list[str]] = []
    began, last = "", -1
    for seconds, who, what in timeline:
        time, text = f"{seconds:{_TIME}.3f}", _named(what, names)
        column = _COLUMN.get(who)
        if column is None and who not in _ACROSS:
            continue  # the log says in words what the columns show
        if row and (column is None or time != began or column < last):
            yield began, row
            row = []
        if column is None:
            yield time, [[f"── {_ACROSS[who]}: {text}"]]
            continue
        if not row:
            row, began = [[] for _ in COLUMNS], time
        row[column].append(_SIGNS.get(who, "") + text)
        last = column
    if row:
        yield began, row


def rows(timeline: Sequence[Moment], width: int) -> Iterator[str]:
    """Yield lines of text of that width."""
    each = (width - _TIME) // len(COLUMNS) - 3
    yield _line("seconds".rjust(_TIME), COLUMNS, each)
    yield _line("─" * _TIME, ["─" * each] * len(COLUMNS), each)
    shown = ""
    for time, columns in _cells(timeline):
        begins = time if time != shown else ""
        shown = time
        if len(columns) == 1:
            for number, line in enumerate(wrap(columns[0][0], width - _TIME - 1, subsequent_indent="   ")):
                yield f"{'' if number else time:{_TIME}} {line}"
            continue
        cells = [[line for text in column for line in _wrapped(text, each)] for column in columns]
        for number in range(max(map(len, cells))):
            yield _line("" if number else begins, [cell[number] if number < len(cell) else "" for cell in cells], each)


def _wrapped(text: str, width: int) -> list[str]:
    lines = wrap(text, width, subsequent_indent="  ")
    if len(lines) > _LINES:
        lines[_LINES - 1 :] = [f"{lines[_LINES - 1][: width - 2]} …"]
    return lines


def _line(time: str, cells: Sequence[str], width: int) -> str:
    return f"{time:{_TIME}} " + " │ ".join(f"{cell:{width}}" for cell in cells).rstrip()


def page(plan: Plan, outcome: Outcome) -> str:
    """Return the timeline as a page of HTML that needs nothing else."""
    body: list[str] = []
    for time, columns in _cells(outcome.timeline):
        if len(columns) == 1:
            text = escape(columns[0][0])
            kind = "fault" if "FAULT" in text else "across"
            body.append(f'<tr class="{kind}"><th>{time}</th><td colspan="{len(COLUMNS)}">{text}</td></tr>')
        else:
            cells = "".join(f"<td>{'<br>'.join(map(escape, column))}</td>" for column in columns)
            body.append(f"<tr><th>{time}</th>{cells}</tr>")
    return _PAGE.format(
        seed=plan.seed,
        violation=escape(outcome.violation or "no violation"),
        heads="".join(f"<th>{escape(name)}</th>" for name in COLUMNS),
        body="\n".join(body),
    )


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>storm {seed}</title>
<style>
body {{ font: 13px/1.4 system-ui, sans-serif; margin: 1em }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; vertical-align: top; padding: .2em .6em; border-bottom: 1px solid #ddd; width: 24% }}
th:first-child {{ width: 4% ; text-align: right; font-variant-numeric: tabular-nums; color: #666 }}
thead th {{ position: sticky; top: 0; background: #fff }}
.across td {{ background: #eef3fa }}
.fault td {{ background: #fbe9e7 }}
</style>
<h1>Storm {seed}</h1>
<p><strong>{violation}</strong></p>
<table><thead><tr><th>seconds</th>{heads}</tr></thead><tbody>
{body}
</tbody></table>
</html>
"""
