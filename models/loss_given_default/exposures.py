"""What is owed on every loan, and where it is known from."""

from __future__ import annotations

import numpy as np
import pandas as pd

from loomline.contracts.catalogue import PROVENANCE_COLUMNS

# The columns that loans and pledges have in common.
EXPOSURE_COLUMNS = (
    *("code_system", "exposure_kind", "loan_number", "enterprise_code", "enterprise_id"),
    *("exposure_cny", "undrawn_cny", "balance_basis", "limit_basis"),
    *PROVENANCE_COLUMNS,
)


def _with_report(loans: pd.DataFrame, bureau: pd.DataFrame) -> pd.DataFrame:
    """Loans with the bureau's report, of enterprises that have one loan and one record.

    Which record is which loan nobody says: bank and bureau number loans differently.
    """
    one_record = bureau[~bureau.enterprise_id.duplicated(keep=False)]
    with_report = loans.merge(one_record, on="enterprise_id", how="left", validate="many_to_one")
    has_others = with_report.enterprise_id.duplicated(keep=False)
    with_report.loc[has_others, ["report_balance_cny", "drawn_cny"]] = np.nan
    return with_report


def loan_exposures(loans: pd.DataFrame, bureau: pd.DataFrame) -> pd.DataFrame:
    """What is owed on term loans and the limits beside them, a row a loan, `EXPOSURE_COLUMNS`.

    Args:
        loans: Rows of `inputs.LOANS`.
        bureau: Rows of `inputs.BUREAU_RECORDS`.
    """
    known = _with_report(loans, bureau)
    balance_date, report_date = (
        pd.to_datetime(known[name]) for name in ("balance_date", "report_date")
    )
    has_report = known.report_balance_cny.notna()
    by_events = balance_date.notna() & (~has_report | (balance_date >= report_date))
    choices = [by_events, has_report]
    balance = np.select(
        choices,
        [known.balance_cny + known.overdue_cny, known.report_balance_cny],
        known.principal_cny,
    )
    has_limit, is_drawn_known = known.limit_cny > 0, known.drawn_cny.notna()
    # Nothing is known of the use of the limit: all of it may be drawn.
    drawn = np.where(is_drawn_known, known.drawn_cny, known.limit_cny)
    return known.assign(
        exposure_kind="loan",
        # What the bank owes the borrower is no exposure.
        exposure_cny=np.maximum(balance + drawn, 0),
        undrawn_cny=np.maximum(known.limit_cny - drawn, 0),
        balance_basis=np.select(choices, ["loan_events", "bureau_report"], "contract"),
        limit_basis=np.select([is_drawn_known, has_limit], ["bureau_report", "contract"], "none"),
    )[list(EXPOSURE_COLUMNS)]


def pledge_exposures(pledges: pd.DataFrame) -> pd.DataFrame:
    """What is owed on loans that were paid out on a pledge, a row a receipt, `EXPOSURE_COLUMNS`."""
    return pledges.assign(
        exposure_kind="pledge_loan",
        exposure_cny=pledges.amount_cny,
        undrawn_cny=0.0,
        balance_basis="pledge",
        limit_basis="none",
    )[list(EXPOSURE_COLUMNS)]
