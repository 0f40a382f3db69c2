"""Every file of a simulated ecosystem is accounted for to the row, against what was sent."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from loomline.contracts.catalogue import contracts_for, load_contracts
from loomline.contracts.model import XlsxFormat
from simulator.run import Parameters, simulate
from tests.integration.ecosystem_oracle import (
    debts,
    invoice_relations,
    ledger_balances,
    listed_items,
    newest_statements,
    standing_receipts,
    suppliers,
)
from tests.integration.homes import Home

JOBS = (
    "land,conform,trade_relation,ledger_balance,credit_outcome,reconcile,"
    "loss_given_default,financial_distress,counterparties"
)
# From 2019-12-30 to 2020-01-15, so that every kind of file is sent: daily and weekly ones, those of
# the end of a month and of a quarter, of the first of a month, and of the day of tax filings.
CONNECTED_DAY, DAYS = 182, 199
# Entries of the domestic package that workbooks then repeat: they are sent in no file themselves.
NOT_SENT = "erp_domestic_entries"
# Streams whose rows differ from one another unless one was sent twice, and their canonical rows a
# row of theirs.
ONCE_EACH = {
    "tax/sales_invoices": 1,
    "tax/purchase_invoices": 1,
    "mes/生产报工": 1,
    "meters/load": 1,
    "bank/CBTXN_B1": 1,
    "bank/CBTXN_B2": 1,
    "erp_sap/BSEG": 1,
    "logistics/waybills": 1,
    "telemetry/mqtt_vendor_a": 3,
    "telemetry/mqtt_vendor_b": 1,
    "telemetry/opc_ua": 1,
    "weather/stations": 1,
}


@pytest.fixture(scope="module")
def ecosystem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a small ecosystem."""
    folder = tmp_path_factory.mktemp("ecosystem")
    parameters = Parameters(enterprises=28, seed=11, connected_day=CONNECTED_DAY)
    simulate(parameters, DAYS, folder, say=lambda _: None)
    return folder


@pytest.fixture(scope="module")
def sent(ecosystem: Path) -> pd.DataFrame:
    """Rows and duplicates sent, by stream; heads and items of one stream each by themselves."""
    table = pq.read_table(ecosystem / "truth" / "sent.parquet").to_pandas()
    table = table[table.source != NOT_SENT]
    # A day of telemetry is made in blocks.
    table["stream"] = table.stream.str.replace(r"#\d+$", "", regex=True)
    folder = table.stream.str.extract(r"^(.*/)", expand=False).fillna("")
    names = table.stream.str.replace(r"^.*/", "", regex=True).str.split("+")
    table["stream"] = [[f"{at}{name}" for name in of] for at, of in zip(folder, names, strict=True)]
    return table.explode("stream").groupby("stream")[["rows", "duplicates"]].sum()


def _stream(path: str, sheet: str) -> str:
    stream = re.sub(r"(_\d{6})?_(\d{8}|\d{6})\..*$", "", path)
    return f"{stream}#{sheet}" if sheet else stream


@pytest.fixture(scope="module")
def landed(flow_home: Home, ecosystem: Path) -> dict[str, Counter[str]]:
    """What the lake has made of the files, by stream: rows of bronze, and duplicates."""
    files = ecosystem / "files"
    flow_home.run("run", JOBS, str(files))
    contracts = load_contracts(flow_home.settings.catalog)
    rows = flow_home.query("select source, file_sha256, row_count from bronze.landed_file")
    row_count = {(row["source"], row["file_sha256"]): int(str(row["row_count"])) for row in rows}
    found = {"rows": Counter[str](), "duplicates": Counter[str]()}
    path_of, matched = {}, Counter[str]()
    for path in sorted(path for path in files.rglob("*") if path.is_file()):
        name, sha256 = str(path.relative_to(files)), hashlib.sha256(path.read_bytes()).hexdigest()
        for contract in contracts_for(contracts, path):
            file_format = contract.file_format
            sheet = file_format.sheet if isinstance(file_format, XlsxFormat) else ""
            matched[name] += 1
            # A list that is sent again unchanged lands once.
            found["rows"][_stream(name, sheet)] += row_count[contract.source, sha256]
            path_of[contract.source, sha256] = _stream(name, sheet)
    assert len(matched) == len([path for path in files.rglob("*") if path.is_file()])
    aside = flow_home.query(
        "select source, file_sha256, count(*) as n from quality.quarantine "
        "where disposition = 'duplicate' and source_file not like 'kafka/%' group by all"
    )
    for row in aside:
        stream = path_of.get((row["source"], row["file_sha256"]))
        if stream is not None:
            found["duplicates"][stream] += int(str(row["n"]))
    return found


def test_every_row_that_was_sent_is_in_bronze(
    landed: dict[str, Counter[str]], sent: pd.DataFrame
) -> None:
    assert dict(landed["rows"]) == sent.rows.to_dict()


def test_every_file_reconciles(flow_home: Home, landed: dict[str, Counter[str]]) -> None:
    assert landed["rows"]
    rows = flow_home.query(
        "select source, source_file from quality.reconciliation where not is_reconciled"
    )
    assert rows == []


def test_nothing_of_the_ecosystem_is_quarantined(
    flow_home: Home, landed: dict[str, Counter[str]]
) -> None:
    assert landed["rows"]
    rows = flow_home.query(
        "select source, reasons, raw_text from quality.quarantine where disposition != 'duplicate'"
    )
    assert rows == []


def test_what_was_sent_twice_is_a_duplicate_and_nothing_else_is(
    landed: dict[str, Counter[str]], sent: pd.DataFrame
) -> None:
    expected = {stream: int(sent.duplicates[stream]) * each for stream, each in ONCE_EACH.items()}
    assert sum(expected.values()) > 20
    assert {stream: landed["duplicates"][stream] for stream in ONCE_EACH} == expected


def test_a_corrected_document_stands_once(flow_home: Home, landed: dict[str, Counter[str]]) -> None:
    assert landed["rows"]
    rows = flow_home.query("select * from quality.key_check where repeated_key_count > 0")
    assert rows == []
    versions = flow_home.query(
        "select count(*) as n from silver.production_output where superseded_at is not null"
    )
    assert int(str(versions[0]["n"])) > 0


def test_every_sensor_that_sends_is_listed_with_the_unit_of_its_readings(
    flow_home: Home, landed: dict[str, Counter[str]]
) -> None:
    assert landed["rows"]
    rows = flow_home.query(
        "with senders as (select distinct code_system, machine_code, sensor_code, unit "
        "from silver.telemetry where source_file like 'telemetry/%') "
        "select machine_code, sensor_code, listed.unit <=> senders.unit as is_same "
        "from senders left join silver.sensor as listed "
        "using (code_system, machine_code, sensor_code) "
        "where listed.superseded_at is null"
    )
    assert rows
    assert {row["is_same"] for row in rows} == {"True"}


def test_trade_by_invoices_is_that_of_the_files(
    flow_home: Home, ecosystem: Path, landed: dict[str, Counter[str]]
) -> None:
    assert landed["rows"]
    rows = flow_home.query(
        "select enterprise_code, partner_role, partner_code, sum(record_count) as n, "
        "sum(amount) as amount from silver.trade_relation "
        "where evidence = 'invoice' and superseded_at is null group by all"
    )
    assert {
        (row["enterprise_code"], row["partner_role"], row["partner_code"]): (
            int(str(row["n"])),
            Decimal(str(row["amount"])),
        )
        for row in rows
    } == invoice_relations(ecosystem / "files")


def test_the_latest_balance_of_an_account_is_the_sum_of_its_postings(
    flow_home: Home, ecosystem: Path, landed: dict[str, Counter[str]]
) -> None:
    assert landed["rows"]
    rows = flow_home.query(
        "select enterprise_code, account_code, max_by(balance_cny, month_start_date) as balance "
        "from silver.ledger_balance where superseded_at is null group by all"
    )
    assert {
        (row["enterprise_code"], row["account_code"]): Decimal(str(row["balance"])) for row in rows
    } == ledger_balances(ecosystem / "files")


def test_every_loan_and_pledge_of_the_banks_is_owed_once_and_secured_by_its_own_receipt(
    flow_home: Home, ecosystem: Path, landed: dict[str, Counter[str]]
) -> None:
    assert landed["rows"]
    rows = flow_home.query(
        "select exposure_kind, loan_number, exposure_cny, collateral_number, lgd_ratio, model_kind "
        "from scores.loss_given_default"
    )
    found = {
        (row["exposure_kind"], row["loan_number"]): Decimal(str(row["exposure_cny"]))
        for row in rows
    }
    assert len(found) == len(rows)
    assert found == debts(ecosystem / "files")
    assert {row["model_kind"] for row in rows} == {"expert"}
    # The counts of the goods are too old by then to be worth anything.
    assert {float(str(row["lgd_ratio"])) for row in rows} == {0.4}
    pledges = [row for row in rows if row["exposure_kind"] == "pledge_loan"]
    assert {row["collateral_number"] for row in pledges} == standing_receipts(ecosystem / "files")
    assert {int(str(row["collateral_number"])[2:]) for row in pledges} == {
        int(str(row["loan_number"])) for row in pledges
    }


def test_every_enterprise_that_filed_a_statement_has_its_totals_and_what_it_lacks(
    flow_home: Home, ecosystem: Path, landed: dict[str, Counter[str]]
) -> None:
    assert landed["rows"]
    rows = flow_home.query(
        "select enterprise_code, period_end_date, outcome, array_join(missing, ',') as missing, "
        "total_assets_cny, total_liabilities_cny, retained_earnings_cny, z_score, "
        "abs(equity_ratio - equity_cny / total_liabilities_cny) < 1e-9 as is_ratio "
        "from scores.financial_distress"
    )
    names = ("total_assets_cny", "total_liabilities_cny", "retained_earnings_cny")
    found = {
        (row["enterprise_code"], str(row["period_end_date"])): tuple(
            Decimal(str(row[name])) for name in names
        )
        for row in rows
    }
    assert len(found) == len(rows)
    assert found == newest_statements(ecosystem / "files")
    # The ecosystem was connected on the day before its first statement: there is none before it.
    assert {row["missing"] for row in rows} == {"earlier_statement"}
    assert {row["z_score"] for row in rows} == {None}
    for row in rows:
        owned, owed, _ = found[row["enterprise_code"], str(row["period_end_date"])]
        is_plausible = owned > 0 and owed > 0
        assert row["outcome"] == ("missing" if is_plausible else "implausible")
        assert row["is_ratio"] == ("True" if is_plausible else None)


def test_every_open_item_and_every_supplier_has_one_expectation_by_its_own_past(
    flow_home: Home, ecosystem: Path, landed: dict[str, Counter[str]]
) -> None:
    assert landed["rows"]
    rows = flow_home.query(
        "select enterprise_code, counterparty_code, document_number, known_days_late, level, "
        "settled_item_count from scores.receivable_expectation"
    )
    found = {
        (row["enterprise_code"], row["counterparty_code"], row["document_number"]): int(
            str(row["known_days_late"])
        )
        for row in rows
    }
    assert len(found) == len(rows)
    open_items, settled = listed_items(ecosystem / "files")
    assert found == open_items
    own = {
        (str(row["enterprise_code"]), str(row["counterparty_code"])): int(
            str(row["settled_item_count"])
        )
        for row in rows
        if row["level"] == "debtor_with_creditor"
    }
    debtors = {(company, customer) for company, customer, _ in open_items}
    assert own == {pair: settled[pair] for pair in debtors if settled[pair]}
    rows = flow_home.query("select enterprise_code, supplier_code from scores.supplier_expectation")
    pairs = [(row["enterprise_code"], row["supplier_code"]) for row in rows]
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == suppliers(ecosystem / "files")
