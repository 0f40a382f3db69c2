"""The record of model events: its chain, its rules, and what a broken chain says."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loomline.errors import LoomlineError
from models.governance.record import (
    Event,
    EventKind,
    VersionFacts,
    broken_links,
    event_of,
    hash_of,
    mark_of,
    sealed,
    unmarked_end,
)
from models.governance.standing import (
    as_identity,
    broken_rules,
    check_answer,
    check_reason,
    check_request,
    standing,
)

MODEL = "default_probability"
BEGIN = datetime(2026, 1, 5, 9, 30, 0, 123456, tzinfo=UTC)
TEXTS = st.text(min_size=1, max_size=20)


def facts(version: str) -> VersionFacts:
    return VersionFacts(
        model_name=MODEL,
        model_version=version,
        trained_as_of=date(2025, 12, 31),
        feature_version="f1",
        training_set_sha256="a" * 64,
        scorecard_sha256="b" * 64,
        validation_report_sha256="c" * 64,
    )


def event(
    kind: EventKind, version: str = "2", identity: str = "maker", answers: int | None = None
) -> Event:
    return Event(
        event_number=0,
        event=kind,
        request_number=answers,
        identity=identity,
        system_account="risk",
        reason="as the validation report says",
        facts=facts(version),
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
    columns = {
        **one.columns(),
        "recorded_at": "2026-01-05T09:30:00.123456+00:00",
        "trained_as_of": "2025-12-31",
    }
    del columns["row_hash"]
    text = json.dumps(columns, sort_keys=True, ensure_ascii=False)
    assert one.row_hash == hashlib.sha256(text.encode()).hexdigest()
    elsewhere = replace(one, recorded_at=one.recorded_at.astimezone())
    assert hash_of(elsewhere) == one.row_hash
    assert event_of(one.columns()) == one


CHANGES = {
    "event_number": 7,
    "event": "refused",
    "request_number": 7,
    "system_account": "root",
    "recorded_at": BEGIN + timedelta(days=1),
    "trained_as_of": date(2020, 1, 1),
    "previous_hash": "d" * 64,
    "row_hash": "d" * 64,
}


@given(st.data())
def test_any_change_of_any_column_of_any_event_is_found(data: st.DataObject) -> None:
    chain = recorded(*promoted("2", 1), *promoted("3", 3))
    place = data.draw(st.integers(0, len(chain) - 1))
    columns = chain[place].columns()
    column = data.draw(st.sampled_from(sorted(columns)))
    before = columns[column]
    after = CHANGES.get(column) or data.draw(TEXTS.filter(lambda text: text != before))
    assert after != before
    mark = mark_of(chain)
    chain[place] = event_of({**columns, column: after})
    assert broken_links(chain) + unmarked_end(chain, mark, mark)


@given(st.integers(0, 3))
def test_a_changed_event_with_a_new_hash_breaks_the_next_link_or_the_mark(place: int) -> None:
    chain = recorded(*promoted("2", 1), *promoted("3", 3))
    mark = mark_of(chain)
    forged = replace(chain[place], identity="somebody", row_hash="")
    chain[place] = replace(forged, row_hash=hash_of(forged))
    assert len(broken_links(chain) + unmarked_end(chain, mark, mark)) == 1


@given(st.integers(0, 3))
def test_a_removed_event_is_found(place: int) -> None:
    chain = recorded(*promoted("2", 1), *promoted("3", 3))
    mark = mark_of(chain)
    del chain[place]
    assert broken_links(chain) + unmarked_end(chain, mark, mark)


def test_a_record_that_is_gone_is_found() -> None:
    mark = mark_of(recorded(*promoted("2", 1)))
    assert unmarked_end([], mark, mark) == ["Events up to 2 were recorded, and 0 are there."]


def test_a_well_sealed_event_that_was_added_by_hand_is_found() -> None:
    chain = recorded(*promoted("2", 1))
    mark = mark_of(chain)
    forged = [*chain, sealed(event("promotion_requested", "3"), chain)]
    assert broken_links(forged) == []
    assert unmarked_end(forged, mark, mark) == [
        "Event 3 was not added by Loomline: its end was marked otherwise."
    ]


def test_a_kill_before_or_after_an_event_is_added_leaves_a_record_that_holds() -> None:
    before = recorded(event("promotion_requested"))
    after = recorded(*promoted("2", 1))
    announced, newest = mark_of(after), mark_of(before)
    assert unmarked_end(before, announced, newest) == []
    assert unmarked_end(after, announced, newest) == []
    assert unmarked_end([], "", "") == []


def test_an_event_that_stands_twice_is_found() -> None:
    first, second = recorded(*promoted("2", 1))
    assert broken_links([first, first, second]) == ["Event 2 is missing, or stands twice."]


@pytest.mark.parametrize(
    ("forged", "said"),
    [
        (event("approved", identity="maker", answers=1), "of the same person"),
        (event("approved", identity="checker", answers=2), "that is not open"),
        (event("approved", "9", identity="checker", answers=1), "of another version"),
    ],
    ids=["alone", "no request", "another version"],
)
def test_an_approval_that_the_rules_do_not_allow_is_found(forged: Event, said: str) -> None:
    chain = recorded(event("promotion_requested"), forged)
    assert broken_links(chain) == []
    (found,) = broken_rules(chain)
    assert said in found


def test_what_the_rules_allow_is_not_complained_of() -> None:
    events = (
        *promoted("2", 1),
        event("withdrawal_requested"),
        event("refused", identity="checker", answers=3),
    )
    assert broken_rules(recorded(*events)) == []


def test_before_any_approval_every_version_may_be_used_that_was_not_refused() -> None:
    asked = recorded(event("promotion_requested"), event("refused", identity="checker", answers=1))
    now = standing(asked, MODEL)
    assert not now.was_ever_approved
    assert not now.may_be_used("2")
    assert now.may_be_used("3")
    assert (now.of("2"), now.of("3")) == ("refused", "candidate")
    assert not now.may_be_followed("2")


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
    assert now.approved == {"2": facts("2")}
    assert now.may_be_followed("2") and not now.may_be_followed("3")


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
    maker = as_identity(" Li.Na@bank ")
    now = standing(recorded(event("promotion_requested", identity=maker)), MODEL)
    with pytest.raises(LoomlineError, match="can't answer it too"):
        check_answer(now, 1, as_identity("LI.NA@BANK"))
    assert check_answer(now, 1, as_identity("wang.wei@bank")).facts.model_version == "2"


@pytest.mark.parametrize("text", ["ｍaker@bank", "MAKER@bank", " maker@bank\n"])
def test_spellings_of_one_account_are_one_identity(text: str) -> None:
    assert as_identity(text) == "maker@bank"


@pytest.mark.parametrize(
    "text", ["", "  ", "\u200b", "maker\u200b", "\ufeffmaker", "li  na", "mаker", "é@bank"]
)
def test_names_that_only_look_like_an_account_are_refused(text: str) -> None:
    with pytest.raises(LoomlineError, match="no account name"):
        as_identity(text)


def test_a_request_that_waits_is_said_beside_the_standing() -> None:
    events = (
        event("promotion_requested"),
        event("refused", identity="checker", answers=1),
        event("promotion_requested"),
    )
    assert standing(recorded(*events), MODEL).of("2") == "refused, promotion requested (3)"


def test_a_request_is_answered_once() -> None:
    now = standing(recorded(*promoted("2", 1)), MODEL)
    with pytest.raises(LoomlineError, match="no open request 1"):
        check_answer(now, 1, "another_checker")


def test_requests_that_make_no_sense_are_refused() -> None:
    asked = standing(recorded(event("promotion_requested")), MODEL)
    with pytest.raises(LoomlineError, match="still open"):
        check_request(asked, "promotion_requested", "2")
    approved = standing(recorded(*promoted("2", 1)), MODEL)
    with pytest.raises(LoomlineError, match="approved already"):
        check_request(approved, "promotion_requested", "2")
    with pytest.raises(LoomlineError, match="not approved"):
        check_request(approved, "withdrawal_requested", "3")


@pytest.mark.parametrize("text", ["", "  ", "\n", "\udcff"])
def test_a_reason_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(LoomlineError):
        check_reason(text)
