"""The report as one HTML page that needs nothing beside itself."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from models.validation_report.document import Document


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("models.validation_report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["svg"] = Markup
    return environment.get_template("page.html")


def render_page(report: Document) -> str:
    """The page's HTML text; every text but the charts is escaped."""
    return _template().render(report=report).lstrip()
