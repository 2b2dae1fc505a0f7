"""The steps of docs/production.md, from nothing to the first sign-in, as they stand there."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import textwrap
import time
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from core.testing.databases import Server

ROOT = Path(__file__).parents[2]
STEPS = (ROOT / "docs/production.md").read_text().partition("## From nothing to the first sign-in\n")[2]
BLOCKS = [textwrap.dedent(block) for block in re.findall(r"```sh\n(.*?)```", STEPS.partition("\n## ")[0], re.DOTALL)]
HOST = "trips.example.com"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not all(map(shutil.which, ("curl", "openssl"))), reason="the steps need curl and openssl"),
    pytest.mark.skipif(not (ROOT / ".venv/bin/tripfile").exists(), reason="the steps need tripfile: make dev"),
]


class Operator:
    """Somebody in a folder of theirs who types what the document says."""

    def __init__(self, folder: Path, superuser_url: str, name: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.folder = folder
        self.name = name
        self.superuser_url = superuser_url
        kept = {key: value for key, value in os.environ.items() if key in {"HOME", "LANG", "TMPDIR"}}
        self.environment = kept | {"PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}", "PORT": str(self.port)}

    def types(self, block: str) -> str:
        """What the commands print; the addresses are those of the test."""
        block = block.replace("postgresql://postgres:PASSWORD@localhost:5432/postgres", f"'{self.superuser_url}'")
        block = block.replace("db roles", f"db roles --database {self.name} --prefix {self.name}")
        block = block.replace("SMTP_HOST=smtp.example.com", "SMTP_HOST=127.0.0.1\nSMTP_PORT=9")
        block = block.replace(f"curl -s https://{HOST}", f"curl -s -H 'Host: {HOST}' http://127.0.0.1:{self.port}")
        command = ["bash", "-euo", "pipefail", "-c", block]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=280, check=False
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def serves(self) -> subprocess.Popen[bytes]:
        """`tripfile api`, once it listens."""
        process = subprocess.Popen(["tripfile", "api"], cwd=self.folder, env=self.environment)
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert process.poll() is None
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.2)
            else:
                return process
        process.kill()
        raise AssertionError("It does not listen")


def test_lead_from_nothing_to_the_first_sign_in(database_server: Server, tmp_path: Path) -> None:
    name = f"steps_{secrets.token_hex(4)}"
    operator = Operator(tmp_path, database_server.superuser_url, name)
    roles, keys, tables, first = BLOCKS
    operator.types(roles)
    operator.types(keys)
    # Its first line would end the block while there are no tables.
    check, *rest = tables.splitlines()
    for line in (*rest, check):
        operator.types(line)
    process = operator.serves()
    try:
        operator.types(first)
        body = '{"email": "ana@sunrise.example", "password": "a passphrase of your own"}'
        sign_in = f"curl -s https://{HOST}/api/v1/auth/login -H 'Content-Type: application/json' -d '{body}'"
        assert '"access_token"' in operator.types(sign_in)
        assert "sunrise" in operator.types("tripfile agencies list")
        assert "ana@sunrise.example" in operator.types("tripfile admin list")
    finally:
        process.terminate()
        process.wait(60)
        with psycopg.connect(operator.superuser_url, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            for role in ("owner", "app", "system"):
                connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(f"{name}_{role}")))
