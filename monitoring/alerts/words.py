"""How announcements are said: a title that fits a lock screen, and a text with what to do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from attrs import frozen

from config.redaction import redact
from config.runbook import entry_of, runbook
from monitoring.alerts.alert import Announcement, Word

__all__ = ["Message", "compose", "duration", "one_line"]

_LONGEST_TITLE = 160
_LONGEST = 3_500  # characters; the narrowest of the usual services takes 4,096


@frozen(slots=True)
class Message:
    """One message for one channel. `kind` is critical, warning, info or over."""

    title: str
    body: str
    kind: str
    announcements: tuple[Announcement, ...]


def compose(announcements: Sequence[Announcement]) -> Message:
    """One message of announcements, in their order; what began and ended among them is one line."""
    shown = _merged(announcements)
    open_ones = [one for one, over in shown if over is None and one.word is not Word.OVER]
    worst = next((s for s in ("critical", "warning", "info") if any(one.severity == s for one in open_ones)), "over")
    logs = list(dict.fromkeys(one.log for one, _ in shown))
    first = next((each for each in shown if each[0] in open_ones and each[0].severity == worst), shown[0])
    others = f" (and {len(shown) - 1} more)" if len(shown) > 1 else ""
    title = f"{', '.join(logs)}: {_headline(*first)}"[: _LONGEST_TITLE - len(others)] + others
    body = "\n\n".join(_paragraph(one, over, named=len(logs) > 1) for one, over in shown)
    if len(body) > _LONGEST:
        body = body[: _LONGEST - 40].rsplit("\n\n", 1)[0] + "\n\n… and more: pitboss alerts list"
    return Message(redact(title), redact(body), worst, tuple(announcements))


def one_line(announcement: Announcement) -> str:
    """An announcement for a terminal."""
    return redact(f"{announcement.log}: {_headline(announcement, None)}")


def duration(span: timedelta) -> str:
    """`8 s`, `5 min`, `3 h 20 min`, `2 d`"""
    seconds = max(0, round(span.total_seconds()))
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 7_200:
        return f"{seconds // 60} min"
    if seconds < 172_800:
        return f"{seconds // 3600} h {seconds % 3600 // 60} min"
    return f"{seconds // 86_400} d"


def _merged(announcements: Sequence[Announcement]) -> list[tuple[Announcement, Announcement | None]]:
    """Each with the end that is told along with it."""
    found: list[tuple[Announcement, Announcement | None]] = []
    for one in announcements:
        if one.word is Word.OVER:
            for place, (earlier, over) in enumerate(found):
                if over is None and earlier.word is Word.RAISED and _same(earlier, one):
                    found[place] = (earlier, one)
                    break
            else:
                found.append((one, None))
        else:
            found.append((one, None))
    return found


def _same(one: Announcement, other: Announcement) -> bool:
    return (one.log, one.rule, one.key) == (other.log, other.rule, other.key)


def _headline(one: Announcement, over: Announcement | None) -> str:
    if over is not None:
        return f"{one.severity.upper()}, over after {duration(over.at - one.since)}: {one.text}"
    match one.word:
        case Word.OVER:
            return f"OVER after {duration(one.at - one.since)}: {one.text}"
        case Word.STILL:
            return f"STILL {one.severity.upper()} for {duration(one.at - one.since)}: {one.text}"
    times = f" ({one.count} times)" if one.count > 1 else ""
    return f"{one.severity.upper()}: {one.text}{times}"


def _paragraph(one: Announcement, over: Announcement | None, named: bool) -> str:
    lines = [f"{one.since:%Y-%m-%d %H:%M:%S} UTC  {f'{one.log}: ' if named else ''}{_headline(one, over)}"]
    if one.word is not Word.OVER and over is None and one.runbook:
        entry = entry_of(one.runbook)
        lines.append(f"What has been done: {entry.done}")
        lines += [f"{number}. {step.replace('`', '')}" for number, step in enumerate(entry.do, 1)]
        if one.runbook in runbook() or one.runbook.startswith("risk."):
            lines.append(f"Runbook: pitboss runbook {one.runbook}")
    return "\n".join(lines)
