"""Bankruptcy from statements: the file, Altman's Z'', and what the trees are allowed to see."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.evaluations.company_bankruptcy import (
    FILE_NAME,
    RATIOS,
    TELLTALE,
    altman_score,
    fit_altman,
    fit_on_missing,
    fit_without_telltale,
    read_statements,
    which_are_missing,
)
from models.evaluations.credit_models import CREDIT_CARD

OUTCOME = np.array([1.0, 0.0])


def ratios(*rows: tuple[float, float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["Attr3", "Attr6", "Attr7", "Attr8"])


def write_statements(folder: Path, attributes: list[str], rows: list[list[str]]) -> None:
    declared = "\n".join(f"@attribute {name} numeric" for name in attributes)
    body = "\n".join(",".join(row) for row in rows)
    (folder / FILE_NAME).write_text(f"@relation x\n\n{declared}\n\n@data\n{body}\n\n")


def sixty_four_ratios(count: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Firms that lack their first ratio if they go bankrupt; the values say nothing."""
    generator = np.random.default_rng(7)
    values = pd.DataFrame(generator.normal(size=(count, 64)), columns=list(RATIOS))
    outcome = (generator.random(count) < 0.3).astype(float)
    values.loc[outcome == 1, "Attr1"] = np.nan
    return values, outcome


@pytest.mark.parametrize(
    ("row", "weight"),
    [
        # Altman, Hartzell and Peck (1995): EM score = 6.56 X1 + 3.26 X2 + 6.72 X3 + 1.05 X4 + 3.25.
        ((1, 0, 0, 0), 6.56),
        ((0, 1, 0, 0), 3.26),
        ((0, 0, 1, 0), 6.72),
        ((0, 0, 0, 1), 1.05),
        # By hand: 0.656 + 0.652 + 2.016 + 0.42.
        ((0.1, 0.2, 0.3, 0.4), 3.744),
    ],
)
def test_the_weights_are_the_published_ones(
    row: tuple[float, float, float, float], weight: float
) -> None:
    assert altman_score(ratios(row)) == pytest.approx([weight])


def test_a_missing_ratio_gets_the_median_of_the_training_firms() -> None:
    trained = ratios((0.1, 0, 0, 1), (0.3, 0, 0, 2), (0.9, 0, 0, 9))
    benchmark = fit_altman(trained, np.array([1.0, 0, 0]), CREDIT_CARD)
    unseen = ratios((np.nan, 0, 0, np.nan))
    # By hand: 6.56 x 0.3 + 1.05 x 2; a worse firm has higher log-odds.
    assert benchmark.log_odds(unseen) == pytest.approx([-4.068])
    better, worse = benchmark.log_odds(ratios((0.5, 0.5, 0.5, 3), (-0.5, -0.5, -0.5, 0)))
    assert better < worse


def test_the_benchmark_never_looks_at_outcomes() -> None:
    trained = ratios((0.1, 0, 0.2, 1), (0.3, 0.1, 0, 2))
    one, other = (fit_altman(trained, x, CREDIT_CARD) for x in (OUTCOME, 1 - OUTCOME))
    assert one.medians.equals(other.medians)


def test_a_question_mark_is_missing_and_the_order_is_the_files(tmp_path: Path) -> None:
    rows = [["0.5"] * 63 + ["?", "1"], ["?"] + ["-2"] * 63 + ["0"]]
    write_statements(tmp_path, [*RATIOS, "class"], rows)
    found = read_statements(tmp_path)
    assert found["class"].tolist() == [1.0, 0.0]
    assert found["Attr1"].tolist()[0] == 0.5 and np.isnan(found["Attr1"][1])
    assert np.isnan(found["Attr64"][0]) and found["Attr64"][1] == -2
    assert found.isna().sum().sum() == 2


def test_a_file_with_other_attributes_is_refused(tmp_path: Path) -> None:
    swapped = ["Attr2", "Attr1", *RATIOS[2:], "class"]
    write_statements(tmp_path, swapped, [["0"] * 65])
    with pytest.raises(ValueError, match="not the 64 ratios"):
        read_statements(tmp_path)


def test_trees_on_what_is_missing_never_see_a_value() -> None:
    values, outcome = sixty_four_ratios(200)
    found = fit_on_missing(values, outcome, CREDIT_CARD)
    other = values * 3 + 1
    assert which_are_missing(other).equals(which_are_missing(values))
    assert (found.log_odds(other) == found.log_odds(values)).all()
    assert found.log_odds(values)[outcome == 1].min() > found.log_odds(values)[outcome == 0].max()


def test_trees_without_the_telltale_ratio_never_see_it() -> None:
    values, outcome = sixty_four_ratios(200)
    found = fit_without_telltale(values, outcome, CREDIT_CARD)
    assert set(RATIOS) - set(found.used_features) == {TELLTALE}
    other = values.assign(**{TELLTALE: np.nan})
    assert (found.log_odds(other) == found.log_odds(values)).all()


def test_the_file_is_the_published_one_and_its_ratios_are_what_altman_asks_for(
    real_data: Path,
) -> None:
    firms = read_statements(real_data / "company_bankruptcy")
    assert len(firms) == 7_027 and firms["class"].sum() == 271
    copies = firms[firms.duplicated()]
    assert len(copies) == 82 and (copies["class"] == 0).all()
    # Working capital / assets is short-term liabilities / assets x (current ratio - 1);
    # equity / liabilities is equity / assets over liabilities / assets.
    identities = {
        "Attr3": firms["Attr51"] * (firms["Attr4"] - 1),
        "Attr8": firms["Attr10"] / firms["Attr2"],
        "Attr7": firms["Attr14"],
    }
    for name, expected in identities.items():
        is_equal = (firms[name] - expected).abs() <= 0.002 * (1 + firms[name].abs())
        assert is_equal.mean() > 0.95, name
