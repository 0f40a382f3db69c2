"""The world: who is in it, who trades with whom, and which codes hold."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.frame import fill_in_order, total_by
from simulator.randomness import Draws
from simulator.world import cheats
from simulator.world.codes import ALPHABET, is_credit_code
from simulator.world.draw import draw_world
from simulator.world.relations import SUPPLY

worlds = st.integers(min_value=0, max_value=10_000)


@settings(max_examples=8, deadline=None)
@given(seed=worlds)
def test_goods_only_flow_inward_so_that_trade_has_no_cycle_but_planted_ones(seed: int) -> None:
    world = draw_world(seed, 150)
    supply = world.relations.kind == SUPPLY
    seller = world.firms.tier[world.relations.supplier[supply]]
    buyer = world.firms.tier[world.relations.customer[supply]]
    assert (seller > buyer).all()


@settings(max_examples=8, deadline=None)
@given(seed=worlds)
def test_about_three_percent_of_firms_cheat_and_circles_are_whole(seed: int) -> None:
    firms = draw_world(seed, 400).firms
    assert 0.025 <= (firms.cheat > 0).mean() <= 0.04
    members = np.bincount(firms.cheat_group[firms.cheat == cheats.CIRCULAR_TRADE])
    assert (members == cheats.CIRCLE).all()
    assert len(np.unique(firms.cheat)) == len(cheats.CHEAT_NAMES)


def test_names_and_codes_are_unique_and_every_check_digit_holds() -> None:
    parties = draw_world(1, 500).parties
    assert len(set(parties.names)) == len(set(parties.credit_codes)) == len(parties)
    assert all(is_credit_code(code) for code in parties.credit_codes)


@settings(max_examples=50, deadline=None)
@given(place=st.integers(0, 17), sign=st.sampled_from(ALPHABET))
def test_a_code_with_one_wrong_sign_does_not_hold(place: int, sign: str) -> None:
    code = draw_world(1, 40).parties.credit_codes[0]
    wrong = code[:place] + sign + code[place + 1 :]
    assert is_credit_code(wrong) == (wrong == code)


def test_a_thousand_enterprises_have_a_few_thousand_trade_relations_among_them() -> None:
    relations = draw_world(1, 1000).relations
    inside = (relations.supplier < 1000) & (relations.customer < 1000)
    pairs = np.unique(
        np.column_stack([relations.supplier[inside], relations.customer[inside]]), axis=0
    )
    assert 2_000 < len(pairs) < 6_000


@settings(max_examples=60, deadline=None)
@given(
    claims=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 50)), max_size=40),
    available=st.lists(st.integers(0, 120), min_size=5, max_size=5),
)
def test_claims_are_served_as_one_clerk_would_one_after_the_other(
    claims: list[tuple[int, int]], available: list[int]
) -> None:
    left, expected = list(available), []
    for group, wanted in claims:
        served = min(wanted, left[group])
        left[group] -= served
        expected.append(served)
    group, wanted = (
        np.array([claim[place] for claim in claims], dtype=np.int64) for place in (0, 1)
    )
    served = fill_in_order(group, wanted, np.array(available))
    assert served.tolist() == expected
    assert total_by(group, served, 5).tolist() == [
        before - after for before, after in zip(available, left, strict=True)
    ]


def test_one_stream_never_shifts_another() -> None:
    draws = Draws(3, 10)
    alone = draws.integers("b", 0, 1000, 5)
    draws.integers("a", 0, 1000, 500)
    assert (draws.integers("b", 0, 1000, 5) == alone).all()
    assert (Draws(3, 11).integers("b", 0, 1000, 5) != alone).any()
