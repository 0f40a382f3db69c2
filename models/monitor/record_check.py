"""Whether the record of approvals holds and MLflow agrees with it, as one finding."""

from __future__ import annotations

from collections.abc import Sequence

from models.monitor.finding import PORTFOLIO, Finding, Said, Watched

RECORD = "record_findings"
HOLDS = (
    "The record of approvals holds, and MLflow agrees with it.",
    "审批记录完整，与 MLflow 一致。",
)


def record_finding(of: Watched, sentences: Sequence[str], firms: int) -> Finding:
    """Green without a sentence of the verifier, red with any: none of them is bearable."""
    said: Said = HOLDS
    if sentences:
        told = " ".join(sentences)
        said = (f"The record of approvals: {told}", f"审批记录核查有{len(sentences)}项发现：{told}")
    return Finding(
        of,
        RECORD,
        PORTFOLIO,
        "red" if sentences else "green",
        said,
        firms,
        value=float(len(sentences)),
        amber=1.0,
        red=1.0,
    )
