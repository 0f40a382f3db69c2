"""The declared checks: what is refused, their inputs, their months and their SQL."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from loomline.consistency.catalogue import load_checks
from loomline.consistency.inputs import consistency_inputs, input_names
from loomline.consistency.months import last_months, latest_month, month_start, months_needed
from loomline.consistency.query import SLOT, AsOf, as_known, tables_of_query, unknown_slots
from loomline.errors import CatalogueError
from loomline.families.catalogue import features, load_families
from loomline.tables import load_tables

CATALOG = Path(__file__).parents[2] / "catalog"
CHECKS = load_checks(CATALOG)


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """A catalogue with one check, to be spoilt."""
    for folder in ("families", "tables"):
        shutil.copytree(CATALOG / folder, tmp_path / folder)
    (tmp_path / "consistency").mkdir()
    shutil.copy(CATALOG / "consistency" / "round_sales.yml", tmp_path / "consistency")
    return tmp_path


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ("measured: sale_round\n", "measured: sale_rounded\n", r"measured: 'sale_rounded' is no"),
        ("unit: CNY\n", "unit: kWh\n", r"unit: sale_round is in CNY"),
        ("name: round_sales\n", "name: other\n", r"name: the file is round_sales.yml"),
        ("measured: sale_round\n", "sql: select 1\n", "either sql, or the measures"),
        ("contradicts: [excess]", "contradicts: [shortfall]", "excess needs words"),
        ("form: share", "form: ratio", "least_measured above 0"),
        ("weight: 0.15", "weight: 1.5", "weight"),
        ("form: share", "form: share\nlearned_from: given", "given says what"),
        ("beyond: 0.002, ", "", "a tolerance is learned"),
        (
            "weight: 0.15",
            "weight: 0.1\nreview: {tolerances: 1, months: 1, sides: [shortfall]}",
            "review has a side",
        ),
        ("weight: 0.15", "wieght: 0.15", "wieght"),
        ("known_after_days: 3", "known_after_days: 3\njudges_running_month: true", "running month"),
    ],
)
def test_a_wrong_check_is_refused_with_file_and_key(
    catalog: Path, was: str, becomes: str, says: str
) -> None:
    path = catalog / "consistency" / "round_sales.yml"
    text = path.read_text()
    assert was in text
    path.write_text(text.replace(was, becomes, 1))
    with pytest.raises(CatalogueError, match=rf"round_sales\.yml:\d+: .*{says}"):
        load_checks(catalog)


def test_sql_with_a_table_that_is_not_declared_is_refused(catalog: Path) -> None:
    path = catalog / "consistency" / "lots_pledged_twice.yml"
    text = (CATALOG / "consistency" / path.name).read_text()
    path.write_text(text.replace("{warehouse_receipt}", "{warehouse_slip}"))
    with pytest.raises(CatalogueError, match=r"sql: unknown in braces: warehouse_slip"):
        load_checks(catalog)


def test_a_check_whose_input_is_a_feature_is_refused(catalog: Path) -> None:
    family = catalog / "families" / "invoice.yml"
    family.write_text(family.read_text().replace("name: sale_count", "name: round_sales_residual"))
    for path in (catalog / "families").glob("*.yml"):
        path.write_text(path.read_text().replace("sale_count", "round_sales_residual"))
    with pytest.raises(CatalogueError, match="round_sales_residual is a feature or measure too"):
        load_checks(catalog)


def test_an_empty_catalogue_is_refused(catalog: Path) -> None:
    (catalog / "consistency" / "round_sales.yml").unlink()
    with pytest.raises(CatalogueError, match="No check"):
        load_checks(catalog)


def test_inputs_are_one_namespace_with_features_and_measures() -> None:
    families = load_families(CATALOG)
    names = input_names(CHECKS)
    assert len(names) == len(set(names)) == 4 * len(CHECKS) + 2
    assert not set(names) & {feature.name for feature in features(families)}
    assert not set(names) & {measure.name for family in families for measure in family.measures}
    units = {"ratio", "log ratio", "months", "points", "checks"}
    assert {given.unit for given in consistency_inputs(CHECKS)} == units


def test_every_check_says_in_words_what_it_finds() -> None:
    for check in CHECKS:
        for side in check.contradicts:
            assert getattr(check, f"{side}_en").endswith(".")
            assert getattr(check, f"{side}_zh").endswith("。")


def test_months_count_back_over_years() -> None:
    day = date(2020, 3, 31)
    assert [month_start(day, back) for back in (0, 2, 3, 15)] == [
        date(2020, 3, 1),
        date(2020, 1, 1),
        date(2019, 12, 1),
        date(2018, 12, 1),
    ]
    assert last_months(day, 3) == (date(2020, 1, 1), date(2020, 2, 1), date(2020, 3, 1))


@pytest.mark.parametrize(
    ("days", "as_of", "latest"),
    [
        (0, date(2020, 2, 28), date(2020, 1, 1)),
        (0, date(2020, 2, 29), date(2020, 2, 1)),
        (5, date(2020, 2, 29), date(2020, 1, 1)),
        (5, date(2020, 3, 4), date(2020, 1, 1)),
        (5, date(2020, 3, 5), date(2020, 2, 1)),
        (20, date(2020, 3, 19), date(2020, 1, 1)),
        (20, date(2020, 3, 20), date(2020, 2, 1)),
    ],
)
def test_a_month_is_judged_from_so_many_days_after_its_end_on(
    days: int, as_of: date, latest: date
) -> None:
    update = {"known_after_days": days, "judges_running_month": False}
    check = CHECKS[0].model_copy(update=update)
    assert latest_month(check, as_of) == latest


def test_a_running_month_is_judged_where_declared() -> None:
    check = CHECKS[0].model_copy(update={"judges_running_month": True})
    assert latest_month(check, date(2020, 3, 1)) == date(2020, 3, 1)


def test_sums_and_the_own_past_reach_further_back() -> None:
    update = {"months": 3, "lag_months": 1, "learned_from": "trade"}
    check = CHECKS[0].model_copy(update=update)
    assert months_needed(check) == 12 + 3
    assert months_needed(check.model_copy(update={"learned_from": "own_past"})) == 24 + 3


def test_sql_reads_tables_and_links_only_as_they_were_known() -> None:
    tables = load_tables(CATALOG)
    as_of = AsOf(date(2020, 2, 29), datetime(2020, 2, 29, 16, tzinfo=UTC), "Asia/Shanghai")
    for check in CHECKS:
        if check.sql is None:
            continue
        assert not unknown_slots(check.sql, tables)
        # A table that is named without its slot would be read as it is now.
        assert "silver." not in check.sql
        sql = as_known(check.sql, tables, set(tables), as_of, date(2019, 3, 1))
        assert not SLOT.search(sql)
        for name in tables_of_query(check.sql):
            assert sql.count(f"from {name} where ") >= 1
        read = sum(
            slot not in ("as_of", "first_day", "time_zone") for slot in SLOT.findall(check.sql)
        )
        assert sql.count("known_at <= timestamp'2020-02-29 16:00:00Z'") == read


def test_a_table_that_is_not_there_is_read_as_empty() -> None:
    tables = load_tables(CATALOG)
    as_of = AsOf(date(2020, 2, 29), datetime(2020, 2, 29, 16, tzinfo=UTC), "Asia/Shanghai")
    sql = as_known("select 1 from {staff}", tables, set(), as_of, date(2019, 3, 1))
    assert "silver.staff" not in sql
    assert "cast(null as bigint) as head_count" in sql
    assert "where false" in sql
