"""What goes wrong between a fact and the file that tells it, and the outbox that does it.

Disorder acts on what is sent, never on facts. A duplicate is the same row twice in a file; a late
row comes in a later day's file; a correction is a row sent with a wrong figure today and with the
right one some days later. All that is sent is counted, so that a lake can be reconciled with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from simulator.frame import Frame, joined
from simulator.randomness import MILLION, Draws


@dataclass(frozen=True)
class Rates:
    """Chances a row, in millionths, and the longest delay in days.

    `corrected` needs a column that may be wrong; `lost` rows are never sent.
    """

    duplicated: int = 0
    late: int = 0
    corrected: int = 0
    lost: int = 0
    longest_delay: int = 3


# The rates of every stream of rows, by source. The duplicates of the tax files are those of the
# real set (11,665 of 1,099,441 rows); no public set measures the others, so they are assumptions.
RATES: Mapping[str, Rates] = {
    "tax_invoices": Rates(duplicated=10_600, late=4_000),
    "mes_reports": Rates(duplicated=2_000, late=6_000, corrected=5_000),
    "mes_machine_events": Rates(duplicated=1_000, late=8_000),
    "erp_sap": Rates(duplicated=500, late=1_500, corrected=2_000),
    "erp_sap_snapshots": Rates(duplicated=500),
    "erp_domestic_entries": Rates(corrected=4_000, late=3_000),
    "bank_transactions": Rates(duplicated=200, late=500),
    "bank_loans": Rates(),
    "logistics": Rates(duplicated=4_000, late=12_000, longest_delay=5),
    "warehouse_readings": Rates(duplicated=3_000, late=6_000, lost=5_000),
    "warehouse_receipts": Rates(late=10_000),
    "meters": Rates(duplicated=1_500, late=4_000, lost=3_000),
    "payroll": Rates(corrected=8_000),
    "statements": Rates(),
    "tax_filings": Rates(corrected=6_000),
    "credit_bureau": Rates(corrected=3_000),
    "court": Rates(late=30_000, longest_delay=14),
    "registry": Rates(),
    "weather": Rates(late=10_000, lost=6_000),
    "telemetry_a": Rates(duplicated=1_500, late=2_500, lost=4_000),
    "telemetry_b": Rates(duplicated=1_500, late=2_500, lost=4_000),
    "telemetry_opc_ua": Rates(lost=2_000),
}

KEPT = "kept"

# Days on which a sender changes its format, by source: docs/simulator.md says what changes.
MES_COLUMN_ADDED_DAY = 40
LOGISTICS_FIELD_RENAMED_DAY = 150
METER_DECIMALS_DAY = 25


@dataclass(frozen=True)
class Sent:
    """What one stream sent on one day, in rows.

    `stream` is the path of its files up to the date, with # and a sheet or a block of the day
    behind it if a file has several; head and item tables that go together have a + between them.
    `facts` happened that day and were not lost; `rows` = facts - held back + arrears + duplicates.
    """

    source: str
    stream: str
    day: int
    facts: int
    rows: int
    duplicates: int
    held_back: int
    arrears: int
    wrong: int
    lost: int


@dataclass
class Outbox:
    """Rows on their way out on one day, and those held back for later days, by stream.

    `pending` is part of what a later day needs; `sent` is what this day sent.
    """

    draws: Draws
    pending: dict[str, Frame]
    sent: list[Sent] = field(default_factory=list)

    def rows(self, source: str, stream: str, facts: Frame, correctable: str = "") -> Frame:
        """The rows that leave today, in the order in which they are written.

        A column `is_correction` is added: 1 where the right figure follows a wrong one.
        """
        rates, draws, day = RATES[source], self.draws, self.draws.day
        size = len(facts)
        facts = facts.with_columns(is_correction=np.zeros(size, dtype=np.int64))
        is_lost = draws.happens(f"{stream} lost", rates.lost, size)
        known = facts.take(~is_lost)
        fate = draws.integers(f"{stream} fate", 0, MILLION, len(known))
        delay = day + draws.integers(f"{stream} held", 1, rates.longest_delay + 1, len(known))
        is_late = fate < rates.late
        is_wrong = (fate >= rates.late) & (fate < rates.late + rates.corrected)
        is_wrong &= bool(correctable)
        is_double = fate >= MILLION - rates.duplicated
        now = known
        if correctable:
            error = draws.integers(f"{stream} error", 105, 1000, len(known))
            wrong = known[correctable] * error // 100
            now = known.with_columns(**{correctable: np.where(is_wrong, wrong, known[correctable])})
        held = [
            known.take(is_late).with_columns(deliver_day=delay[is_late]),
            known.take(is_wrong).with_columns(
                deliver_day=delay[is_wrong],
                is_correction=np.ones(int(is_wrong.sum()), dtype=np.int64),
            ),
        ]
        arrears, kept = self._arrears(stream, day)
        self.pending[stream] = joined([*kept, *held])
        copies = np.where(is_double, 2, 1) * ~is_late
        today = now.take(np.repeat(np.arange(len(now)), copies))
        out = joined([today, *arrears])
        self.sent.append(
            Sent(
                source=source,
                stream=stream,
                day=day,
                facts=len(known),
                rows=len(out),
                duplicates=int(is_double.sum()),
                held_back=int(is_late.sum()),
                arrears=sum(len(part) for part in arrears),
                wrong=int(is_wrong.sum()),
                lost=int(is_lost.sum()),
            )
        )
        return out

    def kept(self, name: str, rows: Frame, is_first: bool) -> Frame:
        """Rows that a growing file repeats: those kept since its first day, and today's."""
        key = f"{KEPT} {name}"
        before = self.pending.get(key)
        if before is not None and not is_first:
            rows = joined([before, rows])
        self.pending[key] = rows
        return rows

    def gathered(self, name: str, rows: Frame, goes_out: bool) -> Frame | None:
        """All rows gathered under a name, on the day on which they go out; before that None."""
        key = f"{KEPT} {name}"
        before = self.pending.pop(key, None)
        if before is not None:
            rows = joined([before, rows])
        if goes_out:
            return rows
        self.pending[key] = rows
        return None

    def waiting(self, name: str) -> Frame | None:
        """Rows kept on an earlier day."""
        return self.pending.get(f"{KEPT} {name}")

    def repeated(self, source: str, stream: str, rows: int, fresh: int) -> None:
        """Count a file that repeats earlier ones: all its rows, and those that are new."""
        self.sent.append(
            Sent(source, stream, self.draws.day, fresh, rows, rows - fresh, 0, 0, 0, 0)
        )

    def _arrears(self, stream: str, day: int) -> tuple[list[Frame], list[Frame]]:
        """Rows of earlier days that leave today, and those that still wait."""
        waiting = self.pending.get(stream)
        if waiting is None or not len(waiting):
            return [], []
        is_due = waiting["deliver_day"] <= day
        due = waiting.take(is_due)
        due = Frame({name: due[name] for name in due.columns if name != "deliver_day"})
        return [due], [waiting.take(~is_due)]
