"""The record of model events: its chain, its rules, and what a broken chain says."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomline.errors import LoomlineError
from models.governance.record import Event, EventKind, broken_links, cut_end, hash_of, sealed
from models.governance.standing import (
    as_identity,
    check_answer,
    check_reason,
    check_request,
    standing,
)

MODEL = "default_probability"
BEGIN = datetime(2026, 1, 5, 9, 30, 0, 123456, tzinfo=UTC)
TEXTS = st.text(min_size=1, max_size=20)


def event(
    kind: EventKind, version: str = "2", identity: str = "maker", answers: int | None = None
) -> Event:
    return Event(
        event_number=0,
        event=kind,
        request_number=answers,
        model_name=MODEL,
        model_version=version,
        identity=identity,
        reason="as the validation report says",
        training_set_sha256="a" * 64,
        validation_report_sha256="b" * 64,
        recorded_at=BEGIN,
        previous_hash="",
        row_hash="",
    )


def recorded(*events: Event) -> list[Event]:
    chain: list[Event] = []
    for number, one in enumerate(events):
        later = replace(one, recorded_at=BEGIN + timedelta(minutes=number))
        chain.append(sealed(later, chain))
    return chain


def promoted(version: str, first_number: int) -> tuple[Event, Event]:
    return (
        event("promotion_requested", version),
        event("approved", version, "checker", answers=first_number),
    )


@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_a_chain_as_it_was_sealed_holds(reasons: list[str]) -> None:
    chain = recorded(*[replace(event("refused"), reason=reason) for reason in reasons])
    assert broken_links(chain) == []
    assert [one.event_number for one in chain] == list(range(1, len(reasons) + 1))


def test_the_hash_is_that_of_the_columns_as_json() -> None:
    (one,) = recorded(event("promotion_requested"))
    columns = {**asdict(one), "recorded_at": "2026-01-05T09:30:00.123456+00:00"}
    del columns["row_hash"]
    text = json.dumps(columns, sort_keys=True, ensure_ascii=False)
    assert one.row_hash == hashlib.sha256(text.encode()).hexdigest()
    elsewhere = replace(one, recorded_at=one.recorded_at.astimezone())
    assert hash_of(elsewhere) == one.row_hash


@given(st.data())
def test_any_change_of_any_column_of_any_event_is_found(data: st.DataObject) -> None:
    chain = recorded(*promoted("2", 1), *promoted("3", 3))
    place = data.draw(st.integers(0, len(chain) - 1))
    column = data.draw(
        st.sampled_from(["model_version", "identity", "reason", "validation_report_sha256"])
    )
    text = data.draw(TEXTS.filter(lambda text: text != getattr(chain[place], column)))
    chain[place] = replace(chain[place], **{column: text})
    assert broken_links(chain) == [
        f"Event {place + 1} is not as it was recorded: its hash does not fit."
    ]


@given(st.integers(0, 3))
def test_a_changed_event_with_a_new_hash_breaks_the_next_link_or_the_mark(place: int) -> None:
    chain = recorded(*promoted("2", 1), *promoted("3", 3))
    newest = chain[-1]
    forged = replace(chain[place], identity="somebody else", row_hash="")
    chain[place] = replace(forged, row_hash=hash_of(forged))
    found = broken_links(chain) + cut_end(chain, newest.event_number, newest.row_hash)
    assert len(found) == 1


@given(st.integers(0, 3))
def test_a_removed_event_is_found(place: int) -> None:
    chain = recorded(*promoted("2", 1), *promoted("3", 3))
    newest = chain[-1]
    del chain[place]
    assert broken_links(chain) + cut_end(chain, newest.event_number, newest.row_hash)


def test_an_event_that_stands_twice_is_found() -> None:
    first, second = recorded(*promoted("2", 1))
    assert broken_links([first, first, second]) == ["Event 2 is missing, or stands twice."]


def test_events_after_the_mark_are_no_cut_end() -> None:
    chain = recorded(*promoted("2", 1))
    assert cut_end(chain, 1, chain[0].row_hash) == []
    assert cut_end(chain, 0, "") == []


def test_before_any_approval_every_version_may_be_used_that_was_not_refused() -> None:
    asked = recorded(event("promotion_requested"), event("refused", identity="checker", answers=1))
    now = standing(asked, MODEL)
    assert not now.was_ever_approved
    assert not now.may_be_used("2")
    assert now.may_be_used("3")
    assert (now.of("2"), now.of("3")) == ("refused", "candidate")


def test_after_an_approval_only_approved_versions_may_be_used() -> None:
    now = standing(recorded(*promoted("2", 1)), MODEL)
    assert now.may_be_used("2")
    assert not now.may_be_used("3")


def test_a_withdrawn_version_may_not_be_used_and_the_others_stay() -> None:
    events = (
        *promoted("2", 1),
        *promoted("3", 3),
        event("withdrawal_requested", "3"),
        event("approved", "3", "checker", answers=5),
    )
    now = standing(recorded(*events), MODEL)
    assert (now.of("2"), now.of("3")) == ("approved", "withdrawn")
    assert now.may_be_used("2") and not now.may_be_used("3")


def test_a_refused_withdrawal_leaves_the_version_approved() -> None:
    events = (
        *promoted("2", 1),
        event("withdrawal_requested"),
        event("refused", identity="checker", answers=3),
    )
    assert standing(recorded(*events), MODEL).of("2") == "approved"


def test_all_approved_versions_withdrawn_means_that_none_may_be_used() -> None:
    events = (
        *promoted("2", 1),
        event("withdrawal_requested"),
        event("approved", identity="checker", answers=3),
    )
    now = standing(recorded(*events), MODEL)
    assert now.was_ever_approved
    assert not any(now.may_be_used(version) for version in ("1", "2", "3"))


def test_another_model_has_its_own_standing() -> None:
    assert not standing(recorded(*promoted("2", 1)), "another_model").was_ever_approved


def test_nobody_answers_a_request_of_their_own() -> None:
    now = standing(recorded(event("promotion_requested", identity=as_identity(" Li Na "))), MODEL)
    with pytest.raises(LoomlineError, match="can't answer it too"):
        check_answer(now, 1, as_identity("LI NA"))
    assert check_answer(now, 1, as_identity("Wang Wei")).model_version == "2"


def test_a_request_is_answered_once() -> None:
    now = standing(recorded(*promoted("2", 1)), MODEL)
    with pytest.raises(LoomlineError, match="no open request 1"):
        check_answer(now, 1, "another checker")


def test_requests_that_make_no_sense_are_refused() -> None:
    asked = standing(recorded(event("promotion_requested")), MODEL)
    with pytest.raises(LoomlineError, match="still open"):
        check_request(asked, "promotion_requested", "2")
    approved = standing(recorded(*promoted("2", 1)), MODEL)
    with pytest.raises(LoomlineError, match="approved already"):
        check_request(approved, "promotion_requested", "2")
    with pytest.raises(LoomlineError, match="not approved"):
        check_request(approved, "withdrawal_requested", "3")


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_nobody_and_no_reason_are_refused(text: str) -> None:
    with pytest.raises(LoomlineError):
        as_identity(text)
    with pytest.raises(LoomlineError):
        check_reason(text)
