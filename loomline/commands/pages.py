"""`loomline page`: open the MLflow and Airflow pages of this home."""

from __future__ import annotations

import typer

from loomline.pages import serve_airflow, serve_mlflow
from loomline.settings import load_settings

app = typer.Typer(help="Web pages of this home, until Ctrl-C.", no_args_is_help=True)


@app.command()
def mlflow() -> None:
    """Serve the MLflow page: runs, model cards, plots, registered models."""
    serve_mlflow(load_settings())


@app.command()
def airflow() -> None:
    """Serve Airflow with scheduler and page: the DAG risk_daily, its runs and backfills."""
    serve_airflow(load_settings())
