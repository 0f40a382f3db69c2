"""`loomline scorecard export` writes the card of a registered version, and of no other model."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import mlflow
import pytest
from typer.testing import CliRunner, Result

from loomline.commands.scorecard import app
from loomline.errors import LoomlineError
from loomline.settings import Settings
from models.registry import ESTIMATOR, SCORECARD_FILE, open_registry
from models.scorecard import BinnedFeature, Scorecard
from models.specification import EXPERIMENT_NAME, MODEL_NAME
from tests.unit.pmml_reader import PmmlScorecard

CARD = Scorecard(
    base_cents=50_000,
    features=(BinnedFeature("sales", (1_000.0,), (-333, 777), -55),),
    reference_score=600.0,
    reference_odds=20.0,
    points_to_double_odds=40.0,
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a run whose challenger is version 1 and whose scorecard is version 2."""
    folder = tmp_path_factory.mktemp("home")
    client = open_registry(Settings(home=folder))
    mlflow.set_experiment(EXPERIMENT_NAME)
    with mlflow.start_run() as run:
        mlflow.log_text(CARD.to_json(), SCORECARD_FILE)
    client.create_registered_model(MODEL_NAME)
    for estimator in ("gradient_boosting", "scorecard"):
        source = f"{run.info.artifact_uri}/{estimator}"
        client.create_model_version(
            MODEL_NAME, source, run.info.run_id, tags={ESTIMATOR: estimator}
        )
    return folder


def export(home: Path, *arguments: str) -> Result:
    found = CliRunner().invoke(app, ["export", *arguments], env={"LOOMLINE_HOME": str(home)})
    if isinstance(found.exception, LoomlineError):
        raise found.exception
    assert found.exit_code == 0, found.output
    return found


def test_the_forms_are_of_the_registered_card(home: Path, tmp_path: Path) -> None:
    assert Scorecard.from_json(export(home, "2", "--format", "json").stdout) == CARD
    # A connection of its own: others may not have finished with the one that all share.
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select {export(home, '2').stdout} from (select 999.0 as sales)"
        )
        assert [str(row[0]) for row in found.fetchall()] == ["496.67"]
    assert "`sales`" in export(home, "2", "--format", "spark").stdout
    assert "[sales]" in export(home, "2", "--format", "sql", "--dialect", "tsql").stdout
    out = tmp_path / "card.pmml"
    assert export(home, "2", "--format", "pmml", "--out", str(out)).stdout == ""
    assert PmmlScorecard(out.read_text(encoding="utf-8")).fields == ["sales"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("1",), "version 1 is no scorecard but gradient_boosting"),
        (("9",), "no version 9. Its scorecards are the versions 2"),
        (("2", "--dialect", "klingon"), "no SQL dialect 'klingon'"),
        (("2", "--out", "/no/such/folder/card.sql"), "can't be written"),
    ],
)
def test_what_can_not_be_written_is_said(
    home: Path, arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(LoomlineError, match=message):
        export(home, *arguments)


def test_a_home_without_models_is_said_to_have_none(tmp_path: Path) -> None:
    with pytest.raises(LoomlineError, match="No model has been trained"):
        export(tmp_path, "1")
    assert not list(tmp_path.iterdir())


def test_the_json_is_for_people_too(home: Path) -> None:
    text = export(home, "2", "--format", "json").stdout
    assert json.loads(text)["features"][0]["feature"] == "sales"
    assert len(text.splitlines()) > 10
