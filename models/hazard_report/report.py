"""The whole report of a hazard: a summary of what is to be decided, then the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from models.hazard_report.concerns import hazard_concerns
from models.hazard_report.evidence import Evidence
from models.hazard_report.findings import HazardFindings, hazard_findings
from models.hazard_report.input_sections import data_section, soundness_section, units_label
from models.hazard_report.performance_sections import (
    benchmark_section,
    calibration_section,
    discrimination_section,
)
from models.hazard_report.reference import reference_of
from models.hazard_report.use_sections import (
    limits_section,
    sensitivity_section,
    stability_section,
)
from models.inventory import DeclaredModel
from models.registered import Origin
from models.registry import ESTIMATOR, TRAINING_SET
from models.validation_report.concern_table import NOTHING_RAISED, TO_DECIDE, concern_tables
from models.validation_report.document import Document, Figure, Section, Words
from models.validation_report.files import files_of, plain_json
from models.validation_report.subject import Subject
from models.validation_report.text import NOTHING, number, percent

SECTIONS = (
    *(data_section, soundness_section, discrimination_section, calibration_section),
    *(stability_section, sensitivity_section, benchmark_section),
)


def _summary(found: HazardFindings, sections: tuple[Section, ...]) -> Section:
    raised, data, last = hazard_concerns(found), found.data, found.horizons[-1]
    score, area = found.stability[0], last.ranking.area if last.ranking else None
    return Section(
        key="summary",
        title=Words("Summary", "摘要"),
        introduction=TO_DECIDE,
        figures=(
            Figure(
                units_label(found),
                f"{data.unit_count:,}",
                f"{data.event_unit_count:,} with {found.naming.event.english}, "
                f"{data.row_count:,} {found.naming.rows.english}",
            ),
            Figure(
                Words(f"AUC at {last.days} days, units left out", f"{last.days}天样本外AUC"),
                NOTHING if area is None else number(area.value),
                "" if area is None else f"95 %: {number(area.lower)} to {number(area.upper)}",
            ),
            Figure(
                Words(f"Mean predicted, {last.days} days", f"{last.days}天平均预测"),
                percent(last.calibration.mean_ratio, 2),
                f"observed {percent(last.calibration.observed_ratio, 2)}",
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


def hazard_document(found: HazardFindings, subject: Subject, entry: DeclaredModel) -> Document:
    """Every section of the report, the summary first."""
    sections = (*(build(found) for build in SECTIONS), limits_section(found, entry))
    return Document(
        title=Words("Validation report", "模型验证报告"),
        identity=subject.identity(),
        sections=(_summary(found, sections), *sections),
    )


def hazard_report_files(
    found: HazardFindings, subject: Subject, entry: DeclaredModel
) -> dict[str, bytes]:
    """Page, PDF and findings by file name; the same findings give the same bytes."""
    content = plain_json(
        {
            "subject": subject.content(),
            "concerns": [asdict(x) for x in hazard_concerns(found)],
            "findings": asdict(found),
        }
    )
    return files_of(hazard_document(found, subject, entry), content)


@dataclass(frozen=True, eq=False)
class Reported:
    """A judged training: its figures by name, the files of its report, tags of the version.

    `reference` is the distribution of what was trained on, as text.
    """

    figures: Mapping[str, float]
    files: Mapping[str, bytes]
    tags: Mapping[str, str]
    reference: str


def reported(
    evidence: Evidence,
    settings: Mapping[str, object],
    model_name: str,
    origin: Origin,
    entry: DeclaredModel,
) -> Reported:
    """Judge a trained hazard and write the report; `settings` are those of its training."""
    found, training_set = hazard_findings(evidence), evidence.sha256(settings)
    subject = Subject(
        model_name=model_name,
        trained_as_of=origin.trained_as_of,
        feature_version=origin.feature_version,
        training_set_sha256=training_set,
        code_commit=origin.code_commit,
        table_versions=dict(origin.table_versions),
    )
    return Reported(
        found.figures,
        hazard_report_files(found, subject, entry),
        {TRAINING_SET: training_set, ESTIMATOR: "hazard"},
        reference_of(evidence).to_json(),
    )
