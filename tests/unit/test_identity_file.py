"""`catalog/identity.yml`: what can't hold is refused with file, line and key."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from loomline.errors import CatalogueError
from loomline.identity import load_identity

DECISION = (
    "  - {code_system: bank, party_code: A1, enterprise_id: E1, decided_by: tester,\n"
    "     decided_on: 2020-01-31, reason: seen the licence}\n"
)
READING = "silver.collateral_reading, code: enterprise_code"


def rejecting(old: str, new: str) -> tuple[str, str]:
    """What to write in the place of no rejection: the decision with a part replaced."""
    return "rejected: []\n", f"rejected:\n{DECISION.replace(old, new)}"


@pytest.fixture
def trial(tmp_path: Path, catalog: Path) -> Path:
    (tmp_path / "tables").symlink_to(catalog / "tables")
    shutil.copy(catalog / "identity.yml", tmp_path)
    return tmp_path


def write(trial: Path, old: str, new: str) -> int:
    """Put `new` in the place of `old`; the line on which it stands."""
    path = trial / "identity.yml"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_the_project_has_decided_nothing_for_anybody(catalog: Path) -> None:
    identity = load_identity(catalog)
    assert identity.confirmed == identity.rejected == ()
    assert identity.mentions


def test_a_decision_is_of_the_whole_system_unless_it_names_an_owner(trial: Path) -> None:
    write(trial, "confirmed: []\n", f"confirmed:\n{DECISION}")
    (decision,) = load_identity(trial).confirmed
    assert decision.key == ("bank", "*", "enterprise", "A1")
    assert decision.decided_on == date(2020, 1, 31)


@pytest.mark.parametrize(
    ("old", "new", "offset", "key"),
    [
        ("confirmed: []\n", f"confirmed:\n{DECISION}{DECISION}", 1, "confirmed.0.party_code"),
        ("rejected: []\n", f"rejected:\n{DECISION}{DECISION}", 3, "rejected.1.party_code"),
        (*rejecting("reason: seen the licence", ""), 1, "rejected.0.reason"),
        (*rejecting("2020-01-31", "soon"), 2, "rejected.0.decided_on"),
        (*rejecting("decided_by", "by"), 1, "rejected.0.by"),
        ("link_probability: 0.95", "link_probability: 1.5", 0, "link_probability"),
        ("silver.collateral_reading, code", "silver.nothing, code", 0, "mentions.6.table"),
        (READING, "silver.collateral_reading, code: firm", 0, "mentions.6.code"),
        (READING, "silver.collateral_reading", 0, "mentions.6"),
    ],
)
def test_what_cannot_hold_is_refused_at_its_line(
    trial: Path, old: str, new: str, offset: int, key: str
) -> None:
    line = write(trial, old, new) + offset
    with pytest.raises(CatalogueError) as caught:
        load_identity(trial)
    assert caught.value.message.startswith(f"{trial / 'identity.yml'}:{line}: {key}: ")


def test_confirmed_and_rejected_at_once_is_refused(trial: Path) -> None:
    write(trial, "confirmed: []\n", f"confirmed:\n{DECISION}")
    write(trial, "rejected: []\n", f"rejected:\n{DECISION}")
    with pytest.raises(CatalogueError, match="decided twice for E1"):
        load_identity(trial)
