"""What maker and checker do: ask, approve, refuse; and what a verifier finds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime
from pathlib import Path

from mlflow.artifacts import download_artifacts
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST, ErrorCode
from mlflow.tracking import MlflowClient

from loomline.errors import LoomlineError
from loomline.job import JobContext
from models.governance.governed import MODEL_FILES
from models.governance.model_files import files_sha256, read_files
from models.governance.record import Event, EventKind, VersionFacts
from models.governance.standing import (
    Standing,
    as_identity,
    check_answer,
    check_reason,
    check_request,
    standing,
)
from models.governance.store import (
    append_event,
    read_events,
    record_findings,
    sound_events,
    system_account,
    traces,
)
from models.hazard_report.reference import REFERENCE_FILE
from models.registry import (
    CHAMPION,
    FEATURE_VERSION,
    READY,
    TRAINED_AS_OF,
    TRAINING_SET,
    VALIDATION_REPORT,
    VALIDATION_REPORT_FILE,
    is_scorecard,
    model_versions,
    open_registry,
)
from models.specification import MODEL_NAME

ABSENT = {ErrorCode.Name(RESOURCE_DOES_NOT_EXIST), ErrorCode.Name(INVALID_PARAMETER_VALUE)}


@dataclass(frozen=True)
class Desk:
    """Where approvals of a model are worked on: the lake with the record, and the registry."""

    context: JobContext
    client: MlflowClient
    model_name: str = MODEL_NAME

    def of(self, model_name: str) -> Desk:
        """The desk of another model of the same home."""
        return replace(self, model_name=model_name)

    def events(self) -> list[Event]:
        """All events of the record, which holds.

        Raises:
            LoomlineError: the record is broken.
        """
        return sound_events(self.context.spark, self.client)

    def standing(self) -> Standing:
        """Where the versions of the model stand by the record.

        Raises:
            LoomlineError: the record is broken.
        """
        return standing(self.events(), self.model_name)


def open_desk(context: JobContext, model_name: str = MODEL_NAME) -> Desk:
    """The desk of a model in a home; the engine must be up.

    Raises:
        LoomlineError: versions of such a model are not approved.
    """
    if model_name not in MODEL_FILES:
        raise LoomlineError(
            f"{model_name} has no versions to approve.",
            f"Approved are versions of {', '.join(MODEL_FILES)}.",
        )
    return Desk(context, open_registry(context.settings), model_name)


def _check_scorecard(found: ModelVersion) -> None:
    """Refuse a version of the default model that is a challenger, or whose training was killed."""
    if not is_scorecard(found):
        raise LoomlineError(
            f"Version {found.version} is a challenger: it shadows the scorecard and can't score.",
            "Promote a scorecard; `loomline model list` says which versions are.",
        )
    if READY not in found.tags:
        raise LoomlineError(
            f"Version {found.version} is unfinished: its training ended before its figures were "
            "stored.",
            "Run the job train for its date again.",
        )


def _version(desk: Desk, version: str) -> ModelVersion:
    try:
        found = desk.client.get_model_version(desk.model_name, version)
    except MlflowException as error:
        if error.error_code not in ABSENT:
            raise
        raise LoomlineError(
            f"There is no version {version} of {desk.model_name}.", "See `loomline model list`."
        ) from error
    if desk.model_name == MODEL_NAME:
        _check_scorecard(found)
    return found


def _sha256(desk: Desk, version: ModelVersion, name: str) -> str:
    try:
        path = Path(desk.client.download_artifacts(str(version.run_id), name))
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except (MlflowException, OSError) as error:
        raise LoomlineError(
            f"Version {version.version} of {desk.model_name} has no {name}.",
            "Only a version with its model and its validation report can be used: train anew.",
        ) from error


def _model_sha256s(desk: Desk, version: ModelVersion) -> tuple[str, ...]:
    """The hash of the text that scores with all files that MLflow serves and what is kept beside.

    After it come those by which earlier events know a model: without what is kept beside, and of
    the text alone.
    """
    name = MODEL_FILES[desk.model_name]
    text = _sha256(desk, version, name)
    beside = {
        one.path: _sha256(desk, version, one.path)
        for one in desk.client.list_artifacts(str(version.run_id))
        if one.path == REFERENCE_FILE
    }
    try:
        served = read_files(Path(download_artifacts(version.source)))
    except (MlflowException, OSError) as error:
        raise LoomlineError(
            f"Version {version.version} of {desk.model_name} has no model that MLflow serves.",
            "Find out who changed MLflow, put it back, or train anew.",
        ) from error
    files = {f"model/{path}": sha256 for path, sha256 in served.items()} | {name: text}
    return files_sha256({**files, **beside}), files_sha256(files), text


def _tag(desk: Desk, version: ModelVersion, name: str) -> str:
    if name not in version.tags:
        raise LoomlineError(
            f"Version {version.version} of {desk.model_name} has no tag {name}.",
            "It was made before such versions were approved, or somebody changed MLflow: train "
            "anew.",
        )
    return str(version.tags[name])


def _facts(desk: Desk, version: ModelVersion, model_sha256: str) -> VersionFacts:
    """What a version is now, whose model has a hash; its report is hashed anew.

    Raises:
        LoomlineError: the version lacks its validation report or a tag.
    """
    return VersionFacts(
        model_name=desk.model_name,
        model_version=str(version.version),
        trained_as_of=date.fromisoformat(_tag(desk, version, TRAINED_AS_OF)),
        feature_version=_tag(desk, version, FEATURE_VERSION),
        training_set_sha256=_tag(desk, version, TRAINING_SET),
        scorecard_sha256=model_sha256,
        validation_report_sha256=_sha256(desk, version, VALIDATION_REPORT_FILE),
    )


def reported_facts(desk: Desk, version: str) -> VersionFacts:
    """What a version is now, which has the validation report that was made when it was trained.

    Raises:
        LoomlineError: the version is unknown, unfinished or without validation report, or its
            report was changed.
    """
    found = _version(desk, version)
    facts = _facts(desk, found, _model_sha256s(desk, found)[0])
    if facts.validation_report_sha256 != found.tags.get(VALIDATION_REPORT):
        raise LoomlineError(
            f"The validation report of version {facts.model_version} is not the one that was made "
            "when the version was trained.",
            "Train anew, and find out who changed the files of MLflow.",
        )
    return facts


def differing_facts(approved: VersionFacts, now: VersionFacts) -> list[str]:
    """The names of what is otherwise now than it was when the version was approved."""
    return [
        each.name
        for each in fields(approved)
        if getattr(approved, each.name) != getattr(now, each.name)
    ]


def _facts_as_recorded(desk: Desk, recorded: VersionFacts) -> VersionFacts:
    """What a version is now, its model hashed as it was when the facts were recorded."""
    version = _version(desk, recorded.model_version)
    now, hashed = _model_sha256s(desk, version), recorded.scorecard_sha256
    return _facts(desk, version, hashed if hashed in now else now[0])


def check_unchanged(desk: Desk, approved: VersionFacts) -> None:
    """Refuse to score by a version that is no longer what was approved.

    Raises:
        LoomlineError: the version is gone, or its model, its report or its tags were changed.
    """
    differing = differing_facts(approved, _facts_as_recorded(desk, approved))
    if differing:
        raise LoomlineError(
            f"Version {approved.model_version} of {approved.model_name} is not what was approved: "
            f"{', '.join(differing)} changed since.",
            "Find out who changed MLflow, put it back, or withdraw the version.",
        )


def _add(
    desk: Desk, kind: EventKind, facts: VersionFacts, by: str, reason: str, answers: int | None
) -> Event:
    event = Event(
        event_number=0,
        event=kind,
        request_number=answers,
        identity=as_identity(by),
        system_account=system_account(),
        reason=check_reason(reason),
        facts=facts,
        recorded_at=datetime.now(UTC),
        previous_hash="",
        row_hash="",
    )
    return append_event(desk.context, desk.client, event)


def request(desk: Desk, kind: EventKind, version: str, by: str, reason: str) -> Event:
    """Ask to promote or to withdraw a version; the recorded request.

    Raises:
        LoomlineError: the version is unknown, unfinished or without validation report, its report
            was changed, or it can't be asked for; the reason or the identity is none; the record
            is broken.
    """
    now = desk.standing()
    if kind == "withdrawal_requested" and version in now.approved:
        # Also of a version that was changed or deleted: above all of such a one.
        check_request(now, kind, version)
        return _add(desk, kind, now.approved[version], by, reason, None)
    facts = reported_facts(desk, version)
    check_request(now, kind, facts.model_version)
    return _add(desk, kind, facts, by, reason, None)


def answer(desk: Desk, kind: EventKind, request_number: int, by: str, reason: str) -> Event:
    """Approve or refuse an open request of somebody else, and set the alias that follows.

    The request may be of any model, whatever the desk is of.

    Raises:
        LoomlineError: there is no such request, or it is one's own; what would be promoted is no
            longer what was asked for; the reason is none; the record is broken.
    """
    names = {event.event_number: event.facts.model_name for event in desk.events()}
    desk = desk.of(names.get(request_number, desk.model_name))
    asked = check_answer(desk.standing(), request_number, as_identity(by))
    if kind == "approved" and asked.event == "promotion_requested":
        now = _facts_as_recorded(desk, asked.facts)
        differing = differing_facts(asked.facts, now)
        if differing:
            raise LoomlineError(
                f"Version {now.model_version} is not what request {request_number} was made for: "
                f"{', '.join(differing)} changed since.",
                "Refuse the request, find out who changed MLflow, and ask anew.",
            )
    recorded = _add(desk, kind, asked.facts, by, reason, request_number)
    set_champion_alias(desk)
    return recorded


def champion_by_record(now: Standing) -> str | None:
    """The approved version with the newest training date, or none."""
    newest = max(
        now.approved.values(),
        key=lambda facts: (facts.trained_as_of, int(facts.model_version)),
        default=None,
    )
    return newest.model_version if newest else None


def _alias(desk: Desk) -> str | None:
    try:
        return str(desk.client.get_model_version_by_alias(desk.model_name, CHAMPION).version)
    except MlflowException as error:
        if error.error_code not in ABSENT:
            raise
        return None


def set_champion_alias(desk: Desk) -> str | None:
    """Let the alias `champion` of the model follow the record; the version that has it then.

    Raises:
        LoomlineError: the record is broken.
    """
    wanted = champion_by_record(desk.standing())
    if wanted == _alias(desk):
        return wanted
    if wanted is None:
        desk.client.delete_registered_model_alias(desk.model_name, CHAMPION)
    else:
        desk.client.set_registered_model_alias(desk.model_name, CHAMPION, wanted)
    return wanted


def verify(desk: Desk) -> list[str]:
    """A sentence for everything that is not as the record and its rules would have it.

    The chain of hashes and the rules, the end of the record against its marks in MLflow, whether
    the table still refuses changes; and of every model the alias `champion`, and each approved
    version's model, report and tags against the record.
    """
    spark = desk.context.spark
    events = read_events(spark)
    found = record_findings(spark, desk.client, events)
    if found:
        # What a broken record says of versions is worth nothing.
        return found
    for model_name in MODEL_FILES:
        found += _model_findings(desk.of(model_name), standing(events, model_name))
    return found


def _model_findings(desk: Desk, now: Standing) -> list[str]:
    """What of the desk's model is not as the record says."""
    found = _alias_findings(desk, now)
    for version in sorted(now.approved, key=int):
        try:
            check_unchanged(desk, now.approved[version])
        except LoomlineError as error:
            found.append(error.message)
    return found


def past_traces(desk: Desk) -> list[str]:
    """A sentence for each change of the record's table since its newest event that was undone."""
    events = read_events(desk.context.spark)
    return traces(desk.context.spark, events[-1].recorded_at if events else None)


def _alias_findings(desk: Desk, now: Standing) -> list[str]:
    if not model_versions(desk.client, desk.model_name):
        return []
    by_record, by_alias = champion_by_record(now), _alias(desk)
    if by_record == by_alias:
        return []
    said = f"version {by_record}" if by_record else "no version"
    points = f"version {by_alias}" if by_alias else "no version"
    return [
        f"The alias champion of {desk.model_name} points to {points}; by the record it is {said}. "
        "It was changed in MLflow and not by an approval."
    ]
