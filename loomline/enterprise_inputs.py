"""What rules, indicators and dimensions look at: named values of every enterprise, as of a date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class EnterpriseInputs:
    """Values of enterprises as of `as_of_date`, by name.

    `trades` are the two digits of the division of GB/T 4754, empty where the trade is not known.
    `values` are (enterprises,) in the unit of their name; NaN is a missing value.

    Raises:
        ValueError: lengths differ.
    """

    enterprise_ids: Sequence[str]
    trades: Sequence[str]
    as_of_date: date
    values: Mapping[str, Floats]

    def __post_init__(self) -> None:
        """Refuse lengths that differ."""
        count = len(self.enterprise_ids)
        if len(self.trades) != count:
            raise ValueError(f"{count} enterprises, but {len(self.trades)} trades.")
        for name, values in self.values.items():
            if values.shape != (count,):
                raise ValueError(f"{count} enterprises, but {name} has the shape {values.shape}.")
