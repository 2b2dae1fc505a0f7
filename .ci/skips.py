"""Fail when a test was skipped for a reason that the list of allowed skips does not name."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from xml.etree import ElementTree as ET


def allowed(listing: Path) -> list[re.Pattern[str]]:
    """One pattern per line, matched against `test id: reason`; `#` starts a comment."""
    lines = (line.split("#", 1)[0].strip() for line in listing.read_text().splitlines())
    return [re.compile(line) for line in lines if line]


def skipped(report: Path) -> list[str]:
    """Every skip in a JUnit report, as `test id: reason`."""
    found = []
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - the file is pytest's own
        found += [f"{case.get('classname')}.{case.get('name')}: {skip.get('message')}" for skip in case.iter("skipped")]
    return found


def main(report: str, listing: str) -> int:
    """Print the skips that are not allowed; 1 when there is one."""
    patterns = allowed(Path(listing))
    unlisted = [skip for skip in skipped(Path(report)) if not any(pattern.search(skip) for pattern in patterns)]
    for skip in unlisted:
        sys.stderr.write(f"Skipped, and not listed in {listing}: {skip}\n")
    return 1 if unlisted else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
