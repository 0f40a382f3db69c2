"""Each planted cheat leaves its own trace in what the firms send, and honest firms leave none."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from simulator.day.opening import open_state
from simulator.day.shipping import PLANTED_PAPER
from simulator.day.step import step
from simulator.dialects.erp_sap_finance import reported_stock
from simulator.dialects.facts import Facts, make_directory
from simulator.frame import total_by
from simulator.randomness import Draws, Integers
from simulator.telemetry.readings import Density, block_readings, machines_today
from simulator.world import cheats
from simulator.world.draw import World, draw_world
from simulator.world.relations import OUTSIDE_SALE
from tests.unit.simulated import SEED, YEAR_ENTERPRISES, Year, long_year


@pytest.fixture(scope="module")
def year() -> Year:
    return long_year()


@pytest.fixture(scope="module")
def last_days() -> list[Facts]:
    """Two days on which every cheat has begun."""
    return list(_days(70))[-2:]


def _days(count: int) -> Iterator[Facts]:
    world = draw_world(SEED, YEAR_ENTERPRISES)
    state, directory = open_state(world), make_directory(world)
    for day in range(count):
        state, events = step(world, state, day)
        yield Facts(world, directory, day, state, events)


def _who(world: World, kind: int) -> Integers:
    return np.flatnonzero(world.firms.cheat == kind)


def _sold(year: Year, is_paper: bool) -> Integers:
    """Net sales of each firm by invoices with or without goods behind them; fen."""
    invoices, count = year.invoices, len(year.world.firms)
    mine = invoices["supplier"] < count
    mine &= (invoices["purpose"] == PLANTED_PAPER) == is_paper
    chosen = invoices.take(mine & (invoices["status"] == 0))
    return total_by(chosen["supplier"], chosen["net_fen"], count)


def test_phantom_invoices_swell_sales_that_energy_does_not_follow(year: Year) -> None:
    paper, goods = _sold(year, True), _sold(year, False)
    firms = _who(year.world, cheats.PHANTOM_INVOICES)
    assert (paper[firms] > goods[firms] // 5).all()
    assert (paper[year.world.firms.cheat == cheats.HONEST] == 0).all()


def test_a_circle_invoices_all_the_way_round(year: Year) -> None:
    invoices, firms = year.invoices, year.world.firms
    paper = invoices.take(invoices["purpose"] == PLANTED_PAPER)
    for circle in range(int(firms.cheat_group.max()) + 1):
        members = set(np.flatnonzero(firms.cheat_group == circle).tolist())
        inside = np.isin(paper["supplier"], list(members))
        next_of = dict(
            zip(paper["supplier"][inside].tolist(), paper["customer"][inside].tolist(), strict=True)
        )
        start = min(members)
        assert next_of[next_of[next_of[start]]] == start
        assert set(next_of) == members


def test_only_double_pledgers_have_one_lot_at_two_banks() -> None:
    twice, pledging = set(), set()
    for facts in _days(110):
        pledges = facts.events["pledges"]
        lots, counts = np.unique(pledges["lot"], return_counts=True)
        pledging |= set(pledges["firm"].tolist())
        for lot in lots[counts > 1].tolist():
            same = pledges.take(pledges["lot"] == lot)
            assert len(np.unique(same["bank"])) == len(np.unique(same["warehouse"])) == 2
            twice |= set(same["firm"].tolist())
    cheating = set(_who(draw_world(SEED, YEAR_ENTERPRISES), cheats.DOUBLE_PLEDGE).tolist())
    assert twice == cheating & pledging
    assert twice


def _values(facts: Facts, firm: int) -> Integers:
    draws = Draws(SEED, facts.day)
    machine = np.flatnonzero(facts.world.machines.firm == firm)
    day = machines_today(facts, draws, machine)
    rows = block_readings(day, draws, Density.FULL, 3, "test")
    return np.column_stack(
        [rows[n] for n in ("machine", "minute", "value_0", "value_1", "value_2")]
    )


def test_frozen_sensors_never_move_and_replayed_ones_repeat_yesterday(
    last_days: list[Facts],
) -> None:
    before, today = last_days
    world = today.world
    for firm in _who(world, cheats.FROZEN_SENSORS).tolist():
        values = _values(today, firm)
        for machine in np.unique(values[:, 0]):
            assert len(np.unique(values[values[:, 0] == machine][:, 2:], axis=0)) == 1
    for firm in _who(world, cheats.REPLAYED_SENSORS).tolist():
        assert (_values(today, firm) == _values(before, firm)).all()
    honest = np.flatnonzero((world.firms.cheat == cheats.HONEST) & world.firms.is_maker)[0]
    mine, yesterday = _values(today, int(honest)), _values(before, int(honest))
    assert len(np.unique(mine[:, 2])) > 3
    assert mine.shape != yesterday.shape or (mine[:, 2] != yesterday[:, 2]).any()


def test_inflated_stock_is_reported_above_the_truth_and_honest_stock_as_it_is(
    last_days: list[Facts],
) -> None:
    facts = last_days[-1]
    firm, units = facts.world.products.firm, facts.state.product_units
    shown = reported_stock(facts, firm, units)
    inflates = facts.world.firms.cheat[firm] == cheats.INFLATED_STOCK
    assert (shown[inflates] > units[inflates] * 3 // 2).all()
    assert (shown[~inflates] == units[~inflates]).all()


def test_related_customers_share_the_owner_s_phone_and_buy_most(year: Year) -> None:
    world = year.world
    parties, relations = world.parties, world.relations
    for firm in _who(world, cheats.RELATED_CUSTOMERS).tolist():
        related = np.flatnonzero(parties.owner_of == firm)
        assert len(related) == cheats.RELATED_PARTIES
        assert {parties.phones[party] for party in related.tolist()} == {parties.phones[firm]}
        sales = (relations.supplier == firm) & (relations.kind == OUTSIDE_SALE)
        to_related = np.isin(relations.customer, related) & sales
        assert relations.daily_milli[to_related].sum() > relations.daily_milli[sales].sum() * 0.3


def test_a_shell_invoices_without_goods_pays_two_people_and_never_late(year: Year) -> None:
    shells = _who(year.world, cheats.PERFECT_SHELL)
    assert (_sold(year, True)[shells] > 0).all()
    assert not np.isin(year.world.products.firm, shells).any()
    assert (year.world.firms.wage_fen_a_month[shells] == 1_000_000).all()
    assert (year.end.default_day[shells] < 0).all()
