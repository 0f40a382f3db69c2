"""What is owed at default, and which part of it is lost: formulas, over many loans at once."""

from __future__ import annotations

import numpy as np

from models.arrays import Floats
from models.loss_given_default.declared import Collateral


def exposure_at_default(exposure: Floats, undrawn: Floats, conversion_factor: float) -> Floats:
    """What a borrower will owe when it defaults, (loans,), in the unit of both amounts.

    CRE32.32: what is drawn, and a part of what is committed and not drawn.

    Raises:
        ValueError: an amount is missing or below 0.
    """
    for amounts in (exposure, undrawn):
        # Written so that a missing value is refused too.
        if not (amounts >= 0).all():
            raise ValueError("An exposure or an undrawn limit is missing or below 0.")
    return np.asarray(exposure + conversion_factor * undrawn)


def loss_given_default(
    exposure: Floats, collateral_value: Floats, kind: Collateral, unsecured_loss_ratio: float
) -> Floats:
    """The part of an exposure that is lost if the borrower defaults, (loans,), a ratio.

    The mean of the losses of the covered and of the uncovered part, weighted by both: CRE32.10 with
    an exposure haircut of 0, that of lent cash. What is covered is the value less its haircut, at
    most the exposure. Of nothing, the loss is that without collateral.

    Args:
        exposure: Exposure at default, (loans,), CNY.
        collateral_value: Value before the haircut, (loans,), CNY, 0 without collateral.
        kind: The kind of the collateral.
        unsecured_loss_ratio: Loss of what is not covered.

    Raises:
        ValueError: an exposure or a value is missing or below 0.
    """
    for amounts in (exposure, collateral_value):
        if not (amounts >= 0).all():
            raise ValueError("An exposure or a value of collateral is missing or below 0.")
    covered = np.minimum(collateral_value * (1 - kind.haircut_ratio), exposure)
    is_something = exposure > 0
    covered_ratio = np.where(is_something, covered / np.where(is_something, exposure, 1), 0)
    return np.asarray(kind.loss_ratio * covered_ratio + unsecured_loss_ratio * (1 - covered_ratio))


def residual_ratio(age_years: Floats, life_years: Floats, last_ratio: Floats) -> Floats:
    """Which part of its price as new a machine still has in the books, (machines,).

    Straight-line depreciation over the life, down to `last_ratio`, which is kept from then on.

    Raises:
        ValueError: an age is missing or below 0.
    """
    if not (age_years >= 0).all():
        raise ValueError("The age of a machine is missing or below 0.")
    return np.asarray(np.maximum(last_ratio, 1 - (1 - last_ratio) * age_years / life_years))
