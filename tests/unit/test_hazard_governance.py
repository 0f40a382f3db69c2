"""A version of a hazard can be asked for only with the report that was made when it was trained."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import mlflow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomline.errors import LoomlineError
from loomline.job import JobContext
from loomline.settings import PROJECT_ROOT, Settings
from models.early_warning.specification import MODEL_FILE, MODEL_NAME
from models.governance.approvals import Desk, check_unchanged, open_desk, reported_facts
from models.governance.governed import MODEL_FILES
from models.governance.model_files import LEFT_BY_LOADING, files_sha256, read_files
from models.governance.standing import Standing
from models.governance.use import version_in_use
from models.hazard_report.reference import REFERENCE_FILE
from models.inventory import inventory_rows
from models.registry import (
    FEATURE_VERSION,
    TRAINING_SET,
    VALIDATION_REPORT,
    VALIDATION_REPORT_FILE,
)
from tests.unit.judged_hazards import ORIGIN, SETTINGS, evidence, registered, settings

DATE = ORIGIN.trained_as_of


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, str]:
    """A desk without an engine, and the version at it."""
    home = tmp_path_factory.mktemp("home")
    client, made = registered(home)
    return Desk(JobContext(Settings(home=home), DATE), client, MODEL_NAME), made.version


def path_of(desk: Desk, version: str, name: str) -> Path:
    run_id = desk.client.get_model_version(MODEL_NAME, version).run_id
    return desk.context.settings.home / "mlflow" / "artifacts" / str(run_id) / "artifacts" / name


@contextmanager
def changed(path: Path, content: bytes | None) -> Iterator[None]:
    """A file with another content, or without any, for a while."""
    before = path.read_bytes()
    try:
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)
        yield
    finally:
        path.write_bytes(before)


def test_a_version_is_registered_with_its_report_and_the_hash_of_the_very_page(
    desk: tuple[Desk, str],
) -> None:
    at, version = desk
    tags = at.client.get_model_version(MODEL_NAME, version).tags
    page = path_of(at, version, VALIDATION_REPORT_FILE).read_bytes()
    assert tags[VALIDATION_REPORT] == hashlib.sha256(page).hexdigest()
    assert tags[TRAINING_SET] == evidence().sha256(settings())
    assert tags[FEATURE_VERSION] == "c1/f1"
    run_id = at.client.get_model_version(MODEL_NAME, version).run_id
    logged = {x.path for x in at.client.list_artifacts(str(run_id), "validation")}
    assert logged == {f"validation/{x}" for x in ("report.html", "report.pdf", "findings.json")}
    metrics = at.client.get_run(str(run_id)).data.metrics
    for days in SETTINGS.horizons:
        assert f"auc_{days}_out_of_fold" in metrics


def test_what_is_asked_for_names_model_report_and_training_by_their_hashes(
    desk: tuple[Desk, str],
) -> None:
    at, version = desk
    facts = reported_facts(at, version)
    tags = at.client.get_model_version(MODEL_NAME, version).tags
    assert (facts.model_name, facts.model_version) == (MODEL_NAME, version)
    assert facts.validation_report_sha256 == tags[VALIDATION_REPORT]
    check_unchanged(at, facts)


def test_a_version_without_its_report_or_with_a_changed_one_is_not_asked_for(
    desk: tuple[Desk, str],
) -> None:
    at, version = desk
    page = path_of(at, version, VALIDATION_REPORT_FILE)
    with (
        changed(page, None),
        pytest.raises(LoomlineError, match="has no validation/report"),
    ):
        reported_facts(at, version)
    with (
        changed(page, page.read_bytes() + b" "),
        pytest.raises(LoomlineError, match="is not the one that was made"),
    ):
        reported_facts(at, version)
    assert reported_facts(at, version).model_version == version


def served_folder(desk: Desk, version: str) -> Path:
    """Where MLflow has the model that it serves of a version."""
    source = str(desk.client.get_model_version(MODEL_NAME, version).source)
    folder = desk.context.settings.home / "mlflow" / "artifacts" / "models"
    return folder / source.removeprefix("models:/") / "artifacts"


@pytest.mark.parametrize(
    "name",
    [
        *("MLmodel", "requirements.txt", "served_warning.py", f"artifacts/{MODEL_FILE}"),
        "code/models/early_warning/warning_model.py",
    ],
)
def test_a_served_file_that_was_changed_taken_away_or_added_is_found(
    desk: tuple[Desk, str], name: str
) -> None:
    at, version = desk
    facts = reported_facts(at, version)
    path = served_folder(at, version) / name
    for content in (path.read_bytes() + b" ", None):
        with (
            changed(path, content),
            pytest.raises(LoomlineError, match="scorecard_sha256 changed since"),
        ):
            check_unchanged(at, facts)
    added = path.with_name("added.py")
    added.write_bytes(b"")
    try:
        with pytest.raises(LoomlineError, match="scorecard_sha256 changed since"):
            check_unchanged(at, facts)
    finally:
        added.unlink()
    check_unchanged(at, facts)


def test_what_loading_a_model_leaves_behind_changes_nothing(desk: tuple[Desk, str]) -> None:
    at, version = desk
    facts = reported_facts(at, version)
    mlflow.pyfunc.load_model(f"models:/{MODEL_NAME}/{version}")
    compiled = served_folder(at, version) / "code" / "models" / "__pycache__"
    compiled.mkdir()
    (compiled / "hazard.pyc").write_bytes(b"compiled")
    left = {path.name for path in served_folder(at, version).rglob("*")} & {*LEFT_BY_LOADING}
    assert left == {*LEFT_BY_LOADING}
    check_unchanged(at, facts)


def test_a_version_whose_served_model_is_gone_is_not_asked_for(desk: tuple[Desk, str]) -> None:
    at, version = desk
    folder = served_folder(at, version)
    aside = folder.rename(folder.with_name("aside"))
    try:
        with pytest.raises(LoomlineError, match="has no model that MLflow serves"):
            reported_facts(at, version)
    finally:
        aside.rename(folder)


def test_the_distribution_of_the_training_rows_is_approved_with_the_model(
    desk: tuple[Desk, str],
) -> None:
    at, version = desk
    facts, path = reported_facts(at, version), path_of(at, version, REFERENCE_FILE)
    with changed(path, None):
        # As an approval from before it was hashed has the model.
        early = reported_facts(at, version)
    for content in (path.read_bytes() + b" ", None):
        with changed(path, content):
            with pytest.raises(LoomlineError, match="scorecard_sha256 changed since"):
                check_unchanged(at, facts)
            check_unchanged(at, early)
    check_unchanged(at, facts)
    check_unchanged(at, early)
    served = served_folder(at, version) / "MLmodel"
    with (
        changed(served, served.read_bytes() + b" "),
        pytest.raises(LoomlineError, match="scorecard_sha256 changed since"),
    ):
        check_unchanged(at, early)


def test_an_approval_of_the_text_alone_still_holds_for_the_text(desk: tuple[Desk, str]) -> None:
    at, version = desk
    text = path_of(at, version, MODEL_FILE)
    alone = hashlib.sha256(text.read_bytes()).hexdigest()
    early = replace(reported_facts(at, version), scorecard_sha256=alone)
    check_unchanged(at, early)
    with (
        changed(text, text.read_bytes() + b" "),
        pytest.raises(LoomlineError, match="scorecard_sha256 changed since"),
    ):
        check_unchanged(at, early)


FILES = st.dictionaries(st.text(min_size=1, max_size=4), st.text(max_size=4), max_size=6)


@given(FILES, FILES)
def test_files_have_one_hash_in_any_order_and_other_files_another(
    one: dict[str, str], other: dict[str, str]
) -> None:
    turned = dict(reversed(one.items()))
    assert files_sha256(one) == files_sha256(turned)
    assert (files_sha256(one) == files_sha256(other)) == (one == other)


def test_every_file_below_a_folder_is_read_and_no_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "code" / "deep").mkdir(parents=True)
    with pytest.raises(FileNotFoundError):
        read_files(tmp_path)
    for name in ("MLmodel", "code/deep/a.py", "code/b.py"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    assert read_files(tmp_path) == {
        name: hashlib.sha256(name.encode()).hexdigest()
        for name in ("MLmodel", "code/deep/a.py", "code/b.py")
    }


@pytest.mark.parametrize("name", [MODEL_FILE, VALIDATION_REPORT_FILE])
def test_what_was_changed_since_its_approval_is_not_used(desk: tuple[Desk, str], name: str) -> None:
    at, version = desk
    facts = reported_facts(at, version)
    approvals = Standing(approved={version: facts}, was_ever_approved=True)
    used = version_in_use(at, approvals, DATE, ORIGIN.tags)
    assert used is not None and used.model.version == version and used.is_approved
    path = path_of(at, version, name)
    with (
        changed(path, path.read_bytes() + b" "),
        pytest.raises(LoomlineError, match="is not what was approved"),
    ):
        version_in_use(at, approvals, DATE, ORIGIN.tags)


def test_a_tag_that_was_changed_or_taken_away_is_found(desk: tuple[Desk, str]) -> None:
    at, version = desk
    facts = reported_facts(at, version)
    with pytest.raises(LoomlineError, match="training_set_sha256 changed since"):
        check_unchanged(at, replace(facts, training_set_sha256="0" * 64))
    at.client.delete_model_version_tag(MODEL_NAME, version, TRAINING_SET)
    with pytest.raises(LoomlineError, match="has no tag training_set_sha256"):
        reported_facts(at, version)
    at.client.set_model_version_tag(MODEL_NAME, version, TRAINING_SET, facts.training_set_sha256)
    assert reported_facts(at, version) == facts


def test_before_an_approval_the_newest_is_used_and_after_one_approved_ones_alone(
    desk: tuple[Desk, str],
) -> None:
    at, version = desk
    newest = version_in_use(at, Standing(), DATE, ORIGIN.tags)
    assert newest is not None and newest.model.version == version and not newest.is_approved
    refused = Standing(refused=frozenset({version}))
    assert version_in_use(at, refused, DATE, ORIGIN.tags) is None
    others = Standing(was_ever_approved=True)
    assert version_in_use(at, others, DATE, ORIGIN.tags) is None
    assert version_in_use(at, Standing(), date(2020, 1, 1), ORIGIN.tags) is None


def test_models_in_the_registry_are_governed_and_the_others_have_nothing_to_approve(
    tmp_path: Path,
) -> None:
    names = {row[0] for row in inventory_rows(PROJECT_ROOT / "catalog")}
    assert set(MODEL_FILES) <= names
    context = JobContext(Settings(home=tmp_path), DATE)
    with pytest.raises(LoomlineError, match="loss_given_default has no versions to approve"):
        open_desk(context, "loss_given_default")
