"""Which warnings a home's firms give, which of them say the same, and who is watched.

Run from the repository: LOOMLINE_HOME=FOLDER python bench/warning_levels.py, after `loomline run
indicators` for several dates in their order. Two indicators say the same when, over all firms and
dates, one of them is at amber or red seldom without the other.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from loomline.engine.server import ensure_engine
from loomline.engine.session import open_session
from loomline.settings import load_settings

# Cells, of a firm and date, in which both of a pair must have warned to be compared.
LEAST_CELLS = 15


def _overlaps(is_bad: NDArray[np.float32]) -> NDArray[np.float64]:
    """For rows of cells (indicators, cells): cells of both of a pair by cells of either."""
    counts = is_bad.sum(axis=1)
    both = is_bad @ is_bad.T
    either = counts[:, None] + counts[None, :] - both
    found = np.where(both >= LEAST_CELLS, both / np.maximum(either, 1), 0.0)
    np.fill_diagonal(found, 0.0)
    return found


def main(
    most: Annotated[
        float, typer.Option(help="Share of firms from which a warning is shown.")
    ] = 0.1,
    close: Annotated[float, typer.Option(help="Overlap from which a pair is shown.")] = 0.8,
) -> None:
    """Measure and print the tables."""
    settings = load_settings()
    ensure_engine(settings)
    spark = open_session(settings)
    rows = spark.sql(
        "select indicator, count_if(level <> 'cannot_say') as said, "
        "count_if(level = 'amber' and is_counted) as amber, "
        "count_if(level = 'red' and is_counted) as red "
        "from scores.indicator_state group by indicator order by indicator"
    ).toArrow()
    names = rows["indicator"].to_pylist()
    said, amber, red = (rows[name].to_numpy().astype(float) for name in ("said", "amber", "red"))
    warned = amber + red
    print(f"{len(names)} indicators, {(said == 0).sum()} of which can be said of nobody and")
    print(f"{((said > 0) & (warned == 0)).sum()} never warn; of what is said")
    print(f"{amber.sum() / said.sum():.1%} is amber and {red.sum() / said.sum():.1%} red.\n")
    print("| indicator | amber | red |\n| --- | --- | --- |")
    shares = warned / np.maximum(said, 1)
    for place in np.argsort(-shares):
        if shares[place] >= most:
            of = said[place]
            print(f"| {names[place]} | {amber[place] / of:.1%} | {red[place] / of:.1%} |")
    cells = spark.sql(
        "select indicator, hash(as_of_date, enterprise_id) as cell "
        "from scores.indicator_state where level in ('amber', 'red')"
    ).toArrow()
    _, columns = np.unique(cells["cell"].to_numpy(), return_inverse=True)
    place_of = {name: place for place, name in enumerate(names)}
    is_bad = np.zeros((len(names), columns.max(initial=-1) + 1), dtype=np.float32)
    is_bad[[place_of[name] for name in cells["indicator"].to_pylist()], columns] = 1
    found = np.tril(_overlaps(is_bad))
    print("\n| overlap | indicator | other |\n| --- | --- | --- |")
    for place in np.argsort(-found, axis=None)[: int((found >= close).sum())]:
        one, other = divmod(int(place), len(names))
        print(f"| {found[one, other]:.2f} | {names[one]} | {names[other]} |")
    print("\n| date | firms | watched | escalated |\n| --- | --- | --- | --- |")
    for row in spark.sql(
        "select as_of_date, count(*), count_if(status = 'watch'), count_if(status = 'escalated') "
        "from scores.watch_list group by 1 order by 1"
    ).collect():
        print(f"| {row[0]} | {row[1]:,} | {row[2] / row[1]:.1%} | {row[3] / row[1]:.1%} |")


if __name__ == "__main__":
    typer.run(main)
