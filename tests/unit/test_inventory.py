"""What the inventory says of a model reaches MLflow's page and the monitoring."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from models.inventory import declared_model, inventory_rows
from models.monitor.finding import Watched
from models.monitor.proposals import TRAIN_ANEW, proposals
from models.monitor.validation_age import validation_finding
from models.specification import MODEL_NAME

CHAMPION = Watched("3", "champion")
VALIDATED = date(2019, 1, 31)


def test_the_description_names_owner_tier_and_every_limit_in_both_languages(catalog: Path) -> None:
    model = declared_model(catalog, MODEL_NAME)
    described = model.in_markdown()
    assert f"Owner {model.owner}, tier {model.tier}" in described
    for text in (model.purpose_en, model.purpose_zh, *model.limits_en, *model.limits_zh):
        assert text in described


def test_every_model_of_the_inventory_is_listed_with_its_owner_and_tier(catalog: Path) -> None:
    declared = yaml.safe_load((catalog / "models.yml").read_text(encoding="utf-8"))["models"]
    found = {row[0]: row[1:3] for row in inventory_rows(catalog)}
    assert found == {name: (str(one["tier"]), one["owner"]) for name, one in declared.items()}


@pytest.mark.parametrize(("days_before_due", "level"), [(1, "green"), (0, "red"), (-40, "red")])
def test_a_validation_is_overdue_from_its_day_on(
    catalog: Path, days_before_due: int, level: str
) -> None:
    model = declared_model(catalog, MODEL_NAME)
    today = VALIDATED + timedelta(days=model.validate_after_days - days_before_due)
    found = validation_finding(CHAMPION, VALIDATED, today, model)
    assert (found.level, found.value) == (level, (today - VALIDATED).days)
    proposed = [one.subject for one in proposals([found], CHAMPION)]
    assert proposed == ([TRAIN_ANEW] if level == "red" else [])
