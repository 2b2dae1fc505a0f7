"""A real PostgreSQL from a wheel under `var/`, for whoever has not set DATABASE_URL."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psycopg

from core import processes
from core.db import binaries
from core.db.binaries import MAJOR, CannotStart

SOCKET = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 107
START_SECONDS = 60.0
STOP_SECONDS = 15.0


class AlreadyRunning(CannotStart):
    """Another process of ours runs the server in this folder."""


class EmbeddedPostgres:
    """One PostgreSQL server in one folder, on a Unix socket only; it ends with the thread that started it."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "data"
        self.durable = durable
        self._lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._account: pwd.struct_passwd | None = None
        self._socket_folder: Path | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def superuser_url(self) -> str:
        """The address for the cluster's superuser, database `postgres`; the server must run."""
        address: str = json.loads((self.folder / "connection.json").read_text())["superuser_url"]
        return address

    def joined_url(self) -> str:
        """The superuser's address, as soon as whoever runs the server has it answering; raises CannotStart."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:  # Another process may be in the middle of starting it.
            with suppress(OSError, ValueError):
                if _answers(self.superuser_url):
                    return self.superuser_url
            time.sleep(0.05)
        raise CannotStart(f"Another Tripfile holds {self.folder} but its database does not answer; stop that one first")

    @property
    def pid(self) -> int | None:
        """The server's process, when this instance started it and it still runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Start and wait until it answers; raises AlreadyRunning when another process runs it, else CannotStart."""
        try:
            self._start()
        except BaseException as error:
            self.stop()
            if isinstance(error, OSError):
                raise CannotStart(f"The database in {self.folder} cannot be started: {error}") from None
            raise

    def _start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        self._clear_leftovers()
        self._account = binaries.account(self.data)
        self._socket_folder = self._new_socket_folder()
        programs = binaries.folder(self._account)
        password = self._password()
        if not self.data.is_dir():
            self._initialise(programs, password)
        self._check_version()
        self._launch(programs, f"postgresql://postgres:{password}@/postgres?host={quote(str(self._socket_folder))}")

    def revive(self) -> None:
        """Start the server again, at the same address, after it ended by itself; raises CannotStart."""
        assert self._lock is not None
        address = self.superuser_url
        self._wait_for_orphans()
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        self._launch(binaries.folder(self._account), address)

    def stop(self) -> None:
        """Stop at once but cleanly (open transactions are rolled back); harmless when it does not run."""
        if self._process is not None:
            _end(self._process)
            self._process = None
        if self._socket_folder is not None:
            shutil.rmtree(self._socket_folder, ignore_errors=True)
            self._socket_folder = None
        if self._lock is not None:
            (self.folder / "connection.json").unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = None

    def _take_lock(self) -> None:
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise AlreadyRunning(f"Another Tripfile runs the database in {self.folder}; stop that one first") from None
        self._lock = lock

    def _clear_leftovers(self) -> None:
        # We hold the lock, so whatever still runs here lost its parent and is on its way out.
        if processes.LINUX and self.data.is_dir():
            self._wait_for_orphans()
            (self.data / "postmaster.pid").unlink(missing_ok=True)
        shutil.rmtree(self.folder / "data.new", ignore_errors=True)
        connection = self.folder / "connection.json"
        with suppress(OSError, ValueError, KeyError):
            shutil.rmtree(json.loads(connection.read_text())["socket_folder"], ignore_errors=True)
        connection.unlink(missing_ok=True)

    def _wait_for_orphans(self) -> None:
        survivors = processes.outlive("postgres", self.data, gently=signal.SIGQUIT, patience=STOP_SECONDS)
        if survivors:
            raise CannotStart(f"An old PostgreSQL ({survivors[0]}) still uses {self.data} and does not stop")

    def _new_socket_folder(self) -> Path:
        for parent in ("/tmp", tempfile.gettempdir()):  # noqa: S108 - made by mkdtemp: new and private
            with suppress(OSError):
                folder = Path(tempfile.mkdtemp(prefix="tripfile-pg-", dir=parent))
                if len(str(folder / SOCKET)) > LONGEST_SOCKET_PATH:
                    folder.rmdir()
                    continue
                self._hand_over(folder)
                return folder
        raise CannotStart("No temporary folder with a short path can be written for the database's socket; set TMPDIR")

    def _hand_over(self, path: Path) -> None:
        if self._account is not None:
            os.chown(path, self._account.pw_uid, self._account.pw_gid)

    def _password(self) -> str:
        file = self.folder / "password"
        if not file.exists():
            if self.data.is_dir():
                raise CannotStart(
                    f"{file} is missing but {self.data} exists; put it back, or remove both to start empty"
                )
            with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
                new.write(secrets.token_urlsafe(32))
        return file.read_text().strip()

    def _initialise(self, programs: Path, password: str) -> None:
        # Under another name until it is whole: a killed initdb must not look like a cluster.
        fresh = self.folder / "data.new"
        fresh.mkdir(mode=0o700)
        self._hand_over(fresh)
        assert self._socket_folder is not None
        password_file = self._socket_folder / "password"
        password_file.write_text(password)
        self._hand_over(password_file)
        command: list[str | Path] = [programs / "initdb", "-D", self._seen_from_inside(fresh)]
        command += ["-U", "postgres", "--pwfile", password_file, "--auth=scram-sha-256"]
        command += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += [] if self.durable else ["--no-sync"]
        try:
            code = self._spawn(command, cwd=fresh, dies_by=signal.SIGKILL).wait(START_SECONDS)
        finally:
            password_file.unlink()
        if code != 0:
            raise CannotStart(f"The database cannot be created in {self.folder}: {self._last_words()}")
        fresh.rename(self.data)

    def _seen_from_inside(self, data: Path) -> str:
        # As root the server runs under another account, which may be unable to walk here (/root is 0700). Its working
        # directory is set before it steps down, and this link leads there without touching a parent.
        return "/proc/self/cwd" if self._account is not None and processes.LINUX else str(data)

    def _check_version(self) -> None:
        found = (self.data / "PG_VERSION").read_text().strip()
        if found != MAJOR:
            raise CannotStart(f"{self.data} was written by PostgreSQL {found}, this is {MAJOR}; dump and load it first")

    def _launch(self, programs: Path, superuser_url: str) -> None:
        options = {"listen_addresses": "", "unix_socket_directories": str(self._socket_folder), "port": "5432"}
        options |= {"timezone": "UTC", "log_timezone": "UTC"}
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
            options |= {"wal_level": "minimal", "max_wal_senders": "0", "autovacuum": "off"}
        command: list[str | Path] = [programs / "postgres", "-D", self._seen_from_inside(self.data)]
        command += [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        # SIGINT is PostgreSQL's fast shutdown.
        self._process = self._spawn(command, cwd=self.data, dies_by=signal.SIGINT)
        self._wait_until_it_answers(superuser_url)
        connection = {
            "superuser_url": superuser_url,
            "socket_folder": str(self._socket_folder),
            "pid": self._process.pid,
        }
        draft = self.folder / "connection.new"
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(connection, file)
        draft.rename(self.folder / "connection.json")

    def _spawn(self, command: list[str | Path], *, cwd: Path, dies_by: signal.Signals) -> subprocess.Popen[bytes]:
        # Nothing of ours is passed on: a stray PGDATA or PGPORT would win over the options.
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        writable = os.open(self.folder / "server.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(writable, "wb") as log:
            try:
                return processes.spawn(
                    command, cwd=cwd, env=environment, dies_by=dies_by, account=self._account, output=log
                )
            except OSError as error:
                raise CannotStart(f"The embedded PostgreSQL does not start ({error}); set DATABASE_URL") from None

    def _wait_until_it_answers(self, url: str) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while not _answers(url):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise CannotStart(f"The embedded PostgreSQL does not start: {self._last_words()}")
            time.sleep(0.02)

    def _last_words(self) -> str:
        log = (self.folder / "server.log").read_text(errors="replace").split("\n")
        lines = [line.split("FATAL:")[-1].strip() for line in log if line.strip() and "LOG:" not in line]
        return f"{lines[-1] if lines else 'it says nothing'} (more in {self.folder / 'server.log'})"


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    for stop_signal in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(stop_signal)
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_SECONDS)
