"""Every file parses back in its own format, and says what the facts say."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import openpyxl
import pyarrow.parquet as pq
import pytest

from simulator.disorder import MES_COLUMN_ADDED_DAY
from simulator.run import Parameters, simulate
from simulator.world.cheats import CHEAT_NAMES
from simulator.world.codes import is_credit_code
from simulator.world.draw import draw_world

PARAMETERS = Parameters(enterprises=50, seed=5)
DAYS = 46


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("formats")
    simulate(PARAMETERS, DAYS, folder, say=lambda _line: None)
    return folder


@pytest.fixture(scope="module")
def files(home: Path) -> Path:
    return home / "files"


def _csv(path: Path, encoding: str = "utf-8", delimiter: str = ",") -> list[dict[str, str]]:
    rows = list(
        csv.DictReader(io.StringIO(path.read_bytes().decode(encoding)), delimiter=delimiter)
    )
    assert all(None not in row and None not in row.values() for row in rows)
    return rows


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_invoices_have_the_shape_of_the_real_files(files: Path, real_data: Path) -> None:
    for direction in ("sales", "purchase"):
        with gzip.open(real_data / "sme_invoices" / f"credit_{direction}_invoices.csv.gz") as real:
            header = real.readline()
        mine = sorted((files / "tax").glob(f"{direction}_invoices_*.csv.gz"))
        assert len(mine) == DAYS
        with gzip.open(mine[20], "rt", encoding="utf-8") as file:
            text = file.read()
        assert text.splitlines()[0].encode() == header.strip()
        for row in csv.DictReader(io.StringIO(text)):
            net, tax, total = (round(float(row[n]) * 100) for n in ("金额", "税额", "价税合计"))
            assert net + tax == total
            datetime.strptime(row["开票日期"], "%Y/%m/%d")
            assert row["发票状态"] in ("有效发票", "作废发票")


def test_workshop_files_are_gbk_and_change_their_columns_once(files: Path) -> None:
    with_energy = []
    for path in sorted((files / "mes").glob("生产报工_*.csv")):
        rows = _csv(path, "gbk")
        assert all(int(row["合格数量"]) >= 0 for row in rows)
        with_energy.append("耗电量(千瓦时)" in path.read_bytes().decode("gbk").splitlines()[0])
    assert with_energy == [False] * MES_COLUMN_ADDED_DAY + [True] * (DAYS - MES_COLUMN_ADDED_DAY)
    events = _csv(files / "mes" / "设备事件_20190716.csv", "gbk")
    for row in events:
        begin, end = (
            datetime.strptime(row[n], "%Y-%m-%d %H:%M:%S") for n in ("开始时间", "结束时间")
        )
        assert begin < end


def test_sap_items_have_their_heads_and_documents_add_up(files: Path) -> None:
    folder = files / "erp_sap"
    for head, item, key in (
        ("VBAK", "VBAP", "VBELN"),
        ("EKKO", "EKPO", "EBELN"),
        ("LIKP", "LIPS", "VBELN"),
        ("MKPF", "MSEG", "MBLNR"),
    ):
        for path in sorted(folder.glob(f"{head}_*.txt"))[10:20]:
            heads = _csv(path, delimiter="|")
            items = _csv(path.with_name(path.name.replace(head, item)), delimiter="|")
            assert [row[key] for row in heads] == [row[key] for row in items]
    sums: dict[tuple[str, str], int] = {}
    seen = set()
    for path in sorted(folder.glob("BSEG_*.txt")):
        for row in _csv(path, delimiter="|"):
            line = (row["BUKRS"], row["BELNR"], row["BUZEI"])
            if line not in seen:
                seen.add(line)
                sign = 1 if row["SHKZG"] == "S" else -1
                fen = sign * round(float(row["DMBTR"]) * 100)
                sums[line[:2]] = sums.get(line[:2], 0) + fen
    # Lines that are still held back at the end leave a few documents incomplete.
    incomplete = sum(1 for total in sums.values() if total)
    assert len(sums) > 1000
    assert incomplete < len(sums) * 0.002


def test_bank_records_have_one_width_and_their_trailer_counts_them(files: Path) -> None:
    for kind, start in (("TXN", slice(38, 53)), ("LN", slice(44, 59))):
        for path in (files / "bank").glob(f"CB{kind}_B1_201908*.txt"):
            *records, trailer = path.read_bytes().decode("gbk").splitlines()
            assert trailer.startswith("99")
            assert int(trailer[2:12]) == len(records)
            assert int(trailer[12:]) == sum(int(record[start]) for record in records)


def test_workbooks_open_and_grow_through_the_month(files: Path) -> None:
    paths = sorted((files / "erp_domestic").glob("代账_绍兴_201907_*.xlsx"))
    assert len(paths) > 3
    sizes = []
    for path in paths:
        book = openpyxl.load_workbook(path, read_only=True)
        assert book.sheetnames == ["销售出库", "采购入库", "收付款", "库存"]
        rows = list(book["收付款"].iter_rows(values_only=True))
        assert rows[2][:2] == ("单据编号", "日期")
        sizes.append(len(rows))
    assert sizes == sorted(sizes)
    assert sizes[-1] > sizes[0]


def test_waybills_are_json_whose_stops_follow_one_another(files: Path) -> None:
    bills = _lines(files / "logistics" / "waybills_20190716.jsonl")
    assert bills
    for bill in bills:
        stops = bill["stops"]
        assert isinstance(stops, list)
        assert [stop["seq"] for stop in stops] == [1, 2, 3]
        planned = [datetime.fromisoformat(stop["planned"]) for stop in stops]
        assert planned == sorted(planned)
        actual = [stop["actual"] for stop in stops]
        assert (None in actual) == (bill["status"] == "in_transit")


def test_notices_and_credit_reports_are_xml_that_counts_its_records(files: Path) -> None:
    for path in [*(files / "court").glob("*.xml"), *(files / "bureau").glob("*.xml")]:
        root = ElementTree.fromstring(path.read_bytes())
        assert int(root.attrib["count"]) == len(root)
    report = ElementTree.fromstring((files / "bureau" / "credit_report_20190731.xml").read_bytes())
    assert all(is_credit_code(record.findtext("CreditCode") or "") for record in report)


def test_meters_give_every_quarter_hour_of_a_day_and_a_register_that_never_falls(
    files: Path,
) -> None:
    rows = _csv(files / "meters" / "load_20190716.csv")
    quarters = {row["reading_time"] for row in rows if row["reading_time"] >= "2019-07-16 00:15"}
    first = datetime(2019, 7, 16, 0, 15)
    whole_day = {f"{first + timedelta(minutes=15 * n):%Y-%m-%d %H:%M}" for n in range(96)}
    assert quarters == whole_day
    registers: dict[str, list[tuple[str, float]]] = {}
    for row in rows:
        pair = (row["reading_time"], float(row["register_kwh"]))
        registers.setdefault(row["meter_no"], []).append(pair)
    for readings in registers.values():
        values = [value for _, value in sorted(readings)]
        assert values == sorted(values)


def test_monthly_filings_name_every_living_firm(files: Path) -> None:
    payroll = _csv(files / "payroll" / "社保缴费_201907.csv")
    assert len({row["统一社会信用代码"] for row in payroll}) == PARAMETERS.enterprises
    filings = _csv(files / "tax" / "filings_20190815.csv")
    assert len({row["企业代号"] for row in filings}) == PARAMETERS.enterprises


def test_the_registry_knows_every_name_and_a_code_that_holds(files: Path) -> None:
    rows = _csv(files / "registry" / "企业登记_20190701.csv", "utf-8-sig")
    codes = [row["统一社会信用代码"] for row in rows]
    assert len(set(codes)) == len(codes) == len({row["企业名称"] for row in rows})
    assert all(is_credit_code(code) for code in codes)


def test_one_reading_converts_to_the_same_value_in_either_vendor_s_units(files: Path) -> None:
    hot = [
        line["payload"]
        for line in _lines(files / "telemetry" / "mqtt_vendor_b_20190716.jsonl")
        if line["payload"]["u"] == "degF"  # type: ignore[index]
    ]
    celsius = np.array([(entry["v"] - 32) * 5 / 9 for entry in hot])  # type: ignore[index]
    assert len(hot) > 100
    assert (celsius > -40).all()
    assert (celsius < 1700).all()


def test_messages_carry_topic_payload_and_the_moment_of_sending(files: Path) -> None:
    start = datetime(2019, 7, 16).timestamp()
    for vendor in ("a", "b"):
        path = files / "telemetry" / f"mqtt_vendor_{vendor}_20190716.jsonl"
        lines = _lines(path)
        assert len(lines) > 300
        assert all(line.keys() == {"topic", "sent_at", "payload"} for line in lines)
        sent = np.array([line["sent_at"] for line in lines], dtype=np.float64) / 1000
        assert (np.abs(sent - start) < 3 * 86_400).all()
    nodes = _lines(files / "telemetry" / "opc_ua_20190716.jsonl")
    assert all(str(node["node"]).startswith("ns=2;s=") for node in nodes)


def _rows_in(path: Path) -> dict[str, int]:
    """Data rows of a file, by the part of the stream's name behind the # (blank if it has none)."""
    content = path.read_bytes()
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path, read_only=True)
        return {n: len(list(book[n].iter_rows(min_row=4))) for n in book.sheetnames}
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    if path.suffix == ".xml":
        return {"": len(ElementTree.fromstring(content))}
    rows = content.count(b"\n")
    has_header = path.suffix in (".csv", ".gz") or path.parent.name == "erp_sap"
    has_trailer = path.name.startswith(("CBTXN", "CBLN"))
    return {"": rows - has_header - has_trailer}


def test_every_file_holds_the_rows_that_the_truth_says_were_sent(home: Path) -> None:
    sent = pq.read_table(home / "truth" / "sent.parquet").to_pandas()
    sent = sent[sent.source != "erp_domestic_entries"]
    told: dict[tuple[str, str], int] = {}
    for entry in sent.itertuples():
        stream, _, part = entry.stream.partition("#")
        part = part if stream.startswith("erp_domestic") else ""
        folder, _, names = stream.partition("/")
        for name in names.split("+"):
            key = (f"{folder}/{name}_{entry.date:%Y%m%d}", part)
            told[key] = told.get(key, 0) + entry.rows
    held: dict[tuple[str, str], int] = {}
    for path in (home / "files").rglob("*.*"):
        name = path.name.partition(".")[0]
        if path.suffix == ".xlsx":
            office, _, day = name.rpartition("_")
            name = f"{office.rpartition('_')[0]}_{day}"
        if path.parent.name == "payroll":
            # The file of a month is sent on its last day.
            name += "31"
        for part, rows in _rows_in(path).items():
            held[f"{path.parent.name}/{name}", part] = rows
    assert held == told


def test_truth_is_never_in_files(home: Path) -> None:
    world = draw_world(PARAMETERS.seed, PARAMETERS.enterprises)
    assert (world.firms.cheat > 0).any()
    words = [name.encode() for name in CHEAT_NAMES[1:]] + [
        b"cheat",
        b"wear_per",
        b"margin",
        b"shock",
    ]
    for path in (home / "files").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            plain = gzip.decompress(content) if path.suffix == ".gz" else content
            assert not any(word in plain for word in words), path
    cheats = pq.read_table(home / "truth" / "cheats.parquet").to_pandas()
    assert len(cheats) == (world.firms.cheat > 0).sum()
