"""Views of the Data Docs that need nothing from the network: no script, no font, no logo.

Great Expectations' own pages load eighteen files from elsewhere, show nothing without them, and
tell its makers' server which context was looked at. These put templates of ours before its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from great_expectations.render.view import DefaultJinjaIndexPageView, DefaultJinjaPageView
from jinja2 import ChoiceLoader, FileSystemLoader

TEMPLATES = FileSystemLoader(Path(__file__).resolve().parent / "templates")


class ResultPageView:
    """The page of one table and date, or of one suite."""

    kind = DefaultJinjaPageView

    def __init__(self, **options: str | None) -> None:
        """Great Expectations gives its own folders as options."""
        self._view = self.kind(**options)
        self._view.env.loader = ChoiceLoader([TEMPLATES, self._view.env.loader])

    def render(self, document: Any, **values: Any) -> str:
        """The page as HTML."""
        return self._view.render(document, **values)


class IndexPageView(ResultPageView):
    """The first page: every table and date, the latest first, and every suite."""

    kind = DefaultJinjaIndexPageView


def _view(class_name: str) -> dict[str, str]:
    return {"module_name": __name__, "class_name": class_name}


SECTIONS = {
    "expectations": {"view": _view(ResultPageView.__name__)},
    "validations": {"view": _view(ResultPageView.__name__)},
}
INDEX = {"class_name": "DefaultSiteIndexBuilder", "view": _view(IndexPageView.__name__)}
