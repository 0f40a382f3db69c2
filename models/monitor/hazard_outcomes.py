"""What the outcomes that came true say of a hazard: level, rank order, alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from models.arrays import Floats
from models.metrics import Estimate
from models.monitor.areas import with_interval
from models.monitor.finding import Finding, Said, Watched, estimated, judged, unsaid
from models.monitor.hazard import Hazard
from models.monitor.hazard_maturing import CameTrue
from models.monitor.outcome_findings import AUC, JEFFREYS, place_of, squares_finding
from models.monitor.outcome_tests import (
    binomial_p_value,
    holm,
    jeffreys_interval,
    jeffreys_p_value,
)
from models.monitor.thresholds import Bounds, Simulation, Thresholds
from models.unit_figures import SAMPLES_AT_ONCE, Statistic, area_under_curve, mean_of

OBSERVED = "observed_event_ratio"
TRUE_ALARMS, ALARMED_EVENTS = "true_alarm_ratio", "alarmed_event_ratio"


def within(days: int) -> str:
    """A horizon as the subject of a finding."""
    return f"within_{days}_days"


def _head(hazard: Hazard, came: CameTrue) -> Said:
    closed, naming = came.closed, hazard.naming
    first, last, many = closed.dates[-1], closed.dates[0], len(closed.dates)
    on = f"{last}" if many == 1 else f"{many} dates from {first} to {last}"
    on_zh = f"{last}" if many == 1 else f"{first}至{last}的{many}个日期"
    return (
        f"Of {len(came.outcome):,} {naming.rows.english} of {came.unit_count:,} "
        f"{naming.units.english}, as of {on} by version {closed.model_version}, with a known end "
        f"of their {closed.days} days",
        f"版本{closed.model_version}在{on_zh}预测、{closed.days}天结果已知的{len(came.outcome)}个"
        f"{hazard.naming.rows.chinese}（{came.unit_count}个{naming.units.chinese}）中",
    )


def _observed(of: Watched, hazard: Hazard, came: CameTrue) -> Finding:
    rows, events = len(came.outcome), came.event_count
    lower, upper = jeffreys_interval(events, rows)
    mean, share = float(came.probability.mean()), events / rows
    place, place_zh = place_of(mean, lower, upper)
    head, naming = _head(hazard, came), hazard.naming
    said = (
        f"{head[0]}, {events:,} had {naming.event.english} within them, {share:.2%} ({lower:.2%} "
        f"to {upper:.2%}); {rows * mean:,.1f} were predicted, {mean:.2%}, {place} that interval.",
        f"{head[1]}，{events}个发生{naming.event.chinese}，占{share:.2%}（{lower:.2%}至{upper:.2%}）；"
        f"预测{rows * mean:.1f}个，占{mean:.2%}，在该区间{place_zh}。",
    )
    figure = Estimate(share, lower, upper)
    subject = within(came.closed.days)
    return estimated(of, OBSERVED, subject, figure, None, said, came.unit_count)


def _test(
    of: Watched, hazard: Hazard, came: CameTrue, p_value: float, tests: int, bounds: Bounds
) -> Finding:
    rows, events, days = len(came.outcome), came.event_count, came.closed.days
    mean = float(came.probability.mean())
    binomial = binomial_p_value(events, rows, mean)
    holm_en = f", adjusted by Holm for {tests} horizons" if tests > 1 else ""
    holm_zh = f"（按{tests}个期限以Holm法调整）" if tests > 1 else ""
    said = (
        f"Are the probabilities by {days} days too low? Of {rows:,} {hazard.naming.rows.english} "
        f"{events:,} had {hazard.naming.event.english} and {rows * mean:,.1f} were expected to: "
        f"p-value of the Jeffreys test {p_value:.4f}{holm_en}; of the exact binomial test "
        f"{binomial:.4f}.",
        f"{days}天概率是否偏低：{rows}个{hazard.naming.rows.chinese}中发生"
        f"{hazard.naming.event.chinese}{events}个，预期{rows * mean:.1f}个；"
        f"Jeffreys检验p值{p_value:.4f}{holm_zh}，精确二项检验p值{binomial:.4f}。",
    )
    return judged(of, JEFFREYS, within(days), p_value, bounds, said, came.unit_count)


def _sampled(statistic: Statistic, units: int, simulation: Simulation) -> Estimate:
    """A figure with the interval of samples of whole units; NaN without a value."""
    random, share = np.random.default_rng(simulation.seed), np.full(units, 1 / units)
    found = []
    for start in range(0, simulation.samples, SAMPLES_AT_ONCE):
        size = min(SAMPLES_AT_ONCE, simulation.samples - start)
        found.append(statistic(random.multinomial(units, share, size=size).astype(float)))
    return with_interval(float(statistic(np.ones((1, units)))[0]), np.concatenate(found))


def _discrimination(
    of: Watched,
    hazard: Hazard,
    came: CameTrue,
    validated_auc: float | None,
    thresholds: Thresholds,
) -> list[Finding]:
    outcome, said_ratio, days = came.outcome, came.probability, came.closed.days
    place, names = pd.factorize(came.unit)
    place, units, subject = place.astype(np.int64), len(names), within(days)
    head, event = _head(hazard, came), hazard.naming.event
    losses: Floats = (said_ratio - outcome) ** 2
    brier = _sampled(mean_of(losses, place, units), units, thresholds.simulation)
    squares = squares_finding(of, subject, head, brier, said_ratio, units)
    least = thresholds.discrimination.least_defaults
    if min(came.event_unit_count, len(outcome) - came.event_count) < least:
        why = (
            f"{head[0]}, those with {event.english} are of {came.event_unit_count:,} "
            f"{hazard.naming.units.english}: below {least} of them, or of other rows, no rank "
            "order is judged.",
            f"{head[1]}，发生{event.chinese}的仅涉及{came.event_unit_count}个"
            f"{hazard.naming.units.chinese}；发生或未发生的不足{least}个，不评判排序能力。",
        )
        return [unsaid(of, AUC, subject, why, units), squares]
    area = area_under_curve(outcome, said_ratio, place)
    auc = _sampled(area, units, thresholds.simulation)
    then = ("", "")
    bounds = None
    if validated_auc is not None:
        bounds = thresholds.discrimination.auc_drop.below(validated_auc)
        then = (
            f", {validated_auc:.3f} out of fold when it was validated",
            f"，验证时（样本外）为{validated_auc:.3f}",
        )
    auc_said = (
        f"{head[0]}: AUC {auc.value:.3f} ({auc.lower:.3f} to {auc.upper:.3f}){then[0]}.",
        f"{head[1]}，AUC为{auc.value:.3f}（{auc.lower:.3f}至{auc.upper:.3f}）{then[1]}。",
    )
    return [estimated(of, AUC, subject, auc, bounds, auc_said, units), squares]


def _share(of: Watched, measure: str, came: CameTrue, part: int, whole: int, head: Said) -> Finding:
    """A part of the whole with its interval; `head` is the beginning of the sentences."""
    lower, upper = jeffreys_interval(part, whole)
    figure = Estimate(part / whole, lower, upper)
    said = (
        f"{head[0]}, {figure.value:.1%} ({lower:.1%} to {upper:.1%}).",
        f"{head[1]}，占{figure.value:.1%}（{lower:.1%}至{upper:.1%}）。",
    )
    return estimated(of, measure, within(came.closed.days), figure, None, said, came.unit_count)


def _alarms(of: Watched, hazard: Hazard, came: CameTrue) -> list[Finding]:
    """Which share of alarms came true, and of the events how many had an alarm."""
    if came.is_alarm is None:
        return []
    subject, units = within(came.closed.days), came.unit_count
    head, event = _head(hazard, came), hazard.naming.event
    alarms, events = int(came.is_alarm.sum()), came.event_count
    both = int(came.outcome[came.is_alarm].sum())
    if alarms:
        followed = (
            f"{head[0]}, {alarms:,} were alarms; {both:,} of these were followed by "
            f"{event.english}",
            f"{head[1]}，{alarms}个发出预警，其中{both}个随后发生{event.chinese}",
        )
        true_alarms = _share(of, TRUE_ALARMS, came, both, alarms, followed)
    else:
        none = (f"{head[0]}, none was an alarm.", f"{head[1]}，没有预警。")
        true_alarms = unsaid(of, TRUE_ALARMS, subject, none, units)
    if events:
        warned = (
            f"{head[0]}, {events:,} had {event.english}; {both:,} of these had been an alarm",
            f"{head[1]}，{events}个发生{event.chinese}，其中{both}个事先有预警",
        )
        return [true_alarms, _share(of, ALARMED_EVENTS, came, both, events, warned)]
    none = (f"{head[0]}, none had {event.english}.", f"{head[1]}，没有发生{event.chinese}。")
    return [true_alarms, unsaid(of, ALARMED_EVENTS, subject, none, units)]


def hazard_outcome_findings(
    in_use: Watched,
    hazard: Hazard,
    came: Sequence[CameTrue],
    validated_auc: Mapping[tuple[str, int], float],
    thresholds: Thresholds,
) -> list[Finding]:
    """What came true by each horizon that has closed for anybody, and which has for nobody yet.

    A finding is of the version that had given the rows. `came` has at most one item a horizon;
    `validated_auc` is the area out of fold by version and days. The p-values are adjusted for how
    many horizons are looked at.
    """
    told = [one for one in came if len(one.outcome)]
    p_values = [
        jeffreys_p_value(one.event_count, len(one.outcome), float(one.probability.mean()))
        for one in told
    ]
    found = []
    for one, p_value in zip(told, holm(p_values), strict=True):
        of, days = Watched(one.closed.model_version, "champion"), one.closed.days
        area = validated_auc.get((one.closed.model_version, days))
        found.append(_observed(of, hazard, one))
        bounds = thresholds.calibration.jeffreys_p_value
        found.append(_test(of, hazard, one, p_value, len(told), bounds))
        found += _discrimination(of, hazard, one, area, thresholds)
        # An alarm is raised by the probability of the last horizon.
        found += _alarms(of, hazard, one) if days == hazard.horizons[-1] else []
    for days in hazard.horizons:
        if days not in {one.closed.days for one in told}:
            why = (
                f"No row is known to its end of {days} days and {hazard.reporting_days} of "
                "reporting yet: no outcome can be set against one.",
                f"尚无样本满{days}天及{hazard.reporting_days}天报告期，没有可对照的结果。",
            )
            found.append(unsaid(in_use, OBSERVED, within(days), why))
    return found
