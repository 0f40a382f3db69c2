"""Fixtures of every test: the catalogue, and where the public data sets are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from loomline.settings import PROJECT_ROOT

# How long an example takes says more of what else the machine does than of the code.
hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a module on one worker, unless they name the group that they share."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(str(item.path)))


@pytest.fixture(scope="session")
def catalog() -> Path:
    """The project's own catalogue."""
    return PROJECT_ROOT / "catalog"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the public data sets; the test is skipped where they are not."""
    folder = Path(os.environ.get("LOOMLINE_REAL_DATA", PROJECT_ROOT.parent / "shared" / "data"))
    if not (folder / "sme_invoices").is_dir():
        pytest.skip(f"no public data sets in {folder}; LOOMLINE_REAL_DATA names their folder")
    return folder
