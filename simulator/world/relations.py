"""Who trades with whom: the relations along which orders, invoices and payments run.

Within the ecosystem goods only flow from an outer tier to an inner one, so that the graph has no
cycle but for those that are planted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator import figures
from simulator.frame import Frame, joined, make_frame, total_by
from simulator.randomness import Draws, Integers
from simulator.world import cheats
from simulator.world.firms import Firms
from simulator.world.products import Materials, Products, Recipes, material_permille
from simulator.world.trades import LOGISTICS, MAKER_TRADES, SERVICE, TIER_THREE, WAREHOUSE

# Kinds of relations: intermediates within the ecosystem, sales to outsiders, raw material bought of
# outsiders, services, and planted ones without goods.
SUPPLY, OUTSIDE_SALE, RAW_PURCHASE, FREIGHT, STORAGE, PLANTED = range(6)

TERM_DAYS = np.array([7, 15, 30, 30, 45, 60, 90], dtype=np.int64)
ORDER_INTERVALS = np.array([3, 5, 7, 7, 10, 14, 21, 30], dtype=np.int64)
OUTSIDE_SERVICE_CUSTOMERS = 8
# What a carrier or a warehouse takes, in thousandths of its customer's turnover.
SERVICE_FEE_PERMILLE = 15
LONGEST_INTERVAL = 480
# How seldom the customers of a firm order against the usual, in hundredths: some firms write an
# invoice a week, others twenty a day.
PACE = (25, 35, 60, 120, 230, 380, 600, 850, 1050, 1400, 1700)
USUAL_TURNOVER_FEN_A_DAY = 800_000

COLUMNS = (
    "supplier", "customer", "kind", "product", "material", "share_permille", "interval", "phase",
    "term_days", "price_permille", "tax_percent", "daily_milli",
)  # fmt: skip


@dataclass(frozen=True)
class Relations:
    """One entry a relation; `supplier` and `customer` are parties.

    `share_permille` is the relation's part of what the customer's material needs, `daily_milli` the
    mean units a day in thousandths (for services: fen a day), `interval` the days between orders.
    """

    supplier: Integers
    customer: Integers
    kind: Integers
    product: Integers
    material: Integers
    share_permille: Integers
    interval: Integers
    phase: Integers
    term_days: Integers
    price_permille: Integers
    tax_percent: Integers
    daily_milli: Integers

    def __len__(self) -> int:
        """How many relations there are."""
        return len(self.supplier)


def _skewed(draws: Draws, stream: str, size: int) -> Integers:
    """Positions in millionths, crowded near zero: some suppliers serve many."""
    even = draws.integers(stream, 0, 1_000_000, size)
    skewed: Integers = even * even // 1_000_000
    return skewed


def supply_relations(draws: Draws, firms: Firms, products: Products, materials: Materials) -> Frame:
    """Two suppliers or so for each intermediate, from the next tier or the one after it."""
    bought = np.flatnonzero(~materials.is_raw)
    material = np.repeat(bought, draws.integers("supplier count", 1, 4, len(bought)))
    tier = firms.tier[materials.firm[material]] + 1
    tier += (draws.integers("tier skip", 0, 100, len(material)) < 20).astype(np.int64)
    tier = np.minimum(tier, TIER_THREE)
    position = _skewed(draws, "supplier", len(material))
    product = np.full(len(material), -1, dtype=np.int64)
    seller_trade, seller_tier = firms.trade[products.firm], firms.tier[products.firm]
    order = draws.generator("supplier order").permutation(len(products))
    for trade in range(MAKER_TRADES):
        for level in range(1, TIER_THREE + 1):
            wanted = (materials.trade[material] == trade) & (tier == level)
            offered = order[(seller_trade[order] == trade) & (seller_tier[order] == level)]
            if len(offered):
                product[wanted] = offered[position[wanted] * len(offered) // 1_000_000]
    found = product >= 0
    pair = np.unique(np.column_stack([material[found], product[found]]), axis=0)
    material, product = pair[:, 0], pair[:, 1]
    weight = draws.integers("supply share", 20, 100, len(material))
    share = weight * 1000 // total_by(material, weight, len(materials))[material]
    return make_frame(
        len(material),
        supplier=products.firm[product],
        customer=materials.firm[material],
        kind=SUPPLY,
        product=product,
        material=material,
        share_permille=share,
        daily_milli=0,
        interval=0,
    )


def raw_relations(
    draws: Draws, firms: Firms, materials: Materials, supplied: Frame, parties: int
) -> Frame:
    """Two outside suppliers for each raw material, and for what the ecosystem does not make."""
    without = np.ones(len(materials), dtype=np.bool_)
    without[supplied["material"]] = False
    material = np.repeat(np.flatnonzero(without), 2)
    first_seller = len(firms) + (parties - len(firms)) // 2
    return make_frame(
        len(material),
        supplier=draws.integers("raw supplier", first_seller, parties, len(material)),
        customer=materials.firm[material],
        kind=RAW_PURCHASE,
        product=-1,
        material=material,
        share_permille=np.tile(np.array([650, 350]), len(material) // 2),
        daily_milli=0,
        interval=0,
    )


def _outside_services(draws: Draws, firms: Firms, parties: int) -> Frame:
    """Customers of logistics firms and warehouses outside the ecosystem."""
    sellers = np.repeat(np.flatnonzero(~firms.is_maker), OUTSIDE_SERVICE_CUSTOMERS)
    half = (parties - len(firms)) // 2
    size = draws.integers("service size", 300, 1000, len(sellers))
    return make_frame(
        len(sellers),
        supplier=sellers,
        customer=draws.integers("service customer", len(firms), len(firms) + half, len(sellers)),
        kind=np.where(firms.trade[sellers] == LOGISTICS, FREIGHT, STORAGE),
        product=-1,
        material=-1,
        share_permille=1000,
        daily_milli=firms.turnover_fen_a_day[sellers] * size // 1000 // OUTSIDE_SERVICE_CUSTOMERS,
        interval=0,
    )


def service_relations(draws: Draws, firms: Firms, parties: int) -> Frame:
    """A carrier for each maker, a warehouse for a third of them, and services to outsiders."""
    makers = np.flatnonzero(firms.is_maker & ~firms.is_shell)
    frames = [_outside_services(draws, firms, parties)]
    for stream, trade, kind, share in (
        ("carrier", LOGISTICS, FREIGHT, 100),
        ("storage", WAREHOUSE, STORAGE, 35),
    ):
        sellers = np.flatnonzero(firms.trade == trade)
        uses = draws.integers(f"{stream} used", 0, 100, len(makers)) < share
        # Who pledges stock twice stores it with someone in the first place.
        users = makers[uses | (firms.cheat[makers] == cheats.DOUBLE_PLEDGE)]
        chosen = _skewed(draws, stream, len(users)) * len(sellers) // 1_000_000
        frames.append(
            make_frame(
                len(users),
                supplier=sellers[chosen],
                customer=users,
                kind=kind,
                product=-1,
                material=-1,
                share_permille=1000,
                daily_milli=firms.turnover_fen_a_day[users] * SERVICE_FEE_PERMILLE // 1000,
                interval=0,
            )
        )
    return joined(frames)


def expected_daily_value(
    firms: Firms, products: Products, materials: Materials, supplied: Frame
) -> tuple[Integers, Integers]:
    """Mean sales a day of each firm, within the ecosystem and outside it; fen, shape (firms,).

    Inner tiers come first: what they make is what the next tier sells.
    """
    inside = np.zeros(len(firms), dtype=np.int64)
    outside = np.zeros(len(firms), dtype=np.int64)
    spent = material_permille(firms)
    second = np.arange(len(materials)) % 2
    part = np.where(second == 1, 1, 2)
    for tier in range(SERVICE):
        level = firms.tier == tier
        floor = firms.turnover_fen_a_day // 10
        outside[level] = np.maximum(firms.turnover_fen_a_day - inside, floor)[level]
        bought = (inside + outside) * spent // 1000
        mine = supplied.take(firms.tier[supplied["customer"]] == tier)
        value = bought[mine["customer"]] * part[mine["material"]] // 3
        np.add.at(inside, mine["supplier"], value * mine["share_permille"] // 1000)
    return inside, outside


def outside_sales(
    draws: Draws,
    firms: Firms,
    products: Products,
    outside: Integers,
    parties: int,
    owner_of: Integers,
) -> Frame:
    """Customers outside the ecosystem, as many and as unequal as in the real invoices."""
    counts = draws.from_table("customer count", figures.CUSTOMERS, len(products))
    counts = np.maximum(counts * products.share_permille // 1000, 1)
    product = np.repeat(np.arange(len(products)), counts)
    rank = np.arange(len(product)) - np.repeat(np.cumsum(counts) - counts, counts)
    firm = products.firm[product]
    last_buyer = len(firms) + (parties - len(firms)) // 2
    customer = draws.integers("customer", len(firms), last_buyer, len(product))
    is_related = np.zeros(len(product), dtype=np.bool_)
    owned = {
        owner: np.flatnonzero(owner_of == owner) for owner in np.unique(owner_of[owner_of >= 0])
    }
    for owner, parties_owned in owned.items():
        best = np.flatnonzero((firm == owner) & (rank < cheats.RELATED_PARTIES))
        is_related[best] = True
        customer[best] = parties_owned[np.arange(len(best)) % len(parties_owned)]
    weight = (
        1_000_000 // (rank + 1) * draws.integers("customer size", 300, 1000, len(product)) // 1000
    )
    # Whom the owner owns buys what he likes.
    weight = np.where(is_related, weight * 3, weight)
    total = total_by(product, weight, len(products))[product]
    value = outside[firm] * products.share_permille[product] // 1000
    daily = value * weight // total * 1000 // products.price_fen[product]
    # Small customers order seldom, and those of small firms more seldom still.
    size = np.sqrt(firms.turnover_fen_a_day / USUAL_TURNOVER_FEN_A_DAY)
    slowness = np.rint(draws.from_table("pace", PACE, len(firms)) / size).astype(np.int64)
    pace = np.maximum(slowness, 15)[firm]
    usual = ORDER_INTERVALS[
        draws.integers("outside interval", 0, len(ORDER_INTERVALS), len(product))
    ]
    return make_frame(
        len(product),
        supplier=firm,
        customer=customer,
        kind=OUTSIDE_SALE,
        product=product,
        material=-1,
        share_permille=1000,
        daily_milli=daily,
        interval=np.clip(usual * (1 + rank) * pace // 100, 1, LONGEST_INTERVAL),
    )


def planted_relations(draws: Draws, firms: Firms, parties: int) -> Frame:
    """Relations along which only paper moves: phantom sales, circles, a shell's perfect trade."""
    count, half = len(firms), (parties - len(firms)) // 2
    sellers, buyers, daily = [], [], []
    for kind, customers, share in (
        (cheats.PHANTOM_INVOICES, 2, 600),
        (cheats.PERFECT_SHELL, 6, 1000),
    ):
        firm = np.repeat(np.flatnonzero(firms.cheat == kind), customers)
        value = firms.turnover_fen_a_day[firm] * share // 1000 // customers
        buyer = draws.integers(f"planted buyer {kind}", count, count + half, len(firm))
        seller = draws.integers(f"planted seller {kind}", count + half, parties, len(firm))
        sellers += [firm, seller]
        buyers += [buyer, firm]
        # What comes in goes out again, less a little for the accomplice.
        daily += [value, value * 97 // 100]
    circle = np.flatnonzero(firms.cheat_group >= 0)
    circle = circle[np.argsort(firms.cheat_group[circle], kind="stable")]
    following = circle.reshape(-1, cheats.CIRCLE)
    sellers.append(circle)
    buyers.append(np.roll(following, -1, axis=1).ravel())
    least = firms.turnover_fen_a_day[following].min(axis=1) if len(circle) else circle
    daily.append(np.repeat(least * 70 // 100, cheats.CIRCLE))
    seller, buyer = np.concatenate(sellers), np.concatenate(buyers)
    return make_frame(
        len(seller),
        supplier=seller,
        customer=buyer,
        kind=PLANTED,
        product=-1,
        material=-1,
        share_permille=1000,
        daily_milli=np.concatenate(daily),
        interval=0,
    )


def draw_relations(
    draws: Draws, firms: Firms, products: Products, materials: Materials, owner_of: Integers
) -> Relations:
    """All relations; `owner_of` has one entry a party."""
    parties = len(owner_of)
    supplied = supply_relations(draws, firms, products, materials)
    _, outside = expected_daily_value(firms, products, materials, supplied)
    parts = [
        supplied,
        outside_sales(draws, firms, products, outside, parties, owner_of),
        raw_relations(draws, firms, materials, supplied, parties),
        service_relations(draws, firms, parties),
        planted_relations(draws, firms, parties),
    ]
    table = joined(parts)
    size, kind, material = len(table), table["kind"], table["material"]
    # A firm orders a material of all its suppliers on the same days.
    goods = material >= 0
    phase = draws.integers("phase", 0, 1 << 20, size)
    phase[goods] = draws.integers("material phase", 0, 1 << 20, len(materials))[material[goods]]
    places = draws.integers("material interval", 3, len(ORDER_INTERVALS), len(materials))
    interval = np.where(table["interval"] > 0, table["interval"], 30)
    interval[goods] = ORDER_INTERVALS[places[material[goods]]]
    interval[kind == PLANTED] = 7
    term = TERM_DAYS[draws.integers("term", 0, len(TERM_DAYS), size)]
    table = table.with_columns(
        interval=interval,
        phase=phase % interval,
        term_days=np.where(kind == SUPPLY, np.maximum(term, 30), term),
        price_permille=draws.integers("relation price", 960, 1041, size),
        tax_percent=np.select([kind == FREIGHT, kind == STORAGE], [9, 6], 13),
    )
    return Relations(**{name: table[name] for name in COLUMNS})


def expected_units(
    firms: Firms, products: Products, materials: Materials, recipes: Recipes, relations: Relations
) -> tuple[Integers, Integers]:
    """Mean units a day made of each product and used of each material, in thousandths."""
    made = np.zeros(len(products), dtype=np.int64)
    used = np.zeros(len(materials), dtype=np.int64)
    outside = relations.kind == OUTSIDE_SALE
    np.add.at(made, relations.product[outside], relations.daily_milli[outside])
    supply = np.flatnonzero(relations.kind == SUPPLY)
    for tier in range(SERVICE):
        lines = np.flatnonzero(firms.tier[products.firm[recipes.product]] == tier)
        need = made[recipes.product[lines]] * recipes.per_thousand[lines] // 1000
        np.add.at(used, recipes.material[lines], need)
        sold = supply[firms.tier[relations.customer[supply]] == tier]
        units = used[relations.material[sold]] * relations.share_permille[sold] // 1000
        np.add.at(made, relations.product[sold], units)
    return made, used
