"""Which model a report is of."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date

from models.validation_report.document import Words


@dataclass(frozen=True)
class Subject:
    """Which model a report is of, and from which data and code it came."""

    model_name: str
    trained_as_of: date
    feature_version: str
    training_set_sha256: str
    code_commit: str
    table_versions: dict[str, int]

    def identity(self) -> tuple[tuple[Words, str], ...]:
        """Label and text, in the order that a reader wants."""
        tables = ", ".join(f"{name} {x}" for name, x in sorted(self.table_versions.items()))
        return (
            (Words("Model", "模型"), self.model_name),
            (Words("Trained as of", "训练截至"), self.trained_as_of.isoformat()),
            (Words("Feature version", "特征版本"), self.feature_version),
            (Words("Training set, SHA-256", "训练集"), self.training_set_sha256),
            (Words("Table versions", "数据表版本"), tables or "–"),
            (Words("Code", "代码"), self.code_commit),
        )

    def content(self) -> dict[str, object]:
        """The same for programs."""
        return asdict(self)
