"""`loomline demo` and `loomline sample`: the whole risk lake in one command."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from loomline.airflow_home import run_dag
from loomline.contracts.catalogue import load_contracts
from loomline.engine.server import start_engine
from loomline.errors import LoomlineError
from loomline.sample import write_sample
from loomline.sample.apart import set_sample_aside
from loomline.settings import Settings, load_settings

# The last day of the project's own sample and of the sme_invoices set.
DEMO_DATE = datetime(2020, 2, 29)
# What scores and marts are made of.
SCORED_TABLES = ("silver.invoice", "silver.credit_record", "silver.loan_rate_churn")


def _print_next_steps(settings: Settings, as_of: str, seconds: float) -> None:
    folder = settings.reports / as_of
    pages = " ".join(str(path) for path in sorted(folder.glob("*.html")))
    sheets = " ".join(str(path) for path in sorted(folder.glob("*.xlsx")))
    run = ".venv/bin/loomline"
    here = f"http://{settings.bind_address}"
    query = (
        "select enterprise_id, grade, pd_ratio, score from marts.portfolio_scores "
        f"where as_of_date = date'{as_of}' order by score_rank limit 10"
    )
    print(f"\nDone in {seconds:.0f} s. What to look at:")
    print(f"  report   {pages}\n           {sheets}")
    print(f'  SQL      {run} sql "{query}"')
    print(f"           or JDBC: jdbc:hive2://{settings.bind_address}:{settings.thrift_port}/marts")
    print(f"  explain  {run} explain ENTERPRISE --date {as_of}")
    print(f"  MLflow   make mlflow    then open {here}:{settings.mlflow_port}")
    print(f"  Airflow  make airflow   then open {here}:{settings.airflow_port}")
    print("  engine   make stop      stops it; the tables stay")


def _scored_sources(settings: Settings) -> list[str]:
    """The sources of the tables that scores and marts are made of."""
    contracts = load_contracts(settings.catalog).values()
    return [contract.source for contract in contracts if contract.target in SCORED_TABLES]


def sample(
    out: Annotated[Path, typer.Option(help="Folder to write the files into.")],
) -> None:
    """Write the project's own small sample of source files; always the same bytes."""
    for path in write_sample(out):
        print(path)


def demo(
    data: Annotated[
        Path | None, typer.Option(help="Folder of source files; by default a generated sample.")
    ] = None,
    as_of: Annotated[
        datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="As-of date.")
    ] = DEMO_DATE,
) -> None:
    """Run the Airflow DAG risk_daily for one date: files in, scores and a report out.

    Of your files, those are landed that scores and marts are made of: invoices and credit outcomes.
    LOOMLINE_SOURCES names others, with commas; `loomline land FOLDER` takes all.

    A home is of the sample or of your files, never of both: with --data, a sample that the home
    holds is first moved into its sub-folder set_aside.
    """
    settings, clock = load_settings(), time.monotonic()
    if data is not None and not data.is_dir():
        raise LoomlineError(f"{data} is no folder.", "Say DATA=<a folder of source files>.")
    if data is None:
        data = settings.home / "sample"
        files = write_sample(data)
        print(f"sample       {len(files)} files written to {data}")
    elif aside := set_sample_aside(settings, data):
        print(f"sample       moved to {aside}; delete it when you like")
    if not settings.sources:
        settings = settings.model_copy(update={"sources": ",".join(_scored_sources(settings))})
    status = start_engine(settings)
    print(f"engine       up (process {status.process_id}), {settings.remote}", flush=True)
    run_dag(settings, as_of.date(), data.absolute())
    _print_next_steps(settings, f"{as_of:%Y-%m-%d}", time.monotonic() - clock)
