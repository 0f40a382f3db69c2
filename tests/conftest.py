"""Fixtures of every test: the catalogue, and where the public data sets are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from loomline.settings import PROJECT_ROOT

# How long an example takes says more of what else the machine does than of the code.
hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")


# Modules that read the marts of the same dates, which are made once where they share a worker.
SHARES_MARTS = tuple(
    f"tests/integration/{name}.py" for name in ("test_marts", "test_report", "test_report_kinds")
)


class OneWorkerForAModule(LoadFileScheduling):
    """A worker gets whole modules, and those that share marts all."""

    def _split_scope(self, nodeid: str) -> str:
        module = str(super()._split_scope(nodeid))
        return "modules that share marts" if module in SHARES_MARTS else module


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneWorkerForAModule:
    """How tests are dealt out to workers."""
    return OneWorkerForAModule(config, log)


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
