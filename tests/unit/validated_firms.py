"""A small trained model and its firms, for the tests of the validation report."""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np
import pandas as pd

from models.specification import Specification
from models.training import Trained, train
from models.training_set import FeatureFrame, TrainingSet
from models.validation_report.fairness import SIZE_FEATURE
from models.validation_report.subject import Subject

SETTINGS = Specification(
    folds=3, repeats=2, calibration_folds=2, permutations=2, bootstrap_samples=200
)
FIRMS, ENTERPRISES = 150, 200
HOSTILE = "<script>alert('1')</script> & \x07 制造业 $x_1$"
SUBJECT = Subject(
    model_name="default_probability",
    trained_as_of=date(2020, 2, 29),
    feature_version="f123",
    training_set_sha256="ab" * 32,
    code_commit="c0ffee",
    table_versions={"silver.credit_record": 3, "features.enterprise_feature": 7},
)


def enterprises() -> pd.DataFrame:
    """Two features that matter, one of size, some noise; some values are missing."""
    generator = np.random.default_rng(11)
    columns = ["rising", "falling", SIZE_FEATURE, "noise_1", "noise_2"]
    values = pd.DataFrame(generator.normal(size=(ENTERPRISES, 5)), columns=columns)
    values[SIZE_FEATURE] = np.exp(10 + values[SIZE_FEATURE])
    values.loc[generator.random(ENTERPRISES) < 0.05, "falling"] = np.nan
    values["constant"] = 1.0
    values.index = pd.Index([f"E{x:03}" for x in range(ENTERPRISES)], name="enterprise_id")
    return values


def features() -> FeatureFrame:
    """All enterprises with the description of their features."""
    values = enterprises()
    names = pd.DataFrame(
        {
            "feature": values.columns,
            "unit": ["CNY" if x == SIZE_FEATURE else "ratio" for x in values.columns],
            "description_en": [f"Meaning of {x}" for x in values.columns],
            "description_zh": [f"{x}的含义" for x in values.columns],
            "is_history_dependent": [x == "noise_2" for x in values.columns],
        }
    )
    return FeatureFrame("f123", values, names)


def training_set() -> TrainingSet:
    """The firms of which an outcome is known."""
    values = enterprises().iloc[:FIRMS]
    log_odds = -1.2 + 1.5 * values.rising - 1.2 * values.falling.fillna(0)
    chance = 1 / (1 + np.exp(-log_odds.to_numpy()))
    return TrainingSet(values, (np.random.default_rng(5).random(FIRMS) < chance).astype(float))


def groups() -> pd.DataFrame:
    """Trades of most enterprises, one with a hostile name; regions are not known."""
    index = enterprises().index
    trades = [HOSTILE if x % 3 == 0 else "C26 Chemicals" for x in range(len(index))]
    return pd.DataFrame({"trade": trades}, index=index).iloc[10:]


@cache
def trained() -> Trained:
    """Champion and challenger of these firms."""
    known, described = training_set(), features()
    sets = {
        "all": known.values[described.columns("all")],
        "without_history": known.values[described.columns("without_history")],
    }
    return train(sets, known.outcome, SETTINGS)
