"""Whether what a hazard looks at today is like what it was trained on."""

from __future__ import annotations

from loomline.population_stability import bin_counts
from models.arrays import Floats
from models.hazard_report.reference import Binned, Reference
from models.monitor.drift import PSI, SCORE, no_drift_findings, stability, stability_finding
from models.monitor.finding import Finding, Said, Watched, unsaid
from models.monitor.hazard import Covariates, Hazard
from models.monitor.thresholds import DriftBounds

NOT_KEPT = (
    "This version was registered without the distribution of its training rows, so that no drift "
    "can be told.",
    "该版本登记时未保存训练样本的分布，无法判断漂移。",
)
NOT_FOUND = (
    "No covariates of the rows of this date are found, so that no drift of them can be told.",
    "找不到当日样本的协变量，无法判断其漂移。",
)
NOT_COMPUTED = (
    "This covariate of the version is not computed any more, so that no drift of it can be told.",
    "该版本的这一协变量已不再计算，无法判断其漂移。",
)


def _one(
    of: Watched,
    subject: str,
    name: Said,
    before: Binned,
    now: Floats,
    units: tuple[int, int],
    hazard: Hazard,
    bounds: DriftBounds,
) -> Finding:
    counts = bin_counts(now, before.bounds)
    rows, naming = int(before.counts.sum()), hazard.naming
    told = (
        f"{rows:,} {naming.rows.english} of {units[0]:,} {naming.units.english} in training, "
        f"{len(now):,} of {units[1]:,} now",
        f"训练{rows}个{naming.rows.chinese}（{units[0]}个{naming.units.chinese}），"
        f"现在{len(now)}个（{units[1]}个）",
    )
    found = stability(before.counts, counts, bounds.chance_level, units)
    return stability_finding(of, subject, name, found, bounds, told, units[1])


def hazard_drift_findings(
    of: Watched,
    hazard: Hazard,
    reference: Reference | None,
    probability: Floats,
    covariates: Covariates | None,
    bounds: DriftBounds,
) -> list[Finding]:
    """The drift of the probability by the last horizon, and of every covariate of the version.

    `probability` (rows,) and the covariates are of the as-of date. What chance alone does is said
    as if the rows of a unit, in training or now, told no more than one row. `reference` is None of
    a version that kept none, and then there need be no covariates.
    """
    if reference is None or covariates is None:
        return [unsaid(of, PSI, SCORE, NOT_KEPT)]
    values = covariates.values
    if values.empty:
        return no_drift_findings(of, reference.covariates, NOT_FOUND)
    units = (reference.unit_count, covariates.unit_count)
    last = hazard.horizons[-1]
    name = (f"the probability by {last} days", f"{last}天内的概率")
    found = [_one(of, SCORE, name, reference.of[SCORE], probability, units, hazard, bounds)]
    for subject in reference.covariates:
        if subject not in values:
            found.append(unsaid(of, PSI, subject, NOT_COMPUTED))
            continue
        english, chinese = covariates.described[subject]
        now, name = values[subject].to_numpy(dtype=float), (f"'{english}'", f"“{chinese}”")
        found.append(_one(of, subject, name, reference.of[subject], now, units, hazard, bounds))
    return found
