"""The real invoices, landed and conformed in a home of their own, against DuckDB's own count."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from loomline.engine.server import stop_engine
from tests.integration.homes import Home, make_home

INVOICE_ROWS = 1_099_441
ENTERPRISES = 425
EARLY_DATE = "2019-06-30"
PARTNER_COLUMN = {"purchase": "销方单位代号", "sales": "购方单位代号"}
SOURCES = tuple(
    f"{group}_{kind}_invoices" for group in ("credit", "nocredit") for kind in PARTNER_COLUMN
)

# Straight from the file: of the rows that hold, the first of a key stands; a later one of the same
# content is a duplicate, of other content a conflict.
COUNTED = """
with lines as (
    select row_number() over () as line, *
    from read_csv(?, all_varchar = true, header = true)
),

invoices as (
    select
        line,
        trim("企业代号") as enterprise,
        trim("{partner}") as partner,
        trim("发票号码") as number,
        strptime(trim("开票日期"), '%Y/%-m/%-d') as day,
        cast(trim("金额") as decimal(18, 2)) as net,
        cast(trim("税额") as decimal(18, 2)) as tax,
        cast(trim("价税合计") as decimal(18, 2)) as total,
        trim("发票状态") as state
    from lines
),

judged as (
    select
        *,
        abs(net + tax - total) <= 0.01
        and sign(net) * sign(total) >= 0
        and sign(tax) * sign(total) >= 0
        and state in ('有效发票', '作废发票') as holds
    from invoices
),

ranked as (
    select
        *,
        row_number() over same_key as place,
        first_value((net, tax, total, state)) over same_key as first_content
    from judged
    window same_key as (partition by enterprise, partner, number, day, holds order by line)
),

disposed as (
    select
        *,
        case
            when not holds then 'quarantined'
            when place = 1 then 'conformed'
            when (net, tax, total, state) = first_content then 'duplicate'
            else 'quarantined'
        end as disposition
    from ranked
)

select
    disposition,
    count(*) as rows,
    sum(total) as total,
    count(*) filter (where state = '作废发票') as voided,
    count(*) filter (where total < 0) as red
from disposed
group by disposition
"""


@pytest.fixture(scope="module")
def real_lake(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    home = make_home(tmp_path_factory.mktemp("real"))
    try:
        home.run("run", "land,conform,enterprise,reconcile", str(real_data / "sme_invoices"))
        home.run("run", "features", "--date", EARLY_DATE)
        yield home
    finally:
        stop_engine(home.settings)


@pytest.fixture(scope="module")
def counted(real_data: Path) -> dict[tuple[str, str], tuple[int, Decimal, int, int]]:
    """Rows, total, voided and red-letter rows by source and disposition, from the raw files."""
    found = {}
    for source in SOURCES:
        query = COUNTED.format(partner=PARTNER_COLUMN[source.split("_")[1]])
        path = str(real_data / "sme_invoices" / f"{source}.csv.gz")
        for disposition, *figures in duckdb.connect().execute(query, [path]).fetchall():
            found[source, disposition] = (figures[0], figures[1], figures[2], figures[3])
    return found


def test_bronze_holds_every_invoice_row(real_lake: Home) -> None:
    union = " union all ".join(f"select count(*) as rows from bronze.{name}" for name in SOURCES)
    assert real_lake.query(f"select sum(rows) as rows from ({union})") == [
        {"rows": str(INVOICE_ROWS)}
    ]


def test_silver_agrees_with_duckdb_to_the_cent(
    real_lake: Home, counted: dict[tuple[str, str], tuple[int, Decimal, int, int]]
) -> None:
    silver = real_lake.query(
        "select source, count(*) as rows, sum(total_cny) as total, "
        "count_if(status = 'voided') as voided, count_if(is_red_letter) as red "
        "from silver.invoice group by source"
    )
    found = {
        row["source"]: (*(int(str(row[name])) for name in ("rows", "voided", "red")), row["total"])
        for row in silver
    }
    assert found == {
        source: (rows, voided, red, str(total))
        for (source, disposition), (rows, total, voided, red) in counted.items()
        if disposition == "conformed"
    }


def test_what_is_set_aside_agrees_with_duckdb_to_the_cent(
    real_lake: Home, counted: dict[tuple[str, str], tuple[int, Decimal, int, int]]
) -> None:
    aside = real_lake.query(
        "select source, disposition, count(*) as rows, sum(control_total) as total "
        "from quality.quarantine where target_table = 'silver.invoice' group by all"
    )
    found = {
        (row["source"], row["disposition"]): (row["rows"], Decimal(str(row["total"])))
        for row in aside
    }
    assert found == {
        key: (str(rows), total)
        for key, (rows, total, _, _) in counted.items()
        if key[1] != "conformed"
    }


def test_every_real_file_reconciles(real_lake: Home) -> None:
    proofs = real_lake.query("select source, is_reconciled from quality.reconciliation")
    assert {(row["source"], row["is_reconciled"]) for row in proofs} == {
        (source, "True") for source in (*SOURCES, "enterprise_credit_ratings", "rate_vs_churn")
    }


def test_every_firm_is_an_enterprise_and_the_rated_ones_have_names(real_lake: Home) -> None:
    (found,) = real_lake.query(
        "select count(*) as firms, count(enterprise_name) as named from silver.enterprise"
    )
    assert found == {"firms": str(ENTERPRISES), "named": "123"}


def test_no_outcome_is_known_before_its_day(real_lake: Home) -> None:
    (found,) = real_lake.query(
        "select count(*) as records, count_if(is_default) as defaults, "
        "min(date_format(known_at, 'yyyy-MM-dd HH:mm')) as first_known from silver.credit_record"
    )
    assert found == {"records": "123", "defaults": "27", "first_known": "2020-02-29 16:00"}


def test_features_of_a_past_date_use_no_row_known_later(real_lake: Home) -> None:
    (found,) = real_lake.query(
        "select count(*) as firms, max(last_known_at) <= timestamp'2019-06-30 16:00:00Z' as early "
        f"from features.enterprise_feature where as_of_date = date'{EARLY_DATE}'"
    )
    assert found["early"] == "True"
    (known,) = real_lake.query(
        "select count(distinct enterprise_id) as firms from silver.invoice "
        "where known_at <= timestamp'2019-06-30 16:00:00Z'"
    )
    assert found["firms"] == known["firms"]
