"""A scorecard as SQL, so that a bank can score where its data are.

One tree of expressions is the definition; SQLGlot writes it in the dialect of an engine. Without a
dialect it is standard SQL: CASE, CAST and POWER (ISO/IEC 9075:2003), names in double quotes.

- The score is added up from decimal literals, so that it is exact to the hundredth wherever the
  engine has decimals.
- Bounds are written with an exponent, which makes them floating point in every dialect. A decimal
  bound would be rounded to the column's type, or the value to the bound's.
- Both NULL and NaN are missing. Some engines hold NaN to be larger than every number, others hold
  every comparison with it to be false, and few agree on a function. So the last bin asks for a
  value no larger than the largest finite number, which neither kind of engine says of a NaN. It
  follows that positive infinity, which no feature can be, is missing too.
"""

from __future__ import annotations

import sys

from sqlglot import exp, parse_one

from models.scorecard import BinnedFeature, Scorecard, points


def _float(value: float) -> exp.Expr:
    """A floating-point literal that is the value exactly."""
    text = repr(float(abs(value))).upper()
    literal = exp.Literal.number(text if "E" in text else f"{text}E0")
    return exp.Neg(this=literal) if value < 0 else literal


def _points(cents: int) -> exp.Expr:
    """A decimal literal with two places."""
    literal = exp.Literal.number(str(abs(points(cents))))
    return exp.Neg(this=literal) if cents < 0 else literal


def _feature_points(feature: BinnedFeature) -> exp.Expr:
    """The points of a feature by its bin; a value on a bound is in the upper bin."""
    value = exp.column(feature.feature, quoted=True)
    found = exp.case()
    for bound, cents in zip(feature.bounds, feature.point_cents, strict=False):
        found = found.when(exp.LT(this=value.copy(), expression=_float(bound)), _points(cents))
    is_finite = exp.LTE(this=value.copy(), expression=_float(sys.float_info.max))
    found = found.when(is_finite, _points(feature.point_cents[-1]))
    return found.else_(_points(feature.missing_cents))


def score_expression(card: Scorecard) -> exp.Expr:
    """The score in points, a decimal with two places, of columns named as the card's features."""
    total = _points(card.base_cents)
    for feature in card.features:
        total = exp.Add(this=total, expression=_feature_points(feature))
    return exp.cast(total, "decimal(9, 2)")


def probability_expression(card: Scorecard) -> exp.Expr:
    """The probability of default, a ratio from 0 to 1; the formula is `Scorecard.probability`."""
    formula = parse_one("1.0E0 / (1.0E0 + :odds * POWER(2.0E0, (:score - :reference) / :doubling))")
    values = {
        "odds": _float(card.reference_odds),
        "score": score_expression(card),
        "reference": _float(card.reference_score),
        "doubling": _float(card.points_to_double_odds),
    }
    return exp.replace_placeholders(formula, **values)


def column_expressions(card: Scorecard, dialect: str = "") -> dict[str, str]:
    """`score` and `pd_ratio` as SQL of the dialect, such as `spark`, `duckdb` or `postgres`.

    Raises:
        ValueError: SQLGlot knows no such dialect.
    """
    found = {"score": score_expression(card), "pd_ratio": probability_expression(card)}
    return {name: each.sql(dialect=dialect, pretty=True) for name, each in found.items()}


def select_list(card: Scorecard, dialect: str = "") -> str:
    """`score` and `pd_ratio` as the list of a SELECT over a table with the card's features."""
    expressions = column_expressions(card, dialect)
    return ",\n".join(f"{sql} AS {name}" for name, sql in expressions.items())


def spark_columns(card: Scorecard) -> list[str]:
    """`score` and `pd_ratio` as arguments of `DataFrame.selectExpr`."""
    return [f"{sql} AS {name}" for name, sql in column_expressions(card, "spark").items()]
