"""The rows of `scores.machine_health`: probabilities, anomaly, and reasons in words."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from models.hazard import leading
from models.machine_health.anomalies import anomalies
from models.machine_health.covariates import covariates
from models.machine_health.declared import COVARIATES, NAMES, Covariate
from models.machine_health.failure_model import FailureModel
from models.machine_health.history import History
from models.machine_health.machine_dates import missing_reasons
from models.machine_health.specification import Specification
from models.number_texts import format_number

LEADING = 5
NO_MODEL = "no_model"
ANOMALY = "anomaly"
REASON = pa.struct(
    [
        ("covariate", pa.string()),
        ("value", pa.float64()),
        ("log_odds", pa.float64()),
        ("reason_en", pa.string()),
        ("reason_zh", pa.string()),
    ]
)
MACHINE_COLUMNS = ("machine_id", "code_system", "enterprise_code", "machine_code", "enterprise_id")
SAID = ("failure_7_ratio", "failure_30_ratio", "expected_days_to_failure")
FIGURES_ZH = {"highest": "最高值", "spread": "波动幅度"}
FIGURES_EN = {"highest": "Highest value", "spread": "Spread"}
OF_ANOMALY = (
    *("anomaly_date", "anomaly_score", "anomaly_rank_ratio", "anomaly_sensor", "is_anomaly"),
)
# All of a column may be missing, so that its type can't be told from its values.
TYPES = {
    **dict.fromkeys((*SAID, "anomaly_score", "anomaly_rank_ratio"), pa.float64()),
    **{"anomaly_date": pa.date32(), "is_anomaly": pa.bool_()},
}
MODEL_TYPES = {
    **{"model_name": pa.string(), "model_version": pa.string()},
    **{"trained_as_of": pa.date32(), "is_approved": pa.bool_()},
}


def reason(covariate: Covariate, value: float, log_odds: float) -> dict[str, Any]:
    """What a covariate's value does to the odds of failure beside the mean training row.

    NaN is a missing value.
    """
    is_missing = bool(np.isnan(value))
    english, chinese = "not available", "无法计算"
    if not is_missing:
        number = format_number(value, "" if covariate.unit[0] else "ratio")
        english, chinese = f"{number} {covariate.unit[0]}".strip(), number + covariate.unit[1]
    factor = f"{exp(log_odds):.2f}"
    return {
        "covariate": covariate.name,
        "value": None if is_missing else value,
        "log_odds": log_odds,
        "reason_en": f"{covariate.description_en}: {english}; "
        f"multiplies the odds of failure by {factor}",
        "reason_zh": f"{covariate.description_zh}：{chinese}；使故障几率变为{factor}倍",
    }


def anomaly_reason(anomaly: Mapping[str, Any]) -> dict[str, Any]:
    """In words, how far which reading of the day is from the machine's own past."""
    sensor, figure = anomaly["anomaly_sensor"], anomaly["anomaly_figure"]
    day, score = anomaly["anomaly_date"].date(), anomaly["anomaly_score"]
    return {
        "covariate": ANOMALY,
        "value": score,
        "log_odds": None,
        "reason_en": f"{FIGURES_EN[figure]} of {sensor} on {day}: {score:.1f} deviations from its "
        "own last 60 days",
        "reason_zh": f"传感器{sensor}在{day}的{FIGURES_ZH[figure]}偏离自身近60天水平"
        f"{score:.1f}个标准差",
    }


def model_reasons(model: FailureModel, values: pd.DataFrame) -> list[list[dict[str, Any]]]:
    """Of each row of covariates those that raise the odds most, the worst first."""
    added = model.hazard.contributions(values)
    given = values[list(NAMES)].to_numpy(dtype=float)
    return [
        [reason(COVARIATES[at], float(given[row, at]), float(added[row, at])) for at in places]
        for row, places in enumerate(leading(added, LEADING))
    ]


def _active(history: History, as_of: np.datetime64, specification: Specification) -> pd.Index[int]:
    """The places of the machines that were reported on or read of late."""
    rows, days = history.known(as_of), specification.active_days
    reported = rows.machine[rows.day > as_of - np.timedelta64(days, "D")]
    is_read = ~np.isnan(history.sensors.window("highest", as_of, days, as_of)).all(axis=1)
    return pd.Index(np.union1d(reported, history.sensors.machine[is_read]).astype(int))


def _column(values: pd.Series[Any], name: str) -> pa.Array:
    return pa.Array.from_pandas(values.to_numpy(), type=TYPES.get(name, pa.string()))


def health_rows(
    history: History,
    as_of: np.datetime64,
    model: FailureModel | None,
    of_model: Mapping[str, object],
    specification: Specification,
) -> pa.Table:
    """A row for each machine that was reported on or read of late.

    `of_model` has the columns of `MODEL_TYPES`, none of them without a model; they are null in rows
    without a probability.
    """
    places = _active(history, as_of, specification)
    table = history.machines.listed.loc[places, list(MACHINE_COLUMNS)].copy()
    missing = missing_reasons(history, as_of, specification)[places]
    table["missing_reason"] = np.where((missing == "") & (model is None), NO_MODEL, missing)
    said = places[table.missing_reason == ""]
    of_anomaly = anomalies(history.sensors, as_of, len(history.machines.listed), specification)
    table = table.join(of_anomaly)
    reasons: dict[int, list[dict[str, Any]]] = {place: [] for place in places}
    odd = of_anomaly[of_anomaly.is_anomaly.astype(bool)]
    for place, row in zip(odd.index, odd.to_dict("records"), strict=True):
        reasons[place].append(anomaly_reason({str(name): value for name, value in row.items()}))
    if model is None:
        table[list(SAID)] = np.nan
    else:
        values = covariates(history, as_of, specification).loc[said]
        table = table.join(model.predict(values))
        for place, found in zip(said, model_reasons(model, values), strict=True):
            reasons[place] += found
    has_model = table.missing_reason == ""
    columns = {name: _column(table[name], name) for name in (*MACHINE_COLUMNS, *SAID, *OF_ANOMALY)}
    columns["missing_reason"] = pa.array([one or None for one in table.missing_reason], pa.string())
    columns["reasons"] = pa.array([reasons[place] for place in places], pa.list_(REASON))
    for name, kind in MODEL_TYPES.items():
        columns[name] = pa.array([of_model[name] if has else None for has in has_model], kind)
    return pa.table({"as_of_date": pa.array([as_of.item()] * len(places), pa.date32()), **columns})
