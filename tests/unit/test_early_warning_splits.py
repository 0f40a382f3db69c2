"""Early warning: what is declared, chains, splits, and every figure of a split."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from loomline.errors import CatalogueError
from loomline.settings import PROJECT_ROOT
from models.early_warning.chains import find_chains
from models.early_warning.declared import BASELINE, EVERYTHING, load_early_warning
from models.early_warning.evaluation import measure
from models.early_warning.specification import Specification
from models.early_warning.splits import out_of_chain, out_of_time, unseen_seed
from models.early_warning.training import enterprise_folds, training_part
from models.holdout import first_test_date
from tests.unit.made_up_hazards import NOT_YET, ecosystem

SPECIFICATION = Specification()


def _sales(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["seller", "buyer", "amount"])


def test_groups_that_do_not_trade_with_one_another_are_chains() -> None:
    sales = _sales(("B", "A", 5.0), ("D", "C", 1.0), ("A", "outsider", 9.0), ("E", "outsider", 9.0))
    found = find_chains(list("ABCDE"), sales)
    assert not found.is_by_customer
    assert found.chain_of == {"A": "A", "B": "A", "C": "C", "D": "C", "E": "E"}
    assert found.crossing_ratio == 0


def test_a_group_of_half_of_all_is_parted_by_main_customers() -> None:
    # B, C sell to A, E to D; C also sells a little to D, which makes one group of all.
    sales = _sales(("B", "A", 5.0), ("C", "A", 6.0), ("E", "D", 3.0), ("C", "D", 1.0))
    found = find_chains(list("ABCDE"), sales)
    assert found.is_by_customer
    assert found.chain_of == {"A": "A", "B": "A", "C": "A", "D": "D", "E": "D"}
    assert found.crossing_ratio == pytest.approx(1 / 15)


def test_out_of_time_learns_from_nothing_after_the_first_test_date() -> None:
    dates, _ = ecosystem(2)
    first = first_test_date(dates, 97)
    closed = [day for day in np.unique(dates.as_of_date) if day + 97 <= dates.observed_until[0]]
    assert first == closed[-2] and len(closed) in (5, 6)
    ((part, test),) = out_of_time(dates, SPECIFICATION).parts
    ends = part.dates.as_of_date[part.person.row] + 30 * (part.person.interval + 1)
    assert (ends + SPECIFICATION.reporting_days <= first).all()
    assert (test.as_of_date >= first).all()
    assert (part.dates.distress_known_date[part.person.row[part.person.event == 1]] <= first).all()


def test_out_of_chain_shares_no_chain_and_tests_every_row_at_risk_once() -> None:
    dates, _ = ecosystem(3)
    split = out_of_chain(dates, SPECIFICATION)
    assert len(split.parts) == SPECIFICATION.chain_folds
    tested: list[tuple[str, np.datetime64]] = []
    for part, test in split.parts:
        assert not set(part.dates.chain) & set(test.chain)
        tested += zip(test.enterprise_id, test.as_of_date, strict=True)
    assert len(tested) == len(set(tested)) == dates.at_risk(dates.observed_until).sum()


def test_folds_within_training_part_no_enterprise() -> None:
    dates, _ = ecosystem(4)
    part = training_part(dates, dates.observed_until, SPECIFICATION)
    fold = enterprise_folds(part, SPECIFICATION)
    by_enterprise = pd.Series(fold).groupby(dates.enterprise_id).nunique()
    assert (by_enterprise == 1).all() and set(fold) == set(range(SPECIFICATION.folds))


@pytest.fixture
def small_catalog(tmp_path: Path) -> Path:
    """A catalogue of one covariate a source, with the families of the real one."""
    (tmp_path / "families").symlink_to(PROJECT_ROOT / "catalog" / "families")
    (tmp_path / "tables").symlink_to(PROJECT_ROOT / "catalog" / "tables")
    (tmp_path / "early_warning.yml").write_text(
        """
sources:
  books:
    title: Books
    covariates: [{feature: booked_margin_90d, sign: -1, why: It earns nothing.}]
  energy:
    title: Energy
    is_production: true
    covariates: [{feature: energy_used_trend_90d, sign: -1, why: It stands still.}]
source_sets:
  books_and_invoices: {sources: [books]}
  all: {sources: [books], with_production: true}
""",
        encoding="utf-8",
    )
    return tmp_path


def test_every_covariate_of_the_catalogue_is_a_feature_and_sets_grow_with_their_sources() -> None:
    declared = load_early_warning(PROJECT_ROOT / "catalog")
    assert set(declared.sources_of(EVERYTHING)) == set(declared.sources)
    production = {name for name, one in declared.sources.items() if one.is_production}
    assert production == {"orders", "production", "machine", "energy", "sensors"}
    assert set(declared.sources_of(BASELINE)) == {"invoices", "books"}
    assert set(declared.sources_of("with_production")) == {"invoices", "books"} | production


def test_the_sets_that_are_measured_follow_from_the_declaration(small_catalog: Path) -> None:
    declared = load_early_warning(small_catalog)
    dates, _ = ecosystem(5)
    others, _ = ecosystem(6)
    named = {"x0": "energy_used_trend_90d", "x1": "booked_margin_90d"}
    of_energy, of_others = (
        replace(one, values=-one.values.rename(columns=named)) for one in (dates, others)
    )
    quick = replace(SPECIFICATION, inverse_penalties=(1.0,), tree_counts=(20,))
    found = measure(
        "unseen seed", lambda: unseen_seed(of_energy, of_others, quick), declared, quick
    )
    areas = {
        figure.model: figure.estimate.value
        for figure in found.ranking
        if figure.metric == "AUC 90 days"
    }
    assert set(areas) == {BASELINE, EVERYTHING, "boosting", "combination"}
    assert areas[EVERYTHING] > 0.7 > 0.6 > areas[BASELINE] > 0.4
    differences = {
        figure.model: figure.estimate.value
        for figure in found.differences
        if figure.metric == "AUC 90 days"
    }
    assert set(differences) >= {
        "all less books_and_invoices",
        "all without books less all",
        "all without energy less all",
    }
    assert differences["all less books_and_invoices"] == pytest.approx(
        areas[EVERYTHING] - areas[BASELINE]
    )
    assert differences["all without energy less all"] == pytest.approx(
        areas[BASELINE] - areas[EVERYTHING]
    )


def test_too_few_in_distress_are_said_and_not_measured(small_catalog: Path) -> None:
    declared = load_early_warning(small_catalog)
    dates, _ = ecosystem(7)
    none = np.full(len(dates.enterprise_id), NOT_YET)
    healthy = replace(dates, distress_date=none, distress_known_date=none)
    found = measure(
        "out of time", lambda: out_of_time(healthy, SPECIFICATION), declared, SPECIFICATION
    )
    assert found.why_not == "0 enterprises in distress to train on, 5 are needed"
    assert not found.ranking


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("sign: -1, why: It stands", "sign: 2, why: It stands", "sign"),
        ("energy_used_trend_90d", "no_such_feature", "no family makes no_such_feature"),
        ("energy_used_trend_90d", "booked_margin_90d", "booked_margin_90d is given twice"),
        ("is_production: true", "is_producton: true", "is_producton"),
        ("{sources: [books]}", "{sources: [bank]}", "names bank, which is no source"),
        (", with_production: true", "", "does not have every source"),
    ],
)
def test_what_does_not_hold_is_refused_by_name(
    small_catalog: Path, old: str, new: str, told: str
) -> None:
    path = small_catalog / "early_warning.yml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(CatalogueError, match=told):
        load_early_warning(small_catalog)
