"""The record of model events as a chain of hashes: seal an event, find where a chain is broken."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal

EventKind = Literal["promotion_requested", "withdrawal_requested", "approved", "refused"]
REQUESTS: tuple[EventKind, ...] = ("promotion_requested", "withdrawal_requested")
FIRST_HASH = "0" * 64


@dataclass(frozen=True)
class VersionFacts:
    """What a version of a model is, as it was when an event was recorded.

    The hashes are SHA-256, of the training set, of the text that scores with all files of the model
    as MLflow serves it and the distribution of its training rows, and of the page of the validation
    report.
    """

    model_name: str
    model_version: str
    trained_as_of: date
    feature_version: str
    training_set_sha256: str
    scorecard_sha256: str
    validation_report_sha256: str


@dataclass(frozen=True)
class Event:
    """A row of `governance.model_event`; fields as its columns, those of the version in `facts`."""

    event_number: int
    event: EventKind
    request_number: int | None
    identity: str
    system_account: str
    reason: str
    facts: VersionFacts
    recorded_at: datetime
    previous_hash: str
    row_hash: str

    def columns(self) -> dict[str, object]:
        """The row, by the names of its columns."""
        row = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "facts"}
        return {**row, **asdict(self.facts)}


def event_of(columns: dict[str, object]) -> Event:
    """The event of a row; times must have a zone."""
    row = dict(columns)
    facts = VersionFacts(**{name: row.pop(name) for name in VersionFacts.__dataclass_fields__})  # type: ignore[arg-type]
    return Event(facts=facts, **row)  # type: ignore[arg-type]


def hash_of(event: Event) -> str:
    """What `row_hash` must be: SHA-256 over all other columns as JSON with sorted keys."""
    columns = {name: value for name, value in event.columns().items() if name != "row_hash"}
    columns["recorded_at"] = event.recorded_at.astimezone(UTC).isoformat(timespec="microseconds")
    columns["trained_as_of"] = event.facts.trained_as_of.isoformat()
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
    off or went on holds: only a mark that is kept elsewhere tells (`unmarked_end`).
    """
    found: list[str] = []
    previous_hash = FIRST_HASH
    for number, event in enumerate(events, start=1):
        if event.event_number != number:
            # All that follow would be said to be missing too.
            return [*found, f"Event {number} is missing, or stands twice."]
        if event.row_hash != hash_of(event):
            found.append(f"Event {number} is not as it was recorded: its hash does not fit.")
        if event.previous_hash != previous_hash:
            found.append(f"Event {number} does not follow the event before it.")
        previous_hash = event.row_hash
    return found


def mark_of(events: Sequence[Event]) -> str:
    """The end of a chain in a word, to be kept elsewhere; empty for no events."""
    return f"{events[-1].event_number}:{events[-1].row_hash}" if events else ""


def unmarked_end(events: Sequence[Event], announced: str, newest: str) -> list[str]:
    """A sentence where a record ends otherwise than was marked apart from it.

    A mark is written before an event is added (`announced`) and again after it (`newest`), so that
    a run that is killed in between leaves an end that is one of the two.
    """
    end = mark_of(events)
    if end in (announced, newest):
        return []
    marked = max(int(mark.partition(":")[0] or 0) for mark in (announced, newest))
    if len(events) < marked:
        return [f"Events up to {marked} were recorded, and {len(events)} are there."]
    return [f"Event {len(events)} was not added by Loomline: its end was marked otherwise."]
