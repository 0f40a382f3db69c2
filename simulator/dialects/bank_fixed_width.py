"""Two banks' core systems: fixed-width records in GBK, transactions and loans, a file each a day.

Amounts are whole fen with zeros in front. The name stands last in a record, so that cutting by
characters and cutting by bytes give the same fields. A trailer counts the records.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from simulator.dialects.facts import Delivery, Facts, foreign_number, spelled
from simulator.disorder import Outbox
from simulator.frame import Frame, joined, make_frame
from simulator.randomness import Integers
from simulator.text import chosen, dates, lines, listed, padded
from simulator.world.firms import BANKS

# In the order of the reasons of day/context.py.
REASONS = listed(["TRF", "PAY", "TAX", "LNR", "FDR", "FRP", "PLG", "DIV"])
# Disbursement is of pledges; due, repaid and overdue are of term loans.
LOAN_DUE, LOAN_REPAID, LOAN_BALANCE, PLEDGE_PAID_OUT, PLEDGE_DUE = range(5)
LOAN_EVENTS = listed(["DUE", "REP", "BAL", "PLO", "PLD"])


def _account(firm: Integers, bank: int) -> pa.Array:
    """Account numbers: the bank's prefix, then its own number of the customer."""
    number = foreign_number(np.full(len(firm), 90_001 + bank), firm)
    return pc.binary_join_element_wise(f"62{17 + bank}0036", padded(number, 11), "")


def account_numbers(firm: Integers, bank: int) -> pa.Array:
    """The account number of each enterprise at a bank, as the bank writes it."""
    return _account(firm, bank)


def _with_trailer(content: bytes, rows: int, total: int) -> bytes:
    return (content.decode() + f"99{rows:010d}{total:018d}\n").encode("gbk")


def _transactions(facts: Facts, outbox: Outbox, bank: int) -> Delivery:
    """Bank statements: every movement of cash of the bank's customers."""
    world = facts.world
    cash = facts.events["cash"]
    mine = cash.take(world.firms.bank[cash["firm"]] == bank)
    mine = mine.with_columns(
        day=np.full(len(mine), facts.day), sequence=np.arange(len(mine), dtype=np.int64) + 1
    )
    rows = outbox.rows("bank_transactions", f"bank/CBTXN_B{bank + 1}", mine)
    has_other = rows["other"] >= 0
    other = np.where(has_other, rows["other"], 0)
    owner = np.full(len(rows), 90_001 + bank, dtype=np.int64)
    name = pc.if_else(pa.array(has_other), spelled(facts.directory, owner, other), "")
    amount = np.abs(rows["amount_fen"])
    parts = [
        "10",
        _account(rows["firm"], bank),
        dates(rows["day"], "%Y%m%d"),
        padded(rows["sequence"], 8),
        pc.if_else(pa.array(rows["amount_fen"] > 0), "C", "D"),
        padded(amount, 15),
        "CNY",
        chosen(REASONS, rows["reason"]),
        name,
    ]
    content = _with_trailer(lines(parts), len(rows), int(amount.sum()))
    return Delivery(f"bank/CBTXN_B{bank + 1}_{facts.stamp}.txt", content)


def _loan_events(facts: Facts, bank: int) -> Frame:
    """Instalments due and repaid, balances of overdue loans, and pledges."""
    loans, state, day = facts.world.loans, facts.state, facts.day
    due, repaid = facts.events["instalments_due"], facts.events["repayments"]
    overdue = np.flatnonzero(state.loan_unpaid_since >= 0)
    parts = []
    for kind, loan, amount in (
        (LOAN_DUE, due["loan"], due["principal_fen"] + due["interest_fen"]),
        (LOAN_REPAID, repaid["loan"], repaid["amount_fen"]),
        (LOAN_BALANCE, overdue, state.loan_due_fen[overdue]),
    ):
        ours = loans.bank[loan] == bank
        rows = loan[ours]
        since = state.loan_unpaid_since[rows]
        parts.append(
            make_frame(
                len(rows),
                kind=kind,
                number=rows,
                firm=loans.firm[rows],
                amount_fen=amount[ours],
                left_fen=state.loan_left_fen[rows],
                days_past_due=np.where(since >= 0, day - since, 0),
            )
        )
    for kind, event in ((PLEDGE_PAID_OUT, "pledges"), (PLEDGE_DUE, "pledges_ended")):
        pledges = facts.events[event].take(facts.events[event]["bank"] == bank)
        parts.append(
            make_frame(
                len(pledges),
                kind=kind,
                number=pledges["receipt"],
                firm=pledges["firm"],
                amount_fen=pledges["amount_fen"],
                left_fen=0,
                days_past_due=0,
            )
        )
    return joined(parts)


def _loans(facts: Facts, outbox: Outbox, bank: int) -> Delivery:
    """The loan system's events of the day."""
    events = _loan_events(facts, bank)
    events = events.with_columns(day=np.full(len(events), facts.day))
    rows = outbox.rows("bank_loans", f"bank/CBLN_B{bank + 1}", events)
    parts = [
        "20",
        chosen(LOAN_EVENTS, rows["kind"]),
        padded(rows["number"], 12),
        _account(rows["firm"], bank),
        dates(rows["day"], "%Y%m%d"),
        padded(rows["amount_fen"], 15),
        padded(rows["left_fen"], 15),
        padded(rows["days_past_due"], 4),
        chosen(facts.directory.names, rows["firm"]),
    ]
    content = _with_trailer(lines(parts), len(rows), int(rows["amount_fen"].sum()))
    return Delivery(f"bank/CBLN_B{bank + 1}_{facts.stamp}.txt", content)


def _contracts(facts: Facts, outbox: Outbox, bank: int) -> Delivery:
    """What was agreed: principal, instalments, rate, day of the month, and the facility's limit."""
    loans = facts.world.loans
    ours = np.flatnonzero(loans.bank == bank)
    listed_loans = make_frame(len(ours), loan=ours)
    loan = outbox.rows("registry", f"bank/CBFAC_B{bank + 1}", listed_loans)["loan"]
    parts = [
        "30",
        padded(loan, 12),
        _account(loans.firm[loan], bank),
        padded(loans.principal_fen[loan], 15),
        padded(loans.instalments[loan], 3),
        padded(loans.rate_per_10_000[loan], 5),
        padded(loans.day_of_month[loan], 2),
        padded(loans.facility_fen[loan], 15),
    ]
    return Delivery(f"bank/CBFAC_B{bank + 1}_{facts.stamp}.txt", lines(parts))


def bank_fixed_width(facts: Facts, outbox: Outbox) -> Iterable[Delivery]:
    """The files of both banks; loan contracts go out on the first of a month."""
    for bank in range(BANKS):
        if facts.sends_lists:
            yield _contracts(facts, outbox, bank)
        yield _transactions(facts, outbox, bank)
        yield _loans(facts, outbox, bank)
