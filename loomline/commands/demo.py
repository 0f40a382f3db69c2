"""`loomline demo` and `loomline sample`: the whole risk lake in one command."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from loomline.airflow_home import run_dag
from loomline.broker.gateway import stop_gateway
from loomline.broker.servers import stop_brokers
from loomline.contracts.catalogue import load_contracts
from loomline.engine.server import start_engine
from loomline.errors import LoomlineError
from loomline.sample import write_sample
from loomline.sample.apart import set_sample_aside
from loomline.settings import Settings, load_settings

# The last day of the project's own sample and of the sme_invoices set.
DEMO_DATE = datetime(2020, 2, 29)
# The ecosystem of the demo. Its firms have lived since 2019-07-01; their systems are connected
# three days before the date, and then send all invoices up to it.
ECOSYSTEM_FIRMS, ECOSYSTEM_SEED, CONNECTED_DAY = 60, 7, 240
# Reached by its path: nothing of the lake imports the simulator.
SIMULATOR = "simulator.follow"
# What scores and marts are made of.
SCORED_TABLES = ("silver.invoice", "silver.credit_record", "silver.loan_rate_churn")


def _print_next_steps(settings: Settings, as_of: str, seconds: float) -> None:
    folder = settings.reports / as_of
    pages = "\n           ".join(str(path) for path in sorted(folder.glob("*-report.*")))
    run = ".venv/bin/loomline"
    here = f"http://{settings.bind_address}"
    query = (
        "select enterprise_id, grade, pd_ratio, score from marts.portfolio_scores "
        f"where as_of_date = date'{as_of}' order by score_rank limit 10"
    )
    machines = (
        "select machine_state, count(*) from marts.factory_machine_state "
        f"where as_of_date = date'{as_of}' group by 1"
    )
    print(f"\nDone in {seconds:.0f} s. What to look at:")
    print(f"  reports  {pages}")
    print(f"           {run} report enterprise ENTERPRISE --date {as_of}")
    print(f'  SQL      {run} sql "{query}"')
    print(f'           {run} sql "{machines}"')
    print(f"           or JDBC: jdbc:hive2://{settings.bind_address}:{settings.thrift_port}/marts")
    print(f"  explain  {run} explain ENTERPRISE --date {as_of}")
    print(f"  MLflow   make mlflow    then open {here}:{settings.mlflow_port}")
    print(f"  Airflow  make airflow   then open {here}:{settings.airflow_port}")
    print("  engine   make stop      stops it; the tables stay")


def _scored_sources(settings: Settings) -> list[str]:
    """The sources of the tables that scores and marts are made of."""
    contracts = load_contracts(settings.catalog).values()
    return [contract.source for contract in contracts if contract.target in SCORED_TABLES]


def make_ecosystem(folder: Path, as_of: date) -> None:
    """Write the bank's closed loans, and the ecosystem's files up to the day before `as_of`."""
    simulator = import_module(SIMULATOR)
    parameters = simulator.Parameters(ECOSYSTEM_FIRMS, ECOSYSTEM_SEED, connected_day=CONNECTED_DAY)
    days = simulator.simulate_up_to(folder, as_of - timedelta(days=1), parameters)
    files = write_sample(folder / "files" / "credit_history")
    print(f"sample       {len(files)} files of closed loans written to {folder}")
    print(f"simulate     {ECOSYSTEM_FIRMS} firms, {days} days more, in {folder}", flush=True)


def sample(
    out: Annotated[Path, typer.Option(help="Folder to write the files into.")],
) -> None:
    """Write the project's own small sample of source files; always the same bytes."""
    for path in write_sample(out):
        print(path)


def demo(
    data: Annotated[
        Path | None, typer.Option(help="Folder of source files; by default a small ecosystem.")
    ] = None,
    as_of: Annotated[
        datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="As-of date.")
    ] = DEMO_DATE,
) -> None:
    """Run the whole flow for one date: files and messages in, scores and a report out.

    Without --data it is the flow of a small simulated ecosystem, by the DAG ecosystem_daily: its
    machines send over MQTT and OPC UA through Kafka, its systems write files, and a sample of
    closed loans is what the default model learns from.

    With --data it is the DAG risk_daily on your files. Those are landed that scores and marts are
    made of: invoices and credit outcomes. LOOMLINE_SOURCES names others, with commas; `loomline
    land FOLDER` takes all.

    A home is of invented firms or of yours, never of both: with --data, invented ones that the home
    holds are first moved into its sub-folder set_aside.
    """
    settings, clock = load_settings(), time.monotonic()
    if data is not None and not data.is_dir():
        raise LoomlineError(f"{data} is no folder.", "Say DATA=<a folder of source files>.")
    if data is None:
        dag, data = "ecosystem_daily", settings.home / "ecosystem"
        make_ecosystem(data, as_of.date())
    else:
        dag = "risk_daily"
        if aside := set_sample_aside(settings, data):
            print(f"sample       moved to {aside}; delete it when you like")
        if not settings.sources:
            settings = settings.taking(_scored_sources(settings))
    status = start_engine(settings)
    print(f"engine       up (process {status.process_id}), {settings.remote}", flush=True)
    try:
        run_dag(settings, dag, as_of.date(), data.absolute(), lambda line: print(line, flush=True))
    finally:
        # Nobody sends until the next day; `make live` starts them again.
        stop_gateway(settings)
        stop_brokers(settings)
    _print_next_steps(settings, f"{as_of:%Y-%m-%d}", time.monotonic() - clock)
