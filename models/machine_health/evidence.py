"""What the report of a model of failures is made of."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.hazard import HazardModel
from models.hazard_report.evidence import Evidence, Naming
from models.hazard_training import Trained
from models.machine_health.declared import NAIVE, SIGNS
from models.machine_health.machine_dates import outcome_within
from models.machine_health.specification import Specification
from models.machine_health.training import TrainingPart
from models.validation_report.document import Words

NAMING = Naming(
    rows=Words("machine-dates", "设备日"),
    units=Words("owners of machines", "设备所有者"),
    event=Words("failures", "故障"),
)


def failure_evidence(
    part: TrainingPart,
    trained: Trained[HazardModel],
    scored: pd.DataFrame,
    specification: Specification,
) -> Evidence:
    """The training part with what its model said out of fold.

    `scored` is (machines, covariates) of the date.
    """
    within = [
        outcome_within(part.dates, horizon, part.known_by, specification)
        for horizon in range(specification.interval_count)
    ]
    return Evidence(
        naming=NAMING,
        values=part.dates.values,
        unit=part.dates.owner,
        as_of_date=part.dates.as_of_date,
        person=part.person,
        horizons=specification.horizons,
        counts=np.stack([counts for counts, _ in within], axis=1),
        outcome=np.stack([failed for _, failed in within], axis=1),
        trained=trained,
        signs=SIGNS,
        alone=NAIVE,
        scored=scored,
        bins=specification.calibration_bins,
        seed=specification.seed,
    )
