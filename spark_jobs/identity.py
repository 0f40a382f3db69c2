"""Job `identity`: which codes and spellings of the systems are which enterprise.

Reads `silver.party` and the tables that `catalog/identity.yml` names; writes
`silver.enterprise_link` and `quality.identity_question`. The links of every moment are made anew
from all that the lake holds, each by what was known at its moment; whoever looks as of a date
keeps those that stood by its end. The questions are those of the as-of date.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime

import pandas as pd
from pyspark.sql import DataFrame

from loomline.contracts.catalogue import PROVENANCE_COLUMNS
from loomline.identity import (
    EVERYBODY,
    Decision,
    Identity,
    Mention,
    load_identity,
    load_name_words,
    model_path,
)
from loomline.job import JobContext, JobResult
from loomline.lake import (
    create_tables,
    quoted,
    replace_rows,
    rows_frame,
    sql_literal,
    tables_of,
)
from loomline.tables import table_declaration
from spark_jobs.linking.history import MODEL, Ruling
from spark_jobs.linking.link import KEY, Key, Linked, Linking, link
from spark_jobs.linking.model import VERSION
from spark_jobs.linking.names import NameReader

PARTY = "silver.party"
LINK = "silver.enterprise_link"
QUESTION = "quality.identity_question"
COMPARED = ("credit_code", "legal_person", "phone", "address", "city")
MOMENTS = ("event_at", "known_at")
COLUMNS = (*KEY, "party_name", *COMPARED, *MOMENTS, "superseded_at", *PROVENANCE_COLUMNS)


def _mentioned(mention: Mention) -> str:
    """A query of the firms that a table names, with the rows that name them."""
    code, name = (quoted(part) if part else "null" for part in (mention.code, mention.name))
    owner = quoted(mention.owner) if mention.owner else sql_literal(EVERYBODY)
    party_code = f"coalesce({code}, {name})"
    return f"""
        select
            code_system, {owner} as owner_code, {sql_literal(mention.role)} as party_role,
            {party_code} as party_code, cast({name} as string) as party_name,
            min(struct(known_at, event_at, {", ".join(PROVENANCE_COLUMNS)})) as first_row
        from {mention.table}
        where {party_code} is not null and {owner} is not null
        group by all
    """


def _mentions(mentions: Iterable[Mention]) -> str:
    """A query of all mentions: a spelling of a code stands until the next is known.

    Once the code is in a list of firms, the list is what says who it is. Until then the mention was
    all that was known, and its links of then stay.
    """
    nothing = ", ".join(f"cast(null as string) as {column}" for column in COMPARED)
    key = ", ".join(KEY)
    return f"""
        with every as ({" union all ".join(map(_mentioned, mentions))}),

        spellings as (
            select {key}, party_name, min(first_row) as first_row
            from every
            group by {key}, party_name
        ),

        listed as (
            select {key}, min(known_at) as listed_at
            from {PARTY}
            group by {key}
        ),

        spans as (
            select
                {key}, party_name, first_row.*,
                least(
                    listed_at,
                    lead(first_row.known_at) over (
                        partition by {key} order by first_row.known_at, party_name
                    )
                ) as superseded_at
            from spellings
            left join listed using ({key})
        )

        select {key}, party_name, {nothing}, {", ".join(MOMENTS)}, superseded_at,
            {", ".join(PROVENANCE_COLUMNS)}
        from spans
        where superseded_at is null or superseded_at > known_at
    """


def collect_records(context: JobContext, identity: Identity) -> pd.DataFrame:
    """Every version of every record that names a firm, by key and moment; see `COLUMNS`."""
    spark = context.spark
    there = tables_of(spark, "silver")
    records = spark.table(PARTY).select(*COLUMNS)
    mentions = [mention for mention in identity.mentions if mention.table in there]
    if mentions:
        records = records.unionByName(spark.sql(_mentions(mentions)))
    found = records.toPandas()
    return found.sort_values([*KEY, "known_at"], kind="stable", ignore_index=True)


def _rulings(context: JobContext, identity: Identity) -> dict[Key, list[Ruling]]:
    rulings: dict[Key, list[Ruling]] = defaultdict(list)

    def add(decision: Decision, is_confirmed: bool) -> None:
        since = context.settings.as_of_end(decision.decided_on)
        evidence = ((f"decision of {decision.decided_by}", decision.reason, None),)
        ruling = Ruling(decision.enterprise_id, since, is_confirmed, evidence)
        rulings[decision.key].append(ruling)

    for decision in identity.confirmed:
        add(decision, True)
    for decision in identity.rejected:
        add(decision, False)
    return rulings


def _at(value: pd.Timestamp) -> datetime:
    return value.to_pydatetime().replace(tzinfo=UTC)


def _link_rows(
    records: pd.DataFrame, linked: Iterable[Linked], probability: float
) -> list[dict[str, object]]:
    """The links that are likely enough, neighbours that say the same being one row."""
    rows = []
    versions = records.to_dict("records")
    for one in linked:
        version = {str(name): value for name, value in versions[one.place].items()}
        for stretch in one.stretches:
            best = stretch.verdicts[0] if stretch.verdicts else None
            if best is None or best.enterprise_id is None or best.probability < probability:
                continue
            row = version | {
                "event_at": _at(version["event_at"]),
                "known_at": stretch.span.start,
                "superseded_at": stretch.span.end,
                "enterprise_id": best.enterprise_id,
                "link_probability": best.probability,
                "link_method": best.method,
                "evidence": list(best.evidence),
                "model_version": VERSION if best.method == MODEL else None,
            }
            rows.append(row)
    return rows


def _question_rows(
    context: JobContext, records: pd.DataFrame, linked: Iterable[Linked], identity: Identity
) -> list[dict[str, object]]:
    """What the model holds possible as of the date, for firms that are enterprises."""
    end, rows = context.as_of_end, []
    own = records[records["code_system"] == identity.enterprise_code_system]
    name_of = dict(zip(own["party_code"], own["party_name"], strict=True))
    versions = records[[*KEY, "party_name"]].to_dict("records")
    for one in linked:
        for stretch in one.stretches:
            if not stretch.span.holds_at(end):
                continue
            for rank, verdict in enumerate(stretch.verdicts):
                probability = verdict.probability
                if (
                    verdict.method != MODEL
                    or verdict.enterprise_id is None
                    or probability < identity.review_probability
                ):
                    continue
                row = {
                    "as_of_date": context.as_of_date,
                    "enterprise_id": verdict.enterprise_id,
                    "enterprise_name": name_of.get(verdict.enterprise_id),
                    "link_probability": probability,
                    "is_linked": rank == 0 and probability >= identity.link_probability,
                    "evidence": list(verdict.evidence),
                }
                rows.append({str(k): v for k, v in versions[one.place].items()} | row)
    return rows


def _frame(context: JobContext, name: str, rows: list[dict[str, object]]) -> DataFrame:
    columns = list(table_declaration(context.catalog, name).columns)
    values = [tuple(_plain(row[column]) for column in columns) for row in rows]
    return rows_frame(context.spark, context.catalog, name, values)


def _plain(value: object) -> object:
    """A value as Spark takes it: pandas has NaT and NaN for what is missing."""
    return None if value is pd.NaT or value != value else value


def run(context: JobContext) -> JobResult:
    """Link anew; one commit replaces the links, another the questions of the as-of date."""
    spark, identity = context.spark, load_identity(context.catalog)
    create_tables(spark, context.catalog, (LINK, QUESTION))
    if PARTY not in tables_of(spark, "silver"):
        return JobResult(0, 0)
    records = collect_records(context, identity)
    rulings = _rulings(context, identity)
    linking = Linking(
        identity.enterprise_code_system,
        NameReader(load_name_words(context.catalog)),
        model_path(context.catalog),
        rulings,
    )
    linked = list(link(records, linking))
    links = _link_rows(records, linked, identity.link_probability)
    replace_rows(_frame(context, LINK, links), LINK, "true")
    questions = _question_rows(context, records, linked, identity)
    condition = f"as_of_date = {sql_literal(context.as_of_date)}"
    replace_rows(_frame(context, QUESTION, questions), QUESTION, condition)
    return JobResult(len(records), len(links), _notes(records, rulings, questions))


def _notes(
    records: pd.DataFrame, rulings: dict[Key, list[Ruling]], questions: list[dict[str, object]]
) -> tuple[str, ...]:
    doubtful = sum(not question["is_linked"] for question in questions)
    notes = []
    if doubtful:
        notes.append(f"{doubtful} doubtful links to look at: loomline identity review")
    known = set(records[list(KEY)].itertuples(index=False, name=None))
    for key in rulings.keys() - known:
        notes.append(f"catalog/identity.yml decides on {' '.join(key)}, which no table names")
    return tuple(notes)
