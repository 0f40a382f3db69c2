"""The figures of rules once more, one rule and one enterprise at a time, in plain Python."""

from __future__ import annotations

import math
import statistics
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from scipy.stats import binomtest, chi2, fisher_exact, norm

NAN = math.nan
Z = norm.ppf(0.975)


@dataclass(frozen=True)
class Firm:
    """An enterprise: the dates on which it was looked at, and its default if it had one."""

    trade: str
    has_outcome: bool
    evaluated: frozenset[date]
    default: date | None


@dataclass(frozen=True)
class Rule:
    """A rule: when it was in force, for which trades (all if none), on which firms and dates."""

    in_force: frozenset[date]
    trades: frozenset[str]
    fired: frozenset[tuple[int, date]]

    def is_for(self, firm: Firm, day: date) -> bool:
        return (
            day in self.in_force
            and day in firm.evaluated
            and (not self.trades or firm.trade in self.trades)
        )

    def fires(self, place: int, firm: Firm, day: date) -> bool:
        return self.is_for(firm, day) and (place, day) in self.fired


def window_end(day: date) -> date:
    last = monthrange(day.year + 1, day.month)[1]
    is_month_end = (day + timedelta(days=1)).day == 1
    return date(day.year + 1, day.month, last if is_month_end else min(day.day, last))


def share(part: float, whole: float) -> float:
    return part / whole if whole else NAN


@dataclass(frozen=True)
class Cell:
    """A firm on a date that counts."""

    firm: int
    day: date
    fired: bool
    defaulted: bool


def cells_of(rule: Rule, firms: list[Firm], until: date) -> list[Cell]:
    return [
        Cell(
            place,
            day,
            rule.fires(place, firm, day),
            firm.default is not None and firm.default <= window_end(day),
        )
        for place, firm in enumerate(firms)
        for day in sorted(firm.evaluated)
        if firm.has_outcome
        and rule.is_for(firm, day)
        and window_end(day) <= until
        and not (firm.default is not None and firm.default <= day)
    ]


def table(cells: list[Cell]) -> tuple[int, int, int, int]:
    """Caught, fired, defaults, total."""
    return (
        sum(cell.fired and cell.defaulted for cell in cells),
        sum(cell.fired for cell in cells),
        sum(cell.defaulted for cell in cells),
        len(cells),
    )


def firms_of(cells: list[Cell]) -> tuple[int, int, int, int]:
    """Likewise, but distinct firms."""
    return (
        len({cell.firm for cell in cells if cell.fired and cell.defaulted}),
        len({cell.firm for cell in cells if cell.fired}),
        len({cell.firm for cell in cells if cell.defaulted}),
        len({cell.firm for cell in cells}),
    )


def expected(cells: list[Cell]) -> float:
    _, fired, defaults, total = firms_of(cells)
    return fired * defaults / total if total else 0.0


def influences(cells: list[Cell]) -> dict[int, float]:
    caught, fired, defaults, total = table(cells)
    return {
        place: sum(
            (cell.fired and cell.defaulted) / (caught or 0.5)
            - cell.fired / fired
            - cell.defaulted / defaults
            + 1 / total
            for cell in cells
            if cell.firm == place
        )
        for place in sorted({cell.firm for cell in cells})
    }


def log_lift(cells: list[Cell]) -> float:
    caught, fired, defaults, total = table(cells)
    if not fired or not defaults:
        return NAN
    return math.log((caught or 0.5) * total / fired / defaults)


def variance(cells: list[Cell]) -> float:
    if math.isnan(log_lift(cells)):
        return NAN
    found = list(influences(cells).values())
    if len(found) < 2:
        return NAN
    added = 0 if table(cells)[0] else 2
    return sum(x**2 for x in found) * len(found) / (len(found) - 1) + added


def lift_of(cells: list[Cell]) -> float:
    caught, fired, defaults, total = table(cells)
    return share(share(caught, fired), share(defaults, total))


def reference_date(cells: list[Cell], days: list[date]) -> date:
    counts = {day: sum(c.defaulted for c in cells if c.day == day) for day in days}
    return max(days, key=lambda day: (counts[day], day))


def score_p_value(cells: list[Cell]) -> float:
    caught, fired, defaults, total = table(cells)
    base = defaults / total
    excess = {cell.firm: 0.0 for cell in cells}
    for cell in cells:
        excess[cell.firm] += (cell.fired - fired / total) * (cell.defaulted - base)
    # Together they are what was caught beyond the base rate.
    assert math.isclose(sum(excess.values()), caught - fired * base, abs_tol=1e-6)
    spread = sum(x**2 for x in excess.values()) * len(excess) / (len(excess) - 1)
    return float(norm.sf(sum(excess.values()) / math.sqrt(spread))) if spread > 1e-12 else 1.0


def lift_figures(cells: list[Cell], days: list[date]) -> dict[str, float]:
    """Lift, its interval and p-value, by the method for few or for many caught firms."""
    if expected(cells) >= 10:
        log, spread = log_lift(cells), math.sqrt(variance(cells))
        found = {
            "lift": lift_of(cells),
            "lift_lower": math.exp(log - Z * spread) if lift_of(cells) else 0.0,
            "lift_upper": math.exp(log + Z * spread),
            "p_value": score_p_value(cells),
            "least_p_value": 0.0,
        }
    else:
        of_day = [cell for cell in cells if cell.day == reference_date(cells, days)]
        caught, fired, defaults, total = table(of_day)
        base, ends = share(defaults, total), (NAN, NAN)
        if fired:
            ends = binomtest(caught, fired).proportion_ci(method="exact")
        most = min(fired, defaults)

        def p_value(hit: int) -> float:
            sides = [[hit, fired - hit], [defaults - hit, total - fired - defaults + hit]]
            return float(fisher_exact(sides, alternative="greater").pvalue)

        found = {
            "lift": lift_of(of_day),
            "lift_lower": share(ends[0], base) if base > 0 else NAN,
            "lift_upper": share(ends[1], base) if base > 0 else NAN,
            "p_value": p_value(caught),
            "least_p_value": p_value(most),
        }
        cells = of_day
    caught, fired, defaults, total = table(cells)
    return found | {
        "observed_count": total,
        "observed_fired_count": fired,
        "observed_default_count": defaults,
        "caught_count": caught,
        "precision_ratio": share(caught, fired),
        "base_ratio": share(defaults, total),
    }


def hit_figures(rule: Rule, firms: list[Firm]) -> dict[str, float]:
    looked = [
        (place, day, rule.fires(place, firm, day))
        for place, firm in enumerate(firms)
        for day in firm.evaluated
        if rule.is_for(firm, day)
    ]
    fired = sum(hit for _, _, hit in looked)
    return {
        "enterprise_count": len({place for place, _, _ in looked}),
        "fired_enterprise_count": len({place for place, _, hit in looked if hit}),
        "evaluated_count": len(looked),
        "fired_count": fired,
        "hit_ratio": share(fired, len(looked)),
    }


def quantile(values: list[float], level: float) -> float:
    """By interpolation between the ordered values."""
    if not values:
        return NAN
    ordered, place = sorted(values), level * (len(values) - 1)
    low = math.floor(place)
    high = min(low + 1, len(values) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def warning_figures(rule: Rule, firms: list[Firm], until: date) -> dict[str, float]:
    ahead: list[float] = []
    defaults = 0
    for place, firm in enumerate(firms):
        if not firm.has_outcome or firm.default is None or firm.default > until:
            continue
        looked = [
            day
            for day in sorted(firm.evaluated)
            if rule.is_for(firm, day) and day < firm.default <= window_end(day)
        ]
        defaults += bool(looked)
        warned = [day for day in looked if rule.fires(place, firm, day)]
        if warned:
            ahead.append((firm.default - warned[0]).days)
    ends = (NAN, NAN)
    if defaults:
        ends = binomtest(len(ahead), defaults).proportion_ci(method="exact")
    return {
        "defaulted_enterprise_count": defaults,
        "caught_enterprise_count": len(ahead),
        "caught_ratio": share(len(ahead), defaults),
        "caught_lower": ends[0],
        "caught_upper": ends[1],
        "days_ahead_lower_quartile": quantile(ahead, 0.25),
        "days_ahead_median": statistics.median(ahead) if ahead else NAN,
        "days_ahead_upper_quartile": quantile(ahead, 0.75),
    }


def month_index(rule: Rule, firms: list[Firm], days: list[date]) -> float:
    def counts(some: list[date]) -> tuple[int, int]:
        looked = [
            rule.fires(place, firm, day)
            for place, firm in enumerate(firms)
            for day in some
            if rule.is_for(firm, day)
        ]
        return sum(looked), len(looked)

    every = (counts(days)[0] + 0.5) / (counts(days)[1] + 1)
    found = [NAN]
    for day in days:
        fired, looked = counts([day])
        if looked:
            one = (fired + 0.5) / (looked + 1)
            found.append(
                (one - every) * math.log(one / every)
                + (every - one) * math.log((1 - one) / (1 - every))
            )
    return max(found[1:], default=NAN)


def spread(lifts: list[float]) -> tuple[float, float]:
    return min(lifts, default=NAN), max(lifts, default=NAN)


def stability_figures(
    rule: Rule, firms: list[Firm], days: list[date], until: date
) -> dict[str, float]:
    cells = cells_of(rule, firms, until)
    monthly = []
    for day in days:
        of_day = [cell for cell in cells if cell.day == day]
        if expected(of_day) >= 5:
            monthly.append(lift_of(of_day))
    trades = [
        of_trade
        for trade in sorted({firm.trade for firm in firms} - {""})
        if expected(of_trade := [cell for cell in cells if firms[cell.firm].trade == trade]) >= 5
    ]
    p_value = i_squared = NAN
    # What fires for everybody does not vary, and has no weight to compare by.
    varied = [one for one in trades if variance(one) > 1e-12]
    if len(varied) > 1:
        weights = [1 / variance(one) for one in varied]
        logs = [log_lift(one) for one in varied]
        mean = sum(w * x for w, x in zip(weights, logs, strict=True)) / sum(weights)
        q = sum(w * (x - mean) ** 2 for w, x in zip(weights, logs, strict=True))
        p_value = float(chi2.sf(q, len(varied) - 1))
        i_squared = max(0.0, q - len(varied) + 1) / q if q else 0.0
    return {
        "month_count": len(monthly),
        "month_lift_least": spread(monthly)[0],
        "month_lift_most": spread(monthly)[1],
        "month_index": month_index(rule, firms, days),
        "halves_p_value": halves_p_value(cells, firms, days, until),
        "trade_count": len(trades),
        "trade_lift_least": spread([lift_of(one) for one in trades])[0],
        "trade_lift_most": spread([lift_of(one) for one in trades])[1],
        "trade_p_value": p_value,
        "trade_i_squared_ratio": i_squared,
    }


def halves_p_value(cells: list[Cell], firms: list[Firm], days: list[date], until: date) -> float:
    every = Rule(frozenset(days), frozenset(), frozenset())
    closed = sorted({cell.day for cell in cells_of(every, firms, until)})
    if len(closed) < 2:
        return NAN
    first_late = closed[(len(closed) + 1) // 2]
    early = [cell for cell in cells if cell.day < first_late]
    late = [cell for cell in cells if cell.day >= first_late]
    if expected(early) < 5 or expected(late) < 5:
        return NAN
    before, after = influences(early), influences(late)
    places = {cell.firm for cell in cells}
    differences = [after.get(place, 0) - before.get(place, 0) for place in places]
    total = sum(x**2 for x in differences) * len(places) / (len(places) - 1)
    total += 2 * (not table(early)[0]) + 2 * (not table(late)[0])
    if total < 1e-12:
        return NAN
    return float(2 * norm.sf(abs(log_lift(late) - log_lift(early)) / math.sqrt(total)))


def jaccard(one: Rule, other: Rule, firms: list[Firm]) -> tuple[float, float]:
    """The share of what `one` fires on where the other does too, and Jaccard's index."""

    def cells(rule: Rule) -> set[tuple[int, date]]:
        return {(x, day) for x, day in rule.fired if rule.fires(x, firms[x], day)}

    mine, theirs = cells(one), cells(other)
    return share(len(mine & theirs), len(mine)), share(len(mine & theirs), len(mine | theirs))


def benjamini_hochberg(p_values: list[float]) -> list[float]:
    ordered = sorted(p_values)
    return [
        min(
            other * len(ordered) / rank for rank, other in enumerate(ordered, start=1) if other >= p
        )
        for p in p_values
    ]
