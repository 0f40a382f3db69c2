"""The invoices of the sample's firms, as arrays: what they sold and what they bought.

Amounts are whole cents, so that net plus tax is the total to the cent. The tax rates are those of
China's value-added tax: goods 17 %, from 2018-05-01 16 %, from 2019-04-01 13 %; services 6 %.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loomline.sample.firms import Firms, Floats

MONTHS = np.arange(np.datetime64("2017-09"), np.datetime64("2020-03"))
LAST_DAY = np.datetime64("2020-02-28")
# Trade in each calendar month from January against the mean; the spring festival is in February.
SEASON = np.array([0.9, 0.55, 1.05, 1.05, 1.05, 1.0, 1.0, 1.0, 1.1, 1.05, 1.1, 1.15])

BUYER_POOL = 260
SUPPLIER_POOL = 220
PURCHASE_COUNT = 1.3
RED_LETTER_RATIO = 0.02

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Invoices:
    """Invoices as arrays, one entry an invoice, in the order of issue; amounts in cents."""

    firm: Integers
    counterparty: Integers
    number: Integers
    issued_at: NDArray[np.datetime64]
    net: Integers
    tax: Integers
    is_voided: NDArray[np.bool_]

    @property
    def total(self) -> Integers:
        """Net plus tax, in cents."""
        return self.net + self.tax

    def __len__(self) -> int:
        """How many invoices there are."""
        return len(self.firm)


def _season() -> Floats:
    """The season's factor of each month of the sample."""
    calendar_month = MONTHS.astype(np.int64) % 12
    factors: Floats = SEASON[calendar_month]
    return factors


def _moments(rng: np.random.Generator, month: Integers) -> NDArray[np.datetime64]:
    """A second in working hours of a day of each month, none after the sample's last day."""
    first_day = MONTHS[month].astype("datetime64[D]")
    next_month = (MONTHS[month] + 1).astype("datetime64[D]")
    end = np.minimum(next_month, LAST_DAY + 1)
    days = (end - first_day).astype(np.int64)
    day = first_day + np.floor(rng.random(len(month)) * days).astype(np.int64)
    return day.astype("datetime64[s]") + rng.integers(8 * 3600, 19 * 3600, len(month))


def _tax(net: Integers, day: NDArray[np.datetime64], is_service: NDArray[np.bool_]) -> Integers:
    percent = np.select(
        [is_service, day < np.datetime64("2018-05-01"), day < np.datetime64("2019-04-01")],
        [6, 17, 16],
        13,
    )
    taxed: Integers = np.rint(net * percent / 100).astype(np.int64)
    return taxed


def _invoices(
    rng: np.random.Generator,
    firms: Firms,
    counts: Integers,
    counterparties: Integers,
    net_cny: Floats,
) -> Invoices:
    """Invoices from how many there are a firm and month, and each one's partner and amount."""
    firm, month = np.divmod(np.repeat(np.arange(counts.size), counts.ravel()), len(MONTHS))
    issued_at = _moments(rng, month)
    red = rng.random(len(firm)) < RED_LETTER_RATIO
    net = np.maximum(np.rint(net_cny * 100).astype(np.int64), 100) * np.where(red, -1, 1)
    order = np.lexsort((firm, issued_at))
    invoices = Invoices(
        firm=firm[order],
        counterparty=counterparties[order],
        number=10_000_000 + 37 * np.arange(len(firm)),
        issued_at=issued_at[order],
        net=net[order],
        tax=_tax(net, issued_at.astype("datetime64[D]"), firms.is_service[firm])[order],
        is_voided=(rng.random(len(firm)) < firms.voided_ratio[firm])[order],
    )
    return invoices


def make_sales(rng: np.random.Generator, firms: Firms) -> Invoices:
    """Invent the sales: growth, customers and their concentration are the firm's own."""
    age = np.arange(len(MONTHS)) - len(MONTHS) / 2
    rate = firms.sale_count[:, None] * np.exp(firms.sale_growth[:, None] * age) * _season()
    counts = rng.poisson(rate)
    firm = np.repeat(np.arange(len(firms)), counts.sum(axis=1))
    # A skewed draw: the first customers of a firm buy most.
    skew = firms.customer_skew[firm]
    rank = np.floor(firms.customer_count[firm] * rng.random(len(firm)) ** skew).astype(np.int64)
    customers = rng.integers(0, BUYER_POOL, (len(firms), int(firms.customer_count.max())))
    net_cny = firms.median_sale_cny[firm] * np.exp(rng.normal(0, 0.7, len(firm)))
    return _invoices(rng, firms, counts, customers[firm, rank], net_cny)


def make_purchases(rng: np.random.Generator, firms: Firms, sales: Invoices) -> Invoices:
    """Invent the purchases: what is spent is what is sold less the margin, evenly or in fits."""
    valid = np.where(sales.is_voided, 0, sales.net) / 100
    sold = np.bincount(sales.firm, weights=valid, minlength=len(firms))
    spent = np.maximum(sold * (1 - firms.margin_ratio), 10_000)
    regularity = firms.purchase_regularity[:, None]
    weight = rng.gamma(regularity, 1 / regularity, (len(firms), len(MONTHS))) * _season()
    counts = rng.poisson(PURCHASE_COUNT * np.sqrt(firms.sale_count)[:, None] * (0.3 + 0.7 * weight))
    cell = np.repeat(np.arange(counts.size), counts.ravel())
    firm = cell // len(MONTHS)
    share = weight.ravel()[cell] / counts.ravel()[cell] * np.exp(rng.normal(0, 0.6, len(cell)))
    share /= np.bincount(firm, weights=share, minlength=len(firms))[firm]
    suppliers = rng.integers(0, SUPPLIER_POOL, (len(firms), 12))
    rank = np.floor(12 * rng.random(len(cell)) ** 1.8).astype(np.int64)
    return _invoices(rng, firms, counts, suppliers[firm, rank], share * spent[firm])
