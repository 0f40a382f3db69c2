"""Everything that the report of a hazard says, as plain data."""

from __future__ import annotations

from dataclasses import dataclass

from threadpoolctl import threadpool_limits

from models.hazard_report.evidence import Evidence, Naming
from models.hazard_report.inputs import (
    HazardData,
    Term,
    hazard_data,
    sensitivity,
    stability,
    terms,
)
from models.hazard_report.performance import AtHorizon, at_horizons
from models.validation_report.sensitivity import Sensitivity
from models.validation_report.stability import Shift


@dataclass(frozen=True)
class HazardFindings:
    """What was found out about a trained hazard, section by section.

    `setting` is the penalty that the folds chose, `log_loss` is out of fold, in nats.
    """

    naming: Naming
    setting: str
    log_loss: float
    data: HazardData
    terms: tuple[Term, ...]
    horizons: tuple[AtHorizon, ...]
    stability: tuple[Shift, ...]
    sensitivity: Sensitivity

    @property
    def figures(self) -> dict[str, float]:
        """Log loss, areas with the ends of their intervals and Brier scores, by name."""
        found = {"log_loss_out_of_fold": self.log_loss}
        for at in self.horizons:
            found[f"brier_{at.days}_out_of_fold"] = at.calibration.brier.value
            if at.ranking is not None:
                name, area = f"auc_{at.days}_out_of_fold", at.ranking.area
                found |= {
                    name: area.value,
                    f"{name}_lower": area.lower,
                    f"{name}_upper": area.upper,
                }
        return found


def hazard_findings(evidence: Evidence) -> HazardFindings:
    """Judge a hazard on its training rows out of fold, and on what is scored on that date.

    The same evidence gives the same findings to the last bit.
    """
    # On one thread sums add up in one order.
    with threadpool_limits(limits=1):
        return HazardFindings(
            naming=evidence.naming,
            setting=evidence.trained.setting,
            log_loss=evidence.trained.log_loss,
            data=hazard_data(evidence),
            terms=terms(evidence.trained.fitted, dict(evidence.signs)),
            horizons=at_horizons(evidence),
            stability=stability(evidence),
            sensitivity=sensitivity(evidence),
        )
