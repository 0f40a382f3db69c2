"""What the report of a warning model is made of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from models.early_warning.firm_dates import outcome_within
from models.early_warning.specification import Specification
from models.early_warning.training import TrainingPart
from models.hazard import HazardModel
from models.hazard_report.evidence import Evidence, Naming
from models.hazard_training import Trained
from models.validation_report.document import Words

NAMING = Naming(
    rows=Words("firm-dates", "企业日"),
    units=Words("enterprises", "企业"),
    event=Words("distress", "陷入困境"),
)
# What the bank that lent sees without any model; docs/early-warning.md says what it gives away.
ALONE = ("days_past_due_largest_day_30d",)


def warning_evidence(
    part: TrainingPart,
    trained: Trained[HazardModel],
    signs: Mapping[str, int],
    scored: pd.DataFrame,
    specification: Specification,
) -> Evidence:
    """The training part with what its model said out of fold.

    `signs` are the declared ones, by covariate; `scored` is (enterprises, covariates) of the date.
    """
    within = [
        outcome_within(part.dates, days, part.known_by, specification)
        for days in specification.horizons
    ]
    return Evidence(
        naming=NAMING,
        values=part.dates.values,
        unit=part.dates.enterprise_id,
        as_of_date=part.dates.as_of_date,
        person=part.person,
        horizons=specification.horizons,
        counts=np.stack([counts for counts, _ in within], axis=1),
        outcome=np.stack([distressed for _, distressed in within], axis=1),
        trained=trained,
        signs=signs,
        alone=ALONE,
        scored=scored,
        bins=specification.calibration_bins,
        seed=specification.seed,
    )
