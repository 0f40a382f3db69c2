"""The job `identity` on planted lists: links, questions, decisions, and the same table twice."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession

from loomline.commands.identity import review
from loomline.identity import load_identity
from loomline.lake import (
    append_rows,
    create_tables,
    known_condition,
    remove_rows,
    replace_rows,
)
from loomline.runner import run_job
from loomline.settings import Settings
from tests.integration.content import content_hash
from tests.integration.planted import planted_rows
from tests.unit.parties import FIRMS, lists, party

DAY = pd.Timestamp("2024-03-01 16:00:00")
LATER = pd.Timestamp("2024-03-11 16:00:00")
AS_OF = date(2024, 3, 31)
PLANTED = ("silver.party", "silver.machine", "silver.staff")
MADE = ("silver.enterprise_link", "quality.identity_question")


@pytest.fixture(scope="module")
def planted(settings: Settings, spark: SparkSession) -> Iterator[None]:
    """Lists of two enterprises, an outsider, and records that mean them; taken away again."""
    records = [
        *lists(DAY),
        party("bank", "coded", DAY, credit_code=FIRMS["E1"]["credit_code"], party_name="某公司"),
        party("bank", "spelled", LATER, party_name="大瑞通玻璃（绍兴）有限公司"),
        party("bank", "slip", DAY, party_name="绍兴大横通纺织有限公司"),
        party("bank", "trap", DAY, party_name="绍兴大恒通针织有限公司"),
    ]
    machine: dict[str, object] = {
        "code_system": "sensors",
        "machine_code": "M1",
        "enterprise_name": "绍兴 大恒通纺织有限责任公司",
        "known_at": DAY,
    }
    staff: dict[str, object] = {
        "code_system": "payroll",
        "enterprise_code": "P7",
        "enterprise_name": FIRMS["E1"]["party_name"],
        "month_start_date": date(2024, 2, 1),
        "head_count": 12,
        "wages_cny": Decimal(80_000),
        "social_insurance_cny": Decimal(20_000),
        "known_at": DAY,
    }
    create_tables(spark, settings.catalog, PLANTED)
    for name, values in zip(PLANTED, (records, [machine], [staff]), strict=True):
        replace_rows(planted_rows(spark, settings.catalog, name, values), name, "true")
    yield
    for name in PLANTED:
        spark.sql(f"drop table {name}")
    for name in MADE:
        remove_rows(spark, name, "true")


@pytest.fixture(scope="module")
def linked(settings: Settings, planted: None) -> None:
    """The job has run on the planted lists, and nobody has decided anything."""
    run_job("identity", AS_OF, None, settings)


def links(spark: SparkSession, moment: datetime) -> dict[str, tuple[str, str]]:
    """Enterprise and method of each linked code and spelling, as of a moment."""
    rows = spark.table("silver.enterprise_link").where(known_condition(moment)).collect()
    found = {row["party_code"]: (row["enterprise_id"], row["link_method"]) for row in rows}
    assert len(found) == len(rows)
    return {code: link for code, link in found.items() if link[1] != "own code"}


CODES = {str(of["credit_code"]): (firm, "credit code") for firm, of in FIRMS.items()}
EARLY = {
    **CODES,
    "coded": ("E1", "credit code"),
    "绍兴 大恒通纺织有限责任公司": ("E1", "splink"),
    "P7": ("E1", "splink"),
}


@pytest.mark.parametrize("list_of_firms", ["missing", "empty"])
def test_a_lake_without_a_list_of_firms_has_no_links(
    settings: Settings, spark: SparkSession, list_of_firms: str
) -> None:
    spark.sql("drop table if exists silver.party")
    if list_of_firms == "empty":
        create_tables(spark, settings.catalog, ("silver.party",))
    result = run_job("identity", AS_OF, None, settings)
    assert (result.rows_in, result.rows_out) == (0, 0)
    assert spark.table("silver.enterprise_link").isEmpty()


def test_links_stand_from_the_moment_they_are_known_and_a_rerun_leaves_them(
    settings: Settings, spark: SparkSession, linked: None
) -> None:
    first = [content_hash(spark, name) for name in MADE]
    run_job("identity", AS_OF, None, settings)
    assert [content_hash(spark, name) for name in MADE] == first
    assert links(spark, datetime(2024, 3, 2)) == EARLY
    assert links(spark, datetime(2024, 3, 12)) == EARLY | {"spelled": ("E2", "splink")}
    assert links(spark, datetime(2024, 2, 29)) == {}
    scored = spark.table("silver.enterprise_link").where("link_method = 'splink'").collect()
    assert all(0.95 <= row["link_probability"] < 1 for row in scored)
    assert all(row["evidence"] and row["model_version"] for row in scored)
    questions = spark.table("quality.identity_question").where("not is_linked").collect()
    assert {(row["party_code"], row["enterprise_id"]) for row in questions} == {("slip", "E1")}


def test_a_list_that_comes_later_leaves_the_links_of_the_mentions_before_it(
    settings: Settings, spark: SparkSession, linked: None
) -> None:
    listed = party("payroll", "P7", LATER, credit_code=FIRMS["E2"]["credit_code"])
    append_rows(planted_rows(spark, settings.catalog, "silver.party", [listed]), "silver.party")
    run_job("identity", AS_OF, None, settings)
    # Taken away again, for the tests that come after.
    remove_rows(spark, "silver.party", "party_code = 'P7'")
    assert links(spark, datetime(2024, 3, 2)) == EARLY
    later = {"spelled": ("E2", "splink"), "P7": ("E2", "credit code")}
    assert links(spark, datetime(2024, 3, 12)) == EARLY | later


def test_the_review_prints_a_line_that_completed_is_a_decision(
    settings: Settings, linked: None, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    capsys.readouterr()
    review(above=None, below=None, limit=20)
    printed = capsys.readouterr().out
    assert "1 links between 0.05 and 0.95, 1 shown." in printed
    (line,) = (line for line in printed.splitlines() if line.startswith("  - {"))
    for name, said in (("by", "tester"), ("on", "2024-03-21")):
        line = line.replace(f"decided_{name}: ", f"decided_{name}: {said}")
    line = line.replace("reason: ", "reason: seen the licence")
    (tmp_path / "tables").symlink_to(settings.catalog / "tables")
    text = (settings.catalog / "identity.yml").read_text(encoding="utf-8")
    text = text.replace("confirmed: []", f"confirmed:\n{line}")
    (tmp_path / "identity.yml").write_text(text, encoding="utf-8")
    (decision,) = load_identity(tmp_path).confirmed
    assert (decision.party_code, decision.enterprise_id) == ("slip", "E1")


def test_a_person_confirms_and_rejects_from_a_day_on(
    settings: Settings, spark: SparkSession, linked: None, tmp_path: Path
) -> None:
    catalog = tmp_path / "catalog"
    shutil.copytree(settings.catalog, catalog)
    said = "decided_by: tester, decided_on: 2024-03-21, reason: seen the licence"
    text = (catalog / "identity.yml").read_text(encoding="utf-8")
    for kind, code, firm in (("confirmed", "slip", "E1"), ("rejected", "spelled", "E2")):
        entry = f"{{code_system: bank, party_code: {code}, enterprise_id: {firm}, {said}}}"
        text = text.replace(f"{kind}: []", f"{kind}: [{entry}]")
    (catalog / "identity.yml").write_text(text, encoding="utf-8")
    decided = settings.model_copy(update={"catalog": catalog})
    run_job("identity", AS_OF, None, decided)
    assert links(spark, datetime(2024, 3, 20)) == EARLY | {"spelled": ("E2", "splink")}
    assert links(spark, datetime(2024, 3, 22)) == EARLY | {"slip": ("E1", "confirmed")}
    confirmed = spark.table("silver.enterprise_link").where("link_method = 'confirmed'").collect()
    assert [(row["link_probability"], row["evidence"][0]["finding"]) for row in confirmed] == [
        (1.0, "seen the licence")
    ]
    assert spark.table("quality.identity_question").where("not is_linked").isEmpty()
