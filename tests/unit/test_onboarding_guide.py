"""The contracts that the guide shows are contracts that the catalogue accepts."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from loomline.contracts.catalogue import load_contracts
from loomline.settings import PROJECT_ROOT

# What the guide leaves out of its examples.
LEFT_OUT: dict[str, Any] = {
    "description": "An example of the guide.",
    "owner": "tests",
    "time_zone": "Asia/Shanghai",
    "event_at": {"landed": True},
    "known_at": {"landed": True},
}


def contracts_of_the_guide() -> dict[str, dict[str, Any]]:
    text = (PROJECT_ROOT / "docs" / "onboarding.md").read_text("utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    blocks += re.findall(r"cat > catalog/sources/\S+ <<'EOF'\n(.*?)EOF", text, re.DOTALL)
    found = [yaml.safe_load(block) for block in blocks if "# TODO" not in block]
    return {contract["source"]: contract for contract in found}


def test_every_contract_of_the_guide_is_accepted(tmp_path: Path, catalog: Path) -> None:
    copied = tmp_path / "catalog"
    shutil.copytree(catalog, copied)
    shown = contracts_of_the_guide()
    assert len(shown) >= 10
    for source, contract in shown.items():
        path = copied / "sources" / f"{source}.yml"
        assert not path.exists()
        path.write_text(yaml.safe_dump(LEFT_OUT | contract, allow_unicode=True), encoding="utf-8")
    assert set(shown) <= set(load_contracts(copied))


@pytest.mark.parametrize("feature", ["unpivot", "items", "rows_of", "where", "working_columns"])
def test_the_guide_shows_every_part_of_a_contract(feature: str) -> None:
    assert any(feature in contract for contract in contracts_of_the_guide().values())
