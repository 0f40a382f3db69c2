"""Whether the record of approvals holds and MLflow agrees with it, as one finding."""

from __future__ import annotations

from collections.abc import Sequence

from models.monitor.finding import PORTFOLIO, Finding, Said, Watched
from models.monitor.thresholds import Level

RECORD = "record_findings"
# The record is of all versions.
ALL_VERSIONS = Watched("all", "champion")
HOLDS = (
    "The record of approvals holds, and MLflow agrees with it.",
    "审批记录完整，与 MLflow 一致。",
)


def record_finding(now: Sequence[str], undone: Sequence[str]) -> Finding:
    """Red with any sentence of the verifier: none is bearable; amber for what was undone since."""
    level: Level = "red" if now else "amber" if undone else "green"
    said: Said = HOLDS
    if now or undone:
        told = " ".join([*now, *undone])
        said = (f"The record of approvals: {told}", f"审批记录核查发现：{told}")
    return Finding(
        ALL_VERSIONS,
        RECORD,
        PORTFOLIO,
        level,
        said,
        0,
        value=float(len(now) + len(undone)),
        amber=1.0,
        red=1.0,
    )
