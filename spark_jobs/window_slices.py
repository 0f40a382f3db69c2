"""The daily state as of a date, in slices of enterprises.

The rows of the state are read from the files of its table, batch by batch, and dealt out into one
file a slice; a slice has so few enterprises that all their days fit into memory, however many
enterprises there are. Of a batch only what is said once is looked up, each code and name, and not
each row: the engine takes ten times as long to join and sum the rows as that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from urllib.parse import unquote, urlparse

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from loomline.errors import LoomlineError
from loomline.families.catalogue import measures_of
from loomline.families.model import Family
from loomline.families.state import DailyState, Floats, Steps, daily_state
from loomline.families.vocabulary import STATE_DAYS
from loomline.job import JobContext
from loomline.known_codes import known_codes
from spark_jobs.known_enterprises import known_trades

STATE = "features.daily_state"
COLUMNS = ["code_system", "enterprise_code", "measure", "event_date", "known_date", "delta"]
NAMES = COLUMNS[:3]
UNKNOWN_TRADE = -1
BATCH_ROWS = 1 << 20
# A step as it lies in the files of a slice: measure, place of the enterprise in the slice and days
# back in one number, and the amount in millionths, which are what the table has.
PLACE_BITS, BACK_BITS = 9, 10
SLICE_ENTERPRISES = 1 << PLACE_BITS
MILLION = 1e6
EPOCH = date(1970, 1, 1)


def _millionths(amounts: pa.Decimal128Array) -> NDArray[np.int64]:
    """Amounts of six decimals as whole numbers.

    Raises:
        ValueError: one is 9.2e12 or more.
    """
    halves = np.frombuffer(amounts.buffers()[1], np.int64).reshape(-1, 2)
    low, high = halves[amounts.offset : amounts.offset + len(amounts)].T
    if not np.array_equal(high, low >> 63):
        raise ValueError("A step of the daily state is 9.2e12 or more.")
    return low


def _days(dates: pa.Date32Array) -> NDArray[np.int32]:
    """Dates as days since 1970."""
    return dates.cast(pa.int32()).to_numpy()


class Dealer:
    """Deals rows of the daily state out to slices, as of a date.

    `enterprise_of` are the codes that are known to be somebody's, by system and code; a machine's
    is its owner's. Enterprises
    get numbers as they come, and each so many of them are a slice.
    """

    def __init__(
        self,
        families: Sequence[Family],
        as_of: date,
        enterprise_of: Mapping[tuple[str, str], str],
        folder: Path,
    ) -> None:
        measures = measures_of(families)
        self.measures = pa.array(measures, pa.string())
        self._is_balance = np.array([one.kind == "balance" for one in measures.values()])
        shown = {
            table
            for family in families
            if family.covers_everybody
            for table in (*(one.table for one in family.measures), *family.also_covered_by)
        }
        self._shows_everybody = np.array([one.table in shown for one in measures.values()])
        self._of_everybody: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []
        self._as_of = (as_of - EPOCH).days
        self._enterprise_of = enterprise_of
        self._numbers: dict[str, int] = {}
        self._folder = folder
        folder.mkdir(parents=True)

    def _number(self, system: str, code: str) -> int:
        """The number of an enterprise; -1 for a code that is not known to be anybody's."""
        enterprise = self._enterprise_of.get((system, code), "" if system else code)
        return self._numbers.setdefault(enterprise, len(self._numbers)) if enterprise else -1

    def deal(self, batch: pa.RecordBatch) -> None:
        """Put the rows of a batch that count as of the date into the files of their slices."""
        measure = batch["measure"]
        found = pc.fill_null(pc.index_in(measure.dictionary, self.measures), -1).to_numpy()
        measures = found[measure.indices.to_numpy()]
        back = self._as_of - _days(batch["event_date"])
        counts = (measures >= 0) & (back >= 0) & (_days(batch["known_date"]) <= self._as_of)
        counts &= (back < STATE_DAYS) | self._is_balance[measures]
        systems, codes = (
            (batch[name].dictionary.to_pylist(), batch[name].indices.to_numpy()[counts])
            for name in ("code_system", "enterprise_code")
        )
        pairs = systems[1].astype(np.int64) * len(codes[0]) + codes[1]
        number_of = np.full(len(systems[0]) * len(codes[0]), -1, np.int32)
        for pair in np.flatnonzero(np.bincount(pairs, minlength=len(number_of))).tolist():
            system, code = divmod(pair, len(codes[0]))
            number_of[pair] = self._number(systems[0][system], codes[0][code])
        numbers = number_of[pairs]
        of_somebody = numbers >= 0
        rows = np.flatnonzero(counts)[of_somebody]
        self._write(
            numbers[of_somebody],
            measures[rows],
            np.minimum(back[rows], STATE_DAYS),
            _millionths(batch["delta"])[rows],
        )

    def _write(
        self,
        numbers: NDArray[np.int32],
        measures: NDArray[np.int32],
        back: NDArray[np.int32],
        millionths: NDArray[np.int64],
    ) -> None:
        shown = self._shows_everybody[measures]
        if shown.any():
            key = (measures[shown].astype(np.int64) << 32) | numbers[shown]
            self._of_everybody.append(((key << BACK_BITS) | back[shown], millionths[shown]))
        places = (numbers & (SLICE_ENTERPRISES - 1)).astype(np.uint32)
        keys = ((measures.astype(np.uint32) << PLACE_BITS | places) << BACK_BITS) | back
        # Of numbers of 16 bits the order is found without comparing.
        slices = (numbers >> PLACE_BITS).astype(np.int16)
        order, ends = np.argsort(slices, kind="stable"), np.cumsum(np.bincount(slices))
        for part, values in (("keys", keys.astype(np.uint32)), ("millionths", millionths)):
            for at, of_slice in enumerate(np.split(values[order], ends[:-1])):
                if len(of_slice):
                    with self._path(at, part).open("ab") as file:
                        of_slice.tofile(file)

    def _path(self, at: int, part: str) -> Path:
        return self._folder / f"{at:05}.{part}"

    def longest(self) -> dict[str, int]:
        """The longest history in days of each measure that shows everybody's."""
        if not self._of_everybody:
            return {}
        every, millionths = (np.concatenate(part) for part in zip(*self._of_everybody, strict=True))
        keys, at = np.unique(every, return_inverse=True)
        sums = np.zeros(len(keys), np.int64)
        np.add.at(sums, at, millionths)
        keys = keys[sums != 0]
        days = np.zeros(len(self.measures), np.int64)
        np.maximum.at(days, keys >> (32 + BACK_BITS), (keys & ((1 << BACK_BITS) - 1)) + 1)
        return dict(zip(self.measures.to_pylist(), days.tolist(), strict=True))

    def slices(self) -> Iterator[tuple[list[str], dict[str, Steps]]]:
        """Enterprises of each slice that have any steps, and these by measure."""
        enterprises, names = list(self._numbers), self.measures.to_pylist()
        for start in range(0, len(enterprises), SLICE_ENTERPRISES):
            at = start // SLICE_ENTERPRISES
            keys = np.fromfile(self._path(at, "keys"), np.uint32)
            millionths = np.fromfile(self._path(at, "millionths"), np.int64)
            of_names = _by_measure(keys, millionths, len(names))
            is_there = np.zeros(SLICE_ENTERPRISES, bool)
            for places, _, _ in of_names:
                is_there[places] = True
            place_of = np.cumsum(is_there) - 1
            steps = {
                name: Steps(place_of[places], back, amounts)
                for name, (places, back, amounts) in zip(names, of_names, strict=True)
            }
            there = np.flatnonzero(is_there).tolist()
            yield [enterprises[start + place] for place in there], steps


def _by_measure(
    keys: NDArray[np.uint32], millionths: NDArray[np.int64], measures: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int16], Floats]]:
    """The sums of each measure that are not 0: places in the slice, days back and amounts."""
    cell_bits = PLACE_BITS + BACK_BITS
    of = (keys >> cell_bits).astype(np.int16)
    order, ends = np.argsort(of, kind="stable"), np.cumsum(np.bincount(of, minlength=measures))
    cells = (keys[order] & ((1 << cell_bits) - 1)).astype(np.int64)
    millionths = millionths[order]
    found, sums = [], np.empty(1 << cell_bits, np.int64)
    for begin, end in zip([0, *ends], ends, strict=False):
        sums[:] = 0
        np.add.at(sums, cells[begin:end], millionths[begin:end])
        there = np.flatnonzero(sums)
        back = (there & ((1 << BACK_BITS) - 1)).astype(np.int16)
        found.append((there >> BACK_BITS, back, sums[there] / MILLION))
    return found


def read_batches(files: Iterable[Path | pa.NativeFile]) -> Iterator[pa.RecordBatch]:
    """The rows of files of the daily state; names are said once a batch."""
    for one in files:
        with pq.ParquetFile(one, read_dictionary=NAMES) as file:
            yield from file.iter_batches(BATCH_ROWS, columns=COLUMNS)


def deal_state(context: JobContext, families: Sequence[Family], folder: Path) -> Dealer:
    """Deal the state as of the date out to slices, in files of a folder.

    Raises:
        LoomlineError: the files of the table hold other rows than the table.
    """
    spark = context.spark
    columns = spark.sql(known_codes(context.as_of_end)).toArrow().to_pydict()
    systems, codes, enterprises = columns.values()
    enterprise_of = dict(zip(zip(systems, codes, strict=True), enterprises, strict=True))
    state = spark.table(STATE)
    dealer, rows = Dealer(families, context.as_of_date, enterprise_of, folder), 0
    for batch in read_batches(Path(unquote(urlparse(uri).path)) for uri in state.inputFiles()):
        dealer.deal(batch)
        rows += len(batch)
    # Rows that were taken out of a table without writing its files anew are still in these.
    if rows != state.count():
        raise LoomlineError(
            f"The files of {STATE} hold {rows:,} rows, and the table has others.",
            f"Run `reorg table {STATE} apply (purge)` in the engine, and the job again.",
        )
    return dealer


def states(context: JobContext, families: Sequence[Family], dealer: Dealer) -> Iterator[DailyState]:
    """The daily state of the enterprises of each slice."""
    longest, trade_of = dealer.longest(), known_trades(context)
    trade_numbers = {
        trade: number for number, trade in enumerate(sorted({*trade_of.values()} - {""}))
    }
    for enterprises, steps in dealer.slices():
        numbers = [trade_numbers.get(trade_of.get(one, ""), UNKNOWN_TRADE) for one in enterprises]
        trades = np.array(numbers, dtype=np.int64)
        yield daily_state(families, enterprises, trades, context.as_of_date, steps, longest)
