"""The job `window_features` on many enterprises, from the state in Delta to the vectors in Delta.

Run from the repository, one step after the other; each goes on from the one before:

    python bench/as_of_run.py prepare FOLDER          # a simulated lake of 40 firms, 365 days
    python bench/as_of_run.py copies FOLDER 10000     # a home whose state has 10,000 enterprises
    python bench/as_of_run.py run FOLDER 10000        # the job; a line of the table

The state is the one that the job `daily_state` writes for the simulated lake, all its files but the
readings of sensors and the weather, which no measure is made of. It is copied as often as it takes:
a copy of a firm has the firm's days, systems and corrections, so that it is as dense and as sparse
as the real one, with each amount times a whole number from 1 to 9 that is drawn for the copy. With
it go the firm's codes and trade. The engine is started anew for each run, by the port and memory
settings of the environment. Peak memory is what a process had resident at most, as Linux tells it;
of the engine it is mostly the heap that it was allowed (LOOMLINE_ENGINE_MEMORY).
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import typer
from engine_use import engine_process, peak_megabytes, processor_seconds
from numpy.typing import NDArray
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from loomline.engine.server import start_engine, stop_engine
from loomline.engine.session import open_session
from loomline.identity import OWN_CODE
from loomline.lake import append_rows, create_tables
from loomline.runner import run_job
from loomline.settings import PROJECT_ROOT, Settings, load_settings
from simulator.calendar import date_of
from simulator.run import Parameters, simulate

STATE, LINK, PARTY = "features.daily_state", "silver.enterprise_link", "silver.party"
VALUES = "features.window_value"
SIMULATED = "simulated"
# The jobs of a day up to the state, but for checks and counts.
STATE_JOBS = (
    *("land", "conform", "enterprise", "trade_relation", "ledger_balance", "credit_outcome"),
    *("identity", "daily_state"),
)
STEP_COLUMNS = [
    *("rules", "after_version", "until_version", "code_system", "enterprise_code", "measure"),
    *("event_date", "known_date", "delta"),
]
NO_MEASURES = ("telemetry", "weather")
DAYS = 365
AS_OF = date_of(DAYS - 1)
LARGEST_FACTOR = 9

app = typer.Typer()


def settings_of(folder: Path, name: str) -> Settings:
    """Settings of a home in the folder."""
    return load_settings().model_copy(update={"home": folder / f"home-{name}"})


@app.command()
def prepare(
    folder: Path,
    enterprises: Annotated[int, typer.Option(help="How many firms.")] = 40,
) -> None:
    """Simulate a year and bring it into a lake, up to the daily state."""
    simulate(Parameters(enterprises, seed=1), DAYS, folder / "ecosystem", say=lambda _line: None)
    files = folder / "ecosystem" / "files"
    for name in NO_MEASURES:
        (files / name).rename(folder / f"without-{name}")
    settings = settings_of(folder, SIMULATED)
    for job in STATE_JOBS:
        run_job(job, AS_OF, files, settings)
    _stop(settings)


# The firms of the source by the codes that its state has of them, numbered from 0.
PLACES = f"""
with links as (
    select code_system, party_code as enterprise_code, enterprise_id
    from source_links
    where {OWN_CODE} and superseded_at is null
),

codes as (
    select distinct code_system, enterprise_code
    from source_state
    where enterprise_code <> ''
),

firms as (
    select
        codes.*,
        coalesce(links.enterprise_id, codes.enterprise_code) as enterprise_id
    from codes
    left join links using (code_system, enterprise_code)
    where links.enterprise_id is not null or codes.code_system = ''
)

select *, dense_rank() over (order by enterprise_id) - 1 as place
from firms
"""
# How often a firm is copied is told by its place: the first firms once more, if it does not divide.
COPIES = """
select *, concat('-', id) as ending
from (select distinct enterprise_id, place from places)
cross join range({copies})
where id * {firms} + place < {count}
"""


def _places(rows: pa.Table, place_of: dict[tuple[str, str], int]) -> NDArray[np.int64]:
    """The place of the firm of each row; -1 for one without."""
    codes = zip(
        *(rows[name].to_pylist() for name in ("code_system", "enterprise_code")), strict=True
    )
    return np.array([place_of.get(code, -1) for code in codes], dtype=np.int64)


def _copied_steps(rows: pa.Table, place: NDArray[np.int64], copy: int) -> pa.Table:
    """Rows with the codes and amounts of a copy of their firms."""
    factor = 1 + (place * 7 + copy * 5) % LARGEST_FACTOR
    delta = pc.multiply(rows["delta"], pa.array(factor.astype(np.int8)).cast(pa.decimal128(3, 0)))
    code = pc.binary_join_element_wise(rows["enterprise_code"], f"-{copy}", "")
    for name, column in (("enterprise_code", code), ("delta", delta.cast(pa.decimal128(28, 6)))):
        rows = rows.set_column(rows.schema.get_field_index(name), name, column)
    return rows


def _write_state(spark: SparkSession, settings: Settings, source: Settings, count: int) -> None:
    """The state of `count` enterprises: Parquet files, which are then made a table."""
    folder = settings.home / "state"
    rows = spark.table("places").collect()
    firms = max(row["place"] for row in rows) + 1
    place_of = {(row["code_system"], row["enterprise_code"]): row["place"] for row in rows}
    of_source = source.warehouse / "features.db" / "daily_state"
    for partition in of_source.glob("table_name=*"):
        steps = pa.concat_tables(
            pq.ParquetFile(path).read(STEP_COLUMNS) for path in partition.glob("*.parquet")
        )
        place = _places(steps, place_of)
        (folder / partition.name).mkdir(parents=True)
        writer, path = None, folder / partition.name / "copies.parquet"
        for copy in range(-(-count // firms)):
            within = (place >= 0) & (place + copy * firms < count)
            copied = _copied_steps(steps.filter(pa.array(within)), place[within], copy)
            writer = writer or pq.ParquetWriter(path, copied.schema)
            writer.write_table(copied)
        if writer:
            writer.close()
    columns = "partitioned by (table_name string)"
    spark.sql(f"convert to delta parquet.`{folder}` no statistics {columns}")
    spark.sql("create schema if not exists features")
    spark.sql(f"create table {STATE} using delta location '{folder}'")


def _copy_tables(spark: SparkSession, settings: Settings, source: Settings, count: int) -> None:
    """State, links and parties of `count` enterprises, copied from those of another home."""
    for table, view in ((STATE, "source_state"), (LINK, "source_links"), (PARTY, "source_party")):
        schema, _, name = table.partition(".")
        path = source.warehouse / f"{schema}.db" / name
        spark.read.format("delta").load(str(path)).createOrReplaceTempView(view)
    spark.sql(PLACES).createOrReplaceTempView("places")
    _write_state(spark, settings, source, count)
    create_tables(spark, settings.catalog, (LINK, PARTY))
    firms = spark.sql("select max(place) + 1 as firms from places").collect()[0]["firms"]
    by_firm = spark.sql(COPIES.format(copies=-(-count // firms), firms=firms, count=count))
    links = spark.table("source_links").where(f"{OWN_CODE} and superseded_at is null")
    links = links.join(by_firm, "enterprise_id")
    copied_codes = links.select("code_system", "party_code", "ending")
    party = spark.table("source_party").where(OWN_CODE)
    party = party.join(copied_codes, ["code_system", "party_code"])
    new_code = {"party_code": F.expr("concat(party_code, ending)")}
    new_id = {"enterprise_id": F.expr("concat(enterprise_id, ending)")}
    append_rows(links.withColumns(new_code | new_id), LINK)
    append_rows(party.withColumns(new_code), PARTY)


@app.command()
def copies(folder: Path, count: int) -> None:
    """Make a home whose state has so many enterprises."""
    settings = settings_of(folder, str(count))
    start_engine(settings)
    try:
        spark = open_session(settings)
        _copy_tables(spark, settings, settings_of(folder, SIMULATED), count)
        print(f"{count:,} enterprises, {spark.table(STATE).count():,} rows of state")
    finally:
        _stop(settings)


@app.command("run")
def one_run(
    folder: Path,
    count: int,
    rounds: Annotated[int, typer.Option(help="Runs in one engine; the first warms it.")] = 2,
) -> None:
    """Run the job, each time in a process of its own, and print a line of the table a run."""
    settings = settings_of(folder, str(count))
    start_engine(settings)
    command = [str(Path(sys.executable).with_name("loomline")), "run", "window_features"]
    try:
        engine = engine_process(settings)
        for number in range(rounds):
            before, clock = processor_seconds(engine), time.perf_counter()
            job = subprocess.Popen(
                [*command, "--date", str(AS_OF)],
                env={**os.environ, **settings.environment},
                cwd=PROJECT_ROOT,
            )
            _, status, used = os.wait4(job.pid, 0)
            seconds = time.perf_counter() - clock
            if status:
                raise SystemExit(f"The job failed: {status}.")
            own, engines = used.ru_utime + used.ru_stime, processor_seconds(engine) - before
            values = _values(settings)
            print(
                f"| {count:,} | {number + 1} | {values:,} | {seconds:.0f} | {engines:.0f} | "
                f"{own:.0f} | {values / (own + engines) / 1e6:.2f} | "
                f"{peak_megabytes(engine):,.0f} | {used.ru_maxrss / 1024:,.0f} |"
            )
    finally:
        _stop(settings)


def _stop(settings: Settings) -> None:
    """End the session, which would ask for its engine for long, and the engine."""
    open_session(settings).stop()
    stop_engine(settings)


def _values(settings: Settings) -> int:
    """How many values the vectors of the date have."""
    vectors = open_session(settings).table(VALUES).where(f"as_of_date = date'{AS_OF}'")
    return int(vectors.selectExpr("sum(size(feature_values))").collect()[0][0])


if __name__ == "__main__":
    app()
