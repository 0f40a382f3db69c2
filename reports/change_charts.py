"""Charts of what changed, as SVG text: the same bytes for the same rows, like `reports.charts`."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.ticker import MaxNLocator

from reports.charts import ACCENT, INK, QUIET, drawing, svg_text
from reports.kinds import measured, signed

WORSE = "#b0432c"
ROW_INCHES, FRAME_INCHES = 0.23, 0.75


def shift_chart(
    measure: str,
    labels: Sequence[str],
    before: Sequence[float | None],
    now: Sequence[float | None],
    middle: float | None = None,
) -> str:
    """A value then (ring) and now (dot) on one line each, the first on top.

    Args:
        measure: what is measured and its unit, as the axis names it.
        labels: one a line.
        before: the earlier values; None where there is none.
        now: the later values; None where there is none.
        middle: a value to set all against, such as that of the median firm.
    """
    with drawing(measure, FRAME_INCHES + ROW_INCHES * len(labels)) as (figure, axes):
        if middle is not None:
            axes.axvline(middle, color=QUIET, linewidth=0.8, linestyle=(0, (4, 3)))
        for place, (was, is_now) in enumerate(zip(before, now, strict=True)):
            axes.axhline(place, color="#edf0f2", linewidth=0.6, zorder=0)
            if was is not None and is_now is not None:
                axes.plot([was, is_now], [place, place], color=QUIET, linewidth=2, zorder=1)
            if was is not None:
                axes.plot(was, place, "o", markersize=4.5, mfc="white", mec=QUIET, zorder=2)
            if is_now is not None:
                axes.plot(is_now, place, "o", markersize=5, color=ACCENT, zorder=3)
                axes.annotate(
                    *(measured(is_now), (is_now, place), (0, 3.5)),
                    textcoords="offset points",
                    ha="center",
                    fontsize=6.5,
                )
        axes.set_yticks(range(len(labels)), labels)
        axes.set_ylim(len(labels) - 0.4, -0.9)
        axes.margins(x=0.06)
        are_counts = all(isinstance(value, int | None) for value in (*before, *now))
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=are_counts))
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(f"{measure}; ring: before 空心为前次, dot: now 实心为本次")
        return svg_text(figure, f"{measure}, before and now")


def steps_chart(measure: str, labels: Sequence[str], steps: Sequence[float]) -> str:
    """Gains and losses as bars to the right and left of nought, the first on top.

    Args:
        measure: what is measured and its unit, as the axis names it.
        labels: one a bar.
        steps: below nought for a loss, which stands out.
    """
    with drawing(measure, FRAME_INCHES + ROW_INCHES * len(labels)) as (figure, axes):
        colours = [WORSE if step < 0 else ACCENT for step in steps]
        bars = axes.barh(range(len(labels)), steps, color=colours, height=0.6)
        axes.bar_label(bars, labels=[signed(step, 1) for step in steps], padding=2, fontsize=7)
        axes.axvline(0, color=INK, linewidth=0.6)
        axes.set_yticks(range(len(labels)), labels)
        axes.set_ylim(len(labels) - 0.4, -0.6)
        axes.margins(x=0.12)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(measure)
        return svg_text(figure, f"{measure}, gains and losses")
