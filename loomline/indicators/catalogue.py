"""The indicators that `catalog/indicators/*.yml` declares, and their policy."""

from __future__ import annotations

import json
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from loomline.declarations import catalogue_error, digest, read_declaration
from loomline.errors import CatalogueError
from loomline.indicators.model import Indicator, IndicatorFile, WatchPolicy
from loomline.known_inputs import known_inputs

VERSION_DIGITS = 12


@dataclass(frozen=True)
class DeclaredIndicator:
    """An indicator with the domain and the owner that its file gives it."""

    domain: str
    owner: str
    indicator: Indicator

    @property
    def name(self) -> str:
        """Its name, which no other indicator has."""
        return self.indicator.name


@dataclass(frozen=True)
class IndicatorCatalogue:
    """All indicators in the order of files, and the policy of the watch list."""

    indicators: tuple[DeclaredIndicator, ...]
    policy: WatchPolicy

    @property
    def version(self) -> str:
        """What was declared in 12 hexadecimal digits; another order is another version."""
        declared = [
            (one.domain, one.owner, one.indicator.model_dump(mode="json"))
            for one in self.indicators
        ]
        content = [declared, self.policy.model_dump(mode="json")]
        return digest(json.dumps(content, ensure_ascii=False, sort_keys=True), VERSION_DIGITS)

    def find(self, name: str) -> DeclaredIndicator | None:
        """The indicator of that name, if there is one."""
        return next((one for one in self.indicators if one.name == name), None)


def _check(
    path: Path, read: IndicatorFile, named: dict[str, Container[str]], seen: set[str]
) -> None:
    for place, indicator in enumerate(read.indicators):
        for key, known in named.items():
            name = getattr(indicator, key)
            if name not in known:
                where = ("indicators", place, key)
                raise catalogue_error(path, where, f"{name!r} is not declared")
        if indicator.name in seen:
            message = f"{indicator.name!r} is given twice"
            raise catalogue_error(path, ("indicators", place, "name"), message)
        seen.add(indicator.name)


def load_indicators(catalog: Path) -> IndicatorCatalogue:
    """Read every indicator, and the policy.

    Raises:
        CatalogueError: a file does not hold, gives a name twice, or names an input,
            response or source that is not declared; the message names file, line and key. Or there
            is no indicator.
    """
    policy = read_declaration(catalog / "watch_list.yml", WatchPolicy)
    named: dict[str, Container[str]] = {
        "input": known_inputs(catalog),
        "response": policy.responses,
        "source": policy.sources,
    }
    seen: set[str] = set()
    declared: list[DeclaredIndicator] = []
    for path in sorted((catalog / "indicators").glob("*.yml")):
        read = read_declaration(path, IndicatorFile)
        _check(path, read, named, seen)
        declared += [DeclaredIndicator(read.domain, read.owner, one) for one in read.indicators]
    if not declared:
        raise CatalogueError(f"No indicator is declared in {catalog / 'indicators'}.")
    return IndicatorCatalogue(tuple(declared), policy)
