"""Declarations: an error knows where in the YAML file it is."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from loomline.declarations import Declaration, line_of, read_declaration
from loomline.errors import CatalogueError


class Part(Declaration):
    name: str
    size: int = 0


class Whole(Declaration):
    title: str
    parts: tuple[Part, ...] = ()


def _read(tmp_path: Path, text: str) -> Whole:
    path = tmp_path / "whole.yml"
    path.write_text(text, encoding="utf-8")
    return read_declaration(path, Whole)


def test_a_declaration_is_read_and_frozen(tmp_path: Path) -> None:
    whole = _read(tmp_path, "title: 整体\nparts: [{name: a, size: 2}]\n")
    assert whole == Whole(title="整体", parts=(Part(name="a", size=2),))


@pytest.mark.parametrize(
    ("text", "line", "key"),
    [
        ("parts: []\n", 1, "title"),
        ("title: a\nparts:\n  - name: b\n    size: big\n", 4, "parts.0.size"),
        ("title: a\nparts:\n  - {name: b}\n  - {nam: c}\n", 4, "parts.1.nam"),
        ("title: a\nparts:\n  - {name: b}\n  - {size: 1}\n", 4, "parts.1.name"),
        ("title: a\nparts: 3\n", 2, "parts"),
        ("- title\n", 1, ""),
        ("title: a\nparts:\n  - name: b\n    name: c\n", 4, "name"),
    ],
)
def test_an_error_names_line_and_key(tmp_path: Path, text: str, line: int, key: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        _read(tmp_path, text)
    assert caught.value.message.startswith(f"{tmp_path / 'whole.yml'}:{line}: {key}")


def test_a_mistyped_key_is_named_before_the_one_that_is_missing_for_it(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="titel"):
        _read(tmp_path, "titel: a\n")


def test_a_line_is_found_down_to_the_nearest_key_that_is_there() -> None:
    root = yaml.compose("a:\n  b:\n    - c: 1\n    - d: 2\n")
    assert line_of(root, ("a", "b", 1, "d")) == 4
    assert line_of(root, ("a", "b", 1, "missing")) == 4
    assert line_of(root, ("a", "missing", "b")) == 1
    assert line_of(None, ("a",)) == 1
