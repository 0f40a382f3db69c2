"""Links against the truth of ecosystems that the model has not seen: precision and recall.

Run from the repository: python bench/identity_quality.py. Counts are of records that have no
credit code, by system and by what happened to the name; slips and gaps of the register are planted
besides those of the simulator (`identity_records.py`).
"""

from __future__ import annotations

import time
from typing import Annotated

import pandas as pd
import typer
from identity_records import read_ecosystem

from loomline.identity import load_identity, load_name_words, model_path
from loomline.settings import PROJECT_ROOT
from spark_jobs.linking.history import MODEL
from spark_jobs.linking.link import Linking, credit_code, link
from spark_jobs.linking.names import NameReader

CATALOG = PROJECT_ROOT / "catalog"


def judged(seed: int, firms: int) -> pd.DataFrame:
    """The records without a code, each with what it was linked to, and whether rightly."""
    identity, words = load_identity(CATALOG), load_name_words(CATALOG)
    reader = NameReader(words)
    ecosystem = read_ecosystem(seed, firms, reader, words)
    records = ecosystem.records
    system = identity.enterprise_code_system
    records["linked"], records["is_asked"], records["is_model"] = None, False, True
    clock = time.perf_counter()
    for one in link(records, Linking(system, reader, model_path(CATALOG), {})):
        for verdict in one.stretches[-1].verdicts[:1]:
            records.at[one.place, "is_model"] = verdict.method == MODEL
            if verdict.enterprise_id and verdict.probability >= identity.link_probability:
                records.at[one.place, "linked"] = int(verdict.enterprise_id[1:]) - 1
            elif verdict.enterprise_id and verdict.probability >= identity.review_probability:
                records.at[one.place, "is_asked"] = True
    seconds = time.perf_counter() - clock
    print(f"Seed {seed}: {len(records):,} records, {seconds:.1f} s.")
    is_ours = records["truth"] < firms
    owner = records["truth"].map(lambda party: ecosystem.owner_of[party])
    has_code = records["credit_code"].map(lambda code: credit_code(code) is not None)
    return records.assign(
        is_ours=is_ours,
        is_right=records["linked"] == records["truth"],
        is_wrong=records["linked"].notna() & (records["linked"] != records["truth"]),
        is_owner=records["linked"] == owner,
        is_related=owner >= 0,
    )[~has_code & records["is_model"] & ~records["code_system"].isin(["register", "tax"])]


def table(rows: pd.DataFrame, by: str) -> str:
    """Precision, recall and questions, by a column, as Markdown."""
    lines = [
        f"| {by} | of our firms | linked rightly | wrongly | asked | precision | recall |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, part in [*rows.groupby(by, sort=True), ("all", rows)]:
        ours, right, wrong = (int(part[of].sum()) for of in ("is_ours", "is_right", "is_wrong"))
        asked = int(part["is_asked"].sum())
        precision = f"{right / (right + wrong):.4f}" if right + wrong else "-"
        recall = f"{right / ours:.4f}" if ours else "-"
        lines.append(
            f"| {name} | {ours:,} | {right:,} | {wrong:,} | {asked:,} | {precision} | {recall} |"
        )
    return "\n".join(lines)


def main(
    seeds: Annotated[str, typer.Option(help="Seeds, with commas; not those of the training.")] = (
        "201,202,203"
    ),
    firms: Annotated[int, typer.Option(help="Enterprises of each ecosystem.")] = 300,
) -> None:
    """Measure and print tables."""
    rows = pd.concat([judged(int(seed), firms) for seed in seeds.split(",")], ignore_index=True)
    system = rows["code_system"]
    rows["system"] = system.where(system != "sap", "sap " + rows["party_role"])
    print(f"\n{table(rows, 'system')}\n\n{table(rows, 'noise')}\n")
    related = rows[rows["is_related"]]
    print(
        f"Of {len(related):,} records of related parties, {int(related['is_owner'].sum())} are "
        f"linked to the firm of their owner and {int(related['is_wrong'].sum())} to any firm.\n"
        f"Of {int((~rows['is_ours']).sum()):,} records of outsiders, "
        f"{int(rows.loc[~rows['is_ours'], 'is_wrong'].sum())} are linked."
    )


if __name__ == "__main__":
    typer.run(main)
