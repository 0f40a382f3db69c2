"""The report's charts as SVG text: pure functions of rows, the same bytes for the same rows.

Texts stay texts in the SVG, so that they can be read aloud, searched and shown in the page's own
font. A chart is drawn as wide as a phone's screen, where its texts keep their size.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from html import escape
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from reports.kinds import number

ACCENT = "#17607a"
QUIET = "#a9b4bd"
INK = "#3d4852"
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    # A code such as `$x$` is a text and no formula.
    "text.parse_math": False,
    "font.size": 8,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
}
# The date would make every drawing differ; the rest says nothing to a reader.
NO_METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}
WIDTH_INCHES = 5.2
MOST_MONTH_LABELS = 7
WIDTH_PIXELS, HEIGHT_PIXELS = re.compile(r' width="[^"]*pt"'), re.compile(r' height="[^"]*pt"')


@contextmanager
def drawing(name: str, height_inches: float = 2.9) -> Iterator[tuple[Figure, Axes]]:
    """An empty chart in the report's style; the name makes its inner names its own."""
    with rc_context({**STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(WIDTH_INCHES, height_inches), layout="constrained")
        yield figure, figure.subplots()


def svg_text(figure: Figure, description: str) -> str:
    """The figure as an `<svg>` element that fills its container and says what it shows."""
    out = io.StringIO()
    with warnings.catch_warnings():
        # The reader's browser has the Chinese glyphs that matplotlib's own font lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(out, format="svg", transparent=True, metadata=NO_METADATA)
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :]
    head, rest = svg.split(">", 1)
    head = HEIGHT_PIXELS.sub("", WIDTH_PIXELS.sub("", head, count=1), count=1)
    return f'{head} role="img" aria-label="{escape(description)}">{rest}'


def grade_chart(
    measure: str, grades: Sequence[str], values: Sequence[float], worst: frozenset[str]
) -> str:
    """A measure by grade as bars, the best grade first; the worst grades stand out.

    Args:
        measure: what is measured and its unit, as the axis names it.
        grades: names of the grades.
        values: one a grade.
        worst: names of the grades to stress.
    """
    with drawing(measure) as (figure, axes):
        colours = [ACCENT if grade in worst else QUIET for grade in grades]
        bars = axes.bar(range(len(grades)), values, color=colours, width=0.7)
        axes.bar_label(bars, labels=[number(value) for value in values], padding=2)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
        axes.set_xticks(range(len(grades)), grades)
        axes.set_xlabel("grade 等级")
        axes.set_ylabel(measure)
        axes.tick_params(axis="x", length=0)
        return svg_text(figure, f"{measure}, by grade")


def reliability_chart(rows: Sequence[dict[str, Any]]) -> str:
    """Observed default share against mean predicted probability, with 95 % Wilson intervals.

    Args:
        rows: mean_pd_ratio, observed_default_ratio, lower, upper, default_count and
            enterprise_count, one row a bin.
    """
    predicted = [100 * row["mean_pd_ratio"] for row in rows]
    observed = [100 * row["observed_default_ratio"] for row in rows]
    below = [max(0.0, y - 100 * row["lower"]) for y, row in zip(observed, rows, strict=True)]
    above = [max(0.0, 100 * row["upper"] - y) for y, row in zip(observed, rows, strict=True)]
    with drawing("reliability", 3.3) as (figure, axes):
        axes.plot([0, 100], [0, 100], color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.errorbar(
            *(predicted, observed),
            yerr=[below, above],
            fmt="o",
            color=ACCENT,
            markersize=4.5,
            elinewidth=1,
            capsize=2.5,
        )
        for x, y, row in zip(predicted, observed, rows, strict=True):
            label = f"{row['default_count']}/{row['enterprise_count']}"
            axes.annotate(label, (x, y), xytext=(6, 3), textcoords="offset points", fontsize=7)
        axes.set_xlim(0, min(100, max(1, 1.15 * max(predicted))))
        axes.set_ylim(0, min(105, max(1, 1.05 * max(100 * row["upper"] for row in rows))))
        axes.set_xlabel("mean predicted probability 平均预测违约概率, %")
        axes.set_ylabel("observed defaults 实际违约率, %")
        return svg_text(figure, "Observed default share against predicted probability, by bin")


def interval_chart(name: str, labels: Sequence[str], rows: Sequence[dict[str, Any]]) -> str:
    """Estimates with their 95 % intervals, one line each, the first on top.

    Args:
        name: the measure, as the axis names it.
        labels: one a row.
        rows: estimate, lower and upper.
    """
    with drawing(name, 0.9 + 0.36 * len(rows)) as (figure, axes):
        for place, row in enumerate(rows):
            axes.plot([row["lower"], row["upper"]], [place, place], color=QUIET, linewidth=2.5)
            axes.plot(row["estimate"], place, "o", color=ACCENT, markersize=5)
            text = number(row["estimate"], 3)
            axes.annotate(
                text, (row["estimate"], place), (0, 5), textcoords="offset points", ha="center"
            )
        axes.set_yticks(range(len(rows)), labels)
        axes.set_ylim(len(rows) - 0.5, -0.8)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(name)
        return svg_text(figure, f"{name} with 95 % intervals")


def month_chart(measure: str, months: Sequence[date], lines: dict[str, list[float]]) -> str:
    """A measure by month, one line a direction of trade.

    Args:
        measure: what is measured and its unit, as the axis names it.
        months: first days of the months.
        lines: two lines, each a label and one value a month.
    """
    with drawing(measure) as (figure, axes):
        days = np.array(months, dtype="datetime64[D]")
        for colour, (label, values) in zip((ACCENT, QUIET), lines.items(), strict=True):
            axes.plot(days, values, color=colour, label=label)
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
        step = max(1, -(-len(months) // MOST_MONTH_LABELS))
        axes.set_xticks(days[::step], [f"{month:%Y-%m}" for month in months[::step]])
        axes.set_ylabel(measure)
        axes.set_xlabel("month of issue 开票月份")
        axes.legend(frameon=False, loc="upper left")
        return svg_text(figure, f"{measure}, by month")
