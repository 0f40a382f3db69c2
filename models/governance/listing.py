"""The versions of the model and the record, as rows that a person reads."""

from __future__ import annotations

from models.governance.approvals import Desk
from models.governance.standing import standing
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

COLUMNS = ("version", "kind", "trained_as_of", "standing", "challenger", "validation_report", "run")
EVENT_COLUMNS = ("number", "event", "answers", "version", "identity", "reason", "recorded_at")


def described(desk: Desk) -> list[tuple[str, str]]:
    """What the inventory says of the model, in both languages."""
    model = declared_model(desk.context.catalog, MODEL_NAME)
    return [
        ("name", f"{MODEL_NAME}: {model.title_en} / {model.title_zh}"),
        ("owner, tier", f"{model.owner}, tier {model.tier}"),
        ("purpose", f"{model.purpose_en}\n{model.purpose_zh}"),
        ("limits of use", "\n".join((*model.limits_en, *model.limits_zh))),
        (
            "made anew",
            f"after {model.retrain_after_days} days; validated anew after "
            f"{model.validate_after_days}",
        ),
    ]


def version_rows(desk: Desk) -> list[tuple[str, ...]]:
    """Every version, the oldest first; columns as `COLUMNS`.

    A scorecard's standing is approved, withdrawn, refused, requested or candidate; a challenger
    shadows the scorecard that was trained with it.
    """
    now = standing(read_events(desk.context.spark), MODEL_NAME)
    rows: list[tuple[str, ...]] = []
    for version in model_versions(desk.client):
        tags, number = version.tags, str(version.version)
        state = now.of(number) if is_scorecard(version) else "shadow"
        if READY not in tags and is_scorecard(version):
            state = "unfinished"
        report = tags.get(VALIDATION_REPORT, "")
        rows.append(
            (
                *(number, tags.get(ESTIMATOR, ""), tags.get(TRAINED_AS_OF, ""), state),
                *(tags.get(CHALLENGER, ""), report[:12], str(version.run_id)),
            )
        )
    return rows


def event_rows(desk: Desk) -> list[tuple[object, ...]]:
    """Every event of the record, the oldest first; columns as `EVENT_COLUMNS`."""
    return [
        (
            *(event.event_number, event.event, event.request_number, event.facts.model_version),
            *(event.identity, event.reason, event.recorded_at),
        )
        for event in read_events(desk.context.spark)
    ]
