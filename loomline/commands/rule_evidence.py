"""`loomline rule evidence`: what history says of rules."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Annotated

import typer
from pyspark.sql import Row, SparkSession

from loomline.commands.shown import console, print_table
from loomline.engine.server import ensure_engine
from loomline.engine.session import open_session
from loomline.errors import LoomlineError
from loomline.evidence.vocabulary import VERDICTS
from loomline.evidence.wording import VERDICT_WORDS
from loomline.lake import sql_literal, table_exists
from loomline.settings import load_settings

EVIDENCE, PROPOSAL = "rules.rule_evidence", "rules.rule_proposal"
HEAD = (
    *("rule", "version", "verdict", "hit rate", "precision", "base rate", "lift", "p", "q"),
    *("defaults caught", "days ahead"),
)


def number(value: float | None, form: str = ".3g") -> str:
    """A figure as text; a dash where there is none."""
    return "-" if value is None else f"{value:{form}}"


def interval(row: Row, name: str, form: str = ".2f") -> str:
    """A figure with its 95 % interval; `name` is the column of the figure less its unit."""
    value = row[f"{name}_ratio"] if f"{name}_ratio" in row else row[name]
    ends = (number(row[f"{name}_{end}"], form) for end in ("lower", "upper"))
    return "-" if value is None else f"{value:{form}} [{', '.join(ends)}]"


def quartiles(row: Row) -> str:
    """The days ahead: median, and quartiles in brackets."""
    if row["days_ahead_median"] is None:
        return "-"
    low, middle, high = (
        row[f"days_ahead_{part}"] for part in ("lower_quartile", "median", "upper_quartile")
    )
    return f"{middle:.0f} ({low:.0f} to {high:.0f})"


def in_one_line(row: Row) -> tuple[str, ...]:
    """The figures of a rule, in the order of `HEAD`."""
    return (
        *(row["rule"], str(row["rule_version"]), row["verdict"]),
        *(number(row["hit_ratio"], ".1%"), number(row["precision_ratio"], ".1%")),
        *(number(row["base_ratio"], ".1%"), interval(row, "lift")),
        *(number(row["p_value"], ".2g"), number(row["q_value"], ".2g")),
        f"{row['caught_enterprise_count']} of {row['defaulted_enterprise_count']}",
        quartiles(row),
    )


def _in_full(row: Row) -> list[tuple[str, str]]:
    said = VERDICT_WORDS[row["verdict"]]
    if row["method"] == "one_date":
        method = f"exact, on {row['reference_date']} alone, for there are few cases"
    else:
        method = "all month ends, an enterprise being one case"
    return [
        ("verdict", f"{row['verdict']}\n{said.en}\n{said.zh}"),
        ("applied on", f"{number(row['first_date'], '')} to {number(row['last_date'], '')}"),
        (
            "fired",
            f"{row['fired_count']:,} of {row['evaluated_count']:,} enterprise-dates "
            f"({number(row['hit_ratio'], '.1%')}), {row['fired_enterprise_count']:,} of "
            f"{row['enterprise_count']:,} enterprises; could not say on "
            f"{row['cannot_say_count']:,}",
        ),
        ("counted by", method),
        (
            "precision",
            f"{number(row['precision_ratio'], '.1%')}: {row['caught_count']:,} of "
            f"{row['observed_fired_count']:,}",
        ),
        (
            "base rate",
            f"{number(row['base_ratio'], '.1%')}: {row['observed_default_count']:,} of "
            f"{row['observed_count']:,}",
        ),
        ("lift [95 %]", interval(row, "lift")),
        ("p, q", f"{number(row['p_value'], '.2g')}, {number(row['q_value'], '.2g')}"),
        (
            "defaults caught [95 %]",
            f"{row['caught_enterprise_count']:,} of {row['defaulted_enterprise_count']:,}: "
            f"{interval(row, 'caught')}",
        ),
        ("days ahead", quartiles(row)),
        (
            "most alike",
            f"{row['alike_rule'] or '-'}: Jaccard {number(row['alike_jaccard_ratio'], '.2f')}, "
            f"fires on {number(row['alike_share_ratio'], '.0%')} of the same",
        ),
        (
            "by month",
            f"lift {number(row['month_lift_least'], '.2f')} to "
            f"{number(row['month_lift_most'], '.2f')} on {row['month_count']} month ends; earlier "
            f"and later half alike: p {number(row['halves_p_value'], '.2g')}; stability index "
            f"{number(row['month_index'], '.3f')}",
        ),
        (
            "by trade",
            f"lift {number(row['trade_lift_least'], '.2f')} to "
            f"{number(row['trade_lift_most'], '.2f')} in {row['trade_count']} trades; all alike: "
            f"p {number(row['trade_p_value'], '.2g')}, I squared "
            f"{number(row['trade_i_squared_ratio'], '.0%')}",
        ),
    ]


def _rows(spark: SparkSession, as_of: date) -> list[Row]:
    """The evidence of a date, the best first.

    Raises:
        LoomlineError: there is none.
    """
    of_date = f"as_of_date = {sql_literal(as_of)}"
    rows = spark.table(EVIDENCE).where(of_date).collect() if table_exists(spark, EVIDENCE) else []
    if not rows:
        raise LoomlineError(
            f"There is no evidence of rules as of {as_of}.",
            f"Run `loomline run rule_evidence --date {as_of}`.",
        )

    def rank(row: Row) -> tuple[object, ...]:
        lower = -1.0 if row["lift_lower"] is None else row["lift_lower"]
        return VERDICTS.index(row["verdict"]), -lower, row["rule"], row["rule_version"]

    return sorted(rows, key=rank)


def _print_proposals(spark: SparkSession, as_of: date, name: str | None) -> None:
    of_date = f"as_of_date = {sql_literal(as_of)}"
    rows = spark.table(PROPOSAL).where(of_date).orderBy("proposal", "subject").collect()
    shown = [row for row in rows if name is None or row["subject"] == name]
    if name is not None:
        for row in shown:
            print(f"Proposed: {row['proposal']}. {row['says_en']}\n{row['says_zh']}")
        return
    counts = Counter(f"{row['proposal']}, {row['reason']}" for row in shown)
    said = "; ".join(f"{one}: {count:,}" for one, count in sorted(counts.items()))
    print(f"Proposals: {said or 'none'}. See {PROPOSAL}.")


def evidence(
    as_of: Annotated[
        datetime,
        typer.Option("--date", formats=["%Y-%m-%d"], help="As-of date of the evidence."),
    ],
    name: Annotated[
        str | None, typer.Argument(help="Name of the rule, for all its figures.")
    ] = None,
    limit: Annotated[int, typer.Option(help="At most so many rules, the best first.")] = 30,
) -> None:
    """Say what history shows of a rule, or of all: lift, defaults caught, how early.

    Example: loomline rule evidence --date 2020-02-29
    """
    settings, day = load_settings(), as_of.date()
    ensure_engine(settings)
    spark = open_session(settings)
    rows = _rows(spark, day)
    if name is not None:
        rows = [row for row in rows if row["rule"] == name]
        if not rows:
            raise LoomlineError(
                f"There is no evidence of a rule {name!r} as of {day}.",
                "`loomline rule list` has the names.",
            )
        for row in rows:
            print_table((f"version {row['rule_version']}", row["rule"]), _in_full(row))
    else:
        print_table(HEAD, [in_one_line(row) for row in rows[:limit]])
        counts = Counter(row["verdict"] for row in rows)
        said = ", ".join(f"{counts[one]:,} {one}" for one in VERDICTS)
        console.print(f"{len(rows):,} rules: {said}; {min(limit, len(rows)):,} shown.")
    _print_proposals(spark, day, name)
