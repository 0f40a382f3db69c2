"""The same firms give the same models in another process, with another hash seed and processors."""

from __future__ import annotations

import os
import subprocess
import sys

from loomline.settings import PROJECT_ROOT

# The card to the letter, and the challenger and every figure to the last bit.
SAY = """
import hashlib
from dataclasses import replace
from tests.unit import validated_firms
from tests.unit.validated_firms import SETTINGS, features, trained
validated_firms.SETTINGS = replace(SETTINGS, folds=2, repeats=1, permutations=1)
model = trained()
described = features()
said = model.challenger.predict_proba(described.values[described.columns("without_history")])
figures = [found.figures for found in model.validated]
print(model.scorecard.to_json(), hashlib.sha256(said.tobytes()).hexdigest(), figures)
"""


def trained_in_a_process(hash_seed: int, processors: int) -> str:
    environment = {
        **os.environ,
        "PYTHONHASHSEED": str(hash_seed),
        "LOKY_MAX_CPU_COUNT": str(processors),
        "OMP_NUM_THREADS": str(processors),
    }
    command = [sys.executable, "-W", "ignore", "-c", SAY]
    return subprocess.run(
        command, cwd=PROJECT_ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout


def test_another_process_trains_the_same_models() -> None:
    first = trained_in_a_process(hash_seed=1, processors=1)
    assert '"features"' in first
    assert trained_in_a_process(hash_seed=2, processors=2) == first
