"""The covariates of a failure: what each means, its sign, and how it is said in both languages."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from loomline.declarations import digest
from models.machine_health.specification import Specification

DAYS = ("days", "天")
TIMES = ("times", "次")
MINUTES = ("minutes", "分钟")
DEVIATIONS = ("deviations", "个标准差")
RATIO = ("", "")


@dataclass(frozen=True)
class Covariate:
    """A covariate with its sign, 1 where more is worse; `unit` is in English and in Chinese."""

    name: str
    sign: int
    unit: tuple[str, str]
    description_en: str
    description_zh: str


COVARIATES = (
    Covariate("days_since_maintenance", 1, DAYS, "Time since the last maintenance", "距上次保养"),
    Covariate("days_since_overhaul", 1, DAYS, "Time since the last overhaul", "距上次大修"),
    Covariate("days_since_failure", -1, DAYS, "Time since the last failure", "距上次故障"),
    Covariate("failures_90d", 1, TIMES, "Failures in 90 days", "近90天故障"),
    Covariate("stops_30d", 1, TIMES, "Stops in 30 days", "近30天停机"),
    Covariate("stops_90d", 1, TIMES, "Stops in 90 days", "近90天停机"),
    Covariate("stop_minutes_30d", 1, MINUTES, "Time of stops in 30 days", "近30天停机时长"),
    Covariate("stop_minutes_90d", 1, MINUTES, "Time of stops in 90 days", "近90天停机时长"),
    Covariate("run_minutes_30d", 1, MINUTES, "Running time in 30 days", "近30天运行时长"),
    Covariate("scrap_ratio_30d", 1, RATIO, "Scrap of what was made in 30 days", "近30天废品率"),
    Covariate(
        *("output_rate_ratio", -1, RATIO),
        "Good pieces a running minute in 30 days, relative to the 60 days before",
        "近30天单位时间合格产量与此前60天之比",
    ),
    Covariate(
        *("energy_per_piece_ratio", 1, RATIO),
        "Energy a good piece in 30 days, relative to the 60 days before",
        "近30天单件能耗与此前60天之比",
    ),
    Covariate(
        *("telemetry_level", 1, DEVIATIONS),
        "Readings of the last week against all earlier ones",
        "近一周传感器读数偏离以往水平",
    ),
    Covariate(
        *("telemetry_drift", 1, DEVIATIONS),
        "Readings of the last week against those of the weeks before",
        "近一周传感器读数偏离前几周水平",
    ),
)
NAMES = tuple(one.name for one in COVARIATES)
# Ranks that need no model, by the covariate that they follow.
NAIVE = ("days_since_maintenance", "failures_90d")
SIGNS = {one.name: one.sign for one in COVARIATES}


def declared_version(specification: Specification) -> str:
    """A digest of the covariates and settings: a model of another one does not hold any more."""
    content = {"covariates": [asdict(one) for one in COVARIATES], **asdict(specification)}
    return digest(json.dumps(content, sort_keys=True))
