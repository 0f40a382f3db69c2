"""Which version of a model a daily job uses for a date, by the record of approvals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from models.governance.approvals import Desk, check_unchanged
from models.governance.standing import Standing
from models.registered import RegisteredModel, newest_known


@dataclass(frozen=True)
class VersionInUse:
    """A version of the desk's model that makes the rows of a date, and whether it is approved."""

    desk: Desk
    model: RegisteredModel
    is_approved: bool

    @property
    def columns(self) -> dict[str, object]:
        """What its rows say of it, by the names of the columns."""
        return {
            "model_name": self.desk.model_name,
            "model_version": self.model.version,
            "trained_as_of": self.model.trained_as_of,
            "is_approved": self.is_approved,
        }


def version_by_record(
    desk: Desk,
    approvals: Standing,
    as_of_date: date,
    tags: Mapping[str, str],
    is_there: Callable[[str], bool] = lambda version: True,
) -> VersionInUse | None:
    """The newest version with these tags that may be used and knew of nothing later, or none.

    After a first approval these are the approved ones, before it all that nobody refused.
    `is_there` says of a version whether it is looked at.
    """
    found = newest_known(
        *(desk.client, desk.model_name, as_of_date, tags),
        lambda version: is_there(version) and approvals.may_be_used(version),
    )
    if found is None:
        return None
    return VersionInUse(desk, found, found.version in approvals.approved)


def version_in_use(
    desk: Desk, approvals: Standing, as_of_date: date, tags: Mapping[str, str]
) -> VersionInUse | None:
    """The version by the record, which is what was approved, or none.

    Raises:
        LoomlineError: the version is no longer what was approved.
    """
    found = version_by_record(desk, approvals, as_of_date, tags)
    if found is not None and found.is_approved:
        check_unchanged(desk, approvals.approved[found.model.version])
    return found


def why_none(model_name: str) -> str:
    """Why no version of a model is used though some are registered."""
    return (
        "no version that may be used was trained by then on what is declared now; see "
        f"`loomline model list --model {model_name}`"
    )
