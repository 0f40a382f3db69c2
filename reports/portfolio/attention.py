"""Section: what a reader should act on before trusting the figures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from loomline.errors import GateFailed
from reports.answers import Answer, Lake
from reports.kinds import number, plain_text
from reports.notices import notice_table
from reports.parts import Notice, Section, Words
from reports.portfolio.headline import PROFILES
from reports.portfolio.monitoring import (
    CONCLUSIONS,
    FINDINGS,
    MONITORING,
    RECORD,
    not_monitored,
    proposal_notices,
    said,
)
from reports.portfolio.quality import RECONCILIATION, REFUSED, UNMET
from reports.portfolio.versions import MODEL, RUNS

ORDER = ("critical", "warning", "note")
NOTHING = Words("Nothing needs attention.", "无需关注事项。")


def build(lake: Lake) -> Section:
    """Everything that is not as it should be, the most severe first."""
    profiles, runs, unmet = lake.ask(PROFILES), lake.ask(RUNS), lake.ask(UNMET)
    files, refused = lake.ask(RECONCILIATION), lake.ask(REFUSED)
    models, monitored = lake.ask(MODEL), lake.ask(FINDINGS)
    found = [
        *model_notices(profiles, lake.as_of_date),
        *approval_notices(models),
        *monitoring_notices(monitored),
        *run_notices(runs),
        *gate_notices(unmet),
        *file_notices(files, refused),
        *set_aside_notices(files),
    ]
    notices = tuple(sorted(found, key=lambda notice: ORDER.index(notice.severity)))
    sources = (profiles, models, monitored, runs, unmet, files, refused)
    return Section(
        key="attention",
        title=Words("What needs attention", "需要关注"),
        introduction=Words(
            "From the gates, the reconciliation, the runs, the scores and the monitoring of the "
            "model of this date.",
            "来自该日的质量检查、对账、作业运行、评分与模型监控。",
        ),
        notices=notices,
        nothing=NOTHING,
        tables=(
            notice_table(
                Words("What needs attention", "需要关注"), "Attention", notices, sources, NOTHING
            ),
        ),
        sources=sources,
    )


def model_notices(profiles: Answer, as_of_date: date) -> Iterator[Notice]:
    """No enterprises, no model known on the date, or enterprises without a score."""
    source = "marts.enterprise_profiles"
    enterprises = profiles.first.get("enterprise_count") or 0
    scored = profiles.first.get("scored_count") or 0
    if not enterprises:
        yield Notice(
            "critical",
            Words(
                f"The marts hold no enterprise as of {as_of_date}; run the job marts for it.",
                f"集市中没有截至 {as_of_date} 的企业，请运行该日的 marts 作业。",
            ),
            source,
        )
    elif not scored:
        yield Notice(
            "warning",
            Words(
                "No model was known on this date, so nothing is scored and no grade is given.",
                "该日尚无可用模型，因此没有评分与等级。",
            ),
            source,
        )
    elif scored < enterprises:
        yield Notice(
            "warning",
            Words(
                f"{number(enterprises - scored)} of {number(enterprises)} enterprises have no "
                "score.",
                f"{number(enterprises)} 家企业中有 {number(enterprises - scored)} 家没有评分。",
            ),
            source,
        )


def approval_notices(models: Answer) -> Iterator[Notice]:
    """Scores by a model version that nobody has approved."""
    for row in models.rows:
        if not row["is_approved"]:
            named = f"{row['model_name']} {row['model_version']}"
            yield Notice(
                "warning",
                Words(
                    f"The scores are by {named}, which nobody has approved: they are not for "
                    "decisions until maker and checker have promoted it.",
                    f"评分来自未经批准的模型 {named}，经双人批准前不得用于信贷决策。",
                ),
                "marts.portfolio_scores",
            )


def monitoring_notices(monitored: Answer) -> Iterator[Notice]:
    """Red findings about the model, what is proposed about it, or that nobody looked."""
    unmonitored = not_monitored(monitored)
    if unmonitored is not None:
        yield Notice("note", unmonitored, MONITORING)
    for row in monitored.rows:
        if row["level"] == "red" and row["measure"] not in CONCLUSIONS:
            # Nobody can say what was approved: that is not for another day.
            severity = "critical" if row["measure"] == RECORD else "warning"
            yield Notice(severity, said(row), MONITORING)
    yield from proposal_notices(monitored)


def run_notices(runs: Answer) -> Iterator[Notice]:
    """Jobs whose last run for the date failed; what a gate found is said by `gate_notices`."""
    for run in runs.rows:
        if run["status"] == "failed":
            found = plain_text(run["notes"], 300)
            if found.startswith(GateFailed.__name__):
                found = "critical expectations, listed here, did not hold"
            yield Notice(
                "critical",
                Words(
                    f"The last run of {run['job']} failed: {found}",
                    f"作业 {run['job']} 最近一次运行失败。",
                ),
                "ops.job_runs",
            )


def gate_notices(unmet: Answer) -> Iterator[Notice]:
    """Expectations that did not hold."""
    for row in unmet.rows:
        broken = row["unexpected_rows"]
        rows = f" ({number(broken)} {'row' if broken == 1 else 'rows'})" if broken else ""
        rows_chinese = f"（{number(broken)} 行）" if broken else ""
        expectation = plain_text(row["expectation"], 300)
        yield Notice(
            "critical" if row["severity"] == "critical" else "warning",
            Words(
                f"{row['table_name']}: not met{rows}: {expectation}",
                f"{row['table_name']} 有一项检查未通过{rows_chinese}。",
            ),
            "quality.validation_result",
        )


def file_notices(files: Answer, refused: Answer) -> Iterator[Notice]:
    """Files whose rows or totals don't add up, and files that were refused."""
    for row in files.rows:
        if not row["is_reconciled"]:
            name = plain_text(row["source_file"])
            yield Notice(
                "critical",
                Words(f"{name} does not reconcile.", f"{name} 对账不平。"),
                "quality.reconciliation",
            )
    for row in refused.rows:
        name = plain_text(row["source_file"])
        yield Notice(
            "warning",
            Words(
                f"{name} was refused: {plain_text(row['reasons'], 300)}",
                f"{name} 被拒收。",
            ),
            "quality.quarantine",
        )


def set_aside_notices(files: Answer) -> Iterator[Notice]:
    """How many rows of the files landed so far were quarantined."""
    quarantined = sum(row["quarantined_rows"] for row in files.rows)
    landed = sum(row["landed_rows"] for row in files.rows)
    if quarantined:
        share = number(100 * quarantined / landed, 3)
        yield Notice(
            "note",
            Words(
                f"{number(quarantined)} of {number(landed)} landed rows ({share} %) are in "
                "quarantine; the data quality section says why.",
                f"{number(landed)} 行落地数据中有 {number(quarantined)} 行（{share}%）被隔离，"
                "原因见数据质量部分。",
            ),
            "quality.reconciliation",
        )
