"""Wages, taxes and loans: what must be paid first, and what happens when it can't be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulator.calendar import date_of
from simulator.day.accounts import (
    CASH,
    FINANCE_COST,
    LOAN,
    LOANS,
    PAYROLL,
    TAX,
    TAX_PAYABLE,
    WAGES_PAYABLE,
    document,
)
from simulator.day.context import (
    FACILITY_DRAWN,
    FACILITY_REPAID,
    INSTALMENT,
    TAXES,
    WAGES,
    Context,
    Result,
    is_alive,
    moved,
)
from simulator.day.payments import reserve
from simulator.frame import Frame, joined, make_frame, total_by
from simulator.randomness import Integers
from simulator.state import State

PAY_DAY = 15
DEFAULT_AFTER_DAYS = 90


def _movement(firm: Integers, reason: int, amount: Integers) -> Frame:
    """Lines of a bank statement for the firms whose amount is not nothing."""
    some = np.flatnonzero(amount)
    return make_frame(
        len(some), firm=firm[some], other=-1, reason=reason, reference=-1, amount_fen=amount[some]
    )


def fall_due(context: Context, state: State) -> Result:
    """What becomes due today: wages and taxes of last month, instalments, interest."""
    world, today = context.world, date_of(context.day)
    loans = world.loans
    alive = is_alive(state)
    if today.day == PAY_DAY:
        state = replace(
            state,
            wages_due_fen=state.wages_due_fen + np.where(alive, state.wages_next_fen, 0),
            wages_next_fen=np.where(alive, 0, state.wages_next_fen),
            tax_due_fen=state.tax_due_fen + np.where(alive, state.tax_next_fen, 0),
            tax_next_fen=np.where(alive, 0, state.tax_next_fen),
        )
    is_day = (loans.day_of_month == today.day) & alive[loans.firm] & (state.loan_left_fen > 0)
    left = state.loan_left_fen
    part = np.where(is_day, np.minimum(loans.instalment_fen, left), 0)
    # What is missed already no longer counts as to be repaid in future.
    drawn = state.facility_used_fen[loans.firm]
    interest = np.where(is_day, (left + drawn) * loans.rate_per_10_000 // 120_000, 0)
    state = replace(
        state, loan_left_fen=left - part, loan_due_fen=state.loan_due_fen + part + interest
    )
    owing = np.flatnonzero(interest)
    postings = document(
        LOAN,
        loans.firm[owing],
        owing,
        [(FINANCE_COST, interest[owing]), (LOANS, -interest[owing])],
    )
    instalments = np.flatnonzero(is_day)
    due = make_frame(
        len(instalments),
        loan=instalments,
        principal_fen=part[instalments],
        interest_fen=interest[instalments],
    )
    return Result(state, {"instalments_due": due, "postings": postings})


def settle(context: Context, state: State) -> Result:
    """Pay wages, then the loan, then tax; a facility fills the gap up to its limit."""
    world, count = context.world, context.enterprises
    loans = world.loans
    firms = np.arange(count)
    alive = is_alive(state) & context.is_bank_day
    limit = total_by(loans.firm, loans.facility_fen, count)
    # A bank grants nothing more to a firm whose loan is overdue.
    overdue = total_by(loans.firm, (state.loan_unpaid_since >= 0).astype(np.int64), count) > 0
    headroom = np.where(overdue, 0, np.maximum(limit - state.facility_used_fen, 0))
    loan_due = total_by(loans.firm, state.loan_due_fen, count)
    needs = np.where(alive, state.wages_due_fen + loan_due + state.tax_due_fen, 0)
    drawn = np.clip(needs + reserve(context, state) // 2 - state.cash_fen, 0, headroom)
    drawn = np.where(alive, drawn, 0)
    money = np.where(alive, state.cash_fen + drawn, 0)
    wages = np.minimum(state.wages_due_fen, money)
    loan = np.minimum(loan_due, money - wages)
    tax = np.minimum(state.tax_due_fen, money - wages - loan)
    spare = money - wages - loan - tax - 3 * reserve(context, state)
    repaid = np.where(drawn == 0, np.clip(spare, 0, state.facility_used_fen), 0)
    paid_loan = np.minimum(loan[loans.firm], state.loan_due_fen)
    movements = joined(
        [
            _movement(firms, FACILITY_DRAWN, drawn),
            _movement(firms, WAGES, -wages),
            _movement(firms, INSTALMENT, -loan),
            _movement(firms, TAXES, -tax),
            _movement(firms, FACILITY_REPAID, -repaid),
        ]
    )
    state = moved(
        replace(
            state,
            wages_due_fen=state.wages_due_fen - wages,
            tax_due_fen=state.tax_due_fen - tax,
            loan_due_fen=state.loan_due_fen - paid_loan,
            facility_used_fen=state.facility_used_fen + drawn - repaid,
        ),
        movements,
    )
    nothing = np.full(count, -1, dtype=np.int64)
    postings = joined(
        [
            document(PAYROLL, firms, nothing, [(WAGES_PAYABLE, wages), (CASH, -wages)]),
            document(LOAN, firms, nothing, [(LOANS, loan), (CASH, -loan)]),
            document(TAX, firms, nothing, [(TAX_PAYABLE, tax), (CASH, -tax)]),
            document(LOAN, firms, nothing, [(CASH, drawn - repaid), (LOANS, repaid - drawn)]),
        ]
    )
    some = np.flatnonzero(paid_loan)
    repayments = make_frame(len(some), loan=some, amount_fen=paid_loan[some])
    result = _count_days(context, state)
    return Result(
        result.state,
        {"cash": movements, "repayments": repayments, "postings": postings, **result.events},
    )


def _count_days(context: Context, state: State) -> Result:
    """Since when something is unpaid, and whose loan has thereby come into default."""
    day, loans = context.day, context.world.loans
    owes = state.loan_due_fen > 0
    # What falls due while banks are closed may be paid on the next day that they open.
    before, began = state.loan_unpaid_since, day if context.is_bank_day else -1
    since = np.where(owes, np.where(before < 0, began, before), -1)
    firm_owes = (state.wages_due_fen > 0) | (state.tax_due_fen > 0)
    firm_owes |= total_by(loans.firm, owes.astype(np.int64), context.enterprises) > 0
    unpaid = np.where(firm_owes, np.where(state.unpaid_since < 0, began, state.unpaid_since), -1)
    late = (since >= 0) & (day - since >= DEFAULT_AFTER_DAYS)
    defaulting = np.flatnonzero(late & (state.default_day[loans.firm] < 0))
    default_day = state.default_day.copy()
    default_day[loans.firm[defaulting]] = day
    defaults = make_frame(
        len(defaulting),
        loan=defaulting,
        firm=loans.firm[defaulting],
        unpaid_since=since[defaulting],
        due_fen=state.loan_due_fen[defaulting],
        left_fen=state.loan_left_fen[defaulting],
    )
    state = replace(state, loan_unpaid_since=since, unpaid_since=unpaid, default_day=default_day)
    return Result(state, {"defaults": defaults})
