"""Child processes that die with their parent, and the system account a root-run server steps down to."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
LINUX = sys.platform.startswith("linux")
_libc = ctypes.CDLL(None, use_errno=True) if LINUX else None


def adopt_orphans() -> None:
    """Make this process the parent of whatever its children leave behind (Linux; elsewhere nothing happens)."""
    if _libc is not None:
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with(parent: int, by: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn` that has the kernel send the signal as soon as the parent is gone."""

    def arrange() -> None:
        if _libc is None:
            return
        _libc.prctl(PR_SET_PDEATHSIG, int(by), 0, 0, 0)
        if os.getppid() != parent:  # It died between fork and prctl.
            os._exit(1)

    return arrange


def spawn(
    command: Sequence[str | Path],
    *,
    cwd: Path,
    env: Mapping[str, str],
    dies_by: signal.Signals,
    account: pwd.struct_passwd | None = None,
    output: IO[bytes] | int | None = None,
    keep: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own (Ctrl-C reaches only us) that ends when the calling *thread* does."""
    return subprocess.Popen(
        [str(part) for part in command],
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        start_new_session=True,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
        pass_fds=keep,
        # After the change of user: the kernel forgets the death signal when credentials change.
        preexec_fn=die_with(os.getpid(), dies_by),  # noqa: PLW1509 - only prctl, in processes without threads
    )


def working_in(folder: Path, name: str) -> list[int]:
    """The processes called `name` whose working directory is the folder. A pid in a file may be reused, this cannot."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "comm").read_text().strip() == name and (entry / "cwd").samefile(folder):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def outlive(name: str, folder: Path, *, gently: signal.Signals, patience: float) -> list[int]:
    """Wait until no process called `name` works in the folder, with more and more force; those that did not end."""
    started = time.monotonic()
    while found := working_in(folder, name):
        waited = time.monotonic() - started
        if waited > 2 * patience:
            break
        for pid in found if waited > 2 else ():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, gently if waited < patience else signal.SIGKILL)
        time.sleep(0.1 if waited < 2 else 1)
    return found


def system_account(name: str) -> pwd.struct_passwd:
    """The system user of this name, made when it is missing; needs root. Raises LookupError when that fails."""
    problem = ""
    for _ in range(20):  # Several processes may be adding it at once; the password file is locked meanwhile.
        try:
            return pwd.getpwnam(name)
        except KeyError:
            problem = _add_account(name)
    raise LookupError(problem)


def _add_account(name: str) -> str:
    if shutil.which("useradd"):
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        command += ["--shell", "/usr/sbin/nologin", name]
    elif shutil.which("adduser"):  # BusyBox.
        command = ["adduser", "-S", "-D", "-H", "-h", "/nonexistent", "-s", "/sbin/nologin", name]
    else:
        return "neither useradd nor adduser is installed"
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return (done.stderr or done.stdout).strip()


def reachable_by_others(path: Path) -> bool:
    """Whether an unprivileged user can walk to the path."""
    path = path.resolve()
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents) if folder.is_dir())
