"""Typed settings from the environment, `.env` and `tripfile.toml`: the only reader of os.environ."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from core.crypto import derive_key
from core.durations import parse_duration


class ConfigurationError(Exception):
    """The configuration cannot work; every wrong or missing key is one entry of `problems`."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


def _words(value: Any) -> Any:
    """Split `a,b c` into its words, so that lists need no JSON in the environment."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


def _prefix(value: str) -> str:
    return "/" + value.strip("/") if value.strip("/") else ""


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]
Duration = Annotated[timedelta, BeforeValidator(parse_duration)]


class Settings(BaseSettings):
    """Everything an administrator can set; `.env.example` documents each field."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", toml_file="tripfile.toml", hide_input_in_errors=True
    )

    mode: Literal["embedded", "production"] = Field("embedded", validation_alias="TRIPFILE_MODE")
    var_dir: Path = Field(Path("var"), validation_alias="TRIPFILE_VAR")

    host: str = "127.0.0.1"
    port: int = Field(3000, ge=1, le=65535)
    api_prefix: Annotated[str, AfterValidator(_prefix)] = "/api/v1"
    base_url: str = ""
    cors_origin: Words = ()
    trusted_hosts: Words = ()
    trusted_proxies: Words = ()
    max_body_bytes: int = Field(1_048_576, ge=1024)
    docs: bool = True

    database_url: SecretStr | None = None
    database_owner_url: SecretStr | None = None
    database_system_url: SecretStr | None = None
    database_direct_url: SecretStr | None = None
    database_pooler: Literal["none", "transaction"] = "none"
    database_pool_size: int = Field(8, ge=1, le=200)
    database_statement_timeout: Duration = timedelta(seconds=5)
    database_lock_timeout: Duration = timedelta(seconds=3)

    jwt_secret: SecretStr | None = None
    jwt_expiration: Duration = timedelta(minutes=10)
    jwt_refresh_expiration: Duration = timedelta(days=14)
    argon2_time_cost: int = Field(2, ge=1)
    argon2_memory_kib: int = Field(19_456, ge=8)

    redis_host: str = ""
    redis_port: int = Field(6379, ge=1, le=65535)
    redis_password: SecretStr | None = None

    plugins: str = "built-in"
    serve: Words = ()

    rate_limit_user: str = "600/minute"
    rate_limit_anonymous: str = "60/minute"
    rate_limit_login: str = "20/minute"
    web_processes: int = Field(1, ge=1)

    log_format: Literal["console", "json"] = "console"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    metrics: bool = True

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, that over `.env`, that over `tripfile.toml`."""
        return init_settings, env_settings, dotenv_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def production(self) -> bool:
        """Whether the strict rules for secrets, hosts and origins apply."""
        return self.mode == "production"

    @property
    def redis_url(self) -> str | None:
        """The Redis address, or None where Tripfile runs without Redis."""
        if not self.redis_host:
            return None
        if self.redis_host.startswith("unix://"):
            return self.redis_host
        password = f":{self.redis_password.get_secret_value()}@" if self.redis_password else ""
        return f"redis://{password}{self.redis_host}:{self.redis_port}/0"

    @cached_property
    def master_secret(self) -> bytes:
        """The secret every other key is derived from; `load` guarantees that it exists."""
        if self.jwt_secret is None:
            raise ConfigurationError(["JWT_SECRET is missing: set it to at least 32 random characters"])
        return self.jwt_secret.get_secret_value().encode()

    def key_for(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose, independent of the keys of every other purpose."""
        return derive_key(self.master_secret, purpose=purpose)

    def problems(self) -> list[str]:
        """Every key that is missing or unsafe in this mode, one sentence each; empty when all is well."""
        return _embedded_problems(self) + (_production_problems(self) if self.production else [])


def _embedded_problems(settings: Settings) -> list[str]:
    found = []
    secret = settings.jwt_secret.get_secret_value() if settings.jwt_secret else None
    if secret is not None and len(secret) < 32:
        found.append("JWT_SECRET is too short: use at least 32 random characters")
    for key in ("database_url", "database_owner_url", "database_system_url", "database_direct_url"):
        url = getattr(settings, key)
        if url and not url.get_secret_value().startswith(("postgresql://", "postgres://")):
            found.append(f"{key.upper()} must start with postgresql://; PostgreSQL 15 or newer is the only database")
    if settings.jwt_expiration > timedelta(days=1):
        found.append("JWT_EXPIRATION is longer than 24h: keep access tokens short, clients refresh them")
    return found


def _production_problems(settings: Settings) -> list[str]:
    found = []
    if settings.jwt_secret is None:
        found.append("JWT_SECRET is missing: set it to at least 32 random characters")
    if settings.database_url is None:
        found.append("DATABASE_URL is missing: set it to the PostgreSQL address of the application's role")
    if "*" in settings.cors_origin:
        found.append("CORS_ORIGIN=* is refused in production: list the exact origins")
    if not settings.trusted_hosts:
        found.append("TRUSTED_HOSTS is missing: list the host names this installation answers to")
    if not settings.base_url.startswith("https://"):
        found.append("BASE_URL is missing or not https: links in mails and documents are built from it")
    return found


def load(**overrides: Any) -> Settings:
    """Read the settings; raises ConfigurationError that names every key at fault."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise ConfigurationError([_sentence(fault) for fault in error.errors()]) from None


def _sentence(fault: Mapping[str, Any]) -> str:
    key = "__".join(str(part) for part in fault["loc"]).upper()
    return f"{key}: {fault['msg']}"


def plugin_environment() -> Mapping[str, str]:
    """The process environment, for the settings of plugins (`LEADS__KEY=value`)."""
    return os.environ
