"""Default within twelve months on simulated ecosystems: another year, other chains, other firms.

Protocol and results: docs/models.md.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from loomline.job import JobContext
from models.arrays import Floats, Integers
from models.borrower_outcomes import read_borrower_outcomes
from models.early_warning.chains import find_chains
from models.early_warning.inputs import read_sales
from models.evaluations.credit_models import OF_CREDIT_MODELS, metric_figures
from models.evaluations.evaluation import Evaluation, Figure
from models.evaluations.judging import estimate_difference
from models.evaluations.one_processor import on_one_processor
from models.evaluations.simulated_lakes import Ecosystem, Step, kept_rows, steps_on_last_day
from models.metrics import area_under_curve, bootstrap_weights
from models.outcome_window import outcomes_in, window_after
from models.specification import ESTIMATORS, PRODUCTION_FEATURE_SET, Specification
from models.training_set import read_features
from models.validation import fit_and_predict

NAME = "default_within_a_year"
# The days on which the windows begin: half a year after the simulator's first, and a year later.
FIRST, SECOND = date(2019, 12, 31), date(2020, 12, 31)
# What the model reads is in the files of the tax office and of banks.
DROPPED = (
    *("telemetry", "weather", "meters", "mes", "erp_sap", "erp_domestic"),
    *("logistics", "warehouse", "court"),
)
# Up to eight days after the end of the second window, and of the first.
TRAINED = Ecosystem(seed=11, enterprises=800, days=924, dropped=DROPPED)
UNSEEN = Ecosystem(seed=12, enterprises=800, days=559, dropped=DROPPED)
JOBS = ("land", "conform", "enterprise", "trade_relation", "credit_outcome", "identity")
ABOUT_THE_ROW = ("enterprise_id", "chain", "begins", "outcome")


@dataclass(frozen=True)
class Split:
    """Rows to train on and to measure on, each an index of the rows, one pair a fold."""

    name: str
    folds: Sequence[tuple[Integers, Integers]]


def _begins(ecosystem: Ecosystem) -> tuple[date, ...]:
    return tuple(day for day in (FIRST, SECOND) if window_after(day).ends < ecosystem.last_day)


def steps(ecosystem: Ecosystem) -> tuple[Step, ...]:
    """What is run on the files of an ecosystem, in order."""
    features = tuple(("features", day) for day in _begins(ecosystem))
    return steps_on_last_day(ecosystem, JOBS) + features


def _read(ecosystem: Ecosystem, context: JobContext) -> pd.DataFrame:
    """Borrowers with features at the begin of each window, outcome in it, and chain."""
    borrowers, sales = read_borrower_outcomes(context), read_sales(context)
    parts = []
    for day in _begins(ecosystem):
        features = read_features(context.spark, day)
        outcome = outcomes_in(window_after(day), borrowers)
        values = features.values[features.columns(PRODUCTION_FEATURE_SET)]
        parts.append(values.join(outcome, how="inner").assign(begins=str(day)).reset_index())
    rows = pd.concat(parts, ignore_index=True)
    chains = find_chains(sorted(rows.enterprise_id.unique()), sales)
    return rows.assign(chain=rows.enterprise_id.map(chains.chain_of))


def splits(rows: pd.DataFrame, specification: Specification) -> list[Split]:
    """Another year, other chains, and another ecosystem; never trained on what is measured.

    `rows` have the columns of `ABOUT_THE_ROW` and `ecosystem`. Of chains, each is left out once.
    """
    own = (rows.ecosystem == TRAINED.name).to_numpy()
    first = (rows.begins == str(FIRST)).to_numpy()
    trained = np.flatnonzero(own & first)
    folds = StratifiedGroupKFold(
        specification.folds, shuffle=True, random_state=specification.seed
    ).split(trained, rows.outcome.iloc[trained], rows.chain.iloc[trained])
    return [
        Split("out of time", [(trained, np.flatnonzero(own & ~first))]),
        Split("out of chain", [(trained[seen], trained[unseen]) for seen, unseen in folds]),
        Split("unseen seed", [(trained, np.flatnonzero(~own & first))]),
    ]


def split_figures(rows: pd.DataFrame, split: Split, specification: Specification) -> list[Figure]:
    """Champion and challenger beside the share of defaults that they were trained on."""
    values = rows.drop(columns=[*ABOUT_THE_ROW, "ecosystem"])
    outcome = rows.outcome.to_numpy(dtype=float)
    measured = np.concatenate([unseen for _, unseen in split.folds])
    weights = bootstrap_weights(
        outcome[measured], specification.bootstrap_samples, specification.seed
    )
    predictions: dict[str, Floats] = {}
    for estimator in ESTIMATORS:
        found = [
            fit_and_predict(
                estimator,
                values.iloc[seen],
                outcome[seen],
                values.iloc[unseen],
                specification,
                specification.seed,
            ).probability
            for seen, unseen in split.folds
        ]
        predictions[estimator.replace("_", " ")] = np.concatenate(found)
    predictions["share of defaults"] = np.concatenate(
        [np.full(len(unseen), outcome[seen].mean()) for seen, unseen in split.folds]
    )
    print(
        f"{split.name}: {len(measured)} borrowers measured, "
        f"{outcome[measured].sum():.0f} of them default",
        file=sys.stderr,
    )
    champion, challenger = (predictions[name.replace("_", " ")] for name in ESTIMATORS)
    difference = estimate_difference(
        area_under_curve,
        outcome[measured],
        challenger,
        champion,
        weights,
    )
    return [Figure(f"{split.name}, boosting less scorecard", "AUC", len(measured), difference)] + [
        figure
        for name, predicted in predictions.items()
        for figure in metric_figures(
            f"{split.name}, {name}",
            OF_CREDIT_MODELS,
            outcome[measured],
            predicted[np.newaxis],
            weights,
        )
    ]


@on_one_processor
def run(folder: Path) -> tuple[Figure, ...]:
    """Every figure of the protocol, on ecosystems that are simulated in the folder."""
    specification, parts = Specification(), []
    for one in (TRAINED, UNSEEN):
        rows = kept_rows(folder / NAME, one, steps(one), partial(_read, one))
        rows["chain"] = f"{one.name}/" + rows.chain
        parts.append(rows.assign(ecosystem=one.name))
    rows = pd.concat(parts, ignore_index=True)
    return tuple(
        figure
        for split in splits(rows, specification)
        for figure in split_figures(rows, split, specification)
    )


EVALUATION = Evaluation(
    name=NAME,
    question="Which borrowers default within twelve months, by their invoices before?",
    folder=None,
    run=run,
    takes="about an hour",
)
