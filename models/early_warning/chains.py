"""Which enterprises belong to one chain, so that whole chains can be held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

# A group with such a share of all enterprises is no chain among others.
LARGEST_SHARE = 0.5


@dataclass(frozen=True)
class Chains:
    """The chain of each enterprise, by enterprise, named by its first member in order of names.

    `is_by_customer` says whether chains are trees of main customers; `crossing_ratio` is the share
    of traded money that crosses chains.
    """

    chain_of: dict[str, str]
    is_by_customer: bool
    crossing_ratio: float


def _groups(
    enterprises: Sequence[str], sellers: pd.Series[str], buyers: pd.Series[str]
) -> dict[str, str]:
    """The first member of each enterprise's connected group."""
    names = sorted(enterprises)
    places = pd.Index(names)
    at = places.get_indexer(pd.Index(sellers)), places.get_indexer(pd.Index(buyers))
    graph = coo_array((np.ones(len(sellers)), at), shape=(len(names), len(names)))
    _, group = connected_components(graph, directed=False)
    first = pd.Series(names).groupby(group).transform("first")
    return dict(zip(names, first, strict=True))


def main_customers(sales: pd.DataFrame) -> pd.DataFrame:
    """Of each seller the row of the buyer that it sells most to, the first by name of equals."""
    ordered = sales.sort_values(["amount", "buyer"], ascending=[False, True], kind="stable")
    return ordered.drop_duplicates("seller")


def find_chains(enterprises: Sequence[str], sales: pd.DataFrame) -> Chains:
    """The chains of enterprises by who sells to whom.

    `sales` has `seller`, `buyer` and `amount`, a row a pair; pairs with others than the enterprises
    and sales to oneself don't count. A chain is a connected group, unless one of them holds half of
    the enterprises: then it is a group that is connected by each one's main customer.
    """
    known = set(enterprises)
    ours = sales[sales.seller.isin(known) & sales.buyer.isin(known) & (sales.seller != sales.buyer)]
    found = _groups(enterprises, ours.seller, ours.buyer)
    largest = pd.Series(found).value_counts().max()
    is_by_customer = bool(largest >= LARGEST_SHARE * len(found))
    if is_by_customer:
        main = main_customers(ours)
        found = _groups(enterprises, main.seller, main.buyer)
    crosses = ours.seller.map(found) != ours.buyer.map(found)
    traded = float(ours.amount.sum())
    crossing = float(ours.amount[crosses].sum()) / traded if traded > 0 else 0.0
    return Chains(found, is_by_customer, crossing)
