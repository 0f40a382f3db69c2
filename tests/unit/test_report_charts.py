"""The charts of a report."""

from __future__ import annotations

from datetime import date
from xml.etree import ElementTree

import pytest

from reports.change_charts import WORSE, shift_chart, steps_chart
from reports.charts import grade_chart, interval_chart, month_chart, reliability_chart

CALIBRATION = (
    {
        "mean_pd_ratio": 0.02,
        "observed_default_ratio": 0.0,
        "lower": 0.0,
        "upper": 0.13,
        "default_count": 0,
        "enterprise_count": 25,
    },
    {
        "mean_pd_ratio": 0.6,
        "observed_default_ratio": 0.5,
        "lower": 0.3,
        "upper": 0.7,
        "default_count": 12,
        "enterprise_count": 24,
    },
)
INTERVALS = ({"estimate": 0.87, "lower": 0.79, "upper": 0.95},)


def _texts(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)
    return ["".join(element.itertext()) for element in root.iter() if element.tag.endswith("text")]


def test_bars_carry_their_values_and_their_grades() -> None:
    texts = _texts(grade_chart("enterprises", ["G1", "G2"], [1234, 0], frozenset({"G2"})))
    assert {"1,234", "0", "G1", "G2", "enterprises"} <= set(texts)


@pytest.mark.parametrize("name", ["<G&1>", "$x$", "等级"])
def test_a_label_is_a_text_and_neither_markup_nor_formula(name: str) -> None:
    assert name in _texts(grade_chart("enterprises", [name], [3], frozenset()))


def test_reliability_says_defaults_of_firms_at_each_point() -> None:
    texts = _texts(reliability_chart(CALIBRATION))
    assert "0/25" in texts
    assert "12/24" in texts


def test_intervals_say_the_estimate_and_the_axis_what_it_is() -> None:
    texts = _texts(interval_chart("AUC", ["scorecard"], INTERVALS))
    assert {"0.870", "AUC", "scorecard"} <= set(texts)


def test_at_most_seven_months_are_labelled() -> None:
    months = [date(2016 + place // 12, place % 12 + 1, 1) for place in range(41)]
    values = [float(place) for place in range(41)]
    texts = _texts(month_chart("CNY million", months, {"sales": values, "purchases": values}))
    labelled = [text for text in texts if text.startswith("20") and "-" in text]
    assert labelled == ["2016-01", "2016-07", "2017-01", "2017-07", "2018-01", "2018-07", "2019-01"]


def test_a_chart_scales_with_its_container_and_describes_itself() -> None:
    head = interval_chart("Brier", ["scorecard"], INTERVALS).split(">", 1)[0]
    assert " width=" not in head
    assert " height=" not in head
    assert "viewBox=" in head
    assert 'role="img" aria-label="Brier with 95 % intervals"' in head


def test_the_same_rows_give_the_same_bytes() -> None:
    assert reliability_chart(CALIBRATION) == reliability_chart(CALIBRATION)


def test_a_shift_has_each_label_and_its_value_now() -> None:
    svg = shift_chart("points", ["<Growth> 成长", "Thrift"], [71.5, None], [22.25, None], 50)
    assert {"<Growth> 成长", "Thrift", "22.25"} <= set(_texts(svg))
    assert svg == shift_chart(
        "points", ["<Growth> 成长", "Thrift"], [71.5, None], [22.25, None], 50
    )


def test_a_shift_of_counts_has_whole_numbers_on_its_axis() -> None:
    texts = _texts(shift_chart("firms", ["A"], [1], [3]))
    assert not [text for text in texts if "." in text]


def test_steps_carry_their_signs_and_losses_stand_out() -> None:
    svg = steps_chart("points", ["up", "down"], [4.5, -33.0])
    assert {"+4.5", "−33.0", "up", "down"} <= set(_texts(svg))
    assert svg.count(f"fill: {WORSE}") == 1
