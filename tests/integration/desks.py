"""What tests of models in use do at the desk: promote, look up versions, forget the record."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

from mlflow.exceptions import MlflowException

from models.governance.approvals import Desk, answer, request
from models.governance.governed import MODEL_FILES
from models.governance.listing import version_rows
from models.governance.store import ANNOUNCED, MODEL_EVENTS, NEWEST
from models.registry import CANDIDATE, CHAMPION
from models.specification import MODEL_NAME

MAKER, CHECKER = "maker@bank", "checker@bank"


def forget(desk: Desk) -> None:
    """Take back all approvals, as nobody can in use: the table, its marks and the aliases."""
    desk.context.spark.sql(f"drop table if exists {MODEL_EVENTS}")
    for name in MODEL_FILES:
        with suppress(MlflowException):
            desk.client.delete_registered_model_alias(name, CHAMPION)
    for tag in (ANNOUNCED, NEWEST):
        with suppress(MlflowException):
            desk.client.delete_registered_model_tag(MODEL_NAME, tag)


def candidate(desk: Desk) -> str:
    return str(desk.client.get_model_version_by_alias(MODEL_NAME, CANDIDATE).version)


def of_date(desk: Desk, day: date) -> str:
    """The newest scorecard that was trained as of a date."""
    rows = [row for row in version_rows(desk) if row[1:3] == ("scorecard", day.isoformat())]
    return rows[-1][0]


def alias(desk: Desk) -> str:
    return str(desk.client.get_model_version_by_alias(MODEL_NAME, CHAMPION).version)


def promote(desk: Desk, version: str) -> None:
    asked = request(desk, "promotion_requested", version, MAKER, "better calibrated")
    answer(desk, "approved", asked.event_number, CHECKER, "report read, agreed")
