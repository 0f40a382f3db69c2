"""The parties of the ecosystem: its enterprises, and the outsiders that they trade with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator import figures
from simulator.randomness import Draws, Flags, Integers, spread
from simulator.world import cheats
from simulator.world.codes import credit_codes
from simulator.world.names import firm_names, person_names
from simulator.world.trades import (
    CORE,
    LOGISTICS,
    MAKER_TRADES,
    REGIONS,
    SERVICE,
    TIER_ONE,
    TIER_THREE,
    TIER_TWO,
    TRADES,
    WAREHOUSE,
)

OUTSIDERS_A_FIRM = 3
ORDINARY_OUTSIDERS = 60
# Systems that a firm may use; each set of systems has its own dialect.
MES_CSV, MES_NONE = 1, 0
ERP_NONE, ERP_SAP, ERP_DOMESTIC = 0, 1, 2
SENSORS_A, SENSORS_B, SENSORS_OPC_UA = 0, 1, 2
BANKS = 2

# Margins in thousandths of turnover, before what chance takes; a twentieth of firms loses money.
MARGIN_PERMILLE = (-60, -40, -8, 8, 28, 56, 90, 130, 150, 180, 200)
# Cash in days of turnover.
CASH_DAYS = (3, 4, 6, 9, 15, 27, 45, 70, 95, 140, 180)
# How good a firm is at its work, in thousandths: it spoils less or more than the mean.
SKILL_PERMILLE = (820, 850, 900, 925, 960, 1000, 1030, 1055, 1070, 1100, 1120)


@dataclass(frozen=True)
class Firms:
    """The enterprises, shape (enterprises,); money in fen, shares in thousandths.

    `tier` is 0 for core enterprises up to 3, and 4 for logistics firms and warehouses.
    """

    trade: Integers
    tier: Integers
    region: Integers
    turnover_fen_a_day: Integers
    margin_permille: Integers
    skill_permille: Integers
    care_permille: Integers
    cash_days: Integers
    late_permille: Integers
    voided_permille: Integers
    invoice_cap_fen: Integers
    wage_fen_a_month: Integers
    expenses_a_month_tenths: Integers
    founded_day: Integers
    mes: Integers
    erp: Integers
    sensors: Integers
    bank: Integers
    cheat: Integers
    cheat_group: Integers
    cheat_day: Integers
    shock_day: Integers

    def __len__(self) -> int:
        """How many enterprises there are."""
        return len(self.trade)

    @property
    def is_maker(self) -> Flags:
        """Whether the firm makes goods."""
        flags: Flags = self.trade < MAKER_TRADES
        return flags

    @property
    def is_shell(self) -> Flags:
        """Whether the firm only exists on paper."""
        flags: Flags = self.cheat == cheats.PERFECT_SHELL
        return flags


@dataclass(frozen=True)
class Parties:
    """All who trade: enterprises first, then outsiders; texts by party index.

    `owner_of` is the enterprise whose owner also owns the party, or -1; `fill_permille` what an
    outside supplier delivers of what is ordered.
    """

    names: list[str]
    english_names: list[str]
    credit_codes: list[str]
    regions: Integers
    trades: Integers
    legal_people: list[str]
    phones: list[str]
    addresses: list[str]
    owner_of: Integers
    fill_permille: Integers

    def __len__(self) -> int:
        """How many parties there are."""
        return len(self.names)


def _tiers(count: int) -> Integers:
    """Tier of each firm, core enterprises first, services last."""
    cores, services = max(2, count * 2 // 100), max(3, count * 7 // 100)
    first, second = count * 20 // 100, count * 33 // 100
    third = count - cores - services - first - second
    sizes = [cores, first, second, third, services]
    return np.repeat(np.array([CORE, TIER_ONE, TIER_TWO, TIER_THREE, SERVICE]), sizes)


def _erp(position: Integers, is_big: Flags) -> Integers:
    """The ERP package of each firm, from positions below 1000; big firms mostly have SAP's."""
    has_sap = (position < 250) | (is_big & (position < 700))
    erp: Integers = np.select([has_sap, position < 850], [ERP_SAP, ERP_DOMESTIC], ERP_NONE)
    return erp


def draw_firms(draws: Draws, count: int) -> Firms:
    """Draw the enterprises, cheats among them."""
    tier = _tiers(count)
    trade = draws.integers("trade", 0, MAKER_TRADES, count)
    services = np.flatnonzero(tier == SERVICE)
    trade[services] = np.where(np.arange(len(services)) % 3 == 2, WAREHOUSE, LOGISTICS)
    cores = np.flatnonzero(tier == CORE)
    trade[cores] = np.arange(len(cores)) % MAKER_TRADES
    # A third: what the ecosystem itself orders comes on top.
    monthly = draws.from_table("turnover", figures.TURNOVER_CNY_A_MONTH, count) // 3
    monthly = np.where(tier == CORE, np.maximum(monthly, 700_000) * 12, monthly)
    wage_permille = np.array([kind.wage_permille for kind in TRADES])[trade]
    kind, group = cheats.draw_cheats(draws, tier, trade)
    quality = draws.integers("quality", 0, 1_000_000, count)
    own = draws.integers("own margin", 0, 1_000_000, count)
    # A weak firm tends to be weak in several things, never in all of them for certain.
    margin = spread((quality + own) // 2, MARGIN_PERMILLE) * 26 // 10 - 100
    shocked = np.full(count, -1, dtype=np.int64)
    failing = draws.generator("failing cores").permutation(cores)[: max(1, len(cores) // 8)]
    shocked[failing] = draws.integers("shock day", 40, 140, len(failing))
    erp_draw = draws.integers("erp", 0, 1000, count)
    big = monthly > 1_500_000
    return Firms(
        trade=trade,
        tier=tier,
        region=draws.integers("region", 0, len(REGIONS), count),
        turnover_fen_a_day=monthly * 100 // 30,
        margin_permille=np.where(kind == cheats.PERFECT_SHELL, 30, margin),
        skill_permille=draws.from_table("skill", SKILL_PERMILLE, count),
        care_permille=draws.integers("care", 300, 1001, count),
        cash_days=draws.from_table("cash days", CASH_DAYS, count) * (700 + quality // 2000) // 1000,
        late_permille=draws.integers("late habit", 60, 650, count),
        # Firms with many invoices void fewer: the share of all is below the median's.
        voided_permille=draws.from_table("voided", figures.VOIDED_PERMILLE, count) * 7 // 10,
        invoice_cap_fen=np.array(figures.INVOICE_CAPS_FEN)[
            np.digitize(monthly, [60_000, 3_000_000])
        ],
        wage_fen_a_month=monthly * 100 * wage_permille // 1000,
        expenses_a_month_tenths=draws.from_table("expenses", figures.EXPENSES_A_MONTH, count) * 10,
        founded_day=-draws.integers("founded", 400, 9000, count),
        mes=((draws.integers("mes", 0, 100, count) < 60) & (trade < MAKER_TRADES)).astype(np.int64),
        erp=np.where(
            kind == cheats.INFLATED_STOCK,
            np.where(big, ERP_SAP, ERP_DOMESTIC),
            _erp(erp_draw, big),
        ),
        sensors=draws.integers("sensors", 0, 3, count),
        bank=draws.integers("bank", 0, BANKS, count),
        cheat=kind,
        cheat_group=group,
        cheat_day=np.where(kind > 0, draws.integers("cheat day", 5, 60, count), -1),
        shock_day=shocked,
    )


def draw_parties(draws: Draws, firms: Firms) -> Parties:
    """Draw names, codes, owners and addresses of enterprises and outsiders."""
    count = len(firms)
    outside = OUTSIDERS_A_FIRM * count + ORDINARY_OUTSIDERS
    size = count + outside
    region = np.concatenate(
        [firms.region, draws.integers("outside region", 0, len(REGIONS), outside)]
    )
    trade = np.concatenate([firms.trade, draws.integers("outside trade", 0, MAKER_TRADES, outside)])
    names, english = firm_names(draws, region, trade)
    people = person_names(draws, "legal person", size)
    phones = [f"1{30 + n % 60}{n:08d}" for n in draws.integers("phone", 0, 10**8, size).tolist()]
    house = draws.integers("house", 1, 400, size).tolist()
    addresses = [
        f"{REGIONS[area][1]}省{REGIONS[area][2]}市{road}{number}号"
        for area, number, road in zip(
            region.tolist(), house, cheats.road_names(draws, size), strict=True
        )
    ]
    owner_of = cheats.related_owners(draws, firms.cheat, size)
    for party in np.flatnonzero(owner_of >= 0).tolist():
        owner = int(owner_of[party])
        people[party], phones[party] = people[owner], phones[owner]
        addresses[party] = addresses[owner]
    serial = 10_000_000 + draws.generator("serial").permutation(80_000_000 // 997)[:size] * 997
    codes = credit_codes(np.array([REGIONS[area][0] for area in region.tolist()]), serial)
    return Parties(
        names=names,
        english_names=english,
        credit_codes=codes,
        regions=region,
        trades=trade,
        legal_people=people,
        phones=phones,
        addresses=addresses,
        owner_of=owner_of,
        fill_permille=draws.from_table("fill", figures.DELIVERED_PERMILLE, size),
    )
