"""How bad each year was: the `year_scores` of catalog/scenarios.yml, from a file of FRED-MD.

Run from the repository: python bench/macro_years.py FILE. Lines can be put into the catalogue.
"""

from __future__ import annotations

from pathlib import Path

import typer

from loomline.settings import PROJECT_ROOT
from models.scenarios.declared import load_scenarios
from models.scenarios.fred_md import read_fred_md
from models.scenarios.macro import activity_index, normal_scores


def main(file: Path) -> None:
    """Print the normal score of every whole year, the oldest first, and its index as a comment."""
    signs = load_scenarios(PROJECT_ROOT / "catalog").index.signs
    index = activity_index(read_fred_md(file, signs), signs)
    for year, score in normal_scores(index).items():
        print(f"    {year}: {score:.4f}  # {index[year]:.2f}")


if __name__ == "__main__":
    typer.run(main)
