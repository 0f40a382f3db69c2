"""How good a model is expected to be while no outcome is known yet.

Confidence-based performance estimation, as NannyML's documentation describes it ("Estimation of
Performance of the Monitored Model", 2023): if of firms with a probability p a share of p does
default, then the probabilities alone say how the model will be found to have ranked. That is the
assumption: a model that is out of calibration, or whose features mean something else by now, looks
as good as ever here, and only a change of the portfolio is seen. For the same reason it is no way
to compare two models: the more confident one would win.

NannyML itself is not used. It would bring 30 packages that nothing else here needs (LightGBM,
XGBoost, clients of two clouds, a sender of usage statistics), and it fits a calibration of its own
to a period whose outcomes are known, which a young model does not have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.arrays import Floats
from models.metrics import Estimate
from models.monitor.areas import Counts, counted, sampled, with_interval
from models.monitor.finding import PORTFOLIO, Finding, Watched, estimated, unsaid
from models.monitor.thresholds import Bounds, Simulation

AUC, BRIER = "estimated_auc", "estimated_brier"


@dataclass(frozen=True)
class Expected:
    """What calibrated probabilities promise, with the central 95 % of what may come of it."""

    auc: Estimate
    brier: Estimate


def expected_area(pd_ratio: Floats) -> float:
    """The expected area under the ROC curve of calibrated probabilities (firms,).

    Over pairs of different firms i and j the expected number of pairs of a bad and a good firm is
    the sum of p_i (1 - p_j), and those in the right order are the ones with p_i > p_j, half of
    those with equal ones. The area is taken as the one by the other. NaN where no such pair can
    come about.
    """
    levels, place = np.unique(pd_ratio, return_inverse=True)
    bad = np.bincount(place, weights=pd_ratio, minlength=len(levels))
    good = np.bincount(place, weights=1 - pd_ratio, minlength=len(levels))
    # A firm is no pair with itself.
    alone = float(np.sum(bad * (1 - levels)))
    right = float(bad @ (np.cumsum(good) - good / 2)) - alone / 2
    pairs = float(bad.sum() * good.sum()) - alone
    return right / pairs if pairs > 1e-12 else float("nan")


def expected_brier(pd_ratio: Floats) -> float:
    """The expected Brier score of calibrated probabilities (firms,): the mean of p (1 - p)."""
    return float(np.mean(pd_ratio * (1 - pd_ratio)))


def expected_figures(pd_ratio: Floats, simulation: Simulation) -> Expected | None:
    """Both figures, with the range of outcomes drawn from the probabilities; None without pairs."""
    area = expected_area(pd_ratio)
    if np.isnan(area):
        return None
    firms = counted(pd_ratio)

    def draw(generator: np.random.Generator, samples: int) -> tuple[Counts, Counts]:
        bad = generator.binomial(firms.firms, firms.pd_ratio, size=(samples, len(firms.firms)))
        return bad, firms.firms - bad

    areas, squares = sampled(firms.pd_ratio, draw, simulation.samples, simulation.seed)
    if np.isnan(areas).all():
        return None
    return Expected(with_interval(area, areas), with_interval(expected_brier(pd_ratio), squares))


def estimate_findings(
    of: Watched,
    before: Floats | None,
    now: Floats,
    simulation: Simulation,
    auc_drop: Bounds,
) -> list[Finding]:
    """What today's probabilities promise, against those of the training date.

    `before` and `now` are probabilities of default (firms,) of all enterprises on the training date
    and on the as-of date; None where there is no other date to compare with. The Brier score is
    not judged: it rises with the share of defaults, however good the model is.
    """
    found = expected_figures(now, simulation)
    if found is None:
        said = (
            "No estimate before outcomes are known: there are no two firms to rank.",
            "结果到期前无法估计：没有可供排序的两家企业。",
        )
        return [unsaid(of, name, PORTFOLIO, said, len(now)) for name in (AUC, BRIER)]
    auc, brier = found.auc, found.brier
    promised = float("nan") if before is None else expected_area(before)
    bounds = None if np.isnan(promised) else auc_drop.below(promised)
    then_en = "" if bounds is None else f", {promised:.3f} on the training date"
    then_zh = "" if bounds is None else f"，训练日为{promised:.3f}"
    auc_said = (
        f"Until outcomes are known, an AUC of {auc.value:.3f} is to be expected "
        f"({auc.lower:.3f} to {auc.upper:.3f}){then_en}: estimated from the probabilities alone "
        "(confidence-based performance estimation), and true only if they are calibrated.",
        f"结果到期前，预期AUC为{auc.value:.3f}（{auc.lower:.3f}至{auc.upper:.3f}）{then_zh}："
        "仅由违约概率推算（基于置信度的性能估计，CBPE），前提是概率校准成立。",
    )
    brier_said = (
        f"Until outcomes are known, a Brier score of {brier.value:.4f} is to be expected "
        f"({brier.lower:.4f} to {brier.upper:.4f}), if the probabilities are calibrated; not "
        "judged, because it moves with the share of defaults.",
        f"结果到期前，若概率校准成立，预期Brier分数为{brier.value:.4f}"
        f"（{brier.lower:.4f}至{brier.upper:.4f}）；该值随违约占比变动，不作评判。",
    )
    return [
        estimated(of, AUC, PORTFOLIO, auc, bounds, auc_said, len(now)),
        estimated(of, BRIER, PORTFOLIO, brier, None, brier_said, len(now)),
    ]
