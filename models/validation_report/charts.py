"""The report's charts: pure functions of findings, the same bytes for the same findings.

They say everything in English, so that no glyph is missing where a PDF is made; titles in both
languages stand beside them. On the page texts stay texts, which can be searched and read aloud.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from models.calibration import ReliabilityBin
from models.validation_report.benchmark import Benchmarks
from models.validation_report.discrimination import RocCurve
from models.validation_report.document import Chart, Words
from models.validation_report.grade_calibration import CalibrationByGrade
from models.validation_report.sensitivity import Sensitivity
from models.validation_report.stability import LARGE_SHIFT, SOME_SHIFT, Shift
from models.validation_report.text import number

ACCENT, RIVAL, QUIET, INK = "#17607a", "#c26a1b", "#a9b4bd", "#3d4852"
WIDTH_INCHES, PNG_DOTS_PER_INCH = 5.2, 200
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    # A feature's name such as `a_b` is a text and no formula.
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
}
# The date would make every drawing differ.
SVG_METADATA = {"Creator": None, "Date": None, "Format": None, "Type": None}
DASHES = (0, (4, 3))
FIRMS_LEFT_OUT = Words("ROC curves of firms left out", "留出企业的ROC曲线")
GROUP_NAME = re.compile('<g id="[^"]*"')


class _Drawn:
    """A figure that is being drawn, and its chart once that is done."""

    def __init__(self, title: Words, height_inches: float) -> None:
        self.title = title
        self.figure = Figure(figsize=(WIDTH_INCHES, height_inches), layout="constrained")
        self.axes: Axes = self.figure.subplots()

    def chart(self) -> Chart:
        """The drawing as SVG that fills its container, and as PNG."""
        svg, png = io.StringIO(), io.BytesIO()
        self.figure.savefig(svg, format="svg", transparent=True, metadata=SVG_METADATA)
        self.figure.savefig(png, format="png", dpi=PNG_DOTS_PER_INCH, metadata={"Software": None})
        text = svg.getvalue()
        # Every drawing numbers its groups from 1; nothing refers to them.
        text = GROUP_NAME.sub("<g", text[text.index("<svg") :])
        label = escape(self.title.english, quote=True)
        text = text.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
        return Chart(self.title, text, png.getvalue())


@contextmanager
def _drawing(title: Words, height_inches: float = 3.2) -> Iterator[_Drawn]:
    with rc_context({**STYLE, "svg.hashsalt": title.english}):
        yield _Drawn(title, height_inches)


def roc_chart(
    curves: tuple[RocCurve, ...],
    title: Words = FIRMS_LEFT_OUT,
    good: str = "firms without default",
    bad: str = "defaults",
) -> Chart:
    """ROC curves of out-of-fold probabilities, three at most, of a `good` and a `bad` kind."""
    with _drawing(title) as drawn:
        axes = drawn.axes
        for curve, colour in zip(curves, (ACCENT, RIVAL, INK), strict=False):
            label = curve.estimator.replace("_", " ")
            axes.plot(curve.good_ratio, curve.default_ratio, color=colour, label=label)
        axes.plot([0, 1], [0, 1], color=QUIET, linewidth=0.8, linestyle=DASHES, label="chance")
        axes.set_xlabel(f"share of {good} flagged")
        axes.set_ylabel(f"share of {bad} flagged")
        axes.legend(loc="lower right")
        return drawn.chart()


def _predicted_and_observed(
    axes: Axes, place: int, predicted: float, observed: float, ends: tuple[float, float], text: str
) -> None:
    """Draw one group at its place: ratios as percentages, the interval of the observed one."""
    lower, upper = 100 * ends[0], 100 * ends[1]
    is_first = not axes.get_legend_handles_labels()[1]
    axes.plot([place, place], [lower, upper], color=QUIET, linewidth=2.5, zorder=1)
    axes.plot(
        *(place, 100 * observed, "o"),
        color=ACCENT,
        markersize=5,
        label="observed" if is_first else "",
    )
    axes.plot(
        *(place, 100 * predicted, "_"),
        color=RIVAL,
        markersize=16,
        markeredgewidth=2,
        label="predicted" if is_first else "",
    )
    top = (place, max(upper, 100 * predicted))
    axes.annotate(text, top, (0, 4), textcoords="offset points", ha="center", fontsize=7)


def calibration_chart(calibration: CalibrationByGrade) -> Chart:
    """Mean probability and observed share of defaults of each grade that holds firms."""
    title = Words(
        "Predicted and observed by grade: defaults/firms, 95 % Wilson interval",
        "各等级预测与实际：违约数/企业数，95%威尔逊区间",
    )
    with _drawing(title) as drawn:
        axes = drawn.axes
        for place, grade in enumerate(calibration.grades):
            if grade.mean_pd_ratio is None or grade.observed_ratio is None:
                continue
            _predicted_and_observed(
                *(axes, place, grade.mean_pd_ratio, grade.observed_ratio),
                (grade.lower or 0, grade.upper or 0),
                f"{grade.default_count}/{grade.firm_count}",
            )
        axes.set_xticks(range(len(calibration.grades)), [x.grade for x in calibration.grades])
        axes.set_xlim(-0.5, len(calibration.grades) - 0.5)
        axes.set_xlabel("grade")
        axes.set_ylabel("probability and share of defaults, %")
        axes.set_ylim(-2, 112)
        axes.set_yticks(range(0, 101, 20))
        axes.legend(loc="upper left")
        return drawn.chart()


def reliability_chart(bins: tuple[ReliabilityBin, ...], title: Words) -> Chart:
    """Mean probability and observed share of events of each bin of predictions."""
    with _drawing(title) as drawn:
        axes = drawn.axes
        for place, one in enumerate(bins):
            _predicted_and_observed(
                *(axes, place, one.mean_pd_ratio, one.observed_default_ratio),
                *((one.lower, one.upper), f"{one.default_count}/{one.enterprise_count:,}"),
            )
        axes.set_xticks(range(len(bins)), [str(one.bin) for one in bins])
        axes.set_xlim(-0.5, len(bins) - 0.5)
        axes.set_xlabel("bin of predictions, from the lowest")
        axes.set_ylabel("probability and share of events, %")
        axes.margins(y=0.15)
        axes.legend(loc="upper left")
        return drawn.chart()


def score_chart(
    shift: Shift,
    trained_on: str = "training firms",
    scored: str = "all enterprises",
    unit: str = "score, points",
) -> Chart:
    """Shares in the bins of the score of what was trained on and of what is scored."""
    title = Words("Where the scores lie", "评分分布")
    with _drawing(title) as drawn:
        axes = drawn.axes
        places = range(len(shift.bins))
        for offset, colour, label, shares in (
            (-0.2, QUIET, trained_on, [x.training_ratio for x in shift.bins]),
            (0.2, ACCENT, scored, [x.enterprise_ratio for x in shift.bins]),
        ):
            heights = [100 * x for x in shares]
            axes.bar([x + offset for x in places], heights, width=0.38, color=colour, label=label)
        axes.set_xticks(places, [x.bin for x in shift.bins], rotation=40, ha="right")
        axes.set_xlabel(unit)
        axes.set_ylabel("share, %")
        axes.legend()
        return drawn.chart()


def index_chart(shifts: tuple[Shift, ...]) -> Chart:
    """The stability index of the score and of every feature, with what chance alone does."""
    title = Words("Stability index and its conventional bounds", "稳定性指数与惯例界限")
    with _drawing(title, 0.95 + 0.3 * len(shifts)) as drawn:
        axes = drawn.axes
        for bound in (SOME_SHIFT, LARGE_SHIFT):
            axes.axvline(bound, color=QUIET, linewidth=0.8, linestyle=DASHES)
        for place, shift in enumerate(shifts):
            label = "95 % of cases by chance alone are below" if place == 0 else ""
            axes.barh(place, shift.index, color=ACCENT, height=0.6)
            axes.plot(
                shift.chance_upper, place, "|", color=RIVAL, ms=13, mew=2, label=label, zorder=3
            )
        axes.set_yticks(range(len(shifts)), [x.name for x in shifts])
        axes.set_ylim(len(shifts) - 0.4, -0.6)
        axes.set_xlim(0, 1.15 * max(LARGE_SHIFT, *(max(x.index, x.chance_upper) for x in shifts)))
        axes.set_xlabel("population stability index; dashed: 0.1 and 0.25")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1))
        return drawn.chart()


def sensitivity_chart(found: Sensitivity) -> Chart:
    """Change of the mean probability by feature and change: missing, lower, higher."""
    title = Words("Change of the mean probability", "平均概率的变化")
    names = list(dict.fromkeys(x.feature for x in found.responses))
    with _drawing(title, 1 + 0.42 * len(names)) as drawn:
        axes = drawn.axes
        axes.axvline(0, color=QUIET, linewidth=0.8)
        changes = list(dict.fromkeys(x.change for x in found.responses))
        marks = (("o", INK), ("<", RIVAL), (">", ACCENT))
        for change, (mark, colour) in zip(changes, marks, strict=True):
            shown = [x for x in found.responses if x.change == change]
            axes.plot(
                *([100 * x.mean_pd_change_ratio for x in shown], range(len(shown)), mark),
                color=colour,
                label=change,
            )
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.set_xlabel("percentage points")
        axes.margins(x=0.1)
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3)
        return drawn.chart()


def benchmark_chart(found: Benchmarks, days: int | None = None) -> Chart:
    """The model's area less each rival's, with the paired interval."""
    within = (f" within {days} days", f"（{days}天）") if days else ("", "")
    title = Words(f"Model's AUC less the rival's{within[0]}", f"模型AUC减对照AUC{within[1]}")
    with _drawing(title, 0.9 + 0.42 * len(found.rivals)) as drawn:
        axes = drawn.axes
        axes.axvline(0, color=QUIET, linewidth=0.8, linestyle=DASHES)
        for place, rival in enumerate(found.rivals):
            difference = rival.champion_less_rival
            axes.plot([difference.lower, difference.upper], [place] * 2, color=QUIET, linewidth=2.5)
            axes.plot(difference.value, place, "o", color=ACCENT, markersize=5)
            axes.annotate(
                number(difference.value),
                *((difference.value, place), (0, 5)),
                textcoords="offset points",
                ha="center",
                fontsize=7,
            )
        labels = [rival.rival.replace(" (", "\n(") for rival in found.rivals]
        axes.set_yticks(range(len(labels)), labels)
        axes.set_ylim(len(labels) - 0.5, -0.8)
        axes.set_xlabel("AUC difference, 95 % interval; above 0: model better")
        return drawn.chart()
