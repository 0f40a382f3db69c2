"""`loomline`: the command line of the risk lake."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from pyspark.errors import PySparkException
from pyspark.logger import PySparkLogger

from loomline.commands import (
    airflow,
    backfill,
    broker,
    consistency,
    demo,
    dimension,
    engine,
    evaluate,
    explain,
    feature,
    feed,
    gateway,
    identity,
    indicator,
    lineage,
    live,
    maintain,
    model,
    pages,
    replay,
    report,
    rule,
    rule_evidence,
    scorecard,
    simulate,
    source,
    stream,
)
from loomline.commands.shown import OutputFormat, print_frame, print_table
from loomline.engine.server import ensure_engine
from loomline.engine.session import open_session
from loomline.errors import LoomlineError
from loomline.jobs import JOBS
from loomline.runner import run_job
from loomline.settings import load_settings

app = typer.Typer(
    name="loomline",
    help="Loomline: a risk lake for industrial-internet finance. Everything that a run leaves is "
    "under LOOMLINE_HOME (default .loomline).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(engine.app, name="engine")
app.add_typer(broker.app, name="broker")
app.add_typer(gateway.app, name="gateway")
app.add_typer(source.app, name="source")
app.add_typer(identity.app, name="identity")
app.add_typer(feature.app, name="feature")
rule.app.command("evidence")(rule_evidence.evidence)
app.add_typer(rule.app, name="rule")
app.add_typer(consistency.app, name="consistency")
app.add_typer(indicator.app, name="indicator")
app.add_typer(dimension.app, name="dimension")
app.add_typer(report.app, name="report")
app.add_typer(model.app, name="model")
app.add_typer(replay.app, name="replay")
app.add_typer(scorecard.app, name="scorecard")
app.add_typer(pages.app, name="page")
app.command(context_settings=airflow.PASS_ON)(airflow.airflow)
app.command()(backfill.backfill)
app.command()(demo.demo)
app.command()(demo.sample)
app.command()(live.live)
app.command()(explain.explain)
app.command()(evaluate.evaluate)
app.command()(simulate.simulate)
app.command()(stream.stream)
app.command()(feed.feed)
app.command()(maintain.maintain)
app.command()(lineage.lineage)
app.command()(lineage.dictionary)

DATE_FORMATS = ["%Y-%m-%d"]
AsOfDate = Annotated[
    datetime,
    typer.Option(
        "--date", formats=DATE_FORMATS, help="As-of date: only what was known by its end."
    ),
]


@app.command()
def land(
    data: Annotated[Path, typer.Argument(help="A folder of source files, or one file.")],
) -> None:
    """Copy new source files into bronze, every value as it stood; a file lands once."""
    run_job("land", date.today(), data)


@app.command()
def run(
    job: Annotated[str, typer.Argument(help="Name of the job; see `loomline jobs`.")],
    as_of: AsOfDate,
    data: Annotated[Path | None, typer.Option(help="Folder of source files, for `land`.")] = None,
) -> None:
    """Run one job for a date; running it again leaves the same tables."""
    run_job(job, as_of.date(), data)


@app.command()
def jobs() -> None:
    """List the jobs in running order, with the tables that they read and write."""
    rows = [
        (job.name, job.description, "\n".join(job.reads), "\n".join(job.writes)) for job in JOBS
    ]
    print_table(("job", "what it does", "reads", "writes"), rows)


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="A Spark SQL statement.")],
    output: Annotated[
        OutputFormat, typer.Option("--format", help="table for people, csv or json for programs.")
    ] = OutputFormat.TABLE,
) -> None:
    """Run a SQL statement on the engine, such as: select * from marts.portfolio_scores limit 10."""
    settings = load_settings()
    ensure_engine(settings)
    print_frame(open_session(settings).sql(query), output)


def said_by_engine(message: str) -> str:
    """What an engine's message says to a person: without the plan and the stack of the engine."""
    return message.partition("\n\nJVM stacktrace:")[0].partition(";\n'")[0]


def main() -> None:
    """Entry point: an error that a person can mend is one plain sentence and exit code 1."""
    # What it logs of an error, with every call on the stack, is said below.
    PySparkLogger.getLogger("SQLQueryContextLogger").disabled = True
    try:
        app()
    except LoomlineError as error:
        print(f"Error: {error}", file=sys.stderr)
        sys.exit(1)
    except PySparkException as error:
        print(f"Error from the engine: {said_by_engine(str(error))}", file=sys.stderr)
        sys.exit(1)
