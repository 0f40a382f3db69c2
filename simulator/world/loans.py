"""Bank loans: term loans repaid monthly, and facilities that bridge a gap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.randomness import Draws, Integers
from simulator.world.firms import Firms

LOAN_PERMILLE = 720
# Principal in tenths of a month's turnover; what was still owed when the story begins follows from
# how many instalments were left.
PRINCIPAL_TENTHS = (4, 5, 7, 9, 13, 20, 30, 40, 48, 60, 70)


@dataclass(frozen=True)
class Loans:
    """One term loan a borrower, ordered by firm; rates in ten-thousandths a year, money in fen.

    `facility_fen` is the limit that the same bank grants beside it.
    """

    firm: Integers
    principal_fen: Integers
    instalments: Integers
    instalments_left: Integers
    rate_per_10_000: Integers
    day_of_month: Integers
    facility_fen: Integers
    bank: Integers

    def __len__(self) -> int:
        """How many loans there are."""
        return len(self.firm)

    @property
    def instalment_fen(self) -> Integers:
        """Principal repaid a month."""
        part: Integers = self.principal_fen // self.instalments
        return part


def draw_loans(draws: Draws, firms: Firms) -> Loans:
    """Loans of about three quarters of the firms, and of all cheats."""
    # Most cheats are after a loan.
    borrows = draws.happens("borrows", LOAN_PERMILLE * 1000, len(firms)) | (firms.cheat > 0)
    firm = np.flatnonzero(borrows)
    size = len(firm)
    monthly = firms.turnover_fen_a_day[firm] * 30
    tenths = draws.from_table("principal", PRINCIPAL_TENTHS, size)
    instalments = np.array([12, 24, 24, 36])[draws.integers("instalments", 0, 4, size)]
    return Loans(
        firm=firm,
        principal_fen=np.maximum(monthly * tenths // 10 // 1_000_000, 5) * 1_000_000,
        instalments=instalments,
        instalments_left=instalments - draws.integers("paid", 0, 9, size),
        rate_per_10_000=draws.integers("rate", 435, 900, size),
        day_of_month=np.array([10, 20, 21, 25])[draws.integers("loan day", 0, 4, size)],
        facility_fen=monthly * draws.integers("facility", 0, 4, size) // 10,
        bank=firms.bank[firm],
    )
