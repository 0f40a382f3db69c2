"""States and the watch list as rows of their tables, and states read back from rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from loomline.enterprise_inputs import EnterpriseInputs, Floats
from loomline.indicators.catalogue import IndicatorCatalogue
from loomline.indicators.levels import AMBER, CANNOT_SAY, LEVEL_NAMES, RED
from loomline.indicators.states import Days, WarningStates, no_states
from loomline.indicators.watch_list import STATUSES, WatchList

# Status and the date since when, by enterprise.
StatusBefore = Mapping[str, tuple[str, date]]


# Columns of `scores.indicator_state` from which a state goes on, and the condition of its rows that
# have anything to go on from.
CARRIED = (
    *("enterprise_id", "indicator", "level", "since_date", "last_bad_date", "cleared_date"),
    *("is_counted", "fading_points", "weight_points"),
)
HAS_PAST = "since_date is not null or cleared_date is not null or fading_points > 0"


def _dates(days: Days) -> pa.Array:
    return pa.array(days.T.ravel(), pa.date32(), from_pandas=True)


def state_cells(watched: Floats, states: WarningStates) -> pa.ListArray:
    """For each enterprise the list of its states, an indicator after the other.

    A list is a tenth of what the rows are that it is made into, with names in each.
    """
    cells = pa.StructArray.from_arrays(
        [
            pa.array(watched.T.ravel(), from_pandas=True),
            pa.array(states.levels.T.ravel()),
            _dates(states.since),
            _dates(states.last_bad),
            pa.array(states.lasted_days.T.ravel(), pa.int32()),
            pa.array(states.counts.T.ravel()),
            _dates(states.cleared),
            pa.array(states.fading.T.ravel()),
            pa.array(states.weights.T.ravel()),
        ],
        names=[
            *("watched_value", "level_code", "since_date", "last_bad_date", "lasted_days"),
            *("is_counted", "cleared_date", "fading_points", "weight_points"),
        ],
    )
    indicators, enterprises = states.levels.shape
    offsets = np.arange(enterprises + 1, dtype=np.int32) * indicators
    return pa.ListArray.from_arrays(pa.array(offsets), cells)


def _positions(names: Sequence[str], wanted: pa.ChunkedArray) -> NDArray[np.int64]:
    """The position of each wanted name among the names, or -1."""
    found = pc.index_in(wanted, value_set=pa.array(names, pa.string()))
    return pc.fill_null(found, -1).to_numpy().astype(np.int64)


def states_of_rows(
    rows: pa.Table, as_of_date: date, indicators: Sequence[str], enterprise_ids: Sequence[str]
) -> WarningStates:
    """The state of a date from its rows, for these indicators and enterprises.

    Those that have no row have the state of warnings of which nothing is known, as those have that
    have no past; rows of others are left out.
    """
    states = no_states(as_of_date, len(indicators), len(enterprise_ids))
    places = (
        _positions(indicators, rows["indicator"]),
        _positions(enterprise_ids, rows["enterprise_id"]),
    )
    wanted = (places[0] >= 0) & (places[1] >= 0)
    cells = places[0][wanted], places[1][wanted]
    states.levels[cells] = _positions(LEVEL_NAMES, rows["level"])[wanted]
    for array, name in (
        (states.since, "since_date"),
        (states.last_bad, "last_bad_date"),
        (states.cleared, "cleared_date"),
        (states.counts, "is_counted"),
        (states.fading, "fading_points"),
        (states.weights, "weight_points"),
    ):
        array[cells] = rows[name].to_numpy()[wanted]
    return states


def _reasons(catalogue: IndicatorCatalogue, states: WarningStates, found: WatchList) -> pa.Array:
    """For each enterprise the list of its reasons."""
    owners = np.repeat(np.arange(len(found.statuses)), np.diff(found.reason_offsets))
    cells = found.reason_rows, owners
    named = pa.array(found.reason_rows)
    reasons = pa.StructArray.from_arrays(
        [
            pa.array([one.name for one in catalogue.indicators], pa.string()).take(named),
            pa.array([one.domain for one in catalogue.indicators], pa.string()).take(named),
            pa.array(LEVEL_NAMES).take(pa.array(states.levels[cells])),
            pa.array(states.since[cells], pa.date32(), from_pandas=True),
            pa.array(states.weights[cells]),
        ],
        names=["indicator", "domain", "level", "since_date", "weight_points"],
    )
    return pa.ListArray.from_arrays(pa.array(found.reason_offsets.astype(np.int32)), reasons)


def watch_rows(
    catalogue: IndicatorCatalogue,
    inputs: EnterpriseInputs,
    states: WarningStates,
    found: WatchList,
    before: tuple[date, StatusBefore] | None,
) -> pa.Table:
    """Rows of `scores.watch_list`; `before` is the date before with the statuses of then."""
    count, today = len(inputs.enterprise_ids), states.as_of_date
    then: StatusBefore = before[1] if before else {}
    statuses = [STATUSES[code] for code in found.statuses]
    earlier = [then.get(one) for one in inputs.enterprise_ids]
    since = [
        was[1] if was and was[0] == status else today
        for was, status in zip(earlier, statuses, strict=True)
    ]
    previous = pa.scalar(before[0] if before else None, pa.date32())

    def counted(level: int) -> pa.Array:
        return pa.array(((states.levels == level) & states.counts).sum(axis=0), pa.int32())

    return pa.table(
        {
            "as_of_date": pa.repeat(pa.scalar(today, pa.date32()), count),
            "enterprise_id": pa.array(inputs.enterprise_ids, pa.string()),
            "trade": pa.array([trade or None for trade in inputs.trades], pa.string()),
            "indicators_version": pa.repeat(catalogue.version, count),
            "previous_as_of_date": pa.repeat(previous, count),
            "status": pa.array(statuses, pa.string()),
            "status_since_date": pa.array(since, pa.date32()),
            "previous_status": pa.array([was and was[0] for was in earlier], pa.string()),
            "weight_points": pa.array(found.weights),
            "amber_count": counted(AMBER),
            "red_count": counted(RED),
            "said_count": pa.array((states.levels != CANNOT_SAY).sum(axis=0), pa.int32()),
            "reasons": _reasons(catalogue, states, found),
        }
    )
