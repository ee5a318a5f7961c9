"""Settings: flags over environment (`CLARION_…`) over a TOML file over defaults."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, ClassVar

import orjson
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from clarion.app.refusals import Invalid, Problem

CONFIG_NAME = "clarion.toml"


class ServeRole(StrEnum):
    """What a process does."""

    ALL = "all"
    API = "api"
    WORKER = "worker"


class LogFormat(StrEnum):
    """How log lines look."""

    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    """From which severity on lines are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class _Environment(EnvSettingsSource):
    """The environment, where `CLARION_SANDBOX__SPEED=600` is the number and not the text."""

    def __call__(self) -> dict[str, Any]:
        """The values that it has."""
        found = super().__call__()
        return {name: _read(value) if name == "sandbox" else value for name, value in found.items()}


def _read(value: Any) -> Any:
    """Texts that are JSON as their values, in tables of tables."""
    if isinstance(value, dict):
        return {name: _read(each) for name, each in value.items()}
    try:
        return orjson.loads(value) if isinstance(value, str) else value
    except orjson.JSONDecodeError:
        return value


class Surfaces(BaseModel):
    """The ways in."""

    model_config = ConfigDict(extra="forbid")

    hosts: dict[str, str] = Field(
        default_factory=dict,
        description="Host name -> vendor whose API answers there: syllable, autocalls, revox, freya.",
    )


class Settings(BaseSettings):
    """Everything that a deployment decides. Nested values in the environment: `CLARION_SANDBOX__SEED=7`."""

    model_config = SettingsConfigDict(
        env_prefix="CLARION_", env_nested_delimiter="__", extra="forbid", env_ignore_empty=True
    )

    data: Path = Field(default=Path("clarion-data"), description="Folder of the database, the key and the logs.")
    database: str | None = Field(default=None, description="URL; None is SQLite in the data folder.")
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on.")
    role: ServeRole = Field(default=ServeRole.ALL, description="What this process does.")
    public_url: str | None = Field(default=None, description="Where recipients reach this server (unsubscribe links).")
    secret_key: SecretStr | None = Field(
        default=None, description="Key that seals secrets; None is the file secret.key in the data folder."
    )
    log_format: LogFormat = Field(default=LogFormat.CONSOLE, description="console or json.")
    log_level: LogLevel = Field(default=LogLevel.INFO, description="debug, info, warning or error.")
    max_body_bytes: int = Field(default=10_000_000, ge=1_000, description="Largest JSON request.")
    max_upload_bytes: int = Field(default=2_500_000_000, ge=1_000, description="Largest CSV upload.")
    webhooks_allow_http: bool = Field(default=False, description="Allow webhook URLs without TLS.")
    webhooks_allow_private: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(), description="Networks (CIDR) that webhooks may reach although they are private."
    )
    surfaces: Surfaces = Field(default_factory=Surfaces, description="The ways in: vendors' APIs on host names.")
    sandbox: dict[str, Any] = Field(default_factory=dict, description="The simulated public: seed, speed, faults.")

    config_file: ClassVar[Path | None] = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags first, the file last."""
        sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, _Environment(settings_cls))
        if cls.config_file is not None:
            sources += (TomlConfigSettingsSource(settings_cls, cls.config_file),)
        return sources

    @field_validator("database")
    @classmethod
    def _is_ours(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("postgresql://", "postgresql+asyncpg://", "sqlite://")):
            raise PydanticCustomError("bad_url", "This must be postgresql://… or sqlite:///…; without it, SQLite.")
        return url

    @property
    def database_url(self) -> str:
        """The URL in force."""
        return self.database or f"sqlite:///{self.data.resolve() / 'clarion.db'}"


def read_settings(config: Path | None = None, **flags: Any) -> Settings:
    """The settings in force. `config` None: `clarion.toml` of the working folder, if there is one.

    Flags that are None were not given. Raises pydantic's ValidationError with every wrong field, Invalid for a file
    that is no TOML, FileNotFoundError.
    """
    path = config if config is not None else Path(CONFIG_NAME)
    if config is not None and not config.is_file():
        raise FileNotFoundError(f"There is no settings file {config}.")

    class Located(Settings):
        config_file = path if path.is_file() else None

    given = {name: value for name, value in flags.items() if value is not None}
    sandbox = given.pop("sandbox", None)
    try:
        settings = Located(**given)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid([Problem(str(path), "unreadable", f"This is not TOML: {error}.")]) from error
    if sandbox:
        settings = settings.model_copy(update={"sandbox": {**settings.sandbox, **sandbox}})
    return settings
