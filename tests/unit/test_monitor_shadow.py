"""Champion and challenger beside one another, what is alarmed about, and what is proposed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_rel

from loomline.tables import load_tables
from models.master_scale import MasterScale, load_master_scale
from models.monitor.finding import Finding, Role, Watched, alerts, gravest
from models.monitor.maturing import Matured, ScoredDate
from models.monitor.proposals import proposals
from models.monitor.shadow import brier_difference, compare, shadow_findings
from models.monitor.thresholds import LEVELS, Level, Thresholds, load_thresholds

CHAMPION, CHALLENGER = Watched("7", "champion"), Watched("6", "challenger")
NOBODY = pd.DataFrame(
    {"enterprise_id": pd.Series(dtype=object), "pd_ratio": pd.Series(dtype=float)}
)
MEASURES = ["psi", "jeffreys_p_value", "matured_auc", "estimated_auc", "rank_correlation"]


@pytest.fixture
def thresholds(catalog: Path) -> Thresholds:
    return load_thresholds(catalog)


@pytest.fixture
def scale(catalog: Path) -> MasterScale:
    return load_master_scale(catalog)


def scored(pd_ratio: np.ndarray) -> pd.DataFrame:
    firms = [f"firm {place:05}" for place in range(len(pd_ratio))]
    return pd.DataFrame({"enterprise_id": firms, "pd_ratio": pd_ratio})


def slow_ranks(values: np.ndarray) -> np.ndarray:
    return np.array([np.mean(np.flatnonzero(np.sort(values) == x)) for x in values])


def test_the_comparison_is_that_of_ranks_means_and_grades(scale: MasterScale) -> None:
    generator = np.random.default_rng(6)
    champion = np.round(generator.beta(1, 9, 80), 2)
    challenger = np.round(np.clip(champion + generator.normal(0, 0.05, 80), 0.001, 0.999), 2)
    found = compare(champion, challenger, scale)
    ranks = np.corrcoef(slow_ranks(champion), slow_ranks(challenger))[0, 1]
    assert found.rank_correlation == pytest.approx(ranks)
    assert found.mean_difference == pytest.approx(challenger.mean() - champion.mean())
    differs = [
        scale.grade_of(a) != scale.grade_of(b) for a, b in zip(champion, challenger, strict=True)
    ]
    assert found.grade_share == pytest.approx(sum(differs) / 80)


def test_a_difference_of_brier_scores_has_the_interval_of_paired_losses() -> None:
    generator = np.random.default_rng(7)
    truth = generator.beta(1, 6, 5_000)
    outcome = (generator.random(5_000) < truth).astype(float)
    flat = np.full(5_000, truth.mean())
    found = brier_difference(outcome, flat, truth)
    losses = (truth - outcome) ** 2, (flat - outcome) ** 2
    assert found.value == pytest.approx(losses[0].mean() - losses[1].mean())
    interval = ttest_rel(*losses).confidence_interval(0.95)
    assert (found.lower, found.upper) == pytest.approx((interval.low, interval.high), rel=1e-3)
    assert found.upper < 0


def both(
    thresholds: Thresholds,
    scale: MasterScale,
    champion: np.ndarray,
    challenger: np.ndarray,
    outcome: np.ndarray | None = None,
) -> dict[str, Finding]:
    """The findings by measure; with outcomes the same scores are those that came true."""
    matured = None
    if outcome is not None:
        firms = scored(champion).enterprise_id.to_numpy(dtype=object)
        matured = Matured(ScoredDate(date(2020, 2, 29), "7"), firms, champion, outcome)
    found = shadow_findings(
        CHALLENGER,
        scored(champion),
        scored(challenger),
        matured,
        scored(challenger),
        scale,
        thresholds.shadow,
    )
    return {one.measure: one for one in found}


def test_models_that_agree_are_kept_and_nothing_is_proposed(
    thresholds: Thresholds, scale: MasterScale
) -> None:
    p = np.random.default_rng(1).beta(1, 9, 500)
    found = both(thresholds, scale, p, p)
    assert (found["decision"].subject, found["decision"].level) == ("keep", "green")
    assert found["brier_difference"].level == "none"
    assert proposals(list(found.values()), CHAMPION) == []


def test_models_that_differ_without_outcomes_are_looked_at_and_nothing_is_proposed(
    thresholds: Thresholds, scale: MasterScale
) -> None:
    generator = np.random.default_rng(2)
    found = both(thresholds, scale, generator.beta(1, 9, 500), generator.beta(1, 3, 500))
    assert found["decision"].subject == "look_at"
    assert found["rank_correlation"].level == "red"
    assert found["mean_pd_difference"].level == "red"
    assert found["mean_pd_difference"].said[0] in found["decision"].said[0]
    assert proposals(list(found.values()), CHAMPION) == []


def test_a_mean_difference_is_judged_in_either_direction(
    thresholds: Thresholds, scale: MasterScale
) -> None:
    p = np.linspace(0.1, 0.3, 200)
    for challenger in (p + 0.06, p - 0.06):
        assert both(thresholds, scale, p, challenger)["mean_pd_difference"].level == "red"


def test_a_challenger_that_was_better_on_outcomes_is_proposed_for_review(
    thresholds: Thresholds, scale: MasterScale
) -> None:
    generator = np.random.default_rng(3)
    truth = generator.beta(0.6, 3, 4_000)
    outcome = (generator.random(4_000) < truth).astype(float)
    worse = np.clip(generator.permutation(truth), 0.001, 0.999)
    found = both(thresholds, scale, worse, truth, outcome)
    assert found["decision"].subject == "propose"
    (proposal,) = proposals(list(found.values()), CHAMPION)
    assert (proposal.measure, proposal.subject) == ("proposal", "review_challenger")
    assert proposal.of == CHALLENGER
    assert proposal.level == found["decision"].level
    assert found["brier_difference"].said[0] in proposal.said[0]
    # The other way round the champion is better, and stays.
    turned = both(thresholds, scale, truth, worse, outcome)
    assert turned["decision"].subject == "look_at"
    assert turned["brier_difference"].level == "green"


def test_firms_of_which_none_defaulted_say_nothing_of_who_is_better(
    thresholds: Thresholds, scale: MasterScale
) -> None:
    p = np.linspace(0.05, 0.2, 100)
    found = both(thresholds, scale, p, p / 2, np.zeros(100))
    assert found["brier_difference"].level == "none"
    assert found["decision"].subject != "propose"


def test_a_challenger_that_scored_none_of_the_firms_gives_no_decision(
    thresholds: Thresholds, scale: MasterScale
) -> None:
    scores = scored(np.array([0.1, 0.2]))
    found = shadow_findings(CHALLENGER, scores, NOBODY, None, NOBODY, scale, thresholds.shadow)
    assert [(one.subject, one.level) for one in found] == [("cannot_say", "none")]


def test_probabilities_that_are_all_the_same_have_no_rank_order(
    thresholds: Thresholds, scale: MasterScale
) -> None:
    found = both(thresholds, scale, np.full(50, 0.1), np.linspace(0.05, 0.15, 50))
    assert (found["rank_correlation"].level, found["rank_correlation"].value) == ("none", None)


def a_finding(
    level: Level, measure: str = "psi", subject: str = "score", version: str = "7"
) -> Finding:
    role: Role = "champion"
    said = (f"{measure} of {subject}.", f"{measure}：{subject}。")
    return Finding(Watched(version, role), measure, subject, level, said, 100, value=0.3)


@given(
    st.lists(st.tuples(st.sampled_from(["none", "green"]), st.sampled_from(MEASURES)), max_size=12)
)
def test_nothing_is_proposed_or_alarmed_about_without_a_reason(
    rows: list[tuple[Level, str]],
) -> None:
    findings = [a_finding(level, measure) for level, measure in rows]
    assert proposals(findings, CHAMPION) == []
    assert alerts(findings) == []


@given(st.lists(st.tuples(st.sampled_from(LEVELS), st.sampled_from(MEASURES)), max_size=12))
def test_a_proposal_is_never_green_and_quotes_all_its_reasons(
    rows: list[tuple[Level, str]],
) -> None:
    findings = [a_finding(level, measure) for level, measure in rows]
    proposed = proposals(findings, CHAMPION)
    red = [one for one in findings if one.level == "red"]
    assert len(proposed) == bool(red)
    for one in proposed:
        assert one.level in ("amber", "red")
        assert all(ground.said[0] in one.said[0] for ground in red)
        assert all(ground.said[1] in one.said[1] for ground in red)


def test_a_model_out_of_use_or_one_feature_alone_is_no_reason_to_train_anew() -> None:
    of_another = a_finding("red", "jeffreys_p_value", "portfolio", version="3")
    of_a_feature = a_finding("red", "psi", "sales_per_month_cny")
    assert proposals([of_another, of_a_feature], CHAMPION) == []
    assert len(alerts([of_another, of_a_feature])) == 2


def test_an_amber_score_is_an_alert_and_a_red_one_a_proposal_to_train_anew() -> None:
    assert proposals([a_finding("amber")], CHAMPION) == []
    (proposal,) = proposals([a_finding("red")], CHAMPION)
    assert (proposal.subject, proposal.of, proposal.level) == ("train_anew", CHAMPION, "red")


def test_alerts_are_told_with_the_gravest_first() -> None:
    findings = [a_finding(level) for level in ("amber", "none", "red", "green", "amber")]
    assert [one.level for one in alerts(findings)] == ["red", "amber", "amber"]
    assert gravest([one.level for one in findings]) == "red"
    assert gravest([]) == "none"


def test_every_measure_and_subject_of_a_decision_is_in_the_words_of_the_table(
    catalog: Path, thresholds: Thresholds, scale: MasterScale
) -> None:
    columns = load_tables(catalog)["scores.model_monitoring"].columns
    p = np.random.default_rng(1).beta(1, 9, 60)
    for one in both(thresholds, scale, p, p, np.r_[np.ones(5), np.zeros(55)]).values():
        assert one.measure in columns["measure"].description
        if one.measure == "decision":
            assert one.subject in columns["subject"].description
