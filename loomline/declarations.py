"""Read the YAML files of `catalog/` into typed models; an error names file, line and key."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from loomline.errors import CatalogueError


class Declaration(BaseModel):
    """Base of every catalogue entry: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def digest(content: str, digits: int = 16) -> str:
    """A short hash, in hexadecimal digits, that changes whenever what was declared does."""
    return hashlib.sha256(content.encode()).hexdigest()[:digits]


Model = TypeVar("Model", bound=BaseModel)
# Ten times as fast as the loader in Python; a machine without libyaml has only that one.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _child(node: yaml.Node, part: str | int) -> yaml.Node | None:
    """The node under `part`: for a mapping the key's own node when its value has no place."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part]
    return None


def _key_line(node: yaml.Node, part: str | int) -> int:
    if isinstance(node, yaml.MappingNode):
        for key, _ in node.value:
            if key.value == str(part):
                return int(key.start_mark.line) + 1
    return int(node.start_mark.line) + 1


def line_of(root: yaml.Node | None, location: tuple[str | int, ...]) -> int:
    """The 1-based line of the key at `location`, or of its nearest parent that is in the file."""
    if root is None:
        return 1
    node, line = root, int(root.start_mark.line) + 1
    for part in location:
        child = _child(node, part)
        if child is None:
            return line
        line = (
            _key_line(node, part)
            if isinstance(node, yaml.MappingNode)
            else (int(child.start_mark.line) + 1)
        )
        node = child
    return line


def catalogue_error(path: Path, location: tuple[str | int, ...], message: str) -> CatalogueError:
    """An error at a key of a catalogue file, with the line it stands on."""
    root = yaml.compose(path.read_text(encoding="utf-8"), LOADER)
    key = ".".join(str(part) for part in location) or "(the whole file)"
    return CatalogueError(f"{path}:{line_of(root, location)}: {key}: {message}.")


def _reject_repeated_keys(path: Path, node: yaml.Node | None) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                line = key.start_mark.line + 1
                raise CatalogueError(f"{path}:{line}: {key.value}: the key is given twice.")
            seen.add(key.value)
            _reject_repeated_keys(path, value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _reject_repeated_keys(path, item)


def read_declaration(path: Path, model: type[Model]) -> Model:
    """Read one YAML file as `model`.

    Raises:
        CatalogueError: not YAML, a repeated or unknown key, a missing key or a wrong type.
    """
    try:
        loader = LOADER(path.read_text(encoding="utf-8"))
        root = loader.get_single_node()
        _reject_repeated_keys(path, root)
        content = None if root is None else loader.construct_document(root)
    except UnicodeDecodeError as error:
        raise CatalogueError(f"{path}: is not UTF-8 text: {error}.") from error
    except yaml.YAMLError as error:
        raise CatalogueError(f"{path}: is not YAML: {error}.") from error
    try:
        return model.model_validate(content)
    except ValidationError as error:
        # A mistyped key leaves a required one missing too: the mistyped one is where to look.
        first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
        message = first["msg"].removeprefix("Value error, ")
        raise catalogue_error(path, tuple(first["loc"]), message) from error
