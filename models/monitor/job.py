"""Watch over the models that gave results for a date: drift, outcomes, estimates, the challenger.

Reads features, scores, the challenger's shadow scores, the figures of the validation, outcomes as
known by the end of the as-of date, and the record of approvals; of the hazards what they read, and
their rows. Writes `scores.model_monitoring`.

What is amber or red is an alert. What is proposed waits for a person: nothing here trains, promotes
or withdraws a model.

The default model may not state over which time its probability holds (docs/models.md); outcomes
are counted over twelve months, the horizon of the Basel framework.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from loomline.errors import LoomlineError
from loomline.job import JobContext, JobResult
from loomline.lake import (
    create_tables,
    replace_rows,
    rows_frame,
    sql_literal,
    tables_of,
)
from models.arrays import Floats
from models.governance.approvals import open_desk, past_traces, verify
from models.inventory import declared_model
from models.master_scale import load_master_scale
from models.metrics import expected_area
from models.monitor.drift import drift_findings, no_drift_findings
from models.monitor.estimation import estimate_findings
from models.monitor.finding import Finding, Watched, alerts, unsaid
from models.monitor.hazard_watch import watch_hazards
from models.monitor.inputs import (
    METRICS,
    SCORES,
    SHADOW,
    read_card_features,
    read_outcomes,
    read_scored_dates,
    read_scores,
    read_scores_of,
    read_shadow,
    read_validated_areas,
)
from models.monitor.maturing import Matured, matured, newest_matured
from models.monitor.outcome_findings import not_matured, outcome_findings
from models.monitor.proposals import PROPOSAL, proposals
from models.monitor.record_check import RECORD, record_finding
from models.monitor.shadow import DECISION, SAYS, shadow_findings
from models.monitor.thresholds import LEVELS, Thresholds, load_thresholds
from models.monitor.validation_age import validation_finding
from models.registry import RegisteredScorecard, open_registry, read_scorecard, scorecards
from models.scorecard import Scorecard
from models.specification import MODEL_NAME

MONITORING = "scores.model_monitoring"


@dataclass(frozen=True, eq=False)
class InUse:
    """The model that scored the as-of date, and its scores."""

    of: Watched
    champion: RegisteredScorecard
    card: Scorecard
    feature_version: str
    scores: pd.DataFrame


def _in_use(context: JobContext) -> InUse | None:
    """The model of the date's scores; None where the date has none.

    Raises:
        LoomlineError: the registry doesn't know the version that scored.
    """
    scores = read_scores(context)
    if scores.empty:
        return None
    version, feature_version = scores.model_version.iloc[0], scores.feature_version.iloc[0]
    client = open_registry(context.settings)
    found = {one.version: one for one in scorecards(client, feature_version)}
    if version not in found:
        raise LoomlineError(
            f"{context.as_of_date} was scored by version {version} of {MODEL_NAME}, which is not "
            "in the model registry.",
            f"Run `loomline run score --date {context.as_of_date}` again.",
        )
    champion = found[version]
    card = read_scorecard(client, champion)
    return InUse(Watched(version, "champion"), champion, card, feature_version, scores)


def _drift(
    context: JobContext, in_use: InUse, thresholds: Thresholds
) -> tuple[list[Finding], Floats | None]:
    """The drift, and the probabilities of the training date; None where there is nothing to say."""
    trained, today = in_use.champion.trained_as_of, context.as_of_date
    if trained == today:
        said = (
            f"Trained as of {today} itself: there is no later date to compare with yet.",
            f"模型即以{today}为截止日训练，尚无更晚的日期可比较。",
        )
        return no_drift_findings(in_use.of, in_use.card.feature_names, said), None
    wanted = in_use.card.feature_names
    features = read_card_features(context, in_use.feature_version, wanted, (trained, today))
    before, now = features.of(trained), features.of(today)
    for day, values in ((trained, before), (today, now)):
        if values.empty:
            said = (
                f"There are no features of version {in_use.feature_version} as of {day}.",
                f"没有{day}的版本为{in_use.feature_version}的特征。",
            )
            return no_drift_findings(in_use.of, in_use.card.feature_names, said), None
    found = drift_findings(
        *(in_use.of, in_use.card, before, now, features.described, thresholds.drift)
    )
    return found, in_use.card.probability(in_use.card.score(before))


def _matured(context: JobContext, in_use: InUse) -> Matured | None:
    """The newest scores whose outcomes came true; None where there are none."""
    dates = read_scored_dates(context)
    newest = newest_matured(dates, in_use.of.model_version, context.as_of_date)
    if newest is None:
        return None
    return matured(newest, read_scores_of(context, newest), read_outcomes(context))


def _outcomes(
    context: JobContext,
    in_use: InUse,
    found: Matured | None,
    thresholds: Thresholds,
    there: set[str],
) -> list[Finding]:
    if found is None:
        why = (
            "No score is twelve months old yet: no outcome can be set against one.",
            "尚无评分满十二个月，没有可对照的结果。",
        )
        return not_matured(in_use.of, why)
    version = found.scored.model_version
    areas = read_validated_areas(context, [version]) if METRICS in there else {}
    scale = load_master_scale(context.catalog)
    return outcome_findings(found, scale, areas.get(version), thresholds)


def _shadow(
    context: JobContext,
    in_use: InUse,
    found: Matured | None,
    thresholds: Thresholds,
    there: set[str],
) -> list[Finding]:
    version = in_use.champion.challenger_version or "none"
    nobody = [unsaid(Watched(version, "challenger"), DECISION, "cannot_say", SAYS["cannot_say"])]
    if SHADOW not in there:
        return nobody
    today = context.as_of_date
    then: date = today if found is None else found.scored.as_of_date
    rows = read_shadow(context, sorted({today, then}))
    now = rows[rows.as_of_date == today]
    if now.empty:
        return nobody
    version = str(now.model_version.iloc[0])
    # Another challenger's outcomes are no evidence for this one, nor another champion's against it.
    own = rows[(rows.as_of_date == then) & (rows.model_version == version)]
    is_own = found is not None and found.scored.model_version == in_use.of.model_version
    return shadow_findings(
        Watched(version, "challenger"),
        in_use.scores[["enterprise_id", "pd_ratio"]],
        now[["enterprise_id", "pd_ratio"]],
        found if is_own else None,
        own[["enterprise_id", "pd_ratio"]],
        load_master_scale(context.catalog),
        thresholds.shadow,
    )


def _write(context: JobContext, found: Mapping[str, list[Finding]]) -> int:
    """Write the findings, given by the name of their model; returns how many rows."""
    rows = [
        finding.row(context.as_of_date, name)
        for name, findings in found.items()
        for finding in findings
    ]
    frame = rows_frame(context.spark, context.catalog, MONITORING, rows)
    replace_rows(frame, MONITORING, f"as_of_date = {sql_literal(context.as_of_date)}")
    return len(rows)


def _notes(model_name: str, findings: list[Finding]) -> tuple[str, ...]:
    counts = Counter(one.level for one in findings)
    told = ", ".join(f"{counts[level]} {level}" for level in reversed(LEVELS) if counts[level])
    said = [one for one in alerts(findings) if one.measure in (PROPOSAL, RECORD)]
    return (f"{model_name}: {told}", *(one.said[0] for one in said))


def _scorecard_findings(
    context: JobContext, in_use: InUse, thresholds: Thresholds, there: set[str]
) -> list[Finding]:
    """What is found of the model that scored the date, and what is proposed of it."""
    drift, before = _drift(context, in_use, thresholds)
    now = in_use.scores.pd_ratio.to_numpy(dtype=float)
    drop = thresholds.discrimination.auc_drop
    promised = None if before is None else expected_area(before)
    estimates = estimate_findings(in_use.of, promised, now, thresholds.simulation, drop)
    found = _matured(context, in_use)
    outcomes = _outcomes(context, in_use, found, thresholds, there)
    shadow = _shadow(context, in_use, found, thresholds, there)
    validation = validation_finding(
        in_use.of,
        in_use.champion.trained_as_of,
        context.as_of_date,
        declared_model(context.catalog, MODEL_NAME),
    )
    findings = [*drift, *outcomes, *estimates, *shadow, validation]
    return [*findings, *proposals(findings, in_use.of)]


def run(context: JobContext) -> JobResult:
    """Write what is found of the models that gave results for the as-of date.

    A date without scores has no default model to watch over, and still a record of approvals, and
    maybe warnings or failures of machines.

    Raises:
        LoomlineError: the registry doesn't know a version that gave results.
    """
    create_tables(context.spark, context.catalog, (MONITORING,))
    there = tables_of(context.spark, "scores")
    desk = open_desk(context)
    of_record = record_finding(verify(desk), past_traces(desk))
    thresholds = load_thresholds(context.catalog)
    of_hazards = watch_hazards(context, desk.client, thresholds, there)
    hazard_notes = [
        note for name, found in of_hazards.items() if found for note in _notes(name, found)
    ]
    in_use = _in_use(context) if SCORES in there else None
    if in_use is None:
        written = _write(context, {MODEL_NAME: [of_record], **of_hazards})
        first = ("the date has no scores to watch over", *_notes(MODEL_NAME, [of_record]))
        return JobResult(0, written, (*first, *hazard_notes))
    findings = [*_scorecard_findings(context, in_use, thresholds, there), of_record]
    written = _write(context, {MODEL_NAME: findings, **of_hazards})
    return JobResult(len(in_use.scores), written, (*_notes(MODEL_NAME, findings), *hazard_notes))
