"""What the leads benchmark measures: servers under wrk, and the database alone under pgbench."""

from __future__ import annotations

import json
import math
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import common
from bench.postgres import OverTcp
from bench.world import Request
from core.db import binaries
from core.testing.servers import HttpProcess

_SCRIPT = common.HERE / "wrk" / "requests.lua"
_THREADS = 2


@dataclass(frozen=True)
class Sample:
    """What one burst of load showed."""

    rps: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    """Processor time of the serving processes for each request."""
    db_cpu_us: float
    """Processor time of PostgreSQL and Redis for each request."""


@dataclass
class Target:
    """A server with its requests, in a file for each case."""

    name: str
    database: str
    server: HttpProcess
    postgres: OverTcp
    files: Mapping[str, Path]
    redis_pid: int | None = None
    serial: int = field(default_factory=lambda: int(time.time()) % 20 * 4_000_000)

    @property
    def cases(self) -> tuple[str, ...]:
        """What it can be asked."""
        return tuple(self.files)

    def burst(self, case: str, *, connections: int, seconds: float) -> Sample:
        """Keep so many connections busy for a while. Raises Broken when an answer was not a good one."""
        cpu, backing = self._cpu(), self._backing()
        told = self._wrk(case, connections, seconds)
        count = told["requests"]
        if not count or told["bad"] or told["socket"] or told["timeout"]:
            raise common.Broken(f"{self.name}, {case} at {connections}: {told}\n{self.server.log[-3000:]}")
        return Sample(
            rps=count / told["seconds"],
            p50_ms=told["p50"],
            p99_ms=told["p99"],
            cpu_us=(self._cpu() - cpu) / count * 1e6,
            db_cpu_us=(self._backing() - backing) / count * 1e6,
        )

    def statements(self, case: str) -> float:
        """SQL statements for each request, transactions' beginnings and ends included."""
        with self.postgres.counting(self.database) as found:
            count = self._wrk(case, 4, 1.0)["requests"]
        return len(found) / count

    def memory_mb(self) -> float:
        """Memory of the serving processes, of what they share only their shares."""
        return sum(map(common.share_of_memory_kb, common.in_session(self.server.pid))) / 1024

    def _wrk(self, case: str, connections: int, seconds: float) -> dict[str, float]:
        self.serial += 1_000_000
        command = ["wrk", f"-t{min(_THREADS, connections)}", f"-c{connections}", f"-d{math.ceil(seconds)}s"]
        command += ["--timeout", "30s", "-s", str(_SCRIPT), self.server.url]
        environment = os.environ | {"REQUESTS": str(self.files[case]), "SERIAL": str(self.serial)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        told = next((line[2:] for line in done.stdout.splitlines() if line.startswith("@@")), None)
        if told is None:
            raise common.Broken(f"wrk: {done.stdout}{done.stderr}")
        found: dict[str, float] = json.loads(told)
        return found

    def _cpu(self) -> float:
        return sum(common.cpu_seconds(pid) for pid in common.in_session(self.server.pid))

    def _backing(self) -> float:
        return self.postgres.cpu_seconds() + (common.cpu_seconds(self.redis_pid) if self.redis_pid else 0.0)


@dataclass
class Database:
    """PostgreSQL alone, asked as the peers ask it: what no server on top can pass."""

    url: str
    postgres: OverTcp
    scripts: Path
    name: str = "pgbench"

    _SCRIPTS = {"list": "pg_list.sql", "get": "pg_get.sql", "create": "pg_post.sql"}

    @property
    def cases(self) -> tuple[str, ...]:
        """What there are scripts for."""
        return tuple(self._SCRIPTS)

    def burst(self, case: str, *, connections: int, seconds: float) -> Sample:
        """Keep so many connections busy for a while."""
        program = binaries.folder(None) / "pgbench"
        with tempfile.TemporaryDirectory() as folder:
            before = self.postgres.cpu_seconds()
            command = [str(program), "-n", "-M", "prepared", "-c", str(connections), "-j", str(_THREADS)]
            command += ["-T", str(math.ceil(seconds)), "-l", "--log-prefix", f"{folder}/log"]
            command += ["-f", str(self.scripts / self._SCRIPTS[case]), self.url]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                raise common.Broken(f"pgbench: {done.stderr}")
            times = sorted(int(line.split()[2]) for log in Path(folder).glob("log*") for line in log.open())
            # Processes of connections that ended count with the server's.
            cpu = (self.postgres.cpu_seconds() - before) / len(times) * 1e6
        quantiles = times[len(times) // 2] / 1000, times[len(times) * 99 // 100] / 1000
        return Sample(len(times) / math.ceil(seconds), *quantiles, cpu_us=0.0, db_cpu_us=cpu)

    def statements(self, case: str) -> float:
        """Each script is one."""
        del case
        return 1.0

    def memory_mb(self) -> None:
        """It serves nobody."""


def written(requests: Sequence[Request], file: Path) -> Path:
    """The requests in a file as wrk's script reads them."""
    file.write_text("".join("\t".join(request) + "\n" for request in requests))
    return file
