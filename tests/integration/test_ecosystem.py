"""Every file of a simulated ecosystem is accounted for to the row, against what was sent."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from loomline.contracts.catalogue import contracts_for, load_contracts
from loomline.contracts.model import XlsxFormat
from simulator.run import Parameters, simulate
from tests.integration.homes import Home

DAYS = 33
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
    simulate(Parameters(enterprises=24, seed=11), DAYS, folder, say=lambda _: None)
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
    flow_home.run("run", "land,conform,reconcile", str(files))
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


def test_every_reading_is_of_a_machine_that_the_sensor_platform_lists(
    flow_home: Home, landed: dict[str, Counter[str]]
) -> None:
    assert landed["rows"]
    unlisted = flow_home.query(
        "select machine_code from silver.telemetry where source_file not like 'kafka/%' "
        "except select machine_code from silver.machine where code_system = 'sensors'"
    )
    assert unlisted == []
