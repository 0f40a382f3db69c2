"""How Altman's Z'' of simulated statements ranks firms by what became of them afterwards.

Reads the statements and the truth of simulated ecosystems; no engine is needed. Run from the
repository:

    python bench/financial_distress.py 2020-01-15 ECOSYSTEM [ECOSYSTEM ...]

Firms that had failed or were in default by the date are left out, of defaults also those without a
loan. Files count from the day after the one in their name, as their contract says. Intervals are
95 %: percentiles of 2,000 bootstrap samples within the firms of either outcome.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from loomline.contracts.catalogue import load_contracts
from loomline.settings import load_settings
from models.financial_distress.distress_rows import distress_rows
from models.financial_distress.statement import EARLIER, LEAST_MONTHS, LINES, OPERATING, YEAR_MONTHS
from models.metrics import area_under_curve, bootstrap_weights, estimate

SOURCE, SAMPLES, SEED = "financial_statements", 2_000, 1
ENTERPRISE, PERIOD_END = "enterprise_code", "period_end_date"
ZONES = ("distress", "grey", "safe")


def _filed(ecosystem: Path, as_of: date) -> pd.DataFrame:
    """Every statement that was known by the end of a date: its lines as columns."""
    codes = load_contracts(load_settings().catalog)[SOURCE].columns["line_name"].codes
    assert codes is not None
    paths = sorted((ecosystem / "files" / "statements").glob("*.csv"))
    known = [path for path in paths if path.stem[-8:] < f"{as_of:%Y%m%d}"]
    lines = pd.concat([pd.read_csv(path, dtype={0: str}) for path in known])
    lines.columns = pd.Index([ENTERPRISE, PERIOD_END, "line_name", "amount_cny"])
    lines["line_name"] = lines.line_name.map(codes)
    lines[PERIOD_END] = pd.to_datetime(lines[PERIOD_END], format="%Y/%m/%d")
    wide = lines.pivot(index=[ENTERPRISE, PERIOD_END], columns="line_name", values="amount_cny")
    return wide.reindex(columns=list(LINES)).reset_index()


def _newest(filed: pd.DataFrame) -> pd.DataFrame:
    """The newest statement of each firm and what it is set against, as the job's query has it."""
    newest = filed.sort_values(PERIOD_END).drop_duplicates(ENTERPRISE, keep="last")
    before = filed[[ENTERPRISE, PERIOD_END, *OPERATING]].dropna()
    before = before.rename(columns=dict(zip(OPERATING, EARLIER, strict=True)))
    pairs = newest[[ENTERPRISE, PERIOD_END]].merge(before, on=ENTERPRISE, suffixes=("", "_earlier"))
    ends = [pairs[name].dt for name in (PERIOD_END, f"{PERIOD_END}_earlier")]
    pairs["earlier_months"] = (ends[0].year - ends[1].year) * 12 + ends[0].month - ends[1].month
    pairs = pairs[pairs.earlier_months.between(LEAST_MONTHS, YEAR_MONTHS)]
    pairs = pairs.sort_values("earlier_months").drop_duplicates(ENTERPRISE, keep="last")
    found = newest.merge(pairs.drop(columns=PERIOD_END), on=ENTERPRISE, how="left")
    return found.assign(code_system="statements", enterprise_id=None)


def _row(name: str, scored: pd.DataFrame, day: pd.Series[pd.Timestamp]) -> str:
    """A row of the table: firms, AUC, and the zones of those with a day and of the others."""
    has_day = day.notna().to_numpy()
    outcome, predicted = has_day.astype(float), -scored.z_score.to_numpy(dtype=float)
    weights = bootstrap_weights(outcome, SAMPLES, SEED)
    area = estimate(area_under_curve, outcome, predicted[np.newaxis], weights)
    counts = [
        " / ".join(str(int((scored.zone[members] == zone).sum())) for zone in ZONES)
        for members in (has_day, ~has_day)
    ]
    shown = f"{area.value:.3f} [{area.lower:.3f}, {area.upper:.3f}]"
    return f"| {name} | {int(outcome.sum())} of {len(outcome)} | {shown} | {' | '.join(counts)} |"


def main(
    as_of: Annotated[str, typer.Argument(help="The as-of date.")], ecosystems: list[Path]
) -> None:
    """Print a table of the ecosystems: defaults and failures after the date."""
    day = date.fromisoformat(as_of)
    print("| ecosystem | firms | AUC | zones of those | zones of the others |")
    print("| --- | --- | --- | --- | --- |")
    for ecosystem in ecosystems:
        truth = {
            name: pd.read_parquet(ecosystem / "truth" / f"{name}.parquet")
            for name in ("enterprises", "defaults", "failures")
        }
        rows = distress_rows(_newest(_filed(ecosystem, day)), day).to_pandas()
        rows = rows.drop(columns="enterprise_id").merge(
            truth["enterprises"], left_on=ENTERPRISE, right_on="credit_code"
        )
        for what, column in (("defaults", "default_date"), ("failures", "failure_date")):
            days = truth[what].set_index("enterprise_id")[column]
            when = pd.to_datetime(rows.enterprise_id.map(days))
            counts = rows.z_score.notna() & ~(when <= pd.Timestamp(day))
            if what == "defaults":
                counts &= rows.has_loan.astype(bool)
            print(_row(f"{ecosystem.parent.name}, {what}", rows[counts], when[counts]))


if __name__ == "__main__":
    typer.run(main)
