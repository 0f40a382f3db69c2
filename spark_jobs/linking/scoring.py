"""How much speaks for a record and a firm being one: splink on DuckDB, with the stored model."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from splink import DuckDBAPI, Linker

from spark_jobs.linking.features import FEATURES

# Comparison, what it found, and the bits by which that raises (or lowers) the odds.
Evidence = tuple[str, str, float | None]


def _labels(model: Mapping[str, Any]) -> dict[str, dict[int, str]]:
    """What each outcome of each comparison is called; -1 is a missing value."""
    labels = {}
    for comparison in model["comparisons"]:
        told = comparison["comparison_levels"][1:]
        labels[comparison["output_column_name"]] = {
            len(told) - 1 - place: level["label_for_charts"] for place, level in enumerate(told)
        }
    return labels


def score_pairs(records: pd.DataFrame, reference: pd.DataFrame, model_file: Path) -> pd.DataFrame:
    """The pairs whose names agree, with `record_id`, `reference_id`, `weight` and `evidence`.

    Both frames have `unique_id` and `FEATURES`. `weight` is the base-two logarithm of the odds
    that the pair is one firm, the prior included. Sorted, so that every run gives the same.
    """
    if records.empty or reference.empty:
        return pd.DataFrame(columns=["record_id", "reference_id", "weight", "evidence"])
    model, columns = json.loads(model_file.read_text(encoding="utf-8")), ["unique_id", *FEATURES]
    api = DuckDBAPI()
    # Their order of names decides which side is the left.
    frames = [
        api.register(records[columns], dataset_display_name="a_records"),
        api.register(reference[columns], dataset_display_name="b_reference"),
    ]
    pairs = (
        Linker(frames, model, log_level=logging.WARNING).inference.predict().as_pandas_dataframe()
    )
    labels = _labels(model)
    evidence: list[list[Evidence]] = [[] for _ in range(len(pairs))]
    for name, of in labels.items():
        for found, level, weight in zip(
            evidence, pairs[f"gamma_{name}"], pairs[f"mw_{name}"], strict=True
        ):
            if level in of:
                found.append((name.replace("_", " "), of[level], round(float(weight), 2)))
    scored = pd.DataFrame(
        {
            "record_id": pairs["unique_id_l"],
            "reference_id": pairs["unique_id_r"],
            "weight": pairs["match_weight"].astype(float),
            "evidence": evidence,
        }
    )
    return scored.sort_values(["record_id", "reference_id"], ignore_index=True)
