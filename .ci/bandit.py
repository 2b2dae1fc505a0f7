"""Run bandit over what is shipped, and refuse what `bandit.toml` does not list as looked at."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

SHIPPED = ("core", "gateway", "plugins", "migrations", "plugin_template", "wsgi.py")
ROOT = Path(__file__).parent.parent
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


def unseen(found: list[dict[str, Any]], seen: list[dict[str, Any]], root: Path = ROOT) -> list[str]:
    """What nobody has looked at, and what is listed and no longer there.

    A line is known by what it says: another one in its place, or the same one changed, is looked at anew.
    """
    known = Counter((each["file"], each["test"], line) for each in seen for line in each["lines"])
    problems = []
    for each in found:
        key = place(each, root)
        if known[key] > 0:
            known[key] -= 1
        else:
            file, test, line = key
            problems.append(f"{file}:{each['line_number']}: {each['issue_text']} ({test}, line {line})")
    return problems + [f"{file}: {test} is listed and not there, line {line}" for file, test, line in +known]


def place(finding: dict[str, Any], root: Path = ROOT) -> tuple[str, str, str]:
    """The file, the test, and the digest of the line that bandit points at."""
    file: str = finding["filename"].removeprefix("./")
    text = (root / file).read_text().splitlines()[finding["line_number"] - 1]
    return file, finding["test_id"], sha256(text.strip().encode()).hexdigest()[:8]


def main() -> int:
    """Print what nobody has looked at; 1 when there is something."""
    problems = unseen(findings(*SHIPPED), tomllib.loads(SEEN.read_text())["seen"])
    for line in problems:
        sys.stderr.write(f"{line}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
