"""The rows of the three tables of losses, as Arrow tables."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pyarrow as pa

from loomline.contracts.catalogue import PROVENANCE_COLUMNS
from models.loss_given_default.collateral import with_collateral, with_values
from models.loss_given_default.declared import LossParameters
from models.loss_given_default.exposures import loan_exposures, pledge_exposures
from models.loss_given_default.loss import (
    exposure_at_default,
    loss_given_default,
    residual_ratio,
)
from models.loss_given_default.realised import RealisedLoss

MODEL_KIND = "expert"
MONEY = pa.decimal128(18, 2)
BORROWER, LOAN = ["code_system", "enterprise_code"], ["code_system", "loan_number"]
DAY_SECONDS, YEAR_DAYS = 86_400, 365.25


def _money(values: pd.Series[float]) -> pa.Array:
    """Amounts as exact decimals, rounded to the fen; NaN is null."""
    return pa.array(values.to_numpy(dtype=float), pa.float64(), from_pandas=True).cast(MONEY)


def _texts(values: pd.Series[str]) -> pa.Array:
    return pa.array(values, pa.string(), from_pandas=True)


def _provenance(rows: pd.DataFrame) -> dict[str, pa.Array]:
    """The row of a source that each row rests on."""
    types = {"line_number": pa.int64(), "item_number": pa.int64()}
    return {name: pa.array(rows[name], types.get(name, pa.string())) for name in PROVENANCE_COLUMNS}


def exposures_with_collateral(
    loans: pd.DataFrame,
    bureau: pd.DataFrame,
    pledges: pd.DataFrame,
    receipts: pd.DataFrame,
    parameters: LossParameters,
) -> pd.DataFrame:
    """What is owed on every loan and pledge, and what secures it; arguments as `inputs` reads them.

    `EXPOSURE_COLUMNS` with `collateral_kind`, `collateral_number` and `collateral_value_cny`.
    """
    declared = parameters.warehouse_receipts
    valued = with_values(receipts, declared.advance_ratio)
    secured = with_collateral(pledges, valued)
    of_pledges = pledge_exposures(secured).assign(
        collateral_number=secured.collateral_number,
        collateral_value_cny=secured.collateral_value_cny,
    )
    # No source shows what secures a term loan.
    of_loans = loan_exposures(loans, bureau).assign(
        collateral_number=None, collateral_value_cny=0.0
    )
    # A frame without rows has no types to join with.
    filled = [one for one in (of_loans, of_pledges) if len(one)] or [of_loans]
    every = pd.concat(filled, ignore_index=True)
    is_secured = every.collateral_number.notna()
    return every.assign(collateral_kind=np.where(is_secured, declared.collateral, "none"))


def _is_default(exposures: pd.DataFrame, defaults: pd.DataFrame) -> pd.Series[bool]:
    """Whether the borrower is in default, at whichever bank it has an account."""
    borrowers = pd.MultiIndex.from_frame(exposures[BORROWER])
    by_account = borrowers.isin(pd.MultiIndex.from_frame(defaults[BORROWER]))
    return exposures.enterprise_id.isin(defaults.enterprise_id.dropna()) | by_account


def loss_rows(
    exposures: pd.DataFrame,
    defaults: pd.DataFrame,
    pd_ratios: pd.Series[float],
    parameters: LossParameters,
    as_of_date: date,
) -> pa.Table:
    """A row of `scores.loss_given_default` for every loan and pledge.

    Args:
        exposures: What `exposures_with_collateral` gives.
        defaults: Rows of `inputs.DEFAULTS`.
        pd_ratios: Probability of default, 0 to 1, by enterprise.
        parameters: The declared parameters.
        as_of_date: The date.

    Raises:
        ValueError: an amount is missing or below 0.
    """
    at_default = exposure_at_default(
        exposures.exposure_cny.to_numpy(dtype=float),
        exposures.undrawn_cny.to_numpy(dtype=float),
        parameters.conversion.factor,
    )
    ratio = loss_given_default(
        at_default,
        exposures.collateral_value_cny.to_numpy(dtype=float),
        parameters.collateral[parameters.warehouse_receipts.collateral],
        parameters.unsecured.loss_ratio,
    )
    is_default = _is_default(exposures, defaults)
    probability = exposures.enterprise_id.map(pd_ratios).astype(float).mask(is_default, 1.0)
    count = len(exposures)
    return pa.table(
        {
            "as_of_date": pa.repeat(pa.scalar(as_of_date), count),
            **{
                name: _texts(exposures[name])
                for name in (
                    *("code_system", "exposure_kind", "loan_number"),
                    *("enterprise_code", "enterprise_id"),
                )
            },
            "exposure_cny": _money(exposures.exposure_cny),
            "undrawn_cny": _money(exposures.undrawn_cny),
            "exposure_at_default_cny": _money(pd.Series(at_default)),
            "balance_basis": _texts(exposures.balance_basis),
            "limit_basis": _texts(exposures.limit_basis),
            "collateral_kind": _texts(exposures.collateral_kind),
            "collateral_number": _texts(exposures.collateral_number),
            "collateral_value_cny": _money(exposures.collateral_value_cny),
            "lgd_ratio": pa.array(ratio),
            "is_default": pa.array(is_default.to_numpy(dtype=bool)),
            "pd_ratio": pa.array(probability.to_numpy(), from_pandas=True),
            "expected_loss_cny": _money(probability * ratio * at_default),
            "model_kind": pa.repeat(pa.scalar(MODEL_KIND), count),
            "parameter_version": pa.repeat(pa.scalar(parameters.version), count),
            **_provenance(exposures),
        }
    )


def expert_loss_ratio(rows: pa.Table, defaults: pd.DataFrame) -> float:
    """The mean loss ratio of the expert model for the loans by which borrowers defaulted.

    `rows` are those of `loss_rows`; NaN where none of the loans is among them.
    """
    expert = rows.select([*LOAN, "exposure_kind", "lgd_ratio"]).to_pandas()
    expert = expert[expert.exposure_kind == "loan"]
    known = defaults[defaults.owed_cny > 0]
    return float(expert.merge(known[LOAN], on=LOAN).lgd_ratio.mean())


def realised_rows(
    found: RealisedLoss, expert_ratio: float, parameters: LossParameters, as_of_date: date
) -> pa.Table:
    """The row of `scores.realised_loss`."""
    ratios = {
        "realised_loss_ratio": found.loss_ratio.value,
        "lower": found.loss_ratio.lower,
        "upper": found.loss_ratio.upper,
        "expert_loss_ratio": expert_ratio,
    }
    return pa.table(
        {
            "as_of_date": pa.array([as_of_date]),
            "loan_count": pa.array([found.loan_count], pa.int64()),
            "owed_cny": _money(pd.Series([found.owed_cny])),
            "repaid_cny": _money(pd.Series([found.repaid_cny])),
            **{name: pa.array([x], pa.float64(), from_pandas=True) for name, x in ratios.items()},
            "parameter_version": pa.array([parameters.version]),
        }
    )


def machine_rows(
    machines: pd.DataFrame, parameters: LossParameters, as_of_date: date, as_of_end: datetime
) -> pa.Table:
    """A row of `scores.machine_residual_value` for every machine whose age is known.

    Args:
        machines: Rows of `inputs.MACHINES`: `age_years` when the machine was listed, at `event_at`.
        parameters: The declared parameters.
        as_of_date: The date.
        as_of_end: The instant at which it ends.
    """
    declared = parameters.machines
    # The machine goes on ageing after it was listed.
    listed = pd.to_datetime(machines.event_at, utc=True)
    since = (pd.Timestamp(as_of_end).tz_convert(UTC) - listed).dt.total_seconds().clip(lower=0)
    ages = machines.age_years + since / (DAY_SECONDS * YEAR_DAYS)
    names = [declared.class_of(kind) for kind in machines.machine_type]
    classes = [declared.classes[name] for name in names]
    ratios = residual_ratio(
        ages.to_numpy(dtype=float),
        np.array([one.life_years for one in classes], dtype=float),
        np.array([one.residual_ratio for one in classes], dtype=float),
    )
    count = len(machines)
    return pa.table(
        {
            "as_of_date": pa.repeat(pa.scalar(as_of_date), count),
            "code_system": _texts(machines.code_system),
            "machine_code": _texts(machines.machine_code),
            "machine_type": _texts(machines.machine_type),
            "machine_class": pa.array(names, pa.string()),
            "age_years": pa.array(ages.to_numpy(dtype=float)),
            "residual_ratio": pa.array(ratios),
            "model_kind": pa.repeat(pa.scalar(MODEL_KIND), count),
            "parameter_version": pa.repeat(pa.scalar(parameters.version), count),
            **_provenance(machines),
        }
    )
