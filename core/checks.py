"""What an administrator should know before anything starts: wrong keys, an unsafe role, services that do not answer."""

from __future__ import annotations

import importlib.util
import os
import socket
from dataclasses import dataclass, field
from urllib.error import HTTPError
from urllib.request import urlopen

import psycopg
from psycopg.pq import __impl__ as driver
from sqlalchemy import make_url

from core.config import ConfigurationError, Settings, misspelt
from core.db import roles
from core.storage.wiring import folder_of

OLDEST_SERVER = 15
TIMEOUT = 3


@dataclass(frozen=True)
class Findings:
    """One sentence each."""

    problems: list[str] = field(default_factory=list)
    """Nothing starts with one of these."""
    warnings: list[str] = field(default_factory=list)


def examine(settings: Settings) -> Findings:
    """Everything wrong with the configuration and with what it points to."""
    found = Findings(list(settings.problems()), [*settings.warnings(), *misspelt()])
    found.problems.extend(installation_problems())
    if driver == "python":
        found.warnings.append("psycopg runs in pure Python, which is slow: install psycopg[binary] or psycopg[c]")
    if settings.production and settings.outbound_allow_networks:
        opened = ", ".join(settings.outbound_allow_networks)
        found.warnings.append(f"OUTBOUND_ALLOW_NETWORKS lets everybody who may set a webhook's address reach {opened}")
    if not found.problems:
        _database(settings, found)
        _plugins(settings, found)
        _redis(settings, found)
        _mail(settings, found)
        _files(settings, found)
    return found


def _files(settings: Settings, found: Findings) -> None:
    """Whether uploads would have a place to go to."""
    if settings.files_s3_bucket:
        return
    folder = folder_of(settings).absolute()
    there = next(each for each in (folder, *folder.parents) if each.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        found.warnings.append(f"Files cannot be kept in {folder}: make it writable, or set FILES_S3_BUCKET")


def require(settings: Settings) -> list[str]:
    """The warnings; raises ConfigurationError with the problems."""
    found = examine(settings)
    if found.problems:
        raise ConfigurationError(found.problems)
    return found.warnings


def schema_problems(settings: Settings) -> list[str]:
    """A sentence where tables are missing: whatever serves would fail at each of them, again and again."""
    from core.plugins import manager, rules

    if settings.database_url is None:
        return []
    owners = {
        table.name: plugin.name if table.name.startswith(f"{plugin.name}_") else "core"
        for plugin in manager.load(settings).plugins.values()
        for table in rules.tables(plugin)
    }
    with psycopg.connect(settings.database_url.get_secret_value(), connect_timeout=TIMEOUT) as connection:
        rows = connection.execute(
            "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass(quote_ident(name)) IS NULL", [list(owners)]
        ).fetchall()
    missing = sorted({owners[name] for (name,) in rows})
    return [f"The database lacks tables of {', '.join(missing)}: run `tripfile db upgrade`"] if missing else []


def installation_problems(*needed: str) -> list[str]:
    """Packages that are missing for what is asked, and one that breaks us by its mere presence."""
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    found = [f"{name} is not installed: pip install 'tripfile[server]'" for name in missing]
    if importlib.util.find_spec("geventwebsocket"):
        found.append("The package gevent-websocket breaks websockets under gunicorn: pip uninstall gevent-websocket")
    return found


def _database(settings: Settings, found: Findings) -> None:
    for key in ("database_url", "database_owner_url", "database_system_url", "database_direct_url"):
        url = getattr(settings, key)
        if url is not None and (problem := database_problem(key.upper(), url.get_secret_value())):
            found.problems.append(problem)
    if settings.database_url is None or found.problems:
        return
    url = settings.database_url.get_secret_value()
    (found.problems if settings.production else found.warnings).extend(roles.problems(url))
    if settings.database_system_url is not None:
        found.problems.extend(roles.system_problems(settings.database_system_url.get_secret_value()))
    if settings.database_pooler == "transaction" and roles.unlimited(url):
        found.warnings.append("DATABASE_POOLER=transaction: no time-out ends a statement; run `tripfile db roles`")
    if settings.database_pooler == "transaction" and not settings.redis_url and settings.database_direct_url is None:
        found.warnings.append(
            "DATABASE_DIRECT_URL is missing: through a pooler in transaction mode processes do not hear of each other"
        )


def database_problem(key: str, url: str) -> str | None:
    """Why the address cannot be used; None when a new enough PostgreSQL answers there."""
    where = "there"
    try:
        where = _place(url)
        with psycopg.connect(url, connect_timeout=TIMEOUT) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.OperationalError as error:
        return f"{key}: no usable PostgreSQL at {where}: {_reason(error)}"
    except Exception as error:  # noqa: BLE001 - whatever a malformed address raises, in three libraries
        return f"{key} is not an address like postgresql://user:password@host:5432/database: {_reason(error)}"
    if version < OLDEST_SERVER:
        return f"{key}: that is PostgreSQL {version}; Tripfile needs {OLDEST_SERVER} or newer"
    return None


def _place(url: str) -> str:
    parsed = make_url(url)
    host = parsed.host or parsed.query.get("host") or "the local socket"
    return f"{host}:{parsed.port or 5432}"


def _reason(error: Exception) -> str:
    # libpq repeats the address before the reason, once per address it tried.
    return str(error).strip().split("\n")[-1].split("failed: ")[-1].removeprefix("FATAL:").strip()


def _plugins(settings: Settings, found: Findings) -> None:
    from core.plugins import manager

    try:
        manager.load(settings)
    except ConfigurationError as error:
        found.problems.extend(error.problems)


def _redis(settings: Settings, found: Findings) -> None:
    if settings.redis_url is None:
        return
    import redis

    try:
        with redis.Redis.from_url(settings.redis_url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT) as client:
            client.ping()
    except redis.AuthenticationError:
        found.problems.append("REDIS_PASSWORD: Redis refuses it")
    except (redis.RedisError, OSError) as error:
        # Not a problem: Tripfile runs without it, degraded, and uses it again as soon as it answers.
        where = f"{settings.redis_host}:{settings.redis_port}"
        found.warnings.append(f"REDIS_HOST: no Redis answers at {where}: {_reason(error)}")


def _mail(settings: Settings, found: Findings) -> None:
    from core.mail import delivery, smtp

    if lacking := delivery.missing(settings):
        found.warnings.append(lacking)
    if settings.smtp_security == "none" and settings.production and settings.smtp_host:
        found.warnings.append("SMTP_SECURITY=none: whoever is between us and the mail server reads links and addresses")
    if not settings.smtp_host:
        return
    try:
        smtp.probe(settings)
    except smtp.Undelivered as error:
        # Not a problem: letters wait in the ledger until it answers.
        found.warnings.append(f"SMTP_HOST: {settings.smtp_host}:{settings.smtp_port} takes no mail: {error}")


def address(settings: Settings) -> str:
    """Where a browser on this machine finds the installation."""
    local = {"0.0.0.0", "127.0.0.1", "::", "::1"}  # noqa: S104 - nothing is bound here
    host = "localhost" if settings.host in local else settings.host
    return settings.base_url or f"http://{host}:{settings.port}"


def answers(settings: Settings) -> bool:
    """Whether a server answers at the configured port of this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 - not bound to
    try:
        with urlopen(f"http://{host}:{settings.port}/health/live", timeout=2) as answer:
            return bool(answer.status == 200)
    except HTTPError:
        return True  # It answers, if only to say that this is not one of its host names.
    except OSError:
        return False


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; raises ConfigurationError that says what to do when there can be none."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except socket.gaierror:
        raise ConfigurationError([f"HOST: {host} is not an address of this machine"]) from None
    except PermissionError:
        raise ConfigurationError([f"PORT: only root may listen on {port}; choose one above 1023"]) from None
    except OSError as error:
        hint = f"stop what listens there, or choose another, as in PORT={port + 1 if port < 65535 else 3000}"
        raise ConfigurationError([f"PORT: {host}:{port} cannot be used ({error.strerror}): {hint}"]) from None
    return listener
