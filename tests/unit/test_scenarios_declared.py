"""The declared scenarios, the rows that they give, and the page that describes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import sqlglot
import yaml

from expectations.suites import load_suites, with_dates
from loomline.errors import CatalogueError
from loomline.settings import PROJECT_ROOT
from loomline.tables import load_tables
from models.master_scale import MasterScale, load_master_scale
from models.scenarios.conditional import asset_correlation, conditional_pd
from models.scenarios.declared import Scenarios, load_scenarios
from models.scenarios.job import SCENARIO_PD, mean_note
from models.scenarios.scenario_rows import scenario_rows

DAY, DAY_END = date(2021, 1, 31), datetime(2021, 1, 31, 16, tzinfo=UTC)
ORDER = ("as_in_2008", "as_in_2009", "severe_downturn", "mild_downturn", "baseline", "recovery")
SHOWN_PD_RATIOS = (0.01, 0.05, 0.20)


@pytest.fixture(scope="module")
def declared(catalog: Path) -> Scenarios:
    return load_scenarios(catalog)


@pytest.fixture(scope="module")
def scale(catalog: Path) -> MasterScale:
    return load_master_scale(catalog)


def scored(count: int = 400) -> pa.Table:
    pd_ratio = np.random.default_rng(5).beta(1, 4, count)
    pd_ratio[:3] = (0, 0.5, 1)
    return pa.table({"enterprise_id": [f"E{n:04}" for n in range(count)], "pd_ratio": pd_ratio})


@pytest.fixture(scope="module")
def rows(declared: Scenarios, scale: MasterScale) -> pa.Table:
    return scenario_rows(scored(), declared, scale, DAY)


def test_the_scenarios_stand_from_the_worst_to_the_best(declared: Scenarios) -> None:
    factors = declared.systematic_factors()
    assert tuple(sorted(factors, key=factors.__getitem__)) == ORDER
    assert factors["baseline"] == 0
    # Of tables of the normal distribution.
    assert factors["severe_downturn"] == pytest.approx(-1.644854, abs=1e-6)
    assert factors["mild_downturn"] == pytest.approx(-0.674490, abs=1e-6)
    assert factors["recovery"] == pytest.approx(0.674490, abs=1e-6)


def test_a_year_stands_for_its_score(declared: Scenarios) -> None:
    assert declared.systematic_factor("as_in_2009") == declared.index.year_scores[2009]


def test_an_unknown_scenario_is_an_error(declared: Scenarios) -> None:
    with pytest.raises(KeyError, match="boom"):
        declared.systematic_factor("boom")


def broken(change: Callable[[dict[str, Any]], object], catalog: Path, folder: Path) -> Path:
    content = yaml.safe_load((catalog / "scenarios.yml").read_text(encoding="utf-8"))
    change(content)
    text = yaml.safe_dump(content, sort_keys=False)
    (folder / "scenarios.yml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda x: x["scenarios"]["baseline"].update(as_in=2009), "either a quantile or a year"),
        (lambda x: x["scenarios"]["baseline"].pop("quantile"), "either a quantile or a year"),
        (lambda x: x["scenarios"]["as_in_2008"].update(as_in=1929), "as in 1929, a year without"),
        (lambda x: x["scenarios"]["baseline"].update(quantile=1), r"scenarios\.baseline\.quantile"),
        (lambda x: x["scenarios"]["baseline"].pop("title_zh"), r"scenarios\.baseline"),
        (lambda x: x["index"]["series"]["INDPRO"].update(sign=0), r"index\.series\.INDPRO\.sign"),
        (lambda x: x["asset_correlation"].pop("source"), "asset_correlation"),
    ],
)
def test_what_does_not_hold_is_refused_with_its_place(
    change: Callable[[dict[str, Any]], object], said: str, catalog: Path, tmp_path: Path
) -> None:
    with pytest.raises(CatalogueError, match=said) as refused:
        load_scenarios(broken(change, catalog, tmp_path))
    assert "scenarios.yml:" in str(refused.value)


def test_the_rows_have_the_columns_of_their_table(rows: pa.Table, catalog: Path) -> None:
    columns = load_tables(catalog)[SCENARIO_PD].columns
    arrow = {"date": pa.date32(), "string": pa.string(), "double": pa.float64()}
    assert set(rows.column_names) == set(columns)
    for name, column in columns.items():
        assert rows.schema.field(name).type == arrow[column.type], name
        assert rows[name].null_count == 0, name


def test_every_firm_stands_once_in_every_scenario_as_worked_out_one_by_one(
    rows: pa.Table, declared: Scenarios, scale: MasterScale
) -> None:
    found = {(x["enterprise_id"], x["scenario"]): x for x in rows.to_pylist()}
    assert len(found) == rows.num_rows == 400 * len(ORDER)
    for firm in scored().to_pylist():
        pd_ratio = np.array([firm["pd_ratio"]])
        correlation = asset_correlation(pd_ratio, declared.asset_correlation)
        for scenario in ORDER:
            factor = declared.systematic_factor(scenario)
            (slow,) = conditional_pd(pd_ratio, correlation, factor)
            row = found[firm["enterprise_id"], scenario]
            assert row["scenario_pd_ratio"] == pytest.approx(slow, abs=1e-14)
            assert row["grade"] == scale.grade_of(row["scenario_pd_ratio"])
            assert (row["pd_ratio"], row["systematic_factor"]) == (firm["pd_ratio"], factor)
            assert row["as_of_date"] == DAY


def test_over_the_years_of_history_the_mean_is_nearly_the_probability(declared: Scenarios) -> None:
    # The scores of 64 ranks spread a little less than the normal distribution does.
    pd_ratio = np.array([0.05, 0.2, 0.5])
    correlation = asset_correlation(pd_ratio, declared.asset_correlation)
    years = [conditional_pd(pd_ratio, correlation, z) for z in declared.index.year_scores.values()]
    np.testing.assert_allclose(np.mean(years, axis=0), pd_ratio, rtol=0.01)


def test_a_missing_probability_is_refused(declared: Scenarios, scale: MasterScale) -> None:
    missing = pa.table({"enterprise_id": ["E1"], "pd_ratio": pa.array([None], pa.float64())})
    with pytest.raises(ValueError, match="probability of default"):
        scenario_rows(missing, declared, scale, DAY)


def test_the_note_says_the_means_of_the_score_and_of_every_scenario(
    declared: Scenarios, scale: MasterScale
) -> None:
    firms = pa.table({"enterprise_id": ["E1", "E2"], "pd_ratio": [0.2, 0.2]})
    said = mean_note(scenario_rows(firms, declared, scale, DAY))
    # The 20 % of the table in docs/scenarios.md.
    assert said.startswith("mean PD 20.0%; baseline 18.5%, mild_downturn 25.8%, ")


def checks() -> Iterator[tuple[str, str]]:
    """Why, and the query that finds what does not hold, for DuckDB."""
    (suite,) = [one.suite for one in load_suites("scores") if one.suite.table == SCENARIO_PD]
    for declared in suite.expectations:
        if declared.is_query:
            sql = declared.arguments["unexpected_rows_query"].replace("{batch}", "batch")
            sql = with_dates(sql, DAY, DAY_END).replace("scores.credit_score", "credit_score")
            sql = sql.replace("scores.master_scale", "master_scale")
            yield declared.why, sqlglot.transpile(sql, read="spark", write="duckdb")[0]


def failing(batch: pa.Table, scores: pa.Table, scale: MasterScale) -> set[str]:
    """The reasons of the checks that find something, over the rows of a date."""
    credit_score = scores.append_column("as_of_date", pa.repeat(pa.scalar(DAY), scores.num_rows))
    names = ("grade", "position", "pd_above_ratio", "pd_up_to_ratio", "meaning_en", "meaning_zh")
    master_scale = pa.table(dict(zip(names, zip(*scale.rows(), strict=True), strict=True)))
    with duckdb.connect() as database:
        for name, table in (
            ("batch", batch),
            ("credit_score", credit_score),
            ("master_scale", master_scale),
        ):
            database.register(name, table)
        return {why.split()[0] for why, sql in checks() if database.sql(sql).fetchall()}


def changed(rows: pa.Table, column: str, values: pa.Array) -> pa.Table:
    return rows.set_column(rows.column_names.index(column), column, values)


def test_the_gate_passes_sound_rows_and_finds_each_kind_of_unsound_ones(
    rows: pa.Table, scale: MasterScale
) -> None:
    assert failing(rows, scored(), scale) == set()
    # A row less, and a score that was made anew since.
    assert failing(rows.slice(1), scored(), scale) == {"Every"}
    other = changed(scored(), "pd_ratio", pc.multiply(scored()["pd_ratio"], 0.9))
    assert failing(rows, other, scale) == {"Every"}
    # The factor with its sign the wrong way round.
    turned = changed(rows, "systematic_factor", pc.negate(rows["systematic_factor"]))
    assert failing(turned, scored(), scale) == {"In"}
    one_grade = changed(rows, "grade", pa.array(["G3"] * rows.num_rows))
    assert failing(one_grade, scored(), scale) == {"The"}


def test_the_page_shows_what_the_scenarios_give_now(declared: Scenarios) -> None:
    page = (PROJECT_ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")
    pd_ratio = np.array(SHOWN_PD_RATIOS)
    correlation = asset_correlation(pd_ratio, declared.asset_correlation)
    for name, scenario in declared.scenarios.items():
        factor = declared.systematic_factor(name)
        shown = [f"{x:.2%}" for x in conditional_pd(pd_ratio, correlation, factor)]
        origin = f"as in {scenario.as_in}" if scenario.as_in else f"quantile {scenario.quantile}"
        words = f"`{name}` ({scenario.title_zh})"
        line = " | ".join((words, origin, f"{factor:.2f}", *shown))
        assert f"| {line} |" in page, line
