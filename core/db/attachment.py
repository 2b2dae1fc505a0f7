"""Settings whose database answers: the one they name, else the embedded one, joined or started."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pydantic import SecretStr

from core import installation
from core.config import ConfigurationError, Settings
from core.db import roles
from core.db.embedded import AlreadyRunning, EmbeddedPostgres


@contextmanager
def attach(settings: Settings, *, existing: bool = False) -> Iterator[Settings]:
    """Settings whose database answers: as given with DATABASE_URL, else on the embedded server, joined or started.

    `existing` makes none: raises ConfigurationError where no Tripfile ever ran.
    """
    folder = settings.var_dir / "postgres"
    embedded = not settings.production and settings.database_url is None
    if existing and embedded and not folder.exists():
        place = settings.var_dir.resolve()
        message = f"There is no Tripfile in {place}: start one with tripfile run, go to its folder, or set TRIPFILE_VAR"
        raise ConfigurationError([message])
    settings = with_secret(settings)
    if not embedded:
        yield settings
        return
    server = EmbeddedPostgres(folder)
    with suppress(AlreadyRunning):
        server.start()
    try:
        yield connected(settings, server.joined_url())
    finally:
        server.stop()


def with_secret(settings: Settings) -> Settings:
    """The settings with a JWT_SECRET of the installation's own, where none is given and none is demanded."""
    if settings.production or settings.jwt_secret is not None:
        return settings
    secret = SecretStr(installation.secrets_in(settings.var_dir)["jwt_secret"])
    return settings.model_copy(update={"jwt_secret": secret})


def connected(settings: Settings, superuser_url: str) -> Settings:
    """The settings with the addresses of the three roles, made on the embedded server where they are missing."""
    passwords = {role: installation.secrets_in(settings.var_dir)[f"database_{role}"] for role in roles.ROLES}
    urls = roles.ensure(superuser_url, "tripfile", passwords=passwords)
    update = {
        "database_url": SecretStr(urls.app),
        "database_owner_url": SecretStr(urls.owner),
        "database_system_url": SecretStr(urls.system),
    }
    return settings.model_copy(update=update)
