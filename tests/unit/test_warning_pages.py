"""The pages in docs/ list what the catalogues declare, and the commands print names, one a line."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from loomline.commands.main import app
from loomline.dimensions.catalogue import load_dimensions
from loomline.dimensions.pages import dimensions_page
from loomline.indicators.catalogue import load_indicators
from loomline.indicators.pages import indicators_page
from loomline.settings import PROJECT_ROOT

CATALOG = PROJECT_ROOT / "catalog"
INDICATORS = [one.name for one in load_indicators(CATALOG).indicators]
DIMENSIONS = [one.name for one in load_dimensions(CATALOG).dimensions]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("indicators", indicators_page(load_indicators(CATALOG))),
        ("dimensions", dimensions_page(load_dimensions(CATALOG))),
    ],
)
def test_a_page_in_the_docs_is_in_step_with_the_catalogue(name: str, text: str) -> None:
    written = (PROJECT_ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    assert written == text, "run `make docs`"


def test_a_page_has_a_line_for_each() -> None:
    indicators = (PROJECT_ROOT / "docs" / "indicators.md").read_text(encoding="utf-8")
    assert [name for name in INDICATORS if indicators.count(f"\n- `{name}` ") != 1] == []
    dimensions = (PROJECT_ROOT / "docs" / "dimensions.md").read_text(encoding="utf-8")
    assert [name for name in DIMENSIONS if dimensions.count(f"\n- **{name}**, ") != 1] == []


@pytest.mark.parametrize(("kind", "names"), [("indicator", INDICATORS), ("dimension", DIMENSIONS)])
def test_list_prints_one_name_a_line(kind: str, names: list[str]) -> None:
    printed = CliRunner().invoke(app, [kind, "list"])
    assert printed.exit_code == 0
    assert printed.stdout.splitlines() == names


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["indicator", "show", "works_without_electricity"], ["in trade 30", "watch", "10 days"]),
        (["dimension", "show", "payment_morale"], ["付款信誉", "payables_overdue_share_90d"]),
    ],
)
def test_show_says_what_was_declared(arguments: list[str], said: list[str]) -> None:
    printed = CliRunner().invoke(app, arguments)
    assert printed.exit_code == 0
    assert [text for text in said if text not in printed.stdout] == []


@pytest.mark.parametrize("kind", ["indicator", "dimension"])
def test_an_unknown_name_is_refused_with_where_to_look(kind: str) -> None:
    refused = CliRunner().invoke(app, [kind, "show", "moon"])
    assert refused.exit_code == 1
    assert f"There is no {kind} 'moon'" in str(refused.exception)
