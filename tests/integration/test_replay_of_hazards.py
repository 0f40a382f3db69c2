"""Warnings and the health of machines made again: equal in all, or the column that was changed.

The model of failures is trained by the very run whose rows are made again; that of warnings, of
which a training takes longer, is made up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from math import nextafter
from pathlib import Path
from urllib.parse import unquote, urlparse

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from loomline.commands.replay import app
from loomline.errors import LoomlineError
from loomline.job import JobContext
from loomline.lake import append_rows, remove_rows, sql_literal, table_version
from loomline.settings import Settings
from models.early_warning.declared import EarlyWarning, load_early_warning
from models.early_warning.job import Borrowers
from models.early_warning.registering import KIND, SCRIPT, open_warnings
from models.early_warning.specification import ARTIFACT, Specification
from models.early_warning.warning_model import WarningModel
from models.governance.approvals import open_desk
from models.hazard import HazardModel, Scaling
from models.registered import ModelText, Origin, TrainingRun, log_candidate
from models.registry import TRAINING_SET, model_versions
from models.replay.replaying import Difference, Replayed, Subject, replay
from models.replay.subjects import MACHINE, WARNING
from tests.integration.aged import age_commits
from tests.integration.conftest import RunJob
from tests.integration.desks import forget, promote
from tests.integration.factory_facts import (
    Row,
    filled,
    frame_of,
    moment,
    plant,
    readings,
    report,
    stop,
    uproot,
)

TRAINED, LATER = date(2023, 5, 31), date(2023, 6, 1)
BANK, FACTORY = "planted_bank", "planted_mes"
FIRMS, MACHINES, DAYS = 48, 40, 200
VALUES, NAMES, OUTCOME = "features.window_value", "features.window_feature", "silver.credit_outcome"
VERSION = "planted_families"
SUBJECTS = (WARNING, MACHINE)


def firms() -> tuple[list[Row], list[Row]]:
    """Borrowers, every third of which is in distress, and whose accounts are."""
    outcomes, links, since = [], [], moment(date(2022, 11, 1))
    for number in range(FIRMS):
        account = f"A{number}"
        row = {"code_system": BANK, "enterprise_code": account, "known_at": since}
        fell = number % 3 == 0
        outcomes.append({**row, "is_default": fell, "default_date": since.date() if fell else None})
        links.append(
            {
                **{"code_system": BANK, "owner_code": "*", "party_role": "enterprise"},
                **{"party_code": account, "enterprise_id": f"PLANTED{number:02}"},
                **{"link_probability": 1.0, "link_method": "own code", "evidence": []},
                "known_at": since,
            }
        )
    return outcomes, links


def works() -> dict[str, list[Row]]:
    """Machines that work every fourth day, some of which fail often; and readings of another."""
    random, made, stops = np.random.default_rng(7), [], []
    for number in range(MACHINES):
        own = {"code_system": FACTORY, "enterprise_code": f"F{number % 10}"}
        for ago in range(number % 4, DAYS, 4):
            day, scrap = TRAINED - timedelta(days=ago), Decimal(int(random.integers(9)))
            made.append(report(f"M{number}", day, **own, scrap_quantity=scrap))
            if random.random() < (0.25 if number % 2 else 0.05):
                began = moment(day, 8)
                failure = {**own, "event_type": "breakdown"}
                stops.append(stop(f"M{number}", began, began + timedelta(hours=1), **failure))
    days = [TRAINED - timedelta(days=ago) for ago in range(60)]
    hot = [
        readings("HOT", day, value_max=60.0 + day.day % 7 + 90 * (day == TRAINED)) for day in days
    ]
    return {
        "silver.production_output": made,
        "silver.machine_event": stops,
        "silver.telemetry_day": hot,
    }


def vectors(covariates: Sequence[str]) -> list[Row]:
    """Vectors in the order of the covariates, with gaps."""
    random = np.random.default_rng(11)
    return [
        {
            **{"as_of_date": day, "enterprise_id": f"PLANTED{number:02}"},
            "families_version": VERSION,
            "feature_values": [
                None if place % 9 == number % 9 else float(random.normal())
                for place in range(len(covariates))
            ],
        }
        for day in (TRAINED, LATER)
        for number in range(FIRMS)
    ]


def names(covariates: Sequence[str]) -> list[Row]:
    return [
        {
            **{"families_version": VERSION, "position": place, "feature": name},
            **{"family": "x", "domain": "x", "owner": "x", "unit": "ratio"},
            **{"description_en": f"Value {name}", "description_zh": f"值{name}"},
            "missing_means": "nothing",
        }
        for place, name in enumerate(covariates)
    ]


def registered(home: JobContext, declared: EarlyWarning) -> None:
    """A candidate that warns by what is declared now, with weights that nobody has fitted."""
    random, covariates = np.random.default_rng(13), declared.feature_names
    zeros, ones = np.zeros(len(covariates)), np.ones(len(covariates))
    scaling = Scaling(covariates, -3 * ones, 3 * ones, zeros, zeros, ones, ones.astype(bool))
    weights = random.normal(size=2 * len(covariates)) / 4
    hazard = HazardModel(scaling, -3.0, np.array([0.0, 0.1, 0.2]), weights)
    model = WarningModel(hazard, 0.3, Specification().horizons)
    example = pd.DataFrame(random.normal(size=(3, len(covariates))), columns=list(covariates))
    run = TrainingRun(
        *("made up", {}, {}, ModelText(ARTIFACT, model.to_json(), SCRIPT)),
        *(example, model.predict(example), {"report.html": b"made up"}, {}),
    )
    tags = Borrowers(declared, VERSION, example).tags
    origin = Origin(TRAINED, tags, {}, "c0ffee")
    client = open_warnings(home.settings)
    log_candidate(client, KIND, run, origin, {TRAINING_SET: "0" * 64})


@pytest.fixture(scope="module")
def home(settings: Settings, run: RunJob) -> Iterator[JobContext]:
    """A home whose models were used on one date, approved, and used on the next."""
    home = JobContext(settings, TRAINED)
    desks = [open_desk(home, subject.model_name) for subject in SUBJECTS]
    before = [{one.version for one in model_versions(x.client, x.model_name)} for x in desks]
    declared = load_early_warning(home.catalog)
    outcomes, links = firms()
    facts = {OUTCOME: outcomes, "silver.enterprise_link": links, **works()}
    plant(home, facts)
    filled(home, VALUES, vectors(declared.feature_names))
    filled(home, NAMES, names(declared.feature_names))
    registered(home, declared)
    for subject in SUBJECTS:
        run(subject.job, TRAINED)
    made = [
        [x for x in model_versions(desk.client, desk.model_name) if x.version not in others]
        for desk, others in zip(desks, before, strict=True)
    ]
    for desk, (version,) in zip(desks, made, strict=True):
        promote(desk, str(version.version))
    for subject in SUBJECTS:
        run(subject.job, LATER)
    yield home
    for desk, (version,) in zip(desks, made, strict=True):
        desk.client.delete_model_version(desk.model_name, version.version)
    forget(desks[0])
    uproot(home, facts)
    dated = ", ".join(map(sql_literal, (TRAINED, LATER)))
    for subject in SUBJECTS:
        remove_rows(home.spark, subject.table, f"as_of_date in ({dated})")
    for table in (VALUES, NAMES):
        remove_rows(home.spark, table, f"families_version = {sql_literal(VERSION)}")


def entities(home: JobContext, subject: Subject, day: date) -> list[str]:
    rows = home.spark.table(subject.table).where(f"as_of_date = {sql_literal(day)}")
    return sorted(row[subject.entity] for row in rows.select(subject.entity).collect())


def replayed(home: JobContext, subject: Subject, day: date) -> list[Replayed]:
    """All rows of a date, made again."""
    return replay(JobContext(home.settings, day), subject, entities(home, subject, day))


def versions_of(found: list[Replayed]) -> set[tuple[object, object]]:
    """Trained as of when, and whether approved, of the rows that a model made."""
    rows = [one.recorded for one in found if one.recorded["model_version"] is not None]
    return {(row["trained_as_of"], row["is_approved"]) for row in rows}


@pytest.mark.parametrize(
    ("subject", "figure"), [(WARNING, "pd_60_ratio"), (MACHINE, "failure_7_ratio")]
)
def test_of_all_rows_only_the_one_that_was_changed_by_its_last_bit_differs_and_in_that_column(
    home: JobContext, subject: Subject, figure: str
) -> None:
    spark, condition = home.spark, f"as_of_date = {sql_literal(LATER)}"
    rows = spark.table(subject.table).where(f"{condition} and {figure} is not null")
    row = rows.orderBy(subject.entity).first()
    assert row is not None
    value, before = row[figure], table_version(spark, subject.table)
    other = nextafter(value, 1.0)
    try:
        spark.sql(
            f"update {subject.table} set {figure} = cast('{other!r}' as double) where {condition} "
            f"and {subject.entity} = {sql_literal(row[subject.entity])}"
        )
        found = replayed(home, subject, LATER)
    finally:
        spark.sql(f"restore table {subject.table} to version as of {before}")
    assert len(found) > 20
    assert versions_of(found) == {(TRAINED, True)}
    (differing,) = [one for one in found if one.differences]
    assert differing.entity == row[subject.entity]
    assert differing.differences == (Difference(figure, other, value),)


def test_what_a_replay_says_names_the_version_and_the_tables(home: JobContext) -> None:
    (machine, *_) = entities(home, MACHINE, LATER)
    for kind, subject, entity in (("warning", WARNING, "PLANTED01"), ("machine", MACHINE, machine)):
        said = CliRunner().invoke(app, [kind, entity, "--date", str(LATER)])
        assert said.exit_code == 0, said.output
        columns = len(home.spark.table(subject.table).columns)
        assert f"Equal in all {columns} columns: {subject.figures[0]} " in said.output
        assert f" trained as of {TRAINED}, " in said.output
        assert "silver.enterprise_link at version " in said.output
    said = CliRunner().invoke(app, ["machine", "nothing", "--date", str(LATER)])
    assert isinstance(said.exception, LoomlineError)
    assert "has no row of nothing" in said.exception.message


def test_tables_are_read_as_the_run_found_them_and_lost_versions_are_told(
    home: JobContext,
) -> None:
    spark = home.spark
    of_date = f"as_of_date = {sql_literal(TRAINED)} and families_version = {sql_literal(VERSION)}"
    then = set(spark.table(VALUES).where(of_date).inputFiles())
    spark.sql(
        f"update {VALUES} set feature_values = transform(feature_values, x -> x + 1) "
        f"where {of_date}"
    )
    late = {"code_system": BANK, "enterprise_code": "A1", "is_default": True}
    late |= {"default_date": date(2023, 3, 1), "known_at": moment(date(2023, 3, 2))}
    append_rows(frame_of(home, OUTCOME, [late]), OUTCOME)
    spark.sql(
        "update silver.production_output set scrap_quantity = scrap_quantity + 1 "
        f"where code_system = {sql_literal(FACTORY)}"
    )
    for table in (VALUES, OUTCOME, "silver.production_output"):
        age_commits(home.settings, table)
    warnings, health = (replayed(home, subject, TRAINED) for subject in SUBJECTS)
    assert [one for one in (*warnings, *health) if one.differences] == []
    # Approved since, and of the machines by a version that the run itself had trained.
    assert versions_of(warnings) == versions_of(health) == {(TRAINED, False)}
    (hot,) = [one.recorded for one in health if one.recorded["is_anomaly"]]
    assert (hot["machine_id"], hot["model_version"], hot["missing_reason"]) == (
        *("planted_sensors/*/HOT", None),
        "no_failures_reported",
    )
    # As a vacuum does once the retention of the table is over.
    gone = then - set(spark.table(VALUES).where(of_date).inputFiles())
    assert gone
    for file in gone:
        Path(unquote(urlparse(file).path)).unlink()
    with pytest.raises(LoomlineError, match="could not be read as it was then") as error:
        replayed(home, WARNING, TRAINED)
    assert f"{VALUES} at version " in error.value.message
    assert "backup" in str(error.value)
