"""What Z'' is made of, off the lines of a statement.

The statements have neither totals nor retained earnings. What is owned less what is owed is equity,
and what of it nobody paid in is retained. The lines of the income statement run on from the opening
of the books, so that the earnings of a span are the difference of two statements.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

CURRENT_ASSETS = ("cash", "receivables", "inventory")
ASSETS = (*CURRENT_ASSETS, "fixed_assets")
# Banks' loans are told as short-term only: all of it is due within a year.
LIABILITIES = ("payables", "wages_payable", "tax_payable", "short_term_loans")
PAID_IN, FINANCE_COST = "paid_in_capital", "finance_cost"
OPERATING_COSTS = ("cost_of_sales", "administrative_expenses", "credit_losses")
OPERATING = ("revenue", *OPERATING_COSTS)
LINES = (*ASSETS, *LIABILITIES, PAID_IN, *OPERATING, FINANCE_COST)
# The columns of the statement that the newest is set against.
EARLIER = tuple(f"earlier_{name}" for name in OPERATING)

# Earnings are those of a year; of less than a quarter none are made out.
YEAR_MONTHS, LEAST_MONTHS = 12, 3
# Fourteen lines, each rounded to the fen, may miss a total by less.
ROUNDING_CNY = 1.0

# The amounts that X1 to X4 are made of, above and below the line, in the order of
# `models.altman.WEIGHTS`.
PARTS = {
    "working_capital": ("working_capital_cny", "total_assets_cny"),
    "retained_earnings": ("retained_earnings_cny", "total_assets_cny"),
    "earnings": ("earnings_cny", "total_assets_cny"),
    "equity": ("equity_cny", "total_liabilities_cny"),
}
AMOUNTS = tuple(dict.fromkeys(name for pair in PARTS.values() for name in pair))

NO_EARLIER, NOT_SINCE_OPENING = "earlier_statement", "profit_since_opening"
IMPLAUSIBLE = ("assets_not_positive", "equity_above_assets", "no_liabilities", "period_not_over")


def _sum(statements: pd.DataFrame, names: Iterable[str]) -> pd.Series[float]:
    """The sum of some lines in CNY; missing where one of them is."""
    return statements[list(names)].astype(float).sum(axis=1, skipna=False)


def _operating(statements: pd.DataFrame, prefix: str = "") -> pd.Series[float]:
    """Revenue less operating costs since the books were opened."""
    costs = _sum(statements, [f"{prefix}{name}" for name in OPERATING_COSTS])
    return statements[f"{prefix}revenue"].astype(float) - costs


def _retained(statements: pd.DataFrame) -> pd.Series[float]:
    liabilities_and_capital = _sum(statements, (*LIABILITIES, PAID_IN))
    return _sum(statements, ASSETS) - liabilities_and_capital


def is_since_opening(statements: pd.DataFrame) -> pd.Series[bool]:
    """Whether the profit of the income statement is all that is retained, to `ROUNDING_CNY`.

    Only then do its lines run on from the opening of the books, and two of them have the earnings
    of the span between. Of the lines of a year that starts anew they do not; nor can it be said
    where a line is missing.
    """
    profit = _operating(statements) - statements[FINANCE_COST].astype(float)
    return (_retained(statements) - profit).abs() <= ROUNDING_CNY


def amounts_of(statements: pd.DataFrame) -> pd.DataFrame:
    """The amounts of `AMOUNTS`, in CNY to the fen; NaN where they are not known.

    Earnings are those before the cost of finance, of the months since the earlier statement, times
    12 by these months. Income tax is not taken off again: it is in administrative expenses.

    Args:
        statements: Rows of `inputs.STATEMENTS`: a number or NaN a line, `earlier_months`.
    """
    assets, liabilities = _sum(statements, ASSETS), _sum(statements, LIABILITIES)
    since = _operating(statements) - _operating(statements, "earlier_")
    yearly = since * YEAR_MONTHS / statements.earlier_months.astype(float)
    amounts = {
        "working_capital_cny": _sum(statements, CURRENT_ASSETS) - liabilities,
        "retained_earnings_cny": _retained(statements),
        "earnings_cny": yearly.where(is_since_opening(statements)),
        "equity_cny": assets - liabilities,
        "total_assets_cny": assets,
        "total_liabilities_cny": liabilities,
    }
    return pd.DataFrame({name: amounts[name].round(2) for name in AMOUNTS})


def missing_of(statements: pd.DataFrame) -> pd.DataFrame:
    """What each statement lacks for Z'', (statements, lines and two more), as booleans.

    The two are an earlier statement, and lines of the income statement that run on from the opening
    of the books; of the latter nothing is said where a line is missing.
    """
    lacks = statements[list(LINES)].isna()
    return lacks.assign(
        **{
            NO_EARLIER: statements.earlier_months.isna(),
            NOT_SINCE_OPENING: ~is_since_opening(statements) & ~lacks.any(axis=1),
        }
    )


def implausible_of(amounts: pd.DataFrame, age_days: pd.Series[int]) -> pd.DataFrame:
    """What can't be of each statement, (statements, `IMPLAUSIBLE`), as booleans.

    Equity is above assets where less than nothing is owed. Where nothing is owed, equity has no
    ratio to it.
    """
    owed = amounts.total_liabilities_cny
    found = (amounts.total_assets_cny <= 0, owed < 0, owed == 0, age_days < 0)
    return pd.DataFrame(dict(zip(IMPLAUSIBLE, found, strict=True)))


def ratios_of(amounts: pd.DataFrame) -> pd.DataFrame:
    """X1 to X4, (statements, `PARTS`); NaN where an amount is not known, or 0 below the line.

    Args:
        amounts: What `amounts_of` gives.
    """
    return pd.DataFrame(
        {
            part: amounts[above] / amounts[below].replace(0.0, np.nan)
            for part, (above, below) in PARTS.items()
        }
    )
