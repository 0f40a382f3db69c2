"""The causal story of a year: default follows from cash, failure passes on, rates look real.

The rates' bounds are set around figures measured on the public sets; docs/simulator.md names them.
"""

from __future__ import annotations

import numpy as np
import pytest

from simulator import figures
from simulator.day.invoicing import VALID
from simulator.day.obligations import DEFAULT_AFTER_DAYS
from simulator.frame import total_by
from simulator.world.relations import SUPPLY
from tests.unit.simulated import YEAR_DAYS, Year, long_year


@pytest.fixture(scope="module")
def year() -> Year:
    return long_year()


def test_whoever_defaults_had_been_short_of_cash_for_three_months(year: Year) -> None:
    defaulted = np.flatnonzero(year.end.default_day >= 0)
    assert len(defaulted) >= 4
    for firm in defaulted.tolist():
        assert year.cash_short_days.get(firm, 0) >= DEFAULT_AFTER_DAYS - 20


def test_between_one_and_ten_percent_of_borrowers_default_in_a_year(year: Year) -> None:
    borrowers = year.world.loans.firm
    share = (year.end.default_day[borrowers] >= 0).mean()
    assert 0.01 < share < 0.10


def test_default_is_commoner_among_thin_margins_and_thin_cash(year: Year) -> None:
    firms, borrowers = year.world.firms, year.world.loans.firm
    strained = (year.end.default_day >= 0) | (year.end.failed_day >= 0)
    strength = firms.margin_permille / 100 + np.log(firms.cash_days)
    order = borrowers[np.argsort(strength[borrowers])]
    weak, strong = np.array_split(order, 2)
    assert strained[weak].sum() > strained[strong].sum()


def test_the_failure_of_a_core_enterprise_costs_its_suppliers_and_hardly_others(
    year: Year,
) -> None:
    """The same world without the shock is the comparison: nothing else differs."""
    firms, relations = year.world.firms, year.world.relations
    core = np.flatnonzero(firms.shock_day >= 0)
    supplies = (relations.kind == SUPPLY) & np.isin(relations.customer, core)
    suppliers = np.unique(relations.supplier[supplies])
    spared = long_year(is_shocked=False)
    assert (year.end.failed_day[core] >= 0).all() or (year.end.default_day[core] >= 0).all()

    def trouble(end: Year, who: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> int:
        state = end.end
        unpaid = np.where(state.unpaid_since >= 0, YEAR_DAYS - state.unpaid_since, 0)
        return int(unpaid[who].sum() + (state.failed_day[who] >= 0).sum() * 120)

    assert trouble(year, suppliers) > trouble(spared, suppliers)
    lost = year.end.cash_fen[suppliers].sum() - spared.end.cash_fen[suppliers].sum()
    assert lost < 0


def test_voided_and_red_letter_invoices_are_as_common_as_in_the_real_set(year: Year) -> None:
    """7.9 % of sales and 4.1 % of purchase invoices voided; 3.1 % of valid sales in red."""
    invoices, count = year.invoices, len(year.world.firms)
    sales = invoices.take(invoices["supplier"] < count)
    purchases = invoices.take(invoices["customer"] < count)
    assert 0.055 < (sales["status"] != VALID).mean() < 0.095
    assert 0.025 < (purchases["status"] != VALID).mean() < 0.055
    valid = sales.take(sales["status"] == VALID)
    red = (valid["total_fen"] < 0).mean() * 1000
    assert 0.7 < red / figures.RED_LETTER_PERMILLE < 1.4


def test_invoices_are_as_many_and_as_large_as_the_real_within_a_factor_of_three(
    year: Year,
) -> None:
    """Medians: 15 sales and 18 purchase invoices a firm and month, 15,000 and 670 yuan each."""
    invoices, count = year.invoices, len(year.world.firms)
    for own, real_count, real_median in (("supplier", 15, 15_000), ("customer", 18, 670)):
        mine = invoices.take((invoices[own] < count) & (invoices["status"] == VALID))
        monthly = np.bincount(mine[own], minlength=count) * 30 / YEAR_DAYS
        positive = mine["total_fen"][mine["total_fen"] > 0] / 100
        assert real_count / 3 < np.median(monthly) < real_count * 3
        assert real_median / 3 < np.median(positive) < real_median * 3


def test_customers_pay_late_as_often_as_in_the_receivables_set(year: Year) -> None:
    """35.6 % of invoices are settled after they are due; most of those within three weeks."""
    payments = year.payments.take((year.payments["sign"] > 0) & (year.payments["is_final"] > 0))
    outside = payments["payer"] >= len(year.world.firms)
    late = payments["day"] - payments["due_day"]
    share = (late[outside] > 0).mean()
    assert figures.LATE_PERMILLE / 1000 - 0.12 < share < figures.LATE_PERMILLE / 1000 + 0.15


def test_deliveries_are_late_and_lossy_as_in_the_real_sets(year: Year) -> None:
    """11.5 % of deliveries are late; carriers lose about one percent."""
    shipments = year.shipments
    late = (shipments["arrival_day"] > shipments["planned_day"]).mean()
    assert 0.09 < late < 0.14
    loss = shipments["lost"].sum() / shipments["quantity"].sum()
    assert 0.004 < loss < 0.015


def test_output_meets_its_target_as_often_as_in_the_real_factory(year: Year) -> None:
    """73 % of team days meet their target."""
    work = year.work_orders.take(year.work_orders["target"] > 20)
    met = (work["good"] + work["scrap"] >= work["target"]).mean()
    assert 0.5 < met < 0.85


def test_machines_fail_and_are_tended_as_often_as_in_the_machine_events_set(year: Year) -> None:
    """7.6 failures and 33 maintenances a machine and year."""
    machines = len(year.world.machines)
    kinds = np.bincount(year.machine_events["kind"], minlength=4) / machines
    assert 0.5 < kinds[:2].sum() / figures.FAILURES_A_YEAR < 1.5
    assert 0.5 < kinds[2:].sum() / figures.MAINTENANCE_A_YEAR < 1.5


def test_spring_and_epidemic_leave_february_with_half_of_the_sales(year: Year) -> None:
    invoices = year.invoices.take(year.invoices["status"] == VALID)
    by_day = total_by(invoices["issue_day"], invoices["net_fen"], YEAR_DAYS)
    november, february = by_day[123:153].sum(), by_day[215:244].sum()
    assert february < november * 0.75
