"""Refuse what looks like a secret unless `.secrets.baseline` lists it as seen; `--accept` rewrites the list."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

BASELINE = Path(".secrets.baseline")
GENERATED = ("requirements/", ".secrets.baseline")


def scan() -> dict[str, list[dict[str, Any]]]:
    """What the tracked files hold, by file."""
    tracked = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True).stdout.split("\n")
    files = [file for file in tracked if file and not file.startswith(GENERATED) and Path(file).is_file()]
    done = subprocess.run(
        [str(Path(sys.executable).with_name("detect-secrets")), "scan", *files],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)["results"]
    return found


def main(*, accept: bool) -> int:
    """Print what is new; 1 when there is something."""
    found = {file: {each["hashed_secret"]: each["line_number"] for each in hits} for file, hits in scan().items()}
    if accept:
        # Digests without line numbers: moving code must not change the list.
        seen = {file: sorted(hits) for file, hits in sorted(found.items())}
        BASELINE.write_text(json.dumps(seen, indent=2) + "\n")
        return 0
    known = json.loads(BASELINE.read_text())
    new = [f"{file}:{hits[each]}" for file, hits in found.items() for each in hits if each not in known.get(file, ())]
    for place in new:
        sys.stderr.write(f"Looks like a secret: {place} (if it is none: .ci/secrets.py --accept)\n")
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main(accept="--accept" in sys.argv))
