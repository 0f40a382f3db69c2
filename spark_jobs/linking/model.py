"""The linkage model: what splink compares, and how its probabilities are learnt.

A record without a code is compared with the records of firms whose code is known. Only pairs whose
names agree, but for a slip, are compared at all: the same phone and address under another name are
a related party, not the same firm.
"""

from __future__ import annotations

from typing import Any, Literal

import pandas as pd
from splink import DuckDBAPI, Linker, SettingsCreator
from splink.blocking_rule_library import CustomRule
from splink.comparison_library import CustomComparison

from spark_jobs.linking.features import FEATURES

# Raised with whatever changes the model's answers: comparisons, blocks, words, training.
VERSION = "identity_1"
SEED = 1
MAX_PAIRS = 1e8
# One of so many firms on the lists is the one that a record means; with far more, train anew.
PRIOR = 1 / 5_000
# A slip in the brand: 恒通纺织 and 恒通针织 differ by one sign too, and are two firms.
ONE_SIGN = (
    "levenshtein({l}core{_l}, {r}core{_r}) <= 1 "
    "and least(length({l}core{_l}), length({r}core{_r})) >= 4 "
    "and {l}brand{_l} <> {r}brand{_r}"
)
COMPARED = {"l": "", "_l": "_l", "r": "", "_r": "_r"}
BLOCKED = {"l": "l.", "_l": "", "r": "r.", "_r": ""}

# By comparison the condition that leaves it out, then its levels, the strictest first: what is
# said of it, its condition, and how often it is assumed to hold for one and the same firm where
# the records of the training have no pair that could tell.
COMPARISONS: dict[str, tuple[str, tuple[tuple[str, str, float], ...]]] = {
    "name": (
        "core_l is null or core_r is null",
        (
            ("same brand and trade", "core_l = core_r", 0.9),
            ("sounds the same", "core_sound_l = core_sound_r", 0.02),
            (
                "same brand, trade left out",
                "brand_l = brand_r and (trade_l is null or trade_r is null)",
                0.02,
            ),
            ("one sign differs", ONE_SIGN.format(**COMPARED), 0.02),
            ("differs", "ELSE", 0.04),
        ),
    ),
    "romanised name": (
        "(core_l is not null and core_r is not null) or sound_l is null or sound_r is null",
        (
            ("sounds the same, same trade", "sound_l = sound_r and trade_l = trade_r", 0.9),
            ("differs", "ELSE", 0.1),
        ),
    ),
    "place": (
        "place_sound_l is null or place_sound_r is null",
        (
            (
                "same place",
                "place_l = place_r or "
                "((place_l is null or place_r is null) and place_sound_l = place_sound_r)",
                0.98,
            ),
            ("another place", "ELSE", 0.02),
        ),
    ),
    **{
        column: (
            f"{column}_l is null or {column}_r is null",
            (("same", f"{column}_l = {column}_r", 0.9), ("differs", "ELSE", 0.1)),
        )
        for column in ("legal_person", "phone", "address")
    },
}
BLOCKS = (
    "l.core = r.core",
    "l.core_sound = r.core_sound",
    "l.brand = r.brand and (l.trade is null or r.trade is null)",
    *(f"l.{part} = r.{part} and {ONE_SIGN.format(**BLOCKED)}" for part in ("head", "tail")),
    "l.sound = r.sound and l.trade = r.trade and (l.core is null or r.core is null)",
)


def make_settings(link_type: Literal["link_only", "dedupe_only"]) -> SettingsCreator:
    """The comparisons and blocks, nothing learnt yet."""
    comparisons: list[Any] = [
        CustomComparison(
            output_column_name=name.replace(" ", "_"),
            comparison_levels=[
                {"sql_condition": left_out, "label_for_charts": "missing", "is_null_level": True},
                *(
                    {"sql_condition": condition, "label_for_charts": label}
                    for label, condition, _ in levels
                ),
            ],
        )
        for name, (left_out, levels) in COMPARISONS.items()
    ]
    return SettingsCreator(
        link_type=link_type,
        probability_two_random_records_match=PRIOR,
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=[CustomRule(rule) for rule in BLOCKS],
        retain_intermediate_calculation_columns=True,
        linker_uid=VERSION,
    )


Learnt = dict[tuple[str, str], float]


def _learnt(linker: Linker, kind: str) -> Learnt:
    """The probabilities (`m` or `u`) that a training has found, by comparison and label."""
    return {
        (comparison["output_column_name"], level["label_for_charts"]): level[f"{kind}_probability"]
        for comparison in linker.misc.save_model_to_json()["comparisons"]
        for level in comparison["comparison_levels"]
        if f"{kind}_probability" in level
    }


def _chance_agreement(firms: pd.DataFrame) -> Learnt:
    """How often two different firms agree, of `firms` with one row each."""
    api = DuckDBAPI()
    found: Learnt = {}
    latin = firms.assign(core=None)
    # Names in Latin letters are compared by sound alone: as if all of them were.
    for name, rows in (("chinese", firms), ("latin", latin)):
        linker = Linker(api.register(rows, dataset_display_name=name), make_settings("dedupe_only"))
        linker.training.estimate_u_using_random_sampling(
            max_pairs=MAX_PAIRS, seed=SEED, min_count_per_level=None, num_chunks=1
        )
        found.update(_learnt(linker, "u") | found)
    return found


def train(firms: pd.DataFrame, records: pd.DataFrame) -> dict[str, Any]:
    """Learn the model of `FEATURES`, as splink writes it.

    `firms` are those of a register, one row each; `records` are of other systems. Both have
    `unique_id` and `identity`, the credit code, which is None where a record has none.
    """
    columns = ["unique_id", "identity", *FEATURES]
    chance = _chance_agreement(firms[columns])
    api = DuckDBAPI()
    linker = Linker(
        [
            api.register(records[columns], dataset_display_name="records"),
            api.register(firms[columns], dataset_display_name="firms"),
        ],
        make_settings("link_only"),
    )
    linker.training.estimate_m_from_label_column("identity")
    same = _learnt(linker, "m")
    # A level that no pair has is taken to have half a pair.
    least = 1 / (len(firms) * (len(firms) - 1))
    model = linker.misc.save_model_to_json()
    for comparison, (_, levels) in zip(model["comparisons"], COMPARISONS.values(), strict=True):
        name = comparison["output_column_name"]
        assumed = {label: value for label, _, value in levels}
        m = {label: same.get((name, label), value) for label, value in assumed.items()}
        u = {label: chance.get((name, label), least) for label in assumed}
        for level in comparison["comparison_levels"][1:]:
            label = level["label_for_charts"]
            level["m_probability"] = m[label] / sum(m.values())
            level["u_probability"] = u[label] / sum(u.values())
    return model
