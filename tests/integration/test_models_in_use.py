"""Models in use: promotion by two people, rollback, tampering, monitoring, replay."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from mlflow.exceptions import MlflowException
from pyspark.errors import PySparkException

from loomline.errors import LoomlineError
from loomline.job import JobContext
from models.governance.approvals import (
    Desk,
    answer,
    open_desk,
    past_traces,
    request,
    set_champion_alias,
    verify,
)
from models.governance.listing import version_rows
from models.governance.record import event_of, mark_of, sealed
from models.governance.store import ANNOUNCED, MODEL_EVENTS, NEWEST, read_events
from models.monitor.job import MONITORING
from models.registry import CHAMPION, SCORECARD_FILE, VALIDATION_REPORT_FILE
from models.replay.replaying import replay
from models.replay.subjects import SCORE
from models.score.job import SCORES
from models.score.shadow import SHADOW_SCORES
from models.specification import MODEL_NAME
from models.training_set import FEATURES
from tests.integration.conftest import AS_OF_DATE, RunJob
from tests.integration.content import content_hashes
from tests.integration.desks import CHECKER, MAKER, alias, candidate, forget, of_date, promote

NEXT_DATE = date(2020, 3, 15)
# Old enough for a model of its own, with outcomes known by then.
EARLIER_DATE = date(2019, 6, 30)
# Twelve months after the earlier date, when its scores have come true or not.
MATURE_DATE = date(2020, 7, 1)
REPLAYED = 50


@pytest.fixture(scope="module")
def desk(lake: JobContext, run: RunJob) -> Iterator[Desk]:
    """A desk with a model of each of two dates and scores of three; the record goes afterwards."""
    for day in (EARLIER_DATE, AS_OF_DATE, NEXT_DATE):
        run("features", day)
        run("train", day)
        run("score", day)
    desk = open_desk(lake)
    yield desk
    forget(desk)


@pytest.fixture(autouse=True)
def fresh_record(desk: Desk) -> None:
    """Each test begins with an empty record."""
    forget(desk)


def test_training_makes_a_candidate_and_no_champion(desk: Desk) -> None:
    with pytest.raises(MlflowException):
        alias(desk)
    (row,) = [row for row in version_rows(desk) if row[0] == candidate(desk)]
    assert row[3] == "candidate"


def test_a_promotion_needs_two_people_and_moves_the_alias(desk: Desk, run: RunJob) -> None:
    version = candidate(desk)
    asked = request(desk, "promotion_requested", version, MAKER, "better calibrated")
    with pytest.raises(LoomlineError, match="can't answer it too"):
        answer(desk, "approved", asked.event_number, f" {MAKER.upper()} ", "looks fine")
    with pytest.raises(MlflowException):
        alias(desk)
    answer(desk, "approved", asked.event_number, CHECKER, "report read, agreed")
    assert alias(desk) == version
    assert verify(desk) == []
    events = read_events(desk.context.spark)
    assert [(event.event, event.identity) for event in events] == [
        ("promotion_requested", MAKER),
        ("approved", CHECKER),
    ]
    tags = desk.client.get_model_version(MODEL_NAME, version).tags
    assert events[1].facts.validation_report_sha256 == tags["validation_report_sha256"]
    assert events[1].facts.training_set_sha256 == tags["training_set_sha256"]
    run("score")
    scored = desk.context.spark.table(SCORES).where(f"as_of_date = date'{AS_OF_DATE}'")
    assert [
        tuple(row) for row in scored.select("model_version", "is_approved").distinct().collect()
    ] == [(version, True)]


def test_only_an_approved_version_scores_and_a_rollback_brings_the_one_before(
    desk: Desk, run: RunJob
) -> None:
    spark, early, late = desk.context.spark, of_date(desk, EARLIER_DATE), of_date(desk, AS_OF_DATE)

    def scored_by() -> set[str]:
        run("score", NEXT_DATE)
        rows = spark.table(SCORES).where(f"as_of_date = date'{NEXT_DATE}'")
        return {row["model_version"] for row in rows.select("model_version").distinct().collect()}

    promote(desk, early)
    assert (scored_by(), alias(desk)) == ({early}, early)
    promote(desk, late)
    assert (scored_by(), alias(desk)) == ({late}, late)
    asked = request(desk, "withdrawal_requested", late, MAKER, "wrong bins")
    assert scored_by() == {late}
    answer(desk, "approved", asked.event_number, CHECKER, "agreed")
    assert (scored_by(), alias(desk)) == ({early}, early)
    asked = request(desk, "withdrawal_requested", early, MAKER, "too old")
    answer(desk, "approved", asked.event_number, CHECKER, "agreed")
    assert scored_by() == set()
    with pytest.raises(MlflowException):
        alias(desk)
    assert verify(desk) == []


def test_the_challenger_scores_in_the_shadow_of_the_champion(desk: Desk, run: RunJob) -> None:
    run("score")
    condition = f"as_of_date = date'{AS_OF_DATE}'"
    shadow = desk.context.spark.table(SHADOW_SCORES).where(condition).toPandas()
    scores = desk.context.spark.table(SCORES).where(condition).toPandas()
    assert set(shadow.enterprise_id) == set(scores.enterprise_id)
    assert shadow.pd_ratio.between(0, 1).all()
    (champion,), (challenger,) = scores.model_version.unique(), shadow.model_version.unique()
    tags = desk.client.get_model_version(MODEL_NAME, champion).tags
    assert tags["challenger"] == challenger


def test_an_alias_that_was_moved_in_mlflow_is_found_and_can_be_put_back(desk: Desk) -> None:
    early, late = of_date(desk, EARLIER_DATE), of_date(desk, AS_OF_DATE)
    promote(desk, early)
    desk.client.set_registered_model_alias(MODEL_NAME, CHAMPION, late)
    (found,) = verify(desk)
    assert f"points to version {late}; by the record it is version {early}" in found
    assert set_champion_alias(desk) == early
    assert verify(desk) == []


def test_a_champion_that_nobody_approved_is_found(desk: Desk) -> None:
    desk.client.set_registered_model_alias(MODEL_NAME, CHAMPION, candidate(desk))
    (found,) = verify(desk)
    assert "by the record it is no version" in found


@pytest.mark.parametrize(
    ("tampering", "said"),
    [
        (f"update {MODEL_EVENTS} set identity = 'nobody' where event_number = 1", "Event 1 is not"),
        (f"delete from {MODEL_EVENTS} where event_number = 1", "Event 1 is missing"),
        (f"delete from {MODEL_EVENTS} where event_number = 2", "Events up to 2 were recorded"),
        (
            f"insert into {MODEL_EVENTS} select * from {MODEL_EVENTS} where event_number = 2",
            "twice",
        ),
        (f"drop table {MODEL_EVENTS}", "and 0 are there"),
    ],
    ids=["changed", "removed", "cut", "inserted", "dropped"],
)
def test_a_record_that_was_tampered_with_is_found_and_nothing_is_scored_by_it(
    desk: Desk, run: RunJob, tampering: str, said: str
) -> None:
    spark = desk.context.spark
    promote(desk, candidate(desk))
    if tampering.startswith(("update", "delete")):
        with pytest.raises(PySparkException, match="append"):
            spark.sql(tampering)
        spark.sql(f"alter table {MODEL_EVENTS} set tblproperties (delta.appendOnly = false)")
        assert "no longer refuses changes" in " ".join(verify(desk))
    spark.sql(tampering)
    assert any(said in sentence for sentence in verify(desk))
    with pytest.raises(LoomlineError, match="is broken"):
        run("score")
    with pytest.raises(LoomlineError, match="is broken"):
        request(desk, "withdrawal_requested", candidate(desk), MAKER, "to hide it")


def test_a_forged_approval_that_is_well_sealed_is_found(desk: Desk, run: RunJob) -> None:
    asked = request(desk, "promotion_requested", candidate(desk), MAKER, "better calibrated")
    forged = event_of(
        {**asked.columns(), "event": "approved", "request_number": 1, "identity": CHECKER}
    )
    row = sealed(forged, [asked]).columns()
    frame = desk.context.spark.table(MODEL_EVENTS)
    values = tuple(row[name] for name in frame.columns)
    desk.context.spark.createDataFrame([values], frame.schema).writeTo(MODEL_EVENTS).append()
    assert verify(desk) == ["Event 2 was not added by Loomline: its end was marked otherwise."]
    with pytest.raises(LoomlineError, match="is broken"):
        run("score")


def test_a_record_that_is_restored_holds_and_what_was_done_to_it_stays_visible(
    desk: Desk, run: RunJob
) -> None:
    spark = desk.context.spark
    promote(desk, candidate(desk))
    good = spark.sql(f"describe history {MODEL_EVENTS} limit 1").first()["version"]
    spark.sql(f"alter table {MODEL_EVENTS} set tblproperties (delta.appendOnly = false)")
    spark.sql(f"delete from {MODEL_EVENTS} where event_number = 2")
    spark.sql(f"restore table {MODEL_EVENTS} to version as of {good}")
    assert verify(desk) == []
    assert [" is a DELETE" in trace for trace in past_traces(desk)].count(True) == 1
    run("score")


def test_a_kill_between_the_record_and_mlflow_leaves_both_usable(desk: Desk) -> None:
    asked = request(desk, "promotion_requested", candidate(desk), MAKER, "better calibrated")
    # As a kill right after the event was added leaves it.
    desk.client.delete_registered_model_tag(MODEL_NAME, NEWEST)
    assert verify(desk) == []
    # As a kill right before the event is added leaves it.
    desk.client.set_registered_model_tag(MODEL_NAME, NEWEST, mark_of([asked]))
    desk.client.set_registered_model_tag(MODEL_NAME, ANNOUNCED, f"2:{'a' * 64}")
    assert verify(desk) == []
    answer(desk, "approved", asked.event_number, CHECKER, "agreed")
    # As a kill between the approval and the alias leaves it.
    desk.client.delete_registered_model_alias(MODEL_NAME, CHAMPION)
    assert "points to no version" in verify(desk)[0]
    set_champion_alias(desk)
    assert verify(desk) == []


@pytest.mark.parametrize("name", [SCORECARD_FILE, VALIDATION_REPORT_FILE])
def test_what_was_changed_since_it_was_asked_for_or_approved_is_not_used(
    desk: Desk, run: RunJob, name: str
) -> None:
    version = candidate(desk)
    asked = request(desk, "promotion_requested", version, MAKER, "as the report says")
    run_id = desk.client.get_model_version(MODEL_NAME, version).run_id
    path = desk.context.settings.home / "mlflow" / "artifacts" / str(run_id) / "artifacts" / name
    before = path.read_bytes()
    try:
        path.write_bytes(before + b" ")
        with pytest.raises(LoomlineError, match="is not what request 1 was made for"):
            answer(desk, "approved", asked.event_number, CHECKER, "agreed")
        path.write_bytes(before)
        answer(desk, "approved", asked.event_number, CHECKER, "agreed")
        path.write_bytes(before + b" ")
        assert "is not what was approved" in verify(desk)[0]
        with pytest.raises(LoomlineError, match="is not what was approved"):
            run("score")
    finally:
        path.write_bytes(before)
    assert verify(desk) == []


def test_a_refused_request_needs_nothing_of_mlflow_and_bars_the_version(
    desk: Desk, run: RunJob
) -> None:
    early, late = of_date(desk, EARLIER_DATE), of_date(desk, AS_OF_DATE)
    asked = request(desk, "promotion_requested", late, MAKER, "better calibrated")
    answer(desk, "refused", asked.event_number, CHECKER, "too few defaults")
    run("score", NEXT_DATE)
    rows = desk.context.spark.table(SCORES).where(f"as_of_date = date'{NEXT_DATE}'")
    found = {(row["model_version"], row["is_approved"]) for row in rows.collect()}
    assert found == {(early, False)}


def monitored(desk: Desk, run: RunJob, day: date) -> list[dict[str, Any]]:
    """What the monitoring of a date finds, the date's scores made anew first."""
    run("score", day)
    run("monitor", day)
    rows = desk.context.spark.table(MONITORING).where(f"as_of_date = date'{day}'").collect()
    return [row.asDict() for row in rows]


def test_drift_is_watched_in_the_score_and_every_feature_of_the_card(
    desk: Desk, run: RunJob
) -> None:
    found = monitored(desk, run, NEXT_DATE)
    scored = desk.context.spark.table(SCORES).where(f"as_of_date = date'{NEXT_DATE}'").first()
    of_drift = [row for row in found if row["measure"] == "psi"]
    assert {row["subject"] for row in of_drift} == {
        "score",
        *(reason["feature"] for reason in scored["reasons"]),
    }
    assert {row["model_version"] for row in of_drift} == {scored["model_version"]}
    assert all(row["value"] >= 0 for row in of_drift)
    assert any(row["measure"] == "decision" and row["role"] == "challenger" for row in found)
    before = content_hashes(desk.context.spark, [MONITORING])
    run("monitor", NEXT_DATE)
    assert content_hashes(desk.context.spark, [MONITORING]) == before


def test_on_the_day_of_training_there_is_no_drift_to_speak_of(desk: Desk, run: RunJob) -> None:
    found = monitored(desk, run, AS_OF_DATE)
    of_drift = [row for row in found if row["measure"] == "psi"]
    assert of_drift
    assert all(row["value"] is None and row["level"] == "none" for row in of_drift)


def test_defaults_are_counted_against_the_scores_of_twelve_months_before(
    desk: Desk, run: RunJob
) -> None:
    run("features", MATURE_DATE)
    found = monitored(desk, run, MATURE_DATE)
    (observed,) = [
        row
        for row in found
        if (row["measure"], row["subject"]) == ("observed_default_ratio", "portfolio")
    ]
    (counted,) = desk.context.spark.sql(
        f"""
        with firms as (
            select enterprise_id,
                min(case when is_default then to_date(event_at + interval 8 hours) end) as fell_on
            from silver.credit_record
            where known_at <= timestamp'2020-07-01 16:00:00Z' and superseded_at is null
            group by enterprise_id
        )
        select count(*) as firms, count_if(fell_on <= date'2020-06-30') as defaults
        from firms
        inner join {SCORES} as scores using (enterprise_id)
        where scores.as_of_date = date'{EARLIER_DATE}'
            and (fell_on is null or fell_on > date'{EARLIER_DATE}')
        """
    ).collect()
    assert observed["enterprise_count"] == counted["firms"] > 0
    assert observed["value"] == pytest.approx(counted["defaults"] / counted["firms"])


def test_an_alias_that_was_moved_is_an_alert_and_puts_itself_back_in_no_way(
    desk: Desk, run: RunJob
) -> None:
    desk.client.set_registered_model_alias(MODEL_NAME, CHAMPION, candidate(desk))
    (record,) = [
        row for row in monitored(desk, run, NEXT_DATE) if row["measure"] == "record_findings"
    ]
    assert record["level"] == "red"
    assert "by the record it is no version" in record["said_en"]
    assert alias(desk) == candidate(desk)
    desk.client.delete_registered_model_alias(MODEL_NAME, CHAMPION)
    (record,) = [
        row for row in monitored(desk, run, NEXT_DATE) if row["measure"] == "record_findings"
    ]
    assert record["level"] == "green"


def test_random_past_scores_are_rebuilt_equal(desk: Desk, run: RunJob) -> None:
    spark, settings = desk.context.spark, desk.context.settings
    days = (EARLIER_DATE, AS_OF_DATE, NEXT_DATE)
    run("score", EARLIER_DATE)
    # Later dates by an approved version, which is not the newest.
    promote(desk, of_date(desk, EARLIER_DATE))
    for day in days[1:]:
        run("score", day)
    promote(desk, of_date(desk, AS_OF_DATE))
    rows = spark.table(SCORES).select("as_of_date", "enterprise_id").collect()
    past = sorted((row[0], row[1]) for row in rows if row[0] in days)
    assert {row["is_approved"] for row in spark.table(SCORES).collect()} == {True, False}
    drawn = random.Random(20_200_229).sample(past, REPLAYED)
    replayed = 0
    for day in days:
        firms = [firm for its_day, firm in drawn if its_day == day]
        for one in replay(JobContext(settings, day), SCORE, firms):
            assert one.differences == (), one
            replayed += 1
    assert replayed == REPLAYED


def test_a_replay_reads_the_features_as_they_were_and_tells_a_changed_score(
    desk: Desk, run: RunJob
) -> None:
    spark = desk.context.spark
    run("score")
    first = spark.table(SCORES).where(f"as_of_date = date'{AS_OF_DATE}'").orderBy("enterprise_id")
    firm = first.first()["enterprise_id"]
    of_firm = f"as_of_date = date'{AS_OF_DATE}' and enterprise_id = '{firm}'"
    try:
        spark.sql(
            f"update {FEATURES} set feature_values = transform(feature_values, x -> x + 1) "
            f"where {of_firm}"
        )
        (replayed,) = replay(desk.context, SCORE, [firm])
        assert replayed.differences == ()
        spark.sql(f"update {SCORES} set score = score + 1, grade = 'G1' where {of_firm}")
        (replayed,) = replay(desk.context, SCORE, [firm])
        assert [one.column for one in replayed.differences] == ["score", "grade"]
        other = of_date(desk, EARLIER_DATE)
        spark.sql(f"update {SCORES} set model_version = '{other}' where {of_firm}")
        (replayed,) = replay(desk.context, SCORE, [firm])
        assert "model_version" in {one.column for one in replayed.differences}
    finally:
        run("features")
        run("score")
