"""The versions of a model and the record, as rows that a person reads."""

from __future__ import annotations

from datetime import date, timedelta

from mlflow.entities.model_registry import ModelVersion

from models.governance.approvals import Desk
from models.governance.standing import Standing, standing
from models.governance.store import read_events
from models.inventory import declared_model
from models.registry import (
    CHALLENGER,
    ESTIMATOR,
    READY,
    TRAINED_AS_OF,
    VALIDATION_REPORT,
    is_scorecard,
    model_versions,
)
from models.specification import MODEL_NAME

COLUMNS = (
    *("version", "kind", "trained_as_of", "standing", "challenger", "validation_report"),
    *("validate_by", "run"),
)
EVENT_COLUMNS = (
    *("number", "event", "answers", "model", "version", "identity", "reason", "recorded_at"),
)


def described(desk: Desk) -> list[tuple[str, str]]:
    """What the inventory says of the model, in both languages."""
    model = declared_model(desk.context.catalog, desk.model_name)
    return [
        ("name", f"{desk.model_name}: {model.title_en} / {model.title_zh}"),
        ("owner, tier", f"{model.owner}, tier {model.tier}"),
        ("purpose", f"{model.purpose_en}\n{model.purpose_zh}"),
        ("limits of use", "\n".join((*model.limits_en, *model.limits_zh))),
        (
            "made anew",
            f"after {model.retrain_after_days} days; validated anew after "
            f"{model.validate_after_days}",
        ),
    ]


def _state(now: Standing, version: ModelVersion, model_name: str) -> str:
    """The standing in a word; of the default model some versions only shadow or are unfinished."""
    if model_name == MODEL_NAME and not is_scorecard(version):
        return "shadow"
    if model_name == MODEL_NAME and READY not in version.tags:
        return "unfinished"
    return now.of(str(version.version))


def version_rows(desk: Desk) -> list[tuple[str, ...]]:
    """Every version of the desk's model, the oldest first; columns as `COLUMNS`.

    Its standing is approved, withdrawn, refused, requested or candidate; a challenger shadows the
    scorecard that was trained with it. A version was validated when it was trained, and is to be
    validated anew by `validate_by`, as the inventory asks.
    """
    name = desk.model_name
    now = standing(read_events(desk.context.spark), name)
    patience = timedelta(days=declared_model(desk.context.catalog, name).validate_after_days)
    rows: list[tuple[str, ...]] = []
    for version in model_versions(desk.client, name):
        tags = version.tags
        report, trained = tags.get(VALIDATION_REPORT, ""), tags.get(TRAINED_AS_OF, "")
        by = (date.fromisoformat(trained) + patience).isoformat() if report and trained else ""
        rows.append(
            (
                *(str(version.version), tags.get(ESTIMATOR, ""), trained),
                *(_state(now, version, name), tags.get(CHALLENGER, ""), report[:12], by),
                str(version.run_id),
            )
        )
    return rows


def event_rows(desk: Desk) -> list[tuple[object, ...]]:
    """Every event of the record, the oldest first; columns as `EVENT_COLUMNS`."""
    return [
        (
            *(event.event_number, event.event, event.request_number, event.facts.model_name),
            *(event.facts.model_version, event.identity, event.reason, event.recorded_at),
        )
        for event in read_events(desk.context.spark)
    ]
