"""Learn the linkage model from ecosystems of two seeds and write catalog/identity/model.json.

Run from the repository: python bench/identity_train.py. Labels are the credit codes that records
have, never the truth: the names that are compared are those of records with a code, with the same
slips planted as in the records without.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
from identity_records import NOISE, NOISE_RATIO, read_ecosystem, with_slip

from loomline.identity import load_name_words, model_path
from loomline.settings import PROJECT_ROOT
from spark_jobs.linking.features import add_features
from spark_jobs.linking.link import with_identity
from spark_jobs.linking.model import train
from spark_jobs.linking.names import NameReader

SEEDS, FIRMS = (1, 2), 300
CATALOG = PROJECT_ROOT / "catalog"


def main() -> None:
    """Train and write; the same seeds give the same file."""
    words = load_name_words(CATALOG)
    reader = NameReader(words)
    labelled = []
    for seed in SEEDS:
        records = read_ecosystem(seed, FIRMS, reader, words).records
        records = with_identity(records.drop(columns=["truth", "noise"]), "tax")
        labelled.append(records[records["identity"].notna()])
    records = pd.concat(labelled, ignore_index=True)
    is_firm = records["code_system"] == "register"
    firms = records[is_firm].drop_duplicates("identity", ignore_index=True)
    others = records[~is_firm & (records["code_system"] != "tax")].reset_index(drop=True)
    generator = np.random.default_rng(0)
    kinds = generator.choice(
        [*NOISE, ""], len(others), p=[*[NOISE_RATIO] * len(NOISE), 1 - NOISE_RATIO * len(NOISE)]
    )
    draws = generator.integers(0, 10**6, len(others)).tolist()
    others["party_name"] = [
        with_slip(name, kind, reader, words, draw) if kind else name
        for name, kind, draw in zip(others["party_name"], kinds.tolist(), draws, strict=True)
    ]
    frames = [
        add_features(frame, reader).assign(unique_id=range(len(frame))) for frame in (firms, others)
    ]
    path: Path = model_path(CATALOG)
    text = json.dumps(train(*frames), indent=1, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8")
    print(f"{len(firms):,} firms, {len(others):,} records with a code -> {path}")


if __name__ == "__main__":
    main()
