"""What maker and checker do: ask, approve, refuse; and what a verifier finds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from loomline.errors import LoomlineError
from loomline.job import JobContext
from models.governance.record import Event, EventKind, broken_links, cut_end
from models.governance.standing import (
    Standing,
    as_identity,
    check_answer,
    check_reason,
    check_request,
    standing,
)
from models.governance.store import append_event, read_events, shrinking_commits, sound_events
from models.registry import (
    CHAMPION,
    TRAINED_AS_OF,
    TRAINING_SET,
    VALIDATION_REPORT,
    VALIDATION_REPORT_FILE,
    is_scorecard,
    model_versions,
    open_registry,
)
from models.specification import MODEL_NAME

# Where the newest event is marked apart from the record: tags of the registered model.
MARKED_NUMBER, MARKED_HASH = "record_newest_event", "record_newest_hash"


@dataclass(frozen=True)
class Desk:
    """The record and the registry of one home."""

    context: JobContext
    client: MlflowClient


def open_desk(context: JobContext) -> Desk:
    """The desk of a home; its engine must be up."""
    return Desk(context, open_registry(context.settings))


def _version(desk: Desk, version: str) -> ModelVersion:
    try:
        found = desk.client.get_model_version(MODEL_NAME, version)
    except MlflowException as error:
        raise LoomlineError(
            f"There is no version {version} of {MODEL_NAME}.", "See `loomline model list`."
        ) from error
    if not is_scorecard(found):
        raise LoomlineError(
            f"Version {version} is a challenger: it shadows the scorecard and can't score.",
            "Promote a scorecard; `loomline model list` says which versions are.",
        )
    return found


def report_sha256(desk: Desk, version: ModelVersion) -> str:
    """The hash of a version's validation report as it lies in MLflow now.

    Raises:
        LoomlineError: the version has none, or it is not the one that was logged with the version.
    """
    logged = version.tags.get(VALIDATION_REPORT, "")
    try:
        path = desk.client.download_artifacts(str(version.run_id), VALIDATION_REPORT_FILE)
        found = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except (MlflowException, OSError) as error:
        raise LoomlineError(
            f"Version {version.version} of {MODEL_NAME} has no validation report.",
            "Only a version that was trained with one can be promoted: train anew.",
        ) from error
    if found != logged:
        raise LoomlineError(
            f"The validation report of version {version.version} is not the one that was made "
            "when the version was trained.",
            "Train anew, and find out who changed the files of MLflow.",
        )
    return found


def _add(desk: Desk, event: Event) -> Event:
    recorded = append_event(desk.context, event)
    _mark(desk, recorded)
    return recorded


def _mark(desk: Desk, newest: Event) -> None:
    number, row_hash = str(newest.event_number), newest.row_hash
    desk.client.set_registered_model_tag(MODEL_NAME, MARKED_NUMBER, number)
    desk.client.set_registered_model_tag(MODEL_NAME, MARKED_HASH, row_hash)


def _event(
    kind: EventKind, version: ModelVersion, identity: str, reason: str, report: str, answers: int
) -> Event:
    return Event(
        event_number=0,
        event=kind,
        request_number=answers or None,
        model_name=MODEL_NAME,
        model_version=str(version.version),
        identity=identity,
        reason=check_reason(reason),
        training_set_sha256=version.tags[TRAINING_SET],
        validation_report_sha256=report,
        recorded_at=datetime.now(UTC),
        previous_hash="",
        row_hash="",
    )


def request(desk: Desk, kind: EventKind, version: str, by: str, reason: str) -> Event:
    """Ask to promote or to withdraw a version; the recorded request.

    Raises:
        LoomlineError: the version is unknown, has no validation report, or can't be asked for; the
            reason or the identity is empty; the record is broken.
    """
    found = _version(desk, version)
    check_request(standing(sound_events(desk.context.spark), MODEL_NAME), kind, version)
    report = found.tags.get(VALIDATION_REPORT, "")
    if kind == "promotion_requested":
        report = report_sha256(desk, found)
    return _add(desk, _event(kind, found, as_identity(by), reason, report, 0))


def answer(desk: Desk, kind: EventKind, request_number: int, by: str, reason: str) -> Event:
    """Approve or refuse an open request of somebody else, and set the alias that follows.

    Raises:
        LoomlineError: there is no such request, or it is one's own; the validation report is not
            the one that was asked with; the reason is empty; the record is broken.
    """
    now = standing(sound_events(desk.context.spark), MODEL_NAME)
    asked = check_answer(now, request_number, as_identity(by))
    found = _version(desk, asked.model_version)
    is_promotion = asked.event == "promotion_requested"
    if (
        kind == "approved"
        and is_promotion
        and (report_sha256(desk, found) != asked.validation_report_sha256)
    ):
        raise LoomlineError(
            f"The validation report is another one than request {request_number} was made with.",
            "Refuse the request, and ask anew.",
        )
    recorded = _add(
        desk,
        _event(
            kind, found, as_identity(by), reason, asked.validation_report_sha256, request_number
        ),
    )
    set_champion_alias(desk)
    return recorded


def champion_by_record(desk: Desk, now: Standing) -> str | None:
    """The approved version with the newest training date, or none."""
    approved = [x for x in model_versions(desk.client) if str(x.version) in now.approved]
    newest = max(approved, key=lambda x: (x.tags[TRAINED_AS_OF], int(x.version)), default=None)
    return str(newest.version) if newest else None


def _alias(desk: Desk) -> str | None:
    try:
        return str(desk.client.get_model_version_by_alias(MODEL_NAME, CHAMPION).version)
    except MlflowException:
        return None


def set_champion_alias(desk: Desk) -> str | None:
    """Let the alias `champion` follow the record; the version that has it then."""
    wanted = champion_by_record(desk, standing(sound_events(desk.context.spark), MODEL_NAME))
    if wanted == _alias(desk):
        return wanted
    if wanted is None:
        desk.client.delete_registered_model_alias(MODEL_NAME, CHAMPION)
    else:
        desk.client.set_registered_model_alias(MODEL_NAME, CHAMPION, wanted)
    return wanted


def verify(desk: Desk) -> list[str]:
    """A sentence for everything that is not as the record and its rules would have it.

    The chain of hashes, the end of it against the mark in MLflow, Delta's history of the table, the
    alias `champion`, and the validation report of every approved version.
    """
    spark, client = desk.context.spark, desk.client
    events = read_events(spark)
    found = broken_links(events) + shrinking_commits(spark)
    models = client.search_registered_models(f"name = '{MODEL_NAME}'")
    if not models:
        return found
    tags = models[0].tags
    found += cut_end(events, int(tags.get(MARKED_NUMBER, "0")), tags.get(MARKED_HASH, ""))
    if found:
        # What a broken record says of versions is worth nothing.
        return found
    now = standing(events, MODEL_NAME)
    return found + _alias_findings(desk, now) + _report_findings(desk, now)


def _alias_findings(desk: Desk, now: Standing) -> list[str]:
    by_record, by_alias = champion_by_record(desk, now), _alias(desk)
    if by_record == by_alias:
        return []
    said = f"version {by_record}" if by_record else "no version"
    points = f"version {by_alias}" if by_alias else "no version"
    return [
        f"The alias champion of {MODEL_NAME} points to {points}; by the record it is {said}. "
        "It was changed in MLflow and not by an approval."
    ]


def _report_findings(desk: Desk, now: Standing) -> list[str]:
    found = []
    for version in sorted(now.approved, key=int):
        try:
            report_sha256(desk, _version(desk, version))
        except LoomlineError as error:
            found.append(str(error))
    return found


def repair(desk: Desk) -> list[str]:
    """Mark the newest event and set the alias as the record says; what is left to find.

    For a run that was killed between the record and MLflow, and for an alias that was moved. It
    never touches the record, and does nothing where that is broken or was cut.
    """
    spark = desk.context.spark
    events = sound_events(spark)
    tags = desk.client.get_registered_model(MODEL_NAME).tags
    if cut_end(events, int(tags.get(MARKED_NUMBER, "0")), tags.get(MARKED_HASH, "")):
        return verify(desk)
    if events:
        _mark(desk, events[-1])
    set_champion_alias(desk)
    return verify(desk)
