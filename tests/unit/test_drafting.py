"""A draft reads the file back, and says what it is sure of, what not, and what is left to do."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from typer.testing import CliRunner

from loomline.commands.draft import fillable_tables
from loomline.commands.main import app
from loomline.contracts.catalogue import load_contracts
from loomline.contracts.model import Contract
from loomline.drafting.draft import draft_contract
from loomline.drafting.sample import read_sample
from loomline.drafting.sniffing import sniff
from loomline.drafting.words import load_words
from loomline.errors import CatalogueError, LoomlineError
from loomline.readers.file import check_header, read_rows
from loomline.tables import load_tables

INVOICES = [
    ["纳税人识别号", "购方", "发票号码", "开票日期", "金额", "税额", "价税合计", "状态"],
    ["9151A", "成都鑫兴", "00012345", "2024-03-01", "100.00", "13.00", "113.00", "正常"],
    ["9151A", "武汉宁邦", "00012346", "2024-03-02", "2000.50", "260.07", "2260.57", "作废"],
    ["9151B", "成都鑫兴", "00012347", "2024-03-02", "-9.00", "-1.17", "-10.17", "正常"],
    ["9151B", "淄博康创", "00012348", "2024-03-03", "77.10", "10.02", "87.12", "正常"],
    ["9151B", "淄博康创", "00012349", "2024-03-03", "77.20", "10.03", "87.23", "正常"],
    ["9151C", "淄博康创", "00012350", "2024-03-13", "71.20", "10.03", "81.23", "正常"],
]


def as_text(rows: Sequence[Sequence[str]], delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def drafted(path: Path, catalog: Path, **wishes: str) -> tuple[Contract, str]:
    """The contract that is drafted from a file, and its text."""
    tables = fillable_tables(catalog)
    text = draft_contract(path, tables, catalog, "Asia/Shanghai", **wishes).text
    return Contract.model_validate(yaml.safe_load(text)), text


def read_back(path: Path, contract: Contract) -> tuple[list[str], list[list[str | None]]]:
    """Header and cells of a file by a contract; every mapped column must be there."""
    opened = read_rows(path, path.name, contract)
    check_header(path.name, opened.header, contract)
    rows = list(opened.rows())
    assert all(row.problem is None for row in rows)
    return opened.header, [list(row.cells) for row in rows]


Writer = Callable[[Path], Path]


def delimited(delimiter: str, encoding: str, is_gzip: bool = False) -> Writer:
    def write(folder: Path) -> Path:
        path = folder / ("sales_20240313.csv" + (".gz" if is_gzip else ""))
        raw = as_text(INVOICES, delimiter).encode(encoding)
        path.write_bytes(gzip.compress(raw) if is_gzip else raw)
        return path

    return write


def titled(folder: Path) -> Path:
    path = folder / "sales.csv"
    path.write_text("销售发票清单\n制表人：张三\n\n" + as_text(INVOICES), encoding="utf-8")
    return path


def workbook(folder: Path) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "发票"
    sheet.append(["销售发票清单"])
    sheet.append([])
    for row in INVOICES:
        sheet.append(row)
    path = folder / "sales.xlsx"
    book.save(path)
    return path


def parquet(folder: Path) -> Path:
    path = folder / "sales.parquet"
    columns = list(zip(*INVOICES[1:], strict=True))
    pq.write_table(pa.table(dict(zip(INVOICES[0], columns, strict=True))), path)
    return path


def arff(folder: Path) -> Path:
    path = folder / "sales.arff"
    head = "".join(f"@attribute '{name}' string\n" for name in INVOICES[0])
    data = "".join(",".join(row) + "\n" for row in INVOICES[1:])
    path.write_text(f"@relation sales\n{head}@data\n{data}", encoding="utf-8")
    return path


def xml(folder: Path) -> Path:
    path = folder / "sales.xml"
    records = "".join(
        "<Invoice>" + "".join(f"<{n}>{v}</{n}>" for n, v in zip(INVOICES[0], row, strict=True))
        + "</Invoice>"
        for row in INVOICES[1:]
    )  # fmt: skip
    path.write_text(f"<Invoices>{records}</Invoices>", encoding="utf-8")
    return path


FORMATS: dict[str, Writer] = {
    "utf-8": delimited(",", "utf-8"),
    "byte-order mark": delimited(",", "utf-8-sig"),
    "gbk": delimited(",", "gbk"),
    "semicolons in gbk": delimited(";", "gbk"),
    "tabs": delimited("\t", "utf-8"),
    "pipes": delimited("|", "utf-8"),
    "gzip": delimited(",", "utf-8", is_gzip=True),
    "titles above the header": titled,
    "xlsx": workbook,
    "parquet": parquet,
    "arff": arff,
    "xml": xml,
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_draft_reads_a_file_of_every_format_back_and_finds_its_table(
    name: str, tmp_path: Path, catalog: Path
) -> None:
    path = FORMATS[name](tmp_path)
    contract, text = drafted(path, catalog)
    header, rows = read_back(path, contract)
    assert header == INVOICES[0]
    assert rows == INVOICES[1:]
    assert contract.target == "silver.invoice"
    assert contract.columns["total_cny"].from_columns == ("价税合计",)
    assert contract.columns["issue_date"].formats == ("yyyy-MM-dd",)
    assert contract.columns["status"].codes == {"正常": "valid", "作废": "voided"}
    assert "# TODO direction: required" in text


def test_json_lines_are_drafted_with_paths_and_items(tmp_path: Path, catalog: Path) -> None:
    lines = [
        {
            "waybill": f"W{number}",
            "consignee": {"name": "甲"},
            "goods": [
                {"sku": f"P{n}", "qty": 5 * n, "unit": "kg"} for n in range(1, 3 + number % 2)
            ],
        }
        for number in range(6)
    ]
    path = tmp_path / "waybills_20240301.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    contract, _ = drafted(path, catalog)
    assert (contract.target, contract.items) == ("silver.shipment_line", "goods")
    origins = {column: mapping.origins for column, mapping in contract.columns.items()}
    assert origins["product_code"] == ("goods.sku",)
    assert origins["quantity"] == ("goods.qty",)
    assert origins["customer_name"] == ("consignee.name",)


def test_an_object_whose_keys_differ_from_line_to_line_is_drafted_as_items(tmp_path: Path) -> None:
    lines = [
        {"id": n, "metrics": {f"m{n % 4}": 1.5, "power": 2} if n % 4 else {"heat": 3, "power": 1}}
        for n in range(20)
    ]
    path = tmp_path / "readings.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    found = sniff(read_sample(path))
    assert [shape.items for shape in found] == ["metrics", None]
    assert found[0].header == ["id", "<key>", "<value>"]
    assert len(found[0].rows) == 40


def test_text_without_a_header_has_its_columns_named_by_their_places(
    tmp_path: Path, catalog: Path
) -> None:
    for delimiter in (",", "  "):
        path = tmp_path / "readings.txt"
        lines = [f"{n}{delimiter}{n * 1.5}{delimiter}-{n}.25" for n in range(1, 30)]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        contract, _ = drafted(path, catalog)
        header, rows = read_back(path, contract)
        assert header == ["column_1", "column_2", "column_3"]
        assert len(rows) == 29


def test_fixed_width_fields_are_guessed_where_something_changes_between_them(
    tmp_path: Path, catalog: Path
) -> None:
    records = [
        f"AB{n * 7919 % 10**6:06d}{date(2024, 3, n):%Y%m%d}{'CD'[n % 2]}{n * 137:012d}CNY"
        + ("成都公司", "武汉织造", "淄博市玻璃公司")[n % 3]
        for n in range(1, 28)
    ]
    path = tmp_path / "statement.txt"
    trailer = f"99{len(records):010d}"
    path.write_bytes("\r\n".join([*records, trailer, ""]).encode("gbk"))
    contract, text = drafted(path, catalog)
    header, rows = read_back(path, contract)
    places = list(contract.file_format.fields.values())  # type: ignore[union-attr]
    assert places == [(1, 2), (3, 8), (9, 16), (17, 17), (18, 29), (30, 32), (33, None)]
    assert [row[5] for row in rows] == ["CNY"] * 27
    assert contract.file_format.trailer_count == (3, 12)  # type: ignore[union-attr]
    assert "the fields are guessed" in text and len(header) == 7


def test_many_columns_named_alike_may_be_turned_into_rows(tmp_path: Path) -> None:
    rows = [["供应商ID", *(f"W{n:03d}" for n in range(1, 31))]]
    rows += [[f"S{n}", *(str(n * w % 50) for w in range(1, 31))] for n in range(1, 9)]
    path = tmp_path / "orders.csv"
    path.write_text(as_text(rows), encoding="utf-8")
    wide, long = sniff(read_sample(path))
    assert (wide.unpivot, long.unpivot) == (None, "W[0-9]+")
    assert long.header == ["供应商ID", "<key>", "<value>"]
    assert len(long.rows) == 8 * 30


def test_a_draft_with_its_todos_done_passes_the_check(tmp_path: Path, catalog: Path) -> None:
    path = delimited(",", "gbk")(tmp_path)
    contract, text = drafted(path, catalog, source="spring_sales")
    copied = tmp_path / "catalog"
    shutil.copytree(catalog, copied)
    written = copied / "sources" / "spring_sales.yml"
    written.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"requires the column (direction|is_red_letter)"):
        load_contracts(copied)
    done = text.replace(
        "\ncolumns:\n",
        "\ncolumns:\n  direction: {constant: sale}\n  is_red_letter: {sql: total_cny < 0}\n",
    )
    written.write_text(done, encoding="utf-8")
    assert load_contracts(copied)["spring_sales"].key == contract.key


def test_a_draft_without_a_missing_column_passes_the_check_as_it_is(
    tmp_path: Path, catalog: Path
) -> None:
    rows = [["企业代号", "企业名称", "信誉评级", "是否违约"]]
    rows += [[f"E{n}", f"公司{n}", "ABCD"[n % 4], "是否"[n % 2]] for n in range(40)]
    path = tmp_path / "ratings.csv"
    path.write_text(as_text(rows), encoding="utf-8")
    _, text = drafted(path, catalog, source="new_ratings")
    copied = tmp_path / "catalog"
    shutil.copytree(catalog, copied)
    (copied / "sources" / "new_ratings.yml").write_text(text, encoding="utf-8")
    contract = load_contracts(copied)["new_ratings"]
    assert contract.columns["is_default"].codes == {"是": True, "否": False}
    assert set(contract.columns) == {"enterprise_id", "enterprise_name", "rating", "is_default"}


def test_a_big_file_is_read_in_part_and_the_draft_says_so(tmp_path: Path, catalog: Path) -> None:
    path = tmp_path / "sales.csv"
    rows = [INVOICES[0]] + INVOICES[1:] * 4000
    path.write_text(as_text(rows), encoding="utf-8")
    _, text = drafted(path, catalog)
    assert "only the first 20,000 rows were read" in text
    cut = read_sample(path, limit=5_000)
    assert not cut.is_whole
    (shape,) = sniff(cut)
    assert shape.rows and not shape.is_whole
    assert all(list(row) in INVOICES for row in shape.rows)


def test_a_gbk_file_cut_within_a_character_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_bytes(as_text([INVOICES[0]] + INVOICES[1:] * 50).encode("gbk"))
    for limit in range(3_000, 3_060):
        (shape,) = sniff(read_sample(path, limit=limit))
        assert shape.format.encoding == "gb18030"  # type: ignore[union-attr]
        assert all(list(row) in INVOICES for row in shape.rows)


PLAIN = st.text(st.characters(categories=["L", "Nd"], include_characters="_-&' \""), min_size=1)
NAMES = st.text(st.sampled_from("abcdefghij客户金额日期数量名称"), min_size=2, max_size=8)


def is_in_apostrophes(texts: Sequence[str]) -> bool:
    return all(len(text) > 1 and text[0] == text[-1] == "'" for text in texts)


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """A header and at least four rows; a text, a number and a date among the columns."""
    names = draw(st.lists(NAMES, min_size=3, max_size=6, unique=True))
    count = draw(st.integers(4, 12))
    kinds: list[st.SearchStrategy[str]] = [
        PLAIN.map(str.strip).filter(bool),
        st.decimals(-9999, 9999, places=2).map(str),
        st.dates(date(1990, 1, 1), date(2040, 1, 1)).map(date.isoformat),
    ]
    columns = [
        draw(st.lists(kinds[place % 3], min_size=count, max_size=count))
        for place in range(len(names))
    ]
    # Apostrophes around all the cells of a column are quotes, which no reader gives back.
    assume(not any(is_in_apostrophes(texts[-4:]) for texts in columns))
    return [names, *(list(row) for row in zip(*columns, strict=True))]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(tables(), st.sampled_from([",", ";", "|", "\t"]))
@example([["名称", "数量", "客户"], *[["a", "1.00", "b"]] * 3, ["'", "0.00", "'"]], ",")
def test_any_delimited_table_is_read_back_with_its_header(
    tmp_path: Path, rows: list[list[str]], delimiter: str
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(as_text(rows, delimiter).encode())
    shape = sniff(read_sample(path))[0]
    assert shape.header == rows[0]
    assert [list(row) for row in shape.rows] == rows[1:]


def test_codes_that_the_word_list_does_not_know_are_left_to_do(
    tmp_path: Path, catalog: Path
) -> None:
    rows = [[*row[:-1], "甲态" if row[-1] == "正常" else row[-1]] for row in INVOICES]
    path = tmp_path / "sales.csv"
    path.write_text(as_text(rows), encoding="utf-8")
    contract, text = drafted(path, catalog)
    assert contract.columns["status"].codes is None
    assert "# TODO status: codes: the table has valid, voided; the file has" in text


def test_the_word_list_names_only_tables_that_are_declared(catalog: Path) -> None:
    named = {table for tables in load_words(catalog).tables.values() for table in tables}
    assert named <= set(load_tables(catalog))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", "甲,乙\n".encode(), "has no rows"),
        ("a.json", b'[{"a": 1}]', "is no JSON object"),
        ("a.xml", b"<a><b></a>", "can't be read as XML"),
        ("a.xml", b"<a/>", "has no records"),
        ("a.csv.gz", b"\x1f\x8b\x08broken", "can't be read"),
        ("a.tar", b"a.csv\0\0\0\0000644\0", "is no text"),
        ("a.zip", b"PK\x03\x04" + bytes(60), "is a zip file, but no workbook"),
    ],
)
def test_what_can_not_be_drafted_is_said_in_one_sentence(
    name: str, content: bytes, message: str, tmp_path: Path, catalog: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(LoomlineError, match=message):
        drafted(path, catalog)


def test_the_command_prints_or_writes_and_never_overwrites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, catalog: Path
) -> None:
    monkeypatch.setenv("LOOMLINE_CATALOG", str(catalog))
    path, out = delimited(",", "gbk")(tmp_path), tmp_path / "draft.yml"
    runner = CliRunner()
    shown = runner.invoke(app, ["source", "draft", str(path)])
    assert shown.exit_code == 0 and yaml.safe_load(shown.stdout)["target"] == "silver.invoice"
    written = runner.invoke(app, ["source", "draft", str(path), "--out", str(out)])
    assert written.exit_code == 0 and out.read_text("utf-8") == shown.stdout
    out.write_text("mine", encoding="utf-8")
    again = runner.invoke(app, ["source", "draft", str(path), "--out", str(out)])
    assert again.exit_code != 0 and out.read_text("utf-8") == "mine"


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30
)
@given(tables())
def test_any_draft_is_a_contract_that_reads_its_file(
    tmp_path: Path, catalog: Path, rows: list[list[str]]
) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(as_text(rows).encode())
    contract, _ = drafted(path, catalog)
    header, cells = read_back(path, contract)
    assert header == rows[0] and cells == rows[1:]
