"""Findings of the monitoring about a model in trouble, and questions asked of them in DuckDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType

import duckdb
import numpy as np
import pandas as pd
from sqlglot import transpile

from loomline.tables import load_tables
from models.inventory import declared_model
from models.master_scale import load_master_scale
from models.metrics import expected_area
from models.monitor.drift import drift_findings
from models.monitor.estimation import estimate_findings
from models.monitor.finding import Finding, Watched
from models.monitor.maturing import Matured, ScoredDate
from models.monitor.outcome_findings import outcome_findings
from models.monitor.proposals import proposals
from models.monitor.record_check import record_finding
from models.monitor.shadow import shadow_findings
from models.monitor.thresholds import load_thresholds
from models.monitor.validation_age import validation_finding
from models.scorecard import BinnedFeature, Scorecard
from models.specification import MODEL_NAME
from reports.answers import Question
from reports.portfolio.monitoring import ALERTS, FINDINGS
from tests.unit.report_rows import NOW, RowsLake, rows_lake

CHAMPION, CHALLENGER = Watched("3", "champion"), Watched("4", "challenger")
SCORED_ON = date(2019, 1, 31)
FIRMS = 1_200
TABLE = "scores.model_monitoring"
DESCRIBED = {
    "sales_per_month_cny": ("Sales a month", "月均销售额"),
    "monthly_sales_variation_ratio": ("Variation of monthly sales", "月销售波动"),
    "customer_herfindahl_index": ("Concentration of customers", "客户集中度"),
    "mean_purchase_invoice_cny": ("Mean purchase invoice", "平均采购发票金额"),
}
SHIFTS = dict(zip(DESCRIBED, (-0.75, 0.4, 0.05, 0.0), strict=True))


def _card() -> Scorecard:
    features = tuple(BinnedFeature(name, (-0.5, 0.5), (-2_500, 0, 2_500), 0) for name in DESCRIBED)
    return Scorecard(54_000, features, 600.0, 20.0, 40.0)


def in_trouble(catalog: Path) -> list[Finding]:
    """What the monitoring itself says of firms that drifted and defaulted more than expected."""
    random = np.random.default_rng(7)
    thresholds, scale, card = load_thresholds(catalog), load_master_scale(catalog), _card()
    before = pd.DataFrame({name: random.normal(size=FIRMS) for name in DESCRIBED})
    now = pd.DataFrame({name: random.normal(SHIFTS[name], size=FIRMS) for name in DESCRIBED})
    then, today = (card.probability(card.score(values)) for values in (before, now))
    names = np.array([f"E{place}" for place in range(FIRMS)], dtype=object)
    truth = np.clip(2.2 * then, 0, 0.95)
    outcome = (random.random(FIRMS) < truth).astype(float)
    came_true = Matured(ScoredDate(SCORED_ON, "3"), names, then, outcome)
    findings = [
        *drift_findings(CHAMPION, card, before, now, DESCRIBED, thresholds.drift),
        *outcome_findings(came_true, scale, 0.85, thresholds),
        *estimate_findings(
            *(CHAMPION, expected_area(then), today, thresholds.simulation),
            thresholds.discrimination.auc_drop,
        ),
        *shadow_findings(
            CHALLENGER,
            pd.DataFrame({"enterprise_id": names, "pd_ratio": today}),
            pd.DataFrame({"enterprise_id": names, "pd_ratio": np.clip(2.2 * today, 0, 0.95)}),
            came_true,
            pd.DataFrame({"enterprise_id": names, "pd_ratio": truth}),
            scale,
            thresholds.shadow,
        ),
    ]
    findings.append(
        validation_finding(CHAMPION, SCORED_ON, NOW, declared_model(catalog, MODEL_NAME))
    )
    findings += proposals(findings, CHAMPION)
    return [*findings, record_finding([], [])]


def asked(
    catalog: Path,
    question: Question,
    findings: Sequence[Finding],
    others: Mapping[str, Sequence[Finding]] = MappingProxyType({}),
) -> list[dict[str, object]]:
    """The answer to a question, from a table as declared that has the findings as of the date.

    As of another date it has the same findings, which must not be in the answer. `others` are those
    of other models, by name.
    """
    columns = load_tables(catalog)[TABLE].columns
    declared = ", ".join(f"{name} {column.type}" for name, column in columns.items())
    places = ", ".join("?" for _ in columns)
    with duckdb.connect() as connection:
        connection.execute(f"create schema scores; create table {TABLE} ({declared})")
        for day in (SCORED_ON, NOW):
            for name, found in ((MODEL_NAME, findings), *others.items()):
                for one in found:
                    row = one.row(day, name)
                    connection.execute(f"insert into {TABLE} values ({places})", row)
        (sql,) = transpile(question.filled({"as_of_date": NOW}), read="spark", write="duckdb")
        answer = connection.execute(sql)
        names = [column[0] for column in answer.description]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def monitored_lake(
    catalog: Path,
    findings: Sequence[Finding],
    others: Mapping[str, Sequence[Finding]] = MappingProxyType({}),
) -> RowsLake:
    """A lake whose only table is that of the monitoring, with these findings."""
    return rows_lake(
        {
            question: tuple(asked(catalog, question, findings, others))
            for question in (FINDINGS, ALERTS)
        }
    )
