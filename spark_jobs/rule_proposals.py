"""Rows of `rules.rule_proposal`: rules that could go, and thresholds that stand out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from loomline.evidence.figures import Evidence
from loomline.evidence.history import Firings, History
from loomline.evidence.overlap import NO_RULE
from loomline.evidence.retiring import asked_enterprises, retirements
from loomline.evidence.searching import Threshold, standing_out
from loomline.evidence.vocabulary import ABOVE
from loomline.evidence.wording import Said, retirement_words, threshold_words
from loomline.job import JobContext
from loomline.lake import in_condition
from spark_jobs.enterprise_inputs import SCORE_COLUMNS, read_inputs
from spark_jobs.evidence_inputs import RuleVersion

PROPOSAL, NAMES = "rules.rule_proposal", "features.window_feature"
RETIRE, ADD, STANDS_OUT = "retire", "add", "stands_out"


def retire_rows(
    context: JobContext, versions: Sequence[RuleVersion], found: Evidence
) -> list[tuple[object, ...]]:
    """A proposal for each rule that holds on the as-of date and could go."""
    names, lifts = [one.rule for one in versions], found.lifts
    rows: list[tuple[object, ...]] = []
    stands = np.array([version.stands for version in versions])
    asked = asked_enterprises(found.hits, np.array([one.cannot_say_count for one in versions]))
    for one in retirements(found, names, stands, asked):
        at, version = one.rule, versions[one.rule]
        better = None if one.better_rule == NO_RULE else names[one.better_rule]
        said = retirement_words(
            one.reason,
            better or "",
            round(float(asked[at])),
            float(found.hits.hit_ratio[at]),
            version.is_regulation,
        )
        counts = (
            *(lifts.observed_count, lifts.observed_fired_count),
            *(lifts.observed_default_count, lifts.caught_count),
        )
        figures = (lifts.lift, lifts.lift_lower, lifts.lift_upper, lifts.p_value, found.q_value)
        rows.append(
            (
                *(context.as_of_date, RETIRE, version.rule, version.version, one.reason, better),
                lifts.reference_date[at].item(),
                *(int(part[at]) for part in counts),
                *(None if np.isnan(part[at]) else float(part[at]) for part in figures),
                *(said.en, said.zh),
            )
        )
    return rows


def _meanings(context: JobContext, names: Sequence[str]) -> dict[str, Said]:
    """What features say, by name."""
    rows = context.spark.table(NAMES).where(in_condition("feature", names))
    return {
        row["feature"]: Said(row["description_en"], row["description_zh"]) for row in rows.collect()
    }


def _thresholds(
    context: JobContext, history: History, firings: Firings
) -> tuple[list[Threshold], list[str], date]:
    """The thresholds that stand out, the names of the features, and the date looked at."""
    place = len(history.as_of_dates) - 1 - int(np.argmax(history.defaults.sum(axis=0)[::-1]))
    day = history.as_of_dates[place].item()
    if not history.defaults[:, place].any():
        return [], [], day
    inputs = read_inputs(JobContext(context.settings, day))
    names = [name for name in inputs.values if name not in SCORE_COLUMNS]
    place_of = {one: row for row, one in enumerate(inputs.enterprise_ids)}
    firms = np.flatnonzero(history.at_risk[:, place]).tolist()
    rows = [place_of[history.enterprise_ids[firm]] for firm in firms]
    values = np.stack([inputs.values[name][rows] for name in names], axis=1)
    fired = np.zeros((firings.rule_count, len(history.enterprise_ids)), dtype=bool)
    of_day = firings.date == place
    fired[firings.rule[of_day], firings.enterprise[of_day]] = True
    found = standing_out(
        [history.enterprise_ids[firm] for firm in firms],
        values,
        history.defaults[firms, place],
        fired[:, firms],
    )
    return found, names, day


def add_rows(context: JobContext, history: History, firings: Firings) -> list[tuple[object, ...]]:
    """A proposal for each threshold that stands out."""
    found, names, day = _thresholds(context, history, firings)
    meanings = _meanings(context, [names[one.feature] for one in found])
    rows: list[tuple[object, ...]] = []
    for one in found:
        name = names[one.feature]
        said = threshold_words(one, meanings[name])
        condition = f"{name} {'>' if one.direction == ABOVE else '<'} {one.value:g}"
        rows.append(
            (
                *(context.as_of_date, ADD, condition),
                *(None, STANDS_OUT, None, day, one.enterprise_count, one.fired_count),
                *(one.default_count, one.caught_count, one.lift, one.lift_lower),
                *(one.lift_upper, one.p_value, one.q_value, said.en, said.zh),
            )
        )
    return rows
