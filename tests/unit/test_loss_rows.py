"""The rows of the tables of losses: defaults, what was recovered, machines; and their gate."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import sqlglot

from expectations.suites import load_suites, with_dates
from loomline.tables import load_tables
from models.loss_given_default.declared import LossParameters, load_loss_parameters
from models.loss_given_default.job import LOSSES, REALISED, RESIDUAL_VALUES, loss_note
from models.loss_given_default.loss_rows import (
    expert_loss_ratio,
    machine_rows,
    realised_rows,
)
from models.loss_given_default.realised import realised_loss
from tests.unit.loss_facts import EARLY, event, loan, pledge, read, rows_of, shown
from tests.unit.planted_silver import DAY, DAY_END, LATE, Facts, link


@pytest.fixture(scope="module")
def parameters(catalog: Path) -> LossParameters:
    return load_loss_parameters(catalog)


def defaulted(account: str, number: str, day: date) -> dict[str, Any]:
    return {
        **{"code_system": "bank", "enterprise_code": account, "loan_number": number},
        **{"is_default": True, "default_date": day},
    }


def in_default() -> Facts:
    """E1 in default by one account of two, E2 and an unlinked borrower not, one without a debt."""
    return {
        "enterprise_link": [link("bank", code, "E1") for code in ("A1", "A2")]
        + [link("bank", "B", "E2")],
        "facility": [loan("1", "A1"), loan("2", "B"), loan("3", "C"), loan("4", "D")],
        "drawdown": [pledge("7", "A2", 70)],
        "repayment": [
            event("1", "overdue_balance", 10, 300, 600, days_past_due=90),
            *(event("1", "repaid", 10, 50, 600), event("1", "repaid", 20, 90, 600)),
            event("1", "overdue_balance", 20, 210, 600, days_past_due=100),
            event("1", "repaid", 31, 45, 600, known_at=LATE),
        ],
        "credit_outcome": [
            defaulted("A1", "1", date(2020, 1, 10)),
            defaulted("D", "4", date(2020, 1, 10)),
            {"code_system": "bank", "enterprise_code": "B", "is_default": False},
        ],
    }


def test_a_borrower_in_default_has_defaulted_at_every_bank(
    catalog: Path, parameters: LossParameters
) -> None:
    scores = pd.Series({"E1": 0.2, "E2": 0.05})
    found = shown(
        rows_of(catalog, parameters, in_default(), scores),
        *("is_default", "pd_ratio", "exposure_at_default_cny", "expected_loss_cny"),
    )
    assert found == {
        "1": (True, 1, 910, 364),
        "2": (False, 0.05, 1_100, 22),
        "3": (False, None, 1_100, None),
        "4": (True, 1, 1_100, 440),
        "7": (True, 1, 70, 28),
    }


def test_what_was_recovered_stands_beside_what_the_expert_model_says(
    catalog: Path, parameters: LossParameters
) -> None:
    defaults = read(catalog, in_default())["defaults"]
    realised = realised_loss(defaults.owed_cny.to_numpy(), defaults.repaid_cny.to_numpy())
    assert realised is not None
    rows = rows_of(catalog, parameters, in_default())
    (row,) = realised_rows(realised, expert_loss_ratio(rows, defaults), parameters, DAY).to_pylist()
    # 900 owed when the day of default ended, 90 repaid after it as known by the date.
    assert (row["loan_count"], row["owed_cny"], row["repaid_cny"]) == (1, 900, 90)
    assert row["realised_loss_ratio"] == pytest.approx(0.9)
    assert (row["lower"], row["upper"], row["expert_loss_ratio"]) == (0, 1, 0.4)


def test_a_machine_ages_after_it_was_listed(catalog: Path, parameters: LossParameters) -> None:
    listed = datetime(2018, 3, 1, 16, tzinfo=DAY_END.tzinfo)
    common = {"code_system": "s", "event_at": listed, "known_at": EARLY}
    facts: Facts = {
        "machine": [
            {**common, "machine_code": "lathe", "machine_type": "数控车床", "age_years": 3.0},
            {**common, "machine_code": "truck", "machine_type": "厢式货车", "age_years": 3.0},
            {**common, "machine_code": "later", "age_years": 1.0, "known_at": LATE},
            {**common, "machine_code": "ageless", "machine_type": "数控车床"},
        ]
    }
    rows = machine_rows(read(catalog, facts)["machines"], parameters, DAY, DAY_END)
    found = {row["machine_code"]: row for row in rows.to_pylist()}
    assert set(found) == {"lathe", "truck"}
    assert found["lathe"]["age_years"] == pytest.approx(5, abs=0.01)
    assert found["lathe"]["residual_ratio"] == pytest.approx(1 - 0.95 * 0.5, abs=0.001)
    assert (found["truck"]["machine_class"], found["truck"]["residual_ratio"]) == ("vehicle", 0.05)


ARROW = {
    **{"date": pa.date32(), "string": pa.string(), "double": pa.float64()},
    **{"bigint": pa.int64(), "boolean": pa.bool_(), "decimal(18,2)": pa.decimal128(18, 2)},
}


def made(catalog: Path, parameters: LossParameters) -> Mapping[str, pa.Table]:
    facts = in_default()
    facts["machine"] = [{"code_system": "s", "machine_code": "M", "age_years": 1.0}]
    found = read(catalog, facts)
    realised = realised_loss(
        found["defaults"].owed_cny.to_numpy(), found["defaults"].repaid_cny.to_numpy()
    )
    assert realised is not None
    return {
        LOSSES: rows_of(catalog, parameters, facts, pd.Series({"E1": 0.2, "E2": 0.05})),
        REALISED: realised_rows(realised, 0.4, parameters, DAY),
        RESIDUAL_VALUES: machine_rows(found["machines"], parameters, DAY, DAY_END),
    }


@pytest.mark.parametrize("name", [LOSSES, REALISED, RESIDUAL_VALUES])
def test_the_rows_have_the_columns_of_their_table(
    name: str, catalog: Path, parameters: LossParameters
) -> None:
    rows, columns = made(catalog, parameters)[name], load_tables(catalog)[name].columns
    assert rows.num_rows
    assert rows.column_names == list(columns)
    for column, declared in columns.items():
        assert rows.schema.field(column).type == ARROW[declared.type], column
        assert rows[column].null_count == 0 or not declared.required, column


def test_the_note_says_what_is_owed_and_expected(catalog: Path, parameters: LossParameters) -> None:
    said = loss_note(made(catalog, parameters)[LOSSES])
    assert said == (
        "expert model: 5 loans, 4,280 CNY at default, expected loss 854 CNY; "
        "1 loans have no probability of default"
    )


def failing(rows: pa.Table) -> set[str]:
    """The reasons of the gate's queries and derived columns that find something in some rows."""
    (suite,) = [one.suite for one in load_suites("scores") if one.suite.table == LOSSES]
    scores = pa.table(
        {"as_of_date": [DAY] * 2, "enterprise_id": ["E1", "E2"], "pd_ratio": [0.2, 0.05]}
    )
    broken = set()
    with duckdb.connect() as database:
        database.register("batch", rows)
        database.register("credit_score", scores)
        for one in suite.expectations:
            if one.is_query:
                sql = one.arguments["unexpected_rows_query"].replace("{batch}", "batch")
            elif set(one.columns) <= set(suite.derived):
                sql = f"select 1 from batch where not ({suite.derived[one.columns[0]]})"
            else:
                continue
            sql = with_dates(sql, DAY, DAY_END).replace("scores.", "")
            if database.sql(sqlglot.transpile(sql, read="spark", write="duckdb")[0]).fetchall():
                broken.add(one.why)
    return broken


def changed(rows: pa.Table, column: str, values: pa.Array) -> pa.Table:
    return rows.set_column(
        rows.column_names.index(column), column, values.cast(rows.schema.field(column).type)
    )


def test_the_gate_passes_sound_rows_and_finds_unsound_ones(
    catalog: Path, parameters: LossParameters
) -> None:
    rows = made(catalog, parameters)[LOSSES]
    assert failing(rows) == set()
    halved = changed(rows, "lgd_ratio", pc.multiply(rows["lgd_ratio"], 0.5).combine_chunks())
    assert failing(halved) == {"The expected loss is the product of its three parts, to the fen."}
    secured = changed(rows, "collateral_number", pa.array(["R"] * rows.num_rows))
    assert failing(secured) == {
        "Collateral without a receipt secures nothing.",
        "A receipt secures one loan.",
    }
    sound = changed(rows, "is_default", pa.array([False] * rows.num_rows))
    assert failing(sound) == {"The probability is that of the enterprise's score of the date."}
    nothing = changed(rows, "exposure_at_default_cny", pa.array([0.0] * rows.num_rows))
    assert "At default at least what is drawn is owed, and at most the limit with it." in failing(
        nothing
    )
