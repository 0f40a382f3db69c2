"""Names of firms: spellings of one firm read alike, and different firms do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from loomline.identity import load_name_words
from simulator.world.codes import credit_codes
from simulator.world.names import SPELLING_STYLES, spelling
from spark_jobs.linking.link import credit_code
from spark_jobs.linking.names import NameReader


@pytest.fixture(scope="module")
def reader(catalog: Path) -> NameReader:
    return NameReader(load_name_words(catalog))


@pytest.mark.parametrize(
    "name",
    [
        *(spelling("绍兴大恒通纺织有限公司", style) for style in range(SPELLING_STYLES)),
        "浙江省绍兴市大恒通纺织有限公司",
        "大恒通纺织(绍兴)有限公司",
        "绍兴大恒通纺织集团股份有限公司",
        "绍兴　大恒通纺织 有限公司",
        "（绍兴）大恒通纺织有限责任公司",
    ],
)
def test_spellings_of_a_firm_read_alike(reader: NameReader, name: str) -> None:
    parts = reader.read(name)
    assert (parts.core, parts.brand, parts.place, parts.trade) == (
        *("大恒通纺织", "大恒通", "绍兴", "textile"),
    )


@pytest.mark.parametrize(
    "other",
    [
        "绍兴恒通纺织有限公司",
        "绍兴大恒通针织有限公司",
        "绍兴大恒通有限公司",
        "绍兴大恒达纺织有限公司",
    ],
)
def test_another_brand_or_trade_is_another_name(reader: NameReader, other: str) -> None:
    assert reader.read(other).core != reader.read("绍兴大恒通纺织有限公司").core


def test_a_name_in_latin_letters_sounds_like_the_chinese_one(reader: NameReader) -> None:
    chinese = reader.read("郑州鑫信智食品有限公司")
    latin = reader.read("Zhengzhou XinXinzhi Foods Co., Ltd.")
    assert latin.core == ""
    assert (latin.sound, latin.trade, latin.place_sound) == (
        *(chinese.sound, chinese.trade, chinese.place_sound),
    )


@pytest.mark.parametrize(
    "name", ["大同机械有限公司", "安阳玻璃", "绍兴纺织有限公司", "公司", "有限公司"]
)
def test_a_place_or_form_that_is_all_of_a_brand_stays(reader: NameReader, name: str) -> None:
    assert len(reader.read(name).brand) >= 2
    assert reader.read(name).place == ""


def test_a_place_in_brackets_counts_before_one_in_front(reader: NameReader) -> None:
    parts = reader.read("安阳纺织（郑州）有限公司")
    assert (parts.place, parts.brand) == ("郑州", "安阳")


def test_nothing_is_read_of_no_name(reader: NameReader) -> None:
    assert reader.read(None) == reader.read(" ") == reader.read("")


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("安徽省芜湖市产业园161号", "芜湖"),
        ("浙江省", "浙江"),
        ("芜湖", "芜湖"),
        ("产业园", ""),
        (None, ""),
    ],
)
def test_the_place_of_an_address_is_its_city(
    reader: NameReader, address: str | None, place: str
) -> None:
    assert reader.place_in(address) == place


def test_a_credit_code_holds_with_its_check_character_alone() -> None:
    signs = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    (code,) = credit_codes(np.array(["330600"]), np.array([12_345_678]))
    assert credit_code(code) == code
    assert credit_code(f" {code[:9]} {code[9:].lower()}") == code
    for other in set(signs) - {code[-1]}:
        assert credit_code(code[:-1] + other) is None
    for missing in ("", None, code[:17], "E17", "0062170036004"):
        assert credit_code(missing) is None
