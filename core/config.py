"""Typed settings from the environment, `.env` and `tripfile.toml`: the only reader of os.environ."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from core.crypto import derive_key
from core.spelling import Duration, Lease, Networks, Ports, Prefix, Queues, Rate, Servers, Words, peppers

LONG_JWT_EXPIRATION = timedelta(hours=1)
"""Access tokens that are valid for longer are warned of: what is stolen serves the thief until then."""
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where worker processes share their measurements; a name of the Prometheus client, which reads it by itself."""


class ConfigurationError(Exception):
    """The configuration cannot work; every wrong or missing key is one entry of `problems`."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


class Settings(BaseSettings):
    """Everything an administrator can set; `.env.example` documents each field."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", toml_file="tripfile.toml", hide_input_in_errors=True
    )

    mode: Literal["embedded", "production"] = Field("embedded", validation_alias="TRIPFILE_MODE")
    var_dir: Path = Field(Path("var"), validation_alias="TRIPFILE_VAR")

    host: str = "127.0.0.1"
    port: int = Field(3000, ge=1, le=65535)
    api_prefix: Prefix = "/api/v1"
    base_url: str = ""
    front_end_url: str = ""
    cors_origin: Words = ()
    trusted_hosts: Words = ()
    trusted_proxies: Networks = ()
    inside_networks: Networks = ("127.0.0.0/8", "::1/128")
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
    session_lifetime: Duration = timedelta(days=90)
    passkey_rp_id: str = ""
    passkey_origins: Words = ()
    argon2_time_cost: int = Field(2, ge=1)
    argon2_memory_kib: int = Field(19_456, ge=8)
    password_pepper: SecretStr | None = None
    password_breach_url: str = ""
    registration: Literal["off", "first", "open"] = "off"
    login_failures_account: Rate = "10 per 5 minutes"
    login_failures_address: Rate = "10 per 5 minutes"
    login_failures_all: Rate = "1000 per 5 minutes"

    smtp_host: str = ""
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_user: str = ""
    smtp_password: SecretStr | None = None
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_ca_file: str = ""
    mail_from: str = ""

    redis_host: str = ""
    redis_port: int = Field(6379, ge=1, le=65535)
    redis_password: SecretStr | None = None

    demo: bool = False
    plugins: str = "built-in"
    serve: Words = ()

    rate_limit_user: Rate = "600/minute"
    rate_limit_agency: Rate = "6000/minute"
    rate_limit_anonymous: Rate = "60/minute"
    rate_limit_login: Rate = "20/minute"
    web_processes: int = Field(1, ge=1)

    outbound_ports: Ports = (443,)
    outbound_proxy: SecretStr | None = None
    outbound_ca_file: str = ""
    outbound_deny_networks: Networks = ()
    outbound_allow_networks: Networks = ()
    dns_servers: Servers = ()

    worker_queues: Queues = ("*:4",)
    worker_lease: Lease = timedelta(seconds=30)
    worker_metrics_port: int = Field(0, ge=0, le=65535)
    jobs_backoff: Duration = timedelta(seconds=2)
    jobs_keep_done: Duration = timedelta(days=7)
    jobs_keep_dead: Duration = timedelta(days=90)

    files_dir: Path | None = None
    files_origin: str = ""
    files_quota: int = Field(10 * 1024**3, ge=0)
    files_s3_bucket: str = ""
    files_s3_endpoint: str = ""
    files_s3_region: str = "us-east-1"
    files_s3_access_key: str = ""
    files_s3_secret_key: SecretStr | None = None
    clamd_host: str = ""
    clamd_port: int = Field(3310, ge=1, le=65535)

    log_format: Literal["console", "json"] = "console"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    metrics: bool = True
    audit_head_file: Path | None = None
    erasure_file: Path | None = None

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
        return init_settings, env_settings, _DotEnv(settings_cls, dotenv_settings), _Toml(settings_cls)

    @property
    def production(self) -> bool:
        """Whether the strict rules for secrets, hosts and origins apply."""
        return self.mode == "production"

    @property
    def redis_url(self) -> str | None:
        """The Redis address, or None where Tripfile runs without Redis."""
        if not self.redis_host:
            return None
        # Quoted, because a password may hold what separates the parts of an address.
        password = f":{quote(self.redis_password.get_secret_value(), safe='')}@" if self.redis_password else ""
        if self.redis_host.startswith("unix://"):
            return f"unix://{password}{self.redis_host.removeprefix('unix://')}"
        host = f"[{self.redis_host}]" if ":" in self.redis_host else self.redis_host
        return f"redis://{password}{host}:{self.redis_port}/0"

    @cached_property
    def master_secret(self) -> bytes:
        """The secret every other key is derived from; `load` guarantees that it exists."""
        if self.jwt_secret is None:
            raise ConfigurationError(["JWT_SECRET is missing: set it to at least 32 random characters"])
        return self.jwt_secret.get_secret_value().encode()

    @property
    def peppers(self) -> Mapping[int, bytes]:
        """What passwords are keyed with before they are hashed, by version; the one in use first."""
        return peppers(self.password_pepper.get_secret_value()) if self.password_pepper else {}

    def key_for(self, purpose: str) -> bytes:
        """A 32-byte key for one purpose, independent of the keys of every other purpose."""
        return derive_key(self.master_secret, purpose=purpose)

    def warnings(self) -> list[str]:
        """What is allowed and hardly wanted, one sentence each."""
        if self.jwt_expiration <= LONG_JWT_EXPIRATION:
            return []
        return ["JWT_EXPIRATION is longer than 1h: a stolen access token serves the thief until it ends; 10m is usual"]

    def problems(self) -> list[str]:
        """Every key that is missing or unsafe in this mode, one sentence each; empty when all is well."""
        # Late: it describes these settings.
        from core import soundness

        return soundness.problems(self)


class _DotEnv(PydanticBaseSettingsSource):
    """`.env`, where the environment does not take back what it says."""

    def __init__(self, settings_cls: type[BaseSettings], file: PydanticBaseSettingsSource) -> None:
        super().__init__(settings_cls)
        self.file = file

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self.file.get_field_value(field, field_name)

    def __call__(self) -> dict[str, Any]:
        return _not_emptied(self.file())


class _Toml(TomlConfigSettingsSource):
    """`tripfile.toml`, where the environment does not take back what it says."""

    def __call__(self) -> dict[str, Any]:
        return _not_emptied(super().__call__())


def _not_emptied(values: dict[str, Any]) -> dict[str, Any]:
    """A variable that is empty in the environment asks for the default, whatever the files say."""
    emptied = {key.upper() for key, value in os.environ.items() if not value}
    return {key: value for key, value in values.items() if key.upper() not in emptied}


def load(**overrides: Any) -> Settings:
    """Read the settings; raises ConfigurationError that names every key at fault."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise ConfigurationError([_sentence(fault) for fault in error.errors()]) from None


def _sentence(fault: Mapping[str, Any]) -> str:
    key = "__".join(str(part) for part in fault["loc"]).upper()
    return f"{key}: {fault['msg']}"


def misspelt() -> list[str]:
    """Keys of `.env` and `tripfile.toml` that were meant as settings and are none, one sentence each."""
    env, toml = Path(str(Settings.model_config["env_file"])), Path(str(Settings.model_config["toml_file"]))
    # Others read `.env` as well, so only what is nearly a key of ours is named there.
    strange = [(env, key) for key in dotenv_values(env) if _meant(key)] if env.is_file() else []
    if toml.is_file():
        strange += [(toml, key) for key in tomllib.loads(toml.read_text()) if key != "plugin" and not _is_key(key)]
    return [f"{key} in {file} is not a setting{_hint(_meant(key))}" for file, key in strange]


def _keys() -> list[str]:
    return [str(field.validation_alias or name).upper() for name, field in Settings.model_fields.items()]


def _is_key(key: str) -> bool:
    return key.upper() in _keys()


def _meant(key: str) -> str | None:
    """The setting that a key nearly is; None for a setting itself and for what resembles none."""
    return None if _is_key(key) else next(iter(get_close_matches(key.upper(), _keys(), n=1, cutoff=0.8)), None)


def _hint(meant: str | None) -> str:
    return f"; {meant} is one" if meant else ""


def plugin_environment() -> Mapping[str, str]:
    """The process environment: for the settings of plugins (`LEADS__KEY=value`), and for child processes."""
    return os.environ
