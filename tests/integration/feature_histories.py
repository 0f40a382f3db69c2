"""Small invoice histories, and their features worked out the slow and obvious way."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from statistics import fmean, median, pstdev
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Invoice:
    """One row of silver.invoice, as far as features look at it."""

    counterparty_id: str
    direction: str
    issue_date: date
    net_cny: Decimal
    tax_cny: Decimal
    is_valid: bool = True
    known_late: bool = False
    superseded: str = "never"

    @property
    def total_cny(self) -> Decimal:
        return self.net_cny + self.tax_cny

    @property
    def is_red(self) -> bool:
        return self.total_cny < 0

    @property
    def month(self) -> int:
        """Months since year 0."""
        return self.issue_date.year * 12 + self.issue_date.month - 1

    @property
    def known_at(self) -> datetime:
        known = (
            datetime(2020, 6, 1)
            if self.known_late
            else datetime.combine(self.issue_date + timedelta(days=1), datetime.min.time())
        )
        return known.replace(tzinfo=ZONE)

    @property
    def superseded_at(self) -> datetime | None:
        moments = {"in time": datetime(2020, 2, 1), "late": datetime(2020, 6, 2)}
        moment = moments.get(self.superseded)
        return moment.replace(tzinfo=ZONE) if moment is not None else None

    @property
    def stands(self) -> bool:
        """Whether it is known and stands at the end of February 2020."""
        return not self.known_late and self.superseded != "in time"

    def moved(self, months: int) -> Invoice:
        """The same invoice that many months earlier; the day of the month stays."""
        year, month = divmod(self.month - months, 12)
        return replace(self, issue_date=self.issue_date.replace(year=year, month=month + 1))


History = list[Invoice]


def random_history(generator: random.Random) -> History:
    """Up to 60 invoices of two years, with few counterparties, voided and red-letter ones."""
    first = date(2018, 1, 1) + timedelta(days=generator.randrange(300))
    history = []
    for _ in range(generator.randrange(61)):
        issued = first + timedelta(days=generator.randrange(420))
        net = Decimal(generator.randrange(1, 5_000_00)) / 100
        sign = -1 if generator.random() < 0.15 else 1
        rate = generator.choice([Decimal("0"), Decimal("0.03"), Decimal("0.17")])
        history.append(
            Invoice(
                counterparty_id=generator.choice("ABCDE"),
                direction=generator.choice(["sale", "purchase"]),
                issue_date=issued.replace(day=min(issued.day, 28)),
                net_cny=sign * net,
                tax_cny=(sign * net * rate).quantize(Decimal("0.01")),
                is_valid=generator.random() > 0.2,
                superseded=generator.choice(["never"] * 8 + ["in time", "late"]),
            )
        )
    return history


def span_months(history: History) -> int:
    """Months from the first to the last valid invoice, both counted."""
    months = [x.month for x in history if x.is_valid and x.stands]
    return max(months) - min(months) + 1 if months else 0


def _ratio(above: float | Decimal, below: float | Decimal) -> float | None:
    return float(above) / float(below) if below else None


def _net(rows: History) -> Decimal:
    return sum((x.net_cny for x in rows), Decimal(0))


def _tax(rows: History) -> Decimal:
    return sum((x.tax_cny for x in rows), Decimal(0))


def _total(rows: History) -> Decimal:
    return sum((x.total_cny for x in rows), Decimal(0))


def _positive(value: float | Decimal, give: Callable[[], float | None]) -> float | None:
    return give() if value > 0 else None


def expected_features(everything: History, as_of: date) -> dict[str, float | None]:
    """Every feature of an enterprise with this history; None where it has no meaning."""
    history = [x for x in everything if x.stands]
    found: dict[str, float | None] = {}
    valid = [x for x in history if x.is_valid]
    year_ago, two_years_ago = as_of.replace(year=2019, day=28), as_of.replace(year=2018, day=28)
    months = range(min(x.month for x in valid), max(x.month for x in valid) + 1) if valid else []
    first_days = {m: date(m // 12, m % 12 + 1, 1) for m in months}
    sides: dict[str, dict[str, float]] = {}
    for direction, plural, party in (
        ("sale", "sales", "customer"),
        ("purchase", "purchases", "supplier"),
    ):
        issued = [x for x in history if x.direction == direction]
        rows = [x for x in valid if x.direction == direction]
        positive = [x for x in rows if not x.is_red]
        red = [x for x in rows if x.is_red]
        net, last, before = _net(rows), Decimal(0), Decimal(0)
        last = _net([x for x in rows if x.issue_date > year_ago])
        before = _net([x for x in rows if two_years_ago < x.issue_date <= year_ago])
        monthly = [float(_net([x for x in rows if x.month == m])) for m in months]
        counts = [len([x for x in rows if x.month == m]) for m in months]
        parties = [len({x.counterparty_id for x in rows if x.month == m}) for m in months]
        by_party: dict[str, History] = defaultdict(list)
        for row in rows:
            by_party[row.counterparty_id].append(row)
        totals = {name: _total(x) for name, x in by_party.items() if _total(x) > 0}
        whole = sum(totals.values(), Decimal(0))
        shares = {name: float(x / whole) for name, x in totals.items()}
        active = {name: len({x.month for x in by_party[name]}) for name in totals}
        sides[direction] = {"net": float(net), "tax": float(_tax(rows)), "last": float(last)}

        found[f"{direction}_tax_rate_ratio"] = _positive(
            net, lambda net=net, rows=rows: float(_tax(rows) / net)
        )
        found[f"{direction}_voided_count_ratio"] = _ratio(
            len([x for x in issued if not x.is_valid]), len(issued)
        )
        found[f"{direction}_red_letter_count_ratio"] = _ratio(len(red), len(rows))
        found[f"{direction}_red_letter_amount_ratio"] = _ratio(-_total(red), _total(positive))
        amounts = [float(x.net_cny) for x in positive]
        found[f"mean_{direction}_invoice_cny"] = fmean(amounts) if amounts else None
        found[f"median_{direction}_invoice_cny"] = median(amounts) if amounts else None
        found[f"{plural}_per_month_cny"] = fmean(monthly) if valid else None
        found[f"{direction}_invoices_per_month_count"] = fmean(counts) if valid else None
        found[f"{direction}_active_month_ratio"] = (
            fmean(float(x > 0) for x in counts) if valid else None
        )
        found[f"monthly_{plural}_variation_ratio"] = _positive(
            net, lambda monthly=monthly: pstdev(monthly) / fmean(monthly)
        )
        found[f"{party}_top_share_ratio"] = max(shares.values(), default=None)
        found[f"{party}_herfindahl_index"] = sum(x**2 for x in shares.values()) if shares else None
        found[f"{party}_regularity_ratio"] = (
            sum(shares[x] * active[x] for x in shares) / len(months) if shares else None
        )
        found[f"{party}s_per_month_count"] = fmean(parties) if valid else None
        found[f"since_last_{direction}_days"] = (
            float((as_of - max(x.issue_date for x in rows)).days) if rows else None
        )
        found[f"{plural}_total_cny"] = float(net) if rows else None
        found[f"{plural}_growth_12_months_ratio"] = _positive(
            before, lambda last=last, before=before: float(last / before) - 1
        )
        if direction == "sale":
            sizes = [float(x.net_cny) for x in positive]
            found["sale_voided_amount_ratio"] = _ratio(
                sum(abs(x.total_cny) for x in issued if not x.is_valid),
                sum(abs(x.total_cny) for x in issued),
            )
            found["sale_invoice_variation_ratio"] = pstdev(sizes) / fmean(sizes) if sizes else None
            found["late_month_sale_ratio"] = _ratio(
                len([x for x in rows if x.issue_date.day >= 25]), len(rows)
            )
            found["peak_month_sales_ratio"] = _positive(
                net, lambda monthly=monthly: max(monthly) / fmean(monthly)
            )
            found["sales_share_last_12_months_ratio"] = _positive(
                net, lambda last=last, net=net: float(last / net)
            )
            recent = [x for x in issued if x.issue_date > year_ago]
            found["sale_voided_last_12_months_ratio"] = _ratio(
                len([x for x in recent if not x.is_valid]), len(recent)
            )
            found["sale_months_last_12_months_count"] = (
                float(len([m for m in {x.month for x in rows} if first_days[m] > year_ago]))
                if valid
                else None
            )
            recent_totals = {
                name: max(
                    _total([x for x in by_party[name] if x.issue_date > year_ago]), Decimal(0)
                )
                for name in totals
            }
            is_new = {n: min(x.issue_date for x in by_party[n]) > year_ago for n in totals}
            found["new_customer_sales_ratio"] = _ratio(
                sum(x for name, x in recent_totals.items() if is_new[name]),
                sum(recent_totals.values()),
            )
            found["recurring_customer_sales_ratio"] = (
                sum(x for name, x in shares.items() if active[name] >= 3) if shares else None
            )
        sides[direction]["parties"] = float(len(totals))

    sale, purchase = sides["sale"], sides["purchase"]
    has_party = sale["parties"] + purchase["parties"] > 0
    found["customer_count"] = sale["parties"] if has_party else None
    found["supplier_count"] = purchase["parties"] if has_party else None
    found["history_months_count"] = float(len(months)) if valid else None
    found["loss_month_ratio"] = (
        fmean(
            float(
                _net([x for x in valid if x.month == m and x.direction == "purchase"])
                > _net([x for x in valid if x.month == m and x.direction == "sale"])
            )
            for m in months
        )
        if valid
        else None
    )
    found["sales_margin_ratio"] = _positive(
        sale["net"], lambda: (sale["net"] - purchase["net"]) / sale["net"]
    )
    found["value_added_tax_burden_ratio"] = _positive(
        sale["net"], lambda: (sale["tax"] - purchase["tax"]) / sale["net"]
    )
    found["sales_margin_last_12_months_ratio"] = _positive(
        sale["last"], lambda: (sale["last"] - purchase["last"]) / sale["last"]
    )
    return found
