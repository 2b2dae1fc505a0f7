"""A PostgreSQL that everybody who takes part reaches alike, over TCP, and that counts the statements it runs."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from bench import common
from core.db.embedded import EmbeddedPostgres
from core.testing.servers import free_port

_CONNECTIONS = 300
"""Pools of all who take part, and those of pgbench."""
_STATEMENT = re.compile(rb"^([\w-]+)\|LOG:  (?:execute [^:]*|statement): (.*)", re.MULTILINE)
_OURS = b"SELECT 'end of measurement'"


class OverTcp(EmbeddedPostgres):
    """The server of the wheel, with fsync, also on a port of the loopback: not every peer speaks Unix sockets."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.port = free_port()

    @property
    def tcp_url(self) -> str:
        """The superuser's address over TCP."""
        url = make_url(self.superuser_url)
        over = url.set(host="127.0.0.1", port=self.port).difference_update_query(["host", "port"])
        return over.render_as_string(hide_password=False)

    def _launch(self, programs: Path, superuser_url: str) -> None:
        super()._launch(programs, f"{superuser_url}&port={self.port}")

    def _spawn(self, command: list[str | Path], **options: Any) -> Any:
        if Path(command[0]).name == "postgres":
            # What is said twice counts as said last.
            command = [
                *command,
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                f"port={self.port}",
                "-c",
                f"max_connections={_CONNECTIONS}",
            ]
        return super()._spawn(command, **options)

    def cpu_seconds(self) -> float:
        """Processor time of the server and of its connections so far."""
        pid = self.pid
        assert pid is not None
        total = 0.0
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            # One that ends meanwhile is counted with the server, which is asked last.
            with suppress(FileNotFoundError, ProcessLookupError):
                total += common.cpu_seconds(int(child))
        return total + common.cpu_seconds(pid, ended=True)

    @contextmanager
    def counting(self, database: str) -> Iterator[list[str]]:
        """Every statement that a database runs inside the block, filled in at its end; BEGIN and COMMIT too."""
        log = self.folder / "server.log"
        found: list[str] = []
        self._configure("log_statement = 'all'", "log_line_prefix = '%d|'")
        start = log.stat().st_size
        yield found
        self._configure("log_statement = 'none'")
        with log.open("rb") as lines:
            lines.seek(start)
            text = lines.read()
        found += [sql.decode(errors="replace") for name, sql in _STATEMENT.findall(text) if name == database.encode()]

    def _configure(self, *settings: str) -> None:
        with psycopg.connect(self.superuser_url, autocommit=True) as connection:
            for setting in settings:
                connection.execute(f"ALTER SYSTEM SET {setting}".encode())
            connection.execute("SELECT pg_reload_conf()")
        # Connections take it up between two statements of theirs, and the postmaster must have read it.
        time.sleep(0.5)
