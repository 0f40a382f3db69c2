"""The invented firms of the sample, and what in their nature leads some of them to default.

Every firm has a latent quality. Weak firms tend to earn thin margins, lose sales, void more
invoices, depend on few customers and buy in fits and starts; the worse these are, the likelier the
firm defaults. Chance has its say too, so that a model finds something, but not everything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FIRM_COUNT = 160
OUTCOME_COUNT = 120
DEFAULT_COUNT = 24

FIRST_OUTCOME_DAY = np.datetime64("2018-09-03")
LAST_OUTCOME_DAY = np.datetime64("2020-02-20")

TRADES = ("织造", "印染", "注塑", "五金", "铸造", "包装", "电子", "食品机械", "家具", "物流")
SERVICE_TRADE = "物流"

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Firms:
    """The firms as arrays, one entry a firm; money in CNY, rates a month."""

    codes: list[str]
    names: list[str]
    is_service: NDArray[np.bool_]
    sale_count: Floats
    sale_growth: Floats
    median_sale_cny: Floats
    margin_ratio: Floats
    voided_ratio: Floats
    customer_count: NDArray[np.int64]
    customer_skew: Floats
    purchase_regularity: Floats
    has_outcome: NDArray[np.bool_]
    is_default: NDArray[np.bool_]
    outcome_day: NDArray[np.datetime64]

    def __len__(self) -> int:
        """How many firms there are."""
        return len(self.codes)


def _spread(rng: np.random.Generator, quality: Floats, share: float) -> Floats:
    """A trait of unit variance of which `share` (a correlation) comes from the firm's quality."""
    own: Floats = rng.standard_normal(len(quality))
    return share * quality + np.sqrt(1 - share**2) * own


def _defaults(
    rng: np.random.Generator, strength: Floats, has_outcome: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """The firms that default: the weakest of those with an outcome, once chance is added."""
    luck = strength + rng.logistic(scale=0.75, size=len(strength))
    luck[~has_outcome] = np.inf
    chosen = np.zeros(len(strength), dtype=np.bool_)
    chosen[np.argsort(luck, kind="stable")[:DEFAULT_COUNT]] = True
    return chosen


def make_firms(rng: np.random.Generator) -> Firms:
    """Invent the firms."""
    quality: Floats = rng.standard_normal(FIRM_COUNT)
    margin, growth, care, breadth, regularity = (
        _spread(rng, quality, share) for share in (0.75, 0.7, 0.7, 0.6, 0.6)
    )
    strength = (1.2 * margin + 1.1 * growth + 0.8 * care + 0.6 * breadth + 0.6 * regularity) / 2
    has_outcome = np.zeros(FIRM_COUNT, dtype=np.bool_)
    has_outcome[rng.permutation(FIRM_COUNT)[:OUTCOME_COUNT]] = True
    days = int((LAST_OUTCOME_DAY - FIRST_OUTCOME_DAY) / np.timedelta64(1, "D"))
    trades = rng.integers(0, len(TRADES), FIRM_COUNT)
    codes = [f"S{number:03d}" for number in range(1, FIRM_COUNT + 1)]
    return Firms(
        codes=codes,
        names=[
            f"样例{code[1:]}号{TRADES[trade]}有限公司"
            for code, trade in zip(codes, trades, strict=True)
        ],
        is_service=trades == TRADES.index(SERVICE_TRADE),
        sale_count=np.clip(np.exp(rng.normal(np.log(1.7), 0.5, FIRM_COUNT)), 0.7, 7),
        sale_growth=0.004 + 0.016 * growth,
        median_sale_cny=np.exp(rng.normal(np.log(30_000), 0.8, FIRM_COUNT)),
        margin_ratio=np.clip(0.2 + 0.1 * margin, -0.15, 0.5),
        voided_ratio=np.clip(0.05 * np.exp(-0.5 * care), 0.005, 0.3),
        customer_count=np.clip(np.round(9 + 4 * breadth), 2, 24).astype(np.int64),
        customer_skew=np.exp(0.6 - 0.3 * breadth),
        purchase_regularity=np.exp(1.0 + 0.8 * regularity),
        has_outcome=has_outcome,
        is_default=_defaults(rng, strength, has_outcome),
        outcome_day=FIRST_OUTCOME_DAY + rng.integers(0, days + 1, FIRM_COUNT),
    )
