"""The formulas of the expert model, its parameters, and what is made of realised losses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from loomline.errors import CatalogueError
from loomline.settings import PROJECT_ROOT
from models.inventory import declared_model
from models.loss_given_default.declared import Collateral, LossParameters, load_loss_parameters
from models.loss_given_default.loss import (
    exposure_at_default,
    loss_given_default,
    residual_ratio,
)
from models.loss_given_default.realised import mean_of_ratios, realised_loss

AMOUNT = st.floats(0, 1e9)
RATIO = st.floats(0, 1)


@pytest.fixture(scope="module")
def parameters(catalog: Path) -> LossParameters:
    return load_loss_parameters(catalog)


def loss_of(exposure: float, value: float, kind: Collateral, unsecured: float = 0.4) -> float:
    (ratio,) = loss_given_default(np.array([exposure]), np.array([value]), kind, unsecured)
    return float(ratio)


@st.composite
def kinds(draw: st.DrawFn) -> Collateral:
    """A kind of collateral that loses at most what no collateral covers, 0.4."""
    return Collateral(
        loss_ratio=draw(st.floats(0, 0.4)), haircut_ratio=draw(RATIO), source="made up"
    )


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("receivables", 0, 0.40),
        # 100 / 0.6 is what covers 100 after a haircut of 40 %, and more helps no more.
        ("receivables", 100 / 0.6, 0.20),
        ("receivables", 1_000, 0.20),
        ("real_estate", 100 / 0.6, 0.20),
        ("other_physical", 100 / 0.6, 0.25),
        # Half covered: the mean of both.
        ("receivables", 50 / 0.6, 0.30),
        ("other_physical", 50 / 0.6, 0.325),
    ],
)
def test_the_loss_is_that_of_the_basel_framework(
    kind: str, value: float, expected: float, parameters: LossParameters
) -> None:
    unsecured = parameters.unsecured.loss_ratio
    assert loss_of(100, value, parameters.collateral[kind], unsecured) == pytest.approx(expected)


@given(exposure=AMOUNT, value=AMOUNT, kind=kinds())
def test_the_loss_lies_between_that_of_the_covered_and_of_the_uncovered(
    exposure: float, value: float, kind: Collateral
) -> None:
    found = loss_of(exposure, value, kind)
    assert kind.loss_ratio - 1e-12 <= found <= 0.4 + 1e-12


@given(exposure=AMOUNT, values=st.tuples(AMOUNT, AMOUNT), kind=kinds())
def test_more_collateral_never_loses_more(
    exposure: float, values: tuple[float, float], kind: Collateral
) -> None:
    less, more = sorted(values)
    assert loss_of(exposure, more, kind) <= loss_of(exposure, less, kind) + 1e-12


@given(exposure=st.floats(1, 1e9), value=AMOUNT, kind=kinds(), factor=st.floats(0.01, 100))
def test_the_loss_ratio_does_not_depend_on_the_unit_of_money(
    exposure: float, value: float, kind: Collateral, factor: float
) -> None:
    other = loss_of(factor * exposure, factor * value, kind)
    assert other == pytest.approx(loss_of(exposure, value, kind), abs=1e-9)


@given(exposure=st.floats(1, 1e9), value=AMOUNT, kind=kinds())
def test_what_is_lost_in_money_is_lost_of_the_covered_and_of_the_rest(
    exposure: float, value: float, kind: Collateral
) -> None:
    covered = min(value * (1 - kind.haircut_ratio), exposure)
    lost = kind.loss_ratio * covered + 0.4 * (exposure - covered)
    assert exposure * loss_of(exposure, value, kind) == pytest.approx(lost, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize(("exposure", "value"), [(np.nan, 1.0), (1.0, np.nan), (-1, 0), (1, -1)])
def test_what_is_missing_or_below_nothing_is_refused(
    exposure: float, value: float, parameters: LossParameters
) -> None:
    with pytest.raises(ValueError, match="missing or below 0"):
        loss_of(exposure, value, parameters.collateral["receivables"])
    with pytest.raises(ValueError, match="missing or below 0"):
        exposure_at_default(np.array([exposure]), np.array([value]), 0.4)


@given(exposure=AMOUNT, undrawn=AMOUNT, factor=RATIO)
def test_at_default_what_is_drawn_is_owed_and_at_most_the_limit_with_it(
    exposure: float, undrawn: float, factor: float
) -> None:
    (owed,) = exposure_at_default(np.array([exposure]), np.array([undrawn]), factor)
    assert exposure <= owed <= (exposure + undrawn) * (1 + 1e-12)


def test_of_an_undrawn_limit_two_fifths_are_drawn(parameters: LossParameters) -> None:
    owed = exposure_at_default(np.array([100.0]), np.array([50.0]), parameters.conversion.factor)
    assert owed == pytest.approx(120)


def test_a_machine_is_worth_its_price_when_new_and_a_twentieth_from_its_tenth_year_on(
    parameters: LossParameters,
) -> None:
    machinery = parameters.machines.classes["machinery"]
    ages = np.array([0.0, 5.0, 10.0, 10.1, 40.0])
    found = residual_ratio(
        ages, np.full(5, machinery.life_years), np.full(5, machinery.residual_ratio)
    )
    assert found == pytest.approx([1, 0.525, 0.05, 0.05, 0.05])


@given(ages=st.tuples(st.floats(0, 100), st.floats(0, 100)), last=st.floats(0, 0.9))
def test_no_machine_gains_by_age_nor_falls_below_its_residual(
    ages: tuple[float, float], last: float
) -> None:
    younger, older = residual_ratio(np.array(sorted(ages)), np.full(2, 8.0), np.full(2, last))
    assert last <= older <= younger <= 1


def test_an_age_that_is_missing_is_refused() -> None:
    with pytest.raises(ValueError, match="age"):
        residual_ratio(np.array([np.nan]), np.array([10.0]), np.array([0.05]))


def test_types_that_no_class_names_are_machinery(parameters: LossParameters) -> None:
    machines = parameters.machines
    assert machines.class_of("厢式货车") == "vehicle"
    assert machines.class_of("数控车床") == machines.class_of(None) == "machinery"


def test_no_realised_loss_without_a_debt_at_default() -> None:
    assert realised_loss(np.array([]), np.array([])) is None
    assert realised_loss(np.array([np.nan]), np.array([5.0])) is None


def test_the_realised_loss_is_the_mean_over_loans_and_no_loan_gains() -> None:
    owed, repaid = np.array([100.0, 1_000, 50, np.nan]), np.array([25.0, 0, 70, 9])
    found = realised_loss(owed, repaid)
    assert found is not None
    assert (found.loan_count, found.owed_cny, found.repaid_cny) == (3, 1_150, 95)
    assert found.loss_ratio.value == pytest.approx((0.75 + 1 + 0) / 3)


def test_the_interval_of_few_loans_is_wide_and_holds_for_the_worst_distribution() -> None:
    ten = mean_of_ratios(np.full(10, 0.5))
    assert (ten.upper - ten.lower) / 2 == pytest.approx(0.4295, abs=1e-4)
    assert (mean_of_ratios(np.array([1.0])).lower, mean_of_ratios(np.array([1.0])).upper) == (0, 1)
    # All or nothing is what spreads the most.
    generator = np.random.default_rng(5)
    drawn = (generator.random((2_000, 20)) < 0.3).astype(float)
    intervals = [mean_of_ratios(row) for row in drawn]
    assert np.mean([one.lower <= 0.3 <= one.upper for one in intervals]) >= 0.95


def broken(change: Callable[[dict[str, Any]], object], catalog: Path, folder: Path) -> Path:
    content = yaml.safe_load((catalog / "loss_given_default.yml").read_text(encoding="utf-8"))
    change(content)
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    (folder / "loss_given_default.yml").write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda x: x["unsecured"].update(loss_ratio=1.2), r"unsecured\.loss_ratio"),
        (lambda x: x["unsecured"].pop("source"), "unsecured"),
        (lambda x: x["collateral"]["receivables"].update(loss_ratio=0.5), "receivables loses more"),
        (lambda x: x["warehouse_receipts"].update(collateral="gold"), "are of gold"),
        (lambda x: x["warehouse_receipts"].update(advance_ratio=0), "advance_ratio"),
        (lambda x: x["machines"].update(other_types="boats"), "names boats"),
        (
            lambda x: x["machines"]["classes"]["machinery"].update(types=["冷藏车"]),
            "冷藏车 is named by two classes",
        ),
        (lambda x: x.update(downturn=1), "downturn"),
    ],
)
def test_what_does_not_hold_is_refused_with_its_place(
    change: Callable[[dict[str, Any]], object], said: str, catalog: Path, tmp_path: Path
) -> None:
    with pytest.raises(CatalogueError, match=said) as refused:
        load_loss_parameters(broken(change, catalog, tmp_path))
    assert "loss_given_default.yml:" in str(refused.value)


def test_another_parameter_is_another_version(
    parameters: LossParameters, catalog: Path, tmp_path: Path
) -> None:
    changed = broken(lambda x: x["conversion"].update(factor=0.1), catalog, tmp_path)
    assert load_loss_parameters(changed).version != parameters.version
    same = broken(lambda _: None, catalog, tmp_path)
    assert load_loss_parameters(same).version == parameters.version


def test_the_inventory_and_the_page_say_that_the_model_is_an_experts(
    catalog: Path, parameters: LossParameters
) -> None:
    assert "expert" in declared_model(catalog, "loss_given_default").title_en
    page = (PROJECT_ROOT / "docs" / "loss-given-default.md").read_text(encoding="utf-8")
    assert "declared expert model" in page
    for name, kind in parameters.collateral.items():
        assert (
            f"| `{name}` | {kind.loss_ratio:.0%} | {kind.haircut_ratio:.0%} |".replace("%", " %")
            in page
        ), name
    # A loan on a receipt whose goods are all there, as the page works it out.
    declared = parameters.warehouse_receipts
    ratio = loss_of(1, 1 / declared.advance_ratio, parameters.collateral[declared.collateral])
    assert f"a loss of {ratio:.1%}".replace("%", " %") in page
