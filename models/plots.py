"""Pictures of a trained model for its MLflow page."""

from __future__ import annotations

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import roc_curve

from models.arrays import Floats
from models.scorecard import CENTS_PER_POINT
from models.specification import PRODUCTION_FEATURE_SET
from models.training import Trained

# Pictures go to files; a window system is neither needed nor asked for.
matplotlib.use("Agg")

CHAMPION_COLOUR, CHALLENGER_COLOUR, NEUTRAL_COLOUR = "#1f5f8b", "#c26a1b", "#8a8a8a"


def roc_figure(trained: Trained, outcome: Floats) -> Figure:
    """ROC curves of the mean out-of-fold probabilities on the production features."""
    figure = Figure(figsize=(6, 5.5), layout="constrained")
    axes = figure.subplots()
    colours = {"scorecard": CHAMPION_COLOUR, "gradient_boosting": CHALLENGER_COLOUR}
    for estimator, colour in colours.items():
        validated = next(
            x
            for x in trained.validated
            if x.estimator == estimator and x.feature_set == PRODUCTION_FEATURE_SET
        )
        probability = validated.out_of_fold.probability.mean(axis=0)
        false_alarms, hits, _ = roc_curve(outcome, probability)
        area = validated.figures["auc"]
        label = f"{estimator}: AUC {area.value:.2f} [{area.lower:.2f}, {area.upper:.2f}]"
        axes.plot(false_alarms, hits, color=colour, label=label)
    axes.plot([0, 1], [0, 1], color=NEUTRAL_COLOUR, linestyle=":", label="chance")
    axes.set(
        xlabel="Share of good firms flagged",
        ylabel="Share of defaults flagged",
        title="Ranking of firms not seen in training",
    )
    axes.legend(loc="lower right")
    return figure


def calibration_figure(trained: Trained) -> Figure:
    """Predicted against observed default rates, with Wilson intervals."""
    figure = Figure(figsize=(6, 5.5), layout="constrained")
    axes = figure.subplots()
    bins = trained.reliability
    predicted = np.array([x.mean_pd_ratio for x in bins])
    observed = np.array([x.observed_default_ratio for x in bins])
    below = observed - np.array([x.lower for x in bins])
    above = np.array([x.upper for x in bins]) - observed
    axes.errorbar(
        predicted, observed, yerr=[below, above], fmt="o", capsize=4, color=CHAMPION_COLOUR
    )
    for x in bins:
        label = f"{x.default_count}/{x.enterprise_count}"
        axes.annotate(
            label,
            (x.mean_pd_ratio, x.observed_default_ratio),
            textcoords="offset points",
            xytext=(8, -3),
        )
    limit = float(max(predicted.max(), observed.max() + above.max())) * 1.05
    axes.plot([0, limit], [0, limit], color=NEUTRAL_COLOUR, linestyle=":")
    axes.set(
        xlabel="Predicted probability of default",
        ylabel="Observed share of defaults, 95 % interval",
        title="Calibration of firms not seen in training",
        xlim=(0, limit),
        ylim=(0, limit),
    )
    return figure


def score_figure(trained: Trained, scores: Floats, outcome: Floats) -> Figure:
    """Scores of the training firms by outcome."""
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    groups = [scores[outcome == 0], scores[outcome == 1]]
    axes.hist(
        groups,
        bins=15,
        stacked=True,
        color=[CHAMPION_COLOUR, CHALLENGER_COLOUR],
        label=["no default", "default"],
    )
    base = trained.scorecard.base_cents / CENTS_PER_POINT
    axes.axvline(base, color=NEUTRAL_COLOUR, linestyle=":", label="base points")
    axes.set(xlabel="Score, points", ylabel="Firms", title="Scores of the firms trained on")
    axes.legend()
    return figure


def bins_figure(trained: Trained) -> Figure:
    """Points of every bin of every feature of the card."""
    features = trained.scorecard.features
    figure = Figure(figsize=(8, 1 + 1.6 * len(features)), layout="constrained")
    rows = np.ravel(figure.subplots(len(features), 1, sharex=True, squeeze=False))
    for axes, feature in zip(rows, features, strict=True):
        points = np.array(feature.point_cents) / CENTS_PER_POINT
        colours = np.where(points < 0, CHALLENGER_COLOUR, CHAMPION_COLOUR)
        labels = [feature.bin_label(position) for position in range(len(points))]
        axes.barh(labels, points, color=list(colours))
        axes.axvline(0, color=NEUTRAL_COLOUR, linewidth=0.8)
        axes.set_title(feature.feature, loc="left", fontsize=10)
    rows[-1].set_xlabel("Points against the portfolio's odds")
    return figure
