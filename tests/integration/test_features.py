"""Features against a slow oracle, against late rows, and against moved and repeated histories."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from loomline.errors import CatalogueError
from loomline.job import JobContext
from spark_jobs.feature_declarations import load_features
from spark_jobs.feature_query import feature_query
from tests.integration.conftest import AS_OF_DATE, RunJob
from tests.integration.content import content_hash
from tests.integration.feature_histories import (
    History,
    Invoice,
    expected_features,
    random_history,
    span_months,
)

HISTORIES = 60
Vectors = dict[str, dict[str, float | None]]


def edge_histories() -> dict[str, History]:
    """Histories that random ones hardly meet."""
    one = Invoice("A", "sale", date(2019, 3, 28), Decimal("100.00"), Decimal("3.00"))
    return {
        "nothing": [],
        "only_voided": [replace(one, is_valid=False)],
        "only_red": [replace(one, net_cny=Decimal("-100.00"), tax_cny=Decimal("-3.00"))],
        "one_sale": [one],
        "one_purchase": [replace(one, direction="purchase")],
        "taken_back": [one, replace(one, net_cny=Decimal("-100.00"), tax_cny=Decimal("-3.00"))],
        "on_the_bound": [
            replace(one, issue_date=date(2019, 2, 28)),
            replace(one, issue_date=date(2019, 3, 1)),
            replace(one, issue_date=date(2018, 2, 28)),
        ],
    }


def features_of(lake: JobContext, histories: dict[str, History]) -> Vectors:
    """What the job's own query says of planted histories; each is an enterprise."""
    spark, end = lake.spark, lake.as_of_end
    rows = [
        (
            name,
            x.counterparty_id,
            x.direction,
            x.issue_date,
            x.net_cny,
            x.tax_cny,
            x.total_cny,
            "valid" if x.is_valid else "voided",
            x.is_red,
            x.known_at,
            x.superseded_at,
        )
        for name, history in histories.items()
        for x in history
    ]
    schema = (
        "enterprise_id string, counterparty_id string, direction string, issue_date date, "
        "net_cny decimal(18,2), tax_cny decimal(18,2), total_cny decimal(18,2), status string, "
        "is_red_letter boolean, known_at timestamp, superseded_at timestamp"
    )
    spark.createDataFrame(rows, schema).createOrReplaceTempView("planted_invoice")
    known = [(name, end) for name in histories]
    schema = "enterprise_id string, known_at timestamp"
    spark.createDataFrame(known, schema).createOrReplaceTempView("planted_enterprise")
    features = load_features(lake.catalog)
    query = feature_query(features, AS_OF_DATE, end)
    query = query.replace("silver.invoice", "planted_invoice")
    query = query.replace("silver.enterprise", "planted_enterprise")
    names = [feature.name for feature in features.features]
    return {
        row["enterprise_id"]: dict(zip(names, row["feature_values"], strict=True))
        for row in spark.sql(query).collect()
    }


@pytest.fixture(scope="module")
def histories() -> dict[str, History]:
    generator = random.Random(20200229)
    drawn = {f"random_{number}": random_history(generator) for number in range(HISTORIES)}
    return {**drawn, **edge_histories()}


@pytest.fixture(scope="module")
def vectors(lake: JobContext, histories: dict[str, History]) -> Vectors:
    """Every history as it is, with rows known later, a year earlier, and twice in a row."""
    generator = random.Random(7)
    planted = dict(histories)
    for name, history in histories.items():
        late = [replace(x, known_late=True) for x in random_history(generator)]
        planted[f"{name}/late"] = [*history, *late]
        planted[f"{name}/moved"] = [x.moved(12) for x in history]
        again = [x.moved(span_months(history)) for x in history]
        planted[f"{name}/repeated"] = [*history, *again] if span_months(history) else history
    return features_of(lake, planted)


def test_every_feature_is_what_the_slow_way_gives(
    vectors: Vectors, histories: dict[str, History]
) -> None:
    for name, history in histories.items():
        expected = expected_features(history, AS_OF_DATE)
        assert set(expected) == set(vectors[name])
        for feature, value in expected.items():
            found = vectors[name][feature]
            if value is None or found is None:
                assert found == value, (name, feature)
            else:
                # A quotient of decimals has six digits behind the point.
                assert found == pytest.approx(value, rel=1e-7, abs=5e-7), (name, feature)


def test_rows_known_later_change_no_feature(
    vectors: Vectors, histories: dict[str, History]
) -> None:
    for name in histories:
        assert vectors[f"{name}/late"] == vectors[name], name


@pytest.mark.parametrize("change", ["moved", "repeated"])
def test_only_marked_features_feel_the_end_or_the_length_of_a_history(
    lake: JobContext, vectors: Vectors, histories: dict[str, History], change: str
) -> None:
    felt = set()
    for name in histories:
        for feature, value in vectors[name].items():
            other = vectors[f"{name}/{change}"][feature]
            is_same = (
                value == other
                if None in (value, other)
                else (other == pytest.approx(value, rel=1e-7, abs=1e-7))
            )
            if not is_same:
                felt.add(feature)
    declared = load_features(lake.catalog).features
    assert felt <= {x.name for x in declared if x.is_history_dependent}


def test_every_marked_feature_feels_the_end_or_the_length_of_a_history(
    lake: JobContext, vectors: Vectors, histories: dict[str, History]
) -> None:
    marked = {x.name for x in load_features(lake.catalog).features if x.is_history_dependent}
    felt = {
        feature
        for name in histories
        for change in ("moved", "repeated")
        for feature, value in vectors[name].items()
        if vectors[f"{name}/{change}"][feature] != value
    }
    # A repeated history meets the same parties again; a longer one meets new ones.
    assert marked - {"customer_count", "supplier_count"} <= felt


def test_every_known_enterprise_gets_one_row_and_a_rerun_changes_none(
    lake: JobContext, run: RunJob
) -> None:
    run("features")
    condition = f"as_of_date = date'{AS_OF_DATE}'"
    first = content_hash(lake.spark, "features.enterprise_feature", condition)
    rows = lake.spark.table("features.enterprise_feature").where(condition)
    known = lake.spark.table("silver.enterprise").where(
        f"known_at <= timestamp'{lake.as_of_end:%Y-%m-%d %H:%M:%S}Z'"
    )
    assert rows.count() == known.count() > 0
    latest = rows.selectExpr("max(last_known_at) as latest").collect()[0]["latest"]
    assert latest.timestamp() <= lake.as_of_end.timestamp()
    run("features")
    assert content_hash(lake.spark, "features.enterprise_feature", condition) == first


def test_names_stand_at_the_positions_of_the_vector(lake: JobContext, run: RunJob) -> None:
    run("features")
    spark = lake.spark
    version = spark.sql(
        "select distinct feature_version from features.enterprise_feature "
        f"where as_of_date = date'{AS_OF_DATE}'"
    ).collect()
    assert len(version) == 1
    names = spark.table("features.feature_name").where(
        f"feature_version = '{version[0]['feature_version']}'"
    )
    found = [row["feature"] for row in names.orderBy("position").collect()]
    assert found == [feature.name for feature in load_features(lake.catalog).features]


def test_an_expression_that_does_not_hold_is_named(
    lake: JobContext, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from spark_jobs.features import run as run_features

    catalog = tmp_path_factory.mktemp("catalog")
    (catalog / "features").mkdir()
    (catalog / "tables").symlink_to(lake.catalog / "tables")
    (catalog / "features" / "broken.yml").write_text(
        "group: broken\n"
        "description: One feature over a measure that is not there.\n"
        "features:\n"
        "  - {name: broken, expression: no_such_measure + 1, unit: ratio, description_en: x,\n"
        "     description_zh: x, missing_means: x, is_history_dependent: false}\n"
    )
    broken = JobContext(lake.settings.model_copy(update={"catalog": catalog}), AS_OF_DATE)
    with pytest.raises(CatalogueError, match="no_such_measure"):
        run_features(broken)
