"""The record of model events as a chain of hashes: seal an event, find where a chain is broken."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Literal

EventKind = Literal["promotion_requested", "withdrawal_requested", "approved", "refused"]
REQUESTS: tuple[EventKind, ...] = ("promotion_requested", "withdrawal_requested")
FIRST_HASH = "0" * 64


@dataclass(frozen=True)
class Event:
    """A row of `governance.model_event`; fields as its columns."""

    event_number: int
    event: EventKind
    request_number: int | None
    model_name: str
    model_version: str
    identity: str
    reason: str
    training_set_sha256: str
    validation_report_sha256: str
    recorded_at: datetime
    previous_hash: str
    row_hash: str


def hash_of(event: Event) -> str:
    """What `row_hash` must be: SHA-256 over all other columns as JSON with sorted keys."""
    columns = {name: value for name, value in asdict(event).items() if name != "row_hash"}
    columns["recorded_at"] = event.recorded_at.astimezone(UTC).isoformat(timespec="microseconds")
    text = json.dumps(columns, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def sealed(event: Event, before: Sequence[Event]) -> Event:
    """The event as the next one of a chain: numbered, tied to the event before, and hashed."""
    last = before[-1] if before else None
    tied = replace(
        event,
        event_number=last.event_number + 1 if last else 1,
        previous_hash=last.row_hash if last else FIRST_HASH,
        row_hash="",
    )
    return replace(tied, row_hash=hash_of(tied))


def broken_links(events: Sequence[Event]) -> list[str]:
    """A sentence for each place where a chain, in the order of its numbers, does not hold.

    A changed event has another hash than its columns give; a removed or an inserted one leaves a
    gap in the numbers or an event that does not follow the one before. A chain whose end was cut
    off holds: only a mark kept elsewhere tells (`cut_end`).
    """
    found = []
    previous_hash = FIRST_HASH
    for number, event in enumerate(events, start=1):
        if event.event_number != number:
            found.append(f"Event {number} is missing, or stands twice.")
            # All that follow would be said to be missing too.
            return found
        if event.row_hash != hash_of(event):
            found.append(f"Event {number} is not as it was recorded: its hash does not fit.")
        if event.previous_hash != previous_hash:
            found.append(f"Event {number} does not follow the event before it.")
        previous_hash = event.row_hash
    return found


def cut_end(events: Sequence[Event], marked_number: int, marked_hash: str) -> list[str]:
    """A sentence where the events do not contain the newest event that was marked elsewhere."""
    if marked_number == 0:
        return []
    if len(events) < marked_number:
        return [f"Events up to {marked_number} were recorded, and {len(events)} are there."]
    if events[marked_number - 1].row_hash != marked_hash:
        return [f"Event {marked_number} is another one than was marked when it was recorded."]
    return []
