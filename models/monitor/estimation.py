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
from models.metrics import Estimate, expected_area, expected_brier
from models.monitor.areas import Counts, counted, sampled, with_interval
from models.monitor.finding import PORTFOLIO, Finding, Said, Watched, estimated, unsaid
from models.monitor.thresholds import Bounds, Simulation

AUC, BRIER = "estimated_auc", "estimated_brier"


@dataclass(frozen=True)
class Expected:
    """What calibrated probabilities promise, with the central 95 % of what may come of it."""

    auc: Estimate
    brier: Estimate


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
    promised: float | None,
    now: Floats,
    simulation: Simulation,
    auc_drop: Bounds,
    within: Said = ("", ""),
    enterprises: int | None = None,
) -> list[Finding]:
    """What today's probabilities promise, against what those promised that it was trained on.

    `promised` is the expected area of the latter; None or NaN where there is nothing to compare
    with. `now` are the probabilities (rows,) of the as-of date, of `enterprises` where a row is not
    an enterprise. `within` says by when the event is to come. The Brier score is not judged: it
    rises with the share of events, however good the model is.
    """
    count = len(now) if enterprises is None else enterprises
    found = expected_figures(now, simulation)
    if found is None:
        said = (
            "No estimate before outcomes are known: there is nothing to rank.",
            "结果到期前无法估计：没有可供排序的对象。",
        )
        return [unsaid(of, name, PORTFOLIO, said, count) for name in (AUC, BRIER)]
    auc, brier = found.auc, found.brier
    bounds = None if promised is None or np.isnan(promised) else auc_drop.below(promised)
    then_en = "" if bounds is None else f", {promised:.3f} when it was trained"
    then_zh = "" if bounds is None else f"，训练时为{promised:.3f}"
    auc_said = (
        f"Until outcomes{within[0]} are known, an AUC of {auc.value:.3f} is to be expected "
        f"({auc.lower:.3f} to {auc.upper:.3f}){then_en}: estimated from the probabilities alone "
        "(confidence-based performance estimation), and true only if they are calibrated.",
        f"结果到期前{within[1]}，预期AUC为{auc.value:.3f}（{auc.lower:.3f}至{auc.upper:.3f}）{then_zh}："
        "仅由预测概率推算（基于置信度的性能估计，CBPE），前提是概率校准成立。",
    )
    brier_said = (
        f"Until outcomes{within[0]} are known, a Brier score of {brier.value:.4f} is to be "
        f"expected ({brier.lower:.4f} to {brier.upper:.4f}), if the probabilities are calibrated; "
        "not judged, because it moves with the share of events.",
        f"结果到期前{within[1]}，若概率校准成立，预期Brier分数为{brier.value:.4f}"
        f"（{brier.lower:.4f}至{brier.upper:.4f}）；该值随事件占比变动，不作评判。",
    )
    return [
        estimated(of, AUC, PORTFOLIO, auc, bounds, auc_said, count),
        estimated(of, BRIER, PORTFOLIO, brier, None, brier_said, count),
    ]
