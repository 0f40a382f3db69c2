"""Settings: from the environment, and the instant at which a business day ends."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from loomline.errors import LoomlineError
from loomline.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("LOOMLINE_")]:
        monkeypatch.delenv(name)


def test_a_business_day_ends_at_its_midnight_in_the_business_zone() -> None:
    assert Settings().as_of_end(date(2020, 2, 29)) == datetime(2020, 2, 29, 16, tzinfo=UTC)


def test_a_day_on_which_clocks_change_ends_at_its_own_midnight() -> None:
    berlin = Settings(time_zone="Europe/Berlin")
    assert berlin.as_of_end(date(2020, 3, 28)) == datetime(2020, 3, 28, 23, tzinfo=UTC)
    assert berlin.as_of_end(date(2020, 3, 29)) == datetime(2020, 3, 29, 22, tzinfo=UTC)


def test_two_homes_share_no_folder(tmp_path: Path) -> None:
    first, second = Settings(home=tmp_path / "a"), Settings(home=tmp_path / "b")
    for one, other in (
        (first.warehouse, second.warehouse),
        (first.landing, second.landing),
        (first.reports, second.reports),
    ):
        assert one.is_relative_to(first.home)
        assert other.is_relative_to(second.home)
    assert first.mlflow_uri != second.mlflow_uri


def test_a_relative_home_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOOMLINE_HOME", "here")
    assert load_settings().home == tmp_path / "here"


def test_everything_listens_on_loopback_unless_told_otherwise() -> None:
    assert Settings().bind_address == "127.0.0.1"
    assert Settings(connect_port=4711).remote == "sc://127.0.0.1:4711"
    assert Settings(spark_remote="sc://cluster:15002").remote == "sc://cluster:15002"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONNECT_PORT", "many"),
        ("CONNECT_PORT", "0"),
        ("THRIFT_PORT", "65536"),
        ("ENGINE_MEMORY", "lots"),
    ],
)
def test_a_bad_value_is_named_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"LOOMLINE_{name}", value)
    with pytest.raises(LoomlineError) as caught:
        load_settings()
    assert caught.value.message.startswith(f"LOOMLINE_{name} has a value that can't be used")
    assert caught.value.remedy == f"Correct or unset LOOMLINE_{name}."
