"""The rows of `scores.early_warning`: probabilities, alarm, and the leading reasons in words."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from models.early_warning.warning_model import WarningModel
from models.hazard import leading
from models.number_texts import format_value

LEADING = 5
REASON = pa.struct(
    [
        ("feature", pa.string()),
        ("value", pa.float64()),
        ("log_odds", pa.float64()),
        ("reason_en", pa.string()),
        ("reason_zh", pa.string()),
    ]
)


def reason(described: Mapping[str, str], value: float, log_odds: float) -> dict[str, Any]:
    """What a covariate's value does to the odds of distress beside the mean training firm-date.

    `described` is the covariate's row of `features.window_feature`; NaN is a missing value.
    """
    is_missing = bool(np.isnan(value))
    shown_en, shown_zh = "not available", "无法计算"
    if not is_missing:
        shown_en, shown_zh = format_value(value, described["unit"])
    factor = f"{exp(log_odds):.2f}"
    return {
        "feature": described["feature"],
        "value": None if is_missing else value,
        "log_odds": log_odds,
        "reason_en": f"{described['description_en']}: {shown_en}; multiplies the odds of distress "
        f"by {factor}",
        "reason_zh": f"{described['description_zh']}：{shown_zh}；使陷入困境的几率变为{factor}倍",
    }


def warning_rows(
    model: WarningModel,
    values: pd.DataFrame,
    described: Mapping[str, Mapping[str, str]],
    same_for_all: Mapping[str, object],
) -> pa.Table:
    """A row for each enterprise, in the order of `values` (enterprises, covariates).

    `values` is indexed by enterprise. Reasons are the covariates that raise the odds most, at most
    `LEADING`; `described` has their rows of `features.window_feature` by name. `same_for_all` are
    columns with one value for all rows.
    """
    names = model.hazard.scaling.names
    added = model.hazard.contributions(values)
    given = values[list(names)].to_numpy(dtype=float)
    reasons = [
        [
            reason(described[names[at]], float(given[row, at]), float(added[row, at]))
            for at in places
        ]
        for row, places in enumerate(leading(added, LEADING))
    ]
    said = model.predict(values)
    return pa.table(
        {
            "enterprise_id": pa.array(values.index, pa.string()),
            **{name: pa.array(said[name].to_numpy()) for name in said.columns},
            "reasons": pa.array(reasons, pa.list_(REASON)),
            **{name: pa.repeat(pa.scalar(x), len(values)) for name, x in same_for_all.items()},
        }
    )
