"""The challenger in the champion's shadow: both scored the same firms, and only one of them counts.

On the as-of date nothing says which is right, only how far they differ. What came true says more:
the difference of their Brier scores over firms that both had scored and whose outcome is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import norm, spearmanr

from models.arrays import Floats
from models.master_scale import MasterScale
from models.metrics import CONFIDENCE, Estimate
from models.monitor.finding import (
    PORTFOLIO,
    Finding,
    Watched,
    estimated,
    gravest,
    judged,
    unsaid,
)
from models.monitor.maturing import Matured
from models.monitor.thresholds import ShadowBounds

RANKS, MEANS, GRADES = "rank_correlation", "mean_pd_difference", "grade_difference_ratio"
BRIER, DECISION = "brier_difference", "decision"
Decision = Literal["keep", "look_at", "propose", "cannot_say"]


@dataclass(frozen=True)
class Comparison:
    """How far the challenger is from the champion on the same firms.

    `rank_correlation` is Spearman's, NaN where one of them gives all firms the same.
    `mean_difference` is that of the probabilities, challenger less champion. `grade_share` is the
    share of firms with another grade.
    """

    rank_correlation: float
    mean_difference: float
    grade_share: float
    firms: int


def compare(champion: Floats, challenger: Floats, scale: MasterScale) -> Comparison:
    """Compare probabilities of default of the same firms, (firms,) both, at least one."""
    # A correlation with a constant has no value, and SciPy warns of it.
    varies = np.ptp(champion) > 0 and np.ptp(challenger) > 0
    ranks = float(spearmanr(champion, challenger).statistic) if varies else float("nan")
    differs = scale.places(champion) != scale.places(challenger)
    return Comparison(
        ranks, float(np.mean(challenger - champion)), float(np.mean(differs)), len(champion)
    )


def brier_difference(outcome: Floats, champion: Floats, challenger: Floats) -> Estimate:
    """Brier score of the challenger less that of the champion, of at least two firms, (firms,).

    The interval is the normal one of a mean of paired differences, as of losses of forecasts
    (Diebold and Mariano, 1995); below 0 the challenger is better.
    """
    losses = (challenger - outcome) ** 2 - (champion - outcome) ** 2
    mean = float(losses.mean())
    half = float(norm.ppf(0.5 + CONFIDENCE / 2) * losses.std(ddof=1) / np.sqrt(len(losses)))
    return Estimate(mean, mean - half, mean + half)


def _today(of: Watched, found: Comparison, bounds: ShadowBounds) -> list[Finding]:
    """What differs on the as-of date."""
    firms = found.firms
    ranks_said = (
        f"Champion and challenger rank {firms:,} firms with a correlation of "
        f"{found.rank_correlation:.3f} (Spearman).",
        f"冠军与挑战者模型对{firms}家企业排序的相关系数为{found.rank_correlation:.3f}（Spearman）。",
    )
    means_said = (
        f"The challenger's mean probability of default is {100 * found.mean_difference:+.2f} "
        f"percentage points from the champion's, over {firms:,} firms.",
        f"{firms}家企业中，挑战者的平均违约概率与冠军相差"
        f"{100 * found.mean_difference:+.2f}个百分点。",
    )
    grades_said = (
        f"By the challenger {found.grade_share:.1%} of {firms:,} firms would have another grade.",
        f"按挑战者模型，{firms}家企业中{found.grade_share:.1%}的等级会不同。",
    )
    same = (
        "A model that gives all firms the same probability ranks none.",
        "模型给出的概率全部相同，无法比较排序。",
    )
    ranks = unsaid(of, RANKS, PORTFOLIO, same, firms)
    if not np.isnan(found.rank_correlation):
        ranks = judged(
            *(of, RANKS, PORTFOLIO, found.rank_correlation, bounds.rank_correlation),
            *(ranks_said, firms),
        )
    means_bounds = bounds.absolute_mean_difference
    means = Finding(
        of,
        MEANS,
        PORTFOLIO,
        means_bounds.level(abs(found.mean_difference)),
        means_said,
        firms,
        value=found.mean_difference,
        amber=means_bounds.amber,
        red=means_bounds.red,
    )
    grades = judged(
        of, GRADES, PORTFOLIO, found.grade_share, bounds.grade_share, grades_said, firms
    )
    return [ranks, means, grades]


def _came_true(
    of: Watched, champion: Matured | None, shadow: pd.DataFrame, bounds: ShadowBounds
) -> Finding:
    """What came true says of the two; `shadow` has enterprise_id and pd_ratio of that date."""
    why = (
        "No outcome is known of firms that the challenger had scored too.",
        "挑战者模型也评过分的企业中，尚无到期的结果。",
    )
    if champion is None:
        return unsaid(of, BRIER, PORTFOLIO, why)
    frame = pd.DataFrame(
        {
            "enterprise_id": champion.enterprise_ids,
            "champion": champion.pd_ratio,
            "outcome": champion.outcome,
        }
    ).merge(shadow, on="enterprise_id")
    # Without a default in sight the lower probabilities always win.
    if not 0 < frame.outcome.sum() < len(frame):
        return unsaid(of, BRIER, PORTFOLIO, why, len(frame))
    found = brier_difference(
        frame.outcome.to_numpy(dtype=float),
        frame.champion.to_numpy(dtype=float),
        frame.pd_ratio.to_numpy(dtype=float),
    )
    day = champion.scored.as_of_date
    said = (
        f"Over {len(frame):,} firms that both had scored as of {day}, the challenger's Brier score "
        f"was {found.value:+.4f} from the champion's ({found.lower:+.4f} to {found.upper:+.4f}); "
        "less is better.",
        f"{day}两个模型均评分的{len(frame)}家企业中，挑战者的Brier分数与冠军相差"
        f"{found.value:+.4f}（{found.lower:+.4f}至{found.upper:+.4f}），越小越好。",
    )
    return estimated(of, BRIER, PORTFOLIO, found, bounds.brier_difference, said, len(frame))


SAYS: dict[Decision, tuple[str, str]] = {
    "keep": (
        "Keep the champion: the challenger says nearly the same, and no outcome speaks for it.",
        "保留冠军模型：挑战者结论相近，且没有到期结果支持更换。",
    ),
    "look_at": (
        "Look at where the two differ: they do not say the same, and no outcome tells that the "
        "challenger is right.",
        "请查看两个模型的差异：结论不一致，且没有到期结果说明挑战者更准确。",
    ),
    "propose": (
        "A review of the challenger is proposed: on what came true it was better than the champion "
        "beyond chance. Only a person promotes a model.",
        "建议评审挑战者模型：在已到期的结果上优于冠军，且非偶然。模型只能由人批准上线。",
    ),
    "cannot_say": (
        "No decision: the challenger has not scored this date.",
        "无法决定：挑战者模型未对该日评分。",
    ),
}


def decide(today: Sequence[Finding], came_true: Finding) -> Decision:
    """Propose what was better on outcomes; look at what differs; else keep the champion."""
    if came_true.is_alert:
        return "propose"
    return "look_at" if any(one.is_alert for one in today) else "keep"


def _decision(of: Watched, findings: list[Finding], decision: Decision, firms: int) -> Finding:
    grounds = [one for one in findings if one.is_alert]
    level = gravest([one.level for one in grounds]) if grounds else "green"
    english, chinese = SAYS[decision]
    said = (
        " ".join([english, *(one.said[0] for one in grounds)]),
        "".join([chinese, *(one.said[1] for one in grounds)]),
    )
    return Finding(of, DECISION, decision, level, said, firms)


def shadow_findings(
    of: Watched,
    scores: pd.DataFrame,
    shadow: pd.DataFrame,
    champion: Matured | None,
    shadow_then: pd.DataFrame,
    scale: MasterScale,
    bounds: ShadowBounds,
) -> list[Finding]:
    """The comparison and what to do about it.

    `scores` and `shadow` have enterprise_id and pd_ratio of the as-of date, `champion` are the
    champion's scores whose outcomes came true and `shadow_then` the challenger's of that date.
    """
    both = scores.merge(shadow, on="enterprise_id", suffixes=("", "_shadow"))
    if both.empty:
        return [unsaid(of, DECISION, "cannot_say", SAYS["cannot_say"])]
    found = compare(
        both.pd_ratio.to_numpy(dtype=float), both.pd_ratio_shadow.to_numpy(dtype=float), scale
    )
    today = _today(of, found, bounds)
    came_true = _came_true(of, champion, shadow_then, bounds)
    findings = [*today, came_true]
    return [*findings, _decision(of, findings, decide(today, came_true), found.firms)]
