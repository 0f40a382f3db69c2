"""Which version of a model a daily job uses for a date, by the record of approvals."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from models.governance.approvals import Desk, check_unchanged
from models.governance.standing import Standing
from models.registered import RegisteredModel, newest_known


def version_in_use(
    desk: Desk, approvals: Standing, as_of_date: date, tags: Mapping[str, str]
) -> RegisteredModel | None:
    """The newest version with these tags that may be used and knew of nothing later, or none.

    After a first approval these are the approved ones, before it all that nobody refused.

    Raises:
        LoomlineError: the version is no longer what was approved.
    """
    found = newest_known(desk.client, desk.model_name, as_of_date, tags, approvals.may_be_used)
    if found is not None and found.version in approvals.approved:
        check_unchanged(desk, approvals.approved[found.version])
    return found


def why_none(model_name: str) -> str:
    """Why no version of a model is used though some are registered."""
    return (
        "no version that may be used was trained by then on what is declared now; see "
        f"`loomline model list --model {model_name}`"
    )
