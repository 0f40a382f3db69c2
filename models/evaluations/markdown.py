"""Figures of an evaluation as tables in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from models.calibration import ReliabilityBin
from models.evaluations.evaluation import Figure


def figure_text(figure: Figure) -> str:
    """A figure with its 95 % interval in brackets."""
    places = 1 if figure.metric.startswith("days") else 4 if "Brier" in figure.metric else 3
    found = figure.estimate
    value, low, high = (f"{x:.{places}f}" for x in (found.value, found.lower, found.upper))
    return f"{value} [{low}, {high}]"


def figures_table(figures: Sequence[Figure]) -> str:
    """A line a model, a column a metric, whose head says of how many rows it is."""
    heads = {figure.metric: f"{figure.metric} ({figure.rows:,})" for figure in figures}
    lines = [f"| model | {' | '.join(heads.values())} |", f"|{' --- |' * (len(heads) + 1)}"]
    for model in dict.fromkeys(figure.model for figure in figures):
        cells = {one.metric: figure_text(one) for one in figures if one.model == model}
        lines.append(f"| `{model}` | {' | '.join(cells.get(metric, '') for metric in heads)} |")
    return "\n".join(lines)


def reliability_table(head: str, bins: Sequence[ReliabilityBin]) -> str:
    """A line a bin below a head of five columns: bin, rows, events, predicted, observed."""
    lines = [head, "| --- | --- | --- | --- | --- |"]
    for one in bins:
        observed = f"{one.observed_default_ratio:.4f} [{one.lower:.4f}, {one.upper:.4f}]"
        counts = f"{one.enterprise_count} | {one.default_count}"
        lines.append(f"| {one.bin} | {counts} | {one.mean_pd_ratio:.4f} | {observed} |")
    return "\n".join(lines)
