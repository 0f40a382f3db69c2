"""The sample: the same bytes each time, honest sums, and a story that a model can partly find."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from loomline.contracts.catalogue import contract_for, load_contracts
from loomline.sample import write_sample
from loomline.sample.files import SEED
from loomline.sample.firms import Firms, make_firms
from loomline.sample.invoices import LAST_DAY, MONTHS, Invoices, make_purchases, make_sales
from loomline.sample.texts import amount_text
from loomline.staging import copy_unchanged, stage_file

Story = tuple[Firms, Invoices, Invoices]


@pytest.fixture(scope="module")
def story() -> Story:
    rng = np.random.default_rng(SEED)
    firms = make_firms(rng)
    sales = make_sales(rng, firms)
    return firms, sales, make_purchases(rng, firms, sales)


def _hashes(paths: list[Path]) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def test_one_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    first = _hashes(write_sample(tmp_path / "a"))
    assert first == _hashes(write_sample(tmp_path / "b"))
    other = _hashes(write_sample(tmp_path / "c", seed=SEED + 1))
    assert all(first[name] != other[name] for name in first)


def test_every_file_fits_its_one_contract(tmp_path: Path, catalog: Path) -> None:
    contracts = load_contracts(catalog)
    paths = write_sample(tmp_path / "sample")
    rows = 0
    for path in paths:
        contract = contract_for(contracts, path)
        copy = copy_unchanged(path, tmp_path / "copies")
        rows += stage_file(copy, path.name, contract, tmp_path / "rows").row_count
    assert len(paths) == 4
    assert 15_000 < rows < 20_000


def test_net_and_tax_are_the_total_to_the_cent_at_a_legal_rate(story: Story) -> None:
    for invoices in story[1:]:
        day = invoices.issued_at.astype("datetime64[D]")
        rates = np.abs(invoices.tax[:, None] - invoices.net[:, None] * [0.06, 0.13, 0.16, 0.17])
        assert (rates.min(axis=1) <= 0.5 + 1e-6).all()
        assert (invoices.total == invoices.net + invoices.tax).all()
        assert (np.sign(invoices.net) * np.sign(invoices.tax) >= 0).all()
        assert day.min() >= MONTHS[0].astype("datetime64[D]")
        assert day.max() == LAST_DAY
        assert len(np.unique(invoices.number)) == len(invoices)
        assert (np.diff(invoices.issued_at) >= np.timedelta64(0)).all()


def test_every_firm_buys_and_sells_and_three_quarters_have_an_outcome(story: Story) -> None:
    firms, sales, purchases = story
    assert len(np.unique(sales.firm)) == len(np.unique(purchases.firm)) == len(firms) == 160
    assert firms.has_outcome.sum() == 120
    assert firms.is_default.sum() == 24
    assert not (firms.is_default & ~firms.has_outcome).any()


def test_a_past_date_knows_some_outcomes_of_both_kinds(story: Story) -> None:
    firms = story[0]
    known = firms.has_outcome & (firms.outcome_day < np.datetime64("2019-06-30"))
    assert 40 < known.sum() < 90
    assert 5 < (known & firms.is_default).sum() < 24


def _traits(firms: Firms, sales: Invoices, purchases: Invoices) -> NDArray[np.float64]:
    """What an analyst would look at first: margin, growth, voided share, concentration."""

    def by_firm(invoices: Invoices, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(invoices.firm, weights=values, minlength=len(firms))

    sold = np.where(sales.is_voided, 0, sales.net).astype(np.float64)
    bought = np.where(purchases.is_voided, 0, purchases.net).astype(np.float64)
    is_early = sales.issued_at < np.datetime64("2018-12-01")
    growth = by_firm(sales, sold * ~is_early) / by_firm(sales, sold * is_early)
    by_customer = np.zeros((len(firms), sales.counterparty.max() + 1))
    np.add.at(by_customer, (sales.firm, sales.counterparty), np.maximum(sold, 0))
    shares = by_customer / by_customer.sum(axis=1, keepdims=True)
    return np.column_stack(
        [
            1 - by_firm(purchases, bought) / by_firm(sales, sold),
            np.log(np.maximum(growth, 0.01)),
            by_firm(sales, sales.is_voided.astype(np.float64)) / np.bincount(sales.firm),
            (shares**2).sum(axis=1),
        ]
    )


def test_a_model_finds_the_story_but_not_perfectly(story: Story) -> None:
    firms = story[0]
    known = firms.has_outcome
    traits, outcome = _traits(*story)[known], firms.is_default[known]
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.3))
    folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=10, random_state=0)
    scores = cross_val_score(model, traits, outcome, cv=folds, scoring="roc_auc")
    assert 0.72 < scores.mean() < 0.88


@pytest.mark.parametrize(
    ("cents", "text"), [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (123456, "1234.56")]
)
def test_cents_are_written_exactly(cents: int, text: str) -> None:
    assert amount_text(cents) == text
