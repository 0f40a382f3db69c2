"""Contracts: what holds, and that an error names file, line and key."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from loomline.contracts.catalogue import (
    contract_for,
    contract_version,
    contracts_for,
    find_contract,
    load_contracts,
)
from loomline.contracts.model import Contract
from loomline.errors import CatalogueError, LoomlineError

CONTRACT = """\
source: factory_sales
description: Sales of one factory.
owner: data engineering
files: [factory_*.csv]
format: {type: csv, delimiter: ";"}
target: silver.invoice
time_zone: Asia/Shanghai
columns:
  enterprise_id: {from: firm}
  counterparty_id: {from: buyer}
  direction: {constant: sale}
  invoice_number: {from: number}
  issue_date: {from: day, formats: [yyyy-MM-dd]}
  net_cny: {from: net, unit: CNY}
  tax_cny: {from: tax}
  total_cny: {from: total}
  status: {from: state, codes: {ok: valid}}
  is_red_letter: {sql: total_cny < 0}
event_at: {column: issue_date}
known_at: {column: issue_date, days_later: 1}
control_total: total_cny
rules:
  - name: adds_up
    sql: net_cny + tax_cny = total_cny
    reason: does not add up
"""

# What is replaced in the contract above, by what, the line of the error, and words of it.
BROKEN = {
    "unknown key": ("owner:", "ovner:", 3, "ovner"),
    "unknown key in a column": ("{from: firm}", "{form: firm}", 9, "form"),
    "unknown format": ("type: csv", "type: cvs", 5, "format"),
    "key of another format": ('delimiter: ";"', "sheet: A", 5, "sheet"),
    "delimiter of two characters": ('";"', '";;"', 5, "delimiter"),
    "unknown encoding": ('delimiter: ";"', "encoding: utf-9", 5, "encoding"),
    "wrong type": ("days_later: 1", "days_later: soon", 20, "days_later"),
    "list instead of text": ("owner: data engineering", "owner: [a]", 3, "owner"),
    "no files": ("[factory_*.csv]", "[]", 4, "files"),
    "unknown time zone": ("Asia/Shanghai", "Asia/Shangri-La", 7, "time_zone"),
    "undeclared table": ("silver.invoice", "silver.invoices", 6, "silver.invoices"),
    "column that the table lacks": ("  net_cny:", "  net_usd:", 14, "net_usd"),
    "required column left out": ("  tax_cny: {from: tax}\n", "", 8, "tax_cny"),
    "unit of another table": ("unit: CNY", "unit: kWh", 14, "unit"),
    "declared type differs": ("{from: tax}", "{from: tax, type: double}", 15, "decimal(18,2)"),
    "date without formats": (", formats: [yyyy-MM-dd]", "", 13, "formats"),
    "formats of an amount": ("{from: tax}", "{from: tax, formats: [x]}", 15, "formats"),
    "two origins": ("{from: buyer}", "{from: buyer, constant: x}", 10, "exactly one"),
    "no origin": ("{constant: sale}", "{}", 11, "exactly one"),
    "codes of a constant": ("{constant: sale}", "{constant: a, codes: {a: b}}", 11, "codes"),
    "moment from nowhere": ("{column: issue_date}\n", "{}\n", 19, "exactly one"),
    "moment of no column": ("event_at: {column: issue_date}", "event_at: {column: day}", 19, "day"),
    "moment of an amount": (
        "event_at: {column: issue_date}",
        "event_at: {column: net_cny}",
        19,
        "net_cny",
    ),
    "moment without formats": (
        "event_at: {column: issue_date}",
        "event_at: {from: day}",
        19,
        "formats",
    ),
    "instant without a zone": (
        "event_at: {column: issue_date}",
        "event_at: {constant: 2020-02-29T16:00:00}",
        19,
        "zone",
    ),
    "control total is no amount": (
        "control_total: total_cny",
        "control_total: status",
        21,
        "control_total",
    ),
    "control total is derived": (
        "control_total: total_cny",
        "control_total: is_red_letter",
        21,
        "control_total",
    ),
    "rule without a reason": ("    reason: does not add up\n", "", 23, "reason"),
    "rule with a bad name": ("adds_up", "Adds up", 23, "name"),
    "separators that are the same": (
        "{from: net, unit: CNY}",
        '{from: net, thousands_separator: "."}',
        14,
        "the same",
    ),
    "where with a broken pattern": (
        "target: silver",
        'where: {state: {matches: "("}}\ntarget: silver',
        6,
        "pattern",
    ),
    "key of no column": ("rules:", "key: [firm]\nrules:", 22, "firm"),
    "a key twice": ("owner: data engineering", "source: again", 3, "twice"),
    "not YAML": ("owner: data engineering", "owner: [", 4, "YAML"),
}


@pytest.fixture
def trial(tmp_path: Path, catalog: Path) -> Path:
    """A catalogue with the project's tables and no source."""
    shutil.copytree(catalog / "tables", tmp_path / "tables")
    (tmp_path / "sources").mkdir()
    return tmp_path


def _write(trial: Path, text: str, name: str = "factory_sales") -> Path:
    path = trial / "sources" / f"{name}.yml"
    path.write_text(text, encoding="utf-8")
    return path


def _read(trial: Path, text: str, name: str = "factory_sales") -> Contract:
    _write(trial, text, name)
    return load_contracts(trial)[name]


def test_a_contract_that_holds_is_read(trial: Path) -> None:
    contract = _read(trial, CONTRACT)
    assert contract.bronze_table == "bronze.factory_sales"
    assert contract.mapped_from() == [
        *(("firm",), ("buyer",), ("number",), ("day",), ("net",), ("tax",), ("total",), ("state",)),
    ]


@pytest.mark.parametrize("case", BROKEN)
def test_an_error_names_file_line_and_key(case: str, trial: Path) -> None:
    old, new, line, word = BROKEN[case]
    assert old in CONTRACT
    path = _write(trial, CONTRACT.replace(old, new, 1))
    with pytest.raises(CatalogueError) as caught:
        load_contracts(trial)
    message = caught.value.message
    assert str(path) in message
    if case != "not YAML":
        assert message.startswith(f"{path}:{line}: ")
    assert word in message


def test_a_contract_that_is_not_utf8_is_refused_by_name(trial: Path) -> None:
    path = trial / "sources" / "factory_sales.yml"
    path.write_bytes(CONTRACT.replace("one factory", "一家工厂").encode("gbk"))
    with pytest.raises(CatalogueError, match=r"factory_sales\.yml: is not UTF-8"):
        load_contracts(trial)


def test_an_empty_contract_is_refused(trial: Path) -> None:
    with pytest.raises(CatalogueError, match=r"factory_sales\.yml:1"):
        _read(trial, "")


def test_a_contract_is_named_like_its_file(trial: Path) -> None:
    with pytest.raises(CatalogueError, match=r"other\.yml:1: source"):
        _read(trial, CONTRACT, "other")


def test_every_contract_of_the_project_holds(catalog: Path) -> None:
    contracts = load_contracts(catalog)
    assert {"credit_sales_invoices", "rate_vs_churn", "sample_sales"} <= set(contracts)


def test_the_version_changes_with_what_a_contract_says_and_only_then(trial: Path) -> None:
    first = contract_version(_read(trial, CONTRACT))
    commented = contract_version(_read(trial, f"# why\n{CONTRACT}"))
    changed = CONTRACT.replace("{ok: valid}", "{ok: valid, void: voided}")
    other = contract_version(_read(trial, changed))
    assert first == commented
    assert first != other


def test_a_file_finds_its_contract_by_the_end_of_its_path(catalog: Path) -> None:
    contracts = load_contracts(catalog)
    ratings = Path("/anywhere/sme_invoices/enterprise_credit_ratings.csv")
    assert contract_for(contracts, ratings).source == "enterprise_credit_ratings"
    assert contracts_for(contracts, Path("/anywhere/else/enterprise_credit_ratings.csv")) == []


def test_a_file_of_no_contract_is_said_to_have_none(catalog: Path) -> None:
    with pytest.raises(CatalogueError, match=r"unknown\.csv matches no contract"):
        contract_for(load_contracts(catalog), Path("unknown.csv"))


def test_a_file_of_two_contracts_is_said_to_have_two(trial: Path) -> None:
    _write(trial, CONTRACT)
    _write(trial, CONTRACT.replace("factory_sales", "works_sales"), "works_sales")
    with pytest.raises(CatalogueError, match="factory_sales, works_sales"):
        contract_for(load_contracts(trial), Path("factory_1.csv"))


def test_an_unknown_source_is_answered_with_the_known_ones(catalog: Path) -> None:
    with pytest.raises(LoomlineError) as caught:
        find_contract(catalog, "sample_sale")
    assert "sample_sales" in caught.value.remedy
