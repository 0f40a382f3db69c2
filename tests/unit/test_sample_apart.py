"""The sample and a person's own files never share a lake."""

from __future__ import annotations

from pathlib import Path

import pytest

from loomline.errors import LoomlineError
from loomline.sample.apart import MARK, landed_sources, refuse_mixture, set_sample_aside
from loomline.settings import Settings


def home_with(folder: Path, *sources: str) -> Settings:
    settings = Settings(home=folder / "home")
    for name in ("landed_file", *sources):
        (settings.warehouse / "bronze.db" / name).mkdir(parents=True)
    (settings.home / "mlflow").mkdir()
    return settings


def test_a_sample_is_moved_whole_before_other_files_land(tmp_path: Path) -> None:
    settings = home_with(tmp_path, "sample_sales", "sample_purchases")
    folder = set_sample_aside(settings, tmp_path / "files")
    assert folder is not None
    assert (folder / "lake" / "warehouse" / "bronze.db" / "sample_sales").is_dir()
    assert (folder / "mlflow").is_dir()
    assert [path.name for path in settings.home.iterdir()] == ["set_aside"]
    assert landed_sources(settings) == set()
    assert set_sample_aside(settings, tmp_path / "files") is None


def test_a_move_that_was_cut_off_is_gone_on_with(tmp_path: Path) -> None:
    settings = home_with(tmp_path, "sample_sales")
    earlier = settings.home / "set_aside" / "sample-earlier"
    earlier.mkdir(parents=True)
    (settings.home / "mlflow").rename(earlier / "mlflow")
    assert set_sample_aside(settings, tmp_path / "files") is not None
    assert [path.name for path in settings.home.iterdir()] == ["set_aside"]


@pytest.mark.parametrize(
    "sources", [(), ("credit_sales_invoices",), ("sample_sales", "rate_vs_churn")]
)
def test_a_home_of_other_files_is_never_moved(tmp_path: Path, sources: tuple[str, ...]) -> None:
    settings = home_with(tmp_path, *sources)
    assert set_sample_aside(settings, tmp_path / "files") is None
    assert landed_sources(settings) == set(sources)


def test_a_sample_stays_while_its_own_files_are_run_again(tmp_path: Path) -> None:
    settings = home_with(tmp_path, "sample_sales")
    assert set_sample_aside(settings, settings.home / "sample") is None


def test_the_sample_and_other_firms_do_not_land_beside_one_another(tmp_path: Path) -> None:
    sample = home_with(tmp_path / "sample", "sample_sales")
    others = home_with(tmp_path / "others", "rate_vs_churn")
    refuse_mixture(sample, tmp_path, {"sample_purchases"})
    refuse_mixture(others, tmp_path, {"credit_sales_invoices"})
    for settings, new in ((sample, "rate_vs_churn"), (others, "sample_sales")):
        with pytest.raises(LoomlineError, match=r"and others: rate_vs_churn, sample_sales"):
            refuse_mixture(settings, tmp_path, {new})
    empty = home_with(tmp_path / "empty")
    with pytest.raises(LoomlineError, match="invented firms and others"):
        refuse_mixture(empty, tmp_path, {"rate_vs_churn", "sample_sales"})


def test_a_simulated_ecosystem_shares_a_lake_with_the_sample_and_with_nobody_else(
    tmp_path: Path,
) -> None:
    simulated = tmp_path / "ecosystem" / "files"
    simulated.mkdir(parents=True)
    (simulated.parent / MARK).touch()
    settings = home_with(tmp_path, "sample_sales")
    refuse_mixture(settings, simulated, {"payroll", "sample_sales"})
    (settings.warehouse / "bronze.db" / "payroll").mkdir()
    refuse_mixture(settings, simulated, {"tax_filings"})
    with pytest.raises(LoomlineError, match="invented firms and others"):
        refuse_mixture(settings, tmp_path, {"tax_filings"})
    assert set_sample_aside(settings, tmp_path / "files") is not None
    others = home_with(tmp_path / "others", "payroll")
    with pytest.raises(LoomlineError, match="invented firms and others"):
        refuse_mixture(others, simulated, {"tax_filings"})
