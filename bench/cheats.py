"""Which planted cheats the checks of consistency find in 60 days, and whom they wrongly suspect.

Homes must have been brought up to `daily_state` with all days of a simulated ecosystem. Run from
the repository, for each home and then once for all:

    python bench/cheats.py judge HOME FOUND 2019-08-31,2019-09-15
    python bench/cheats.py table FOUND=ECOSYSTEM/truth FOUND=ECOSYSTEM/truth

`judge` runs the job for each as-of date (those in FOUND are left as they are) and notes which
checks ask for a review. An enterprise is flagged on a date if one check does so in the last three
months. Caught is a cheat that is flagged on a date from its beginning up to 60 days after it;
wrongly suspected is an honest firm that is flagged on any date. Only `table` reads the truth.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from scipy.stats import binomtest

from loomline.consistency.judging import REVIEW_MONTHS
from loomline.consistency.months import month_start
from loomline.engine.server import stop_engine
from loomline.engine.session import open_session
from loomline.lake import sql_literal
from loomline.runner import run_job
from loomline.settings import Settings, load_settings

WITHIN_DAYS = 60
CONFIDENCE = 0.95
FLAGS = ["as_of_date", "enterprise_id", "check_name"]

app = typer.Typer(pretty_exceptions_enable=False)


def _flags(settings: Settings, as_of: date) -> pd.DataFrame:
    """The checks that ask for a review as of a date, a row an enterprise and check."""
    since = month_start(as_of, REVIEW_MONTHS - 1)
    rows = open_session(settings).sql(
        f"select distinct {', '.join(FLAGS)} from features.consistency "
        f"where as_of_date = {sql_literal(as_of)} and is_for_review "
        f"and month_start_date >= {sql_literal(since)}"
    )
    return rows.toPandas().reindex(columns=FLAGS)


@app.command()
def judge(
    home: Path, found: Path, dates: Annotated[str, typer.Argument(help="With commas.")]
) -> None:
    """Run the checks of a home for dates, and note in a folder who is flagged."""
    settings = load_settings().model_copy(update={"home": home.absolute()})
    found.mkdir(parents=True, exist_ok=True)
    for as_of in map(date.fromisoformat, dates.split(",")):
        path = found / f"{as_of}.csv"
        if not path.exists():
            run_job("consistency", as_of, None, settings)
            _flags(settings, as_of).to_csv(path, index=False)
    stop_engine(settings)


def _interval(hits: int, count: int) -> str:
    """A share with its Wilson interval, in percent."""
    if not count:
        return "-"
    interval = binomtest(hits, count).proportion_ci(CONFIDENCE, method="wilson")
    share, low, high = (100 * part for part in (hits / count, interval.low, interval.high))
    return f"{share:.1f} % ({low:.1f} to {high:.1f})"


def _of_home(pair: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The firms of one ecosystem, with how soon they are flagged, and all flags."""
    found, truth = (Path(part) for part in pair.split("=", 1))
    frames = [pd.read_csv(path) for path in sorted(found.glob("*.csv"))]
    flags = pd.concat(frames, ignore_index=True)
    flags["as_of_date"] = pd.to_datetime(flags["as_of_date"])
    firms = pd.read_parquet(truth / "enterprises.parquet", columns=["enterprise_id"])
    cheats = pd.read_parquet(truth / "cheats.parquet")
    firms = firms.merge(cheats, "left", "enterprise_id")
    firms["kind"] = firms["kind"].fillna("honest")
    firms["first_date"] = pd.to_datetime(firms["first_date"])
    flags = flags.merge(firms[["enterprise_id", "kind", "first_date"]], "inner", "enterprise_id")
    # What is said of a firm before it cheats catches nothing.
    counting = flags[flags["first_date"].isna() | (flags["as_of_date"] >= flags["first_date"])]
    first = counting.groupby("enterprise_id")["as_of_date"].min().rename("flagged_date")
    firms = firms.merge(first, "left", "enterprise_id").assign(home=pair)
    firms["days"] = (firms["flagged_date"] - firms["first_date"]).dt.days
    firms["is_caught"] = firms["days"] <= WITHIN_DAYS
    return firms, flags.assign(home=pair)


def _checks_by_kind(flags: pd.DataFrame) -> str:
    """How many firms of each kind each check flags on any date, as Markdown."""
    counts = flags.groupby(["check_name", "kind"])[["home", "enterprise_id"]].apply(
        lambda rows: len(rows.drop_duplicates())
    )
    lines = ["| check | firms that it flags on any date |", "| --- | --- |"]
    for check, of_check in counts.groupby(level="check_name"):
        said = ", ".join(f"{kind} {count}" for (_, kind), count in of_check.items())
        lines.append(f"| {check} | {said} |")
    return "\n".join(lines)


@app.command()
def table(pairs: Annotated[list[str], typer.Argument(help="FOUND=TRUTH, one a home.")]) -> None:
    """Print what was caught, by kind, and who was suspected wrongly."""
    read: Sequence[tuple[pd.DataFrame, pd.DataFrame]] = [_of_home(pair) for pair in pairs]
    firms = pd.concat([of for of, _ in read], ignore_index=True)
    flags = pd.concat([of for _, of in read], ignore_index=True)
    cheats, honest = firms[firms["kind"] != "honest"], firms[firms["kind"] == "honest"]
    print(f"| cheat | firms | caught within {WITHIN_DAYS} days | days to the flag, median |")
    print("| --- | --- | --- | --- |")
    for kind, part in [*cheats.groupby("kind"), ("all", cheats)]:
        caught = int(part["is_caught"].sum())
        days = part["days"].median()
        print(f"| {kind} | {len(part)} | {caught}: {_interval(caught, len(part))} | {days:.0f} |")
    wrong = int(honest["flagged_date"].notna().sum())
    print(f"\nHonest firms flagged on any date: {wrong} of {len(honest)}, "
          f"{_interval(wrong, len(honest))}.\n")  # fmt: skip
    print(_checks_by_kind(flags))


if __name__ == "__main__":
    app()
