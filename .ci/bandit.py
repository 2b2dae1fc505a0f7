"""Run bandit over what is shipped, and refuse what `bandit.toml` does not list as looked at."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

SHIPPED = ("core", "gateway", "plugins", "migrations", "plugin_template", "wsgi.py")
SEEN = Path(__file__).with_name("bandit.toml")


def findings(*places: str) -> list[dict[str, Any]]:
    """What bandit finds, of medium severity and more: less is ruff's, which reads reasons beside the line."""
    command = [str(Path(sys.executable).with_name("bandit")), "--quiet", "--recursive", "--severity-level=medium"]
    done = subprocess.run(
        [*command, "--exclude=*/tests/*", "--format=json", *places], capture_output=True, text=True, check=False
    )
    report = json.loads(done.stdout)
    if report["errors"]:
        raise SystemExit(f"bandit could not read {report['errors']}")
    found: list[dict[str, Any]] = report["results"]
    return found


def unseen(found: list[dict[str, Any]], seen: list[dict[str, Any]]) -> list[str]:
    """What nobody has looked at, and what is listed and no longer there."""
    counts = Counter((each["filename"].removeprefix("./"), each["test_id"]) for each in found)
    known = {(each["file"], each["test"]): each["count"] for each in seen}
    places = {(each["filename"].removeprefix("./"), each["test_id"]): each for each in found}
    problems = [
        f"{file}:{places[file, test]['line_number']}: {places[file, test]['issue_text']} ({test})"
        for (file, test), count in sorted(counts.items())
        if count > known.get((file, test), 0)
    ]
    gone = [key for key, count in known.items() if counts[key] < count]
    return problems + [f"{file}: {test} is listed more often than it is there" for file, test in gone]


def main() -> int:
    """Print what nobody has looked at; 1 when there is something."""
    problems = unseen(findings(*SHIPPED), tomllib.loads(SEEN.read_text())["seen"])
    for line in problems:
        sys.stderr.write(f"{line}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
