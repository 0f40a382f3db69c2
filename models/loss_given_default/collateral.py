"""What pledged warehouse receipts are worth, and which loan each of them secures."""

from __future__ import annotations

import pandas as pd

LOT = ["code_system", "lot_code"]
PLEDGE = ["code_system", "loan_number"]


def with_values(receipts: pd.DataFrame, advance_ratio: float) -> pd.DataFrame:
    """Receipts with `value_cny`: what their goods are worth, each lot counted once.

    The goods are worth what was lent divided by the advance ratio, as far as they were counted; not
    counted, nothing. Of one lot under several receipts the lowest value holds, and is shared out by
    what was lent on each.

    Args:
        receipts: Rows of `inputs.RECEIPTS`: `quantity` pledged and `counted_quantity` in one unit,
            `lent_cny`; what is missing counts as nothing.
        advance_ratio: What is lent by what the goods are worth.
    """
    lent = receipts.lent_cny.fillna(0).clip(lower=0)
    counted_ratio = (receipts.counted_quantity / receipts.quantity).fillna(0).clip(0, 1)
    valued = receipts.assign(lent_cny=lent, value_cny=lent / advance_ratio * counted_ratio)
    lots = valued.groupby(LOT)
    # Nothing lent on any of them: no value to share.
    part = (lent / lots.lent_cny.transform("sum")).fillna(0)
    return valued.assign(value_cny=lots.value_cny.transform("min") * part)


def _last_digits(numbers: pd.Series[str]) -> pd.Series[str]:
    """The number at the end of each code, without zeros in front; missing where there is none."""
    return numbers.str.extract(r"(\d+)$", expand=False).str.lstrip("0")


def with_collateral(pledges: pd.DataFrame, receipts: pd.DataFrame) -> pd.DataFrame:
    """Pledges with `collateral_number` and `collateral_value_cny` of the receipt that secures them.

    The bank writes the receipt's number without the letters, so the last digits agree, and so does
    the amount lent. Where account and receipt are of two enterprises, or more than one pledge or
    receipt fits, the pledge has no collateral: a missing number and a value of 0. Where the account
    is linked to no enterprise, `enterprise_id` is that of the receipt.

    Args:
        pledges: Rows of `inputs.PLEDGES`.
        receipts: What `with_values` gives.
    """
    of_pledges = pledges.assign(
        digits=_last_digits(pledges.loan_number), fen=(pledges.amount_cny * 100).round()
    )
    of_receipts = pd.DataFrame(
        {
            "digits": _last_digits(receipts.receipt_number),
            "fen": (receipts.lent_cny * 100).round(),
            "warehouse_system": receipts.code_system,
            "collateral_number": receipts.receipt_number,
            "collateral_value_cny": receipts.value_cny,
            "depositor_id": receipts.enterprise_id,
        }
    )
    # Missing keys would find one another.
    pairs = of_pledges.dropna(subset="digits").merge(
        of_receipts.dropna(subset="digits"), on=["digits", "fen"]
    )
    is_one = (
        pairs.enterprise_id.isna()
        | pairs.depositor_id.isna()
        | (pairs.enterprise_id == pairs.depositor_id)
    )
    pairs = pairs[is_one]
    is_doubtful = pairs.duplicated(PLEDGE, keep=False) | pairs.duplicated(
        ["warehouse_system", "collateral_number"], keep=False
    )
    secured = pairs.loc[
        ~is_doubtful, [*PLEDGE, "collateral_number", "collateral_value_cny", "depositor_id"]
    ]
    found = pledges.merge(secured, on=PLEDGE, how="left", validate="one_to_one")
    found["collateral_value_cny"] = found.collateral_value_cny.fillna(0.0)
    found["enterprise_id"] = found.enterprise_id.where(
        found.enterprise_id.notna(), found.depositor_id
    )
    return found.drop(columns="depositor_id")
