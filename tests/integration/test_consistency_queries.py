"""The SQL of checks on a few planted canonical rows: what each finds, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pyspark.sql import SparkSession

from loomline.consistency.catalogue import load_checks
from loomline.consistency.query import AsOf, as_known, tables_of_query
from loomline.lake import column_list
from loomline.settings import Settings
from loomline.tables import load_tables

AS_OF = date(2019, 12, 31)
FIRST_DAY = date(2019, 7, 1)
NOVEMBER, DECEMBER = date(2019, 11, 1), date(2019, 12, 1)
EARLY = datetime(2019, 7, 1)
Sides = dict[tuple[str, date], tuple[float, float]]
Rows = Mapping[str, Sequence[Mapping[str, Any]]]
Ask = Callable[[str, Rows], Sides]


@pytest.fixture
def ask(settings: Settings, spark: SparkSession) -> Iterator[Ask]:
    """What a check's SQL gives on planted rows: both sides by enterprise and month."""
    tables = load_tables(settings.catalog)
    views: set[str] = set()
    checks = {check.name: check for check in load_checks(settings.catalog)}

    def asked(name: str, planted: Rows) -> Sides:
        text = checks[name].sql
        assert text is not None
        assert {f"silver.{table}" for table in planted} <= set(tables_of_query(text))
        for table in tables_of_query(text):
            columns = tables[table].columns
            rows = [
                tuple({"known_at": EARLY, **row}.get(column) for column in columns)
                for row in planted.get(table.removeprefix("silver."), ())
            ]
            frame = spark.createDataFrame(rows, column_list(settings.catalog, table))
            views.add(table.replace("silver.", "planted_"))
            frame.createOrReplaceTempView(table.replace("silver.", "planted_"))
        as_of = AsOf(AS_OF, settings.as_of_end(AS_OF), settings.time_zone)
        sql = as_known(text, tables, set(tables), as_of, FIRST_DAY)
        found = spark.sql(sql.replace("silver.", "planted_")).collect()
        return {
            (row["enterprise_id"], row["month_start_date"]): (
                float(row["measured"]),
                float(row["reference"]),
            )
            for row in found
        }

    yield asked
    for view in views:
        spark.catalog.dropTempView(view)


def link(system: str, code: str, enterprise: str) -> dict[str, Any]:
    return {
        "code_system": system,
        "owner_code": "*",
        "party_role": "enterprise",
        "party_code": code,
        "enterprise_id": enterprise,
    }


def sale(seller: str, buyer: str, day: date, amount: int, **changes: Any) -> dict[str, Any]:
    return {
        "enterprise_id": seller,
        "counterparty_id": buyer,
        "direction": "sale",
        "status": "valid",
        "issue_date": day,
        "net_cny": Decimal(amount),
        "tax_cny": Decimal(amount) * Decimal("0.13"),
        **changes,
    }


def registered(code: str, **columns: str) -> dict[str, Any]:
    return {"code_system": "register", "party_role": "enterprise", "party_code": code, **columns}


REGISTER = [link("register", f"C{number}", f"E{number}") for number in range(1, 5)]


def test_a_lot_under_two_receipts_at_once_is_pledged_twice(ask: Ask) -> None:
    def receipt(number: str, lot: str, first: date, amount: int, **changes: Any) -> dict[str, Any]:
        return {
            "code_system": "warehouse",
            "receipt_number": number,
            "lot_code": lot,
            "enterprise_code": "W1",
            "issue_date": first,
            "due_date": first + timedelta(days=30),
            "pledge_amount_cny": Decimal(amount),
            **changes,
        }

    later = datetime(2020, 1, 5)
    rows = [
        receipt("R1", "L1", date(2019, 11, 20), 100),
        receipt("R2", "L1", date(2019, 12, 10), 60),
        receipt("R3", "L2", date(2019, 12, 10), 40),
        # The same lot again, when the pledge before has ended.
        receipt("R4", "L2", date(2019, 7, 1), 70),
        # Known only after the as-of date.
        receipt("R5", "L2", date(2019, 12, 12), 40, known_at=later),
    ]
    planted = {"warehouse_receipt": rows, "enterprise_link": [link("warehouse", "W1", "E1")]}
    found = ask("lots_pledged_twice", planted)
    assert found[("E1", NOVEMBER)] == (100, 100)
    assert found[("E1", DECEMBER)] == (160, 200)
    assert found[("E1", date(2019, 7, 1))] == (0, 70)


def test_sales_round_a_ring_are_circular_and_others_are_not(ask: Ask) -> None:
    day = date(2019, 12, 5)
    ring = [sale("E1", "C2", day, 50), sale("E2", "C3", day, 40), sale("E3", "C1", day, 60)]
    others = [
        sale("E1", "X", day, 50),
        sale("E4", "C1", day, 30),
        sale("E2", "C1", day, 500, status="voided"),
    ]
    planted = {"invoice": ring + others, "enterprise_link": REGISTER}
    found = ask("circular_sales", planted)
    # Of all sales of the smallest of them.
    for member in ("E1", "E2", "E3"):
        assert found[(member, DECEMBER)] == (40, 40)
    assert found[("E4", DECEMBER)] == (0, 30)


def test_sales_to_firms_with_the_owners_telephone_are_related(ask: Ask) -> None:
    day = date(2019, 12, 5)
    parties = [
        registered("C1", phone="1", legal_person="Li", address="A"),
        registered("P", phone="1", legal_person="Wu", address="B"),
        registered("Q", phone="2", legal_person="Li", address="A"),
        # A namesake elsewhere, and a neighbour.
        registered("R", phone="3", legal_person="Li", address="C"),
        registered("S", phone="4", legal_person="Xu", address="A"),
    ]
    sales = [
        sale("E1", buyer, day, amount) for buyer, amount in zip("PQRS", (1, 2, 4, 8), strict=True)
    ]
    planted = {"party": parties, "invoice": sales, "enterprise_link": REGISTER}
    assert ask("sales_to_related_parties", planted) == {("E1", DECEMBER): (3, 15)}


def test_invoices_need_a_shipment_of_the_month_or_the_two_before(ask: Ask) -> None:
    def shipped(customer: str, day: date) -> dict[str, Any]:
        return {
            "code_system": "logistics",
            "enterprise_name": "绍兴甲纺织",
            "customer_name": customer,
            "carrier_code": "K",
            "shipped_at": datetime(day.year, day.month, day.day, 4),
        }

    parties = [
        registered("P", party_name="苏州乙织造有限公司"),
        registered("Q", party_name="苏州丙织造有限公司"),
        registered("R", party_name="苏州丁织造有限公司"),
    ]
    shipments = [
        shipped("乙织造（苏州）有限公司", date(2019, 10, 3)),
        shipped("苏州丙织造", date(2019, 9, 28)),
    ]
    day = date(2019, 12, 5)
    sales = [
        sale("E1", "P", day, 1),
        sale("E1", "Q", day, 2),
        sale("E1", "R", day, 4),
        # Its waybill may still be on the way.
        sale("E1", "R", date(2019, 12, 28), 100),
    ]
    planted = {
        "party": parties,
        "invoice": sales,
        "shipment": shipments,
        "enterprise_link": [link("logistics", "绍兴甲纺织", "E1")],
    }
    assert ask("invoices_without_shipment", planted) == {("E1", DECEMBER): (6, 7)}


def sensor_day(day: int, sensor: str = "S", **changes: Any) -> dict[str, Any]:
    return {
        "code_system": "sensors",
        "machine_code": "M",
        "sensor_code": sensor,
        "reading_date": date(2019, 12, day),
        "reading_count": 12,
        "distinct_value_count": 12,
        "value_min": 1.0,
        "longest_frozen_seconds": 0.0,
        "content_hash": f"hash {day}",
        "content_sketch": [day * 100 + place for place in range(12)],
        **changes,
    }


MACHINES = {
    "machine": [{"code_system": "sensors", "machine_code": "M", "enterprise_name": "甲"}],
    "enterprise_link": [link("sensors", "甲", "E1")],
}


def test_a_value_other_than_zero_that_stays_for_six_hours_is_frozen(ask: Ask) -> None:
    frozen = {"longest_frozen_seconds": 6 * 3600.0}
    days = [
        sensor_day(1, **frozen),
        sensor_day(2, **frozen, value_min=0.0),
        sensor_day(3, longest_frozen_seconds=6 * 3600.0 - 1),
        sensor_day(4, reading_count=2, **frozen),
        sensor_day(5, known_at=datetime(2020, 1, 3), **frozen),
    ]
    found = ask("frozen_readings", {"telemetry_day": days, **MACHINES})
    assert found == {("E1", DECEMBER): (1, 3)}


def test_readings_of_an_earlier_day_are_replayed(ask: Ask) -> None:
    days = [
        sensor_day(1),
        sensor_day(2, content_hash="hash 1"),
        # One reading was lost: the rest is that of the day before.
        sensor_day(3, content_sketch=[200 + place for place in range(11)]),
        sensor_day(4),
        # What stands still is alike every day.
        sensor_day(1, "T", distinct_value_count=1, content_hash="zero"),
        sensor_day(2, "T", distinct_value_count=1, content_hash="zero"),
    ]
    found = ask("replayed_readings", {"telemetry_day": days, **MACHINES})
    assert found == {("E1", DECEMBER): (2, 6)}


def count(day: int, quantity: int, item: str = "P", system: str = "domestic") -> dict[str, Any]:
    return {
        "code_system": system,
        "enterprise_code": "甲",
        "material_code": item,
        "store_code": "*",
        "count_date": date(2019, 12, day),
        "quantity": Decimal(quantity),
    }


def test_stock_that_neither_output_nor_shipments_explain_is_found(ask: Ask) -> None:
    made = {
        "code_system": "mes",
        "enterprise_code": "F",
        "product_code": "P",
        "production_date": date(2019, 12, 4),
        "good_quantity": Decimal(30),
    }
    shipped = {
        "code_system": "domestic",
        "enterprise_code": "甲",
        "product_code": "P",
        "event_at": datetime(2019, 12, 4, 16),
        "quantity": Decimal(20),
    }
    planted: dict[str, Any] = {
        "production_output": [made],
        "shipment_line": [shipped],
        "enterprise_link": [link("domestic", "甲", "E1"), link("mes", "F", "E1")],
    }
    honest = [count(1, 100), count(8, 110)]
    assert ask("stock_roll_forward", {**planted, "stock_count": honest}) == {
        ("E1", DECEMBER): (0, 1)
    }
    inflated = [count(1, 100), count(8, 200)]
    assert ask("stock_roll_forward", {**planted, "stock_count": inflated}) == {
        ("E1", DECEMBER): (pytest.approx(90 / 200), 1)
    }


def test_material_may_vanish_into_production_and_not_come_from_nowhere(ask: Ask) -> None:
    received = {
        "code_system": "domestic",
        "enterprise_code": "甲",
        "material_code": "P",
        "received_date": date(2019, 12, 4),
        "quantity": Decimal(50),
    }
    planted: dict[str, Any] = {
        "receipt": [received],
        "enterprise_link": [link("domestic", "甲", "E1")],
    }
    counts = [count(1, 100), count(8, 20), count(15, 60)]
    found = ask("stock_roll_forward", {**planted, "stock_count": counts})
    assert found == {("E1", DECEMBER): (pytest.approx(40 / 60), 2)}


def test_booked_movements_explain_stock_both_ways(ask: Ask) -> None:
    def moved(number: str, quantity: int) -> dict[str, Any]:
        return {
            "code_system": "sap",
            "enterprise_code": "甲",
            "document_number": number,
            "document_year": "2019",
            "material_code": "P",
            "quantity": Decimal(quantity),
        }

    document = {"code_system": "sap", "document_year": "2019", "posting_date": date(2019, 12, 4)}
    planted: dict[str, Any] = {
        "stock_movement": [moved("1", 30), moved("2", -50)],
        "stock_movement_document": [{**document, "document_number": one} for one in "12"],
        "enterprise_link": [link("sap", "甲", "E1")],
    }
    counts = [count(1, 100, system="sap"), count(8, 80, system="sap")]
    assert ask("stock_roll_forward", {**planted, "stock_count": counts}) == {
        ("E1", DECEMBER): (0, 1)
    }
    counts[1]["quantity"] = Decimal(60)
    assert ask("stock_roll_forward", {**planted, "stock_count": counts}) == {
        ("E1", DECEMBER): (pytest.approx(0.2), 1)
    }


def test_a_short_count_is_set_against_the_stock_of_the_product(ask: Ask) -> None:
    def reading(measure: str, value: float, receipt: str) -> dict[str, Any]:
        return {
            "subject_type": "receipt",
            "subject_code": receipt,
            "measure": measure,
            "value": value,
            "read_at": datetime(2019, 12, 8, 1),
        }

    readings = [
        reading("pledged_quantity", 100, "R1"),
        reading("counted_quantity", 80, "R1"),
        # In full: there may be more of it than is pledged.
        reading("pledged_quantity", 10, "R2"),
        reading("counted_quantity", 10, "R2"),
    ]
    receipts = [
        {
            "code_system": "warehouse",
            "enterprise_code": "W",
            "receipt_number": one,
            "product_name": name,
        }
        for one, name in (("R1", "cloth"), ("R2", "yarn"))
    ]
    outputs = [
        {
            "code_system": "domestic",
            "enterprise_code": "甲",
            "product_code": code,
            "product_name": name,
        }
        for code, name in (("P", "cloth"), ("Q", "yarn"))
    ]
    planted = {
        "collateral_reading": readings,
        "warehouse_receipt": receipts,
        "shipment_line": outputs,
        "stock_count": [count(8, 150), count(8, 500, "Q")],
        "enterprise_link": [link("domestic", "甲", "E1"), link("warehouse", "W", "E1")],
    }
    assert ask("stock_to_warehouse", planted) == {("E1", DECEMBER): (150, 80)}


def test_invoices_are_set_against_shipments_at_the_prices_of_orders(ask: Ask) -> None:
    at = datetime(2019, 12, 4, 4)
    lines = [
        {"code_system": "domestic", "shipment_number": "1", "enterprise_code": "甲", "event_at": at,
         "quantity": Decimal(1), "net_amount": Decimal(70)},
        {"code_system": "sap", "shipment_number": "2", "event_at": at, "quantity": Decimal(5),
         "order_number": "O"},
    ]  # fmt: skip
    orders = [
        {
            "code_system": "sap",
            "order_number": "O",
            "quantity": Decimal(10),
            "net_amount": Decimal(60),
        }
    ]
    planted = {
        "shipment_line": lines,
        "shipment": [{"code_system": "sap", "shipment_number": "2", "enterprise_code": "A"}],
        "sales_order_line": orders,
        "invoice": [sale("E1", "P", date(2019, 12, 6), 150)],
        "enterprise_link": [link("domestic", "甲", "E1"), link("sap", "A", "E1")],
    }
    assert ask("invoices_to_shipments", planted) == {("E1", DECEMBER): (150, 100)}
