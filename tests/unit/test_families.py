"""The declared families: what is refused, what features are called, what a version depends on."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
import sqlglot

from loomline.errors import CatalogueError
from loomline.families.catalogue import families_version, features, load_families, measures_of
from loomline.families.model import Feature
from loomline.families.pages import feature_pages
from loomline.settings import PROJECT_ROOT
from loomline.tables import load_tables

FAMILY = """family: trial
domain: trial
owner: tester
description: A trial.
missing_means: No history.
measures:
  - name: sale
    table: silver.invoice
    code: enterprise_id
    day: issue_date
    value: net_cny
    unit: CNY
    description_en: Sales
    description_zh: 销售额
  - name: staff
    table: silver.staff
    day: month_start_date
    value: head_count
    kind: level
    unit: people
    description_en: Staff
    description_zh: 人数
features:
  - of: [sale]
    aggregations: [sum, trend]
    windows: [30, 365]
    comparisons: [none, previous, peers]
  - of: [staff]
    aggregations: [last_value]
    windows: [90]
ratios:
  - name: sale_a_head
    numerator: sale
    denominator: sale
    unit: CNY
    description_en: Sales by sales
    description_zh: 自比
    windows: [90]
    comparisons: [last_year]
"""
# What a feature may end in after the name of its measure and aggregation, or of its ratio.
ENDING = r"_(7|30|90|180|365)d(_vs_(previous|last_year|season))?(_vs_peers)?$"


DOMAINS = {
    *("production", "energy", "machine", "order", "customer", "supplier", "fulfilment", "stock"),
    *("invoice", "payment", "receivable", "cash", "books", "tax", "staff", "credit_behaviour"),
    *("collateral", "chain", "public_events", "data_trust"),
}


@pytest.fixture
def trial(tmp_path: Path, catalog: Path) -> Path:
    (tmp_path / "tables").symlink_to(catalog / "tables")
    (tmp_path / "families").mkdir()
    return tmp_path


@pytest.fixture(scope="module")
def declared(catalog: Path) -> tuple[Feature, ...]:
    return features(load_families(catalog))


def written(trial: Path, text: str, name: str = "trial.yml") -> Path:
    (trial / "families" / name).write_text(text, encoding="utf-8")
    return trial


@pytest.mark.parametrize(
    ("old", "new", "line", "key"),
    [
        ("owner: tester", "owners: tester", 3, "owners"),
        ("table: silver.staff", "table: silver.crew", 16, "measures.1.table"),
        ("code: enterprise_id", "code: firm", 9, "measures.0.code"),
        ("name: staff", "name: sale", 15, "measures.1.name"),
        ("name: staff", "name: Staff", 15, "measures.1.name"),
        ("of: [sale]", "of: [sail]", 24, "features.0.of.0"),
        ("[sum, trend]", "[sum, median]", 25, "features.0.aggregations.1"),
        ("[sum, trend]", "[active_days, active_share]", 25, "features.0.aggregations"),
        ("windows: [30, 365]", "windows: [30, 31]", 26, "features.0.windows.1"),
        ("windows: [30, 365]", "windows: [7, 365]", 24, "features.0"),
        ("[none, previous, peers]", "[none, season]", 24, "features.0"),
        ("[none, previous, peers]", "[none, none]", 24, "features.0.of.0"),
        ("of: [staff]", "of: [staff, staff]", 28, "features.1.of.1"),
        ("[last_value]", "[sum]", 28, "features.1.of.0"),
        ("denominator: sale", "denominator: tax", 34, "ratios.0.denominator"),
        (
            "code: enterprise_id",
            "code: enterprise_id\n    spelling: name",
            10,
            "measures.0.spelling",
        ),
        ("value: net_cny", "value: net_cny\n    until: issue_date", 7, "measures.0"),
        (
            "owner: tester",
            "owner: tester\nalso_covered_by: [silver.energy]",
            4,
            "also_covered_by.0",
        ),
        ("name: sale_a_head", "name: Sale", 32, "ratios.0.name"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_key(
    trial: Path, old: str, new: str, line: int, key: str
) -> None:
    text = FAMILY.replace(old, new)
    with pytest.raises(CatalogueError) as caught:
        load_families(written(trial, text))
    expected = f"{trial / 'families' / 'trial.yml'}:{line}: {key}: "
    assert caught.value.message.startswith(expected)


def test_a_family_or_measure_of_another_file_is_not_given_again(trial: Path) -> None:
    written(trial, FAMILY)
    with pytest.raises(CatalogueError, match=r"trial2\.yml:1: family: 'trial' is given twice"):
        load_families(written(trial, FAMILY, "trial2.yml"))
    other = FAMILY.replace("family: trial", "family: other")
    with pytest.raises(CatalogueError, match=r"trial2\.yml:7: measures\.0\.name.*given twice"):
        load_families(written(trial, other, "trial2.yml"))


def test_a_ratio_and_an_aggregation_of_one_name_are_refused(trial: Path) -> None:
    text = FAMILY.replace("name: sale_a_head", "name: sale_sum")
    text = text.replace("windows: [90]\n    comparisons: [last_year]", "windows: [30]")
    with pytest.raises(CatalogueError, match=r"yml:32: ratios\.0\.name: 'sale_sum_30d' is given"):
        load_families(written(trial, text))


def test_no_family_at_all_is_an_error(trial: Path) -> None:
    with pytest.raises(CatalogueError, match="No family is declared"):
        load_families(trial)


def test_a_ratio_may_take_measures_of_a_later_file(trial: Path) -> None:
    other = (
        FAMILY[: FAMILY.index("features:")].replace("trial", "other").replace("name: ", "name: o_")
    )
    text = FAMILY.replace("numerator: sale", "numerator: o_sale")
    families = load_families(written(written(trial, other, "z.yml"), text))
    assert features(families)[-1].measures == ("o_sale", "sale")


def test_over_a_year_the_days_before_and_those_of_last_year_are_told_once(trial: Path) -> None:
    text = FAMILY.replace("[none, previous, peers]", "[last_year, previous, none]")
    made = features(load_families(written(trial, text)))
    of_a_year = [one.name for one in made if one.name.startswith("sale_sum_365d")]
    assert of_a_year == ["sale_sum_365d_vs_previous", "sale_sum_365d"]
    of_a_month = [one.name for one in made if one.name.startswith("sale_sum_30d")]
    assert of_a_month == ["sale_sum_30d_vs_last_year", "sale_sum_30d_vs_previous", "sale_sum_30d"]


def test_features_are_in_the_order_of_the_file_and_say_what_they_are(trial: Path) -> None:
    made = features(load_families(written(trial, FAMILY)))
    assert [feature.name for feature in made] == [
        *("sale_sum_30d", "sale_sum_30d_vs_previous", "sale_sum_30d_vs_peers"),
        *("sale_sum_365d", "sale_sum_365d_vs_previous", "sale_sum_365d_vs_peers"),
        *("sale_trend_30d", "sale_trend_30d_vs_previous", "sale_trend_30d_vs_peers"),
        *("sale_trend_365d", "sale_trend_365d_vs_previous", "sale_trend_365d_vs_peers"),
        *("staff_last_value_90d", "sale_a_head_90d_vs_last_year"),
    ]
    units = [feature.unit for feature in made]
    assert units == ["CNY", "ratio", "ratio"] * 2 + ["ratio"] * 6 + ["people", "ratio"]
    changes = {feature.name: feature.change for feature in made}
    assert changes["sale_sum_30d_vs_previous"] == "relative"
    assert changes["sale_trend_30d_vs_previous"] == "difference"
    assert made[1].description_en == (
        "Sales: total over the last 30 days, relative change against the 30 days before"
    )
    assert made[1].description_zh == "销售额：近30天合计，较此前30天的变化率"
    assert made[1].missing_means == (
        "No history. Or the window before it has no value or is not above 0."
    )


def test_the_catalogue_has_unique_readable_names(declared: tuple[Feature, ...]) -> None:
    assert len(declared) >= 5_000
    assert max(Counter(feature.name for feature in declared).values()) == 1
    for feature in declared:
        assert re.search(ENDING, feature.name), feature.name
        assert len(feature.name) <= 63, feature.name
        assert re.search(r"[a-z]", feature.description_en), feature.name
        assert re.search(r"[\u4e00-\u9fff]", feature.description_zh), feature.name


def test_every_domain_is_told_of(catalog: Path, declared: tuple[Feature, ...]) -> None:
    assert {feature.domain for feature in declared} == DOMAINS
    described = Counter(feature.domain for feature in declared)
    assert min(described.values()) >= 40


def test_the_pages_in_the_docs_are_in_step_with_the_families(catalog: Path) -> None:
    folder = PROJECT_ROOT / "docs" / "features"
    written = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    assert written == feature_pages(load_families(catalog)), "run `make docs`"


def test_no_two_features_say_or_compute_the_same(declared: tuple[Feature, ...]) -> None:
    for part in ("description_en", "description_zh"):
        assert max(Counter(getattr(feature, part) for feature in declared).values()) == 1
    computed = Counter(map(what_is_computed, declared))
    assert max(computed.values()) == 1


def what_is_computed(feature: Feature) -> tuple[object, ...]:
    """The feature but for its words; equal for two ways to say the same."""
    window, comparison = feature.window_days, str(feature.comparison)
    if window == 365:
        # The 365 days before are those of a year before.
        comparison = comparison.replace("last_year", "previous")
    if feature.aggregation == "closing" and comparison in ("none", "peers"):
        window = 7
    return (feature.measures, feature.aggregation, window, comparison)


def test_every_measure_is_used(catalog: Path, declared: tuple[Feature, ...]) -> None:
    used = {measure for feature in declared for measure in feature.measures}
    measures = {measure.name for family in load_families(catalog) for measure in family.measures}
    assert used == measures


def columns_of(sql: str) -> set[str]:
    """The columns that Spark SQL names."""
    tree = sqlglot.parse_one(sql.replace(":time_zone", "'UTC'"), dialect="spark")
    return {column.name for column in tree.find_all(sqlglot.exp.Column)}


def test_the_sql_of_measures_names_columns_of_their_tables(catalog: Path) -> None:
    tables = load_tables(catalog)
    for measure in measures_of(load_families(catalog)).values():
        parts = (measure.day, measure.value, measure.where, measure.until)
        named = {name for sql in filter(None, parts) for name in columns_of(sql)}
        columns = tables[measure.table].columns
        assert named <= set(columns), measure.name
        assert columns_of(measure.day), measure.name
        if measure.ids_of:
            assert "code_system" in columns, measure.name


def test_a_column_that_is_not_there_is_found_in_sql() -> None:
    sql = "if(amont > 0, datediff(a, to_date(from_utc_timestamp(b, :time_zone))), 'c')"
    assert columns_of(sql) == {"amont", "a", "b"}


def test_the_bank_rating_and_the_outcome_are_in_no_measure(catalog: Path) -> None:
    tables = {measure.table for family in load_families(catalog) for measure in family.measures}
    assert tables.isdisjoint({"silver.credit_record", "silver.credit_outcome"})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("value: net_cny", "value: total_cny"),
        ("windows: [90]", "windows: [30]"),
        ("owner: tester", "owner: somebody"),
        ("description_zh: 自比", "description_zh: 比"),
        ("[none, previous, peers]", "[none, peers, previous]"),
    ],
)
def test_the_version_changes_with_every_declaration(trial: Path, old: str, new: str) -> None:
    before = families_version(load_families(written(trial, FAMILY)))
    after = families_version(load_families(written(trial, FAMILY.replace(old, new))))
    assert re.fullmatch(r"[0-9a-f]{12}", before)
    assert before != after


def test_the_version_does_not_change_with_comments(trial: Path) -> None:
    before = families_version(load_families(written(trial, FAMILY)))
    assert families_version(load_families(written(trial, f"# Said.\n{FAMILY}"))) == before
