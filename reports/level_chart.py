"""The chart of values beside the bounds from which on they are amber or red, as SVG text."""

from __future__ import annotations

from collections.abc import Sequence

from reports.change_charts import FRAME_INCHES, ROW_INCHES, WORSE
from reports.charts import QUIET, drawing, svg_text
from reports.kinds import number

AMBER = "#d19a2a"
COLOURS = {"amber": AMBER, "red": WORSE}
BOUND_LABEL_PLACE = -0.62


def level_chart(
    measure: str,
    labels: Sequence[str],
    values: Sequence[float],
    levels: Sequence[str],
    says: Sequence[str],
    bounds: tuple[float, float] | None,
) -> str:
    """Values as bars from nought, the first on top, with lines where amber and red begin.

    Args:
        measure: what is measured, as the axis names it.
        labels: one a bar.
        values: one a bar, none below nought.
        levels: one a bar; amber and red have their colours.
        says: what stands behind the number of each bar, for readers who see no colours.
        bounds: where amber and red begin; None where nothing is judged.
    """
    with drawing(measure, FRAME_INCHES + ROW_INCHES * (len(labels) + 1)) as (figure, axes):
        colours = [COLOURS.get(level, QUIET) for level in levels]
        bars = axes.barh(range(len(labels)), values, color=colours, height=0.6)
        texts = [
            f"{number(value, 3)} {said}".rstrip() for value, said in zip(values, says, strict=True)
        ]
        axes.bar_label(bars, labels=texts, padding=3, fontsize=7)
        most = max(values)
        if bounds is not None:
            most = max(most, bounds[1])
            # To the left of amber and to the right of red, so that they never meet.
            for bound, word, side in zip(
                bounds, ("amber from 黄", "red from 红"), ("right", "left"), strict=True
            ):
                colour = COLOURS[word.split()[0]]
                axes.axvline(bound, color=colour, linewidth=0.9, linestyle=(0, (4, 3)), zorder=0)
                axes.annotate(
                    *(f"{word} {bound:g}", (bound, BOUND_LABEL_PLACE)),
                    xytext=(-3 if side == "right" else 3, 0),
                    textcoords="offset points",
                    ha=side,
                    va="center",
                    fontsize=7,
                )
        axes.set_xlim(0, 1.35 * most if most > 0 else 1)
        axes.set_yticks(range(len(labels)), labels)
        axes.set_ylim(len(labels) - 0.4, -1)
        # The label of amber may stand above the axis.
        axes.spines["left"].set_bounds(len(labels) - 0.4, -0.4)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(measure)
        return svg_text(figure, f"{measure}, with the bounds of amber and red")
