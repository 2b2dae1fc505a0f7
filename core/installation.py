"""The secrets an embedded installation makes for itself at first use."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

NAMES = ("jwt_secret", "database_owner", "database_app", "database_system")


def secrets_in(var_dir: Path) -> dict[str, str]:
    """The secrets of this installation, made at first use and kept readable for its user only."""
    file = var_dir / "secrets.json"
    if not file.exists():
        var_dir.mkdir(parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=var_dir)
        with open(descriptor, "w") as new:
            json.dump({name: secrets.token_urlsafe(48) for name in NAMES}, new, indent=2)
        with suppress(FileExistsError):  # A link, not a rename: of two first starts the slower reads the other's.
            os.link(draft, file)
        Path(draft).unlink()
    found: dict[str, str] = json.loads(file.read_text())
    return found
