"""The whole report as a document: a summary of what is to be decided, then the evidence."""

from __future__ import annotations

from models.validation_report.concern_table import NOTHING_RAISED, TO_DECIDE, concern_tables
from models.validation_report.concerns import concerns
from models.validation_report.document import Document, Figure, Section, Words
from models.validation_report.findings import Findings
from models.validation_report.input_sections import data_section, soundness_section
from models.validation_report.performance_sections import (
    benchmark_section,
    calibration_section,
    discrimination_section,
)
from models.validation_report.subject import Subject
from models.validation_report.text import number, percent
from models.validation_report.use_sections import (
    fairness_section,
    limits_section,
    sensitivity_section,
    stability_section,
)

SECTIONS = (
    *(data_section, soundness_section, discrimination_section, calibration_section),
    *(stability_section, sensitivity_section, benchmark_section, fairness_section, limits_section),
)


def _summary(found: Findings, sections: tuple[Section, ...]) -> Section:
    raised = concerns(found)
    quality, portfolio = found.data_quality, found.calibration.portfolio
    score = found.stability[0]
    return Section(
        key="summary",
        title=Words("Summary", "摘要"),
        introduction=TO_DECIDE,
        figures=(
            Figure(
                Words("Training firms", "训练企业"),
                f"{quality.firm_count:,}",
                f"{quality.default_count:,} in default, {percent(portfolio.observed_ratio)}",
            ),
            Figure(
                Words("AUC, firms left out", "样本外AUC"),
                number(found.area.value),
                f"95 %: {number(found.area.lower)} to {number(found.area.upper)}",
            ),
            Figure(
                Words("Grades with too many defaults", "违约超标等级"),
                f"{len(found.calibration.underestimated)}",
                f"of {sum(1 for x in found.calibration.grades if x.firm_count)} with firms",
            ),
            Figure(
                Words("Stability index of the score", "评分稳定性指数"),
                number(score.index),
                f"{score.reading}; chance alone up to {number(score.chance_upper)}",
            ),
        ),
        points=() if raised else NOTHING_RAISED,
        tables=concern_tables(raised, sections),
    )


def document(found: Findings, subject: Subject) -> Document:
    """Every section of the report, the summary first."""
    sections = tuple(build(found) for build in SECTIONS)
    return Document(
        title=Words("Validation report", "模型验证报告"),
        identity=subject.identity(),
        sections=(_summary(found, sections), *sections),
    )
