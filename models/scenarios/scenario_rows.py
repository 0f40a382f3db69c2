"""The rows of `scores.scenario_pd` for many firms at once, as one Arrow table."""

from __future__ import annotations

from datetime import date

import pyarrow as pa

from models.master_scale import MasterScale
from models.scenarios.conditional import asset_correlation, conditional_pd
from models.scenarios.declared import Scenarios
from models.scored_rows import grades


def scenario_rows(
    scores: pa.Table, declared: Scenarios, scale: MasterScale, as_of_date: date
) -> pa.Table:
    """A row of `scores.scenario_pd` for every scenario and firm, a scenario after the other.

    Args:
        scores: `enterprise_id` and `pd_ratio` (0 to 1) of the date, a row a firm.
        declared: The scenarios and the asset correlation.
        scale: The grades by probability of default.
        as_of_date: The date of the scores.

    Raises:
        ValueError: a probability is missing or outside 0 to 1.
    """
    pd_ratio = scores["pd_ratio"].to_numpy()
    correlation = asset_correlation(pd_ratio, declared.asset_correlation)
    count = scores.num_rows

    def rows_of(scenario: str, factor: float) -> pa.Table:
        of_scenario = conditional_pd(pd_ratio, correlation, factor)
        return pa.table(
            {
                "as_of_date": pa.repeat(pa.scalar(as_of_date), count),
                "enterprise_id": scores["enterprise_id"],
                "scenario": pa.repeat(pa.scalar(scenario), count),
                "systematic_factor": pa.repeat(pa.scalar(factor), count),
                "pd_ratio": scores["pd_ratio"],
                "scenario_pd_ratio": pa.array(of_scenario),
                "grade": grades(scale, of_scenario),
            }
        )

    return pa.concat_tables(rows_of(*each) for each in declared.systematic_factors().items())
