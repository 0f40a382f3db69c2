"""Whether the version in use was validated recently enough, as one finding."""

from __future__ import annotations

from datetime import date

from models.inventory import DeclaredModel
from models.monitor.finding import PORTFOLIO, Finding, Watched
from models.monitor.thresholds import Level

VALIDATION_AGE = "validation_age_days"


def validation_finding(
    of: Watched, validated_as_of: date, as_of_date: date, model: DeclaredModel
) -> Finding:
    """Red from the day on which the inventory wants the model validated anew.

    A version is validated when it is trained, and never again: what ends the alert is a newer one.
    """
    age, most = (as_of_date - validated_as_of).days, model.validate_after_days
    level: Level = "red" if age >= most else "green"
    said = (
        f"{model.title_en}: validated as of {validated_as_of}, {age} days ago; after {most} days "
        "it is due anew.",
        f"{model.title_zh}：验证截止日为{validated_as_of}，距今{age}天；满{most}天须重新验证。",
    )
    return Finding(
        of,
        VALIDATION_AGE,
        PORTFOLIO,
        level,
        said,
        0,
        value=float(age),
        amber=float(most),
        red=float(most),
    )
