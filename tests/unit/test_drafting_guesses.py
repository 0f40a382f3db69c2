"""What is guessed of a column from its texts, and of a source from the name of its file."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomline.drafting.dates import every_pattern, find_patterns, read_moment
from loomline.drafting.profiling import profile_column
from loomline.drafting.proposing import allowed_codes, file_date, file_pattern, source_name
from loomline.drafting.sample import guess_encoding
from tests.unit.drafted import spark_text

WRITTEN = [pattern for pattern in every_pattern() if not pattern.startswith("epoch")]


@given(
    st.lists(st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)), min_size=1, max_size=8),
    st.sampled_from(WRITTEN),
)
def test_every_pattern_found_reads_all_texts_and_the_true_one_is_among_them(
    moments: list[datetime], pattern: str
) -> None:
    texts = [spark_text(moment, pattern) for moment in moments]
    found = find_patterns(texts)
    assert pattern in found
    assert all(read_moment(text, each) is not None for text in texts for each in found)
    for moment, text in zip(moments, texts, strict=True):
        read = read_moment(text, pattern)
        assert read is not None
        assert (read.year, read.month) == (moment.year, moment.month)
        assert "d" not in pattern or read.day == moment.day
        assert not {"H", "h"} & set(pattern) or read.hour == moment.hour


@given(st.lists(st.dates(date(2000, 1, 1), date(2039, 1, 1)), min_size=1, max_size=20))
def test_a_date_that_may_be_read_two_ways_round_is_marked(days: list[date]) -> None:
    texts = [f"{day:%d/%m/%Y}" for day in days]
    profile = profile_column("day", texts)
    is_open = all(day.day <= 12 for day in days) and any(day.day != day.month for day in days)
    assert profile.kind == "date"
    assert bool(profile.ambiguous) == is_open
    assert all(read_moment(text, profile.formats[0]) is not None for text in texts)


def test_texts_of_two_patterns_are_read_by_both_together() -> None:
    texts = ["2024-03-01", "2024-03-02", "2024/3/15", "2024/3/4"] * 3
    profile = profile_column("day", texts)
    assert profile.kind == "date"
    assert set(profile.formats) == {"yyyy-MM-dd", "yyyy/M/d"}


@given(st.lists(st.decimals(-(10**12), 10**12, places=3), min_size=1, max_size=30))
def test_a_decimal_fits_the_precision_and_scale_that_are_found(values: list[Decimal]) -> None:
    texts = [f"{value:f}" for value in values]
    profile = profile_column("amount", texts)
    assert (profile.kind, profile.scale) == ("decimal", 3)
    assert all(abs(value) < Decimal(10) ** (profile.precision - profile.scale) for value in values)


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["1", "2", "-3"], "integer"),
        (["0012", "0013", "0014"], "text"),
        (["1.5", "2", "1e-7"], "double"),
        (["1,234.50", "12.00", "999"], "decimal"),
        (["是", "否", "是"], "yes_no"),
        (["Y", "N", ""], "yes_no"),
        (["TA", "TB", "TA", "TA", "TB", "TA"], "codes"),
        (["", None, " "], "empty"),
        (["20240301", "20240302"], "date"),
        (["20241301", "20249902"], "integer"),
        (["2024-02-30"], "text"),
        (["1709251200000", "1709251260000"], "integer"),
    ],
)
def test_a_column_is_of_the_kind_of_all_its_texts(texts: list[str | None], kind: str) -> None:
    assert profile_column("c", texts).kind == kind


def test_a_mark_for_a_missing_value_is_proposed_only_beside_typed_values() -> None:
    assert profile_column("c", ["1.5", "-", "2.5", "无"]).missing_values == ("-", "无")
    assert profile_column("c", ["甲", "-", "乙"]).missing_values == ()


def test_a_column_that_is_nearly_typed_stays_text_and_says_so() -> None:
    profile = profile_column("c", [f"2024-03-{n % 28 + 1:02d}" for n in range(99)] + ["unknown"])
    assert profile.kind == "text"
    assert profile.nearly.startswith("all but 1 of 100 are dates as yyyy-MM-dd")
    comma = profile_column("c", ["3142,13", "448,88", "12"])
    assert (comma.kind, comma.nearly) == ("text", "with a decimal comma, which no contract reads")


@pytest.mark.parametrize(
    ("name", "pattern", "form"),
    [
        ("sales_20240301.csv.gz", r"_(\d{8})\.csv\.gz$", "yyyyMMdd"),
        ("代账_佛山_201907_20190718.xlsx", r"_(\d{8})\.xlsx$", "yyyyMMdd"),
        ("2024-03-01.csv", r"(\d{4}-\d{2}-\d{2})\.csv$", "yyyy-MM-dd"),
        ("社保缴费_201907.csv", r"_(\d{6})\.csv$", "yyyyMM"),
    ],
)
def test_a_date_in_the_name_of_a_file_is_found(name: str, pattern: str, form: str) -> None:
    found = file_date(name)
    assert found is not None
    assert (found.pattern, found.format) == (pattern, form)


def test_a_number_in_the_name_of_a_file_that_is_no_date_is_none() -> None:
    assert file_date("report_99999999.csv") is None
    assert file_date("report.csv") is None


@pytest.mark.parametrize(
    "name", ["sales_20240301.csv", "odd [1]? name*_2024-03-01.csv", "plain.csv"]
)
def test_the_pattern_of_files_matches_the_file_and_its_name_makes_a_source(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / "tax" / name
    assert path.match(file_pattern(path))
    assert source_name(path, "silver.invoice").isidentifier()


def test_the_codes_of_a_column_are_read_from_its_description(catalog: Path) -> None:
    assert allowed_codes("purchase or sale, seen from the enterprise.") == ("purchase", "sale")
    assert allowed_codes("receivable (a customer owes) or payable (it owes).") == (
        "receivable",
        "payable",
    )
    assert allowed_codes("Number printed on the invoice.") == ()


def _days(first: date) -> list[str]:
    return [f"{first + timedelta(days=n):%Y年%m月%d日}" for n in range(3)]


def test_chinese_dates_are_found() -> None:
    assert profile_column("d", _days(date(2024, 1, 30))).formats == ("yyyy年MM月dd日",)


CHINESE = st.text(
    st.sampled_from("佛山市鑫德泽针织有限公司合格数量报废价税合计销售甲乙"), min_size=2
)


@given(st.lists(st.tuples(CHINESE, CHINESE, st.integers(0, 10**6)), min_size=1, max_size=30))
def test_gbk_and_utf8_are_told_apart(rows: list[tuple[str, str, int]]) -> None:
    text = "客户名称,产品名称,数量\n" + "".join(f"{a},{b},{n}\n" for a, b, n in rows)
    assert guess_encoding(text.encode("utf-8")) == ("utf-8", True)
    encoding, _ = guess_encoding(text.encode("gbk"))
    assert text.encode("gbk").decode(encoding) == text
