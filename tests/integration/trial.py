"""A trial source with its own tables, so that bad files never touch the sample's rows."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml
from pyspark.sql import SparkSession

from loomline.settings import Settings

SOURCE = "trial_sales"
PACKED_SOURCE = "trial_packed"
TARGET = "silver.trial_invoice"

COLUMNS = ("firm", "buyer", "number", "day", "net", "tax", "total", "state")
HEADER = ",".join(COLUMNS)

CONTRACT = """\
source: {source}
description: Sales of the tests.
owner: tests
files: ["{files}"]
format: {{type: csv, compression: {compression}}}
target: silver.trial_invoice
time_zone: Asia/Shanghai
columns:
  enterprise_id: {{from: firm, longest: 20}}
  counterparty_id: {{from: buyer}}
  direction: {{constant: sale}}
  invoice_number: {{from: number}}
  issue_date: {{from: day, formats: [yyyy-MM-dd, yyyy/M/d]}}
  net_cny: {{from: net, missing_values: ["-"]}}
  tax_cny: {{from: tax, thousands_separator: ","}}
  total_cny: {{from: total, missing_values: ["-"]}}
  status: {{from: state, codes: {{有效: valid, 作废: voided}}}}
  is_red_letter: {{sql: total_cny < 0}}
event_at: {{column: issue_date}}
known_at: {{column: issue_date, days_later: 1}}
control_total: total_cny
rules:
  - name: amounts_add_up
    sql: abs(net_cny + tax_cny - total_cny) <= 0.01
    reason: net plus tax differs from the total by more than one cent
  - name: issued_in_the_tax_era
    sql: issue_date >= date'1994-01-01'
    reason: issued before value-added tax began in 1994
  - name: not_issued_in_the_future
    sql: event_at <= landed_at
    reason: issued after the file was landed
"""


def write_trial_catalog(folder: Path, catalog: Path) -> Path:
    """A catalogue with the project's tables, the trial's invoice table, and its two sources."""
    shutil.copytree(catalog / "tables", folder / "tables")
    silver = yaml.safe_load((catalog / "tables" / "silver.yml").read_text(encoding="utf-8"))
    tables = {"trial_invoice": silver["tables"]["invoice"]}
    declared = {
        **{"schema": "silver", "description": "Trial tables.", "keeps_changes": True},
        "tables": tables,
    }
    (folder / "tables" / "trial.yml").write_text(yaml.safe_dump(declared), encoding="utf-8")
    (folder / "sources").mkdir()
    for source, files, compression in (
        (SOURCE, "trial_*.csv", "none"),
        (PACKED_SOURCE, "trial_*.csv.gz", "gzip"),
    ):
        text = CONTRACT.format(source=source, files=files, compression=compression)
        (folder / "sources" / f"{source}.yml").write_text(text, encoding="utf-8")
    return folder


def trial_settings(settings: Settings, catalog: Path) -> Settings:
    """The same home and engine, with another catalogue."""
    return settings.model_copy(update={"catalog": catalog})


def remove_trial(spark: SparkSession) -> None:
    """Take every trace of the trial sources out of the tables that they share with others."""
    shared = ("bronze.landed_file", "quality.quarantine", "ops.conformed_file")
    for table in (*shared, "quality.reconciliation"):
        spark.sql(f"delete from {table} where source in ('{SOURCE}', '{PACKED_SOURCE}')")
    for table in (f"bronze.{SOURCE}", f"bronze.{PACKED_SOURCE}", TARGET):
        spark.sql(f"drop table if exists {table}")
        for kept in ("quality.counted_change", "quality.key_check"):
            spark.sql(f"delete from {kept} where table_name = '{table}'")
