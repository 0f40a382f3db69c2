"""Where Loomline keeps its things and which ports it uses, from the environment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from loomline.errors import LoomlineError

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Settings of one Loomline home, each read from `LOOMLINE_<NAME>`.

    Two homes live side by side when their folders and ports differ.
    """

    model_config = SettingsConfigDict(env_prefix="LOOMLINE_", frozen=True)

    home: Path = Path(".loomline")
    catalog: Path = PROJECT_ROOT / "catalog"
    jars: Path = PROJECT_ROOT / ".tools" / "jars"
    bind_address: str = "127.0.0.1"
    connect_port: int = Field(default=15002, ge=1, le=65535)
    thrift_port: int = Field(default=10000, ge=1, le=65535)
    mlflow_port: int = Field(default=5000, ge=1, le=65535)
    airflow_port: int = Field(default=8080, ge=1, le=65535)
    mqtt_port: int = Field(default=1883, ge=1, le=65535)
    kafka_port: int = Field(default=9092, ge=1, le=65535)
    kafka_controller_port: int = Field(default=9093, ge=1, le=65535)
    engine_memory: str = Field(default="3g", pattern=r"^\d+[mg]$")
    spark_remote: str = ""
    time_zone: str = "Asia/Shanghai"
    sources: str = ""

    @field_validator("home", "catalog", "jars")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return path.expanduser().absolute()

    @property
    def environment(self) -> dict[str, str]:
        """The settings as the environment variables that they are read from."""
        values = self.model_dump(mode="json")
        return {f"LOOMLINE_{name.upper()}": str(value) for name, value in values.items()}

    def taking(self, sources: Iterable[str]) -> Settings:
        """These settings, but that only these sources are landed."""
        return self.model_copy(update={"sources": ",".join(sources)})

    def takes(self, source: str) -> bool:
        """Whether files of a source are landed: all, unless `sources` names some, with commas."""
        named = {name.strip() for name in self.sources.split(",") if name.strip()}
        return not named or source in named

    @property
    def remote(self) -> str:
        """The Spark Connect address: this home's own engine unless `spark_remote` names another."""
        return self.spark_remote or f"sc://{self.bind_address}:{self.connect_port}"

    @property
    def warehouse(self) -> Path:
        """Folder of the managed Delta tables."""
        return self.home / "lake" / "warehouse"

    @property
    def landing(self) -> Path:
        """Folder of the immutable copies of landed files, named by their sha256."""
        return self.home / "lake" / "landing"

    @property
    def staging(self) -> Path:
        """Folder of what the job that runs brings to the engine; of no job when none runs."""
        return self.home / "lake" / "staging"

    @property
    def mlflow_uri(self) -> str:
        """Address of the MLflow tracking store and model registry."""
        return f"sqlite:///{self.home / 'mlflow' / 'mlflow.db'}"

    @property
    def reports(self) -> Path:
        """Folder of the reports, one sub-folder an as-of date."""
        return self.home / "reports"

    @cached_property
    def business_zone(self) -> ZoneInfo:
        """The zone whose midnights bound a business day."""
        return ZoneInfo(self.time_zone)

    def as_of_end(self, as_of_date: date) -> datetime:
        """The instant at which `as_of_date` ends: a row counts when `known_at` is not later."""
        midnight = datetime.combine(as_of_date + timedelta(days=1), time.min, self.business_zone)
        return midnight.astimezone(ZoneInfo("UTC"))


def load_settings() -> Settings:
    """Read the settings from the environment; a bad value is named with its variable."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"LOOMLINE_{str(first['loc'][0]).upper()}"
        raise LoomlineError(
            f"{name} has a value that can't be used: {first['msg']}.", f"Correct or unset {name}."
        ) from error
