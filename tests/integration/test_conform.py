"""Conforming on the shared engine: what becomes of the sample, its planted rows above all."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from pyspark.sql import Row

from loomline.job import JobContext
from loomline.sample.files import SEED, sales_text
from loomline.sample.firms import Firms, make_firms
from loomline.sample.invoices import Invoices, make_purchases, make_sales
from loomline.sample.planted import Planted, planted_outcomes, planted_purchases, planted_sales
from loomline.sample.texts import outcome_rows, purchase_lines, sale_rows


class Story:
    """The sample once more, with what was planted into its files."""

    def __init__(self) -> None:
        rng = np.random.default_rng(SEED)
        self.firms: Firms = make_firms(rng)
        self.sales: Invoices = make_sales(rng, self.firms)
        self.purchases: Invoices = make_purchases(rng, self.firms, self.sales)
        rows = sale_rows(rng, self.firms, self.sales)
        lines = purchase_lines(rng, self.firms, self.purchases)
        outcomes = outcome_rows(self.firms)
        self.planted: dict[str, Sequence[Planted[Any]]] = {
            "sample_sales": planted_sales(rows),
            "sample_purchases": planted_purchases(lines),
            "sample_credit_outcomes": planted_outcomes(outcomes),
        }


@pytest.fixture(scope="module")
def story() -> Story:
    return Story()


def _last_rows(lake: JobContext, source: str, count: int) -> list[Row]:
    """The last rows of a source's first file, in which dirty rows are planted, in their order."""
    file = "sample_sales_to_2019_12.csv" if source == "sample_sales" else "%"
    rows = lake.spark.table(f"bronze.{source}").where(f"source_file like '{file}'")
    return list(reversed(rows.orderBy("line_number", ascending=False).limit(count).collect()))


@pytest.mark.parametrize("source", ["sample_sales", "sample_purchases", "sample_credit_outcomes"])
def test_every_planted_row_ends_where_it_should(
    lake: JobContext, story: Story, source: str
) -> None:
    planted = story.planted[source]
    bronze = _last_rows(lake, source, len(planted))
    if source == "sample_sales":
        texts = [sales_text([row.row]).rstrip("\r\n") for row in planted]
        assert [row["raw_text"] for row in bronze] == texts
    aside = lake.spark.table("quality.quarantine").where(f"source = '{source}'").collect()
    reasons = {(row["file_sha256"], row["line_number"]): row["reasons"] for row in aside}
    for row, given in zip(bronze, planted, strict=True):
        found = reasons.get((row["file_sha256"], row["line_number"]), [])
        if given.reason:
            assert any(reason.startswith(given.reason) for reason in found), (given, found)
        else:
            assert found == [], given


def test_the_overlapping_month_is_in_silver_once(lake: JobContext, story: Story) -> None:
    month = (story.sales.issued_at >= np.datetime64("2019-12-01")) & (
        story.sales.issued_at < np.datetime64("2020-01-01")
    )
    condition = "direction = 'sale' and issue_date between '2019-12-01' and '2019-12-31'"
    silver = lake.spark.table("silver.invoice").where(condition)
    assert silver.count() == month.sum() > 100
    total = silver.selectExpr("sum(total_cny) as total").first()["total"]
    assert total == Decimal(int(story.sales.total[month].sum())) / 100


def test_silver_holds_every_invoice_of_the_story_to_the_cent(
    lake: JobContext, story: Story
) -> None:
    for direction, invoices in (("sale", story.sales), ("purchase", story.purchases)):
        planted = "99%" if direction == "sale" else "88%"
        rows = lake.spark.table("silver.invoice").where(
            f"direction = '{direction}' and invoice_number not like '{planted}'"
        )
        found = rows.selectExpr(
            *("count(*) as rows", "sum(net_cny) as net", "sum(tax_cny) as tax"),
            *("count_if(status = 'voided') as voided", "count_if(is_red_letter) as red"),
        ).first()
        assert found["rows"] == len(invoices)
        assert found["net"] == Decimal(int(invoices.net.sum())) / 100
        assert found["tax"] == Decimal(int(invoices.tax.sum())) / 100
        assert found["voided"] == invoices.is_voided.sum()
        assert found["red"] == (invoices.net < 0).sum()


def test_local_times_become_utc_and_late_invoices_are_known_late(lake: JobContext) -> None:
    purchases = lake.spark.sql(
        """
        with told as (
            select
                file_sha256,
                line_number,
                try_to_timestamp(fields['issued_at']) as issued_locally_at,
                try_to_timestamp(fields['received_at']) as received_locally_at
            from bronze.sample_purchases
            where problem is null
        )

        select
            count(*) as rows,
            count_if(event_at <> issued_locally_at - interval 8 hours) as wrong_events,
            count_if(known_at <> received_locally_at - interval 8 hours) as wrong_knowledge,
            count_if(known_at > event_at + interval 10 days) as late
        from silver.invoice
        inner join told using (file_sha256, line_number)
        """
    ).first()
    assert purchases["rows"] > 8000
    assert (purchases["wrong_events"], purchases["wrong_knowledge"]) == (0, 0)
    assert 0.01 < purchases["late"] / purchases["rows"] < 0.03


def test_outcomes_are_known_when_the_day_of_their_report_has_ended(
    lake: JobContext, story: Story
) -> None:
    rows = lake.spark.table("silver.credit_record").selectExpr(
        "enterprise_id", "is_default", "date_format(known_at, 'yyyy-MM-dd HH:mm') as known"
    )
    found = {row["enterprise_id"]: (row["is_default"], row["known"]) for row in rows.collect()}
    firms = story.firms
    expected = {
        firms.codes[firm]: (bool(firms.is_default[firm]), f"{firms.outcome_day[firm]} 16:00")
        for firm in np.flatnonzero(firms.has_outcome)
    }
    assert found == expected


def test_names_made_to_break_programs_arrive_as_they_are(lake: JobContext) -> None:
    names = {
        row[0] for row in lake.spark.sql("select enterprise_name from silver.enterprise").collect()
    }
    assert {"=cmd()", "样例\"引号'号\n第二行有限公司", "样例🏭号<b>包装</b>有限公司"} <= names


def test_every_firm_is_an_enterprise_known_from_its_first_row(lake: JobContext) -> None:
    wrong = lake.spark.sql(
        """
        with sightings as (
            select enterprise_id, known_at from silver.invoice
            union all
            select enterprise_id, known_at from silver.credit_record
        ),

        firsts as (
            select enterprise_id, min(known_at) as first_known_at
            from sightings
            group by enterprise_id
        )

        select count(*) as enterprises, count_if(known_at <> first_known_at) as wrong
        from firsts
        full join silver.enterprise using (enterprise_id)
        """
    ).first()
    assert (wrong["enterprises"], wrong["wrong"]) == (160, 0)


def test_every_file_of_the_sample_reconciles(lake: JobContext) -> None:
    rows = lake.spark.table("quality.reconciliation").where("source like 'sample_%'")
    proofs = rows.collect()
    assert len(proofs) == 4
    for proof in proofs:
        sides = ("conformed", "duplicate", "quarantined")
        assert proof["is_reconciled"]
        assert proof["landed_rows"] == sum(proof[f"{side}_rows"] for side in sides)
        if proof["landed_total"] is not None:
            assert proof["landed_total"] == sum(proof[f"{side}_total"] for side in sides)
