"""The pictures of a report, as SVG."""

from __future__ import annotations

import io
from decimal import Decimal
from zoneinfo import ZoneInfo

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from monitoring.report.model import DayReport, Group

__all__ = ["profit_by", "profit_over_the_day"]

_GAIN, _LOSS, _LINE = "#2e7d32", "#c62828", "#1565c0"
_STYLE = {"svg.hashsalt": "pitboss", "svg.fonttype": "none", "font.size": 9, "text.parse_math": False}


def profit_over_the_day(report: DayReport) -> str:
    """Return the curve of profit after commission, a line for each currency; "" where nothing was traded."""
    if not report.equity:
        return ""
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(8.0, 2.6)
        for currency in sorted({point.currency for point in report.equity}):
            points = [point for point in report.equity if point.currency == currency]
            times = [point.time for point in points]
            axes.step(times, [float(point.value) for point in points], where="post", label=currency or "?", lw=1.2)
        axes.axhline(0.0, color="#888888", lw=0.6)
        zone = ZoneInfo(report.zone)
        locator = AutoDateLocator(tz=zone)
        axes.xaxis.set_major_locator(locator)
        axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=zone))
        axes.set_title("Profit after commission, what is held at its mark", loc="left", fontsize=9)
        if len({point.currency for point in report.equity}) > 1:
            axes.legend(frameon=False)
        return _svg(figure)


def profit_by(groups: tuple[Group, ...], title: str) -> str:
    """Return bars of the net profit of each group; "" where there is none."""
    if not groups:
        return ""
    with mpl.rc_context(_STYLE):
        figure, axes = _figure(8.0, 0.6 + 0.26 * len(groups))
        names = [
            group.name if len({one.currency for one in groups}) == 1 else f"{group.name} {group.currency}"
            for group in groups
        ]
        values = [group.money.net for group in groups]
        axes.barh(range(len(groups)), [float(value) for value in values], color=[_colour(value) for value in values])
        axes.set_yticks(range(len(groups)), labels=names)
        axes.invert_yaxis()
        axes.axvline(0.0, color="#888888", lw=0.6)
        axes.set_title(title, loc="left", fontsize=9)
        return _svg(figure)


def _colour(value: Decimal) -> str:
    return _GAIN if value >= 0 else _LOSS


def _figure(width: float, height: float):  # type: ignore[no-untyped-def]
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    figure.patch.set_alpha(0.0)
    axes.patch.set_alpha(0.0)
    return figure, axes


def _svg(figure: Figure) -> str:
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    text = out.getvalue()
    return text[text.index("<svg") :]
