"""The public data sets in their canonical tables, against DuckDB's own count of the raw files.

A home of its own, as the shared one holds the sample. Of the large sets a part is landed: ten days
of the retail orders (two of them one by one, then all in an archive), the first cycles of the test
engines, and some experiments of the water loop that overlap.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from loomline.engine.server import stop_engine
from tests.integration.homes import Home, make_home

WHOLE_SETS = (
    *("erp_sap_sales", "erp_procurement", "purchase_deliveries", "receivables"),
    *("plant_energy", "machine_events", "factory_output"),
)
PARTS = (
    *("supplier_orders/deliveries_m3.csv", "supplier_orders/carrier_loss_pct.csv"),
    *("engine_runs/RUL_FD001.txt", "testbed_sensors/anomaly-free/anomaly-free.csv"),
    *(
        "testbed_sensors/other/5.csv",
        "testbed_sensors/other/12.csv",
        "testbed_sensors/other/13.csv",
    ),
)
DAYS = 10
DAYS_APART = 2
CYCLES = 1000

BIKES = "erp_sap_sales/Sample_Bikes_Sales_content__"
CONTENT = "erp_sap_sales/SAP_Sample_Content__Sales__"
BUYING = "erp_procurement/Purchasing_"
MAKING = "erp_procurement/Production_"
SCMS = "purchase_deliveries/SCMS_Delivery_History_Dataset.csv"
INVOICES = "receivables/WA_Fn-UseC_-Accounts-Receivable.csv"
STEEL = "plant_energy/Steel_dates_reference.csv"
GARMENTS = "factory_output/garments_worker_productivity.csv"

# What is set aside, as duplicate and in quarantine; every other row is conformed.
SET_ASIDE = {
    # A slip of the pen: a target of 0.07.
    "factory_output": (0, 1),
    # Recorded before the day of delivery; ordered after the delivery was recorded.
    "purchase_deliveries": (0, 3),
    "purchase_deliveries_orders": (0, 3),
    # Where employees live.
    "sap_bikes_addresses": (0, 14),
    # The later list says what the earlier one says.
    "sap_content_partners": (40, 0),
    # Seconds of two experiments: 921, of 179 the two do not say the same.
    "testbed_sensors": (742 * 8, 179 * 8),
}

# What DuckDB reads: the rows of each source that has files of its own.
FILES = {
    "sap_content_orders": f"{CONTENT}SalesOrders.csv",
    "sap_content_order_items": f"{CONTENT}SalesOrderItems.csv",
    "sap_content_partners": f"{CONTENT}BusinessPartners.csv",
    "sap_bikes_orders": f"{BIKES}SalesOrders.csv",
    "sap_bikes_order_items": f"{BIKES}SalesOrderItems.csv",
    "sap_bikes_partners": f"{BIKES}BusinessPartners.csv",
    "sap_bikes_addresses": f"{BIKES}Addresses.csv",
    "sap_bikes_products": f"{BIKES}Products.csv",
    "sap_bikes_product_texts": f"{BIKES}ProductTexts.csv",
    "erp_procurement_orders": f"{BUYING}PurchaseOrderHeader.csv",
    "erp_procurement_order_lines": f"{BUYING}PurchaseOrderDetail.csv",
    "erp_procurement_vendors": f"{BUYING}Vendor.csv",
    "erp_procurement_stores": "erp_procurement/Sales_Store.csv",
    "erp_procurement_locations": f"{MAKING}Location.csv",
    "erp_procurement_products": f"{MAKING}Product.csv",
    "erp_procurement_bill_of_materials": f"{MAKING}BillOfMaterials.csv",
    "erp_procurement_stock": f"{MAKING}ProductInventory.csv",
    "purchase_deliveries": SCMS,
    "receivables": INVOICES,
    "plant_energy": STEEL,
    "machine_errors": "machine_events/PdM_errors.csv",
    "machine_failures": "machine_events/PdM_failures.csv",
    "machine_maintenance": "machine_events/PdM_maint.csv",
    "machine_list": "machine_events/PdM_machines.csv",
    "factory_output": GARMENTS,
}

CSV = "read_csv('{data}/{file}', all_varchar = true, header = true)"
RETAIL = "read_csv('{days}/*.csv', all_varchar = true, header = true)"
ENGINES = (
    "(select unnest(string_split_regex(trim(line), ' +')[3:]) as cell from (select unnest("
    "string_split(content, chr(10))) as line from "
    "read_text('{parts}/engine_runs/test_FD001.txt')) where trim(line) <> '')"
)
WEEKS = "(unpivot (select * from {csv}) on columns('W[0-9]+') into name week value cell)"
LOOP = (
    "(select * from read_csv('{parts}/testbed_sensors/*/*.csv', all_varchar = true, "
    "delim = ';', union_by_name = true))"
)
SEPT = "strptime(replace(\"{}\", 'Sept', 'Sep'), '%d-%b-%y')"


def _csv(file: str) -> str:
    return CSV.replace("{file}", file)


# A figure of silver as Spark counts it, and of the raw files as DuckDB counts it.
FIGURES = {
    "amount of the orders that stand": (
        "select sum(gross_amount) from silver.sales_order "
        "where source = 'sap_content_orders' and superseded_at is null",
        "select sum(last) from (select max(cast(GROSSAMOUNT as decimal(18, 2))) as last "
        f"from {_csv(f'{CONTENT}SalesOrders.csv')} group by SALESORDERID)",
    ),
    "net amount of all lines of orders": (
        "select sum(net_amount) from silver.sales_order where source = 'sap_content_orders'",
        "select sum(cast(replace(NETAMOUNT, ',', '.') as decimal(18, 4))) "
        f"from {_csv(f'{CONTENT}SalesOrders.csv')}",
    ),
    "net amount of the items of bikes is that of their orders": (
        "select sum(net_amount) from silver.sales_order_line "
        "where source = 'sap_bikes_order_items'",
        f"select sum(cast(NETAMOUNT as decimal(18, 4))) from {_csv(f'{BIKES}SalesOrders.csv')}",
    ),
    "amount of purchase orders": (
        "select sum(net_amount) from silver.purchase_order",
        f"select sum(cast(LineTotal as decimal(18, 4))) from "
        f"{_csv(f'{BUYING}PurchaseOrderDetail.csv')}",
    ),
    "quantity turned away": (
        "select sum(rejected_quantity) from silver.receipt where source like 'erp_procurement%'",
        f"select sum(cast(ReceivedQty as decimal(18, 2)) - cast(StockedQty as decimal(18, 2))) "
        f"from {_csv(f'{BUYING}PurchaseOrderDetail.csv')}",
    ),
    "components that go into nothing": (
        "select count(*) from silver.bill_of_materials where product_code = '*'",
        f"select count(*) from {_csv(f'{MAKING}BillOfMaterials.csv')} "
        "where ProductAssemblyID is null",
    ),
    "stock": (
        "select sum(quantity) from silver.stock_count",
        f"select sum(cast(Quantity as bigint)) from {_csv(f'{MAKING}ProductInventory.csv')}",
    ),
    "amount of deliveries that hold": (
        "select sum(net_amount) from silver.receipt where source = 'purchase_deliveries'",
        f'select sum(cast("Line Item Value" as decimal(18, 2))) from {_csv(SCMS)} where '
        f"{SEPT.format('Delivery Recorded Date')} >= {SEPT.format('Delivered to Client Date')}",
    ),
    "late deliveries": (
        "select count_if(received_date > promised_date) from silver.receipt "
        "where source = 'purchase_deliveries'",
        f"select count(*) from {_csv(SCMS)} where "
        f"{SEPT.format('Delivered to Client Date')} > {SEPT.format('Scheduled Delivery Date')} and "
        f"{SEPT.format('Delivery Recorded Date')} >= {SEPT.format('Delivered to Client Date')}",
    ),
    "days of payment late": (
        "select sum(greatest(datediff(settled_date, due_date), 0)) from silver.receivable",
        f"select sum(cast(DaysLate as bigint)) from {_csv(INVOICES)}",
    ),
    "volume delivered": (
        "select cast(sum(value) as bigint) from silver.supplier_delivery "
        "where measure = 'delivered'",
        "select sum(cast(cell as bigint)) from "
        + WEEKS.replace("{csv}", _csv("supplier_orders/deliveries_m3.csv")),
    ),
    "shares lost": (
        "select sum(cast(value as decimal(9, 4))) from silver.supplier_delivery "
        "where measure = 'lost'",
        "select sum(cast(cell as decimal(9, 4))) from "
        + WEEKS.replace("{csv}", _csv("supplier_orders/carrier_loss_pct.csv")),
    ),
    "energy of a day with its midnight": (
        "select sum(energy_kwh) from silver.energy where interval_end_at > "
        "timestamp'2018-05-31 15:00:00Z' and interval_end_at <= timestamp'2018-06-01 15:00:00Z'",
        f"select sum(cast(Usage_kWh as decimal(18, 3))) from {_csv(STEEL)} "
        "where date like '01/06/18%'",
    ),
    "minutes from the first to the last quarter of the year": (
        "select (unix_seconds(max(interval_end_at)) - unix_seconds(min(interval_end_at))) / 60 "
        "from silver.energy",
        f"select 15 * (count(*) - 1) from {_csv(STEEL)}",
    ),
    "incentives": (
        "select sum(incentive_amount) from silver.production_output",
        f"select sum(cast(incentive as decimal(18, 2))) from {_csv(GARMENTS)} "
        "where targeted_productivity <> '0.07'",
    ),
    "events of machine 99": (
        "select count(*) from silver.machine_event where machine_code = '99'",
        f"select (select count(*) from {_csv('machine_events/PdM_errors.csv')} where machineID = "
        f"'99') + (select count(*) from {_csv('machine_events/PdM_failures.csv')} "
        "where machineID = '99')",
    ),
    "seconds of the water loop, once where experiments overlap": (
        "select count(distinct device_time) from silver.telemetry "
        "where code_system = 'testbed_sensors'",
        f"select count(distinct datetime) from {LOOP}",
    ),
    "values of the flow": (
        "select sum(cast(value as decimal(18, 6))) from silver.telemetry "
        "where sensor_code = 'flow'",
        'select sum(value) from (select any_value(cast("Volume Flow RateRMS" as decimal(18, 6))) '
        f"as value from {LOOP} group by datetime)",
    ),
    "values of the engines": (
        "select sum(cast(value as decimal(18, 4))) from silver.telemetry "
        "where code_system = 'engine_runs'",
        f"select sum(cast(cell as decimal(18, 4))) from {ENGINES}",
    ),
    "orders of ten days": (
        "select sum(net_amount) from silver.sales_order_line where source = 'retail_order_lines'",
        "select sum(cast(Quantity as decimal(18, 3)) * cast(UnitPrice as decimal(18, 4))) "
        f"from {RETAIL} where InvoiceNo not like 'C%'",
    ),
    "lines without a customer": (
        "select count_if(customer_code is null) from silver.sales_order_line "
        "where source = 'retail_order_lines'",
        f"select count(*) from {RETAIL} where CustomerID is null and InvoiceNo not like 'C%' "
        "and Quantity not like '-%'",
    ),
    "amount taken back in ten days": (
        "select sum(quantity * unit_price) from silver.goods_return",
        "select -sum(cast(Quantity as decimal(18, 3)) * cast(UnitPrice as decimal(18, 4))) "
        f"from {RETAIL} where InvoiceNo like 'C%'",
    ),
    "pieces written off in ten days": (
        "select sum(quantity) from silver.stock_movement",
        f"select sum(cast(Quantity as bigint)) from {RETAIL} "
        "where InvoiceNo not like 'C%' and Quantity like '-%'",
    ),
}


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(source)


@pytest.fixture(scope="module")
def days(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The first daily files of the retail orders, unpacked."""
    folder = tmp_path_factory.mktemp("unpacked")
    found: list[Path] = []
    with tarfile.open(real_data / "retail_orders" / "by-day.tar.gz") as archive:
        for member in archive:
            content = archive.extractfile(member)
            assert content is not None
            path = folder / Path(member.name).name
            path.write_bytes(content.read())
            found.append(path)
            if len(found) == DAYS:
                break
    return found


@pytest.fixture(scope="module")
def sets(real_data: Path, days: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sets, and an archive of the daily files."""
    folder = tmp_path_factory.mktemp("sets")
    for path in [path for name in WHOLE_SETS for path in (real_data / name).iterdir()]:
        _link(path, folder / path.relative_to(real_data))
    for name in PARTS:
        _link(real_data / name, folder / name)
    engines = "engine_runs/test_FD001.txt"
    lines = (real_data / engines).read_text().splitlines(keepends=True)
    (folder / engines).write_text("".join(lines[:CYCLES]))
    (folder / "retail_orders").mkdir()
    with tarfile.open(folder / "retail_orders" / "by-day.tar.gz", "w:gz") as archive:
        for path in days:
            archive.add(path, path.name)
    return folder


@pytest.fixture(scope="module")
def real_sets(
    sets: Path, days: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Home]:
    growing = tmp_path_factory.mktemp("growing")
    home = make_home(tmp_path_factory.mktemp("home"))
    try:
        for day in days[:DAYS_APART]:
            _link(day, growing / "retail_orders" / "by-day" / day.name)
            home.run("run", "land", str(growing))
        home.run("run", "land,conform,reconcile", str(sets))
        yield home
    finally:
        stop_engine(home.settings)


@pytest.fixture(scope="module")
def counted(real_data: Path, sets: Path, days: list[Path]) -> dict[str, Decimal]:
    """The figures, and the rows of each file, by DuckDB from the raw files."""

    def ask(sql: str) -> Decimal:
        named = sql.replace("{data}", str(real_data)).replace("{days}", str(days[0].parent))
        named = named.replace("{parts}", str(sets))
        found = duckdb.connect().execute(named).fetchone()
        assert found is not None
        return Decimal(str(found[0]))

    rows = {source: ask(f"select count(*) from {_csv(file)}") for source, file in FILES.items()}
    return rows | {name: ask(raw) for name, (_, raw) in FIGURES.items()}


@pytest.fixture(scope="module")
def found(real_sets: Home) -> dict[str, Decimal]:
    """The figures by Spark from silver."""
    asked = [
        f"select '{name}' as name, cast(({spark}) as string) as figure"
        for name, (spark, _) in FIGURES.items()
    ]
    rows = real_sets.query(" union all ".join(asked))
    return {str(row["name"]): Decimal(str(row["figure"])) for row in rows}


@pytest.fixture(scope="module")
def proofs(real_sets: Home) -> dict[str, dict[str, str | None]]:
    """Rows of the reconciliation by source, over all of its files."""
    rows = real_sets.query(
        "select source, count(*) as files, sum(landed_rows) as landed, "
        "sum(conformed_rows) as conformed, sum(duplicate_rows) as duplicate, "
        "sum(quarantined_rows) as quarantined, min(is_reconciled) as holds "
        "from quality.reconciliation group by source"
    )
    return {str(row["source"]): row for row in rows}


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_of_silver_is_that_of_the_raw_files(
    name: str, found: dict[str, Decimal], counted: dict[str, Decimal]
) -> None:
    assert found[name] == counted[name]


@pytest.mark.parametrize("source", FILES)
def test_every_row_of_a_file_is_landed(
    source: str, proofs: dict[str, dict[str, str | None]], counted: dict[str, Decimal]
) -> None:
    assert Decimal(str(proofs[source]["landed"])) == counted[source]


def test_every_file_reconciles_and_only_known_rows_are_set_aside(
    proofs: dict[str, dict[str, str | None]],
) -> None:
    assert {row["holds"] for row in proofs.values()} == {"True"}
    aside = {
        source: (int(str(row["duplicate"])), int(str(row["quarantined"])))
        for source, row in proofs.items()
    }
    assert {source: counts for source, counts in aside.items() if any(counts)} == SET_ASIDE


def test_days_that_landed_one_by_one_are_not_landed_again_from_the_archive(
    real_sets: Home, days: list[Path], proofs: dict[str, dict[str, str | None]]
) -> None:
    files = real_sets.query(
        "select source_file from bronze.landed_file where source = 'retail_order_lines'"
    )
    apart = {f"retail_orders/by-day/{day.name}" for day in days[:DAYS_APART]}
    packed = {f"retail_orders/by-day.tar.gz/{day.name}" for day in days[DAYS_APART:]}
    assert {str(row["source_file"]) for row in files} == apart | packed
    assert proofs["retail_order_lines"]["files"] == str(DAYS)
