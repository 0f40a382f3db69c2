"""Early warning as the monitoring sees it: covariates of the date, and what became of warnings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from loomline.job import JobContext
from loomline.lake import in_condition, sql_literal
from models.early_warning.evidence import NAMING
from models.early_warning.firm_dates import firm_dates, outcome_within
from models.early_warning.inputs import NAMES, read_covariates, read_outcomes
from models.early_warning.specification import MODEL_NAME, Specification
from models.monitor.hazard import Covariates, Hazard, Outcomes

SPECIFICATION = Specification()
WARNINGS = Hazard(
    model_name=MODEL_NAME,
    table="scores.early_warning",
    entity="enterprise_id",
    horizons=SPECIFICATION.horizons,
    probabilities=tuple(f"pd_{days}_ratio" for days in SPECIFICATION.horizons),
    reporting_days=SPECIFICATION.reporting_days,
    alarm="is_alarm",
    naming=NAMING,
)


def _covariates(context: JobContext, rows: pd.DataFrame, names: Sequence[str]) -> Covariates:
    (version,) = (
        context.spark.table(WARNINGS.table)
        .where(f"as_of_date = {sql_literal(context.as_of_date)}")
        .select("families_version")
        .distinct()
        .collect()
    )
    families_version = str(version["families_version"])
    values = read_covariates(context, names, {families_version: [context.as_of_date]})
    ours = rows[["enterprise_id"]].merge(values, on="enterprise_id")
    listed = context.spark.table(NAMES).where(
        f"families_version = {sql_literal(families_version)} and {in_condition('feature', names)}"
    )
    described = {
        row["feature"]: (row["description_en"], row["description_zh"]) for row in listed.collect()
    }
    unit = ours.enterprise_id.to_numpy(dtype=object)
    return Covariates(ours[list(names)].astype(float), unit, described)


def warning_outcomes(
    past: pd.DataFrame, borrowers: pd.DataFrame, known_by: np.datetime64
) -> Outcomes:
    """What became of past rows by what was known by a day, by the protocol of the model.

    `past` has `as_of_date` and `enterprise_id`; `borrowers` is as `read_outcomes` gives it. A row
    of which no distress would be known, or that was in distress on its date, counts nowhere.
    """
    frame = past[["as_of_date", "enterprise_id"]].merge(borrowers, "left", "enterprise_id")
    # Chains say who is held out together in a training, and nothing here.
    dates = firm_dates(frame.assign(chain="", observed_until=known_by), ())
    found = [
        outcome_within(dates, days, known_by, SPECIFICATION) for days in SPECIFICATION.horizons
    ]
    return Outcomes(
        counts=np.stack([counts for counts, _ in found], axis=1),
        outcome=np.stack([distressed for _, distressed in found], axis=1),
        unit=dates.enterprise_id,
    )


def see_warnings(
    context: JobContext, rows: pd.DataFrame, past: pd.DataFrame, names: Sequence[str]
) -> tuple[Covariates | None, Outcomes]:
    """The covariates `names` of the rows of the date, and what became of past rows.

    Without names there are no covariates to see.
    """
    known_by = np.datetime64(context.as_of_date, "D")
    covariates = _covariates(context, rows, names) if names else None
    return covariates, warning_outcomes(past, read_outcomes(context), known_by)
