"""How much the features of the families repeat one another, on the vectors of a home.

Run from the repository: LOOMLINE_HOME=FOLDER python bench/feature_redundancy.py --date DATE, after
`loomline run window_features --date DATE`. Two features repeat one another when their ranks
correlate above 0.99 on at least 30 enterprises that have both; why ranks is in
loomline/families/redundancy.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from loomline.engine.server import ensure_engine
from loomline.families.catalogue import features, load_families
from loomline.families.model import Feature
from loomline.families.redundancy import LEAST_COMMON, Redundancy, redundancy
from loomline.families.state import Floats
from loomline.job import JobContext
from loomline.settings import load_settings
from spark_jobs.enterprise_inputs import read_inputs

TOO_CLOSE = 0.99


def _print_row(name: str, of: Sequence[int], values: Floats, found: Redundancy) -> None:
    places = np.array(of)
    has_data = found.has_data[places]
    missing = np.isnan(values[:, places]).mean()
    close = found.highest[places][has_data] > TOO_CLOSE
    share = f"{close.mean():.1%}" if len(close) else "-"
    print(f"| {name} | {len(places):,} | {has_data.sum():,} | {missing:.1%} | {share} |")


def _print_table(made: Sequence[Feature], values: Floats, found: Redundancy) -> None:
    print("| family | features | with data | values missing | of those with data, repeat another |")
    print("| --- | --- | --- | --- | --- |")
    families = dict.fromkeys(feature.family for feature in made)
    for family in families:
        of = [place for place, feature in enumerate(made) if feature.family == family]
        _print_row(family, of, values, found)
    _print_row("all", range(len(made)), values, found)


def _pairs(made: Sequence[Feature], found: Redundancy) -> list[tuple[float, str, str]]:
    """Each feature that repeats another with its closest one, closest first; a pair once."""
    pairs: dict[frozenset[str], tuple[float, str, str]] = {}
    for place in np.flatnonzero(found.highest > TOO_CLOSE):
        one, other = made[place].name, made[found.closest[place]].name
        pairs.setdefault(frozenset((one, other)), (float(found.highest[place]), one, other))
    return sorted(pairs.values(), key=lambda pair: (-pair[0], pair[1]))


def main(
    as_of: Annotated[datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="As-of date.")],
    shown: Annotated[int, typer.Option(help="How many of the closest pairs are printed.")] = 40,
    out: Annotated[Path | None, typer.Option(help="File for all pairs, tab-separated.")] = None,
) -> None:
    """Measure and print the tables."""
    settings = load_settings()
    ensure_engine(settings)
    made = features(load_families(settings.catalog))
    names = [feature.name for feature in made]
    inputs = read_inputs(JobContext(settings, as_of.date()), names)
    values = np.column_stack([inputs.values[name] for name in names])
    found = redundancy(values)
    _print_table(made, values, found)
    print(
        f"\n{len(values):,} enterprises as of {as_of:%Y-%m-%d}; a feature has data when at least "
        f"{LEAST_COMMON} have a value and not all the same.\nThe features with data span "
        f"{found.dimensions:.1f} dimensions (participation ratio).\n"
    )
    pairs = _pairs(made, found)
    print("| correlation | feature | closest feature |\n| --- | --- | --- |")
    for size, one, other in pairs[:shown]:
        print(f"| {size:.4f} | {one} | {other} |")
    if out is not None:
        lines = [f"{size:.6f}\t{one}\t{other}\n" for size, one, other in pairs]
        out.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
