"""Life left by similarity: where on the way of failed engines an engine's last stretch fits.

After Wang, Yu, Siegel and Lee (2008, PHM conference), simplified.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from models.arrays import Floats
from models.evaluations.engine_features import EngineRun, weighted_mean

SOUND_CYCLES = 30
SMOOTHING_SPAN = 10


@dataclass(frozen=True)
class Similarity:
    """Health indices of the training engines, from 1 (sound) to 0 (failed), and how they come."""

    sensors: npt.NDArray[Any]
    regression: Any
    trajectories: tuple[Floats, ...]
    lives_left: tuple[Floats, ...]

    def health(self, sensors: Floats) -> Floats:
        """The smoothed health index of an engine, (cycles,)."""
        index = self.regression.predict(sensors[:, self.sensors])
        return weighted_mean(index[:, None], SMOOTHING_SPAN)[:, 0]

    def estimates(self, sensors: Floats, stretch: int, widths: Sequence[float]) -> Floats:
        """Life left after the last of the sensors' cycles, by kernel width, (widths,)."""
        index = self.health(sensors)[-stretch:]
        distances, left = places(index, self.trajectories, self.lives_left)
        # From the nearest one: an engine unlike all others still has neighbours.
        distances = distances - distances.min()
        weights = np.exp(-distances[None, :] / (2 * np.array(widths)[:, None] ** 2))
        return np.asarray(weights @ left / weights.sum(axis=1))


def places(
    index: Floats, trajectories: Sequence[Floats], lives_left: Sequence[Floats]
) -> tuple[Floats, Floats]:
    """Mean squared distance at every place of every trajectory, and the life left at its end.

    Both are (places,). A trajectory shorter than the index has no place for it.
    """
    length = len(index)
    distances, left = [], []
    for trajectory, life in zip(trajectories, lives_left, strict=True):
        if len(trajectory) >= length:
            stretches = sliding_window_view(trajectory, length)
            distances.append(np.mean((stretches - index) ** 2, axis=1))
            left.append(life[length - 1 :])
    return np.concatenate(distances), np.concatenate(left)


def fit_similarity(runs: Sequence[EngineRun], sensors: npt.NDArray[Any]) -> Similarity:
    """Fit the health index to the first and last cycles of engines that ran to failure."""
    sound = np.concatenate([run.sensors[:SOUND_CYCLES, sensors] for run in runs])
    failing = np.concatenate([run.sensors[-SOUND_CYCLES:, sensors] for run in runs])
    regression = make_pipeline(StandardScaler(), LinearRegression())
    regression.fit(
        np.concatenate([sound, failing]), np.repeat([1.0, 0.0], [len(sound), len(failing)])
    )
    unfinished = Similarity(sensors, regression, (), ())
    return Similarity(
        sensors,
        regression,
        tuple(unfinished.health(run.sensors) for run in runs),
        tuple(run.life_left for run in runs),
    )
