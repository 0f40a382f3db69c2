"""What the outcomes that came true say of the model that had scored the firms."""

from __future__ import annotations

import numpy as np

from models.arrays import Floats
from models.master_scale import MasterScale
from models.metrics import Estimate, expected_brier
from models.monitor.finding import PORTFOLIO, Finding, Said, Watched, estimated, judged, unsaid
from models.monitor.maturing import Matured
from models.monitor.outcome_tests import (
    binomial_p_value,
    holm,
    jeffreys_interval,
    jeffreys_p_value,
    observed_figures,
)
from models.monitor.thresholds import Bounds, Thresholds
from models.outcome_window import window_after

JEFFREYS, OBSERVED = "jeffreys_p_value", "observed_default_ratio"
AUC, BRIER = "matured_auc", "matured_brier"


def not_matured(of: Watched, why: tuple[str, str]) -> list[Finding]:
    """That no outcome can be set against a score yet, and why."""
    return [unsaid(of, OBSERVED, PORTFOLIO, why)]


def place_of(mean: float, lower: float, upper: float) -> Said:
    """Where a mean lies by an interval, in words."""
    if lower <= mean <= upper:
        return "within", "之内"
    return ("above", "之上") if mean > upper else ("below", "之下")


def squares_finding(
    of: Watched, subject: str, head: Said, brier: Estimate, probability: Floats, count: int
) -> Finding:
    """The Brier score of probabilities whose outcome is known, beside what they promise.

    `head` is the beginning of the sentences, and says of what rows; `count` is of firms or units.
    """
    promised = expected_brier(probability)
    said = (
        f"{head[0]}: Brier score {brier.value:.4f} ({brier.lower:.4f} to {brier.upper:.4f}); "
        f"calibrated probabilities would have {promised:.4f} on average.",
        f"{head[1]}，Brier分数为{brier.value:.4f}（{brier.lower:.4f}至{brier.upper:.4f}）；"
        f"若概率校准成立，平均应为{promised:.4f}。",
    )
    return estimated(of, BRIER, subject, brier, None, said, count)


def _scored(found: Matured) -> tuple[str, str]:
    day, end = found.scored.as_of_date, window_after(found.scored.as_of_date).ends
    version = found.scored.model_version
    return (
        f"Of {len(found.outcome):,} firms scored as of {day} by version {version} and known until "
        f"{end}",
        f"版本{version}于{day}评分、截至{end}结果已知的{len(found.outcome)}家企业中",
    )


def _observed(of: Watched, found: Matured) -> Finding:
    firms, defaults = len(found.outcome), found.default_count
    lower, upper = jeffreys_interval(defaults, firms)
    expected = float(found.pd_ratio.sum())
    mean = expected / firms
    share = defaults / firms
    place, place_zh = place_of(mean, lower, upper)
    head_en, head_zh = _scored(found)
    said = (
        f"{head_en}, {defaults:,} defaulted, {share:.2%} ({lower:.2%} to {upper:.2%}); the scores "
        f"said {expected:,.1f}, {mean:.2%}, {place} that interval.",
        f"{head_zh}，{defaults}家违约，占{share:.2%}（{lower:.2%}至{upper:.2%}）；"
        f"评分预期{expected:.1f}家，占{mean:.2%}，在该区间{place_zh}。",
    )
    return estimated(of, OBSERVED, PORTFOLIO, Estimate(share, lower, upper), None, said, firms)


def _calibration(of: Watched, found: Matured, scale: MasterScale, bounds: Bounds) -> list[Finding]:
    """The tests of all firms, and of each grade that has any."""
    numbers = scale.places(found.pd_ratio)
    groups = [
        (grade.grade, numbers == number)
        for number, grade in enumerate(scale.grades)
        if (numbers == number).any()
    ]
    everybody = (PORTFOLIO, np.ones(len(numbers), dtype=bool))
    tested = []
    for subject, members in (everybody, *groups):
        firms, defaults = int(members.sum()), int(found.outcome[members].sum())
        mean = float(found.pd_ratio[members].mean())
        tested.append((subject, firms, defaults, mean, jeffreys_p_value(defaults, firms, mean)))
    adjusted = [tested[0][-1], *holm([one[-1] for one in tested[1:]])]
    return [
        _test(of, subject, firms, defaults, mean, p_value, bounds)
        for (subject, firms, defaults, mean, _), p_value in zip(tested, adjusted, strict=True)
    ]


def _test(
    of: Watched,
    subject: str,
    firms: int,
    defaults: int,
    mean: float,
    p_value: float,
    bounds: Bounds,
) -> Finding:
    is_all = subject == PORTFOLIO
    who = ("all firms", "全部企业") if is_all else (f"grade {subject}", f"{subject}级")
    binomial = binomial_p_value(defaults, firms, mean)
    holm_en = "" if is_all else ", adjusted by Holm for the number of grades"
    holm_zh = "" if is_all else "（按等级数量以Holm法调整）"
    said = (
        f"Are the probabilities of {who[0]} too low? Of {firms:,} firms {defaults:,} defaulted and "
        f"{firms * mean:,.1f} were expected to: p-value of the Jeffreys test {p_value:.4f}"
        f"{holm_en}; of the exact binomial test {binomial:.4f}.",
        f"{who[1]}的违约概率是否偏低：{firms}家中违约{defaults}家，预期{firms * mean:.1f}家；"
        f"Jeffreys检验p值{p_value:.4f}{holm_zh}，精确二项检验p值{binomial:.4f}。",
    )
    return judged(of, JEFFREYS, subject, p_value, bounds, said, firms)


def _discrimination(
    of: Watched, found: Matured, validated_auc: float | None, thresholds: Thresholds
) -> list[Finding]:
    firms, defaults = len(found.outcome), found.default_count
    auc, brier = observed_figures(found.outcome, found.pd_ratio, thresholds.simulation)
    head_en, head_zh = _scored(found)
    squares = squares_finding(of, PORTFOLIO, (head_en, head_zh), brier, found.pd_ratio, firms)
    if auc is None:
        why = (
            f"{head_en}, {defaults:,} defaulted: no rank order can be judged.",
            f"{head_zh}，{defaults}家违约，无法评判排序能力。",
        )
        return [unsaid(of, AUC, PORTFOLIO, why, firms), squares]
    least = thresholds.discrimination.least_defaults
    is_enough = min(defaults, firms - defaults) >= least
    said_en = f"{head_en}: AUC {auc.value:.3f} ({auc.lower:.3f} to {auc.upper:.3f})"
    said_zh = f"{head_zh}，AUC为{auc.value:.3f}（{auc.lower:.3f}至{auc.upper:.3f}）"
    if validated_auc is not None:
        said_en += f", {validated_auc:.3f} when it was validated"
        said_zh += f"，验证时为{validated_auc:.3f}"
    if not is_enough:
        said_en += f"; not judged, because fewer than {least} defaulted or fewer did not"
        said_zh += f"；违约或未违约企业不足{least}家，不作评判"
    drop = thresholds.discrimination.auc_drop
    bounds = drop.below(validated_auc) if is_enough and validated_auc is not None else None
    said = (f"{said_en}.", f"{said_zh}。")
    return [estimated(of, AUC, PORTFOLIO, auc, bounds, said, firms), squares]


def outcome_findings(
    found: Matured, scale: MasterScale, validated_auc: float | None, thresholds: Thresholds
) -> list[Finding]:
    """Expected against observed defaults, calibration, rank order and Brier score.

    `validated_auc` is that of the version's own validation; None where it isn't known.
    """
    of = Watched(found.scored.model_version, "champion")
    if not len(found.outcome):
        return not_matured(
            of,
            (
                f"Of no firm scored as of {found.scored.as_of_date} the lake would know a default.",
                f"{found.scored.as_of_date}评分的企业中，没有一家的违约情况可知。",
            ),
        )
    return [
        _observed(of, found),
        *_calibration(of, found, scale, thresholds.calibration.jeffreys_p_value),
        *_discrimination(of, found, validated_auc, thresholds),
    ]
