"""Rows of tables that the report of every kind of model has."""

from __future__ import annotations

from models.validation_report.data_quality import FeatureQuality
from models.validation_report.stability import Shift
from models.validation_report.text import measured, number, percent


def range_row(x: FeatureQuality) -> tuple[str, ...]:
    """A feature: missing in training and where it scores, its values, and what lies beyond."""
    return (
        x.feature,
        percent(x.missing_training_ratio),
        percent(x.missing_enterprise_ratio),
        f"{x.distinct_count:,}",
        measured(x.minimum),
        measured(x.median),
        measured(x.maximum),
        percent(x.beyond_training_ratio),
    )


def shift_row(shift: Shift) -> tuple[str, ...]:
    """A stability index beside chance, its reading, and the bin that changed most."""
    largest = max(shift.bins, key=lambda x: abs(x.enterprise_ratio - x.training_ratio))
    return (
        shift.name,
        number(shift.index),
        number(shift.chance_upper),
        shift.reading,
        largest.bin,
        percent(largest.training_ratio),
        percent(largest.enterprise_ratio),
    )
