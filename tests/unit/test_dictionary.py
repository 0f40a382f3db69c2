"""The data dictionary in docs/ is what the declarations say now."""

from __future__ import annotations

from loomline.dictionary import dictionary_text
from loomline.settings import PROJECT_ROOT


def test_the_dictionary_in_the_docs_is_in_step_with_the_declarations() -> None:
    written = (PROJECT_ROOT / "docs" / "data-dictionary.md").read_text(encoding="utf-8")
    expected = dictionary_text(PROJECT_ROOT / "catalog", PROJECT_ROOT / "dbt")
    assert written == expected, "run `make docs`"
