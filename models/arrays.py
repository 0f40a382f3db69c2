"""The array types that the package's functions take and give."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]
Dates = npt.NDArray[np.datetime64]
# One day for all rows, or a day for each.
Day = np.datetime64 | Dates
# Days without an hour, as numpy calls them.
DAYS = "datetime64[D]"
